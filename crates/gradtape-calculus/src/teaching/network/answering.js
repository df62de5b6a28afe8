// Inputs, targets, weights and biases are tables of fields; one slider moves the number that was written in last.
page.shape = (question) => JSON.stringify([question.activations, question.loss, question.reduction]);
page.address = () => [["step", slider.value]];
let current = null;

page.show = (parts) => {
  const at = slider.valueAsNumber;
  const end = at === last || at === 0 || at > last;
  bind(JSON.parse(parts.data));
  show(end ? last : at);
  writeAddress();
};

function cell(name, rows, row, column) {
  // One row is a vector, whose numbers have one place.
  const place = rows.length === 1 && name.startsWith("b") ? `[${column + 1}]` : `[${row + 1},${column + 1}]`;
  const input = element("input", { type: "number", step: "any", value: rows[row][column], "aria-label": name + place, "data-cell": name + place, autocomplete: "off" });
  input.addEventListener("focus", () => take(input, name + place, (to) => { rows[row][column] = to; }));
  input.addEventListener("input", () => {
    const to = input.valueAsNumber;
    input.toggleAttribute("aria-invalid", !Number.isFinite(to));
    if (!Number.isFinite(to)) {
      problem(`${name + place} needs a number`);
      return;
    }
    rows[row][column] = to;
    take(input, name + place, current.put);
    ask();
  });
  return input;
}

// The slider is of this number from now on.
function take(input, name, put) {
  current = { input, put };
  const slider = byId("one");
  const most = reach(input.valueAsNumber || 0);
  if (byId("one-name").textContent !== name || Math.abs(input.valueAsNumber) > Number(slider.max)) {
    [slider.min, slider.max, slider.step] = [-most, most, most / 100];
  }
  byId("one-name").textContent = name;
  slider.setAttribute("aria-label", `${name}, by slider`);
  slider.value = input.value;
}

function matrix(name, rows, told) {
  const cells = rows.flatMap((row, at) => row.map((_, column) => cell(name, rows, at, column)));
  const grid = element("div", { class: "cells" }, ...cells);
  grid.style.gridTemplateColumns = `repeat(${rows[0].length}, minmax(4.6em, 7em))`;
  return element("fieldset", {}, element("legend", { title: told }, name), grid);
}

function choice(label, value, names, changed) {
  const select = element("select", { "aria-label": label }, ...names.map((name) => element("option", { value: name, selected: name === value }, name)));
  select.addEventListener("change", () => {
    changed(select.value);
    ask();
  });
  return element("label", { class: "few" }, `${label} `, select);
}

page.fields = () => {
  const one = element("input", { type: "range", id: "one", min: -5, max: 5, step: 0.05, autocomplete: "off" });
  one.addEventListener("input", () => {
    if (!current) return;
    current.input.value = one.value;
    current.put(Number(one.value));
    ask();
  });
  const several = asked.x.length > 1 ? "a row for each example" : "";
  byId("fields").replaceChildren(
    element("div", { class: "slid" }, element("span", { id: "one-name" }, "x[1,1]"), one),
    ...asked.activations.map((own, layer) => choice(`activation ${layer + 1}`, own, choices.activations, (to) => { asked.activations[layer] = to; })),
    choice("loss", asked.loss, choices.losses, (to) => { asked.loss = to; }),
    matrix("x", asked.x, `the inputs; ${several}`),
    ...asked.weights.map(([name, rows]) => matrix(name, rows, name.startsWith("W") ? "a row for each input, a column for each unit" : "one for each unit")),
    matrix("t", asked.target, `the targets; ${several}`),
  );
  const first = document.querySelector('[data-cell="x[1,1]"]');
  take(first, "x[1,1]", (to) => { asked.x[0][0] = to; });
};

// The weight of an edge that was clicked is moved by the slider.
picked = (text) => {
  const name = /^dL\/d(W\d+\[\d+,\d+\])/.exec(text)?.[1];
  const input = name && [...document.querySelectorAll("[data-cell]")].find((own) => own.dataset.cell === name);
  if (!input) return;
  const [, array, row, column] = /^(W\d+)\[(\d+),(\d+)\]/.exec(name);
  const rows = asked.weights.find(([own]) => own === array)[1];
  take(input, name, (to) => { rows[row - 1][column - 1] = to; });
};
address = writeAddress;
addressed = () => {
  if (answering.ready && readAddress()) ask();
};
begin();
