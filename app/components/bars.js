// Several models' probabilities of words: a bar for each model, or a dot on a logarithmic axis, which has no zero where
// bars could begin. bars.py sends every number as a text and as a place on the axis.

const TOP = 32 // the legend
const FOOT = 42 // the axis

// The height of a word's row, for the table beside it as well.
function rowHeight(roles) {
  return roles.length < 3 ? 32 : 13 * roles.length + 8
}

function rolesOf(words) {
  return Object.keys(ROLES).filter(role => words.some(word => word[role]))
}

function drawBars(data, width, colours) {
  const { words, axis, log } = data
  const roles = rolesOf(words)
  const row = rowHeight(roles)
  const font = `13px ${colours.font}`
  const height = TOP + row * words.length + FOOT
  const svg = make("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" })
  svg.setAttribute("aria-label", barsText(data, roles))
  svg.setAttribute("font-family", colours.font)

  const maxWidth = Math.min(width * 0.36, 180)
  const left = 10 + Math.min(Math.max(...words.map(word => measure(word.text, font)), 20), maxWidth)
  const right = width - (log ? 16 : 56) // space for the number beside the longest bar
  const across = place => left + (right - left) * place

  legend(svg, roles.map(role => [role, data.names?.[role] ?? ROLES[role]]), colours)
  const bottom = TOP + row * words.length
  for (const tick of axis.ticks) {
    const x = across(tick.at)
    svg.append(make("line", { x1: x, x2: x, y1: TOP, y2: bottom, stroke: colours.line, "stroke-width": 1 }))
    svg.append(small(tick.shown, { x, y: bottom + 16, "text-anchor": "middle" }, colours))
  }
  const axisTitle = { x: (left + right) / 2, y: bottom + 35, "text-anchor": "middle" }
  svg.append(small(axis.title, axisTitle, colours))
  words.forEach((word, index) => {
    const middle = TOP + row * index + row / 2
    const label = { x: left - 8, y: middle + 4.5, "text-anchor": "end", "font-size": 13, fill: colours.text }
    svg.append(write(fit(word.text, maxWidth, font), label))
    svg.append(...(log ? dots : bars)(word, roles, middle, across, colours))
  })
  return svg
}

function bars(word, roles, middle, across, colours) {
  const thick = 12
  return roles.flatMap((role, index) => {
    if (!word[role]) return []
    const y = middle + (index - roles.length / 2) * (thick + 1)
    const x = across(0)
    const end = across(word[role].at)
    const bar = { x, y, width: Math.max(end - x, 0.75), height: thick, fill: colours[role] }
    const rect = make("rect", { ...bar, ...tooltip(word, role) })
    const text = { x: end + 5, y: y + thick - 2, "font-size": 11.5, fill: colours.text }
    return [rect, write(word[role].shown, text)]
  })
}

function dots(word, roles, middle, across, colours) {
  const here = roles.filter(role => word[role]?.at !== undefined)
  const at = here.map(role => across(word[role].at))
  const ends = { x1: Math.min(...at), x2: Math.max(...at), y1: middle, y2: middle }
  const line = here.length > 1 ? [make("line", { ...ends, stroke: colours.text, "stroke-opacity": 0.45, "stroke-width": 2 })] : []
  return [
    ...line,
    ...here.map((role, index) => {
      const dot = { cx: at[index], cy: middle, r: 6.5, fill: colours[role] }
      return make("circle", { ...dot, ...tooltip(word, role) })
    }),
  ]
}

function tooltip(word, role) {
  const { shown, rank } = word[role]
  return { "data-word": word.text, "data-rest": `${ROLES[role]}: ${shown}${rank ? `, rank ${rank}` : ""}` }
}

function legend(svg, entries, colours) {
  let x = 1
  for (const [role, name] of entries) {
    svg.append(make("rect", { x, y: 6, width: 11, height: 11, rx: 2, fill: colours[role] }))
    svg.append(write(name, { x: x + 17, y: 16, "font-size": 13, fill: colours.text }))
    x += measure(name, `13px ${colours.font}`) + 38
  }
}

function barsText(data, roles) {
  const words = data.words.map(word => {
    const parts = roles.filter(role => word[role]).map(role => `${ROLES[role].toLowerCase()} ${word[role].shown}`)
    return `${word.text}: ${parts.join(", ")}`
  })
  return `${data.title}. ${words.join("; ")}`
}
