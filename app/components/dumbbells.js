// Two models' values in each row, with their intervals. The left of the axis belongs to group B, the right to A.
// dumbbells.py sends the range of the axis and all texts. figure.js precedes this file.

const ROW = 22
const TOP = 34 // pixels for the names of the groups, with the legend between them
const LEGEND = 20 // pixels for the legend in a line of its own
const FOOT = 42 // pixels for the axis
const OFFSET = 4.5 // pixels of a model's marker from the middle of its row
const OFFSETS = { teacher: -OFFSET, student: OFFSET }

const show = titled(draw, "fairkd-gaps-by-profession", "gaps")

export default function (component) {
  moreOrFewer(component)
  return show(component)
}

// The button beside the title that shows all professions or some.
function moreOrFewer({ data, parentElement, setTriggerValue }) {
  const bar = parentElement.querySelector(".bar")
  const button = bar.querySelector(".more") ?? document.createElement("button")
  button.type = "button"
  button.className = "more"
  button.hidden = !data.button
  button.textContent = data.button ?? ""
  button.setAttribute("aria-label", `${data.button} professions`)
  button.onclick = () => setTriggerValue("rows", true)
  bar.insertBefore(button, bar.querySelector(".save"))
}

function draw(data, width, colours) {
  const { rows, axis } = data
  const fontOf = row => `${row.marked ? 700 : 400} 13px ${colours.font}`
  const maxWidth = Math.min(width * 0.36, 210)
  const left = 22 + Math.min(Math.max(...rows.map(row => measure(row.name ?? "", fontOf(row))), 20), maxWidth)
  const right = width - 16
  const place = value => left + ((right - left) * (value - axis.low)) / (axis.high - axis.low)

  const { elements, top } = heading(data, left, right, colours)
  const bottom = top + ROW * rows.length
  const height = bottom + FOOT
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })
  svg.setAttribute("aria-label", description(data))
  svg.setAttribute("font-family", colours.font)
  svg.append(...elements)
  rows.forEach((row, index) => {
    const band = { x: 0, y: top + ROW * index, width, height: ROW, rx: 4, fill: colours.panel }
    if (row.marked) svg.append(make("rect", { ...band, stroke: colours.line }))
  })
  for (const tick of fullest(axis.ticks, place, colours)) {
    const x = place(tick.at)
    svg.append(make("line", { x1: x, x2: x, y1: top, y2: bottom, stroke: colours.line, "stroke-width": 1 }))
    svg.append(small(tick.shown, { x, y: bottom + 16, "text-anchor": "middle" }, colours))
  }
  svg.append(small(axis.title, { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" }, colours))
  const zero = { x1: place(0), x2: place(0), y1: top, y2: bottom, stroke: colours.text, "stroke-opacity": 0.6 }
  svg.append(make("line", zero))
  rows.forEach((row, index) => {
    const middle = top + ROW * index + ROW / 2
    if (row.note) {
      svg.append(...omission(row.note, left, right, middle, colours))
      return
    }
    const label = { x: left - 12, y: middle + 4.5, "text-anchor": "end", "font-size": 13, fill: colours.text }
    const weight = { "font-weight": row.marked ? 700 : 400, class: "name" }
    const name = write(fit(row.name, maxWidth, fontOf(row)), { ...label, ...weight })
    const target = { x: 0, y: middle - ROW / 2, width, height: ROW, fill: colours.text, "fill-opacity": 0, class: "row" }
    const tooltip = { "data-word": row.name, "data-rest": row.details }
    svg.append(name, ...dumbbell(row, middle, place, colours), make("rect", { ...target, ...tooltip }))
  })
  return svg
}

// The first choice of ticks whose texts stand apart from each other, or else the last.
function fullest(choices, place, colours) {
  const apart = ticks =>
    ticks.every(({ at, shown }, index) => {
      if (!index) return true
      const widths = [ticks[index - 1].shown, shown].map(text => measure(text, `12px ${colours.font}`))
      return place(at) - place(ticks[index - 1].at) >= (widths[0] + widths[1]) / 2 + 8
    })
  return choices.find(apart) ?? choices.at(-1)
}

function dumbbell(row, middle, place, colours) {
  const [teacher, student] = [place(row.teacher.mean), place(row.student.mean)]
  const ends = { x1: teacher, y1: middle - OFFSET, x2: student, y2: middle + OFFSET }
  const connector = make("line", { ...ends, stroke: colours.text, "stroke-opacity": 0.22, "stroke-width": 3 })
  const markers = Object.entries(OFFSETS).flatMap(([role, shift]) => {
    const { mean, low, high, hollow } = row[role]
    const y = middle + shift
    const interval = { x1: place(low), x2: place(high), y1: y, y2: y, stroke: colours[role], "stroke-width": 1.5 }
    const line = make("line", { ...interval, "stroke-opacity": hollow ? 0.4 : 0.8 })
    return [line, marker(role, place(mean), y, hollow, colours)]
  })
  return [connector, ...markers]
}

// A circle for the teacher, a square for the student; hollow if both groups together have almost no probability.
function marker(role, x, y, hollow, colours) {
  const fill = hollow ? colours.page : colours[role]
  const look = { fill, stroke: colours[role], "stroke-width": 1.5, opacity: hollow ? 0.6 : 1 }
  if (role === "teacher") return make("circle", { cx: x, cy: y, r: 4, ...look })
  return make("rect", { x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2, ...look })
}

// The direction of each group and the legend: in one line if there is room, else the legend above. `top` is where
// the plot begins.
function heading(data, left, right, colours) {
  const { toA, toB, start } = sides(data, left, right, colours)
  const font = `13px ${colours.font}`
  const entries = [[data.legend[0], "teacher", false], [data.legend[1], "student", false]]
  if (data.hollow) entries.push([data.hollow, "teacher", true])
  const widths = entries.map(([text]) => measure(text, font) + 36)
  const total = widths.reduce((sum, width) => sum + width, -14)
  const bold = `600 ${font}`
  const [from, to] = [start + measure(toB, bold) + 24, right - measure(toA, bold) - 24]
  const oneLine = total <= to - from
  const top = oneLine ? TOP : TOP + LEGEND
  const baseline = oneLine ? top - 10 : 18.5
  let x = oneLine ? from + (to - from - total) / 2 + 6 : 6
  const elements = entries.flatMap(([text, role, hollow], index) => {
    const own = hollow ? { ...colours, teacher: colours.text } : colours
    const at = x
    x += widths[index]
    const label = write(text, { x: at + 11, y: baseline, "font-size": 13, fill: colours.text })
    return [marker(role, at, baseline - 4.5, hollow, own), label]
  })
  const text = { y: top - 10, "font-size": 13, "font-weight": 600 }
  elements.push(write(toB, { ...text, x: start, fill: colours.groupB }))
  elements.push(write(toA, { ...text, x: right, "text-anchor": "end", fill: colours.groupA }))
  return { elements, top }
}

// What each direction means: above the plot, and on a narrow screen also above the names beside it. The long words
// if there is room, else the short ones.
function sides(data, left, right, colours) {
  const font = `600 13px ${colours.font}`
  const arrows = ([a, b]) => [`${a} →`, `← ${b}`]
  const width = texts => texts.reduce((sum, text) => sum + measure(text, font), 16)
  const [long, short] = data.sides.map(arrows)
  const maxWidth = right / 2 - 12
  const [toA, toB] = width(long) <= right - left ? long : short.map(text => fit(text, maxWidth, font))
  return { toA, toB, start: Math.min(left, right - measure(toA, font) - 16 - measure(toB, font)) }
}

// A dotted line with a note, in place of omitted rows: the first of `notes` if there is room. No grid line runs
// through the note.
function omission(notes, left, right, middle, colours) {
  const halfOf = text => measure(text, `12px ${colours.font}`) / 2 + 10
  const note = notes.find(text => 2 * halfOf(text) <= right - left) ?? notes.at(-1)
  const half = halfOf(note)
  const centre = (left + right) / 2
  const line = { y1: middle, y2: middle, stroke: colours.text, "stroke-opacity": 0.35, "stroke-dasharray": "2 4" }
  return [
    make("line", { ...line, x1: left, x2: Math.max(left, centre - half) }),
    make("line", { ...line, x1: Math.min(right, centre + half), x2: right }),
    make("rect", { x: centre - half + 4, y: middle - 9, width: 2 * half - 8, height: 18, fill: colours.page }),
    small(note, { x: centre, y: middle + 4, "text-anchor": "middle" }, colours),
  ]
}

function description({ title, rows }) {
  const named = rows.filter(row => row.name !== undefined)
  const texts = named.map(row => `${row.name}${row.marked ? " (marked)" : ""}: ${row.details.replace("\n", "; ")}`)
  return `${title}. ${texts.join(". ")}`
}
