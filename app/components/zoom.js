// Draws the newest figure into a chart that stays mounted; its zoom and its hidden series stay as they are.
//
// What a person did is read from the chart itself: an axis that was zoomed has lost its autorange, and a series
// that was hidden by a click on the legend is visible there only.

const drawn = new WeakMap() // by chart: the figure that was drawn into it last
const ends = new WeakMap() // by mount: called again with every figure, it must not leave the last call behind

export default function (component) {
  const { data, parentElement } = component
  ends.get(parentElement)?.()
  if (!data.figure) return
  let waiting
  const soon = () => {
    clearTimeout(waiting)
    waiting = setTimeout(draw, 50)
  }
  const draw = () => {
    const plot = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`)
    if (!plot?.layout?.width || drawn.get(plot) === data.figure) return
    if (plot._dragging) return soon()
    drawn.set(plot, data.figure)
    const figure = JSON.parse(data.figure)
    window.Plotly.react(plot, series(figure.data, plot.data), layout(figure.layout, plot.layout))
    plot.emit("plotly_redraw") // Streamlit takes this figure over, for when the width changes
  }
  const observer = new MutationObserver(soon)
  observer.observe(document.body, { childList: true, subtree: true })
  const end = () => {
    observer.disconnect()
    clearTimeout(waiting)
  }
  ends.set(parentElement, end)
  soon()
  return end
}

function series(next, old) {
  const called = trace => trace.legendgroup ?? trace.name
  const hidden = new Set(old.filter(trace => trace.visible === "legendonly").map(called))
  return next.map(trace => (hidden.has(called(trace)) ? { ...trace, visible: "legendonly" } : trace))
}

function layout(next, old) {
  const { width, height, template, dragmode } = old
  const kept = { ...next, width, height, template, dragmode }
  for (const axis of ["xaxis", "yaxis"]) {
    if (old[axis]?.autorange !== false) continue
    kept[axis] = { ...next[axis], range: old[axis].range, autorange: false }
  }
  return kept
}
