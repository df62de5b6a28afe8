//! The pictures of `gradtape explain` in a real browser: Chromium without a window.
//!
//! Where no Chromium is installed, the tests say so and pass.

use crate::common::chromium::{chromium, opened};
use crate::common::{Folder, run};
use serde_json::Value;

const CASES: [&str; 3] = [
    "explain (a+b)*(b+1) --at a=2,b=1 --hessian",
    "explain x*x+sin(x) --at x=2",
    "explain -log(exp(z1)/(exp(z1)+exp(z2)+exp(6-2)))+relu(z3) --at z1=1,z2=2,z3=0",
];

/// Runs before the page's own script: keeps what goes wrong.
const LISTEN: &str = r#"<head><script>
const wrong = [];
addEventListener("error", (event) => wrong.push(event.message));
addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
document.addEventListener("securitypolicyviolation", (event) => wrong.push(event.violatedDirective));
for (const name of ["error", "warn"]) console[name] = (...words) => wrong.push(words.join(" "));
</script>"#;

/// Moves the slider to the end and back as a user does, then tries keys and buttons, and writes down
/// what can be seen after each.
const DRIVE: &str = r#"<script>
addEventListener("load", () => {
  const slider = document.getElementById("step");
  const visible = (part) => getComputedStyle(part).visibility === "visible";
  const texts = (within, selector) => Object.fromEntries(
    [...document.querySelectorAll(`${within}[data-node]`)].map((part) => {
      const number = part.querySelector(selector);
      return [part.dataset.node, number && visible(number) ? number.textContent : null];
    }));
  const read = () => ({
    step: Number(slider.value),
    line: document.getElementById("line").textContent,
    spoken: slider.getAttribute("aria-valuetext"),
    current: [...document.querySelectorAll("svg .current")].map((part) => Number(part.dataset.node)),
    active: document.querySelectorAll("svg .up, svg .down").length,
    values: texts("svg ", ".forward .number"),
    gradients: texts("svg ", ".backward .number"),
    rowValues: texts("tr", ".forward .number"),
    rowGradients: texts("tr", ".backward .number"),
    lines: [...document.querySelectorAll("[data-step] span")].filter(visible).length,
  });
  const move = (step) => {
    slider.value = step;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    return read();
  };
  const key = (name) => {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));
    return Number(slider.value);
  };
  const press = (selector) => {
    document.querySelector(selector).click();
    return Number(slider.value);
  };
  const report = { opened: read(), on: [], back: [] };
  for (let step = 0; step <= Number(slider.max); step++) report.on.push(move(step));
  for (let step = Number(slider.max); step >= 0; step--) report.back.unshift(move(step));
  report.keys = ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"].map(key);
  report.buttons = ["last", "back", "first", "on"].map((name) => press(`[data-move=${name}]`));
  report.line = press("[data-step='3']");
  report.wrong = wrong;
  const place = document.createElement("pre");
  place.id = "report";
  place.textContent = JSON.stringify(report);
  document.body.append(place);
});
</script></body>"#;

/// Whether a short text shows a number of the JSON.
#[track_caller]
fn assert_shows(text: &Value, number: &Value) {
    let shown: f64 = text.as_str().unwrap_or("hidden").parse().unwrap_or_else(|_| panic!("{text}"));
    let want = number.as_f64().unwrap();
    assert!((shown - want).abs() <= 1e-5 * want.abs(), "{shown} is not {want}");
}

