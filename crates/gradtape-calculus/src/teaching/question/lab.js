// Starts are moved in the picture or by their fields; optimisers, noise and steps by theirs.
let drawn = JSON.parse(byId("data").textContent);
const names = (question) => question.from[0].map(([name]) => name);
const MOST = { starts: 6, runs: 6 };

page.shape = (question) => JSON.stringify([question.from.map((start) => start.map(([name]) => name)), question.runs.map((run) => [run.optimizer, Object.keys(run.settings)])]);

page.show = (parts) => {
  drawn = JSON.parse(parts.data);
  document.title = asked.expr;
  handles();
  writeAddress();
};

// A handle on each start: dragged, or moved by the arrow keys.
function handles() {
  const place = byId("handles");
  const runs = asked.runs.length;
  while (place.children.length > asked.from.length) place.lastChild.remove();
  asked.from.forEach((start, number) => {
    const own = place.children[number] ?? place.appendChild(handle(number));
    const at = drawn.starts[number * runs];
    const { left, right, top, bottom, x, y } = drawn.window;
    const share = (value, [low, high]) => (value - low) / (high - low);
    const [across, up] = at ? [share(at[0], x), share(at[1], y)] : [NaN, NaN];
    own.firstChild.hidden = asked.from.length < 2;
    own.hidden = !(across >= -0.01 && across <= 1.01 && up >= -0.01 && up <= 1.01);
    own.style.left = `${100 * (left + across * (right - left))}%`;
    own.style.top = `${100 * (bottom - up * (bottom - top))}%`;
    own.disabled = !alive;
    own.setAttribute("aria-label", `Start ${number + 1}: ${pairs(start).replaceAll(",", ", ")}; arrow keys move it`);
  });
}

function handle(number) {
  const own = element("button", { type: "button" }, element("span", { "aria-hidden": "true" }, String(number + 1)));
  own.addEventListener("pointerdown", (event) => {
    own.setPointerCapture(event.pointerId);
    // The picture stands still while a start is moved in it.
    hold();
  });
  own.addEventListener("pointermove", (event) => {
    if (!own.hasPointerCapture(event.pointerId)) return;
    const box = byId("plane").getBoundingClientRect();
    const { left, right, top, bottom, x, y } = drawn.window;
    const across = ((event.clientX - box.left) / box.width - left) / (right - left);
    const up = (bottom - (event.clientY - box.top) / box.height) / (bottom - top);
    const at = (share, [low, high]) => round(low + Math.min(Math.max(share, 0), 1) * (high - low), high - low);
    put(number, [at(across, x), at(up, y)]);
  });
  const release = () => {
    if (held === null) return;
    asked.range = held;
    held = null;
    ask();
  };
  own.addEventListener("pointerup", release);
  own.addEventListener("pointercancel", release);
  own.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!by) return;
    event.preventDefault();
    const ends = [drawn.window.x, drawn.window.y];
    put(number, asked.from[number].map(([, value], axis) => (axis < 2 ? round(value + by[axis] * (ends[axis][1] - ends[axis][0]) / 50, ends[axis][1] - ends[axis][0]) : value)));
  });
  return own;
}

let held = null;
function hold() {
  held ??= asked.range;
  const ends = [drawn.window.x, drawn.window.y];
  asked.range = names(asked).slice(0, 2).map((name, axis) => [name, ...ends[axis]]);
}

// To a thousandth of what the picture shows.
function round(value, wide) {
  const unit = 10 ** Math.floor(Math.log10(wide / 200));
  return Number((Math.round(value / unit) * unit).toPrecision(12));
}

function put(number, at) {
  asked.from[number].forEach((pair, axis) => { if (axis < at.length) pair[1] = at[axis]; });
  asked.from[number].forEach(([name, value]) => {
    const field = byId(`f-${name}-of-start-${number + 1}`);
    if (field && field !== document.activeElement) {
      field.value = value;
      field.dispatchEvent(new Event("follow"));
    }
  });
  ask();
}

function button(label, act, hidden = false) {
  return hidden ? null : element("button", { type: "button", onclick: () => {
    act();
    page.fields();
    ask();
  } }, label);
}

