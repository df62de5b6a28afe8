// The drawing of the network: units as small maps of what they answer to, edges between them.
const MOST_SHOWN = 12;
let shownNetwork = 0;
let chosen = null;
let drawing = null;

const EDGES = [
  ["0", "weight", "Width: the size of the weight. Solid blue adds, dashed orange takes away."],
  ["1", "gradient", "Width: the size of the gradient for the next batch. Solid blue: positive, dashed orange: negative."],
  ["2", "last step", "Width: how much the last step changed the weight. Solid blue: up, dashed orange: down."],
];

function edgeControls() {
  const radios = EDGES.map(([value, name]) => element("label", {}, element("input", {
    type: "radio", name: "edges", value, checked: view.edges === value,
    onchange: () => { view.edges = value; writeAddress(); tellEdges(); send({ type: "look", look: { edges: Number(value) } }); },
  }), name));
  byId("edges").replaceChildren(element("legend", {}, "Edges"), ...radios);
  tellEdges();
  const which = byId("which");
  which.hidden = built.length < 2;
  which.replaceChildren(element("legend", {}, "Shown"), ...built.map((_, number) => element("label", {}, element("input", {
    type: "radio", name: "which", checked: number === shownNetwork, onchange: () => { shownNetwork = number; chosen = null; networkOf(); drawNetwork(); healthOf(); },
  }), "AB"[number])));
}

function tellEdges() {
  byId("edges-told").textContent = EDGES.find(([value]) => value === view.edges)?.[2] ?? "";
}

