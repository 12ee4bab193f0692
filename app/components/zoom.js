// Tells Python how far a person has zoomed into the charts named in `data.names`.
//
// A chart whose figure has changed is mounted anew and knows nothing of its zoom, so each new figure is drawn
// with the ranges that are reported here. Nothing is drawn by this component itself.

const watched = new WeakSet()
const reports = new Map() // by chart, what to call: the newest mount's
const observers = new WeakMap() // by mount: called again at every zoom, it must not leave the last one behind

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const held = { ...data.zooms }
  const report = (name, plot) => {
    held[name] = { x: range(plot.layout.xaxis), y: range(plot.layout.yaxis) }
    setStateValue("zooms", { ...held })
  }
  const watch = () => {
    for (const name of data.names) {
      reports.set(name, report)
      const plot = document.querySelector(`.st-key-${CSS.escape(name)} .js-plotly-plot`)
      if (!plot?.on || watched.has(plot)) continue
      watched.add(plot)
      plot.on("plotly_relayout", change => {
        if (Object.keys(change).some(key => /axis.*(range|autorange)/.test(key))) reports.get(name)(name, plot)
      })
    }
  }
  observers.get(parentElement)?.disconnect()
  const observer = new MutationObserver(watch)
  observers.set(parentElement, observer)
  observer.observe(document.body, { childList: true, subtree: true })
  watch()
  return () => observer.disconnect()
}

function range(axis) {
  return !axis || axis.autorange ? null : axis.range.map(Number)
}
