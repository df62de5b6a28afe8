//! Pages that answer: those of `explain` and `descend`, in a real browser.
//!
//! Where no Chromium is installed, the tests that need it say so and pass.

// The browser is driven through the files of a Unix shell.
#![cfg(unix)]

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::common::access::{CONTRAST, FOCUSED, USABLE};
use crate::common::chromium::chromium;
use crate::common::devtools::Browser;
use crate::common::{Folder, Run, contains};

const COURSE: &str = "explain (a+b)*(b+1) --at a=2,b=1";
const DESCENT: &str =
    "descend x^2+10*y^2 --from x=3,y=1 --optimizer sgd,momentum --lr 0.05 --steps 40";
const NETWORK: &str = "explain --network 2,3,1 --seed 1";
const SECANT: &str = "explain x^2*y --at x=1,y=2 --wrt x --differences --step 0.5";

/// A page that a command writes, opened in a browser and ready to answer, if there is a browser.
fn page(name: &str, command: &str) -> Option<(Folder, Browser)> {
    let chromium = chromium()?;
    let folder = Folder::new(name);
    folder.run(&format!("{command} --out page.html")).ok();
    let mut browser = Browser::start(&chromium, &folder);
    open(&folder, &mut browser, "");
    Some((folder, browser))
}

#[track_caller]
fn open(folder: &Folder, browser: &mut Browser, fragment: &str) {
    browser.open(&folder.path("page.html"), fragment);
    browser.until("window.answering?.ready === true");
}

/// Writes into a field as a user does, and waits until the page has answered.
#[track_caller]
fn write(browser: &mut Browser, field: &str, value: &str) {
    let before = answers(browser);
    put(browser, field, value);
    browser.until(&format!("answering.answers > {before}"));
}

/// What stands on the page for a terminal has the words.
#[track_caller]
fn commands(browser: &mut Browser, words: &[&str]) {
    let command = browser.value("answering.command()");
    contains(command.as_str().unwrap(), words);
}

/// Writes what cannot be answered, and waits until the page says so.
#[track_caller]
fn write_wrong(browser: &mut Browser, field: &str, value: &str, words: &[&str]) {
    let before = browser.value("answering.told");
    put(browser, field, value);
    browser.until(&format!("answering.told > {before}"));
    told(browser, words);
}

#[track_caller]
fn told(browser: &mut Browser, words: &[&str]) {
    let text = browser.value("document.getElementById('problem').textContent");
    contains(text.as_str().unwrap(), words);
    assert_eq!(browser.value("document.getElementById('problem').hidden"), false);
}

#[track_caller]
fn put(browser: &mut Browser, field: &str, value: &str) {
    browser.value(&format!(
        "{{ const own = document.querySelector({}); own.value = {};
           own.dispatchEvent(new Event('input', {{ bubbles: true }}));
           own.dispatchEvent(new Event('change', {{ bubbles: true }})); true }}",
        json!(field),
        json!(value)
    ));
}

fn answers(browser: &mut Browser) -> u64 {
    browser.value("answering.answers").as_u64().unwrap()
}

/// What the program prints for what the page shows: the command that stands on it, as JSON.
#[track_caller]
fn program(folder: &Folder, browser: &mut Browser) -> Value {
    let command = browser.value("answering.command()");
    let command = command.as_str().unwrap().strip_prefix("gradtape ").unwrap().to_string();
    let line = format!("\"$0\" {command} --format json");
    let mut shell = Command::new("sh");
    shell.args(["-c", &line, env!("CARGO_BIN_EXE_gradtape")]).current_dir(folder.path(""));
    Run::of(shell.stdin(Stdio::null()).output().unwrap()).ok().json()
}

/// Whether a text on the page is a number of the program, to the digits that it shows.
#[track_caller]
fn assert_shows(text: &Value, number: &Value) {
    let read = |value: &Value| match value {
        Value::String(text) => text.parse::<f64>().unwrap_or_else(|_| panic!("{value}")),
        number => number.as_f64().unwrap_or_else(|| panic!("{value}")),
    };
    let (shown, want) = (read(text), read(number));
    let near = (shown - want).abs() <= 1e-5 * want.abs();
    assert!(near || (shown.is_nan() && want.is_nan()), "{text} is not {number}");
}

