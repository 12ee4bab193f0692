const INSTALLED = Symbol.for("fairkd.oneEntryPerAction")
const cleanups = new WeakMap() // by mount: ends the last call, because every rerun is another call

// Streamlit makes a history entry of every change of the address: when it empties the address of the page that
// a visitor leaves, when it opens the next one, and when that page writes its parameters. Back would stop at each.
function oneEntryPerAction() {
  if (window[INSTALLED]) return
  window[INSTALLED] = true
  let acted = false // since the last entry
  const act = () => { acted = true }
  for (const type of ["pointerdown", "keydown", "input", "drop"]) window.addEventListener(type, act, true)
  window.addEventListener("popstate", () => { acted = false }, true)
  const push = window.history.pushState.bind(window.history)
  const replace = window.history.replaceState.bind(window.history)
  window.history.pushState = (...entry) => {
    showTop(entry[2])
    const elsewhere = isElsewhere(entry[2])
    const add = acted && elsewhere ? push : replace
    if (elsewhere) acted = false
    add(...entry)
  }
}

// Whether an address shows something else than the current one. The presenter view shows the same, larger: Back
// returns to what was there before it.
function isElsewhere(address) {
  const place = url => {
    const found = new URL(url, window.location.href)
    found.searchParams.delete("present")
    return found.href
  }
  return address === undefined || place(address) !== place(window.location.href)
}

// A run opens at its top: Streamlit scrolls there for another page, but a run is a parameter of the address.
// scrollToTop is in app/shared/streamlit_internals.py, whose JavaScript precedes this file.
function showTop(address) {
  const run = url => new URL(url, window.location.href).searchParams.get("run")
  if (address === undefined || run(address) === run(window.location.href)) return
  scrollToTop()
}

export default function ({ parentElement, setTriggerValue }) {
  oneEntryPerAction()
  cleanups.get(parentElement)?.()
  const scheme = window.matchMedia("(prefers-color-scheme: dark)")
  const changed = () => setTimeout(() => setTriggerValue("dark", scheme.matches), 200)
  scheme.addEventListener("change", changed)
  const cleanup = () => scheme.removeEventListener("change", changed)
  cleanups.set(parentElement, cleanup)
  return cleanup
}
