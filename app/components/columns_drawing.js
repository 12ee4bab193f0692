// Draws the paper's figure: for every token a column of cells shaded by probability, the teacher's above the sentence
// and the students' below it. For assistive technology it is a listbox, and each column an option.

const GAP = 4
const EDGE = 4
const WIDEST = 200
const NARROWEST = 46
const LABEL = 22
const TOKEN = 28
const SPACE = 7
const CELL_GAP = 2
const SWATCH = 22
const LOWEST = 17 // cells, in pixels
const HIGHEST = 27
const CHOSEN = 124 // the least width of the chosen column
const NUMBERED = 88 // from this width on a cell shows its probability
const OTHERS = 385 // pixels of the window's height that the page needs besides the cells
const PRESENTED = 242 // the same in the presenter view, without the names of the panels, unless the data has `besides`

function drawColumns(data, width, colours) {
  const { columns, panels } = data
  const widths = columnWidths(data, width, colours.font)
  const { rows, cell } = rowsThatFit(data, panels.length, colours)
  const size = Math.min(...widths) < 64 ? 11.5 : Math.min(12.5, cell - 6)
  const block = rows * (cell + CELL_GAP)
  const above = panels.filter(panel => panel.role === "teacher")
  const below = panels.filter(panel => panel.role !== "teacher")
  const top = EDGE + LABEL * above.length
  const tokenTop = top + block * above.length + SPACE
  const belowTop = tokenTop + TOKEN + SPACE - 3
  const starts = new Map(above.map(panel => [panel, top]))
  below.forEach((panel, index) => starts.set(panel, belowTop + LABEL + index * (block + LABEL)))
  // The parts of a column, without the names of the panels between them: the token and the cells above, and the others.
  const framed = [[top, tokenTop + TOKEN + 2], ...below.map(panel => [starts.get(panel), starts.get(panel) + block])]
  const bottom = belowTop + below.length * (block + LABEL)
  const widest = Math.max(...panels.map(panel => nameWidth(panel, colours)))
  const beside = widest + scaleWidth(data.scale, colours) + 24 < width // else the legend has a row of its own
  // A figure of one or two columns may be too narrow for the shades, too: then it has no legend.
  const hasScale = scaleWidth(data.scale, colours) - scaleTitleWidth(data.scale, colours) <= width - EDGE
  const height = bottom + EDGE + (beside || !hasScale ? 0 : LABEL)

  const inside = widths.reduce((sum, one) => sum + one + GAP, EDGE * 2 - GAP)
  const total = Math.max(inside, Math.min(width, 320))
  const svg = make("svg", { width: total, height, viewBox: `0 0 ${total} ${height}`, role: "listbox" })
  svg.setAttribute("aria-label", "Tokens of the sentence, with what each model predicts there")
  svg.setAttribute("aria-orientation", "horizontal")
  svg.setAttribute("font-family", colours.font)

  const scaleTop = beside && above.length ? EDGE + 14 : height - 8
  if (hasScale) svg.append(drawScale(data, width - EDGE, scaleTop, colours))
  const names = panels.map(panel => panelName(panel, starts.get(panel) - LABEL + 14, colours, width))

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
    group.setAttribute("aria-label", columnText(data, index))
    const band = {
      class: "band", x: x - 2, width: place.width + 4, rx: 5, fill: colours.text, "fill-opacity": chosen ? 0.07 : 0,
      stroke: chosen ? colours.text : "none", "stroke-width": 1.5,
    }
    group.append(...framed.map(([from, to]) => make("rect", { ...band, y: from - 2, height: to - from + 2 })))
    for (const panel of panels) {
      group.append(...cells(panel, index, { ...place, y: starts.get(panel), rows, cell, size }, colours))
    }
    group.append(...token(column, { ...place, y: tokenTop }, chosen, colours))
    const ring = { class: "ring", x: x - 2.5, width: place.width + 5, rx: 5, fill: "none", "stroke-width": 3 }
    group.append(...framed.map(([from, to]) => make("rect", { ...ring, y: from - 2.5, height: to - from + 3 })))
    svg.append(group)
    x += place.width + GAP
  })
  svg.append(...names)
  return { svg, places, total, height }
}

