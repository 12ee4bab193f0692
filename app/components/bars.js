// Both models' words at one position: two bars a word, or two dots on a logarithmic axis, which has no zero for
// bars to stand on. Drawn with the tools of figure.js, which stands before this file.

const ROW = 36
const BAR = 13
const TOP = 34 // the legend
const FOOT = 44 // the axis
const ROLES = { teacher: "Teacher", student: "Student" }

export default titled(draw, "fairkd-position")

function draw(data, width, colours) {
  const { words, log } = data
  const roles = Object.keys(ROLES).filter(role => words.some(word => word[role]))
  const font = `13px ${colours.font}`
  const height = TOP + ROW * words.length + FOOT
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })
  svg.setAttribute("aria-label", spoken(data, roles))
  svg.setAttribute("font-family", colours.font)

  const room = Math.min(width * 0.36, 180)
  const left = 10 + Math.min(Math.max(...words.map(word => measure(word.text, font)), 20), room)
  const right = width - (log ? 16 : 56) // beside the longest bar stands its figure
  const axis = log ? logAxis(words, roles) : linearAxis(words, roles)
  const place = value => left + (right - left) * axis.part(value)

  legend(svg, roles, colours)
  const bottom = TOP + ROW * words.length
  for (const value of axis.ticks) {
    const x = place(value)
    svg.append(make("line", { x1: x, x2: x, y1: TOP, y2: bottom, stroke: colours.line, "stroke-width": 1 }))
    svg.append(small(axis.name(value), { x, y: bottom + 16, "text-anchor": "middle" }, colours))
  }
  const axisTitle = { x: (left + right) / 2, y: bottom + 36, "text-anchor": "middle" }
  svg.append(small(log ? "probability (log scale)" : "probability", axisTitle, colours))
  words.forEach((word, row) => {
    const middle = TOP + ROW * row + ROW / 2
    const label = { x: left - 8, y: middle + 4.5, "text-anchor": "end", "font-size": 13, fill: colours.text }
    svg.append(write(fit(word.text, room, font), label))
    svg.append(...(log ? dots : bars)(word, roles, middle, place, colours))
  })
  return svg
}

function bars(word, roles, middle, place, colours) {
  return roles.flatMap((role, index) => {
    if (!word[role]) return []
    const [probability, rank] = word[role]
    const y = middle + (index - roles.length / 2) * (BAR + 1)
    const x = place(0)
    const end = place(probability)
    const bar = { x, y, width: Math.max(end - x, 0.75), height: BAR, fill: colours[role] }
    const rect = make("rect", { ...bar, ...told(word.text, role, probability, rank) })
    const text = { x: end + 5, y: y + BAR - 2.5, "font-size": 11.5, fill: colours.text }
    return [rect, write(percent(probability), text)]
  })
}

function dots(word, roles, middle, place, colours) {
  const here = roles.filter(role => word[role])
  const at = here.map(role => place(word[role][0]))
  const thread = { x1: at[0], x2: at.at(-1), y1: middle, y2: middle, stroke: colours.text, "stroke-opacity": 0.45 }
  const line = here.length > 1 ? [make("line", { ...thread, "stroke-width": 2 })] : []
  return [
    ...line,
    ...here.map((role, index) => {
      const [probability, rank] = word[role]
      const dot = { cx: at[index], cy: middle, r: 6.5, fill: colours[role] }
      return make("circle", { ...dot, ...told(word.text, role, probability, rank) })
    }),
  ]
}

function told(text, role, probability, rank) {
  const place = rank === null ? "" : `, rank ${rank.toLocaleString("en")}`
  return { "data-word": text, "data-rest": `${ROLES[role]}: ${percent(probability)}${place}` }
}

function legend(svg, roles, colours) {
  let x = 1
  for (const role of roles) {
    svg.append(make("rect", { x, y: 8, width: 11, height: 11, rx: 2, fill: colours[role] }))
    svg.append(write(ROLES[role], { x: x + 17, y: 18, "font-size": 13, fill: colours.text }))
    x += measure(ROLES[role], `13px ${colours.font}`) + 38
  }
}

function spoken(data, roles) {
  const words = data.words.map(word => {
    const parts = roles.filter(role => word[role]).map(role => `${role} ${percent(word[role][0])}`)
    return `${word.text}: ${parts.join(", ")}`
  })
  return `${data.title}. ${words.join("; ")}`
}

function values(words, roles) {
  return words.flatMap(word => roles.filter(role => word[role]).map(role => word[role][0]))
}

// From 0 to the largest probability, with three to six round ticks.
function linearAxis(words, roles) {
  const most = Math.max(...values(words, roles), 1e-6)
  const name = value => `${Number((value * 100).toPrecision(3))} %`
  return { ticks: steps(0, most, 5), name, part: value => value / most }
}

// Whole powers of ten around all probabilities, every second one where there are many.
function logAxis(words, roles) {
  const found = values(words, roles).map(value => Math.log10(Math.max(value, 1e-12)))
  const low = Math.floor(Math.min(...found, -1))
  const every = -low > 5 ? 2 : 1
  const ticks = []
  for (let exponent = 0; exponent >= low; exponent -= every) ticks.push(10 ** exponent)
  const part = value => (Math.log10(Math.max(value, 1e-12)) - low + 0.12) / (0.24 - low)
  return { ticks, name: value => `${Number((value * 100).toPrecision(3))} %`, part }
}
