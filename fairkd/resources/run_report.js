// Replays the watched sentences of a report: the slider chooses a step, and Play goes through all of them.

const { steps, frames } = JSON.parse(document.getElementById("frames").textContent)
const slider = document.getElementById("step")
const button = document.getElementById("play")
const figures = [...document.querySelectorAll(".watched")]
let playing = null

function show(number) {
  slider.value = number
  document.getElementById("shown").textContent = steps[number].toLocaleString("en")
  slider.setAttribute("aria-valuetext", `step ${steps[number]}`)
  figures.forEach((figure, sentence) => {
    for (const cell of figure.querySelectorAll("[data-run]")) {
      const words = frames[sentence][cell.dataset.run][number]?.[cell.dataset.position]
      if (words) cell.replaceChildren(list(words))
      else cell.textContent = "–"
    }
  })
}

function list(words) {
  const made = document.createElement("ol")
  made.className = "words"
  for (const [word, shown, share] of words) {
    const item = document.createElement("li")
    item.style.setProperty("--p", `${share}%`)
    for (const text of [word, shown]) {
      const part = document.createElement("span")
      part.textContent = text
      item.append(part, " ")
    }
    made.append(item)
  }
  return made
}

function stop() {
  clearInterval(playing)
  playing = null
  button.textContent = "Play"
}

button.onclick = () => {
  if (playing) return stop()
  if (Number(slider.value) === steps.length - 1) show(0)
  button.textContent = "Pause"
  playing = setInterval(() => {
    const next = Number(slider.value) + 1
    show(next)
    if (next === steps.length - 1) stop()
  }, 700)
}
slider.oninput = () => {
  stop()
  show(Number(slider.value))
}
document.getElementById("controls").hidden = false