// Cells as high as the window allows, so that the whole figure is seen at once, but always readable. The presenter view
// is one screen: where its cells would be too low there are fewer.
function rowsThatFit({ rows: most, besides }, panels, colours) {
  const height = window.innerHeight / colours.unit
  const room = colours.presenting
    ? height - (besides ?? PRESENTED) - LABEL * panels
    : height - OTHERS - 2 * LABEL * Math.max(panels - 2, 0)
  const lowest = colours.presenting ? LOWEST + 1 : LOWEST
  const fitting = Math.max(Math.floor(room / (panels * (lowest + CELL_GAP))), 2)
  const rows = colours.presenting ? Math.min(most, fitting) : most
  return { rows, cell: Math.min(Math.max(Math.floor(room / (rows * panels)) - CELL_GAP, lowest), HIGHEST) }
}

// Each column is as wide as its token needs, the chosen one also wide enough for percentages. The remaining width is
// divided evenly.
function columnWidths({ columns, selected }, width, font) {
  const needed = columns.map((column, index) => {
    const least = index + 1 === selected ? CHOSEN : NARROWEST
    return Math.min(Math.max(measure(column.text, `600 13px ${font}`) + 16, least), 150)
  })
  const spare = width - EDGE * 2 - needed.reduce((sum, one) => sum + one + GAP, -GAP)
  if (spare <= 0) return needed
  const even = Math.min((width - EDGE * 2 + GAP) / columns.length - GAP, WIDEST)
  if (needed.every(one => one <= even)) return columns.map(() => even)
  return needed.map(one => Math.min(one + spare / columns.length, Math.max(one, WIDEST)))
}

function nameWidth(panel, colours) {
  return measure(`${ROLES[panel.role]} ${panel.name}`, `650 13px ${colours.font}`) + 34
}

function panelName(panel, y, colours, width) {
  const group = make("g", { "data-stays": "" })
  const colour = colours[panel.role]
  const title = ROLES[panel.role]
  const shown = measure(title, `650 13px ${colours.font}`)
  const name = fit(panel.name, width - shown - 40, `13px ${colours.font}`)
  group.append(make("rect", { x: EDGE, y: y - 9.5, width: 11, height: 11, rx: 2, fill: colour }))
  group.append(write(title, { x: EDGE + 17, y, "font-size": 13, "font-weight": 650, fill: colours.text }))
  group.append(write(name, { x: EDGE + 25 + shown, y, "font-size": 13, fill: colours.text, "fill-opacity": 0.7 }))
  return group
}

