// What is chosen, as it stands in the address: the settings of the library's session, and how they are looked at.
const settings = new Map();
// What only the page knows: the setting of the second network, what edges show, how fast, how many steps to begin with.
const PAGE = ["versus", "edges", "speed", "run"];
const view = { versus: "", edges: "0", speed: "10", run: "0" };
let choices = null;

// Each is a sentence of the book's chapter on this page, by its address.
const LESSONS = [
  ["One line does not divide xor", "data=xor&noise=0&hidden=none"],
  ["Four units do", "data=xor&noise=0&hidden=4&lr=0.03"],
  ["Units that start alike stay alike", "init=zeros&hidden=4&lr=0.05"],
  ["Gradients vanish in many sigmoids", "data=circles&hidden=8,8,8,8,8,8&activation=sigmoid&optimizer=sgd"],
  ["With relu they come through", "data=circles&hidden=8,8,8,8,8,8&activation=relu&init=kaiming_normal&optimizer=sgd"],
  ["A batch of 1 is restless", "noise=0.25&optimizer=sgd&lr=0.3&batch=1&versus=batch:100"],
  ["Momentum is sooner there", "data=circles&noise=0.05&optimizer=sgd&lr=0.05&batch=100&versus=momentum:0.9"],
  ["Learned by heart", "samples=60&noise=0.4&test-fraction=0.5&hidden=32,32&lr=0.02&batch=30&versus=l2:0.02"],
  ["A rate that is too large", "data=formula&formula=sin(3*x)&optimizer=sgd&activation=linear&lr=3"],
  ["Dead units", "activation=relu&optimizer=sgd&lr=10"],
  ["Two arms", "data=spiral&noise=0.02&hidden=16,16&lr=0.02"],
  ["A curve", "data=formula&formula=sin(3*x)&hidden=8&lr=0.02"],
  ["Handwritten digits", "data=digits&hidden=32&activation=relu"],
];
let table = null;

function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// The value of a setting: what is set, else the default.
function setting(name) {
  return settings.get(name) ?? choices.defaults[name] ?? hyperOf(setting("optimizer"), name)?.default ?? "";
}

function hyperOf(optimizer, name) {
  return choices.optimizer.find((own) => own.name === optimizer)?.settings.find((own) => own.name === name);
}

function usual(name) {
  return choices.defaults[name] ?? hyperOf(setting("optimizer"), name)?.default;
}

function put(name, value) {
  if (value === usual(name)) settings.delete(name);
  else settings.set(name, value);
}

// Lines as the library reads them.
function lines(map) {
  return [...map].map(([name, value]) => `${name}=${value}`).join("\n");
}

// The lines of the second network: those of the first with one other.
function versusLines() {
  const cut = view.versus.indexOf(":");
  if (cut < 1) return null;
  const other = new Map(settings);
  const [name, value] = [view.versus.slice(0, cut), view.versus.slice(cut + 1)];
  other.set(name, value);
  if (name === "optimizer") forgetHyper(other, value);
  if (name === "hidden") cutActivations(other);
  return lines(other);
}

// What another optimiser does not have is not set of it, and its rate is its own.
function forgetHyper(map, optimizer) {
  const known = choices.optimizer.find((own) => own.name === optimizer);
  const all = new Set(choices.optimizer.flatMap((own) => own.settings.map((one) => one.name)));
  for (const name of [...map.keys()]) {
    const has = known?.settings.some((one) => one.name === name);
    if (all.has(name) && (!has || name === "lr")) map.delete(name);
  }
}

function widths() {
  const text = setting("hidden");
  return text === "none" || text === "" ? [] : text.split(",").map(Number);
}

function activations() {
  const all = setting("activation").split(",");
  return widths().map((width, layer) => all[Math.min(layer, all.length - 1)]);
}

function cutActivations(map) {
  const count = (map.get("hidden") ?? "8,8").split(",").length;
  const all = (map.get("activation") ?? choices.defaults.activation).split(",");
  if (all.length > count) map.set("activation", all.slice(0, count).join(","));
}

// The settings of an address after its #, or those the page was made with.
function readAddress() {
  settings.clear();
  Object.assign(view, { versus: "", edges: "0", speed: "10", run: "0" });
  const own = location.hash.slice(1);
  const pairs = own
    ? [...new URLSearchParams(own)]
    : OPENED.split("\n").filter(Boolean).map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  for (const [name, value] of pairs) {
    if (PAGE.includes(name)) view[name] = value;
    else settings.set(name, value);
  }
}

function writeAddress() {
  const pairs = [...settings];
  if (view.versus) pairs.push(["versus", view.versus]);
  if (view.edges !== "0") pairs.push(["edges", view.edges]);
  if (view.speed !== "10") pairs.push(["speed", view.speed]);
  const own = new URLSearchParams(pairs).toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  history.replaceState(null, "", own ? `#${own}` : location.pathname + location.search);
}

// Numbers as people read them.
function short(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size < 1e-3 || size >= 1e5 ? value.toExponential(1) : String(Number(value.toPrecision(digits)));
}
const percent = (share) => (share === null || share === undefined ? "–" : `${(100 * share).toFixed(1)} %`);
