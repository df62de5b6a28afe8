// The plane with the points and what the network answers there; a curve of one input; images of digits.
const FIRST_POINTS = "8g8g09a9i08s7k07a8u0p0p01q4of1nuq01oaoo1";
let pictures = [];
let brush = "0";
let cursor = [0, 0];

function picturesOf() {
  const place = byId("pictures");
  pictures = built.map((own, number) => {
    const name = built.length > 1 ? (number === 0 ? "A, as set" : `B, with ${view.versus.replace(":", " = ")}`) : null;
    if (own.image) {
      const list = element("ul", { class: "digits" });
      const caption = element("figcaption", {}, name ? `${name}. ` : "", "Held-out images, each with what the network takes it for; a frame and an arrow mark what is wrong.");
      place.append(element("figure", {}, list, caption));
      return { list, name, points: null };
    }
    const canvas = element("canvas", { role: "img", tabindex: setting("data") === "drawn" ? "0" : null });
    const curve = own.features.length === 1;
    const [across, up] = own.axes;
    const ends = curve ? own.values : [up.from, up.to];
    const plane = element("div", { class: curve ? "plane curve" : "plane" },
      element("div", { class: "up" }, element("span", {}, short(ends[1])), element("span", {}, curve ? "value" : up.name), element("span", {}, short(ends[0]))),
      canvas,
      element("div", { class: "across" }, element("span", {}, short(across.from)), element("span", {}, across.name), element("span", {}, short(across.to))));
    place.append(element("figure", {}, plane, name ? element("figcaption", {}, name) : ""));
    if (setting("data") === "drawn" && number === 0) drawable(canvas);
    return { canvas, curve, name, small: document.createElement("canvas"), layer: document.createElement("canvas"), points: null, boundary: null };
  });
}

function clearPictures() { byId("pictures").replaceChildren(); }

// Draws what came: the boundary under the points.
function drawPicture(number) {
  const own = built[number];
  const picture = pictures[number];
  if (!picture) return;
  if (own.image) return drawDigits(number);
  const { canvas } = picture;
  const box = canvas.getBoundingClientRect();
  const scale = Math.min(2, devicePixelRatio || 1);
  const [width, height] = [Math.max(50, Math.round(box.width * scale)), Math.max(50, Math.round(box.height * scale))];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  context.fillStyle = rgb(paper);
  context.fillRect(0, 0, width, height);
  if (picture.boundary && !picture.curve) {
    paintBoundary(own, picture);
    context.imageSmoothingEnabled = true;
    context.drawImage(picture.small, 0, 0, width, height);
  }
  if (picture.points) context.drawImage(pointsOf(own, picture, width, height, scale), 0, 0);
  if (picture.boundary && picture.curve) drawCurve(context, own, picture, width, height, scale);
  if (document.activeElement === canvas && setting("data") === "drawn") drawCursor(context, width, height, scale);
}

// The points, which stay where they are, are drawn once.
function pointsOf(own, picture, width, height, scale) {
  const { layer, points } = picture;
  if (picture.drawn?.points !== points || layer.width !== width || picture.drawn.themes !== themes) {
    [layer.width, layer.height] = [width, height];
    drawPoints(layer.getContext("2d"), own, picture, width, height, scale);
    picture.drawn = { points, themes };
  }
  return layer;
}

function paintBoundary(own, picture) {
  const cells = picture.boundary;
  const side = Math.round(Math.sqrt(cells.length / 2));
  if (own.classes) {
    const colours = own.classes.map((_, number) => classColour(number));
    const pale = colours.map((colour) => Array.from({ length: 33 }, (_, step) => mix(paper, colour, 0.1 + 0.42 * step / 32)));
    pixels(picture.small, side, side, (cell) => pale[cells[2 * cell]]?.[Math.round(32 * Math.max(0, cells[2 * cell + 1]))] ?? paper);
  } else {
    const [middle, half] = middleOf(own);
    pixels(picture.small, side, side, (cell) => signed((cells[2 * cell] - middle) / half));
  }
}

const middleOf = ({ values: [least, most] }) => [(least + most) / 2, (most - least) / 2];

function drawPoints(context, own, picture, width, height, scale) {
  const { points } = picture;
  const count = points.length / 5;
  const r = scale * (count > 900 ? 2.4 : count > 300 ? 3.2 : 4.2);
  const [middle, half] = own.classes ? [0, 1] : middleOf(own);
  for (const wanted of [0, 1]) {
    const paths = new Map();
    for (let i = 0; i < points.length; i += 5) {
      if (points[i + 4] !== wanted) continue;
      const [x, y] = [points[i] * width, points[i + 1] * height];
      const key = own.classes ? points[i + 2] : Math.round(12 * (points[i + 2] - middle) / half);
      if (!paths.has(key)) paths.set(key, new Path2D());
      paths.get(key).addPath(new Path2D(shapePath(own.classes ? points[i + 2] : 0, x, y, r)));
    }
    for (const [key, path] of paths) {
      const colour = own.classes ? classColour(key) : mix(paper, key < 0 ? minus : plus, 0.25 + 0.75 * Math.min(1, Math.abs(key) / 12));
      // Those to learn from are full, with a margin of paper; those held out are hollow.
      context.lineWidth = scale * (wanted ? 1.7 : 2);
      context.fillStyle = rgb(wanted ? paper : colour);
      context.strokeStyle = rgb(wanted ? colour : own.classes ? paper : ink);
      if (!wanted) context.stroke(path);
      context.fill(path);
      if (wanted) context.stroke(path);
    }
  }
}