function cells(panel, index, place, colours) {
  const column = panel.columns[index]
  if (!column) {
    const dash = { x: place.x + place.width / 2, y: place.y + 16, "text-anchor": "middle", "font-size": 13 }
    return [write("–", { ...dash, fill: colours.text, "fill-opacity": 0.7 })]
  }
  const font = `${place.size}px ${colours.font}`
  const small = `${place.size - 1}px ${colours.font}`
  const numbered = place.width >= NUMBERED
  return column.slice(0, place.rows).flatMap(([word, shade, shown], row) => {
    const fill = tint(colours, panel.role, shade)
    const y = place.y + row * (place.cell + CELL_GAP)
    const rest = `${shown} · rank ${row + 1} · ${ROLES[panel.role].toLowerCase()}`
    const rect = make("rect", {
      x: place.x, y, width: place.width, height: place.cell, rx: 3, fill, stroke: colours[panel.role],
      "stroke-opacity": 0.22, "data-word": word, "data-rest": rest,
    })
    const ink = { fill: readable(fill, colours), "pointer-events": "none", y: y + place.cell / 2 + place.size * 0.36 }
    const middle = { x: place.x + place.width / 2, "text-anchor": "middle", "font-size": place.size }
    if (!numbered) return [rect, write(fit(word, place.width - 6, font), { ...middle, ...ink })]
    const left = { x: place.x + 7, "font-size": place.size }
    const right = { x: place.x + place.width - 7, "text-anchor": "end", "font-size": place.size - 1 }
    const room = place.width - measure(shown, small) - 20
    return [rect, write(fit(word, room, font), { ...left, ...ink }), write(shown.startsWith("<") ? "" : shown, { ...right, ...ink })]
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

// What the figure shows: the finding at the chosen position, or just the sentence.
function titleOf(data) {
  const own = data.compared?.number === data.selected ? data.compared.finding : null // a visitor's own words
  return own ?? data.positions?.[data.selected - 1]?.finding ?? data.sentence
}

function columnText(data, index) {
  const column = data.columns[index]
  const parts = [`position ${index + 1}, ${column.text}`]
  for (const panel of data.panels) {
    const best = panel.columns[index]?.[0]
    const role = ROLES[panel.role].toLowerCase()
    parts.push(best ? `${role}: ${best[0]} ${best[2]}` : `${role}: no token here`)
  }
  return parts.join(", ")
}

// --- the legend of the shades ---

function scaleTitleWidth(scale, colours) {
  return measure(scale.title, `12px ${colours.font}`) + 12
}

function scaleWidth(scale, colours) {
  const font = `12px ${colours.font}`
  return scale.steps.reduce((sum, [text]) => sum + SWATCH + measure(text, font) + 16, scaleTitleWidth(scale, colours))
}

function drawScale({ scale, panels }, right, y, colours) {
  const group = make("g", { "data-stays": "" })
  let x = right - scaleWidth(scale, colours)
  if (x > 0) group.append(small(scale.title, { x, y }, colours)) // a phone is too narrow for it
  x += scaleTitleWidth(scale, colours)
  for (const [text, shade] of scale.steps) {
    const height = 12 / panels.length
    panels.forEach(({ role }, row) => {
      const place = { x, y: y - 10.5 + row * height, width: SWATCH - 4, height }
      group.append(make("rect", { ...place, fill: tint(colours, role, shade) }))
    })
    group.append(small(text, { x: x + SWATCH, y }, colours))
    x += SWATCH + measure(text, `12px ${colours.font}`) + 16
  }
  return group
}

// --- downloading ---

async function saveColumns(state, format) {
  const colours = look(state.frame)
  const { data } = state
  const { svg, total, height } = drawColumns(data, Math.max(widthOf(state) / colours.unit, 640), colours)
  const finding = data.positions ? titleOf(data) : ""
  const width = Math.max(total, 480) + 24
  const lines = finding ? wrap(finding, width - 30, `13px ${colours.font}`) : []
  const title = lines.length ? 32 + 18 * lines.length : 30
  const foot = 24
  const whole = make("svg", { width, height: height + title + foot })
  whole.setAttribute("viewBox", `0 0 ${width} ${height + title + foot}`)
  whole.setAttribute("font-family", colours.font)
  whole.append(make("rect", { width: "100%", height: "100%", fill: colours.page }))
  const heading = fit(data.sentence, width - 30, `600 15px ${colours.font}`)
  whole.append(write(heading, { x: 16, y: 24, "font-size": 15, "font-weight": 600, fill: colours.text }))
  lines.forEach((line, row) => whole.append(write(line, { x: 16, y: 43 + 18 * row, "font-size": 13, fill: colours.text })))
  const body = make("g", { transform: `translate(12 ${title})` })
  body.append(...svg.childNodes)
  for (const ring of body.querySelectorAll(".ring")) ring.remove()
  whole.append(body)
  const foots = { x: 16, y: height + title + 14, "font-size": 12, fill: colours.text }
  whole.append(write(`Each column: the words that a model expects there, the most probable on top.`, foots))
  await save(whole, width, height + title + foot, `fairkd-predictions.${format}`)
}
