//! `gradtape play`: the page that it writes, in a real browser.
//!
//! Where no Chromium is installed, the tests that need it say so and pass.

// The browser is driven through the files of a Unix shell.
#![cfg(unix)]

use serde_json::{Value, json};

use crate::common::access::{CONTRAST, FOCUSED, USABLE};
use crate::common::chromium::chromium;
use crate::common::devtools::Browser;
use crate::common::{Folder, contains, run};

/// The page of a folder and a browser to open it with, if there is one.
fn browser(name: &str) -> Option<(Folder, Browser)> {
    let chromium = chromium()?;
    let folder = Folder::new(name);
    folder.run("play --out play.html").ok();
    let browser = Browser::start(&chromium, &folder);
    Some((folder, browser))
}

/// Opens a lesson, and waits until the steps that it begins with are taken.
#[track_caller]
fn lesson(folder: &Folder, browser: &mut Browser, settings: &str) -> Value {
    browser.open(&folder.path("play.html"), &format!("#{settings}"));
    let steps = settings.rsplit_once("run=").map_or("0", |(_, steps)| steps);
    browser.until(&format!("playground.reports()[0]?.step === {steps} && playground.settled > 0"));
    browser.value("playground.reports()")
}

/// What is wrong in the page, or with it.
#[track_caller]
fn nothing_wrong(browser: &Browser) {
    assert!(browser.wrong.is_empty(), "{:#?}", browser.wrong);
}

#[test]
fn the_page_is_written_with_a_lesson_and_what_does_not_fit_is_refused() {
    let folder = Folder::new("play-written");
    let told = folder.run("play data=xor hidden=4,4 lr=0.03 --out lesson.html").ok();
    contains(&told.stdout, &["lesson.html", "kB"]);
    let page = String::from_utf8(folder.read("lesson.html")).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    contains(&page, &["data=xor\\nhidden=4,4\\nlr=0.03", "Content-Security-Policy"]);
    assert!(
        !page.contains("http://")
            || page.matches("http://").count() == page.matches("http://www.w3.org").count()
    );
    run("play data=xr --out a.html").fails(2, &["data: there is no \"xr\"", "did you mean xor?"]);
    run("play momentum=0.9 --out a.html").fails(2, &["adam has no setting momentum"]);
    let told = folder.run("play batch=100 versus=batch:1 run=5 --out versus.html").ok();
    contains(&told.stdout, &["versus.html"]);
    let page = String::from_utf8(folder.read("versus.html")).unwrap();
    contains(&page, &["batch=100\\nversus=batch:1\\nrun=5"]);
    run("play versus=batch:x --out a.html").fails(2, &["batch is \"x\""]);
    run("play versus=batch --out a.html").fails(2, &["versus=batch", "batch:1"]);
    run("play --out a.png").fails(2, &["--out a.png", ".html"]);
    run("play data=formula formula=y>q --out a.html").fails(2, &["what is q"]);
}

/// Those that the session's own test finds; the last digit of a logarithm is another.
#[test]
fn a_hundred_steps_have_the_losses_of_the_portable_path() {
    let Some((folder, mut browser)) = browser("play-bits") else { return };
    let kept = include_str!("../../gradtape-play/tests/portable.txt");
    assert!(kept.lines().count() >= 5);
    for line in kept.lines() {
        let (settings, losses) = line.rsplit_once(": ").unwrap();
        let settings = format!("{}&run=100", settings.replace(' ', "&"));
        let report = &lesson(&folder, &mut browser, &settings)[0];
        for (found, loss) in
            [&report["loss"], &report["train"]["loss"]].into_iter().zip(losses.split(' '))
        {
            let (found, loss) = (found.as_f64().unwrap(), loss.parse::<f64>().unwrap());
            assert!((found - loss).abs() <= 1e-6 * loss, "{settings}: {found:?}, not {loss:?}");
        }
    }
    nothing_wrong(&browser);
}

