// What is taken home: points, weights, pictures, a program, a command, the address.
function takeControls() {
  const ask = (what, name) => send({ type: "take", session: shownNetwork, what, name });
  const button = (id, name, onclick) => element("button", { type: "button", id, onclick }, name);
  byId("take").replaceChildren(
    button("take-command", "Command", () => ask(4, "command")),
    button("take-rust", "Rust program", () => ask(3, "program")),
    button("take-model", "Weights (safetensors)", () => ask(0, "model.safetensors")),
    button("take-json", "Weights (JSON)", () => ask(1, "weights.json")),
    button("take-csv", "Points (CSV)", () => ask(2, "points.csv")),
    button("take-svg", "Picture (SVG)", () => save("playground.svg", new Blob([pictureSvg()], { type: "image/svg+xml" }))),
    button("take-png", "Picture (PNG)", picturePng),
    button("take-link", "Link", () => shown("link", location.href)),
  );
}

function taken({ what, name, bytes }) {
  if (what === 3 || what === 4) return shown(name, new TextDecoder().decode(bytes));
  save(name, new Blob([bytes]));
}

// A text to read and to copy.
function shown(name, text) {
  const copy = async (event) => {
    try {
      await navigator.clipboard.writeText(text);
      event.target.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(byId("code-text"));
      event.target.textContent = "Selected: copy it";
    }
  };
  byId("code").replaceChildren(element("h3", {}, { link: "The address of this lesson", command: "On the command line", program: "With the library" }[name]),
    element("pre", { id: "code-text", tabindex: "0" }, text), element("button", { type: "button", id: "code-copy", onclick: copy }, "Copy"));
}

function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The network, the plane and the points as one picture in vectors; maps stand in it as small images.
function pictureSvg() {
  const { width, height, units, edges, size, own } = drawing;
  const picture = pictures[shownNetwork];
  const side = 360;
  const [plane, whole] = [width + 40, width + 40 + side + 20];
  const tall = Math.max(height, side + 60);
  const svg = drawn("svg", { xmlns: "http://www.w3.org/2000/svg", viewBox: `0 0 ${whole} ${tall}`, width: whole, height: tall, "font-family": "system-ui, sans-serif", "font-size": 13 });
  svg.append(drawn("title", {}, "gradtape playground"), drawn("rect", { width: whole, height: tall, fill: rgb(paper) }));
  const largest = Math.max(1e-12, ...edges.map((edge) => Math.abs(edge.value)));
  for (const edge of edges) {
    svg.append(drawn("path", {
      d: `M${edge.x1} ${edge.y1}C${edge.middle} ${edge.y1} ${edge.middle} ${edge.y2} ${edge.x2} ${edge.y2}`, fill: "none",
      stroke: rgb(edge.value < 0 ? minus : plus), "stroke-width": (0.6 + 4.4 * Math.abs(edge.value) / largest).toFixed(2),
      ...(edge.value < 0 ? { "stroke-dasharray": "5 3" } : {}),
    }));
  }
  const image = (canvas, x, y, wide, high) => svg.append(drawn("image", { href: canvas.toDataURL(), x, y, width: wide, height: high, preserveAspectRatio: "none" }));
  const word = (x, y, text, anchor = "middle") => svg.append(drawn("text", { x, y, fill: rgb(ink), "text-anchor": anchor }, text));
  units.forEach((column, layer) => {
    word(column[0].x, 18, layer === 0 ? "inputs" : layer === units.length - 1 ? "outputs" : `${own.sizes[layer]} ${own.activations[layer - 1]}`);
    for (const { x, y, canvas } of column) {
      image(canvas, x - size / 2, y - size / 2, size, size);
      svg.append(drawn("rect", { x: x - size / 2, y: y - size / 2, width: size, height: size, fill: "none", stroke: rgb(ink), rx: 4 }));
    }
  });
  if (picture?.canvas) {
    const high = picture.curve ? side * 0.75 : side;
    if (picture.boundary && !picture.curve) image(picture.small, plane, 30, side, high);
    svg.append(drawn("rect", { x: plane, y: 30, width: side, height: high, fill: "none", stroke: rgb(ink) }));
    for (let i = 0; picture.points && i < picture.points.length; i += 5) {
      const [x, y, answer, , held] = picture.points.slice(i, i + 5);
      const [middle, half] = own.classes ? [0, 1] : middleOf(own);
      const colour = own.classes ? classColour(answer) : mix(paper, answer < middle ? minus : plus, 0.25 + 0.75 * Math.min(1, Math.abs((answer - middle) / half)));
      svg.append(drawn("path", { d: shapePath(own.classes ? answer : 0, plane + x * side, 30 + y * high, 3.4), fill: held ? rgb(paper) : rgb(colour), stroke: held ? rgb(colour) : rgb(paper), "stroke-width": held ? 1.5 : 0.8 }));
    }
    if (picture.curve && picture.boundary) {
      const [least, most] = own.values;
      const count = picture.boundary.length / 2;
      const at = Array.from({ length: count }, (_, i) => `${(plane + side * (i + 0.5) / count).toFixed(1)} ${(30 + high * (1 - (picture.boundary[2 * i] - least) / (most - least))).toFixed(1)}`);
      svg.append(drawn("path", { d: `M${at.join("L")}`, fill: "none", stroke: rgb(ink), "stroke-width": 2.5 }));
    }
    const report = frames[shownNetwork].report;
    word(plane + side / 2, 30 + high + 22, `step ${report.step}, training loss ${short(report.train.loss)}${report.test ? `, test loss ${short(report.test.loss)}` : ""}`);
  }
  return new XMLSerializer().serializeToString(svg);
}

function picturePng() {
  const image = new Image();
  const address = URL.createObjectURL(new Blob([pictureSvg()], { type: "image/svg+xml" }));
  image.onload = () => {
    const canvas = element("canvas", { width: 2 * image.width, height: 2 * image.height });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.drawImage(image, 0, 0);
    URL.revokeObjectURL(address);
    canvas.toBlob((blob) => save("playground.png", blob));
  };
  image.src = address;
}