// Builds the columns; numbers come later.
function networkOf() {
  const own = built[shownNetwork];
  const place = byId("layers");
  const layers = own.sizes.length;
  const imageRows = own.image && own.sizes[0];
  const shown = own.sizes.map((count, layer) => (imageRows && layer === 0 ? 1 : Math.min(count, MOST_SHOWN)));
  const narrow = place.clientWidth < 520;
  const width = Math.max(place.clientWidth || 600, (narrow ? 90 : 116) * layers);
  const left = narrow ? 46 : 96;
  const right = narrow ? 46 : 70;
  const gap = (width - left - right) / Math.max(1, layers - 1);
  const top = 92;
  const most = Math.max(...shown);
  const size = Math.max(22, Math.min(44, Math.floor(360 / most) - 6));
  const height = top + most * (size + 8) + 26;
  const net = element("div", { class: narrow ? "net narrow" : "net", role: "group", "aria-label": "Units, from the inputs to the outputs" });
  net.style.height = `${height}px`;
  net.style.width = `${width}px`;
  const canvas = element("canvas", { "aria-hidden": "true" });
  net.append(canvas);
  drawing = { canvas, width, height, units: [], edges: [], size, own };
  for (let layer = 0; layer < layers; layer++) {
    const x = left + gap * layer;
    net.append(header(layer, own, x));
    const count = shown[layer];
    const start = top + (most - count) * (size + 8) / 2;
    const column = [];
    for (let unit = 0; unit < count; unit++) {
      const y = start + unit * (size + 8);
      const button = unitButton(layer, unit, own);
      Object.assign(button.style, { left: `${x - size / 2}px`, top: `${y}px`, width: `${size}px`, height: `${size}px` });
      net.append(button);
      const name = layer === 0 ? (imageRows ? "pixels" : own.features[unit]) : layer === layers - 1 ? outputName(own, unit) : null;
      if (name) {
        const tag = element("span", { class: layer === 0 ? "name" : "name right", "aria-hidden": "true", title: name }, name);
        Object.assign(tag.style, { left: `${layer === 0 ? x - size / 2 : x + size / 2}px`, top: `${y + size / 2}px` });
        net.append(tag);
      }
      column.push({ x, y: y + size / 2, button, canvas: button.querySelector("canvas") });
    }
    if (count < own.sizes[layer] && !(imageRows && layer === 0)) {
      const more = element("span", { class: "name", "aria-hidden": "true" }, `and ${own.sizes[layer] - count} more`);
      Object.assign(more.style, { left: `${x}px`, top: `${start + count * (size + 8) + 8}px`, transform: "translate(-50%, -50%)", maxWidth: "none", padding: "0" });
      net.append(more);
    }
    drawing.units.push(column);
  }
  place.replaceChildren(net);
  canvas.addEventListener("click", (event) => {
    const box = canvas.getBoundingClientRect();
    const edge = nearest((event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height);
    if (edge) choose({ stage: edge.layer, unit: edge.to, input: edge.from });
  });
}

const outputName = (own, unit) => (own.classes && own.sizes.at(-1) > 1 ? own.classes[unit] : own.classes ? `${own.classes[1]}?` : "value");

function header(layer, own, x) {
  const last = layer === own.sizes.length - 1;
  const box = element("div", { class: "layer" });
  box.style.left = `${x}px`;
  const count = own.sizes[layer];
  if (layer === 0) box.append(element("strong", {}, "Inputs"), String(count));
  else if (last) box.append(element("strong", {}, count === 1 ? "Output" : "Outputs"), String(count));
  else {
    box.append(element("strong", {}, `Hidden ${layer}`));
    if (shownNetwork === 0) box.append(counter(layer, count), formPick(layer));
    else box.append(`${count}`, own.activations[layer - 1]);
  }
  if (layer === 0 && shownNetwork === 0) box.append(layerCounter());
  return box;
}

function setWidths(all, forms) {
  const same = forms.every((own) => own === forms[0]);
  put("hidden", all.length ? all.join(",") : "none");
  put("activation", forms.length === 0 ? usual("activation") : same ? forms[0] : forms.join(","));
  controls();
  rebuild();
}

function layerCounter() {
  const [all, forms] = [widths(), activations()];
  const more = () => setWidths([...all, all.at(-1) ?? 4], [...forms, forms.at(-1) ?? usual("activation")]);
  const less = () => setWidths(all.slice(0, -1), forms.slice(0, -1));
  return element("span", { class: "count" },
    element("button", { type: "button", id: "layers-less", "aria-label": "one hidden layer less", disabled: all.length === 0, onclick: less }, "−"),
    element("span", { class: "word" }, "layers"),
    element("button", { type: "button", id: "layers-more", "aria-label": "one hidden layer more", disabled: all.length >= 6, onclick: more }, "+"));
}

function counter(layer, count) {
  const change = (by) => {
    const all = widths();
    all[layer - 1] += by;
    setWidths(all, activations());
  };
  return element("span", { class: "count" },
    element("button", { type: "button", id: `less-${layer}`, "aria-label": `one unit less in hidden layer ${layer}`, disabled: count <= 1, onclick: () => change(-1) }, "−"),
    String(count),
    element("button", { type: "button", id: `more-${layer}`, "aria-label": `one unit more in hidden layer ${layer}`, disabled: count >= 32, onclick: () => change(1) }, "+"));
}

function formPick(layer) {
  const forms = activations();
  const options = choices.activation.map(({ name, doc }) => element("option", { value: name, title: doc, selected: name === forms[layer - 1] }, name.replaceAll("_", " ")));
  return element("select", {
    id: `form-${layer}`, "aria-label": `activation of hidden layer ${layer}`,
    onchange: (event) => { forms[layer - 1] = event.target.value; setWidths(widths(), forms); },
  }, ...options);
}

function unitButton(layer, unit, own) {
  if (layer === 0) {
    const tag = element("div", { class: "unit" }, element("canvas", { "aria-hidden": "true" }));
    return tag;
  }
  const last = layer === own.sizes.length - 1;
  const name = last ? `output ${unit + 1}, ${outputName(own, unit)}` : `unit ${unit + 1} of hidden layer ${layer}`;
  return element("button", { type: "button", class: "unit", "aria-label": `${name}: show its chain rule`, title: name, id: `u-${layer}-${unit}`,
    onclick: () => choose({ stage: layer - 1, unit, input: null }) }, element("canvas", { "aria-hidden": "true" }));
}

function choose(what) {
  chosen = what;
  document.querySelectorAll(".unit.on").forEach((own) => own.classList.remove("on"));
  drawing?.units[what.stage + 1]?.[what.unit]?.button.classList.add("on");
  drawEdges();
  send({ type: "chain", chain: { session: shownNetwork, ...what, input: what.input ?? -1, row: chainRow } });
}

// Where the weights of a stage begin among all numbers.
function stageStart(own, stage) {
  let start = 0;
  for (let i = 0; i < stage; i++) start += (own.sizes[i] + 1) * own.sizes[i + 1];
  return start;
}

function drawNetwork() {
  if (!drawing) return;
  drawMaps();
  drawEdges();
}

function drawMaps() {
  const { own, units } = drawing;
  const maps = frames[shownNetwork]?.maps;
  if (!maps) return;
  const first = own.image ? own.image[0] * own.image[1] : null;
  if (own.image) {
    const largest = maps.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    for (const { canvas } of units.slice(2).flat()) pixels(canvas, 1, 1, () => mix(paper, ink, 0.07));
    if (images) pixels(units[0][0].canvas, own.image[1], own.image[0], (cell) => mix(paper, ink, images[cell]));
    units[1].forEach(({ canvas }, unit) => pixels(canvas, own.image[1], own.image[0], (cell) => signed(maps[unit * first + cell] / largest)));
    return;
  }
  const side = MAP_SIDE;
  const cells = own.features.length === 1 ? side : side * side;
  units[0].forEach(({ canvas }, input) => {
    const axis = own.axes.findIndex((axis) => axis.input === input);
    if (axis < 0) pixels(canvas, 1, 1, () => mix(paper, ink, 0.12));
    else pixels(canvas, side, side, (cell) => signed(axis === 0 ? 2 * (cell % side) / (side - 1) - 1 : 1 - 2 * Math.floor(cell / side) / (side - 1)));
  });
  let at = 0;
  for (let layer = 1; layer < units.length; layer++) {
    for (let unit = 0; unit < own.sizes[layer]; unit++, at += cells) {
      const canvas = units[layer][unit]?.canvas;
      if (!canvas) continue;
      let largest = 1e-9;
      for (let cell = 0; cell < cells; cell++) largest = Math.max(largest, Math.abs(maps[at + cell]));
      const start = at;
      if (cells === side) pixels(canvas, side, 1, (cell) => signed(maps[start + cell] / largest));
      else pixels(canvas, side, side, (cell) => signed(maps[start + cell] / largest));
    }
  }
}

function drawEdges() {
  const { canvas, width, height, units, own, size } = drawing;
  const weights = frames[shownNetwork]?.weights;
  const scale = Math.min(2, devicePixelRatio || 1);
  if (canvas.width !== Math.round(width * scale)) [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  drawing.edges = [];
  if (!weights) return;
  let largest = 1e-12;
  const all = [];
  for (let stage = 0; stage + 1 < own.sizes.length; stage++) {
    const start = stageStart(own, stage);
    const from = own.image && stage === 0 ? 0 : units[stage].length;
    for (let to = 0; to < units[stage + 1].length; to++) {
      if (from === 0) {
        let sum = 0;
        for (let i = 0; i < own.sizes[0]; i++) sum += weights[start + to * own.sizes[0] + i] ** 2;
        all.push([stage, 0, to, Math.sqrt(sum / own.sizes[0])]);
      }
      for (let i = 0; i < from; i++) all.push([stage, i, to, weights[start + to * own.sizes[stage] + i]]);
    }
  }
  for (const [, , , value] of all) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  const paths = new Map();
  for (const [stage, from, to, value] of all) {
    const [a, b] = [units[stage][from], units[stage + 1][to]];
    const [x1, x2] = [a.x + size / 2, b.x - size / 2];
    const middle = (x1 + x2) / 2;
    const edge = { layer: stage, from, to, value, x1, y1: a.y, x2, y2: b.y, middle };
    drawing.edges.push(edge);
    const level = Math.round(8 * Math.abs(value) / largest);
    const key = `${value < 0 ? "-" : "+"}${level}`;
    if (!paths.has(key)) paths.set(key, new Path2D());
    const path = paths.get(key);
    path.moveTo(x1, a.y);
    path.bezierCurveTo(middle, a.y, middle, b.y, x2, b.y);
  }
  for (const [key, path] of paths) {
    const negative = key[0] === "-";
    context.strokeStyle = rgb(negative ? minus : plus);
    context.lineWidth = 0.6 + 0.55 * Number(key.slice(1));
    context.setLineDash(negative ? [5, 3] : []);
    context.stroke(path);
  }
  const on = chosen && chosen.input !== null && drawing.edges.find((edge) => edge.layer === chosen.stage && edge.to === chosen.unit && edge.from === chosen.input);
  if (on) {
    context.setLineDash([]);
    context.strokeStyle = rgb(ink);
    context.lineWidth = 2.5;
    context.beginPath();
    context.moveTo(on.x1, on.y1);
    context.bezierCurveTo(on.middle, on.y1, on.middle, on.y2, on.x2, on.y2);
    context.stroke();
  }
}

// The edge under a point of the drawing, if one is near.
function nearest(x, y) {
  let best = null;
  let least = 9;
  for (const edge of drawing.edges) {
    if (x < edge.x1 || x > edge.x2) continue;
    for (let step = 0; step <= 20; step++) {
      const t = step / 20;
      const [px, py] = along(edge, t);
      const away = Math.hypot(px - x, py - y);
      if (away < least) [least, best] = [away, edge];
    }
  }
  return best && !(drawing.own.image && best.layer === 0) ? best : null;
}

function along(edge, t) {
  const s = 1 - t;
  const of = (a, b, c, d) => s * s * s * a + 3 * s * s * t * b + 3 * s * t * t * c + t * t * t * d;
  return [of(edge.x1, edge.middle, edge.middle, edge.x2), of(edge.y1, edge.y1, edge.y2, edge.y2)];
}
