//! `gradtape train --report`: the page of a training.

use crate::common::chromium::{chromium, opened};
use crate::common::{Folder, command};
use serde_json::Value;

/// Rows of three classes that are told by two numbers, with some in which they are not.
fn classes(rows: usize) -> String {
    let row = |i: usize| {
        let (x, y) = (i * 37 % 100, i * 53 % 97);
        let kind = ["low", "middle", "high"][if i % 9 == 4 { i % 3 } else { (x * 3 / 100).min(2) }];
        format!("{x},{y}.5,{},{kind}\n", ["red", "green"][i % 2])
    };
    "x,y,colour,kind\n".to_string() + &(0..rows).map(row).collect::<String>()
}

fn numbers(rows: usize) -> String {
    let row = |i: usize| {
        let (x, y) = (i * 37 % 100, i * 53 % 97);
        format!("{x},{y},{}.25\n", 100 + 3 * x + y + i * 7 % 13)
    };
    "x,y,price\n".to_string() + &(0..rows).map(row).collect::<String>()
}

fn page(folder: &Folder) -> String {
    String::from_utf8(folder.read("report.html")).unwrap()
}

/// The text of the cells of the row that begins with a name, in the table of a caption.
fn row(page: &str, caption: &str, name: &str) -> Vec<String> {
    let table = page.split("<table").find(|table| table.contains(&format!("<caption>{caption}")));
    let table = table.unwrap_or_else(|| panic!("no table {caption:?} in {page}"));
    let rows = table.split("</table>").next().unwrap().split("<tr>").skip(2);
    let own =
        rows.into_iter().find(|row| row.starts_with(&format!("<th scope=\"row\">{name}</th>")));
    let own = own.unwrap_or_else(|| panic!("no row {name:?} in {table}"));
    let cell = |cell: &str| cell.split_once('>').unwrap().1.split('<').next().unwrap().to_string();
    own.split("<td").skip(1).map(cell).collect()
}

fn percent(share: &Value) -> String {
    share.as_f64().map_or("-".into(), |share| format!("{:.2} %", 100.0 * share))
}

fn four(number: &Value) -> String {
    number.as_f64().map_or("-".into(), |number| format!("{number:.4}"))
}

