//! The examples run, and print what they promise.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs an example, and gives what it prints.
fn run(name: &str) -> String {
    let mut command = match built(name) {
        Some(program) => Command::new(program),
        None => {
            // As its first lines say.
            let mut command = Command::new(env!("CARGO"));
            command.args([
                "run",
                "--offline",
                "--quiet",
                "--package",
                "gradtape",
                "--example",
                name,
            ]);
            if !cfg!(debug_assertions) {
                command.arg("--release");
            }
            command
        }
    };
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (printed, errors) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{name}: {printed}{errors}");
    printed
}

/// The program of an example, where the tests of all targets built it from the sources as they are: by itself it would be
/// built with the library once more, as dependencies have other features where fewer crates ask for them.
fn built(name: &str) -> Option<PathBuf> {
    let tests = std::env::current_exe().ok()?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let program = tests.parent()?.parent()?.join("examples").join(file);
    let time = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    let since = time(&program)?;
    let crates = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["src", "examples", "../gradtape-derive/src"].map(|folder| crates.join(folder));
    let mut left = folders.to_vec();
    left.extend(["Cargo.toml", "../../Cargo.lock"].map(|file| crates.join(file)));
    while let Some(path) = left.pop() {
        match std::fs::read_dir(&path) {
            Ok(entries) => left.extend(entries.filter_map(|entry| Some(entry.ok()?.path()))),
            Err(_) if time(&path)? > since => return None,
            Err(_) => {}
        }
    }
    Some(program)
}

/// The number that follows the last place where the words stand.
#[track_caller]
fn number(text: &str, words: &str) -> f64 {
    let (_, rest) = text.rsplit_once(words).unwrap_or_else(|| panic!("no {words:?} in: {text}"));
    let word = rest.split_whitespace().next().unwrap_or_default();
    word.trim_end_matches(',').parse().unwrap_or_else(|e| panic!("{e}: {word:?} in: {text}"))
}

#[track_caller]
fn has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|printed| printed == *line), "no line {line:?} in: {text}");
    }
}

#[test]
fn quickstart() {
    let text = run("quickstart");
    has(&text, &["e = 6, de/da = 2, de/db = 5", "column means [2.5, 3.5, 4.5]", "y = 3.0x -1.0"]);
    assert!(text.contains("refused: ") && text.contains("[2, 3]"), "{text}");
    assert!(number(&text, "loss ") < 0.001, "{text}");
}

#[test]
fn xor() {
    let text = run("xor");
    has(&text, &["33 parameters"]);
    for line in ["0 xor 0 = 0 (0.0", "0 xor 1 = 1 (0.9", "1 xor 0 = 1 (0.9", "1 xor 1 = 0 (0.0"] {
        assert!(text.contains(line), "{line:?} is not in: {text}");
    }
}

#[test]
fn digits() {
    let text = run("digits");
    has(&text, &["the same after loading: true"]);
    assert!(number(&text, "held out: ") > 94.0, "{text}");
}

#[test]
fn lenet() {
    let text = run("lenet");
    assert!(text.contains("Conv2d(6, 16, [3, 3])  weight [16, 6, 3, 3], bias [16]"), "{text}");
    assert!(number(&text, "epoch 8: loss ") < 0.2, "{text}");
    assert!(number(&text, "held out: ") > 94.0, "{text}");
}

#[test]
fn resnet() {
    let text = run("resnet");
    assert!(text.contains("6.shortcut  Conv2d(8, 16, [1, 1])"), "{text}");
    assert!(number(&text, "epoch 4: loss ") < 0.4, "{text}");
    assert!(number(&text, "held out: ") > 93.0, "{text}");
}

#[test]
fn gru() {
    let text = run("gru");
    assert!(number(&text, "off by ") < 0.12, "{text}");
}

#[test]
fn transformer() {
    let text = run("transformer");
    assert!(number(&text, "sorted ") >= 17.0, "{text}");
}

#[test]
fn custom_gradient() {
    let text = run("custom_gradient");
    has(&text, &["gradient of the sign   [0.0, 0.0]", "gradient straight on   [1.0, 1.0]"]);
    has(&text, &["step 100: loss 0.000", "all signs found: true"]);
}

#[test]
fn second_order() {
    let text = run("second_order");
    has(&text, &["f(2) = 16", "f'(2) = 32", "f''(2) = 48", "f'''(2) = 48", "f''''(2) = 24"]);
    // 1200 x² - 400 y + 2 and -400 x at (-1.2, 1).
    assert!(text.contains("1330") && text.contains("480") && text.contains("200"), "{text}");
    assert!(text.contains("step 6: (1.0000, 1.0000)"), "{text}");
}

#[test]
fn control_flow() {
    let lines = [
        "from 3: 3, slope 1",
        "from 12: 3, slope 0.25",
        "from -100: -3.125, slope 0.03125",
        "3^5 = 243, slope 405",
    ];
    assert_eq!(run("control_flow").lines().collect::<Vec<_>>(), lines);
}

#[test]
fn running_loss() {
    let text = run("running_loss");
    assert!(number(&text, "epoch 29: loss ") < 0.1, "{text}");
    let nodes = |line: &str| number(line, ", ");
    let counts: Vec<f64> = text.lines().map(nodes).collect();
    assert!(counts.len() == 4 && counts.iter().all(|count| *count == counts[0]), "{text}");
}

#[test]
fn probability() {
    let text = run("probability");
    has(&text, &["10 20      0.00005 0.99995  0.33333 0.66667", "KL of p from q        0.20078"]);
    has(
        &text,
        &["exp(x) / sum exp(x)   NaN NaN NaN", "softmax(x)            0.09003 0.24473 0.66524"],
    );
    has(&text, &[" -800       1   0.0000         inf      NaN  800.0000  -1.0000"]);
}

#[test]
fn examples_are_short() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines < 80, "{}: {lines} lines", path.display());
    }
}
