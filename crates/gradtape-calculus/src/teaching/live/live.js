// Asks the library, which is in this page, again whenever something changes. At most one question is on its way.
const written = JSON.parse(byId("asked").textContent);
let asked = structuredClone(written);
const choices = JSON.parse(byId("choices").textContent);
let worker = null;
let [alive, busy, waits] = [false, false, false];
// What the page does with an answer, and what else stands in its address.
const page = { show: () => {}, fields: () => {}, address: () => [] };
// What tests and teachers' own scripts may look at.
const answering = { ready: false, answers: 0, told: 0, parts: null, asked: () => asked, command: () => byId("command")?.textContent };
window.answering = answering;

function ask() {
  writeAddress();
  waits = true;
  if (!alive || busy) return;
  [busy, waits] = [true, false];
  worker.postMessage({ type: "answer", question: JSON.stringify(asked) });
}

function problem(words) {
  const place = byId("problem");
  place.hidden = words === null;
  place.textContent = words ?? "";
}

// The next question is asked once the answer before can be seen.
function next() {
  requestAnimationFrame(() => {
    busy = false;
    if (waits) ask();
  });
}

const told = {
  ready: () => {
    alive = true;
    for (const own of document.querySelectorAll(":disabled")) own.disabled = false;
    answering.ready = true;
    if (waits) ask();
  },
  answer: ({ parts }) => {
    problem(parts.warning || null);
    for (const [name, markup] of Object.entries(parts)) {
      const place = document.querySelector(`[data-part="${name}"]`);
      if (place && place.innerHTML !== markup) place.innerHTML = markup;
    }
    page.show(parts);
    const settled = JSON.parse(parts.asked);
    // Variables may have come or gone with the formula. What was changed meanwhile is newer than the answer.
    if (!waits && page.shape(settled) !== page.shape(asked)) {
      asked = settled;
      page.fields();
    }
    answering.parts = parts;
    answering.answers += 1;
    next();
  },
  problem: ({ text }) => {
    problem(text);
    answering.told += 1;
    next();
  },
  broken: ({ text }) => stays(`the library cannot be loaded: ${text}`),
};

// What cannot be changed is told, and shown as it was written.
function stays(why) {
  problem(`Nothing can be changed here: ${why}.\n  hint: the page shows what it was written with`);
}

function begin() {
  page.fields();
  for (const own of byId("fields").querySelectorAll("input, select, button")) own.disabled = true;
  const why = lacks(false);
  if (why) {
    stays(why);
    return;
  }
  worker = library(byId("worker").textContent, byId("module").textContent, (message) => told[message.type](message));
  if (readAddress()) ask();
}

// In the address stands what differs from what the page was written with: numbers of variables as in a=2,b=1, starts
// with `;` between, anything else as JSON.
const isPairs = (value) => Array.isArray(value) && value.length > 0 && value.every((pair) => Array.isArray(pair) && typeof pair[0] === "string" && typeof pair[1] === "number");
const pairs = (value) => value.map(([name, number]) => `${name}=${number}`).join(",");

function inAddress(value) {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  if (isPairs(value)) return pairs(value);
  if (Array.isArray(value) && value.length > 0 && value.every(isPairs)) return value.map(pairs).join(";");
  return JSON.stringify(value);
}

function ofAddress(text, before) {
  const number = (word) => {
    const value = Number(word);
    if (word.trim() === "" || !Number.isFinite(value)) throw new Error(`${JSON.stringify(word)} is no number`);
    return value;
  };
  const list = (part) => part.split(",").map((pair) => [pair.split("=")[0], number(pair.slice(pair.indexOf("=") + 1))]);
  if (typeof before === "string") return text;
  if (typeof before === "number") return number(text);
  if (typeof before === "boolean") return text === "true";
  if (isPairs(before)) return list(text);
  if (Array.isArray(before) && before.length > 0 && before.every(isPairs)) return text.split(";").map(list);
  return JSON.parse(text);
}

