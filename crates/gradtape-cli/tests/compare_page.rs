//! `gradtape train` with lists and `--report`: one page of all trainings.

use crate::common::{Folder, contains};

#[test]
fn a_comparison_has_one_page() {
    let folder = Folder::new("compared-page");
    let line = "train xor --samples 60 --hidden 4 --optimizer adagrad,adam --seed 1..2 --epochs 3 --report compare.html";
    let text = folder.run(line).ok().stdout;
    contains(&text, &["compare.svg, compare.html, and a folder"]);
    let page = String::from_utf8(folder.read("compare.html")).unwrap();
    contains(
        &page,
        &[
            "optimizer, seed compared on xor",
            "<th scope=\"row\">adagrad</th>",
            "<th scope=\"row\">adam</th>",
            "held-out loss",
            "4 trainings",
            "95 % interval",
            "(logarithmic)",
            "<dt>optimizer</dt><dd>adagrad; adam</dd>",
            "<dt>hidden</dt><dd>4</dd>",
            &format!("<code>gradtape {line}</code>"),
        ],
    );
    assert_eq!(page.matches("<svg").count(), 2);
    // What differs is not told as alike.
    let alike = page.split("Alike in all").nth(1).unwrap();
    assert!(!alike.contains("<dt>optimizer</dt>") && !alike.contains("<dt>seed</dt>"), "{alike}");
    assert!(!page.contains("<script"));
    // Each has no page of its own, and the same command gives the same page.
    assert!(!folder.path("optimizer-adam_seed-1/compare.html").exists());
    folder.run(&format!("{line} --quiet")).ok();
    let again = String::from_utf8(folder.read("compare.html")).unwrap();
    assert_eq!(again.replace(" --quiet", ""), page);
    let files = &folder.run(&format!("{line} --format json")).ok().json()["files"];
    assert_eq!(files[3], "compare.html");
}

#[test]
fn folds_have_a_page() {
    let folder = Folder::new("folds-page");
    let line = "train iris --folds 3 --epochs 2 --members 1 --report folds.html";
    let text = folder.run(line).ok().stdout;
    contains(&text, &["folds.html"]);
    let page = String::from_utf8(folder.read("folds.html")).unwrap();
    contains(
        &page,
        &[
            "fold compared on iris",
            "<th scope=\"row\">mean</th>",
            "balanced accuracy",
            "--folds 3 --epochs 2 --members 1 --report folds.html --seed 42</code>",
        ],
    );
    assert!(folder.path("model.safetensors").exists());
}