#[track_caller]
fn nothing_wrong(browser: &Browser) {
    assert!(browser.wrong.is_empty(), "{:#?}", browser.wrong);
}

/// The numbers of an explanation that stand on its page.
#[track_caller]
fn assert_explains(folder: &Folder, browser: &mut Browser) {
    let found = program(folder, browser);
    for node in found["nodes"].as_array().unwrap() {
        let id = &node["id"];
        for within in ["svg", "tr"] {
            let part = if within == "tr" { "tr" } else { "svg " };
            for (class, number) in [("forward", &node["value"]), ("backward", &node["gradient"])] {
                let text = browser.value(&format!(
                    "document.querySelector('{part}[data-node=\"{id}\"] .{class} .number')?.textContent ?? null"
                ));
                if !(text.is_null() || text == "") {
                    assert_shows(&text, number);
                }
            }
        }
    }
    let lines = browser.value("[...document.querySelectorAll('[data-step] span')].map((own) => own.firstChild.textContent)");
    let lines: Vec<String> =
        lines.as_array().unwrap().iter().map(|line| plain(line.as_str().unwrap())).collect();
    let both = [&found["forward"], &found["backward"]];
    let want = both.iter().flat_map(|walk| walk.as_array().unwrap());
    let want: Vec<String> = want.map(|line| plain(line["text"].as_str().unwrap())).collect();
    assert_eq!(lines, want);
}

fn plain(text: &str) -> String {
    text.replace('·', "*").replace(' ', "")
}

#[test]
fn a_page_is_small_and_stays_where_asked() {
    let folder = Folder::new("lab-written");
    for (command, name) in
        [(COURSE, "steps"), (DESCENT, "lab"), (NETWORK, "net"), (SECANT, "secant")]
    {
        folder.run(&format!("{command} --out {name}.html")).ok();
        let page = String::from_utf8(folder.read(&format!("{name}.html"))).unwrap();
        assert!(page.len() < 1_100_000, "{name}: {} bytes", page.len());
        contains(&page, &["Content-Security-Policy", "wasm-unsafe-eval", "id=\"module\""]);
        assert!(page.matches("http").count() == page.matches("http://www.w3.org").count() + 1);
        folder.run(&format!("{command} --still --out still.html")).ok();
        let still = String::from_utf8(folder.read("still.html")).unwrap();
        assert!(still.len() < 500_000, "{name}: {} bytes", still.len());
        assert!(!still.contains("wasm") && !still.contains("id=\"fields\""));
        folder.run(&format!("{command} --still")).fails(2, &["--still is about pages"]);
    }
}

#[test]
fn an_explanation_follows_its_fields() {
    let Some((folder, mut browser)) = page("lab-steps", COURSE) else { return };
    assert_explains(&folder, &mut browser);
    write(&mut browser, "#f-a", "-2.5");
    let steps = "document.getElementById('step')";
    assert_eq!(browser.value(&format!("{steps}.value === {steps}.max")), true, "it is computed");
    assert_explains(&folder, &mut browser);
    // The slider moves the field, and at the step that is shown.
    put(&mut browser, "#step", "6");
    write(&mut browser, "#f-b + input", "0.75");
    assert_eq!(browser.value("document.getElementById('f-b').value"), "0.75");
    assert_explains(&folder, &mut browser);
    assert_eq!(browser.value("location.hash"), "#step=6&at=a=-2.5,b=0.75");
    // What the library cannot work out is told, and the field keeps what was written.
    write_wrong(&mut browser, "#f-formula", "2*sine(a)", &["unknown function `sine`", "sin"]);
    write(&mut browser, "#f-formula", "exp(-a^2)*sin(b)+c");
    assert_eq!(browser.value("document.getElementById('f-c').value"), "1");
    assert_explains(&folder, &mut browser);
    assert_eq!(browser.value("document.getElementById('problem').hidden"), true);
    write(&mut browser, "#f-formula", "log(a)");
    told(&mut browser, &["the value is nan here", "log"]);
    assert_eq!(browser.value("document.querySelectorAll('#fields input').length"), 3);
    put(&mut browser, "#f-a", "");
    told(&mut browser, &["a needs a number"]);
    write(&mut browser, "#f-a", "3");
    assert_explains(&folder, &mut browser);
    // The address opens the same.
    open(&folder, &mut browser, "#step=2&at=a=1.5,b=4&expr=a^2*b");
    browser.until("answering.answers > 0");
    assert_explains(&folder, &mut browser);
    assert_eq!(browser.value(&format!("{steps}.value")), "2");
    browser.value("document.getElementById('f-a').focus()");
    nothing_wrong(&browser);
}

