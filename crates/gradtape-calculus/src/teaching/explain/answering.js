// The formula and each of its variables can be changed.
const variables = (question) => question.at.map(([name]) => name).join(" ");
page.shape = variables;
page.address = () => [["step", slider.value]];
page.show = (parts) => {
  const at = Number(slider.value);
  const end = at === last;
  bind(JSON.parse(parts.data));
  document.title = document.querySelector("h1").textContent.split(" = ").slice(1).join(" = ");
  // What is changed before anything is computed is computed to the end.
  show(end || at === 0 || at > last ? last : at, false);
  writeAddress();
};
page.fields = () => {
  const formula = byId("f-formula");
  const focus = document.activeElement?.id;
  const rows = asked.at.map(([name, value], place) => slid(name, value, (to) => {
    asked.at[place][1] = to;
    ask();
  }));
  const own = formula?.closest(".worded") ?? worded("formula", asked.expr, (to) => {
    asked.expr = to;
    ask();
  });
  if (formula && document.activeElement !== formula) formula.value = asked.expr;
  byId("fields").replaceChildren(own, ...rows);
  if (focus) byId(focus)?.focus();
};
address = writeAddress;
addressed = () => {
  if (answering.ready && readAddress()) ask();
};
begin();
