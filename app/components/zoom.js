// Draws the newest figure into a mounted chart and keeps the zoom and the hidden series.
//
// Both are read from the chart: a zoomed axis has no autorange, and a series that was hidden by a click on the
// legend has the visibility "legendonly". findChart, isDragged and drawInto are in app/shared/streamlit_internals.py,
// whose JavaScript precedes this file.

const drawn = new WeakMap() // by chart: the figure that was last drawn into it
const cleanups = new WeakMap() // by mount: ends the last call, because every new figure is another call

export default function (component) {
  const { data, parentElement } = component
  cleanups.get(parentElement)?.()
  if (!data.figure) return
  let waiting
  const soon = () => {
    clearTimeout(waiting)
    waiting = setTimeout(draw, 50)
  }
  const draw = () => {
    const chart = findChart(data.chart)
    if (!chart?.layout?.width || drawn.get(chart) === data.figure) return
    if (isDragged(chart)) return soon()
    drawn.set(chart, data.figure)
    const figure = JSON.parse(data.figure)
    drawInto(chart, series(figure.data, chart.data), layout(figure.layout, chart.layout))
  }
  const observer = new MutationObserver(soon)
  observer.observe(document.body, { childList: true, subtree: true })
  const cleanup = () => {
    observer.disconnect()
    clearTimeout(waiting)
  }
  cleanups.set(parentElement, cleanup)
  soon()
  return cleanup
}

function series(next, old) {
  const nameOf = trace => trace.legendgroup ?? trace.name
  const hidden = new Set(old.filter(trace => trace.visible === "legendonly").map(nameOf))
  return next.map(trace => (hidden.has(nameOf(trace)) ? { ...trace, visible: "legendonly" } : trace))
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
