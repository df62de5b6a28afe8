// The step goes towards 0 from where it began, on either side: each place of its slider is four fifths of the one before.
page.shape = (question) => question.at.map(([name]) => name).join(" ");
page.show = () => writeAddress();
const SMALLEST = 60;

page.fields = () => {
  const h = slid("h", asked.step, (to) => {
    asked.step = to;
    ask();
  });
  const smaller = element("input", { type: "range", id: "smaller", min: 0, max: SMALLEST, value: 0, autocomplete: "off" });
  const from = asked.step;
  smaller.addEventListener("input", () => {
    asked.step = from * 0.8 ** smaller.valueAsNumber;
    byId("f-h").value = asked.step;
    ask();
  });
  fields(formulaField(), ...pointFields(asked.at), h, element("div", { class: "slid" }, element("label", { for: "smaller" }, "smaller h"), smaller));
};
begin();