#[test]
fn the_page_is_stepped_to_the_end_and_back() {
    let Some(chromium) = chromium() else { return };
    for (number, case) in CASES.iter().enumerate() {
        let folder = Folder::new(&format!("browser-page-{number}"));
        let json = run(&format!("{case} --format json")).ok().json();
        let page = run(&format!("{case} --format html")).ok().stdout;
        let driven = page.replacen("<head>", LISTEN, 1).replacen("</body>", DRIVE, 1);
        folder.write("page.html", driven);
        let document = opened(&chromium, &folder, "page.html", "#step=2");
        let report = document.split("<pre id=\"report\">").nth(1).expect("the page was driven");
        let report = report.split("</pre>").next().unwrap();
        let report = report.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        let report: Value = serde_json::from_str(&report).unwrap();

        assert_eq!(report["wrong"], serde_json::json!([]));
        let list = |name: &str| json[name].as_array().unwrap().clone();
        let (nodes, forward, backward) = (list("nodes"), list("forward"), list("backward"));
        let steps = forward.len() + backward.len();
        assert_eq!(report["on"].as_array().unwrap().len(), steps + 1);
        assert_eq!(report["on"], report["back"], "going back shows the same");
        assert_eq!(report["opened"], report["on"][2], "the address sets the step");
        assert_eq!(report["keys"], serde_json::json!([1, 2, 1, steps, 0]));
        assert_eq!(report["buttons"], serde_json::json!([steps, steps - 1, 0, 1]));
        assert_eq!(report["line"], 3);

        let lines: Vec<&Value> = forward.iter().chain(&backward).collect();
        for step in 0..=steps {
            let seen = &report["on"][step];
            assert_eq!((&seen["step"], &seen["lines"]), (&step.into(), &step.into()));
            for node in &nodes {
                let id = node["id"].to_string();
                let known = |walk: &[Value]| walk.iter().any(|line| line["node"] == node["id"]);
                let valued = known(&forward[..step.min(forward.len())]);
                let graded = known(&backward[..step.saturating_sub(forward.len())]);
                for (known, places, number) in [
                    (valued, ["values", "rowValues"], &node["value"]),
                    (graded, ["gradients", "rowGradients"], &node["gradient"]),
                ] {
                    for place in places {
                        match known {
                            true => assert_shows(&seen[place][&id], number),
                            false => assert_eq!(seen[place][&id], Value::Null, "{place} {id}"),
                        }
                    }
                }
            }
            let line = seen["line"].as_str().unwrap();
            assert!(seen["spoken"].as_str().unwrap().ends_with(line));
            let Some(told) = step.checked_sub(1).map(|at| lines[at]) else { continue };
            assert_eq!(seen["current"], serde_json::json!([told["node"]]));
            let same = |text: &str| text.replace('·', "*").replace(' ', "");
            let text = told["text"].as_str().unwrap();
            assert!(same(line).starts_with(&same(text)), "{line} is not {text}");
            let node = &told["node"];
            let inputs = |node: &Value| node["inputs"].as_array().unwrap().clone();
            let edges = match step > forward.len() {
                true => nodes.iter().flat_map(inputs).filter(|input| input == node).count(),
                false => inputs(&nodes[node.as_u64().unwrap() as usize]).len(),
            };
            assert_eq!(seen["active"], edges, "{text}");
        }
    }
}

#[test]
fn the_picture_is_read_and_shows_the_numbers() {
    let Some(chromium) = chromium() else { return };
    for (number, case) in CASES.iter().enumerate() {
        let folder = Folder::new(&format!("browser-svg-{number}"));
        let json = run(&format!("{case} --format json")).ok().json();
        folder.run(&format!("{case} --format svg --out graph.svg")).ok();
        let document = opened(&chromium, &folder, "graph.svg", "");
        assert!(document.starts_with("<svg") && !document.contains("parsererror"), "{document}");
        let boxes: Vec<&str> = document.split("<g class=\"node").skip(1).collect();
        let nodes = json["nodes"].as_array().unwrap();
        assert_eq!(boxes.len(), nodes.len());
        for (text, node) in boxes.iter().zip(nodes) {
            let shown = |class: &str| {
                let row = text.split(&format!("<g class=\"{class}\">")).nth(1)?;
                let number = row.split("class=\"number\"").nth(1)?.split(['>', '<']).nth(1)?;
                Some(Value::from(number))
            };
            assert_shows(&shown("forward").unwrap(), &node["value"]);
            let walked = json["backward"].as_array().unwrap().iter();
            if walked.clone().any(|line| line["node"] == node["id"]) {
                assert_shows(&shown("backward").unwrap(), &node["gradient"]);
            }
        }
    }
}

#[test]
fn plots_are_read_and_show_their_words() {
    let Some(chromium) = chromium() else { return };
    let folder = Folder::new("browser-plots");
    for (line, words) in [
        ("plot tanh(x)", &["tanh(x)", "its derivative in x", "-0.5"][..]),
        ("plot x^2-4*x+7+2*y --range x=-2:6", &["x^2 - 4*x + 7 + 2*y", "10"]),
        ("explain exp(x) --at x=1 --differences --format svg", &["forward", "step h", "1e-8"]),
        ("descend x^2+10*y^2 --from x=3,y=1 --lr 0.05 --format svg", &["sgd", "x", "y"]),
    ] {
        folder.run(&format!("{line} --out plot.svg")).ok();
        let document = opened(&chromium, &folder, "plot.svg", "");
        assert!(document.starts_with("<svg") && !document.contains("parsererror"), "{document}");
        for word in words {
            assert!(document.contains(&format!(">\n{word}\n<")), "{line}: {word:?}");
        }
    }
}
