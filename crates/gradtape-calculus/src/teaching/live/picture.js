// The buttons of a picture with a walk: its size, and the steps. Each page has its own `zoom` and `move`.
fit.addEventListener("click", () => {
  const on = graph.classList.toggle("fit");
  fit.setAttribute("aria-pressed", String(on));
  if (on) {
    scale = 1;
    picture.removeAttribute("style");
  }
});
for (const button of all("[data-zoom]")) {
  button.addEventListener("click", () => {
    scale = Math.min(Math.max(scale * Number(button.dataset.zoom), 0.1), 5);
    zoom();
  });
}
for (const button of all("[data-move]")) button.addEventListener("click", () => move(button.dataset.move));
