// The page: makes sessions of what is chosen, shows what the worker sends.
const MAP_SIDE = 20;
let worker = null;
let run = 0;
let built = [];
let frames = [];
let images = null;
let playing = false;
// Whether the worker has sessions of what is chosen.
let alive = false;
let spokenAt = 0;
let pending = null;
// What tests and teachers' own scripts may look at.
const playground = { ready: false, frames: 0, settled: 0, built: () => built, reports: () => frames.map((frame) => frame.report), settings: () => lines(settings), curves: () => curvesOf(frames[0]?.curves) };
window.playground = playground;

const send = (message, moved = []) => worker.postMessage(message, moved);

function open() {
  readTheme();
  const lack = lacks(true);
  if (lack) {
    problem(`The network cannot be trained here: ${lack}.\n  hint: Chrome and Edge from version 91, Firefox from 113 and Safari from 16.4 have what it takes`);
    document.querySelectorAll(".bar button, .bar select").forEach((own) => { own.disabled = true; });
    return;
  }
  worker = library(byId("worker").textContent, byId("module").textContent, (message) => told[message.type](message));
}

const told = {
  ready: (message) => {
    choices = message.choices;
    fromAddress();
  },
  built: (message) => {
    if (message.run !== run) return;
    built = message.built;
    alive = true;
    frames = [];
    problem(null);
    if (shownNetwork >= built.length) shownNetwork = 0;
    chosen = null;
    byId("chain-body").replaceChildren();
    byId("chain-told").textContent = "Choose a unit or an edge of the network: here stands how its gradient comes about, with its numbers.";
    images = null;
    clearPictures();
    picturesOf();
    drawingControls();
    legendOf();
    edgeControls();
    networkOf();
    controls();
    if (built[0].image) send({ type: "pixels" });
    notes();
    playground.ready = true;
    const steps = Number(pending?.steps ?? 0);
    const goesOn = pending?.plays;
    pending = null;
    if (steps > 0) send({ type: "steps", steps });
    if (goesOn) play();
  },
  frame: (message) => {
    if (message.run !== run) return;
    requestAnimationFrame(() => {
      send({ type: "shown", run: message.run });
      if (message.run !== run) return;
      show(message);
    });
  },
  chain: (message) => { if (message.run === run && chosen) chainOf(message.chain); },
  pixels: (message) => {
    if (message.run !== run) return;
    images = message.pixels;
    pictures.forEach((_, number) => drawPicture(number));
  },
  taken,
  problem: (message) => {
    if (message.run !== run) return;
    stopped();
    problem(message.text);
  },
  trap: (message) => {
    stopped();
    alive = false;
    problem(`The library failed, which is a fault of gradtape: ${message.text}\n  hint: start again; the settings are still there`);
  },
  broken: (message) => problem(`The library cannot be loaded: ${message.text}`),
};

function show(message) {
  message.shown.forEach((own, number) => {
    const before = frames[number] ?? {};
    frames[number] = { ...before, ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null)) };
    const picture = pictures[number];
    if (!picture) return;
    if (own.points) picture.points = own.points;
    if (own.boundary) picture.boundary = own.boundary;
    drawPicture(number);
  });
  drawNetwork();
  numbersOf();
  if (message.shown[0].curves) {
    plotOf();
    healthOf();
  }
  playground.frames += 1;
  if (playing && message.ended) {
    stopped();
    diverged();
  }
  if (!message.playing) {
    playground.settled += 1;
    diverged();
    speak();
  } else if (performance.now() - spokenAt > 5000) {
    spokenAt = performance.now();
    speak();
  }
}

// New sessions of the settings as they are.
function rebuild({ steps = 0, plays = false } = {}) {
  writeAddress();
  stopped();
  alive = false;
  run += 1;
  pending = { steps, plays };
  const other = versusLines();
  const given = [lines(settings), ...(other === null ? [] : [other])];
  const bytes = setting("data") === "csv" && table ? table.bytes : null;
  send({ type: "create", run, sessions: given.map((own) => ({ settings: own, table: bytes })) });
}

