// A triangle whose points are the probabilities of two words and of all others. p is dragged or moved by keys; the marks
// follow it. triangle.py sends all values and texts. Only the approximate numbers while p is moved are written here.
// figure.js and triangle_drawing.js precede this file.

const TYPING = 300 // milliseconds without a key, after which Python is asked
const STEP = 0.01 // of probability, for an arrow key
const MOVES = {
  ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1], PageUp: [0, 10], PageDown: [0, -10],
} // steps towards the first word, and towards all other words

export default function (component) {
  const { parentElement, setTriggerValue } = component
  const root = parentElement.querySelector(".simplex")
  const sent = component.data?.[0] // triangle.py sends a list
  const state = stateOf(root.querySelector(".frame"), redraw, save => saveTitled(save, drawTriangle, nameOf(save)), "figure")
  state.table = root.querySelector(".values")
  state.hint = root.querySelector(".hint")
  state.tell = values => setTriggerValue("moved", values)
  if (!state.listening) listen(state)
  if (sent) take(state, sent)
  redraw(state)
  return () => {
    clearTimeout(state.typing)
    dispose(state)
  }
}

// The answer to an earlier move, or a new strength, does not take p back to where it was before the last move.
function take(state, sent) {
  state.sent = sent
  const current = !state.dragging && !state.typing && (!state.asked || state.asked === sent.answered)
  if (current) state.asked = 0
  state.data = current || !state.data ? sent : approximate(sent, state.data.p)
}

function nameOf(state) {
  return `fairkd-triangle.${formatOf(state)}`
}

function redraw(state) {
  const { data, frame, scroller } = state
  const colours = look(frame)
  const width = widthOf(state) / colours.unit
  if (!data || !width) return
  head(state, data.title)
  frame.querySelector(".title").classList.toggle("waiting", Boolean(data.approximate))
  fillTable(state, colours)
  const movable = Boolean(data.grid)
  const place = layout(data, width, colours)
  if (isStale(state, data.words, data.name, data.marks.map(mark => mark.name), movable, width, place.side, colours)) {
    const focused = frame.getRootNode().activeElement?.closest?.(".handle")
    const role = movable ? "group" : "img" // an image has no parts for a screen reader
    const svg = make("svg", { width, height: place.height, viewBox: `0 0 ${width} ${place.height}`, role })
    svg.setAttribute("font-family", colours.font)
    svg.append(still(data, place, colours), make("g", { class: "moving" }), handle(data, place, colours))
    scroller.replaceChildren(enlarged(svg, colours))
    if (focused) scroller.querySelector(".handle").focus({ preventScroll: true })
  }
  state.place = place
  state.unit = colours.unit
  scroller.querySelector("svg").setAttribute("aria-label", description(data))
  scroller.querySelector(".moving").replaceChildren(...moving(data, place, colours))
  placeHandle(scroller.querySelector(".handle"), data, place)
}

// --- moving p ---

function listen(state) {
  state.listening = true
  const { scroller } = state
  const movable = () => Boolean(state.data?.grid)
  scroller.addEventListener("pointerdown", event => {
    const grip = event.target.closest(".handle")
    // A finger drags p itself; elsewhere it scrolls the page.
    if (!movable() || event.button || !(grip || (inside(event) && event.pointerType !== "touch"))) return
    event.preventDefault()
    scroller.setPointerCapture(event.pointerId)
    state.dragging = true
    scroller.querySelector(".handle").focus({ preventScroll: true })
    if (!grip) follow(state, event)
  })
  scroller.addEventListener("pointermove", event => state.dragging && follow(state, event))
  const release = () => {
    if (!state.dragging) return
    state.dragging = false
    ask(state)
  }
  scroller.addEventListener("pointerup", release)
  scroller.addEventListener("pointercancel", release)
  scroller.addEventListener("click", event => {
    if (!movable() || event.pointerType !== "touch" || !inside(event)) return
    follow(state, event)
    ask(state)
  })
  scroller.addEventListener("keydown", event => {
    const move = MOVES[event.key]
    if (!movable() || !move || !event.target.closest(".handle")) return
    event.preventDefault()
    event.stopPropagation() // arrow keys turn pages in the presenter view
    moveTo(state, stepped(state.data.p, ...move))
    clearTimeout(state.typing)
    state.typing = setTimeout(() => ask(state), TYPING)
  })
}

function inside(event) {
  return Boolean(event.target.closest(".inside"))
}