#[test]
fn programs_and_second_derivatives_follow_too() {
    let Some(chromium) = chromium() else { return };
    let folder = Folder::new("lab-programs");
    let mut browser = Browser::start(&chromium, &folder);
    let program_of = |more: &[&str]| {
        let mut command = crate::common::command(&folder.path(""), "explain");
        Run::of(command.args(more).output().unwrap()).ok()
    };
    program_of(&["while abs(x) > 5: x = x/2; x^2", "--at", "x=12", "--out", "page.html"]);
    open(&folder, &mut browser, "");
    write(&mut browser, "#f-x", "30");
    assert_explains(&folder, &mut browser);
    program_of(&["x^2*y", "--at", "x=1,y=2", "--hessian", "--out", "page.html"]);
    open(&folder, &mut browser, "");
    write(&mut browser, "#f-x", "3");
    let found = program(&folder, &mut browser);
    let cell = "document.querySelector('#hessian tbody td').textContent";
    assert_shows(&browser.value(cell), &found["hessian"]["x"]["x"]);
    nothing_wrong(&browser);
}

/// 2 comes through c, then 3 through d: at a fork one sees the sum grow.
#[test]
fn gradients_accumulate_where_paths_meet() {
    let Some((_folder, mut browser)) = page("lab-sums", COURSE) else { return };
    let mut at = |step: u32| {
        put(&mut browser, "#step", &step.to_string());
        let shown = "(selector) => { const own = document.querySelector(`svg [data-node='1'] ${selector}`); return getComputedStyle(own).visibility === 'visible' ? own.textContent : '' }";
        browser.value(&format!("['.sum', '.backward .number'].map({shown})"))
    };
    assert_eq!(at(6), json!(["", ""]));
    assert_eq!(at(7), json!(["2", ""]));
    assert_eq!(at(8), json!(["5", ""]));
    assert_eq!(at(10), json!(["", "5"]));
    assert_eq!(at(7), json!(["2", ""]));
    nothing_wrong(&browser);
}

/// The three ways to differentiate give nothing away before the walk has the gradient.
#[test]
fn nothing_is_shown_before_it_is_computed() {
    let Some((_folder, mut browser)) = page("lab-nothing", COURSE) else { return };
    let shown = "[...document.querySelectorAll('#three .way, svg .number, #nodes .number, ol span')].filter((own) => own.textContent.trim() && getComputedStyle(own).visibility === 'visible').length";
    put(&mut browser, "#step", "0");
    assert_eq!(browser.value(shown), 0);
    let ways = "[...document.querySelectorAll('#three tbody tr')].map((row) => getComputedStyle(row.querySelector('.way')).visibility === 'visible')";
    for (step, want) in [(7, [false, false]), (9, [true, false]), (10, [true, true])] {
        put(&mut browser, "#step", &step.to_string());
        assert_eq!(browser.value(ways), json!(want), "{step}");
    }
    browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    put(&mut browser, "#step", "0");
    assert_eq!(browser.value(ways), json!([true, true]), "printed");
    nothing_wrong(&browser);
}