function fromAddress() {
  readAddress();
  byId("speed").value = ["1", "5", "10", "50", "fast"].includes(view.speed) ? view.speed : "10";
  if (!EDGES.some(([value]) => value === view.edges)) view.edges = "0";
  tellSpeed();
  controls();
  takeControls();
  send({ type: "look", quiet: true, look: { edges: Number(view.edges), boundary: setting("data") === "digits" ? 0 : 64, maps: MAP_SIDE, answers: setting("data") === "digits" } });
  const steps = Number.parseInt(view.run, 10);
  rebuild({ steps: Number.isFinite(steps) ? Math.min(steps, 1e6) : 0 });
}

function tellSpeed() {
  view.speed = byId("speed").value;
  send({ type: "speed", speed: view.speed === "fast" ? "fast" : Number(view.speed) });
}

function play() {
  if (!alive) return;
  playing = true;
  byId("play").textContent = "Pause";
  send({ type: "play" });
}

function takeSteps(steps) {
  if (!alive) return;
  stopped();
  send({ type: "steps", steps });
}

function pause() {
  if (!playing) return;
  stopped();
  send({ type: "pause" });
}

function stopped() {
  playing = false;
  byId("play").textContent = "Play";
}

// What is wrong, at the control that it names, if it names one.
function problem(words, buttons = []) {
  const place = byId("problem");
  document.querySelectorAll("[aria-invalid]").forEach((own) => {
    own.removeAttribute("aria-invalid");
    own.removeAttribute("aria-describedby");
  });
  place.hidden = words === null;
  place.replaceChildren(words ?? "", ...(buttons.length ? [element("br", {}), ...buttons] : []));
  const first = /^["\u201c]?([a-z0-9_-]+)/.exec(words ?? "")?.[1];
  const name = words?.includes("learning rate is") ? "lr" : first;
  const control = name && [...document.querySelectorAll("[data-setting]")].find((own) => own.dataset.setting === name);
  if (control) {
    control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", "problem");
  }
}

// A network that diverged stops; a smaller rate is offered.
function diverged() {
  const at = frames.findIndex((frame) => frame.report.diverged !== null);
  if (at < 0 || !byId("problem").hidden) return;
  const report = frames[at].report;
  const rate = Number((built[at].rate / 10).toPrecision(2));
  const again = () => { put("lr", String(rate)); controls(); rebuild({ plays: true }); };
  const which = built.length > 1 ? ` of network ${"AB"[at]}` : "";
  problem(`The loss${which} is no finite number any more, at step ${report.diverged}: the training diverged and stopped.\n  hint: steps are too long for this loss; a smaller learning rate helps, or a bound for the gradient (clip-norm)`,
    at === 0 ? [element("button", { type: "button", id: "smaller", onclick: again }, `Start again with rate ${rate}`)] : []);
}

// What the user should know of the data.
function notes() {
  const words = built[0].notes;
  const place = byId("g-data")?.querySelector("div");
  if (words.length > 0 && place) place.append(...words.slice(0, 6).map((own) => help(own)));
}

byId("play").addEventListener("click", () => (playing ? pause() : play()));
byId("one").addEventListener("click", () => takeSteps(1));
byId("epoch").addEventListener("click", () => takeSteps("epoch"));
byId("start").addEventListener("click", () => rebuild());
byId("speed").addEventListener("change", () => { tellSpeed(); writeAddress(); });
addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, select, textarea, button, summary, pre, a");
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === " " && !typing) {
    event.preventDefault();
    byId("play").click();
  }
  const name = { s: "one", e: "epoch", r: "start" }[event.key];
  if (name && !event.target.closest?.("input, select, textarea")) byId(name).click();
});
addEventListener("hashchange", () => { if (choices) fromAddress(); });
addEventListener("dragover", (event) => { event.preventDefault(); document.body.classList.add("drop"); });
addEventListener("dragleave", (event) => { if (!event.relatedTarget) document.body.classList.remove("drop"); });
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("drop");
  take(event.dataTransfer.files[0]);
});

// Everything is drawn anew where the paper or the width changes.
function paint(event) {
  readTheme(event?.type === "beforeprint");
  if (built.length === 0) return;
  legendOf();
  networkOf();
  drawNetwork();
  pictures.forEach((_, number) => drawPicture(number));
  if (frames.length > 0) plotOf();
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
addEventListener("beforeprint", paint);
addEventListener("afterprint", paint);
let wide = 0;
new ResizeObserver(() => {
  if (Math.abs(byId("layers").clientWidth - wide) < 2) return;
  wide = byId("layers").clientWidth;
  paint(null);
}).observe(byId("layers"));
open();
