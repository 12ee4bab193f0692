// The chosen position: two words compared, measures, bars with a table of the same numbers, and the targets of a
// student. Every sentence and number comes from Python as text.

const TYPING_PAUSE = 400 // milliseconds without a key before typed words are compared

function positionOf(root) {
  if (states.has(root)) return states.get(root)
  const find = selector => root.querySelector(selector)
  const state = {
    root, find, drawn: "", words: ["", ""],
    bars: picture(find(".bars"), drawBars, "fairkd-position", "bars"),
    targets: picture(find(".targets"), drawBars, "fairkd-targets", "targets"),
  }
  state.inputs = [find(".word"), find(".against")]
  state.inputs.forEach((input, number) => {
    input.oninput = () => {
      clearTimeout(state.typing)
      state.typing = setTimeout(() => compare(state, state.inputs.map(one => one.value.trim())), TYPING_PAUSE)
    }
    input.onkeydown = event => {
      event.stopPropagation() // Streamlit has keyboard shortcuts of one letter
      if (event.key === "Enter") input.oninput()
    }
  })
  find(".clear").onclick = () => compare(state, ["", ""])
  find(".words").onclick = event => {
    const word = event.target.closest(".pick")?.dataset.pick
    if (word !== undefined) compare(state, picked(state.words, word))
  }
  states.set(root, state)
  return state
}

function disposePosition(state) {
  clearTimeout(state.typing)
  dispose(state.bars)
  dispose(state.targets)
  states.delete(state.root)
}

// The two words after a click on another: a chosen word is given up, and the older of two makes room.
function picked(words, word) {
  const kept = words.filter(one => one && one !== word)
  if (words.includes(word)) return [...kept, "", ""].slice(0, 2)
  return [...kept.slice(-1), word, ""].slice(0, 2)
}

function compare(state, words) {
  if (words.join("\n") === state.words.join("\n")) return
  state.words = words
  state.find(".odds").classList.add("waiting")
  fillIn(state)
  state.compare(words)
}

// The words in the boxes, unless somebody types there, and pressed in the table.
function fillIn(state) {
  const active = state.root.getRootNode().activeElement
  state.inputs.forEach((input, number) => {
    if (input !== active) input.value = state.words[number]
  })
  for (const button of state.root.querySelectorAll(".pick")) {
    button.setAttribute("aria-pressed", String(state.words.includes(button.dataset.pick)))
  }
  state.find(".clear").hidden = !state.words.some(Boolean)
}

function drawPosition(state, data) {
  const { find } = state
  const here = data.positions?.[data.selected - 1]
  state.root.hidden = !data.positions
  if (!here) return find(".odds").classList.add("waiting") // a long sentence: Python sends the position that is chosen
  const compared = data.compared
  const current = compared && compared.number === data.selected ? compared : null
  const colours = look(state.bars.frame)
  if (!isStale(state, here, compared, data.selected, data.format, colours)) return
  if (compared) state.words = compared.words
  show(state.bars, here, data.format)
  drawOdds(state, current ?? here.odds, Boolean(compared) && !current, here.odds.words, colours)
  drawMeasures(state, here.measures, colours)
  const meanings = data.meanings.map(([name, meaning]) => element("li", {}, strong(`${name}:`), ` ${meaning}`))
  find(".meanings").replaceChildren(...meanings)
  drawTable(state, here)
  find(".pair").hidden = find(".pick-two").hidden = !state.compare
  fillIn(state)
  find(".taught").hidden = !here.targets
  if (here.targets) {
    show(state.targets, here.targets, data.format)
    find(".targets-note").textContent = here.targets.note
  }
}

function show(figure, data, format) {
  figure.data = { ...data, format }
  figure.resized()
}

function drawOdds(state, odds, waiting, usual, colours) {
  const { find, inputs } = state
  const lines = odds.lines.map(({ role, text }) => element("li", {}, mark(role, colours), strong(ROLES[role]), ` ${text}`))
  find(".odds").replaceChildren(...lines)
  find(".odds").classList.toggle("waiting", waiting)
  find(".warning").textContent = odds.warning ?? ""
  find(".warning").hidden = !odds.warning
  find(".footnote").textContent = odds.note
  find(".footnote").hidden = !odds.note
  inputs.forEach((input, number) => (input.placeholder = usual[number] ?? ""))
}

function drawMeasures(state, measures, colours) {
  const entries = measures.map(({ name, values, unit, foot }) => {
    const shown = values.map(([role, text]) => element("span", { class: "value" }, role ? mark(role, colours) : "", text))
    return element("div", {}, element("dt", {}, name), element("dd", {}, ...shown, unit, element("span", { class: "foot" }, foot)))
  })
  state.find(".measures").replaceChildren(...entries)
}

function drawTable(state, here) {
  const roles = rolesOf(here.words)
  const names = roles.map(role => ROLES[role].toLowerCase())
  const columnHead = text => element("th", { scope: "col" }, text)
  const head = element("tr", {}, ...["word", ...names, ...names.map(name => `rank, ${name}`)].map(columnHead))
  const rows = here.words.map(word => {
    const button = state.compare
      ? element("button", { type: "button", class: "pick", "data-pick": word.text }, word.text)
      : word.text
    const cells = part => roles.map(role => element("td", {}, word[role]?.[part] ?? "–"))
    return element("tr", {}, element("th", { scope: "row" }, button), ...cells("shown"), ...cells("rank"))
  })
  const table = state.find(".words")
  table.style.setProperty("--row", `calc(${rowHeight(roles) / 16}rem * var(--figure-zoom, 1))`)
  table.replaceChildren(
    element("caption", {}, here.title), element("thead", {}, head), element("tbody", {}, ...rows)
  )
}

function mark(role, colours) {
  const square = element("span", { class: "mark", "aria-hidden": "true" })
  square.style.background = colours[role]
  return square
}

function strong(text) {
  return element("strong", {}, text)
}

// An element with text or other elements in it; text is never interpreted.
function element(name, attributes, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}