/// In a walk breadth first a node keeps what it handed on; what would be right is seen once that is known.
#[test]
fn a_walk_breadth_first_is_stepped() {
    let Some(chromium) = chromium() else { return };
    let folder = Folder::new("lab-bfs");
    let mut browser = Browser::start(&chromium, &folder);
    let mut command = crate::common::command(&folder.path(""), "explain");
    let more = ["y = x^2; y*sin(y)", "--at", "x=1", "--order", "bfs", "--out", "page.html"];
    Run::of(command.args(more).output().unwrap()).ok();
    open(&folder, &mut browser, "");
    let mut at = |step: u32| {
        put(&mut browser, "#step", &step.to_string());
        let shown = "(selector) => { const own = [...document.querySelectorAll('svg [data-node]')].find((node) => node.textContent.includes('y = x')).querySelector(selector); return getComputedStyle(own).visibility === 'visible' ? own.textContent.trim() : '' }";
        browser.value(&format!("['.backward .number', '.right .row'].map({shown})"))
    };
    // Four values forward; then b, y, a, what y gets late, and x.
    assert_eq!(at(5), json!(["", ""]));
    assert_eq!(at(6), json!(["0.841471", ""]));
    assert_eq!(at(7), json!(["0.841471", ""]));
    assert_eq!(at(8), json!(["0.841471", "right: 1.38177"]));
    assert_eq!(at(9), json!(["0.841471", "right: 1.38177"]));
    let rows = browser.value("document.querySelectorAll('#rows svg').length");
    assert_eq!(rows, 2, "unsorted and sorted");
    nothing_wrong(&browser);
}

#[test]
fn without_webassembly_pages_stay_as_they_were_written() {
    let Some((folder, mut browser)) = page("lab-old", COURSE) else { return };
    let old = json!({"source": "delete globalThis.WebAssembly;"});
    browser.call("Page.addScriptToEvaluateOnNewDocument", old);
    for command in [COURSE, DESCENT, NETWORK, SECANT] {
        folder.run(&format!("{command} --out page.html")).ok();
        browser.open(&folder.path("page.html"), "");
        told(&mut browser, &["no WebAssembly", "shows what it was written with"]);
        let disabled =
            "[...document.querySelectorAll('#fields input')].every((own) => own.disabled)";
        assert_eq!(browser.value(disabled), true);
        assert_eq!(browser.value("document.querySelectorAll('svg').length > 0"), true);
    }
    nothing_wrong(&browser);
}

#[test]
fn every_width_theme_and_key_works_on_every_page() {
    let Some((folder, mut browser)) = page("lab-access", COURSE) else { return };
    for command in [COURSE, DESCENT, NETWORK, SECANT] {
        folder.run(&format!("{command} --out page.html")).ok();
        for (width, dark) in [(390, false), (1280, true), (390, true)] {
            browser.screen(width, 900, dark);
            open(&folder, &mut browser, "");
            let wide = browser.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{command}: {wide} of {width} px");
            let poor = browser.value(CONTRAST);
            assert_eq!(poor, json!([]), "{command}, {width}, dark: {dark}");
        }
        browser.screen(390, 844, false);
        open(&folder, &mut browser, "");
        // Tab goes through everything that can be used, each with a name and a frame, and comes round.
        browser.value("document.body.focus(); document.activeElement.blur()");
        let count = browser.value(USABLE).as_u64().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..count + 5 {
            browser.press("Tab", 9);
            let at = browser.value(FOCUSED);
            if at.is_null() {
                break;
            }
            let name = at["name"].as_str().unwrap_or_default();
            assert!(!name.trim().is_empty(), "{command}: no name: {at}");
            assert_eq!(at["framed"], true, "{command}: no frame: {at}");
            assert_eq!(at["seen"], true, "{command}: not to be seen: {at}");
            seen.insert(at["path"].to_string());
        }
        assert!(seen.len() as u64 >= count * 9 / 10, "{command}: {} of {count}", seen.len());
    }
    nothing_wrong(&browser);
}