/// Fails where an element is not closed, is closed twice, or stands across another.
fn assert_nested(page: &str) {
    let empty = ["meta", "!DOCTYPE", "rect", "circle", "polyline", "polygon", "line"];
    let mut open: Vec<&str> = Vec::new();
    for part in page.split('<').skip(1) {
        let (tag, _) = part.split_once('>').unwrap_or_else(|| panic!("no end: {part:?}"));
        let name = tag.trim_start_matches('/').split([' ', '/', '\n']).next().unwrap();
        match tag {
            _ if tag.ends_with('/') || empty.contains(&name) => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{tag}"),
            _ => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn classes_have_a_page_with_the_numbers_of_the_json() {
    let folder = Folder::new("report-classes");
    folder.write("data.csv", classes(300));
    let line =
        "train data.csv --target kind --epochs 6 --members 3 --report report.html --format json";
    let json = folder.run(line).ok().json();
    assert_eq!(json["files"]["report"], "report.html");
    let page = page(&folder);
    assert_nested(&page);
    for outside in ["src=", "href=", "@import", "url(", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for part in [
        "<h1>kind of data.csv</h1>",
        "<dt>rows</dt><dd>300</dd>",
        "<dt>predicted</dt><dd>kind, 3 classes</dd>",
        "in each part the same share of each class",
        "<dt>members</dt><dd>3</dd>",
        ">\nvalidation, mean of 3\n<",
        ">\neach of 3 networks\n<",
        ">\nkept epochs\n<",
        "3 networks answer together, and the weights of each are those after epochs",
        ">\nshare of right answers\n<",
        "Nothing went wrong that is watched for",
        concat!("gradtape ", env!("CARGO_PKG_VERSION")),
        "--report report.html --format json --seed 42</code>",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }

    let held_out = &json["held_out"];
    let baselines = held_out["baselines"].as_array().unwrap();
    let own = row(&page, "On 60 rows", "accuracy");
    let all = [held_out].into_iter().chain(baselines).map(|own| percent(&own["accuracy"]));
    assert_eq!(own, all.collect::<Vec<_>>());
    assert_eq!(row(&page, "On 60 rows", "loss")[0], four(&held_out["loss"]));
    type Shown = fn(&Value) -> String;
    for (name, key, shown) in [
        ("balanced accuracy", "balanced_accuracy", percent as Shown),
        ("F1", "f1", percent),
        ("calibration error", "calibration_error", percent),
        ("ROC area", "roc_auc", four),
        ("precision-recall area", "average_precision", four),
    ] {
        // Votes of neighbours are no probabilities, which is all that is not defined.
        let all = [held_out].into_iter().chain(baselines).map(|own| shown(&own[key]));
        let all: Vec<String> = all.collect();
        assert_eq!(row(&page, "On 60 rows", name), all);
        let missing = all.iter().filter(|cell| *cell == "-").count();
        assert_eq!(missing, usize::from(key == "calibration_error"), "{name}: {all:?}");
    }
    let error = percent(&held_out["calibration_error"]);
    assert!(page.contains(&format!("Expected calibration error {error}")), "{error}");
    let names = held_out["classes"].as_array().unwrap();
    let matrix = held_out["confusion_matrix"].as_array().unwrap();
    for (class, counts) in names.iter().zip(matrix) {
        let name = class["name"].as_str().unwrap();
        let counts: Vec<String> = counts.as_array().unwrap().iter().map(Value::to_string).collect();
        assert_eq!(row(&page, "How often each class", name), counts);
        let shares = ["precision", "recall", "f1"].map(|key| percent(&class[key]));
        assert_eq!(row(&page, "Each class", name)[1..], shares);
    }

    // What each column is worth is what `evaluate` tells.
    let line = "evaluate model.safetensors data.csv --importance --format json";
    let importance = folder.run(line).ok().json()["importance"].clone();
    for column in importance.as_array().unwrap() {
        let own = row(&page, "How much worse", column["column"].as_str().unwrap());
        assert_eq!(
            own,
            [four(&column["loss"]), four(&column["deviation"]), percent(&column["accuracy"])]
        );
    }
}

#[test]
fn the_histories_of_several_networks_are_told_one_by_one() {
    let folder = Folder::new("report-networks");
    folder.write("data.csv", classes(200));
    let line =
        "train data.csv --target kind --members 3 --epochs 30 --early-stopping 2 --format json";
    let json = folder.run(line).ok().json();
    let networks = json["networks"].as_array().unwrap();
    assert_eq!(networks.len(), 3);
    let epochs = |of: &Value| of["epochs"].as_u64().unwrap() as usize;
    let history = String::from_utf8(folder.read("history.csv")).unwrap();
    assert!(history.starts_with("network,epoch,"), "{history}");
    for (number, network) in (1..).zip(networks) {
        let own = history.lines().filter(|line| line.starts_with(&format!("{number},")));
        assert_eq!(own.count(), epochs(network));
    }
    // Means are told while all networks run.
    let shortest = networks.iter().map(epochs).min().unwrap();
    assert_eq!(json["epochs"].as_array().unwrap().len(), shortest);
    let text = folder.run("inspect model.safetensors").ok().stdout;
    let kept: Vec<String> = networks.iter().map(|own| own["kept_epoch"].to_string()).collect();
    let told = format!("of 30; the weights are those after epochs {}", kept.join(", "));
    assert!(text.contains(&told), "{told:?} is not in {text}");
}

#[test]
fn numbers_have_a_page_with_the_numbers_of_the_json() {
    let folder = Folder::new("report-numbers");
    folder.write("data.csv", numbers(400));
    let line = "train data.csv --target price --epochs 8 --report report.html --format json";
    let json = folder.run(line).ok().json();
    let page = page(&folder);
    assert_nested(&page);
    let held_out = &json["held_out"];
    let baselines = held_out["baselines"].as_array().unwrap();
    let all = [held_out].into_iter().chain(baselines).map(|own| four(&own["r2"]));
    assert_eq!(row(&page, "On 80 rows", "R²"), all.collect::<Vec<_>>());
    let close = |text: &str, number: &Value| {
        let (shown, number): (f64, f64) = (text.parse().unwrap(), number.as_f64().unwrap());
        assert!((shown - number).abs() <= 1e-4 * number, "{shown} {number}");
    };
    for (name, key) in [("mean absolute error", "mae"), ("root mean squared error", "rmse")] {
        let all = [held_out].into_iter().chain(baselines);
        row(&page, "On 80 rows", name)
            .iter()
            .zip(all)
            .for_each(|(cell, own)| close(cell, &own[key]));
    }
    for part in [
        ">\ntrue price\n<",
        ">\npredicted price\n<",
        ">\npredicted minus true\n<",
        "<dt>predicted</dt><dd>price, a number</dd>",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }

    // The intervals are those of `predict`, counted on the rows that were held out.
    let own = row(&page, "Intervals", "90 %");
    let line = "predict model.safetensors data.csv --held-out --interval 0.9 --with price";
    let table = folder.run(line).ok().stdout;
    let heading: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let at = |end: &str| {
        heading.iter().position(|name| name.ends_with(end)).unwrap_or_else(|| panic!("{heading:?}"))
    };
    let (low, high, known) =
        (at("_low"), at("_high"), heading.iter().position(|name| *name == "price").unwrap());
    let inside = table.lines().skip(1).filter(|line| {
        let cells: Vec<f64> =
            line.split(',').map(|cell| cell.parse().unwrap_or(f64::NAN)).collect();
        cells[low] <= cells[known] && cells[known] <= cells[high]
    });
    assert_eq!(own[1], format!("{:.2} %", 100.0 * inside.count() as f64 / 80.0), "{table}");
}

#[test]
fn two_classes_have_a_roc_curve() {
    let folder = Folder::new("report-two");
    let line = "train moons --samples 200 --epochs 3 --report report.html --format json";
    let json = folder.run(line).ok().json();
    let page = page(&folder);
    assert_nested(&page);
    let area = four(&json["held_out"]["roc_auc"]);
    assert!(page.contains(&format!("the ROC curve; its area is {area}")), "{area}");
    assert!(page.contains(">\nby chance\n<"));
}

#[test]
fn images_have_a_page_without_single_pixels() {
    let folder = Folder::new("report-images");
    folder.run("train digits --epochs 1 --hidden 16 --quiet --report report.html").ok();
    let page = page(&folder);
    assert_nested(&page);
    for part in
        ["images of 8 x 8 in 1 channel", "10 classes", "Single pixels of images tell little"]
    {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    assert!(!page.contains("<caption>How much worse"));
}

#[test]
fn without_rows_held_out_nothing_is_said_of_how_good_it_is() {
    let folder = Folder::new("report-none");
    folder.write("data.csv", classes(120));
    let line =
        "train data.csv --target kind --epochs 2 --test-fraction 0 --quiet --report report.html";
    folder.run(line).ok();
    let page = page(&folder);
    assert_nested(&page);
    assert!(!page.contains("dashed grey line"));
    assert!(page.contains("No rows were held out: how good it is, is not known."));
    assert!(!page.contains("accuracy</th>") && !page.contains("What it rests on"));
}

#[test]
fn many_classes_have_their_worst_pairs() {
    let folder = Folder::new("report-many");
    let row = |i: usize| format!("{}.{},k{:02}\n", i % 30, i * 7 % 10, i % 30);
    folder.write("data.csv", "x,kind\n".to_string() + &(0..600).map(row).collect::<String>());
    let line = "train data.csv --target kind --epochs 1 --quiet --members 1 --report report.html";
    folder.run(line).ok();
    let page = page(&folder);
    assert_nested(&page);
    assert!(page.contains("<caption>The pairs that were confused most"));
    assert!(!page.contains("<caption>How often each class"));
}

/// The command that a page shows, as a shell takes it.
#[cfg(unix)]
fn repeated(page: &str) -> String {
    let (_, rest) = page.split_once("<code>").unwrap();
    let line = rest.split("</code>").next().unwrap();
    let plain = line.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    plain.replace("&amp;", "&")
}

#[cfg(unix)]
fn shell(folder: &Folder, line: &str) {
    let program = env!("CARGO_BIN_EXE_gradtape");
    let line = line.replacen("gradtape", &format!("'{program}'"), 1);
    let status = std::process::Command::new("sh")
        .args(["-c", &line])
        .current_dir(folder.path(""))
        .stdout(std::process::Stdio::null())
        .status();
    assert!(status.unwrap().success(), "{line}");
}

#[cfg(unix)]
#[test]
fn hostile_names_are_text_and_the_command_repeats_the_training() {
    let folder = Folder::new("report-hostile");
    let names = ["<script>alert(1)</script>", "</td></table>", "a \"b\" & 'c'"];
    let row = |i: usize| format!("{},\"{}\"\n", i % 30, names[i % 30 / 10].replace('"', "\"\""));
    let rows: String = (0..150).map(row).collect();
    folder.write(
        "it's <b>&.csv",
        format!("\"<img src=x onerror=\"\"alert(1)\"\">\",<i>kind</i>\n{rows}"),
    );
    let output = command(&folder.path(""), "train")
        .args(["it's <b>&.csv", "--target", "<i>kind</i>", "--epochs", "2"])
        .args(["--report", "report.html"])
        .output()
        .unwrap();
    crate::common::Run::of(output).ok();
    let page = page(&folder);
    assert_nested(&page);
    for tag in ["<script", "<img", "<i>", "<b>"] {
        assert!(!page.contains(tag), "{tag} in {page}");
    }
    for part in [
        "<h1>&lt;i&gt;kind&lt;/i&gt; of it's &lt;b&gt;&amp;.csv</h1>",
        "<th scope=\"row\">&lt;script&gt;alert(1)&lt;/script&gt;</th>",
        "<th scope=\"row\">&lt;img src=x onerror=&quot;alert(1)&quot;&gt;</th>",
        "a &quot;b&quot; &amp; 'c'",
    ] {
        assert!(page.contains(part), "{part:?} is not in {page}");
    }
    let model = folder.read("model.safetensors");
    std::fs::remove_file(folder.path("model.safetensors")).unwrap();
    shell(&folder, &repeated(&page));
    assert!(folder.read("model.safetensors") == model, "the command gives other bits");
    assert!(folder.read("report.html") == page.as_bytes(), "the page is another");
}

#[cfg(unix)]
#[test]
fn a_training_that_went_on_has_a_page() {
    let folder = Folder::new("report-resume");
    let train =
        "train xor --samples 100 --hidden 4 --seed 3 --checkpoint-every 1epochs --quiet --out run";
    folder.run(&format!("{train} --epochs 2")).ok();
    folder.run("train --resume run --epochs 4 --report report.html").ok();
    let page = page(&folder);
    let line = repeated(&page);
    assert_eq!(
        line,
        "gradtape train xor --samples 100 --hidden 4 --seed 3 --quiet --out run --epochs 4 --report report.html"
    );
    let model = folder.read("run/model.safetensors");
    shell(&folder, &line.replace("--out run", "--out again"));
    assert!(folder.read("again/model.safetensors") == model, "the command gives other bits");
}

#[test]
fn reports_that_cannot_be_are_refused_before_anything_is_trained() {
    let folder = Folder::new("report-refused");
    folder.write("data.csv", classes(60));
    folder.write("data.html", classes(60));
    folder.write("book.txt", "to be or not to be, ".repeat(40));
    let train = "train data.csv --target kind --epochs 1";
    for (line, words) in [
        ("--report x.pdf", &["--report x.pdf", "HTML", "--report x.html"][..]),
        ("--report x", &["--report x.html"]),
        ("--report nowhere/x.html", &["nowhere"]),
        ("--report x.pdf --seed 1..3", &["--report x.html"]),
        ("--report nowhere/x.html --folds 3", &["nowhere"]),
    ] {
        folder.run(&format!("{train} {line}")).fails(2, words);
    }
    folder
        .run("train data.html --target kind --epochs 1 --report data.html")
        .fails(2, &["data.html is the data", "overwritten"]);
    assert_eq!(folder.read("data.html"), classes(60).as_bytes());
    folder
        .run("train book.txt --network gpt:1x8 --report x.html")
        .fails(2, &["--report", "not for texts", "--log"]);
    folder.run("profile train digits --report x.html").fails(2, &["--report"]);
    let left = folder.files();
    assert_eq!(left, ["book.txt", "data.csv", "data.html"], "nothing was written");
}

/// Shows a page in a frame as wide as a phone, and writes down how it lies there.
const FRAME: &str = r#"<!DOCTYPE html>
<body style="margin: 0"><iframe src="report.html" style="width: 390px; height: 800px; border: 0"></iframe>
<script>
addEventListener("load", () => {
  const page = document.querySelector("iframe").contentDocument;
  const sizes = [...page.querySelectorAll("svg text")].map((text) => {
    const picture = text.ownerSVGElement;
    const scale = picture.getBoundingClientRect().width / picture.viewBox.baseVal.width;
    return parseFloat(getComputedStyle(text).fontSize) * scale;
  });
  const report = document.createElement("pre");
  report.id = "report";
  report.textContent = JSON.stringify({
    width: page.documentElement.scrollWidth,
    room: page.documentElement.clientWidth,
    texts: sizes.length,
    least: Math.min(...sizes),
  });
  document.body.append(report);
});
</script></body>"#;

#[test]
fn pages_are_read_on_a_phone() {
    let Some(chromium) = chromium() else { return };
    for (name, data, line) in [
        ("classes", classes(300), "--target kind --ignore colour"),
        ("numbers", numbers(300), "--target price"),
    ] {
        let folder = Folder::new(&format!("report-browser-{name}"));
        folder.write("data.csv", data);
        folder.run(&format!("train data.csv {line} --epochs 3 --quiet --report report.html")).ok();
        folder.write("frame.html", FRAME);
        let document = opened(&chromium, &folder, "frame.html", "");
        let report = document.split("<pre id=\"report\">").nth(1).expect("the page was measured");
        let report: Value = serde_json::from_str(report.split("</pre>").next().unwrap()).unwrap();
        assert_eq!(report["width"], report["room"], "{name}: it is scrolled sideways");
        assert!(report["room"].as_u64().unwrap() <= 390, "{report}");
        assert!(report["texts"].as_u64().unwrap() > 20, "{report}");
        assert!(report["least"].as_f64().unwrap() >= 11.0, "{name}: {report}");
    }
}

#[test]
fn of_a_transformed_target_figures_are_of_the_number_itself() {
    let folder = Folder::new("report-tails");
    let line = |i: usize| {
        let (a, b) = (i * 7919 % 101, i * 104_729 % 97);
        let sign = if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        let value = sign * (a as f64 / 20.0).exp() * (1.0 + b as f64 / 97.0);
        format!("{a}.5,{},{value:.3}\n", i % 2)
    };
    let rows: String = (0..800).map(line).collect();
    folder.write("data.csv", format!("a,b,y\n{rows}"));
    let command =
        "train data.csv --target y --target-transform asinh --epochs 60 --report r.html --quiet";
    folder.run(command).ok();
    let page = String::from_utf8(folder.read("r.html")).unwrap();
    let share = &row(&page, "Intervals as of", "90 %")[1];
    let number: f64 = share.trim_end_matches(" %").parse().unwrap();
    assert!((70.0..=100.0).contains(&number), "{share}");
}