function writeAddress() {
  const own = Object.keys(written).filter((name) => JSON.stringify(asked[name]) !== JSON.stringify(written[name]));
  const all = [...page.address(), ...own.map((name) => [name, inAddress(asked[name])])];
  const text = new URLSearchParams(all).toString().replaceAll("%2C", ",").replaceAll("%3D", "=").replaceAll("%3A", ":").replaceAll("%3B", ";");
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

// Whether the address asks for anything else than what is shown.
function readAddress() {
  const params = new URLSearchParams(location.hash.slice(1));
  const found = structuredClone(written);
  for (const [name, text] of params) {
    if (!(name in written)) continue;
    try {
      found[name] = ofAddress(text, written[name]);
    } catch (error) {
      problem(`The address has ${name}=${text}, which cannot be read: ${error.message}`);
      return false;
    }
  }
  if (JSON.stringify(found) === JSON.stringify(asked)) return false;
  asked = found;
  page.fields();
  return true;
}

// How far a slider reaches: to a round number, at least twice and a half as far as the number is.
function reach(value) {
  const size = Math.max(2.5 * Math.abs(value), 5);
  const unit = 10 ** Math.floor(Math.log10(size));
  return [1, 2, 5, 10].map((times) => times * unit).find((most) => most >= size);
}

// A number as a field and a slider. Where it is plain what it belongs to, only the first words of its label are seen.
function slid(label, value, changed, { low = null, high = null, title = null, seen = label } = {}) {
  const ends = (at) => [low ?? -reach(at), high ?? reach(at)];
  const id = `f-${label.replace(/\W+/g, "-")}`;
  const number = element("input", { type: "number", step: "any", id, value, title, autocomplete: "off" });
  const slider = element("input", { type: "range", "aria-label": `${label}, by slider`, autocomplete: "off" });
  const stretch = (at) => {
    const [from, to] = ends(at);
    if (at < Number(slider.min) || at > Number(slider.max) || slider.min === "") {
      [slider.min, slider.max, slider.step] = [from, to, (to - from) / 200];
    }
    slider.value = at;
  };
  stretch(value);
  number.addEventListener("input", () => {
    const at = number.valueAsNumber;
    number.toggleAttribute("aria-invalid", !Number.isFinite(at));
    if (!Number.isFinite(at)) {
      problem(`${label} needs a number`);
      return;
    }
    stretch(at);
    changed(at);
  });
  // The page wrote another number into the field.
  number.addEventListener("follow", () => stretch(number.valueAsNumber));
  slider.addEventListener("input", () => {
    number.value = slider.value;
    number.removeAttribute("aria-invalid");
    changed(Number(slider.value));
  });
  return element("div", { class: "slid" }, labelled(id, label, seen), number, slider);
}

function labelled(id, label, seen = label) {
  const rest = label.slice(seen.length);
  return element("label", { for: id }, seen, rest ? element("span", { class: "unseen" }, rest) : null);
}

// A text that is asked for as it is typed.
function worded(label, value, changed, attributes = {}) {
  const id = `f-${label.replace(/\W+/g, "-")}`;
  const input = element("input", { type: "text", id, value, spellcheck: "false", autocomplete: "off", ...attributes });
  input.addEventListener("input", () => changed(input.value));
  return element("div", { class: "worded" }, element("label", { for: id }, label), input);
}

// What is written in, put in place anew; what has the focus keeps it.
function fields(...children) {
  const focus = document.activeElement?.id;
  byId("fields").replaceChildren(...children);
  if (focus) byId(focus)?.focus();
}

// The formula stays the same element, so that the place in it is kept while it is written.
function formulaField() {
  const old = byId("f-formula");
  if (old && document.activeElement !== old) old.value = asked.expr;
  return old?.closest(".worded") ?? worded("formula", asked.expr, (to) => {
    asked.expr = to;
    ask();
  });
}

// A field and a slider for each variable of a point.
const pointFields = (at) => at.map((pair) => slid(pair[0], pair[1], (to) => {
  pair[1] = to;
  ask();
}));