#[test]
fn everything_is_printed_and_no_control() {
    let Some((folder, mut browser)) = page("lab-print", COURSE) else { return };
    for command in [COURSE, DESCENT, NETWORK, SECANT] {
        folder.run(&format!("{command} --out page.html")).ok();
        // The step of a secant is another one.
        open(&folder, &mut browser, if command == SECANT { "" } else { "#step=0" });
        browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
        let hidden = "[...document.querySelectorAll('svg .number, svg .slope, ol button span')].filter((own) => getComputedStyle(own).visibility !== 'visible').length";
        assert_eq!(browser.value(hidden), 0, "{command}");
        let controls = "['fields', 'problem', 'controls', 'handles'].map((id) => document.getElementById(id)).filter((own) => own && getComputedStyle(own).display !== 'none').length";
        assert_eq!(browser.value(controls), 0, "{command}");
        browser.call("Emulation.setEmulatedMedia", json!({"media": ""}));
        let printed = browser.call("Page.printToPDF", json!({"printBackground": false}));
        let pdf = printed["data"].as_str().unwrap();
        assert!(pdf.starts_with("JVBERi0") && pdf.len() > 10_000, "{command}: {}", pdf.len());
    }
    nothing_wrong(&browser);
}

#[test]
fn a_secant_follows_its_step() {
    let Some((folder, mut browser)) = page("lab-secant", SECANT) else { return };
    let check = |browser: &mut Browser| {
        let found = program(&folder, browser);
        let text = browser.value("document.querySelector('figcaption').textContent");
        let text = text.as_str().unwrap();
        let after = |word: &str| text.split(word).nth(1).unwrap().split([':', ',']).next().unwrap();
        assert_shows(&json!(after("h = ")), &found["step"]);
        assert_shows(&json!(after("secant ")), &found["slope"]);
        let head = browser.value("document.querySelector('header p').textContent");
        let derivative = head.as_str().unwrap().split([' ', ',']).nth(2).unwrap().to_string();
        assert_shows(&json!(derivative), &found["derivative"]);
    };
    check(&mut browser);
    for (field, value) in
        [("#f-h", "-0.25"), ("#smaller", "3"), ("#f-x", "2.5"), ("#f-formula", "exp(x)*y")]
    {
        write(&mut browser, field, value);
        check(&mut browser);
    }
    write_wrong(&mut browser, "#f-h", "0", &["the step 0 leaves x = 2.5 as it is"]);
    nothing_wrong(&browser);
}

/// The ends that stand in the page's table are those of the program.
#[track_caller]
fn assert_descends(folder: &Folder, browser: &mut Browser) {
    let found = program(folder, browser);
    let paths = match found {
        Value::Array(paths) => paths,
        one => vec![one],
    };
    let rows = browser.value("[...document.querySelectorAll('#ends tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))");
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), paths.len());
    for (row, path) in rows.iter().zip(&paths) {
        let last = path["steps"].as_array().unwrap().last().unwrap();
        let at = last["at"].as_object().unwrap();
        let numbers = at.values().chain([&last["value"]]);
        for (column, number) in numbers.enumerate() {
            assert_shows(&row[3 + column], number);
        }
        assert_shows(&row[1], &path["lr"]);
        assert_eq!(row.as_array().unwrap().last(), Some(&path["stopped"]));
    }
}

