// The title and the download button above a plotly chart, and the newest figure of a live chart.
//
// A new figure is drawn into the mounted chart and keeps the zoom and the hidden series. Both are read from the
// chart: a zoomed axis has no autorange, and a series that was hidden by a click on the legend has the visibility
// "legendonly". findChart, isDragged, drawInto and imageOf are in app/shared/streamlit_internals.py, whose
// JavaScript precedes this file.

const TITLE = { size: 15, weight: 600 } // beside type of size TYPE in the chart
const NOTE = { size: 12.5, weight: 400 }
const TYPE = 13
const LINE = 20 // pixels: plotly spaces the lines of a title by the size of its font
const drawn = new WeakMap() // by chart: the figure that was last drawn into it
const cleanups = new WeakMap() // by mount: ends the last call, because every new figure is another call
const ruler = document.createElement("canvas").getContext("2d")

export default function (component) {
  const { data, parentElement } = component
  cleanups.get(parentElement)?.()
  head(parentElement, data)
  let waiting
  const soon = () => {
    clearTimeout(waiting)
    waiting = setTimeout(draw, 50)
  }
  const draw = () => {
    const chart = findChart(data.chart)
    if (!chart?.layout?.width) return
    describe(chart, data)
    if (!data.figure || drawn.get(chart) === data.figure) return
    if (isDragged(chart)) return soon()
    drawn.set(chart, data.figure)
    const figure = JSON.parse(data.figure)
    drawInto(chart, series(figure.data, chart.data), layout(figure.layout, chart.layout))
  }
  const observer = new MutationObserver(soon)
  observer.observe(document.body, { childList: true, subtree: true })
  const cleanup = () => {
    observer.disconnect()
    clearTimeout(waiting)
  }
  cleanups.set(parentElement, cleanup)
  soon()
  return cleanup
}

// --- title and button ---

function head(root, data) {
  const title = root.querySelector(".title")
  title.textContent = data.title
  title.style.minHeight = `${1.35 * data.titleLines}em`
  root.querySelector(".notes").style.minHeight = `${1.45 * data.noteLines}em`
  root.querySelector(".notes").replaceChildren(
    ...data.notes.map(([text, colour]) => {
      const line = document.createElement("div")
      line.textContent = text
      line.style.color = colour
      return line
    })
  )
  const button = root.querySelector(".download")
  button.textContent = `↓ ${data.format.toUpperCase()}`
  button.setAttribute("aria-label", data.button)
  button.title = data.button
  button.onclick = () => download(data, getComputedStyle(root.querySelector(".frame")))
}

// The chart is one image for assistive technology: its text says what the title and the notes say.
function describe(chart, data) {
  chart.setAttribute("role", "img")
  chart.setAttribute("aria-label", [data.title, ...data.notes.map(([text]) => text)].join(". "))
}

async function download(data, style) {
  const chart = findChart(data.chart)
  if (!chart?.layout?.width) return
  const { width, height, margin, legend } = chart.layout
  const zoom = (chart.layout.font?.size ?? TYPE) / TYPE // of the presenter view
  const font = `${TITLE.weight} ${zoom * TITLE.size}px ${style.fontFamily}`
  const title = wrap(data.title, width - 24, font).map(text => ({ text, ...TITLE, color: style.color }))
  const notes = data.notes.map(([text, color]) => ({ text, color, ...NOTE }))
  const lines = [...title, ...notes]
  const extra = zoom * (20 + LINE * lines.length)
  const markup = lines.map(({ text, size, weight, color }) =>
    `<span style="font-size:${zoom * size}px;font-weight:${weight};color:${color}">${escaped(text)}</span>`
  )
  const picture = {
    data: chart.data,
    layout: {
      ...chart.layout,
      height: height + extra,
      margin: { ...margin, t: (margin?.t ?? 0) + extra },
      legend: { ...legend, y: 1 - extra / (height + extra) },
      title: {
        text: markup.join("<br>"),
        font: { size: zoom * TITLE.size },
        ...{ x: 8 / width, xref: "container", xanchor: "left" },
        ...{ y: 1 - (20 * zoom) / (height + extra), yref: "container", yanchor: "top" },
      },
    },
  }
  const link = document.createElement("a")
  link.href = await imageOf(picture, { format: data.format, width, height: height + extra, scale: 2 })
  link.download = data.file
  link.click()
}

function wrap(text, maxWidth, font) {
  ruler.font = font
  const lines = []
  for (const word of text.split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word
    if (lines.length && ruler.measureText(longer).width <= maxWidth) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}

// plotly reads some HTML in titles.
function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/\$/g, "&#36;")
}

// --- live charts ---

function series(next, old) {
  const nameOf = trace => trace.legendgroup ?? trace.name
  const hidden = new Set(old.filter(trace => trace.visible === "legendonly").map(nameOf))
  return next.map(trace => (hidden.has(nameOf(trace)) ? { ...trace, visible: "legendonly" } : trace))
}

function layout(next, old) {
  const { width, height, template, dragmode } = old
  const kept = { ...next, width, height, template, dragmode }
  for (const axis of ["xaxis", "yaxis"]) {
    if (old[axis]?.autorange !== false) continue
    kept[axis] = { ...next[axis], range: old[axis].range, autorange: false }
  }
  return kept
}
