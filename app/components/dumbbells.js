// Two models' values in each row, with their intervals. The left of the axis belongs to group B, the right to A.
// dumbbells.py sends the range of the axis and all texts. figure.js precedes this file.

const ROW = 22
const TOP = 54 // pixels for the legend and the names of the groups
const FOOT = 42 // pixels for the axis
const OFFSET = 4.5 // pixels of a model's marker from the middle of its row
const OFFSETS = { teacher: -OFFSET, student: OFFSET }

export default titled(draw, "fairkd-gaps-by-profession", "gaps")

function draw(data, width, colours) {
  const { rows, axis } = data
  const height = TOP + ROW * rows.length + FOOT
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })
  svg.setAttribute("aria-label", description(data))
  svg.setAttribute("font-family", colours.font)

  const font = `13px ${colours.font}`
  const maxWidth = Math.min(width * 0.36, 210)
  const left = 22 + Math.min(Math.max(...rows.map(row => measure(row.name ?? "", font)), 20), maxWidth)
  const right = width - 16
  const place = value => left + ((right - left) * (value - axis.low)) / (axis.high - axis.low)
  const bottom = TOP + ROW * rows.length

  legend(svg, data, colours)
  sides(svg, data, left, right, colours)
  for (const tick of width < 520 ? axis.narrow : axis.wide) {
    const x = place(tick.at)
    svg.append(make("line", { x1: x, x2: x, y1: TOP, y2: bottom, stroke: colours.line, "stroke-width": 1 }))
    svg.append(small(tick.shown, { x, y: bottom + 16, "text-anchor": "middle" }, colours))
  }
  svg.append(small(axis.title, { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" }, colours))
  const zero = { x1: place(0), x2: place(0), y1: TOP, y2: bottom, stroke: colours.text, "stroke-opacity": 0.6 }
  svg.append(make("line", zero))
  rows.forEach((row, index) => {
    const middle = TOP + ROW * index + ROW / 2
    if (row.note) {
      svg.append(...omission(row.note, left, right, middle, colours))
      return
    }
    const label = { x: left - 12, y: middle + 4.5, "text-anchor": "end", "font-size": 13, fill: colours.text }
    const name = write(fit(row.name, maxWidth, font), { ...label, class: "name" })
    const target = { x: 0, y: middle - ROW / 2, width, height: ROW, fill: colours.text, "fill-opacity": 0, class: "row" }
    const tooltip = { "data-word": row.name, "data-rest": row.details }
    svg.append(name, ...dumbbell(row, middle, place, colours), make("rect", { ...target, ...tooltip }))
  })
  return svg
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

function legend(svg, data, colours) {
  const entries = [["Teacher", "teacher", false], ["Student", "student", false]]
  if (data.hollow) entries.push([data.hollow, "teacher", true])
  let x = 6
  for (const [text, role, hollow] of entries) {
    const own = hollow ? { ...colours, teacher: colours.text } : colours
    svg.append(marker(role, x, 14, hollow, own))
    svg.append(write(text, { x: x + 11, y: 18.5, "font-size": 13, fill: colours.text }))
    x += measure(text, `13px ${colours.font}`) + 36
  }
}

// The direction of each group: above the plot, and on a narrow screen also above the names beside it. The long
// words if there is room, else the short ones.
function sides(svg, data, left, right, colours) {
  const font = `600 13px ${colours.font}`
  const arrows = ([a, b]) => [`${a} →`, `← ${b}`]
  const width = texts => texts.reduce((sum, text) => sum + measure(text, font), 16)
  const [long, short] = data.sides.map(arrows)
  const maxWidth = right / 2 - 12
  const [toA, toB] = width(long) <= right - left ? long : short.map(text => fit(text, maxWidth, font))
  const start = Math.min(left, right - measure(toA, font) - 16 - measure(toB, font))
  const text = { y: TOP - 10, "font-size": 13, "font-weight": 600 }
  svg.append(write(toB, { ...text, x: start, fill: colours.groupB }))
  svg.append(write(toA, { ...text, x: right, "text-anchor": "end", fill: colours.groupA }))
}

// A dotted line with a note, in place of omitted rows. No grid line runs through the note.
function omission(note, left, right, middle, colours) {
  const half = measure(note, `12px ${colours.font}`) / 2 + 10
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
  return `${title}. ${named.map(row => `${row.name}: ${row.details.replace("\n", "; ")}`).join(". ")}`
}