#[test]
fn a_descent_follows_its_start_and_its_settings() {
    let Some((folder, mut browser)) = page("lab-descent", DESCENT) else { return };
    browser.screen(1000, 900, false);
    assert_descends(&folder, &mut browser);
    // The start is dragged in the picture.
    let centre = "(() => { const box = document.querySelector('#handles button').getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()";
    browser.value("document.getElementById('plane').scrollIntoView()");
    let from = browser.value(centre);
    let [x, y] = [0, 1].map(|axis| from[axis].as_f64().unwrap());
    let mouse = |browser: &mut Browser, kind: &str, x: f64, y: f64| {
        let event =
            json!({"type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1});
        browser.call("Input.dispatchMouseEvent", event);
    };
    let before = answers(&mut browser);
    mouse(&mut browser, "mousePressed", x, y);
    for part in 1..=5 {
        mouse(&mut browser, "mouseMoved", x - 12.0 * f64::from(part), y + 4.0 * f64::from(part));
    }
    browser.until(&format!("answering.answers > {before}"));
    mouse(&mut browser, "mouseReleased", x - 60.0, y + 20.0);
    browser.until("JSON.stringify(answering.asked().range) === '[]'");
    settle(&mut browser);
    let start = browser.value("answering.asked().from[0]");
    assert!(start[0][1].as_f64().unwrap() < 2.9 && start[1][1].as_f64().unwrap() < 0.99, "{start}");
    assert_eq!(
        browser.value("Number(document.getElementById('f-x-of-start-1').value)"),
        start[0][1]
    );
    assert_descends(&folder, &mut browser);
    // Arrow keys move it too.
    browser.value("document.querySelector('#handles button').focus()");
    browser.press("ArrowUp", 38);
    settle(&mut browser);
    let moved = browser.value("answering.asked().from[0]");
    assert!(moved[1][1].as_f64() > start[1][1].as_f64(), "{moved} from {start}");
    assert_descends(&folder, &mut browser);
    // Rate, momentum, noise, steps.
    write(&mut browser, "#f-rate-of-1", "0.02");
    write(&mut browser, "#f-momentum-of-2", "0.5");
    commands(&mut browser, &["sgd:lr=0.02,momentum:lr=0.05:momentum=0.5"]);
    assert_descends(&folder, &mut browser);
    write(&mut browser, "#f-noise", "0.5");
    write(&mut browser, "#f-batch", "4");
    write(&mut browser, "#f-seed", "3");
    write(&mut browser, "#f-steps", "25");
    commands(&mut browser, &["--steps 25", "--noise 0.5 --batch 4 --seed 3"]);
    assert_descends(&folder, &mut browser);
    assert_eq!(
        browser.value("document.querySelector('#steps thead').textContent.includes('used_x')"),
        true
    );
    // A rate that is too large is told, with one that is not.
    write(&mut browser, "#f-noise", "0");
    write(&mut browser, "#f-rate-of-1", "0.2");
    told(&mut browser, &["sgd diverged", "with the learning rate 0.1 it does not diverge"]);
    assert_descends(&folder, &mut browser);
    nothing_wrong(&browser);
}

/// Waits until what the page shows is the answer to what it asks.
#[track_caller]
fn settle(browser: &mut Browser) {
    browser.until(
        "JSON.stringify(JSON.parse(answering.parts?.asked ?? 'null')) === JSON.stringify(answering.asked())",
    );
}

#[test]
fn starts_and_optimisers_come_and_go() {
    let line = "descend x^4-2*x^2+x/4 --from x=-0.1 --lr 0.05 --steps 200";
    let Some((folder, mut browser)) = page("lab-more", line) else { return };
    let click = |browser: &mut Browser, label: &str| {
        let before = answers(browser);
        browser.value(&format!("[...document.querySelectorAll('#fields button')].find((own) => own.textContent === {}).click()", json!(label)));
        browser.until(&format!("answering.answers > {before}"));
        settle(browser);
    };
    click(&mut browser, "Another start");
    write(&mut browser, "#f-x-of-start-2", "0.5");
    settle(&mut browser);
    assert_descends(&folder, &mut browser);
    let told = browser.value("document.getElementById('told').textContent");
    contains(
        told.as_str().unwrap(),
        &["the lowest end is that of sgd from x=-0.1", "another minimum"],
    );
    assert_eq!(browser.value("document.querySelectorAll('#handles button').length"), 2);
    click(&mut browser, "Another optimiser");
    put(&mut browser, "select[aria-label='Optimiser 2']", "adam");
    settle(&mut browser);
    assert_descends(&folder, &mut browser);
    let heads = browser.value(
        "[...document.querySelectorAll('#steps thead')].map((own) => own.textContent).join()",
    );
    contains(heads.as_str().unwrap(), &["exp_avg_x", "exp_avg_sq_corrected_x"]);
    click(&mut browser, "Without start 1");
    click(&mut browser, "Without optimiser 1");
    assert_descends(&folder, &mut browser);
    write(&mut browser, "#f-formula", "(x-1)^2+y^2");
    settle(&mut browser);
    assert_descends(&folder, &mut browser);
    write_wrong(&mut browser, "#f-formula", "x*y*z", &["one or two variables"]);
    nothing_wrong(&browser);
}

/// The values and gradients on the page of a network are those of the program.
#[track_caller]
fn assert_network(folder: &Folder, browser: &mut Browser) {
    let found = program(folder, browser);
    let names = found["gradient"].as_object().unwrap();
    let text = browser.value("document.querySelector('[data-part=text]').textContent");
    let value = browser.value("document.querySelector('svg .result .number').textContent");
    assert_shows(&value, &found["value"]);
    let numbers = browser.value("[...document.querySelectorAll('svg .backward .number, svg tspan.backward')].map((own) => own.textContent)");
    let numbers: Vec<f64> =
        numbers.as_array().unwrap().iter().map(|n| n.as_str().unwrap().parse().unwrap()).collect();
    for (name, value) in names {
        let mut flat = Vec::new();
        flatten(value, &mut flat);
        for number in flat {
            // On edges stand three digits.
            let near = |shown: &&f64| (**shown - number).abs() <= 6e-3 * number.abs();
            assert!(numbers.iter().any(|shown| near(&shown)), "{name}: {number} in {numbers:?}");
        }
    }
    contains(text.as_str().unwrap(), &[found["loss_numbers"].as_str().unwrap()]);
}

fn flatten(value: &Value, all: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| flatten(item, all)),
        number => all.extend(number.as_f64()),
    }
}

