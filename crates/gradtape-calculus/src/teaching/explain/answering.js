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
page.fields = () => fields(formulaField(), ...pointFields(asked.at));
address = writeAddress;
addressed = () => {
  if (answering.ready && readAddress()) ask();
};
begin();
