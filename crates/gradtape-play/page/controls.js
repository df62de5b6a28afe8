// The controls of the settings. Each has the name of its setting, so that an error finds it.
function controls() {
  const place = byId("settings");
  const open = [...place.querySelectorAll("details")].filter((own) => !own.open).map((own) => own.id);
  const focused = document.activeElement?.id;
  place.replaceChildren(
    lessons(),
    group("g-data", "Data", dataControls()),
    group("g-network", "Network", networkControls()),
    group("g-training", "Training", trainingControls()),
    group("g-versus", "A second network beside it", versusControls()),
  );
  for (const id of open) if (byId(id)) byId(id).open = false;
  if (focused) byId(focused)?.focus();
}

function lessons() {
  const items = LESSONS.map(([name, address]) => element("li", {}, element("a", { href: `#${address}` }, name)));
  const details = element("details", { class: "group", id: "g-lessons" }, element("summary", {}, "Lessons"), element("div", {}, element("ul", { class: "lessons" }, ...items)));
  details.open = lessonsOpen;
  details.addEventListener("toggle", () => { lessonsOpen = details.open; });
  return details;
}
let lessonsOpen = false;

function group(id, name, children) {
  return element("details", { class: "group", id, open: true }, element("summary", {}, name), element("div", {}, ...children));
}

// A control with its label, on one line or two.
function field(name, label, control, long = false) {
  control.id = `s-${name}`;
  control.dataset.setting = name;
  return element("div", { class: long ? "field long" : "field" }, element("label", { for: `s-${name}` }, label), control);
}

function changed(name, value) {
  put(name, value);
  if (name === "optimizer") forgetHyper(settings, value);
  controls();
  rebuild();
}

function text(name, label, attributes = {}, long = false) {
  const control = element("input", {
    type: "text", value: setting(name), autocomplete: "off", spellcheck: "false", ...attributes,
    onchange: (event) => changed(name, event.target.value.trim()),
  });
  return field(name, label, control, long);
}

function number(name, label, attributes) {
  return text(name, label, { type: "number", ...attributes });
}

function pick(name, label, options, titled = true) {
  const own = setting(name);
  const listed = options.map((option) =>
    element("option", { value: option.name, selected: option.name === own, title: titled ? option.doc ?? "" : null }, option.label ?? option.name.replaceAll("_", " ")));
  return field(name, label, element("select", { onchange: (event) => changed(name, event.target.value) }, ...listed));
}

const help = (words) => element("p", { class: "help" }, words);

// Small pictures of the data.
const SKETCHES = {
  moons: () => arc(14, 17, 9, Math.PI, 2 * Math.PI, 0) + arc(25, 13, 9, 0, Math.PI, 1),
  circles: () => arc(20, 15, 12, 0, 6.28, 0) + arc(20, 15, 6, 0, 6.28, 1),
  spiral: () => [0, 1].map((own) => dots(9, (t) => [20 + 13 * t * Math.cos(7 * t + own * Math.PI), 15 + 12 * t * Math.sin(7 * t + own * Math.PI)], own)).join(""),
  xor: () => [[12, 9, 0], [28, 21, 0], [28, 9, 1], [12, 21, 1]].map(([x, y, own]) => dots(4, (t) => [x + 4 * Math.cos(6.3 * t), y + 3.5 * Math.sin(6.3 * t)], own)).join(""),
  blobs: () => [[20, 8, 0], [10, 22, 1], [30, 22, 2]].map(([x, y, own]) => dots(4, (t) => [x + 3 * Math.cos(6.3 * t), y + 3 * Math.sin(6.3 * t)], own)).join(""),
  formula: () => `<text x="20" y="20" text-anchor="middle" font-size="13" font-style="italic" fill="currentColor">y&gt;f(x)</text>`,
  drawn: () => `<path d="M8 24l2-6L25 4l4 4L14 22z" fill="none" stroke="currentColor" stroke-width="1.6"/>` + dots(3, (t) => [24 + 10 * t, 24 - 3 * t], 1),
  digits: () => `<text x="20" y="21" text-anchor="middle" font-size="16" fill="currentColor">0–9</text>`,
  csv: () => `<path d="M6 5h28v20H6zM6 11h28M6 18h28M15 5v20M25 5v20" fill="none" stroke="currentColor" stroke-width="1.4"/>`,
};
function dots(count, at, own) {
  const colour = ["var(--minus)", "var(--plus)", "var(--ok)"][own];
  return Array.from({ length: count }, (_, i) => {
    const [x, y] = at((i + 0.5) / count);
    return own === 1
      ? `<rect x="${(x - 1.7).toFixed(1)}" y="${(y - 1.7).toFixed(1)}" width="3.4" height="3.4" fill="${colour}"/>`
      : `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="1.9" fill="${colour}"/>`;
  }).join("");
}
function arc(x, y, r, from, to, own) {
  return dots(7, (t) => [x + r * Math.cos(from + (to - from) * t), y + r * Math.sin(from + (to - from) * t)], own);
}

