// The tour: a card with one step at a time, which outlines what it speaks of. tour.py sends the steps and the cookie
// that ends it for good.

// What outlives a visit to another page: the step, how often the tour was asked for, and whether it has ended.
const tour = (window.fairkdTour ??= { step: 0, asked: 0, ended: false })
const cleanups = new WeakMap() // by mount: ends the last call, because every rerun is another call
const OUTLINE = "fairkd-tour-outline" // the id of the style sheet in the page's head

export default function ({ parentElement, data }) {
  cleanups.get(parentElement)?.()
  const card = parentElement.querySelector(".tour")
  const state = { card, ...data[0], focused: null }
  const pressed = event => press(state, event)
  const resized = () => card.hidden || outline(state)
  document.addEventListener("keydown", pressed)
  window.addEventListener("resize", resized)
  card.querySelector(".skip").onclick = () => end(state)
  card.querySelector(".back").onclick = () => go(state, tour.step - 1)
  card.querySelector(".next").onclick = () => go(state, tour.step + 1)
  const cleanup = () => {
    document.removeEventListener("keydown", pressed)
    window.removeEventListener("resize", resized)
    document.getElementById(OUTLINE)?.remove()
  }
  cleanups.set(parentElement, cleanup)
  open(state)
  return cleanup
}

function open(state) {
  const { card, asked, cookie } = state
  if (asked > tour.asked) {
    Object.assign(tour, { step: 0, asked, ended: false })
    show(state)
    closePopover()
    card.focus()
  } else if (!tour.ended && (asked || !document.cookie.includes(cookie))) {
    const first = card.hidden
    show(state)
    // The next Tab leads into the card, and nobody is interrupted: the browser goes on from what had the focus last.
    if (first && document.activeElement === document.body) {
      card.focus({ preventScroll: true })
      card.blur()
    }
  }
}

// The popover with the button that asked for the tour.
function closePopover() {
  document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", bubbles: true }))
}

// Ended by its last step, by Skip or by Escape: it is not shown again, unless somebody asks for it.
function end({ card, cookie }) {
  tour.ended = true
  document.cookie = `${cookie}; max-age=${365 * 24 * 3600}; path=/; samesite=lax`
  document.getElementById(OUTLINE)?.remove()
  card.hidden = true
}

function go(state, step) {
  if (step < 0) return
  if (step >= state.steps.length) {
    end(state)
    return
  }
  tour.step = step
  show(state)
  reveal(state)
}

function press(state, event) {
  const { card } = state
  const inside = event.composedPath().includes(card)
  if (card.hidden || event.defaultPrevented) return
  if (event.key === "Escape" && (inside || document.activeElement === document.body)) end(state)
  else if (inside && event.key === "ArrowRight" && tour.step < state.steps.length - 1) go(state, tour.step + 1)
  else if (inside && event.key === "ArrowLeft") go(state, tour.step - 1)
}

function show(state) {
  const { card, steps, greeting } = state
  const step = steps[tour.step]
  const last = tour.step === steps.length - 1
  const find = selector => card.querySelector(selector)
  card.hidden = false // first, so that what follows is read aloud
  find(".greeting").textContent = tour.step ? "" : greeting
  find(".count").textContent = `Step ${tour.step + 1} of ${steps.length}`
  find(".title").textContent = step.title
  find(".text").textContent = step.text
  find(".next").textContent = last ? "Done" : "Next"
  find(".skip").hidden = last
  if (!tour.step && find(".back").matches(":focus")) find(".next").focus()
  find(".back").disabled = !tour.step
  outline(state)
}

// --- what a step speaks of ---

// The elements of the first selector that the card does not cover, or else of the last one. The sidebar of a phone is
// out of the window.
function targets({ card, steps }) {
  const hidden = box => !box.width || box.left < 0 || box.left >= window.innerWidth
  let best = { selector: null, found: [] }
  for (const selector of steps[tour.step].places) {
    const found = [...document.querySelectorAll(selector)].filter(element => !hidden(element.getBoundingClientRect()))
    if (!found.length) continue
    best = { selector, found }
    if (!found.some(element => covers(card, element))) break
  }
  return best
}

function covers(card, element) {
  const [over, box] = [card.getBoundingClientRect(), element.getBoundingClientRect()]
  return box.top < over.bottom && box.bottom > over.top && box.left < over.right && box.right > over.left
}

// A rule of CSS, because it stays with elements that are drawn anew.
function outline(state) {
  const { selector } = targets(state)
  const sheet = document.getElementById(OUTLINE) ?? document.head.appendChild(document.createElement("style"))
  sheet.id = OUTLINE
  const colour = getComputedStyle(state.card).color
  sheet.textContent = selector
    ? `:is(${selector}) { outline: 2px dashed ${colour}; outline-offset: 4px; border-radius: 6px; scroll-margin-top: 5rem; }`
    : ""
}

const ENOUGH = 300 // pixels of an element that is too high to be seen whole

function reveal(state) {
  const { found } = targets(state)
  const seen = element => {
    const { top, height } = element.getBoundingClientRect()
    const end = covers(state.card, element) ? state.card.getBoundingClientRect().top : window.innerHeight
    return top >= 0 && top + Math.min(height, ENOUGH) <= end
  }
  if (found.every(seen)) return
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches
  found[0].scrollIntoView({ block: "start", behavior: still ? "auto" : "smooth" })
}
