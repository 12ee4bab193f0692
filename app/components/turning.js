// Arrow keys and the keys of a presenter's remote control turn the screens of a lesson, by pressing its buttons.
// A key that something else needs keeps its meaning: text boxes, sliders, choices, and figures with the focus.

const KEYS = { ArrowRight: "next", PageDown: "next", ArrowLeft: "back", PageUp: "back" }
const NEEDS_KEYS = "input, textarea, select, [contenteditable=true], [role=slider], [role=radio], [role=tab], [role=listbox], svg [tabindex], svg[tabindex]"
const cleanups = new WeakMap()

export default function ({ parentElement }) {
  cleanups.get(parentElement)?.()
  const turn = event => {
    const direction = KEYS[event.key]
    if (!direction || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
    const path = event.composedPath()
    if (path.some(element => element instanceof Element && element.matches(NEEDS_KEYS))) return
    event.preventDefault()
    document.querySelector(`.st-key-turn_${direction} button:not(:disabled)`)?.click()
  }
  document.addEventListener("keydown", turn)
  for (const direction of ["back", "next"]) {
    const keys = Object.keys(KEYS).filter(key => KEYS[key] === direction).join(" ")
    document.querySelector(`.st-key-turn_${direction} button`)?.setAttribute("aria-keyshortcuts", keys)
  }
  const cleanup = () => document.removeEventListener("keydown", turn)
  cleanups.set(parentElement, cleanup)
  return cleanup
}
