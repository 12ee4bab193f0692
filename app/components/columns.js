// The paper's figure, live: over every token a column of cells shaded by probability, the teacher's above the
// sentence and the student's below it. One listbox; each token's column is an option in it.
//
// Everything is drawn into one SVG whose looks are attributes, so that the downloaded file is the drawing itself.
// Text enters by textContent alone: whatever a sentence holds is shown, never read as markup.

const SVG = "http://www.w3.org/2000/svg"
const GAP = 4
const EDGE = 4
const WIDEST = 200
const NARROWEST = 46
const LABEL = 24
const TOKEN = 30
const ROOM = 9
const PALEST = { light: 0.07, dark: 0.13 } // even the least likely cell shows whose it is

const states = new WeakMap()
const ruler = document.createElement("canvas").getContext("2d")

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const state = states.get(parentElement) ?? setUp(parentElement)
  state.choose = number => setTriggerValue("chosen", number)
  if (data && state.drawn !== signature(state, data)) {
    const moved = !state.data || state.data.selected !== data.selected || state.data.sentence !== data.sentence
    state.data = data
    redraw(state)
    if (moved) reveal(state, data.selected)
  }
  return () => {
    state.observer.disconnect()
    states.delete(parentElement)
  }
}

function setUp(root) {
  const find = selector => root.querySelector(selector)
  const state = { root, frame: find(".frame"), scroller: find(".scroller"), tip: find(".tip"), data: null, drawn: "" }
  state.observer = new ResizeObserver(() => {
    if (state.data && state.drawn !== signature(state, state.data)) redraw(state)
  })
  state.observer.observe(state.scroller)
  state.scroller.onscroll = () => {
    state.tip.hidden = true
    for (const label of state.scroller.querySelectorAll("[data-stays]")) {
      label.setAttribute("transform", `translate(${state.scroller.scrollLeft} 0)`)
    }
  }
  state.scroller.onclick = event => {
    const column = event.target.closest(".column")
    if (column) choose(state, Number(column.dataset.number))
  }
  state.scroller.onkeydown = event => press(state, event)
  state.scroller.onpointermove = event => hover(state, event)
  state.scroller.onpointerleave = () => (state.tip.hidden = true)
  for (const button of root.querySelectorAll("[data-format]")) {
    button.onclick = () => download(state, button.dataset.format)
  }
  states.set(root, state)
  return state
}

// --- choosing ---

function choose(state, number) {
  state.tip.hidden = true
  if (state.data.selected !== number) {
    // Shown at once; Python's answer follows with the same choice.
    state.data = { ...state.data, selected: number }
    redraw(state)
    state.choose(number)
  }
  focus(state, number)
}

function press(state, event) {
  const column = event.target.closest(".column")
  if (!column) return
  const number = Number(column.dataset.number)
  const last = state.data.columns.length
  const goal = { ArrowLeft: number - 1, ArrowRight: number + 1, Home: 1, End: last }[event.key]
  if (goal !== undefined) {
    event.preventDefault()
    focus(state, Math.min(Math.max(goal, 1), last))
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault()
    choose(state, number)
  }
}

function focus(state, number) {
  for (const column of state.scroller.querySelectorAll(".column")) {
    const here = Number(column.dataset.number) === number
    column.setAttribute("tabindex", here ? "0" : "-1")
    if (here) column.focus({ preventScroll: true })
  }
  reveal(state, number)
}

