// How the triangle of triangle.js is drawn. figure.js precedes this file.

const SLANT = Math.sqrt(3) / 2 // the height of a triangle whose sides are 1
const PAD = { side: 34, top: 24, foot: 40 }
const LEGEND = 20 // pixels for a line of the legend
const TALLEST = { alone: 0.5, presenting: 0.28 } // the height of the triangle, as a part of the window's
const HUES = { point: "teacher", square: "hard" } // of the shapes; the others have the colour of text

// For a file, which has no table beside it: with a legend.
function drawTriangle(data, width, colours) {
  const place = layout(data, width, colours, legendLines(data, width, colours))
  const svg = make("svg", { width, height: place.height, viewBox: `0 0 ${width} ${place.height}` })
  svg.append(still(data, place, colours), ...moving(data, place, colours), ...pointP(data, place, colours))
  return svg
}

// Where everything is: the first word at the left corner, the second at the right one, all others at the top.
function layout(data, width, colours, legend = []) {
  const part = colours.presenting ? TALLEST.presenting : TALLEST.alone
  const tallest = Math.max((window.innerHeight * part) / colours.unit, 140)
  const side = Math.min(width - 2 * PAD.side, tallest / SLANT)
  const left = (width - side) / 2
  const top = LEGEND * legend.length + PAD.top
  const bottom = top + side * SLANT
  return {
    legend, side, left, top, bottom, middle: width / 2, right: left + side, height: bottom + PAD.foot,
    at: ([, second, others]) => [left + side * (second + others / 2), bottom - side * SLANT * others],
    probabilities: (x, y) => {
      const others = (bottom - y) / (side * SLANT)
      const second = (x - left) / side - others / 2
      return [1 - second - others, second, others]
    },
  }
}

function legendLines(data, width, colours) {
  const lines = [[]]
  let x = 0
  for (const [name, shape] of [[data.name, "point"], ...data.marks.map(mark => [mark.name, mark.shape])]) {
    const shown = fit(name, width - 26, `13px ${colours.font}`)
    const wide = measure(shown, `13px ${colours.font}`) + 42
    if (x && x + wide - 18 > width) {
      lines.push([])
      x = 0
    }
    lines.at(-1).push({ name: shown, shape, x })
    x += wide
  }
  return lines
}

// What does not move: the legend, the triangle, its lines, and the words at its corners.
function still(data, place, colours) {
  const group = make("g", {})
  place.legend.forEach((line, number) => {
    const y = LEGEND * number + 10
    for (const { name, shape, x } of line) {
      group.append(symbol(shape, x + 9, y, colours))
      group.append(write(name, { x: x + 23, y: y + 4.5, "font-size": 13, fill: colours.text }))
    }
  })
  const corners = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].map(corner => place.at(corner).join(","))
  const shape = { points: corners.join(" "), fill: colours.panel, stroke: colours.text, "stroke-opacity": 0.55 }
  group.append(make("polygon", { ...shape, class: data.grid ? "inside movable" : "inside" }))
  for (const others of [0.25, 0.5, 0.75]) {
    const [from, to] = [place.at([1 - others, 0, others]), place.at([0, 1 - others, others])]
    group.append(line(from, to, { stroke: colours.line, "pointer-events": "none" }))
    group.append(small(`${100 * others} %`, { x: to[0] + 7, y: to[1] + 4 }, colours))
  }
  const equal = line(place.at([0.5, 0.5, 0]), place.at([0, 0, 1]), { stroke: colours.text, "stroke-opacity": 0.75 })
  equal.setAttribute("stroke-dasharray", "6 4")
  equal.setAttribute("pointer-events", "none")
  const [first, second, others] = data.words
  const half = place.side / 2 - 8
  const bold = { "font-size": 14, "font-weight": 650, fill: colours.text }
  const cut = text => fit(text, half, `650 14px ${colours.font}`)
  const middle = { x: place.middle, "text-anchor": "middle" }
  group.append(
    equal,
    write(others, { ...bold, ...middle, y: place.top - 8 }),
    write(cut(first), { ...bold, x: place.left, y: place.bottom + 19, "text-anchor": "middle", fill: colours.groupA }),
    write(cut(second), { ...bold, x: place.right, y: place.bottom + 19, "text-anchor": "middle", fill: colours.groupB }),
    small("both words equal", { ...middle, y: place.bottom + 34 }, colours),
    line([place.middle, place.bottom], [place.middle, place.bottom + 20], { stroke: colours.text, "stroke-opacity": 0.4 })
  )
  return group
}

