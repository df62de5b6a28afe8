(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const slider = document.getElementById("step");
  const line = document.getElementById("line");
  const where = document.getElementById("where");
  const graph = document.getElementById("graph");
  const all = (selector) => [...document.querySelectorAll(selector)];
  const last = data.forward.length + data.backward.length;
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  // The step at which the value and the gradient of each node become known.
  const valued = new Map(data.forward.map((step, at) => [step.node, at + 1]));
  const graded = new Map(data.backward.map((step, at) => [step.node, data.forward.length + at + 1]));
  const nodes = all("[data-node]").map((part) => [part, Number(part.dataset.node)]);
  const edges = all("[data-from]").map((part) => [part, Number(part.dataset.from), Number(part.dataset.to)]);
  const steps = all("[data-step]").map((part) => [part, Number(part.dataset.step)]);

  function show(step) {
    const backward = step > data.forward.length;
    const lines = backward ? data.backward : data.forward;
    const number = backward ? step - data.forward.length : step;
    const now = step > 0 ? lines[number - 1].node : -1;
    const sources = new Set();
    for (const [part, from, to] of edges) {
      const active = (backward ? from : to) === now;
      part.classList.toggle("down", active && !backward);
      part.classList.toggle("up", active && backward);
      if (active) sources.add(backward ? to : from);
    }
    for (const [part, node] of nodes) {
      part.classList.toggle("valued", valued.get(node) <= step);
      part.classList.toggle("graded", graded.get(node) <= step);
      part.classList.toggle("current", node === now);
      part.classList.toggle("source", sources.has(node));
    }
    for (const [part, own] of steps) {
      part.classList.toggle("known", own <= step);
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
    if (box) {
      const [own, frame] = [box.getBoundingClientRect(), graph.getBoundingClientRect()];
      const left = graph.scrollLeft + own.left + own.width / 2 - frame.left - frame.width / 2;
      const top = graph.scrollTop + own.top + own.height / 2 - frame.top - frame.height / 2;
      graph.scrollTo({ left, top, behavior: calm.matches ? "auto" : "smooth" });
    }
  }

  function go(step) {
    show(Math.min(Math.max(Math.round(step) || 0, 0), last));
  }

  const moves = { first: () => 0, back: (at) => at - 1, on: (at) => at + 1, last: () => last };
  const keys = { ArrowLeft: "back", ArrowRight: "on", Home: "first", End: "last" };
  const move = (name) => go(moves[name](Number(slider.value)));

  slider.addEventListener("input", () => go(Number(slider.value)));
  for (const button of all("[data-move]")) button.addEventListener("click", () => move(button.dataset.move));
  for (const [button, step] of steps) button.addEventListener("click", () => go(step));
  document.addEventListener("keydown", (event) => {
    const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    // The slider moves by itself.
    if (!plain || event.target === slider || !(event.key in keys)) return;
    event.preventDefault();
    move(keys[event.key]);
  });
  const address = () => go(Number(/^#step=(\d+)$/.exec(location.hash)?.[1] ?? 0));
  addEventListener("hashchange", address);
  document.body.classList.add("stepping");
  address();
})();
