// Numbers: the line at the top, the losses, the layers, the chain rule.
let chainRow = 0;

function numbersOf() {
  const reports = frames.map((frame) => frame.report);
  const [own] = reports;
  if (!own) return;
  const both = (of) => reports.map(of).join(reports.length > 1 ? " | " : "");
  const rows = [
    ["Epoch", String(own.epoch)],
    ["Step", own.step.toLocaleString("en")],
    ["Training loss", both((report) => short(report.train.loss))],
  ];
  if (own.test) rows.push(["Test loss", both((report) => short(report.test.loss))]);
  const part = own.test ? "test" : "train";
  if (built[0].classes) rows.push([own.test ? "Test right" : "Right", both((report) => percent(report[part].accuracy))]);
  if (setting("schedule") !== "constant") rows.push(["Rate", both((report) => short(report.rate))]);
  const place = byId("numbers");
  if (place.children.length !== rows.length) place.replaceChildren(...rows.map(() => element("div", {}, element("dt", {}), element("dd", {}))));
  rows.forEach(([name, value], i) => {
    const [dt, dd] = place.children[i].children;
    if (dt.textContent !== name) dt.textContent = name;
    if (dd.textContent !== value) dd.textContent = value;
  });
}

// What a screen reader is told: seldom, and where a training stands.
function speak() {
  const own = frames[0]?.report;
  if (!own) return;
  const accuracy = own.test?.accuracy ?? own.train.accuracy;
  byId("spoken").textContent = `Step ${own.step}, epoch ${own.epoch}: training loss ${short(own.train.loss)}`
    + (own.test ? `, test loss ${short(own.test.loss)}` : "")
    + (accuracy === null ? "" : `, ${percent(accuracy)} right`);
  frames.forEach((frame, number) => {
    const canvas = pictures[number]?.canvas;
    if (!canvas) return;
    const data = `${built[number].points[0] + built[number].points[1]} points of ${setting("data")}`;
    canvas.setAttribute("aria-label", `${data} and what the network answers everywhere. ${byId("spoken").textContent}`);
  });
}