/// The program takes the widest vectors, whose products are rounded once less.
#[test]
fn a_hundred_steps_have_the_losses_of_the_program() {
    let Some((folder, mut browser)) = browser("play-program") else { return };
    for lesson_of in
        ["data=moons&epochs=8", "data=blobs&samples=300&hidden=6&activation=relu&epochs=20"]
    {
        lesson(&folder, &mut browser, &format!("{lesson_of}&run=100"));
        browser.value("document.getElementById('take-command').click()");
        browser.until("document.getElementById('code-text') !== null");
        let command = browser.value("document.getElementById('code-text').textContent");
        let command = command.as_str().unwrap().strip_prefix("gradtape ").unwrap();
        assert!(!command.contains('#'), "{command}");
        folder.run(&format!("{command} --steps 100 --quiet --out trained")).ok();
        let history = String::from_utf8(folder.read("trained/history.csv")).unwrap();
        let mut lines = history.lines();
        let head: Vec<&str> = lines.next().unwrap().split(',').collect();
        let place = head.iter().position(|name| *name == "train_loss").unwrap();
        let losses: Vec<f64> =
            lines.map(|line| line.split(',').nth(place).unwrap().parse().unwrap()).collect();
        // The mean over an epoch of the losses of its batches, which the last of them is smaller than.
        let rows = browser.value("playground.built()[0].points[0]").as_u64().unwrap() as usize;
        let steps = browser.value("playground.curves().batch.map((place) => place[2])");
        let steps: Vec<f64> =
            steps.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect();
        assert_eq!(steps.len(), 100);
        let size = |step: usize| 32.min(rows - 32 * step) as f64;
        let mean = |epoch: &[f64]| {
            let sum: f64 = epoch.iter().enumerate().map(|(step, loss)| size(step) * loss).sum();
            sum / (0..epoch.len()).map(size).sum::<f64>()
        };
        let found: Vec<f64> = steps.chunks(rows.div_ceil(32)).map(mean).collect();
        assert_eq!(losses.len(), found.len());
        for (epoch, (loss, found)) in losses.iter().zip(&found).enumerate() {
            assert!((loss - found).abs() < 1e-5, "{lesson_of}, epoch {epoch}: {loss} and {found}");
        }
    }
    nothing_wrong(&browser);
}

#[test]
fn every_data_set_is_trained_in_the_page() {
    let Some((folder, mut browser)) = browser("play-learn") else { return };
    for (settings, least) in [
        ("data=moons&run=1300", 0.97),
        ("data=circles&noise=0.05&run=1300", 0.97),
        ("data=xor&noise=0&run=1300", 0.95),
        ("data=spiral&noise=0.02&hidden=16,16&lr=0.02&run=3900", 0.9),
        ("data=blobs&noise=0.2&run=260", 0.97),
        ("data=formula&formula=y+%3E+sin(3*x)/2&noise=0&run=1300", 0.95),
        ("data=digits&hidden=32&activation=relu&run=1350", 0.94),
        (
            "data=drawn&points=8g8g09a9i08s7k07a8u0p0p01q4of1nuq01oaoo1&test-fraction=0&batch=4&run=200",
            1.0,
        ),
    ] {
        let report = &lesson(&folder, &mut browser, settings)[0];
        let part = if report["test"].is_null() { "train" } else { "test" };
        let right = report[part]["accuracy"].as_f64().unwrap();
        assert!(right >= least, "{settings}: {right}");
    }
    let report =
        &lesson(&folder, &mut browser, "data=formula&formula=sin(3*x)&noise=0&lr=0.02&run=1950")[0];
    assert!(report["test"]["loss"].as_f64().unwrap() < 0.02, "{report}");
    nothing_wrong(&browser);
}

#[test]
fn it_plays_pauses_steps_and_starts_again() {
    let Some((folder, mut browser)) = browser("play-buttons") else { return };
    lesson(&folder, &mut browser, "data=xor");
    let step =
        |browser: &mut Browser| browser.value("playground.reports()[0].step").as_u64().unwrap();
    browser.value("document.getElementById('one').click()");
    browser.until("playground.reports()[0].step === 1");
    browser.value("document.getElementById('epoch').click()");
    browser.until("playground.reports()[0].step === 13 && playground.reports()[0].epoch === 1");
    browser.value("document.getElementById('play').click()");
    browser.until("playground.reports()[0].step > 200");
    browser.value("document.getElementById('play').click()");
    browser.until("document.getElementById('play').textContent === 'Play'");
    std::thread::sleep(std::time::Duration::from_millis(300));
    let stood = step(&mut browser);
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(step(&mut browser), stood);
    // A unit, then one of its weights, with their numbers.
    browser.value("document.getElementById('u-1-2').click()");
    browser.until("document.querySelectorAll('#chain-body .math li').length > 3");
    browser.value("document.getElementById('edge-1').click()");
    browser.until("document.getElementById('chain-told').textContent.includes('weight w1[3,2]')");
    browser.value("document.getElementById('start').click()");
    browser.until("playground.reports()[0]?.step === 0");
    // What is chosen stands in the address.
    browser.value("document.getElementById('more-1').click()");
    browser
        .until("location.hash === '#data=xor&hidden=9,8' && playground.built()[0].sizes[1] === 9");
    // A second network learns beside the first.
    lesson(&folder, &mut browser, "data=xor&versus=batch:1&run=50");
    let both = browser.value("[playground.built().map((own) => own.epoch_steps), playground.reports().map((own) => own.step)]");
    assert_eq!(both, json!([[13, 400], [50, 50]]));
    assert_eq!(browser.value("document.querySelectorAll('#pictures canvas').length"), 2);
    nothing_wrong(&browser);
}