function reveal(state, number) {
  const place = state.places?.[number - 1]
  if (!place) return
  const { scroller } = state
  if (place.x < scroller.scrollLeft) scroller.scrollLeft = place.x - 24
  const right = place.x + place.width + 24
  if (right > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = right - scroller.clientWidth
}

function hover(state, event) {
  const cell = event.pointerType === "touch" ? null : event.target.closest("[data-word]")
  const { tip, frame } = state
  tip.hidden = !cell
  if (!cell) return
  tip.querySelector(".tip-word").textContent = cell.dataset.word
  tip.querySelector(".tip-rest").textContent = cell.dataset.rest
  const box = frame.getBoundingClientRect()
  const x = event.clientX - box.left + 14
  tip.style.left = `${Math.max(0, Math.min(x, box.width - tip.offsetWidth - 2))}px`
  tip.style.top = `${event.clientY - box.top + 18}px`
}

// --- drawing ---

function look(state) {
  const style = getComputedStyle(state.frame)
  const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise
  const hues = read("--st-chart-categorical-colors", "#2563c9,#d96a0b").split(",")
  return {
    font: style.fontFamily,
    page: read("--st-background-color", "#ffffff"),
    panel: read("--st-secondary-background-color", "#f3f5f9"),
    text: read("--st-text-color", "#1c2430"),
    line: read("--st-border-color", "#d9dfe8"),
    warning: read("--st-red-color", "#d33"),
    teacher: hues[0].trim(),
    student: hues[1].trim(),
    palest: PALEST[luminance(read("--st-background-color", "#ffffff")) > 0.2 ? "light" : "dark"],
  }
}

function signature(state, data) {
  return JSON.stringify([data, state.scroller.clientWidth, look(state)])
}

function redraw(state) {
  const { scroller, data } = state
  const focused = state.root.activeElement?.closest?.(".column")?.dataset.number
  const width = scroller.clientWidth
  if (!width) return
  const colours = look(state)
  const left = scroller.scrollLeft
  const { svg, places } = draw(data, width, colours)
  scroller.replaceChildren(svg)
  scroller.scrollLeft = left
  scroller.onscroll()
  state.places = places
  state.drawn = signature(state, data)
  drawScale(state, colours)
  if (focused) focus(state, Number(focused))
}

function draw(data, width, colours) {
  const { columns, panels, rows } = data
  const widths = spread(columns, width, colours.font)
  const cell = rows > 10 ? 20 : 27
  const size = Math.min(...widths) < 64 ? 11.5 : 12.5
  const block = rows * (cell + 2)
  const above = panels.find(panel => panel.role === "teacher")
  const below = panels.find(panel => panel.role === "student")
  const top = EDGE + (above ? LABEL : 0)
  const tokenTop = top + (above ? block : 0) + ROOM
  const belowTop = tokenTop + TOKEN + ROOM
  const bottom = belowTop + (below ? block : 0)
  const height = bottom + (below ? LABEL : 0) + EDGE

  const inside = widths.reduce((sum, one) => sum + one + GAP, EDGE * 2 - GAP)
  const total = Math.max(inside, Math.min(width, 320))
  const svg = make("svg", { xmlns: SVG, width: total, height, viewBox: `0 0 ${total} ${height}`, role: "listbox" })
  svg.setAttribute("aria-label", "Tokens of the sentence, with what each model predicts there")
  svg.setAttribute("aria-orientation", "horizontal")
  svg.setAttribute("font-family", colours.font)

  if (above) svg.append(panelName(above, EDGE + 13, colours, width))
  if (below) svg.append(panelName(below, bottom + 17, colours, width))

  const places = []
  let x = EDGE
  columns.forEach((column, index) => {
    const place = { x, width: widths[index] }
    places.push(place)
    const number = index + 1
    const chosen = number === data.selected
    const group = make("g", { class: "column", role: "option", "data-number": number })
    group.setAttribute("tabindex", chosen || (!data.selected && index === 0) ? "0" : "-1")
    group.setAttribute("aria-selected", String(chosen))
    group.setAttribute("aria-label", spoken(data, index))
    group.append(
      make("rect", {
        class: "band", x: x - 2, y: top - 3, width: place.width + 4, height: bottom - top + 6, rx: 5,
        fill: colours.text, "fill-opacity": chosen ? 0.07 : 0,
        stroke: chosen ? colours.text : "none", "stroke-width": 1.5,
      })
    )
    if (above) group.append(...cells(above, index, { ...place, y: top, cell, size }, data, colours))
    if (below) group.append(...cells(below, index, { ...place, y: belowTop, cell, size }, data, colours))
    group.append(...token(column, { ...place, y: tokenTop }, chosen, colours))
    group.append(
      make("rect", {
        class: "ring", x: x - 2.5, y: top - 3.5, width: place.width + 5, height: bottom - top + 7, rx: 5,
        fill: "none", "stroke-width": 3,
      })
    )
    svg.append(group)
    x += place.width + GAP
  })
  return { svg, places, total, height }
}

// Every column is as wide as its token asks for; what is left of the page is shared out evenly.
function spread(columns, width, font) {
  const asked = columns.map(column => Math.min(Math.max(measure(column.text, `600 13px ${font}`) + 16, NARROWEST), 150))
  const spare = width - EDGE * 2 - asked.reduce((sum, one) => sum + one + GAP, -GAP)
  if (spare <= 0) return asked
  const even = Math.min((width - EDGE * 2 + GAP) / columns.length - GAP, WIDEST)
  if (asked.every(one => one <= even)) return columns.map(() => even)
  return asked.map(one => Math.min(one + spare / columns.length, Math.max(one, WIDEST)))
}

function panelName(panel, y, colours, width) {
  const group = make("g", { "data-stays": "" })
  const colour = colours[panel.role]
  const title = panel.role === "teacher" ? "Teacher" : "Student"
  const shown = measure(title, `650 13px ${colours.font}`)
  group.append(make("rect", { x: EDGE, y: y - 9, width: 11, height: 11, rx: 2, fill: colour }))
  group.append(write(title, { x: EDGE + 17, y, "font-size": 13, "font-weight": 650, fill: colours.text }))
  const name = fit(panel.name, width - shown - 40, `13px ${colours.font}`)
  group.append(write(name, { x: EDGE + 25 + shown, y, "font-size": 13, fill: colours.text, "fill-opacity": 0.7 }))
  return group
}

function cells(panel, index, place, data, colours) {
  const column = panel.columns[index]
  if (!column) {
    const dash = { x: place.x + place.width / 2, y: place.y + 18, "text-anchor": "middle", "font-size": 13 }
    return [write("–", { ...dash, fill: colours.text, "fill-opacity": 0.5 })]
  }
  return column.flatMap(([word, probability], row) => {
    const fill = tint(colours, panel.role, data.log ? onLogScale(probability) : probability)
    const y = place.y + row * (place.cell + 2)
    const rest = `${percent(probability)} · rank ${row + 1} · ${panel.role}`
    const rect = make("rect", {
      x: place.x, y, width: place.width, height: place.cell, rx: 3, fill, stroke: colours[panel.role],
      "stroke-opacity": 0.22, "data-word": word, "data-rest": rest,
    })
    const ink = readable(fill, colours)
    const label = write(fit(word, place.width - 6, `${place.size}px ${colours.font}`), {
      x: place.x + place.width / 2, y: y + place.cell / 2 + place.size * 0.36, "text-anchor": "middle",
      "font-size": place.size, fill: ink, "pointer-events": "none",
    })
    return [rect, label]
  })
}

function token(column, place, chosen, colours) {
  const edge = column.unknown ? colours.warning : chosen ? colours.text : colours.line
  const rest = column.unknown ? "not in the vocabulary: read as the unknown token" : column.masked ? "masked" : "token"
  const rect = make("rect", {
    x: place.x, y: place.y, width: place.width, height: TOKEN, rx: 6,
    fill: chosen ? colours.text : colours.panel, stroke: edge, "stroke-width": 1.2,
    "data-word": column.text, "data-rest": rest,
  })
  if (column.masked || column.unknown) rect.setAttribute("stroke-dasharray", "4 3")
  if (column.masked && !chosen) rect.setAttribute("stroke", colours.text)
  const label = write(fit(column.text, place.width - 8, `600 13px ${colours.font}`), {
    x: place.x + place.width / 2, y: place.y + TOKEN / 2 + 4.7, "text-anchor": "middle", "font-size": 13,
    "font-weight": 600, fill: chosen ? colours.page : colours.text, "pointer-events": "none",
  })
  return [rect, label]
}

function spoken(data, index) {
  const column = data.columns[index]
  const parts = [`position ${index + 1}, ${column.text}`]
  for (const panel of data.panels) {
    const best = panel.columns[index]?.[0]
    parts.push(best ? `${panel.role}: ${best[0]} ${percent(best[1])}` : `${panel.role}: no token here`)
  }
  return parts.join(", ")
}

function drawScale(state, colours) {
  const { data, frame } = state
  const set = (name, text) => (frame.querySelector(name).textContent = text)
  set(".scale-name", data.log ? "Shade: probability, log scale" : "Shade: probability")
  set(".scale-low", data.log ? "0.01 %" : "0")
  set(".scale-high", "100 %")
  const strip = frame.querySelector(".strip")
  const paint = strip.getContext("2d")
  const half = strip.height / 2
  for (let x = 0; x < strip.width; x++) {
    ;["teacher", "student"].forEach((role, row) => {
      paint.fillStyle = tint(colours, role, x / (strip.width - 1))
      paint.fillRect(x, row * half, 1, half)
    })
  }
}

// --- downloading ---

async function download(state, format) {
  const colours = look(state)
  const { svg, total, height } = draw(state.data, Math.max(state.scroller.clientWidth, 640), colours)
  const title = 30
  const foot = 26
  const width = Math.max(total, 480) + 24
  const whole = make("svg", { xmlns: SVG, width, height: height + title + foot })
  whole.setAttribute("viewBox", `0 0 ${width} ${height + title + foot}`)
  whole.setAttribute("font-family", colours.font)
  whole.append(make("rect", { width: "100%", height: "100%", fill: colours.page }))
  const heading = fit(state.data.sentence, width - 30, `600 15px ${colours.font}`)
  whole.append(write(heading, { x: 16, y: 24, "font-size": 15, "font-weight": 600, fill: colours.text }))
  const body = make("g", { transform: `translate(12 ${title})` })
  body.append(...svg.childNodes)
  for (const ring of body.querySelectorAll(".ring")) ring.remove()
  whole.append(body)
  const note = state.data.log ? "Shade: probability on a log scale from 0.01 % to 100 %" : "Shade: probability, 0 to 100 %"
  const foots = { x: 16, y: height + title + 14, "font-size": 12, fill: colours.text, "fill-opacity": 0.7 }
  whole.append(write(`${note}. Most probable words on top.`, foots))

  const text = new XMLSerializer().serializeToString(whole)
  const vector = new Blob([text], { type: "image/svg+xml" })
  const blob = format === "svg" ? vector : await rasterise(text, width, height + title + foot)
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = `fairkd-predictions.${format}`
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

// --- small tools ---

function make(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key !== "xmlns") element.setAttribute(key, clean(value))
  }
  return element
}