function follow(state, event) {
  const box = state.scroller.querySelector("svg").getBoundingClientRect()
  const x = (event.clientX - box.left) / state.unit
  const y = (event.clientY - box.top) / state.unit
  moveTo(state, state.place.probabilities(x, y))
}

function moveTo(state, p) {
  state.data = approximate(state.sent, within(p, state.sent.grid.margin))
  redraw(state)
}

// Python sends the exact values for where p is now.
function ask(state) {
  clearTimeout(state.typing)
  state.typing = undefined
  if (!state.data.approximate) return
  state.asked = Math.max(state.asked || 0, state.sent.answered || 0) + 1
  state.tell([state.data.p[0], state.data.p[1], state.asked])
}

// p after steps between both words, whose sum stays, and towards all others, while the words keep their ratio.
function stepped([first, second, others], along, up) {
  if (along) return [first + along * STEP, second - along * STEP, others]
  const both = first + second
  const left = Math.max(both - up * STEP, 0)
  return [(first / both) * left, (second / both) * left, 1 - left]
}

// Three numbers as probabilities of at least `margin`.
function within(p, margin) {
  const above = p.map(part => Math.max(part - margin, 0))
  const sum = above.reduce((total, part) => total + part, 0)
  return above.map(part => margin + (part / sum) * (1 - 3 * margin))
}

// --- between the points of the grid ---

// The view at another p: marks, paths and numbers between those of the four nearest points of the grid.
function approximate(sent, p) {
  if (!sent.grid) return sent
  const { count, margin, unit, values } = sent.grid
  const start = Math.asin(Math.sqrt(margin))
  const place = part => {
    const angle = Math.asin(Math.sqrt(Math.min(Math.max(part, 0), 1)))
    return Math.min(Math.max((angle - start) / (Math.PI / 2 - 2 * start), 0), 1) * (count - 1)
  }
  const both = p[0] + p[1]
  const [row, column] = [place(both), place(p[0] / both)]
  const [top, left] = [row, column].map(at => Math.min(Math.floor(at), count - 2))
  const corners = [0, 1].flatMap(down => [0, 1].map(right => ({
    index: (top + down) * count + left + right,
    weight: (down ? row - top : 1 - row + top) * (right ? column - left : 1 - column + left),
  })))
  const found = values.map(grid =>
    grid[0].map((_, part) => corners.reduce((sum, { index, weight }) => sum + weight * grid[index][part], 0) / unit)
  )
  const marks = sent.marks.map((mark, number) => {
    const [first, second, others, , , , ...steps] = found[number]
    const path = [p]
    for (let i = 0; i < steps.length; i += 2) path.push([steps[i], steps[i + 1], 1 - steps[i] - steps[i + 1]])
    return { ...mark, at: [first, second, others], path }
  })
  const parts = probabilities => probabilities.map(part => `${Math.round(100 * part)}\u00a0%`)
  const columns = found.map(numbers => [...parts(numbers.slice(0, 4)), ...numbers.slice(4, 6).map(kl => kl.toFixed(2))])
  return { ...sent, p, marks, rings: [], columns: [parts(p), ...columns], approximate: true }
}

// --- the numbers beside the figure ---

// With soft hyphens, where a narrow column would break a word anywhere.
function hyphenated(name) {
  return name.replace("probabilities", "proba\u00adbilities").replace("balanced", "bal\u00adanced")
}

function fillTable(state, colours) {
  const { data, table } = state
  const element = (name, attributes, ...children) => {
    const made = document.createElement(name)
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
    made.append(...children)
    return made
  }
  const head = [["p", "point"], ...data.marks.map(mark => [mark.name, mark.shape])].map(([name, shape]) => {
    const picture = make("svg", { width: 18, height: 18, viewBox: "0 0 18 18", "aria-hidden": "true" })
    picture.append(symbol(shape, 9, 9, colours))
    return element("th", { scope: "col" }, picture, element("br", {}), hyphenated(name))
  })
  const rows = data.rows.map((name, row) => {
    const cells = data.columns.map((column, number) => {
      const smallest = data.smallest?.some(([at, of]) => at === row && of === number)
      return element("td", smallest ? { class: "smallest" } : {}, column[row] ?? "")
    })
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells)
  })
  table.setAttribute("aria-busy", String(Boolean(data.approximate)))
  table.classList.toggle("waiting", Boolean(data.approximate))
  table.replaceChildren(
    element("thead", {}, element("tr", {}, element("td", {}), ...head)), element("tbody", {}, ...rows)
  )
  state.hint.textContent = data.hint
  state.hint.hidden = !data.hint
}