#[test]
fn lessons_are_those_of_the_book_and_open() {
    let Some((folder, mut browser)) = browser("play-lessons") else { return };
    let chapter = include_str!("../../../docs/book/src/playground.md");
    lesson(&folder, &mut browser, "run=1");
    let lessons = browser
        .value("[...document.querySelectorAll('#g-lessons a')].map((own) => own.hash.slice(1))");
    let lessons = lessons.as_array().unwrap().clone();
    assert!(lessons.len() > 10);
    for own in &lessons {
        let address = own.as_str().unwrap();
        let words = address.replace('&', " ");
        let command =
            format!("gradtape play {} ", words.replace("formula=sin(3*x)", "\"formula=sin(3*x)\""));
        assert!(chapter.contains(&command), "the book has no lesson {command:?}");
        let reports = lesson(&folder, &mut browser, &format!("{address}&run=3"));
        assert_eq!(reports.as_array().unwrap().len(), if words.contains("versus") { 2 } else { 1 });
        assert_eq!(browser.value("document.getElementById('problem').hidden"), true, "{address}");
    }
    // A link of the list leads there without a load.
    browser.value("document.querySelector('#g-lessons a').click()");
    browser.until("playground.built()[0].sizes.join() === '2,2' && playground.settings().includes('data=xor')");
    nothing_wrong(&browser);
}

#[test]
fn pictures_and_weights_are_taken_home() {
    let Some((folder, mut browser)) = browser("play-take") else { return };
    // Without any network.
    let offline =
        json!({"offline": true, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0});
    browser.call("Network.emulateNetworkConditions", offline);
    lesson(&folder, &mut browser, "data=blobs&run=30");
    browser.value(
        "{ window.saved = [];
           URL.createObjectURL = ((before) => (blob) => { saved.push(blob); return before.call(URL, blob); })(URL.createObjectURL);
           HTMLAnchorElement.prototype.click = () => {}; true }",
    );
    let mut take = |button: &str, text: &str| {
        browser.value("saved.length = 0");
        browser.value(&format!("document.getElementById('take-{button}').click()"));
        // Of the picture in pixels, the one in vectors comes first.
        let count = if button == "png" { 2 } else { 1 };
        browser.until(&format!("saved.length === {count} && saved.at(-1).size > 100"));
        browser.value(&format!("saved.at(-1).{text}"))
    };
    let svg = take("svg", "text()");
    contains(svg.as_str().unwrap(), &["<svg xmlns=", "<path", "data:image/png;base64,", "step 30"]);
    let png = take("png", "slice(1, 4).text()");
    assert_eq!(png, "PNG");
    let csv = take("csv", "text()");
    assert!(csv.as_str().unwrap().starts_with("x,y,class,part\n"), "{csv}");
    let weights = take("json", "text()");
    let weights: Value = serde_json::from_str(weights.as_str().unwrap()).unwrap();
    assert_eq!(weights["steps"], 30);
    let model = take("model", "arrayBuffer().then((own) => [...new Uint8Array(own)])");
    let bytes: Vec<u8> =
        model.as_array().unwrap().iter().map(|v| v.as_u64().unwrap() as u8).collect();
    folder.write("model.safetensors", bytes);
    let told = folder.run("inspect model.safetensors").ok().stdout;
    contains(&told, &["Linear", "Tanh"]);
    nothing_wrong(&browser);
}

#[test]
fn a_browser_without_vectors_is_told() {
    let Some((folder, mut browser)) = browser("play-old") else { return };
    let old = json!({"source": "WebAssembly.validate = () => false;"});
    browser.call("Page.addScriptToEvaluateOnNewDocument", old);
    browser.open(&folder.path("play.html"), "");
    let told = browser.value("document.getElementById('problem').textContent");
    contains(told.as_str().unwrap(), &["no vectors", "hint", "Firefox"]);
    assert_eq!(browser.value("document.getElementById('play').disabled"), true);
    nothing_wrong(&browser);
}

