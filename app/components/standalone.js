// Draws the figures of an exported page: it gives each component what Streamlit gives it on the dashboard's pages.
// standalone.py puts the components into `components`, and their markup into templates.

for (const place of document.querySelectorAll("[data-component]")) {
  const name = place.dataset.component
  const data = JSON.parse(place.querySelector("script").textContent)
  const parentElement = document.createElement("div")
  parentElement.append(document.getElementById(`component-${name}`).content.cloneNode(true))
  place.attachShadow({ mode: "open" }).append(parentElement)
  components[name]({ data, parentElement, setTriggerValue() {}, setStateValue() {} })
}

// The figures are drawn again in the colours of the other theme.
window
  .matchMedia("(prefers-color-scheme: dark)")
  .addEventListener("change", () => window.dispatchEvent(new Event("resize")))

// In a notebook, the frame is as high as its figure.
if (window.frameElement) {
  const fit = () => (window.frameElement.style.height = `${document.documentElement.scrollHeight + 8}px`)
  new ResizeObserver(fit).observe(document.body)
}