function write(text, attributes) {
  const element = make("text", attributes)
  element.textContent = clean(text)
  return element
}

// Characters that XML does not know would make the downloaded file unreadable.
function clean(text) {
  return String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
}

function measure(text, font) {
  ruler.font = font
  return ruler.measureText(text).width
}

function fit(text, room, font) {
  if (measure(text, font) <= room) return text
  const letters = Array.from(text)
  while (letters.length > 1 && measure(`${letters.join("")}…`, font) > room) letters.pop()
  return `${letters.join("")}…`
}

function onLogScale(probability) {
  return Math.min(Math.max((Math.log10(Math.max(probability, 1e-9)) + 4) / 4, 0), 1)
}

function tint(colours, role, part) {
  return mix(colours.page, colours[role], colours.palest + (1 - colours.palest) * part)
}

function percent(probability) {
  const value = probability * 100
  if (value < 0.01) return "< 0.01 %"
  if (value >= 99.5) return `${Math.min(value, 100).toFixed(1)} %`
  return `${value < 9.95 ? value.toPrecision(2) : value.toFixed(0)} %`
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

function readable(fill, colours) {
  const light = luminance(fill)
  const contrast = ink => {
    const [low, high] = [light, luminance(ink)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  return contrast(colours.text) >= contrast(colours.page) ? colours.text : colours.page
}
