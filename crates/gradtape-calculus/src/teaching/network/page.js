const [slider, line, said, play, fit, graph] = ["step", "line", "said", "play", "fit", "graph"].map((id) => document.getElementById(id));
const all = (selector) => [...document.querySelectorAll(selector)];
let lines, numbers, picture;
let timer = 0;
let scale = 1;
// The unit or the edge whose chain rule is written out, by its place among them.
let chosen = -1;
let picked = () => {};

// Takes up what the page shows now.
function bind(found) {
  lines = found;
  slider.max = lines.length;
  numbers = all("[data-from]").map((part) => [part, Number(part.dataset.from)]);
  picture = graph.querySelector("svg");
  if (scale !== 1) zoom();
  const parts = all("[data-said]");
  parts.forEach((part, place) => {
    part.addEventListener("click", () => choose(part, place));
    if (!part.classList.contains("node")) return;
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "button");
    part.setAttribute("aria-label", part.querySelector(".name").textContent);
    part.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(part, place);
      }
    });
  });
  if (parts[chosen]) choose(parts[chosen], chosen, false);
}

function choose(part, place, anew = true) {
  all(".chosen").forEach((other) => other.classList.remove("chosen"));
  part.classList.add("chosen");
  said.textContent = part.dataset.said;
  chosen = place;
  if (anew) picked(part.dataset.said);
}

function show(step) {
  const now = Math.min(Math.max(Math.round(step) || 0, 0), lines.length);
  for (const [part, from] of numbers) part.classList.toggle("known", from <= now);
  line.textContent = now === 0 ? "Nothing is computed yet." : `${now}. ${lines[now - 1]}`;
  slider.value = now;
  slider.setAttribute("aria-valuetext", line.textContent);
}

// What stands in the address beside the step is that of a page that answers.
let address = () => history.replaceState(null, "", `#step=${slider.value}`);
let addressed = () => {};

function go(step) {
  show(step);
  address();
}

function playing(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => {
    go(slider.valueAsNumber + 1);
    if (slider.valueAsNumber === lines.length) playing(false);
  }, 1200) : 0;
  if (on && slider.valueAsNumber === lines.length) go(0);
  play.setAttribute("aria-pressed", String(on));
  play.textContent = on ? "stop" : "play";
}

function zoom() {
  graph.classList.remove("fit");
  fit.setAttribute("aria-pressed", "false");
  picture.style.width = `${Number(picture.getAttribute("width")) * scale}px`;
  picture.style.minWidth = "0";
}

const moves = { first: () => 0, back: (at) => at - 1, on: (at) => at + 1, last: () => lines.length };
const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };
const move = (name) => {
  playing(false);
  go(moves[name](slider.valueAsNumber));
};
slider.addEventListener("input", () => {
  playing(false);
  go(slider.valueAsNumber);
});
play.addEventListener("click", () => playing(!timer));
document.addEventListener("keydown", (event) => {
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  // The slider moves by itself, the picture scrolls, and fields are written in.
  const own = event.target === slider || event.target === graph || event.target.closest?.("#fields, pre");
  if (!plain || own || !(event.key in keys)) return;
  event.preventDefault();
  move(keys[event.key]);
});
const fromAddress = () => {
  const step = new URLSearchParams(location.hash.slice(1)).get("step");
  addressed();
  show(step === null ? lines.length : Number(step));
};
addEventListener("hashchange", fromAddress);
document.body.classList.add("stepping");
bind(JSON.parse(document.getElementById("data").textContent));
fromAddress();
