(() => {
  "use strict";
  const lines = JSON.parse(document.getElementById("data").textContent);
  const [slider, line, said, play] = ["step", "line", "said", "play"].map((id) => document.getElementById(id));
  const all = (selector) => [...document.querySelectorAll(selector)];
  const numbers = all("[data-from]").map((part) => [part, Number(part.dataset.from)]);
  let timer = 0;

  function go(step) {
    const now = Math.min(Math.max(step, 0), lines.length);
    for (const [part, from] of numbers) part.classList.toggle("known", from <= now);
    line.textContent = now === 0 ? "Nothing is computed yet." : `${now}. ${lines[now - 1]}`;
    slider.value = now;
    slider.setAttribute("aria-valuetext", line.textContent);
    history.replaceState(null, "", `#step=${now}`);
  }

  function playing(on) {
    clearInterval(timer);
    timer = on ? setInterval(() => {
      go(slider.valueAsNumber + 1);
      if (slider.valueAsNumber === lines.length) playing(false);
    }, 1200) : 0;
    if (on && slider.valueAsNumber === lines.length) go(0);
    play.textContent = on ? "stop" : "play";
  }

  const move = (by) => {
    playing(false);
    go(slider.valueAsNumber + by);
  };
  slider.addEventListener("input", () => move(0));
  document.getElementById("back").addEventListener("click", () => move(-1));
  document.getElementById("on").addEventListener("click", () => move(1));
  play.addEventListener("click", () => playing(!timer));

  function choose(part) {
    all(".chosen").forEach((other) => other.classList.remove("chosen"));
    part.classList.add("chosen");
    said.textContent = part.dataset.said;
  }
  for (const part of all("[data-said]")) {
    part.addEventListener("click", () => choose(part));
    if (!part.classList.contains("node")) continue;
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "button");
    part.setAttribute("aria-label", part.querySelector(".name").textContent);
    part.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(part);
      }
    });
  }
  document.body.classList.add("stepping");
  go(Number(/^#step=(\d+)$/.exec(location.hash)?.[1] ?? lines.length));
})();