// What follows p: rings around it, the line of the wanted shares, paths, marks, and the leaked mass.
function moving(data, place, colours) {
  const parts = []
  const ink = colours.text
  data.rings.forEach((ring, number) => {
    const closest = number === data.rings.length - 1
    const look = { fill: "none", stroke: colours.teacher, "stroke-width": closest ? 1.8 : 1 }
    const points = ring.map(point => place.at(point).map(part => part.toFixed(1)).join(",")).join(" ")
    parts.push(make("polygon", { points, ...look, "stroke-opacity": closest ? 0.9 : 0.45 }))
  })
  if (Math.abs(data.share - 0.5) > 1e-6) {
    const wanted = line(place.at([data.share, 1 - data.share, 0]), place.at([0, 0, 1]), { stroke: ink })
    wanted.setAttribute("stroke-dasharray", "2 4")
    parts.push(wanted)
  }
  for (const { path } of data.marks) {
    if (path.length < 2) continue
    const route = { d: curve(path.map(place.at)), fill: "none", stroke: ink, "stroke-opacity": 0.55, "stroke-width": 1.6 }
    parts.push(make("path", route))
  }
  if (data.columns[1]?.length > 3) parts.push(...leak(data, place, colours))
  for (const { at, shape } of data.marks) parts.push(symbol(shape, ...place.at(at), colours))
  parts.forEach(part => part.setAttribute("pointer-events", "none"))
  return parts
}

// How far the first mark rises above p: the probability that leaks to all other words.
function leak(data, place, colours) {
  const [x, y] = place.at(data.marks[0].at)
  const [, level] = place.at(data.p)
  if (level - y < 12) return []
  const rise = line([x, level], [x, y], { stroke: colours.warning, "stroke-width": 3.5, "stroke-opacity": 0.75 })
  if (level - y < 26) return [rise]
  const text = { x: x + 9, y: (y + level) / 2 + 4, "font-size": 13, "font-weight": 600, fill: colours.text }
  const halo = { stroke: colours.panel, "stroke-width": 4, "paint-order": "stroke" }
  return [rise, write(`+ ${data.columns[1][3]}`, { ...text, ...halo })]
}

// A smooth line through points.
function curve(points) {
  const shown = ([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`
  let path = `M${shown(points[0])}`
  for (let i = 0; i < points.length - 1; i++) {
    const [before, from, to, after] = [points[i - 1] ?? points[i], points[i], points[i + 1], points[i + 2] ?? points[i + 1]]
    const control = [0, 1].map(part => [from[part] + (to[part] - before[part]) / 6, to[part] - (after[part] - from[part]) / 6])
    path += `C${shown(control.map(both => both[0]))} ${shown(control.map(both => both[1]))} ${shown(to)}`
  }
  return path
}

function line([x1, y1], [x2, y2], attributes) {
  return make("line", { x1, y1, x2, y2, "stroke-width": 1, ...attributes })
}

function symbol(shape, x, y, colours) {
  const ink = colours[HUES[shape] ?? "text"]
  const filled = { fill: ink, stroke: colours.page, "stroke-width": 1.5 }
  if (shape === "point") return make("circle", { cx: x, cy: y, r: 7.5, ...filled })
  if (shape === "disc") return make("circle", { cx: x, cy: y, r: 4.5, ...filled, "stroke-width": 1 })
  if (shape === "ring") return make("circle", { cx: x, cy: y, r: 7.5, fill: "none", stroke: ink, "stroke-width": 1.8 })
  if (shape === "square") return make("rect", { x: x - 6, y: y - 6, width: 12, height: 12, ...filled })
  if (shape === "cross") {
    const d = `M${x - 6} ${y}h12M${x} ${y - 6}v12`
    return make("path", { d, stroke: ink, "stroke-width": 3.5, fill: "none" })
  }
  return make("path", { d: `M${x} ${y - 7.5}l7.5 7.5l-7.5 7.5l-7.5 -7.5z`, ...filled })
}

// --- p ---

function pointP(data, place, colours) {
  const [x, y] = place.at(data.p)
  return [
    symbol("point", x, y, colours),
    write("p", { x: x - 11, y: y - 9, "text-anchor": "end", "font-size": 14, "font-style": "italic", fill: colours.text }),
  ]
}

// p as something to drag: larger than it looks, and with a ring for the keyboard's focus.
function handle(data, place, colours) {
  const group = make("g", { class: "handle" })
  if (data.grid) {
    Object.entries({
      tabindex: 0, role: "slider", "aria-label": data.name, "aria-valuemin": 0, "aria-valuemax": 100,
    }).forEach(([key, value]) => group.setAttribute(key, value))
    group.append(
      make("circle", { r: 24, class: "grip", fill: colours.text, "fill-opacity": 0 }),
      make("circle", { r: 13, class: "focus", fill: "none", "stroke-width": 3 })
    )
  }
  const still = { at: () => [0, 0] }
  group.append(...pointP(data, still, colours))
  return group
}

function placeHandle(group, data, place) {
  group.setAttribute("transform", `translate(${place.at(data.p).map(part => part.toFixed(2)).join(" ")})`)
  if (!data.grid) return
  group.setAttribute("aria-valuenow", String(Math.round(100 * data.p[0])))
  group.setAttribute("aria-valuetext", probabilitiesText(data, 0))
}

function probabilitiesText(data, column) {
  return data.words.map((word, number) => `${word} ${data.columns[column][number]}`).join(", ")
}

function description(data) {
  const marks = data.marks.map(({ name }, number) => `${name}: ${probabilitiesText(data, number + 1)}`)
  return `${data.title}. ${data.name}: ${probabilitiesText(data, 0)}. ${marks.join(". ")}.`
}