function dataControls() {
  const own = setting("data");
  const choose = (event) => {
    if (event.target.value === "drawn" && !setting("points")) settings.set("points", FIRST_POINTS);
    changed("data", event.target.value);
  };
  const picks = choices.data.map(({ name, doc }) => {
    const sketch = drawn("svg", { viewBox: "0 0 40 30", "aria-hidden": "true" });
    sketch.innerHTML = SKETCHES[name]();
    const input = element("input", { type: "radio", name: "data", value: name, checked: name === own, id: `d-${name}`, onchange: choose });
    return element("label", { title: doc }, input, sketch, name);
  });
  const parts = [element("fieldset", { class: "picks", "data-setting": "data" }, element("legend", {}, "Points"), ...picks)];
  if (own === "formula") {
    parts.push(text("formula", "Formula in x and y", {}, true));
    parts.push(help("y > x^2 makes two classes; sin(3*x)*y is a number to learn; of x alone, a curve. x and y are between -1 and 1."));
  }
  if (own === "csv") {
    const file = element("input", { type: "file", accept: ".csv,.tsv,.txt,.json,.jsonl,.gz", onchange: (event) => take(event.target.files[0]) });
    parts.push(field("csv", table ? `File: ${table.name}` : "File (or drop one on the page)", file, true));
    parts.push(text("target", "Column to learn", { placeholder: "the last one" }));
    const list = element("datalist", { id: "features" }, ...(built[0]?.features ?? []).map((name) => element("option", { value: name })));
    parts.push(text("look", "Two inputs to look at", { placeholder: "the first two", list: "features" }), list);
    parts.push(help("It stays on this machine: the page has no way to send it anywhere."));
  }
  const random = !["drawn", "digits", "csv"].includes(own);
  if (random) {
    parts.push(number("samples", "How many", { min: 4, max: 5000, step: 50 }));
    parts.push(number("noise", "Noise", { min: 0, max: 2, step: 0.05 }));
  }
  parts.push(number("test-fraction", "Held out", { min: 0, max: 0.9, step: 0.1 }));
  parts.push(number("seed", "Seed", { min: 0, step: 1 }));
  return parts;
}

function networkControls() {
  return [
    text("hidden", "Hidden layers", { placeholder: "none" }),
    help("Widths with commas, as in 8,8; or by + and − in the picture, where each layer also has its activation."),
    pick("init", "Weights start", choices.init),
    help(choices.init.find((own) => own.name === setting("init"))?.doc ?? ""),
    number("dropout", "Dropout", { min: 0, max: 0.95, step: 0.05 }),
  ];
}

