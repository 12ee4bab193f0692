// The paper's figure, interactive: for every token a column of cells shaded by probability, the teacher's above the
// sentence and the student's below it. For assistive technology it is a listbox, and each column an option.
// columns.py sends all texts and shades. figure.js precedes this file.

const GAP = 4
const EDGE = 4
const WIDEST = 200
const NARROWEST = 46
const LABEL = 24
const TOKEN = 30
const SPACE = 9

export default function (component) {
  const { data, parentElement, setTriggerValue } = component
  const state = stateOf(parentElement, redraw, download)
  listen(state)
  state.choose = number => setTriggerValue("chosen", number)
  const before = state.data
  state.data = data
  redraw(state)
  if (data && (before?.selected !== data.selected || before?.sentence !== data.sentence)) reveal(state, data.selected)
  return () => dispose(state)
}

function listen(state) {
  const { scroller } = state
  scroller.onscroll = () => {
    state.tip.hidden = true
    for (const label of scroller.querySelectorAll("[data-stays]")) {
      label.setAttribute("transform", `translate(${scroller.scrollLeft} 0)`)
    }
  }
  scroller.onclick = event => {
    const column = event.target.closest(".column")
    if (column) choose(state, Number(column.dataset.number))
  }
  scroller.onkeydown = event => press(state, event)
}

// --- choosing ---

function choose(state, number) {
  state.tip.hidden = true
  if (state.data.selected !== number) {
    // Drawn at once. Python's update follows with the same selection.
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

// --- drawing ---

function redraw(state) {
  const { scroller, data } = state
  const width = scroller.clientWidth
  if (!data || !width) return
  const colours = look(state.frame)
  const drawn = JSON.stringify([data, width, colours])
  if (state.drawn === drawn) return
  state.drawn = drawn
  const focused = state.root.activeElement?.closest?.(".column")?.dataset.number
  const left = scroller.scrollLeft
  const { svg, places } = draw(data, width, colours)
  scroller.replaceChildren(svg)
  scroller.scrollLeft = left
  scroller.onscroll()
  state.places = places
  drawScale(state, colours)
  if (focused) focus(state, Number(focused))
}

function draw(data, width, colours) {
  const { columns, panels, rows } = data
  const widths = columnWidths(columns, width, colours.font)
  const cell = rows > 10 ? 20 : 27
  const size = Math.min(...widths) < 64 ? 11.5 : 12.5
  const block = rows * (cell + 2)
  const above = panels.find(panel => panel.role === "teacher")
  const below = panels.find(panel => panel.role === "student")
  const top = EDGE + (above ? LABEL : 0)
  const tokenTop = top + (above ? block : 0) + SPACE
  const belowTop = tokenTop + TOKEN + SPACE
  const bottom = belowTop + (below ? block : 0)
  const height = bottom + (below ? LABEL : 0) + EDGE

  const inside = widths.reduce((sum, one) => sum + one + GAP, EDGE * 2 - GAP)
  const total = Math.max(inside, Math.min(width, 320))
  const svg = make("svg", { width: total, height, viewBox: `0 0 ${total} ${height}`, role: "listbox" })
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
    group.setAttribute("aria-label", description(data, index))
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

// Each column is as wide as its token needs. The remaining width is divided evenly.
function columnWidths(columns, width, font) {
  const needed = columns.map(column => Math.min(Math.max(measure(column.text, `600 13px ${font}`) + 16, NARROWEST), 150))
  const spare = width - EDGE * 2 - needed.reduce((sum, one) => sum + one + GAP, -GAP)
  if (spare <= 0) return needed
  const even = Math.min((width - EDGE * 2 + GAP) / columns.length - GAP, WIDEST)
  if (needed.every(one => one <= even)) return columns.map(() => even)
  return needed.map(one => Math.min(one + spare / columns.length, Math.max(one, WIDEST)))
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
  return column.flatMap(([word, shade, shown], row) => {
    const fill = tint(colours, panel.role, shade)
    const y = place.y + row * (place.cell + 2)
    const rest = `${shown} · rank ${row + 1} · ${panel.role}`
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

function description(data, index) {
  const column = data.columns[index]
  const parts = [`position ${index + 1}, ${column.text}`]
  for (const panel of data.panels) {
    const best = panel.columns[index]?.[0]
    parts.push(best ? `${panel.role}: ${best[0]} ${best[2]}` : `${panel.role}: no token here`)
  }
  return parts.join(", ")
}

function drawScale(state, colours) {
  const { data, frame } = state
  const set = (name, text) => (frame.querySelector(name).textContent = text)
  set(".scale-name", data.scale.title)
  set(".scale-low", data.scale.low)
  set(".scale-high", data.scale.high)
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
  const colours = look(state.frame)
  const { svg, total, height } = draw(state.data, Math.max(state.scroller.clientWidth, 640), colours)
  const title = 30
  const foot = 26
  const width = Math.max(total, 480) + 24
  const whole = make("svg", { width, height: height + title + foot })
  whole.setAttribute("viewBox", `0 0 ${width} ${height + title + foot}`)
  whole.setAttribute("font-family", colours.font)
  whole.append(make("rect", { width: "100%", height: "100%", fill: colours.page }))
  const heading = fit(state.data.sentence, width - 30, `600 15px ${colours.font}`)
  whole.append(write(heading, { x: 16, y: 24, "font-size": 15, "font-weight": 600, fill: colours.text }))
  const body = make("g", { transform: `translate(12 ${title})` })
  body.append(...svg.childNodes)
  for (const ring of body.querySelectorAll(".ring")) ring.remove()
  whole.append(body)
  const { scale } = state.data
  const foots = { x: 16, y: height + title + 14, "font-size": 12, fill: colours.text, "fill-opacity": 0.7 }
  whole.append(write(`${scale.title}, ${scale.low} to ${scale.high}. Most probable words on top.`, foots))

  await save(whole, width, height + title + foot, `fairkd-predictions.${format}`)
}
