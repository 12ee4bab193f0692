// The cells of a study, variants by seeds: a table of buttons that open runs. study_cells.py sends every text.

const STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }

export default function ({ parentElement, data, setTriggerValue }) {
  const table = parentElement.querySelector(".cells")
  const { title, seeds, variants } = data[0]
  // What had the focus keeps it while the cells fill.
  const focused = table.getRootNode().activeElement?.dataset?.place
  table.style.setProperty("--shown", Math.min(seeds.length, 5))
  const caption = element("caption", {}, title)
  const head = element("thead", {}, element("tr", {}, corner(), ...seeds.map(seed => element("th", { scope: "col" }, seed))))
  const rows = variants.map((variant, row) =>
    element("tr", {}, name(variant), ...variant.cells.map((one, column) => element("td", {}, cell(one, `${row} ${column}`)))),
  )
  table.replaceChildren(caption, head, element("tbody", {}, ...rows))
  const buttons = [...table.querySelectorAll("button")]
  const first = buttons.find(one => one.dataset.place === focused) ?? buttons[0]
  if (first) first.tabIndex = 0 // one stop for Tab; arrow keys lead on
  if (focused) first?.focus({ preventScroll: true })
  table.onclick = event => {
    const pressed = event.target.closest("button")
    if (pressed) setTriggerValue("opened", pressed.dataset.run)
  }
  table.onkeydown = event => move(event, table)
}

function corner() {
  return element("th", { scope: "col" }, "Variant")
}

function name({ name, role, colour, symbol }) {
  const found = element("th", { scope: "row" })
  const mark = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  mark.setAttribute("viewBox", "-8 -8 16 16")
  mark.setAttribute("class", "mark")
  mark.setAttribute("aria-hidden", "true")
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path")
  shape.setAttribute("d", symbol)
  shape.setAttribute("fill", colour)
  mark.append(shape)
  found.append(mark, name)
  if (role) found.append(element("span", { class: "role" }, role))
  return found
}

function cell({ run, look, sign, word, told, done }, place) {
  const attributes = { class: `cell ${look}`, title: told }
  const parts = [element("span", { class: "sign", "aria-hidden": "true" }, sign), element("span", { class: "word" }, word)]
  if (done !== undefined) parts.push(element("span", { class: "fill", style: `width: ${100 * done}%` }))
  if (!run) return element("div", attributes, ...parts)
  const own = { type: "button", tabindex: "-1", "aria-label": told, "data-run": run, "data-place": place }
  return element("button", { ...attributes, ...own }, ...parts)
}

// To the next button in the direction of an arrow key; cells without a run are passed over.
function move(event, table) {
  const step = STEPS[event.key]
  const from = event.target.closest("button")
  if (!step || !from) return
  event.preventDefault()
  let [row, column] = from.dataset.place.split(" ").map(Number)
  const [rows, columns] = [table.tBodies[0].rows.length, table.tBodies[0].rows[0].cells.length - 1]
  for (;;) {
    row += step[0]
    column += step[1]
    if (row < 0 || column < 0 || row >= rows || column >= columns) return
    const to = table.querySelector(`[data-place="${row} ${column}"]`)
    if (to) {
      from.tabIndex = -1
      to.tabIndex = 0
      return to.focus()
    }
  }
}

function element(tag, attributes, ...children) {
  const made = document.createElement(tag)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}
