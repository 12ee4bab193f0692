// Shared by the figures that are one SVG: colours of the theme, text that fits, tooltips, downloads.
// Styles are attributes, so that a downloaded file looks like the page. Text is set by textContent alone, so that
// markup in a sentence is shown and never interpreted.

const SVG = "http://www.w3.org/2000/svg"
const ROLES = { hard: "Hard label", teacher: "Teacher", student: "Student", student2: "Second student" }
const PALEST = { light: 0.07, dark: 0.13 } // a cell with probability 0 still shows its model's colour

const states = new WeakMap()
const ruler = document.createElement("canvas").getContext("2d")
let rulerFont = ""

// The state of a figure between updates, made when its `frame` is first drawn. `redraw(state)` is called when the
// size changes, `download(state, format)` by the button, which says that it downloads `what`. Tooltips follow the
// pointer.
function stateOf(frame, redraw, download, what) {
  if (states.has(frame)) return states.get(frame)
  const find = selector => frame.querySelector(selector)
  const state = { frame, scroller: find(".scroller"), tip: find(".tip"), data: null, drawn: "", what }
  state.observer = new ResizeObserver(() => {
    state.width = state.scroller.clientWidth
    redraw(state)
  })
  state.observer.observe(state.scroller)
  state.resized = () => redraw(state)
  window.addEventListener("resize", state.resized) // the height of the window matters too
  state.scroller.onpointermove = event => event.pointerType === "touch" || showTooltip(state, event)
  state.scroller.onpointerleave = event => (state.tip.hidden ||= event.pointerType !== "touch")
  // A finger taps instead of hovering. The frame handles the tap after the figure has handled and redrawn it.
  frame.onpointerdown = event => (state.touched = event.pointerType === "touch")
  frame.onclick = event => state.touched && showTooltip(state, event)
  find(".save").onclick = () => download(state, formatOf(state))
  states.set(frame, state)
  return state
}

// The width of the drawing in pixels, as last observed: asking for it makes the browser lay out the whole page.
function widthOf(state) {
  return state.width || state.scroller.clientWidth
}

// Called when Streamlit removes the component.
function dispose(state) {
  state.observer.disconnect()
  window.removeEventListener("resize", state.resized)
  states.delete(state.frame)
}

// The image format that the sidebar chooses.
function formatOf(state) {
  return state.data?.format === "svg" ? "svg" : "png"
}

// The title and the download button, which is short, so that the title has room; its name says what it downloads.
function head(state, title) {
  state.frame.setAttribute("aria-label", title)
  state.frame.querySelector(".title").textContent = title
  const format = formatOf(state).toUpperCase()
  const name = `Download ${state.what} as ${format}`
  const button = state.frame.querySelector(".save")
  button.textContent = `↓ ${format}`
  button.setAttribute("aria-label", name)
  button.title = name
}

// Whether the figure has to be drawn again: the data, the size or the colours differ from those drawn last.
function isStale(state, ...parts) {
  const drawn = JSON.stringify(parts)
  const stale = state.drawn !== drawn
  state.drawn = drawn
  return stale
}

// A picture below a title. `draw(data, width, colours)` makes the SVG from the data that Python sent; `data.title` is
// the title, `name` the name of the downloaded file.
function picture(frame, draw, name, what) {
  const redraw = state => {
    const { data, scroller } = state
    const colours = look(frame)
    const width = widthOf(state) / colours.unit
    if (!data || !width || !isStale(state, data, width, colours)) return
    state.tip.hidden = true
    head(state, data.title)
    scroller.replaceChildren(enlarged(draw(data, width, colours), colours))
  }
  return stateOf(frame, redraw, (state, format) => saveTitled(state, draw, `${name}.${format}`), what)
}

// A drawing at the size of the page's type.
function enlarged(svg, colours) {
  for (const side of ["width", "height"]) svg.setAttribute(side, svg.getAttribute(side) * colours.unit)
  return svg
}

// A component with one picture.
function titled(draw, name, what) {
  return component => {
    const state = picture(component.parentElement.querySelector(".frame"), draw, name, what)
    state.data = component.data
    state.resized()
    return () => dispose(state)
  }
}

function look(frame) {
  const style = getComputedStyle(frame)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const hues = read("--st-chart-categorical-colors", "#2563c9,#d96a0b").split(",")
  const zoom = parseFloat(read("--figure-zoom", "1")) // of the presenter view, whose figures are read from afar
  const hue = (number, otherwise) => (hues[number] ?? otherwise).trim()
  return {
    font: style.fontFamily,
    unit: (parseFloat(getComputedStyle(document.documentElement).fontSize) / 16) * zoom, // larger type, larger figures
    presenting: zoom > 1,
    page: read("--st-background-color", "#ffffff"),
    panel: read("--st-secondary-background-color", "#f3f5f9"),
    text: read("--st-text-color", "#1c2430"),
    line: read("--st-border-color", "#d9dfe8"),
    warning: read("--st-red-color", "#d33"),
    teacher: hue(0, "#2563c9"),
    student: hue(1, "#d96a0b"),
    student2: hue(5, "#8a7400"),
    groupA: hue(2, "#0f8577"),
    groupB: hue(3, "#7a45b8"),
    hard: hue(4, "#5b6676"),
    palest: PALEST[luminance(read("--st-background-color", "#ffffff")) > 0.2 ? "light" : "dark"],
  }
}