// Losses over the steps on one axis, the loss as a logarithm where it spans much.
function plotOf() {
  const place = byId("plot");
  const curves = frames.map((frame) => curvesOf(frame.curves)).filter(Boolean);
  if (curves.length === 0) return;
  const [width, height, left, bottom, right, top] = [Math.max(300, place.clientWidth || 520), 250, 52, 36, 12, 10];
  const losses = curves.flatMap(({ measured }) => measured.flatMap((own) => [own.train, own.test])).filter((own) => Number.isFinite(own) && own > 0);
  const last = Math.max(1, ...curves.map(({ measured, batch }) => Math.max(measured.at(-1)?.step ?? 0, batch.at(-1)?.[0] ?? 0)));
  let [least, most] = [Math.min(...losses, 1e9), Math.max(...losses, 1e-9)];
  if (losses.length === 0) [least, most] = [0.1, 1];
  const log = most / least > 20;
  if (log) [least, most] = [Math.max(least * 0.8, most * 1e-8), most * 1.25];
  else [least, most] = [0, most * 1.1];
  const x = (step) => left + (width - left - right) * step / last;
  const y = (loss) => {
    const share = log ? Math.log(Math.max(loss, least) / least) / Math.log(most / least) : loss / most;
    return top + (height - top - bottom) * (1 - Math.min(1, Math.max(0, share)));
  };
  const svg = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Losses over ${last} steps` });
  const line = (from, to, name) => svg.append(drawn("line", { x1: from[0], y1: from[1], x2: to[0], y2: to[1], class: name }));
  const word = (at, text, anchor) => svg.append(drawn("text", { x: at[0], y: at[1], "text-anchor": anchor }, text));
  for (const loss of ticks(least, most, log)) {
    line([left, y(loss)], [width - right, y(loss)], "grid");
    word([left - 7, y(loss) + 4], short(loss), "end");
  }
  for (const step of ticks(0, last, false)) {
    word([x(step), height - bottom + 17], step.toLocaleString("en"), x(step) > width - right - 22 ? "end" : "middle");
  }
  word([(left + width - right) / 2, height - 3], "steps", "middle");
  line([left, height - bottom], [width - right, height - bottom], "axis");
  line([left, top], [left, height - bottom], "axis");
  const path = (points, name) => {
    const finite = points.filter(([, own]) => Number.isFinite(own));
    if (finite.length === 0) return;
    const thin = Math.max(1, Math.floor(finite.length / 500));
    const kept = finite.filter((_, i) => i % thin === 0 || i === finite.length - 1);
    svg.append(drawn("path", { d: `M${kept.map(([step, own]) => `${x(step).toFixed(1)} ${y(own).toFixed(1)}`).join("L")}`, class: name }));
  };
  curves.forEach(({ batch, measured }, number) => {
    const name = "ab"[number];
    if (curves.length === 1) path(batch.map(([step, , mean]) => [step, mean]), `batch ${name}`);
    path(measured.map((own) => [own.step, own.train]), name);
    path(measured.map((own) => [own.step, own.test]), curves.length === 1 ? "test only" : `test ${name}`);
  });
  place.replaceChildren(svg, plotLegend(curves.length));
}

function plotLegend(count) {
  const item = (name, words) => {
    const svg = drawn("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, drawn("path", { d: "M0 8h16", class: name }));
    return element("li", {}, svg, words);
  };
  const items = [];
  for (let number = 0; number < count; number++) {
    const [name, of] = ["ab"[number], count > 1 ? `${"AB"[number]}: ` : ""];
    items.push(item(name, `${of}training, all points`));
    if (built[number]?.points[1] > 0) items.push(item(count === 1 ? "test only" : `test ${name}`, `${of}held out`));
  }
  if (count === 1) items.push(item("batch a", "each batch"));
  return element("ul", { class: "legend" }, ...items);
}

function ticks(least, most, log) {
  const found = [];
  if (log) {
    const [from, to] = [Math.ceil(Math.log10(least)), Math.floor(Math.log10(most))];
    const every = Math.max(1, Math.ceil((to - from) / 5));
    for (let power = from; power <= to; power += every) found.push(10 ** power);
    if (found.length > 2) return found;
    const powers = Array.from({ length: Math.max(1, to - from + 2) }, (_, i) => from - 1 + i);
    return powers.flatMap((power) => [1, 2, 5].map((own) => Number((own * 10 ** power).toPrecision(1)))).filter((own) => own >= least && own <= most);
  }
  const rough = (most - least) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((own) => own * power).find((own) => own >= rough) ?? rough;
  for (let at = least; at <= most * 1.0001; at += step) found.push(Number(at.toPrecision(6)));
  return found;
}

function curvesOf(numbers) {
  if (!numbers) return null;
  const count = numbers[0];
  const batch = Array.from({ length: count }, (_, i) => [...numbers.slice(1 + 4 * i, 5 + 4 * i)]);
  const measured = [];
  for (let i = 1 + 4 * count; i < numbers.length; i += 5) {
    measured.push({ step: numbers[i], train: numbers[i + 1], test: numbers[i + 2] });
  }
  return { batch, measured };
}

// Gradients and dead units of each layer, with a word where something is wrong.
function healthOf() {
  const [own, report] = [built[shownNetwork], frames[shownNetwork]?.report];
  if (!own || !report) return;
  const rows = report.layers.map((layer, i) => {
    const last = i + 1 === report.layers.length;
    const size = layer.gradient ? Math.max(0, Math.min(1, (Math.log10(layer.gradient) + 8) / 9)) : 0;
    const bar = element("i", {});
    bar.style.width = `${Math.round(62 * size)}px`;
    const share = (value) => (value === null ? "–" : percent(value));
    return element("tr", {}, element("th", { scope: "row" }, last ? "output" : `hidden ${i + 1}, ${own.activations[i].replaceAll("_", " ")}`),
      element("td", { class: "graph" }, layer.gradient === null ? "" : bar, layer.gradient === null ? "–" : layer.gradient.toExponential(1)),
      element("td", {}, layer.update === null ? "–" : layer.update.toExponential(1)), element("td", {}, share(layer.dead)), element("td", {}, share(layer.saturated)));
  });
  const head = ["layer", "gradient (root mean square)", "step by weight", "dead units", "flat values"];
  byId("health").replaceChildren(element("table", {},
    element("caption", {}, report.looked > 0 ? `Looked into at step ${report.looked}${built.length > 1 ? `, network ${"AB"[shownNetwork]}` : ""}. The bar is a logarithm, from 1e-8 to 10.` : "Looked into at the first step and at the ends of epochs."),
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, ...rows)));
  const words = report.warnings.map(([what, help]) => element("li", {}, element("strong", {}, `${what}. `), `What would help: ${help}.`));
  if (report.diverged !== null) words.unshift(element("li", {}, element("strong", {}, `It diverged at step ${report.diverged}.`)));
  if (words.length === 0 && report.looked > 0) words.push(element("li", { class: "fine" }, "Nothing is wrong: gradients come through, units live."));
  const place = byId("words");
  const text = words.map((own) => own.textContent).join();
  if (place.textContent !== text || place.children.length !== words.length) place.replaceChildren(...words);
}

function chainOf(chain) {
  const list = (name, lines) => [element("h3", {}, name), element("ol", { class: "math" }, ...lines.map((line) => element("li", {}, line)))];
  const another = element("button", { type: "button", id: "chain-next", onclick: () => { chainRow += 1; choose(chosen); } }, "Another point");
  byId("chain-told").textContent = "";
  byId("chain-told").append(element("strong", {}, `${chain.title}. `), `For the point ${chain.point}. `, another);
  const rows = chain.edges.slice(0, 64).map(({ from, weight, gradient }, i) => element("tr", {},
    element("th", { scope: "row" }, from), element("td", {}, weight), element("td", {}, gradient),
    element("td", {}, element("button", { type: "button", class: "edge", id: `edge-${i}`, "aria-label": `chain rule of the weight from ${from}`, onclick: () => choose({ ...chosen, input: i }) }, "dL/dw"))));
  const focused = document.activeElement?.id;
  byId("chain-body").replaceChildren(...list("Forward", chain.forward), ...list("Backward", chain.backward),
    element("p", { class: "help" }, chain.batch.join("; ")),
    element("details", { id: "chain-edges", open: edgesOpen, ontoggle: (event) => { edgesOpen = event.target.open; } }, element("summary", {}, "Its weights"),
      element("div", { class: "wide" }, element("table", {},
        element("thead", {}, element("tr", {}, ...["from", "weight", "gradient, batch", ""].map((name) => element("th", { scope: "col" }, name)))),
        element("tbody", {}, ...rows)))));
  if (focused) byId(focused)?.focus({ preventScroll: true });
}
let edgesOpen = true;