#[test]
fn what_does_not_fit_is_told_on_the_page() {
    let Some((folder, mut browser)) = browser("play-problems") else { return };
    let mut told = |settings: &str, words: &[&str]| {
        browser.open(&folder.path("play.html"), &format!("#{settings}"));
        browser.until("!document.getElementById('problem').hidden");
        let text = browser.value("document.getElementById('problem').textContent");
        contains(text.as_str().unwrap(), words);
        browser.value("document.querySelector('[aria-invalid]')?.dataset.setting")
    };
    assert_eq!(told("hidden=8,z", &["hidden is \"z\"", "hint"]), "hidden");
    assert_eq!(told("data=formula&formula=sin(", &["formula:"]), "formula");
    assert_eq!(told("data=mons", &["did you mean moons?"]), "data");
    assert_eq!(told("widths=3", &["there is no setting"]), Value::Null);
    assert_eq!(told("data=csv", &["no table yet", "drop it"]), "data");
    assert_eq!(told("lr=-1", &["learning rate is -1"]), "lr");
    let diverging = "data=formula&formula=sin(3*x)&optimizer=sgd&activation=linear&lr=3&run=300";
    told(diverging, &["at step", "diverged", "Start again with rate 0.3"]);
    browser.value("document.getElementById('smaller').click()");
    browser.until(
        "document.getElementById('problem').hidden && playground.settings().includes('lr=0.3')",
    );
    // A table that is dropped.
    browser.open(&folder.path("play.html"), "");
    browser.until("window.playground?.ready === true");
    browser.value(
        "{ const rows = Array.from({ length: 60 }, (_, i) => `${i % 7},${i % 5},${i % 7 > i % 5 ? 'yes' : 'no'}`);
           const data = new DataTransfer();
           data.items.add(new File(['a,b,more\\n' + rows.join('\\n')], 'own.csv'));
           window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true })); true }",
    );
    browser.until("playground.built()[0]?.features.join() === 'a,b'");
    nothing_wrong(&browser);
}

/// Sixty times a second would be asked too much of a machine that runs other tests.
#[test]
fn frames_come_while_it_trains() {
    let Some((folder, mut browser)) = browser("play-frames") else { return };
    lesson(&folder, &mut browser, "loss=bce");
    let told = browser.value(
        "new Promise((done) => {
           document.getElementById('play').click();
           const [frames, steps, from] = [playground.frames, playground.reports()[0].step, performance.now()];
           setTimeout(() => {
             const seconds = (performance.now() - from) / 1000;
             done([(playground.frames - frames) / seconds, (playground.reports()[0].step - steps) / (playground.frames - frames)]);
           }, 3000);
         })",
    );
    let [frames, steps] = [0, 1].map(|place| told[place].as_f64().unwrap());
    println!("{frames:.1} frames a second, {steps:.1} steps between two");
    // How many is a matter of the machine; that it is not one at the end is not.
    assert!(frames > 1.0 && steps > 9.0, "{frames} frames a second, {steps} steps between two");
    nothing_wrong(&browser);
}

#[test]
fn every_width_theme_and_key_works() {
    let Some((folder, mut browser)) = browser("play-access") else { return };
    for (width, dark) in [(390, false), (1280, true), (390, true), (820, false)] {
        browser.screen(width, 900, dark);
        for settings in [
            "run=20",
            "data=digits&hidden=8&run=5",
            "data=drawn&points=8g8g09a9i08s7k07a8u0p0p01q4of1nuq01oaoo1&run=5",
        ] {
            lesson(&folder, &mut browser, settings);
            let wide = browser.value("document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= u64::from(width), "{settings}: {wide} of {width} px");
            let poor = browser.value(CONTRAST);
            assert_eq!(poor, json!([]), "{settings}, {width}, dark: {dark}");
        }
    }
    browser.screen(390, 844, false);
    lesson(&folder, &mut browser, "run=10");
    browser.value("document.getElementById('u-1-0').click()");
    browser.until("document.getElementById('edge-0') !== null");
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
        assert!(at["name"].as_str().is_some_and(|name| !name.trim().is_empty()), "no name: {at}");
        assert_eq!(at["framed"], true, "no frame: {at}");
        assert_eq!(at["seen"], true, "not to be seen: {at}");
        seen.insert(at["path"].to_string());
    }
    assert!(seen.len() as u64 >= count * 9 / 10, "{} of {count}: {seen:#?}", seen.len());
    // Space plays, from anywhere but a control.
    browser.value("document.activeElement.blur()");
    browser.press(" ", 32);
    browser.until("document.getElementById('play').textContent === 'Pause'");
    browser.press("r", 82);
    browser.until("document.getElementById('play').textContent === 'Play'");
    nothing_wrong(&browser);
}

#[test]
fn it_is_printed_without_its_buttons() {
    let Some((folder, mut browser)) = browser("play-print") else { return };
    browser.screen(1280, 900, true);
    lesson(&folder, &mut browser, "run=100");
    let printed = browser.call("Page.printToPDF", json!({"printBackground": false}));
    let size = printed["data"].as_str().unwrap().len();
    assert!(printed["data"].as_str().unwrap().starts_with("JVBERi0") && size > 20_000, "{size}");
    nothing_wrong(&browser);
}