// A tooltip beside the pointer, for any element with data-word and data-rest.
function showTooltip({ tip, frame }, event) {
  const cell = event.target.closest("[data-word]")
  tip.hidden = !cell
  if (!cell) return
  tip.querySelector(".tip-word").textContent = cell.dataset.word
  tip.querySelector(".tip-rest").textContent = cell.dataset.rest
  const box = frame.getBoundingClientRect()
  const x = event.clientX - box.left + 14
  tip.style.left = `${Math.max(0, Math.min(x, box.width - tip.offsetWidth - 2))}px`
  tip.style.top = `${event.clientY - box.top + 18}px`
}

// --- downloading ---

// The drawing with its title above it, as wide as on the page.
async function saveTitled(state, draw, name) {
  const colours = look(state.frame)
  const width = Math.max(widthOf(state), 560)
  const picture = draw(state.data, width, colours)
  const lines = wrap(state.data.title, width, `600 15px ${colours.font}`)
  const head = 16 + 20 * lines.length
  const height = Number(picture.getAttribute("height")) + head
  const whole = make("svg", { width: width + 24, height, viewBox: `0 0 ${width + 24} ${height}` })
  whole.setAttribute("font-family", colours.font)
  whole.append(make("rect", { width: "100%", height: "100%", fill: colours.page }))
  lines.forEach((line, index) => {
    const place = { x: 13, y: 26 + 20 * index, "font-size": 15, "font-weight": 600, fill: colours.text }
    whole.append(write(line, place))
  })
  const body = make("g", { transform: `translate(12 ${head})` })
  body.append(...picture.childNodes)
  whole.append(body)
  await save(whole, width + 24, height, name)
}

// Save an SVG element as a file: as SVG or as PNG, by the file name's ending.
async function save(svg, width, height, name) {
  const text = new XMLSerializer().serializeToString(svg)
  const vector = new Blob([text], { type: "image/svg+xml" })
  const blob = name.endsWith(".svg") ? vector : await rasterise(text, width, height)
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10000)
}

async function rasterise(text, width, height) {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`
  await image.decode()
  const scale = Math.min(2, 16000 / width) // browsers refuse wider canvases
  const canvas = document.createElement("canvas")
  canvas.width = Math.round(width * scale)
  canvas.height = Math.round(height * scale)
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
  return new Promise(done => canvas.toBlob(done, "image/png"))
}

// --- text, elements and colours ---

function make(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, typeof value === "number" ? value : clean(value))
  }
  return element
}

function write(text, attributes) {
  const element = make("text", attributes)
  element.textContent = clean(text)
  return element
}

// Characters that XML does not allow would make the downloaded file unreadable.
function clean(text) {
  return String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
}

function measure(text, font) {
  if (font !== rulerFont) ruler.font = rulerFont = font // to set it takes longer than to measure a word
  return ruler.measureText(text).width
}

function fit(text, maxWidth, font) {
  if (measure(text, font) <= maxWidth) return text
  const letters = Array.from(text)
  while (letters.length > 1 && measure(`${letters.join("")}…`, font) > maxWidth) letters.pop()
  return `${letters.join("")}…`
}

// The lines of a text. A word that is longer than a line is cut.
function wrap(text, maxWidth, font) {
  const lines = []
  for (const word of text.split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word
    if (lines.length && measure(longer, font) <= maxWidth) lines[lines.length - 1] = longer
    else lines.push(fit(word, maxWidth, font))
  }
  return lines
}

function small(text, attributes, colours) {
  return write(text, { "font-size": 12, fill: colours.text, "fill-opacity": 0.75, ...attributes })
}

function tint(colours, role, part) {
  return mix(colours.page, colours[role], colours.palest + (1 - colours.palest) * part)
}

function channels(colour) {
  const hex = colour.replace("#", "")
  const six = hex.length === 3 ? hex.replace(/./g, "$&$&") : hex
  if (/^[0-9a-f]{6}/i.test(six)) return [0, 2, 4].map(at => parseInt(six.slice(at, at + 2), 16))
  return (colour.match(/[\d.]+/g) ?? [0, 0, 0]).slice(0, 3).map(Number)
}

function mix(from, to, amount) {
  const [a, b] = [channels(from), channels(to)]
  const part = a.map((value, i) => Math.round(value + (b[i] - value) * amount))
  return `#${part.map(value => value.toString(16).padStart(2, "0")).join("")}`
}

function luminance(colour) {
  const [r, g, b] = channels(colour).map(value => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

// The ink for a fill: the theme's text or page colour if the contrast is at least 4.5, else black or white.
function readable(fill, colours) {
  const light = luminance(fill)
  const contrast = ink => {
    const [low, high] = [light, luminance(ink)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const best = inks => inks.reduce((one, other) => (contrast(other) > contrast(one) ? other : one))
  const themed = best([colours.text, colours.page])
  return contrast(themed) >= 4.5 ? themed : best(["#000000", "#ffffff"])
}
