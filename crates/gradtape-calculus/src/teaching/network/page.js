const said = document.getElementById("said");
let lines, numbers;
// The unit or the edge whose chain rule is written out, by its place among them.
let chosen = -1;
let picked = () => {};
const opened = () => last;

// Takes up what the page shows now.
function bind(found) {
  lines = found;
  last = lines.length;
  slider.max = last;
  numbers = all("[data-from]").map((part) => [part, Number(part.dataset.from)]);
  picture = graph.querySelector("svg");
  if (scale !== 1) zoom();
  const parts = all("[data-said]");
  parts.forEach((part, place) => {
    part.addEventListener("click", () => choose(part, place));
    if (!part.classList.contains("node")) return;
    part.setAttribute("tabindex", "0");
    part.setAttribute("role", "button");
    part.setAttribute("aria-label", part.querySelector(".name").textContent);
    part.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(part, place);
      }
    });
  });
  if (parts[chosen]) choose(parts[chosen], chosen, false);
}

function choose(part, place, anew = true) {
  all(".chosen").forEach((other) => other.classList.remove("chosen"));
  part.classList.add("chosen");
  said.textContent = part.dataset.said;
  chosen = place;
  if (anew) picked(part.dataset.said);
}

function show(now) {
  for (const [part, from] of numbers) part.classList.toggle("known", from <= now);
  line.textContent = now === 0 ? "Nothing is computed yet." : `${now}. ${lines[now - 1]}`;
  slider.value = now;
  slider.setAttribute("aria-valuetext", line.textContent);
}
startWalk();