#[test]
fn a_network_follows_its_inputs_targets_and_weights() {
    let Some((folder, mut browser)) = page("lab-network", NETWORK) else { return };
    assert_network(&folder, &mut browser);
    for (cell, value) in
        [("x[1,1]", "1.5"), ("W1[2,3]", "-0.8"), ("b2[1]", "0.25"), ("t[1,1]", "2")]
    {
        write(&mut browser, &format!("[data-cell=\"{cell}\"]"), value);
        assert_network(&folder, &mut browser);
    }
    commands(&mut browser, &["--x=1.5,", "--target=2", ",-0.8]]", "\"b2\": [0.25]"]);
    // The product along the paths from an edge follows what the slider changes.
    browser.value(
        "document.querySelector('.edge').dispatchEvent(new MouseEvent('click', { bubbles: true }))",
    );
    let name = browser.value("document.getElementById('one-name').textContent");
    assert_eq!(name, "W1[1,1]");
    write(&mut browser, "#one", "1");
    commands(&mut browser, &["\"W1\": [[1.0,"]);
    let said = browser.value("document.getElementById('said').textContent");
    let found = program(&folder, &mut browser);
    let gradient = &found["gradient"]["W1"][0][0];
    let said = said.as_str().unwrap();
    contains(said, &["dL/dW1[1,1] = dL/dz2[1] · "]);
    assert_shows(&json!(said.rsplit(" = ").next().unwrap()), gradient);
    assert_network(&folder, &mut browser);
    // Another activation, another loss.
    write(&mut browser, "select[aria-label='activation 1']", "tanh");
    assert_network(&folder, &mut browser);
    write(&mut browser, "select[aria-label='loss']", "mse");
    assert_network(&folder, &mut browser);
    write_wrong(&mut browser, "select[aria-label='loss']", "cross-entropy", &["one output"]);
    // Nothing is shown before it is computed; the whole network fits.
    put(&mut browser, "#step", "0");
    let seen = "[...document.querySelectorAll('svg .number')].filter((own) => getComputedStyle(own).visibility === 'visible' && own.dataset.from !== '0').length";
    assert_eq!(browser.value(seen), 0);
    browser.screen(390, 844, false);
    browser.value("document.getElementById('fit').click()");
    let fits = "document.querySelector('#graph svg').getBoundingClientRect().width <= document.getElementById('graph').clientWidth";
    assert_eq!(browser.value(fits), true);
    nothing_wrong(&browser);
}
