const where = document.getElementById("where");
const calm = matchMedia("(prefers-reduced-motion: reduce)");
let data, valued, graded, mended, nodes, edges, terms, sums, steps, ways;
const opened = () => 0;

// Takes up what the page shows now.
function bind(found) {
  data = found;
  last = data.forward.length + data.backward.length;
  slider.max = last;
  // The step at which the value and the gradient of each node become known.
  valued = new Map(data.forward.map((step, at) => [step.node, at + 1]));
  // In a walk that goes wrong, a node is taken once, and what comes late is added in lines after that.
  graded = new Map(data.backward.map((step, at) => [step.node, data.forward.length + at + 1]).reverse());
  mended = new Map(data.backward.map((step, at) => [step.node, data.forward.length + at + 1]));
  nodes = all("[data-node]").map((part) => [part, Number(part.dataset.node)]);
  edges = all("[data-from]").map((part) => [part, Number(part.dataset.from), Number(part.dataset.to)]);
  terms = all("[data-via]").map((part) => [part, Number(part.dataset.via)]);
  // Sums of what has come through some uses, each with the last of them; the whole sum is the gradient.
  sums = all("[data-sums]").map((part) => {
    const number = part.closest("[data-node]").querySelector(".backward .number");
    const own = number.cloneNode(false);
    own.setAttribute("class", "sum");
    number.after(own);
    return [own, part.dataset.sums.split(" ").map((sum) => sum.split(":")).map(([user, text]) => [Number(user), text])];
  });
  // What other ways find is seen with the gradient.
  ways = all("[data-way]").map((part) => [part, Number(part.dataset.way)]);
  steps = all("[data-step]").map((part) => [part, Number(part.dataset.step)]);
  picture = graph.querySelector("svg");
  if (scale !== 1) zoom();
  for (const [button, step] of steps) {
    button.addEventListener("click", () => {
      playing(false);
      go(step);
    });
  }
}

function show(step, moves = true) {
  const backward = step > data.forward.length;
  const lines = backward ? data.backward : data.forward;
  const number = backward ? step - data.forward.length : step;
  const now = step > 0 ? lines[number - 1].node : -1;
  const sources = new Set();
  for (const [part, from, to] of edges) {
    const active = (backward ? from : to) === now;
    // The local derivative is known with the values that it is taken at.
    part.classList.toggle("known", valued.get(to) <= step);
    part.classList.toggle("down", active && !backward);
    part.classList.toggle("up", active && backward);
    if (active) sources.add(backward ? to : from);
  }
  for (const [part, node] of nodes) {
    part.classList.toggle("valued", valued.get(node) <= step);
    part.classList.toggle("graded", graded.get(node) <= step);
    part.classList.toggle("mended", step === last || (mended.get(node) > graded.get(node) && mended.get(node) <= step));
    part.classList.toggle("current", node === now);
    part.classList.toggle("source", sources.has(node));
  }
  for (const [part, node] of ways) part.classList.toggle("graded", graded.get(node) <= step);
  // What comes through a use is there once the user has its gradient.
  for (const [part, user] of terms) part.classList.toggle("arrived", graded.get(user) <= step);
  for (const [part, own] of sums) part.textContent = own.findLast(([user]) => graded.get(user) <= step)?.[1] ?? "";
  for (const [part, own] of steps) {
    part.classList.toggle("known", own <= step);
    if (own <= step) part.removeAttribute("aria-label");
    else part.setAttribute("aria-label", `Step ${own}, not computed yet`);
    if (own === step) part.setAttribute("aria-current", "step");
    else part.removeAttribute("aria-current");
  }
  document.body.classList.toggle("backwards", backward);
  const shown = steps.find(([, own]) => own === step);
  const text = shown ? [...shown[0].firstElementChild.cloneNode(true).childNodes] : ["Nothing is computed yet. Step on with → or the slider."];
  line.replaceChildren(...text);
  where.textContent = step === 0 ? "start" : `${backward ? "backward" : "forward"} ${number} of ${lines.length}`;
  slider.value = step;
  slider.setAttribute("aria-valuetext", `${where.textContent}: ${line.textContent}`);
  const box = graph.querySelector(".current");
  if (box && moves) {
    const [own, frame] = [box.getBoundingClientRect(), graph.getBoundingClientRect()];
    const left = graph.scrollLeft + own.left + own.width / 2 - frame.left - frame.width / 2;
    const top = graph.scrollTop + own.top + own.height / 2 - frame.top - frame.height / 2;
    graph.scrollTo({ left, top, behavior: calm.matches ? "auto" : "smooth" });
  }
}
startWalk();
