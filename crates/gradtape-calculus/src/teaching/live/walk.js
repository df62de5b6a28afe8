// A walk in steps: by a slider, buttons and keys, by itself, from the address. Each page has `bind`, which takes up what it
// shows now and sets `last` and `picture`; `show`, which shows a step; and `opened`, the step without one in the address.
const [slider, line, play, fit, graph] = ["step", "line", "play", "fit", "graph"].map((id) => document.getElementById(id));
const all = (selector) => [...document.querySelectorAll(selector)];
let last, picture;
let timer = 0;
let scale = 1;

const within = (step) => Math.min(Math.max(Math.round(step) || 0, 0), last);

// What stands in the address beside the step is that of a page that answers.
let address = () => history.replaceState(null, "", `#step=${slider.value}`);
let addressed = () => {};

function go(step) {
  show(within(step));
  address();
}

// One step after another, from the start when it is at the end.
function playing(on) {
  clearInterval(timer);
  timer = 0;
  if (on) {
    if (slider.valueAsNumber === last) go(0);
    timer = setInterval(() => {
      go(slider.valueAsNumber + 1);
      if (slider.valueAsNumber === last) playing(false);
    }, 1200);
  }
  play.setAttribute("aria-pressed", String(on));
  play.textContent = on ? "stop" : "play";
  play.setAttribute("aria-label", on ? "Stop" : "Play");
}

const moves = { first: () => 0, back: (at) => at - 1, on: (at) => at + 1, last: () => last };
const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };

function move(name) {
  playing(false);
  go(moves[name](slider.valueAsNumber));
}

function zoom() {
  graph.classList.remove("fit");
  fit.setAttribute("aria-pressed", "false");
  Object.assign(picture.style, { width: `${Number(picture.getAttribute("width")) * scale}px`, height: "auto", minWidth: "0" });
}

function fromAddress() {
  const step = new URLSearchParams(location.hash.slice(1)).get("step");
  addressed();
  show(within(step === null ? opened() : Number(step)));
}

function startWalk() {
  slider.addEventListener("input", () => {
    playing(false);
    go(slider.valueAsNumber);
  });
  play.addEventListener("click", () => playing(!timer));
  for (const button of all("[data-move]")) button.addEventListener("click", () => move(button.dataset.move));
  for (const button of all("[data-zoom]")) {
    button.addEventListener("click", () => {
      scale = Math.min(Math.max(scale * Number(button.dataset.zoom), 0.1), 5);
      zoom();
    });
  }
  fit.addEventListener("click", () => {
    const on = graph.classList.toggle("fit");
    fit.setAttribute("aria-pressed", String(on));
    if (on) {
      scale = 1;
      picture.removeAttribute("style");
    }
  });
  document.addEventListener("keydown", (event) => {
    const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    // The slider moves by itself, what is focused scrolls, and fields are written in.
    const own = event.target === slider || event.target.closest?.("#fields, pre") || event.target.matches?.("figure, .wide");
    if (!plain || own || !(event.key in keys)) return;
    event.preventDefault();
    move(keys[event.key]);
  });
  addEventListener("hashchange", fromAddress);
  document.body.classList.add("stepping");
  bind(JSON.parse(document.getElementById("data").textContent));
  fromAddress();
}
