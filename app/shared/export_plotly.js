// Draws the plotly figures of an exported page in the colours of the reader's theme. A figure has the colours of the
// theme in which it was exported. export_page.py defines HUES, the pairs of a light and a dark colour, and DARK_PAGE.

const scheme = window.matchMedia("(prefers-color-scheme: dark)")
const figures = [...document.querySelectorAll("[data-plotly]")].map(place => {
  const figure = JSON.parse(place.querySelector("script").textContent)
  const chart = place.querySelector(".chart")
  return { chart, figure, dark: figure.layout.paper_bgcolor === DARK_PAGE }
})

function drawAll() {
  for (const { chart, figure, dark } of figures) {
    const { data, layout } = dark === scheme.matches ? figure : recoloured(figure, coloursOf(scheme.matches))
    Plotly.react(chart, data, layout, { displayModeBar: false, responsive: true })
  }
}

// The other colour of each: both as `#rrggbb` and as the `r,g,b` in `rgba(r,g,b,0.2)`.
function coloursOf(dark) {
  const found = new Map()
  for (const [light, night] of HUES) {
    const [from, to] = dark ? [light, night] : [night, light]
    found.set(from, to)
    found.set(channels(from), channels(to))
  }
  return found
}

function channels(hex) {
  return [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16)).join(",")
}

// A part of a figure in other colours; in a text, those of its markup. `key` is its name there.
function recoloured(part, colours, key = "") {
  if (Array.isArray(part)) return part.map(one => recoloured(one, colours, key))
  if (part && typeof part === "object") {
    return Object.fromEntries(Object.entries(part).map(([name, one]) => [name, recoloured(one, colours, name)]))
  }
  if (typeof part !== "string") return part
  const swap = colour => colours.get(colour) ?? colour
  if (/color/.test(key)) return part.replace(/#[0-9a-f]{6}|\d+,\d+,\d+/g, swap)
  return part.replace(/(?<=color:)#[0-9a-f]{6}/g, swap)
}

drawAll()
scheme.addEventListener("change", drawAll)