function drawCurve(context, own, picture, width, height, scale) {
  const [least, most] = own.values;
  const cells = picture.boundary;
  const count = cells.length / 2;
  context.beginPath();
  for (let i = 0; i < count; i++) {
    const [x, y] = [(i + 0.5) / count * width, (1 - (cells[2 * i] - least) / (most - least)) * height];
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.lineWidth = 3 * scale;
  context.strokeStyle = rgb(ink);
  context.stroke();
}

function drawDigits(number) {
  const picture = pictures[number];
  if (!images || !picture.points) return;
  const { list, points } = picture;
  const own = built[number];
  const [height, width] = own.image;
  const from = own.points[1] > 0 ? own.points[0] : 0;
  const many = Math.min(40, points.length / 5 - from);
  while (list.children.length < many) list.append(element("li", {}, element("canvas", { "aria-hidden": "true" }), element("span", {})));
  for (let i = 0; i < many; i++) {
    const row = from + i;
    const item = list.children[i];
    const [answer, told] = [points[5 * row + 2], points[5 * row + 3]];
    item.className = answer === told ? "" : "wrong";
    item.lastChild.textContent = answer === told ? own.classes[told] : `${own.classes[answer]} → ${own.classes[told]}`;
    pixels(item.firstChild, width, height, (cell) => mix(paper, ink, images[row * width * height + cell]));
  }
}

// Points are drawn with the mouse, or with the arrow keys and space.
function drawable(canvas) {
  const add = (x, y) => {
    const digits = (share) => Math.round(1295 * Math.min(1, Math.max(0, (2.16 * share - 0.08) / 2))).toString(36).padStart(2, "0");
    settings.set("points", setting("points") + digits(x) + digits(1 - y) + brush);
    redraw();
  };
  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    add(...last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const next = place(event);
    if (Math.hypot(next[0] - last[0], next[1] - last[1]) < 0.045) return;
    last = next;
    add(...next);
  });
  canvas.addEventListener("pointerup", () => { last = null; });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (move) cursor = cursor.map((own, i) => Math.min(0.98, Math.max(0.02, (own || 0.5) + 0.03 * move[i])));
    else if (event.key === " " || event.key === "Enter") add(...cursor.map((own) => own || 0.5));
    else return;
    event.preventDefault();
    event.stopPropagation();
    drawPicture(0);
  });
  canvas.addEventListener("focus", () => drawPicture(0));
  canvas.addEventListener("blur", () => drawPicture(0));
}

function drawCursor(context, width, height, scale) {
  const [x, y] = [(cursor[0] || 0.5) * width, (cursor[1] || 0.5) * height];
  context.strokeStyle = rgb(ink);
  context.lineWidth = 1.5 * scale;
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + 4 * scale * dx, y + 4 * scale * dy);
    context.lineTo(x + 12 * scale * dx, y + 12 * scale * dy);
  }
  context.stroke();
}

let redrawing = null;
function redraw() {
  clearTimeout(redrawing);
  redrawing = setTimeout(rebuild, 60);
}

function drawingControls() {
  const place = byId("drawing");
  place.hidden = setting("data") !== "drawn";
  if (place.hidden) return;
  const radios = ["0", "1", "2"].map((own) => element("label", {}, element("input", {
    type: "radio", name: "brush", value: own, checked: own === brush, onchange: () => { brush = own; },
  }), `class ${own}`));
  const undo = () => { settings.set("points", setting("points").slice(0, -5)); rebuild(); };
  const clear = () => { settings.set("points", ""); rebuild(); };
  place.replaceChildren(
    element("div", { class: "row" }, element("fieldset", { class: "seg" }, element("legend", {}, "Draw"), ...radios),
      element("button", { type: "button", onclick: undo }, "Undo"), element("button", { type: "button", onclick: clear }, "Clear")),
    help("Click or drag in the picture; with the keyboard, arrow keys and space. The points stand in the address."));
}

function legendOf() {
  const own = built[0];
  if (!own || own.image) return byId("legend").replaceChildren();
  const item = (path, style, words) => {
    const svg = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" });
    svg.append(drawn("path", { d: path, ...style }));
    return element("li", {}, svg, words);
  };
  const items = own.classes
    ? own.classes.map((name, number) => item(shapePath(number, 8, 8, 5.5), { fill: rgb(classColour(number)) }, `${own.target} ${name}`))
    : [item("M0 3h16v10H0z", { fill: rgb(signed(-1)) }, short(own.values[0])), item("M0 3h16v10H0z", { fill: rgb(signed(1)) }, short(own.values[1]))];
  items.push(item(shapePath(0, 8, 8, 5), { fill: "none", stroke: rgb(ink), "stroke-width": 1.8 }, `hollow: held out (${own.points[1]} of ${own.points[0] + own.points[1]})`));
  if (own.classes) items.push(element("li", {}, "the stronger the ground, the surer"));
  byId("legend").replaceChildren(...items);
}
