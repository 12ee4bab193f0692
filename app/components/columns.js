// The paper's figure, interactive, and below it the chosen position. A choice is drawn at once; Python's update follows
// with the same selection. columns.py sends all texts and shades. figure.js, columns_drawing.js, bars.js and position.js
// precede this file.

export default function (component) {
  const { parentElement, setTriggerValue } = component
  const data = component.data?.[0] // columns.py sends a list
  const forget = keepSentences(data?.sentence_key)
  const state = stateOf(parentElement.querySelector(".columns"), redraw, saveColumns, "figure")
  const below = positionOf(parentElement.querySelector(".position"))
  state.below = below
  state.continuation = parentElement.querySelector(".continuation")
  listen(state)
  state.choose = number => setTriggerValue("chosen", number)
  below.compare = data?.fixed ? null : words => setTriggerValue("compared", words) // an exported page has no server
  const before = state.data
  state.data = data
  redraw(state)
  if (data && (before?.selected !== data.selected || before?.sentence !== data.sentence)) reveal(state, data.selected)
  return () => {
    forget()
    dispose(state)
    disposePosition(below)
  }
}

function redraw(state) {
  const { scroller, data } = state
  const colours = look(state.frame)
  const width = widthOf(state) / colours.unit
  const scrollLeft = state.overflows ? scroller.scrollLeft : 0
  if (!data || !width) return
  drawPosition(state.below, data)
  if (!isStale(state, data, width, window.innerHeight, colours)) return
  const focused = state.frame.getRootNode().activeElement?.closest?.(".column")?.dataset.number
  const { svg, places, total } = drawColumns(data, width, colours)
  svg.setAttribute("aria-label", `Tokens of “${data.sentence}”, with what each model predicts there`)
  state.tip.hidden = true
  scroller.replaceChildren(enlarged(svg, colours))
  Object.assign(state, { places, unit: colours.unit, overflows: total > width + 1 })
  scroller.classList.toggle("continued", state.overflows)
  if (scrollLeft) {
    scroller.scrollLeft = scrollLeft
    scroller.onscroll()
  }
  head(state, titleOf(data))
  state.continuation.hidden = !hasContinuation(data)
  if (focused) focus(state, Number(focused))
}

// Whether "##" is anywhere in the figure.
function hasContinuation({ columns, panels }) {
  const shown = panels.flatMap(panel => panel.columns.flatMap(cells => (cells ?? []).map(([word]) => word)))
  return [...columns.map(column => column.text), ...shown].some(text => text.startsWith("##"))
}

function listen(state) {
  const { scroller } = state
  scroller.onscroll = () => {
    state.tip.hidden = true
    const beyond = scroller.scrollWidth - scroller.clientWidth - scroller.scrollLeft
    scroller.classList.toggle("continued", beyond > 4)
    for (const label of scroller.querySelectorAll("[data-stays]")) {
      label.setAttribute("transform", `translate(${scroller.scrollLeft / (state.unit ?? 1)} 0)`)
    }
  }
  scroller.onclick = event => {
    const column = event.target.closest(".column")
    if (column) choose(state, Number(column.dataset.number))
  }
  scroller.onkeydown = event => press(state, event)
}

// --- choosing ---

function choose(state, number) {
  state.tip.hidden = true
  if (state.data.selected !== number) {
    state.data = { ...state.data, selected: number }
    redraw(state)
    state.choose(number)
  }
  focus(state, number)
}

function press(state, event) {
  const column = event.target.closest(".column")
  if (!column) return
  const number = Number(column.dataset.number)
  const last = state.data.columns.length
  const goal = { ArrowLeft: number - 1, ArrowRight: number + 1, Home: 1, End: last }[event.key]
  if (goal !== undefined) {
    event.preventDefault()
    focus(state, Math.min(Math.max(goal, 1), last))
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault()
    choose(state, number)
  }
}

function focus(state, number) {
  for (const column of state.scroller.querySelectorAll(".column")) {
    const here = Number(column.dataset.number) === number
    column.setAttribute("tabindex", here ? "0" : "-1")
    if (here) column.focus({ preventScroll: true })
  }
  reveal(state, number)
}

function reveal(state, number) {
  const place = state.places?.[number - 1]
  if (!place || !state.overflows) return
  const { scroller, unit } = state
  if (place.x * unit < scroller.scrollLeft) scroller.scrollLeft = place.x * unit - 24
  const right = (place.x + place.width) * unit + 24
  if (right > scroller.scrollLeft + scroller.clientWidth) scroller.scrollLeft = right - scroller.clientWidth
}

// --- the browser's Back ---

const BURST = 3000 // milliseconds without a key, after which typing begins anew

// Typing into a bound text box replaces the browser's current entry. When typing begins, the entry is kept and a new one
// begins, so that Back returns to the sentence and position that were there. `key` is that of the text box.
function keepSentences(key) {
  if (!key) return () => {}
  const typed = event => {
    if (!event.target.closest?.(`.st-key-${key}`)) return
    const now = performance.now()
    if (now - (window.fairkdTyped ?? -BURST) >= BURST) {
      const address = new URL(window.location.href)
      address.searchParams.delete("position") // of the sentence before
      window.history.pushState(window.history.state, "", address)
    }
    window.fairkdTyped = now
  }
  document.addEventListener("input", typed, { capture: true })
  return () => document.removeEventListener("input", typed, { capture: true })
}