// A number without a slider.
function few(label, value, changed, attributes = {}) {
  const seen = label.replace(/ of \d+$/, "");
  const id = `f-${label.replace(/\W+/g, "-")}`;
  const input = element("input", { type: "number", step: "any", id, value, autocomplete: "off", ...attributes });
  input.addEventListener("input", () => {
    const at = input.valueAsNumber;
    const fits = Number.isFinite(at) && input.checkValidity();
    input.toggleAttribute("aria-invalid", !fits);
    if (fits) changed(at);
    else problem(`${label} needs a number${attributes.step === "1" ? " without a fraction" : ""}${attributes.min ? ` from ${attributes.min}` : ""}${attributes.max ? ` to ${attributes.max}` : ""}`);
  });
  return element("div", { class: "few" }, labelled(id, label, seen), input);
}

function startFields(start, number) {
  const rows = start.map((pair) => slid(`${pair[0]} of start ${number + 1}`, pair[1], (to) => {
    pair[1] = to;
    ask();
  }, { seen: pair[0] }));
  const without = button(`Without start ${number + 1}`, () => asked.from.splice(number, 1), asked.from.length < 2);
  return element("fieldset", {}, element("legend", {}, `Start ${number + 1}`), ...rows, without);
}

function runFields(run, number) {
  const known = (name) => choices.optimizers.find((own) => own.name === name);
  const select = element("select", { "aria-label": `Optimiser ${number + 1}` },
    ...choices.optimizers.map((own) => element("option", { value: own.name, selected: own.name === run.optimizer }, own.name)));
  select.addEventListener("change", () => {
    const lr = known(select.value).settings.find((own) => own.name === "lr");
    asked.runs[number] = { optimizer: select.value, settings: lr ? { lr: lr.value } : {} };
    page.fields();
    ask();
  });
  const set = (name, to) => {
    run.settings[name] = to;
    ask();
  };
  const fields = (known(run.optimizer)?.settings ?? []).flatMap(({ name, doc, value }) => {
    const now = run.settings[name] ?? value;
    const label = `${name.replaceAll("_", " ")} of ${number + 1}`;
    if (name === "lr") return [slid(`rate of ${number + 1}`, now, (to) => set(name, to), { low: 0, high: 2 * Math.max(now, 0.05), title: doc, seen: "rate" })];
    if (name === "momentum") return [slid(label, now, (to) => set(name, to), { low: 0, high: 0.99, title: doc, seen: "momentum" })];
    if (Array.isArray(now)) {
      const both = [...now];
      return both.map((one, place) => few(`${name.replace(/s$/, "")}${place + 1} of ${number + 1}`, one, (to) => {
        both[place] = to;
        set(name, both);
      }, { title: doc }));
    }
    return [few(label, now, (to) => set(name, to), { title: doc })];
  });
  const [first, more] = [fields.filter((own) => own.className === "slid"), fields.filter((own) => own.className !== "slid")];
  const rest = more.length > 0 ? element("details", {}, element("summary", {}, `More of ${run.optimizer}`), ...more) : null;
  const without = button(`Without optimiser ${number + 1}`, () => asked.runs.splice(number, 1), asked.runs.length < 2);
  return element("fieldset", {}, element("legend", {}, `Optimiser ${number + 1}`), select, ...first, rest, without);
}

page.fields = () => {
  const set = (name) => (to) => {
    asked[name] = to;
    ask();
  };
  const another = button("Another start", () => {
    const last = asked.from.at(-1);
    const ends = [drawn.window.x, drawn.window.y];
    asked.from.push(last.map(([name, value], axis) => [name, axis < 2 ? round(ends[axis][0] + ends[axis][1] - value, ends[axis][1] - ends[axis][0]) : value]));
  }, asked.from.length >= MOST.starts);
  const other = button("Another optimiser", () => {
    const rate = asked.runs.at(-1).settings.lr ?? 0.01;
    const free = choices.optimizers.find((own) => asked.runs.every((run) => run.optimizer !== own.name)) ?? choices.optimizers[0];
    asked.runs.push({ optimizer: free.name, settings: { lr: rate } });
  }, asked.runs.length >= MOST.runs);
  fields(
    formulaField(),
    ...asked.from.map(startFields),
    ...asked.runs.map(runFields),
    element("fieldset", {}, element("legend", {}, "All"),
      few("steps", asked.steps, set("steps"), { min: 0, max: 20000, step: "1" }),
      slid("noise", asked.noise, set("noise"), { low: 0, high: Math.max(5, 2 * asked.noise) }),
      few("batch", asked.batch, set("batch"), { min: 1, step: "1" }),
      few("seed", asked.seed, set("seed"), { min: 0, step: "1" }),
      few("tolerance", asked.tolerance, set("tolerance"), { min: 0 }),
      another, other),
  );
  handles();
};
begin();
