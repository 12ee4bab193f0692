// Two models' values for each row, with their intervals, on an axis whose two sides belong to two groups.
// Drawn with the tools of figure.js, which stands before this file.

const ROW = 22
const TOP = 58 // the legend, and which way leads to which group
const FOOT = 42 // the axis
const APART = 4.5 // a model's mark lies that far above or below the middle of its row
const ROLES = { teacher: -APART, student: APART }

export default titled(draw, "fairkd-gaps-by-profession")

function draw(data, width, colours) {
  const { rows } = data
  const height = TOP + ROW * rows.length + FOOT
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })
  svg.setAttribute("aria-label", spoken(data))
  svg.setAttribute("font-family", colours.font)

  const font = `13px ${colours.font}`
  const room = Math.min(width * 0.36, 210)
  const left = 22 + Math.min(Math.max(...rows.map(row => measure(row.name ?? "", font)), 20), room)
  const right = width - 16
  const [low, high] = range(rows)
  const place = value => left + ((right - left) * (value - low)) / (high - low)
  const bottom = TOP + ROW * rows.length

  legend(svg, data, colours)
  sides(svg, data, left, right, colours)
  const ticks = steps(low, high, width < 520 ? 4 : 9)
  for (const value of ticks) {
    const x = place(value)
    svg.append(make("line", { x1: x, x2: x, y1: TOP, y2: bottom, stroke: colours.line, "stroke-width": 1 }))
    svg.append(small(signed(value), { x, y: bottom + 16, "text-anchor": "middle" }, colours))
  }
  svg.append(small(data.axis, { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" }, colours))
  const zero = { x1: place(0), x2: place(0), y1: TOP, y2: bottom, stroke: colours.text, "stroke-opacity": 0.6 }
  svg.append(make("line", zero))
  rows.forEach((row, index) => {
    const middle = TOP + ROW * index + ROW / 2
    if (row.note) {
      svg.append(...pause(row.note, left, right, middle, colours))
      return
    }
    const label = { x: left - 12, y: middle + 4.5, "text-anchor": "end", "font-size": 13, fill: colours.text }
    const name = write(fit(row.name, room, font), { ...label, class: "name" })
    const ground = { x: 0, y: middle - ROW / 2, width, height: ROW, fill: colours.text, "fill-opacity": 0, class: "row" }
    const told = { "data-word": row.name, "data-rest": row.told }
    svg.append(name, ...dumbbell(row, middle, place, colours), make("rect", { ...ground, ...told }))
  })
  return svg
}

function dumbbell(row, middle, place, colours) {
  const [teacher, student] = [place(row.teacher.mean), place(row.student.mean)]
  const ends = { x1: teacher, y1: middle - APART, x2: student, y2: middle + APART }
  const bar = make("line", { ...ends, stroke: colours.text, "stroke-opacity": 0.22, "stroke-width": 3 })
  const marks = Object.entries(ROLES).flatMap(([role, shift]) => {
    const { mean, low, high, thin } = row[role]
    const y = middle + shift
    const faded = thin ? 0.5 : 1
    const reach = { x1: place(low), x2: place(high), y1: y, y2: y, stroke: colours[role], "stroke-width": 1.5 }
    return [make("line", { ...reach, "stroke-opacity": 0.8 * faded }), mark(role, place(mean), y, thin, colours)]
  })
  return [bar, ...marks]
}

// The teacher's is a circle, the student's a square; hollow where there is hardly any probability behind it.
function mark(role, x, y, thin, colours) {
  const ink = { fill: thin ? colours.page : colours[role], stroke: colours[role], "stroke-width": 1.5, opacity: thin ? 0.6 : 1 }
  if (role === "teacher") return make("circle", { cx: x, cy: y, r: 4, ...ink })
  return make("rect", { x: x - 3.6, y: y - 3.6, width: 7.2, height: 7.2, ...ink })
}

function legend(svg, data, colours) {
  const entries = [["Teacher", "teacher", false], ["Student", "student", false]]
  if (data.thin) entries.push([data.thin, "teacher", true])
  let x = 6
  for (const [text, role, thin] of entries) {
    const ink = thin ? { ...colours, teacher: colours.text } : colours
    svg.append(mark(role, x, 14, thin, ink))
    svg.append(write(text, { x: x + 11, y: 18.5, "font-size": 13, fill: colours.text }))
    x += measure(text, `13px ${colours.font}`) + 36
  }
}

// Which way leads to which group: over the plot, and on a narrow screen over the names beside it, too.
function sides(svg, data, left, right, colours) {
  const font = `600 13px ${colours.font}`
  const room = right / 2 - 12
  const [a, b] = data.groups
  const toA = `${fit(`more ${a}`, room - 20, font)} →`
  const toB = fit(`← more ${b}`, room, font)
  const start = Math.min(left, right - measure(toA, font) - 16 - measure(toB, font))
  const text = { y: TOP - 10, "font-size": 13, "font-weight": 600 }
  svg.append(write(toB, { ...text, x: start, fill: colours.groupB }))
  svg.append(write(toA, { ...text, x: right, "text-anchor": "end", fill: colours.groupA }))
}

// Where rows are left out.
function pause(note, left, right, middle, colours) {
  const half = measure(note, `12px ${colours.font}`) / 2 + 10
  const centre = (left + right) / 2
  const line = { y1: middle, y2: middle, stroke: colours.text, "stroke-opacity": 0.35, "stroke-dasharray": "2 4" }
  return [
    make("line", { ...line, x1: left, x2: Math.max(left, centre - half) }),
    make("line", { ...line, x1: Math.min(right, centre + half), x2: right }),
    small(note, { x: centre, y: middle + 4, "text-anchor": "middle" }, colours),
  ]
}

// All values and intervals, and zero, with some room at both ends.
function range(rows) {
  const values = [0]
  for (const row of rows) {
    if (row.name !== undefined) values.push(...[row.teacher, row.student].flatMap(one => [one.mean, one.low, one.high]))
  }
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const pad = 0.04 * (high - low) || 1
  return [low - pad, high + pad]
}

function signed(value) {
  const size = String(Number(Math.abs(value).toPrecision(3)))
  return value < -1e-9 ? `−${size}` : value > 1e-9 ? `+${size}` : "0"
}

function spoken({ title, rows }) {
  const named = rows.filter(row => row.name !== undefined)
  return `${title}. ${named.map(row => `${row.name}: ${row.told.replace("\n", "; ")}`).join(". ")}`
}