function trainingControls() {
  const optimizer = choices.optimizer.find((own) => own.name === setting("optimizer"));
  const loss = setting("loss");
  const losses = [{ name: "usual", doc: "the one that fits the data", label: "usual" }, ...choices.loss];
  const parts = [
    pick("loss", "Loss", losses),
    help(lossWords(loss)),
    pick("optimizer", "Optimiser", choices.optimizer),
  ];
  const names = { lr: "Learning rate" };
  const [rate, ...others] = optimizer?.settings ?? [];
  const one = (known) => {
    const label = names[known.name] ?? known.name.replaceAll("_", " ");
    const title = `${known.doc} It is ${known.allowed}.`;
    if (known.kind !== "flag") return text(known.name, label, { title, inputmode: "decimal" });
    return pick(known.name, label, [{ name: "false", label: "no", doc: title }, { name: "true", label: "yes", doc: title }]);
  };
  if (rate) parts.push(one(rate));
  if (others.length > 0) {
    const set = others.some((known) => settings.has(known.name));
    const more = element("details", { id: "g-hyper" }, element("summary", {}, `More of ${optimizer.name}`), ...others.map(one));
    more.open = set || moreOpen;
    more.addEventListener("toggle", () => { moreOpen = more.open; });
    parts.push(more);
  }
  parts.push(
    scheduleControl(),
    number("batch", "Batch", { min: 1, max: 5000, step: 1 }),
    number("epochs", "Epochs planned", { min: 1, step: 10, title: "how long the schedule is, and the command" }),
    number("l1", "L1", { min: 0, step: 0.001, title: "adds l1 · Σ|w| to what is made small" }),
    number("l2", "L2", { min: 0, step: 0.001, title: "adds l2/2 · Σw² to what is made small" }),
    number("clip-norm", "Clip gradient at", { min: 0, step: 0.5, title: "the most its norm may be; 0 for any" }),
  );
  return parts;
}
let moreOpen = false;

function lossWords(loss) {
  const name = loss === "usual" ? built[0]?.usual_loss : loss;
  const doc = choices.loss.find((own) => own.name === name)?.doc ?? "";
  return loss === "usual" && name ? `${name.replaceAll("_", " ")}: ${doc}` : doc;
}

function scheduleControl() {
  const list = element("datalist", { id: "schedules" }, ...choices.schedule.map((name) => element("option", { value: name })));
  const control = text("schedule", "Schedule", { list: "schedules", title: `one of ${choices.schedule.join(", ")}, with settings as in cosine:eta_min=0.001` });
  control.append(list);
  return control;
}

// The settings that a second network may have otherwise: the data is the same.
const VERSUS = ["batch", "lr", "optimizer", "momentum", "activation", "hidden", "init", "loss", "dropout", "schedule", "l1", "l2", "clip-norm"];

function versusControls() {
  const [name, value] = view.versus ? [view.versus.slice(0, view.versus.indexOf(":")), view.versus.slice(view.versus.indexOf(":") + 1)] : ["", ""];
  const set = (other, to) => {
    view.versus = other ? `${other}:${to}` : "";
    controls();
    rebuild();
  };
  const first = { batch: setting("batch") === "1" ? "100" : "1", optimizer: "sgd", momentum: "0.9", activation: "relu", hidden: "2", init: "zeros", loss: "mse", dropout: "0.3", schedule: "cosine", l1: "0.01", l2: "0.01", "clip-norm": "1", lr: "0.1" };
  const names = [["", "none"], ...VERSUS.map((own) => [own, own === "lr" ? "learning rate" : own.replaceAll("-", " ")])];
  const select = element("select", { onchange: (event) => set(event.target.value, first[event.target.value]) },
    ...names.map(([own, label]) => element("option", { value: own, selected: own === name }, label)));
  const parts = [field("versus", "What differs", select)];
  const known = { optimizer: choices.optimizer, activation: choices.activation, init: choices.init, loss: choices.loss }[name];
  if (known) {
    const options = known.map((own) => element("option", { value: own.name, selected: own.name === value }, own.name.replaceAll("_", " ")));
    parts.push(field("versus-value", "There it is", element("select", { onchange: (event) => set(name, event.target.value) }, ...options)));
  } else if (name) {
    parts.push(field("versus-value", "There it is", element("input", { type: "text", value, onchange: (event) => set(name, event.target.value.trim()) })));
  }
  parts.push(help("The same points, the same seed, one other setting: batch 1 against 100, with and without momentum, sigmoid against relu."));
  return parts;
}

// A file that was chosen or dropped.
async function take(file) {
  if (!file) return;
  if (file.size > 20e6) {
    problem(`${file.name}: the file has ${(file.size / 1e6).toFixed(0)} MB\n  hint: the page takes up to 20 MB; gradtape train takes any`);
    return;
  }
  table = { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  settings.delete("target");
  settings.delete("look");
  settings.set("data", "csv");
  controls();
  rebuild();
}
