//! Texts from the command line: `train --network gpt:…`, `generate` and `evaluate`.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use crate::common::{Folder, Run, command};

/// A text that is easy to go on with.
fn alphabet() -> String {
    "abcdefgh ijkl\n".repeat(60)
}

const TRAIN: &str =
    "train book.txt --network gpt:1x16x2 --context 14 --batch 8 --lr 0.01 --epochs 16";

#[test]
fn a_text_is_learned_and_gone_on_with() {
    let folder = Folder::new("text");
    folder.write("book.txt", alphabet());
    let text = folder.run(TRAIN).ok().stdout;
    for part in [
        "book.txt: 14 characters; 756 characters to train, 84 to validate",
        "network: gpt:1x16x2, context 14, 3,",
        "adam, learning rate 0.01 (cosine), batches of 8, 16 epochs, seed 42",
        "nats for each character",
        "epoch       train loss  validation loss  seconds",
        "wrote model.safetensors, history.csv, curves.svg",
        "`gradtape generate model.safetensors`",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let cold = "generate model.safetensors --temperature 0 --length 20 --prompt";
    let run = folder.run(&format!("{cold} ab")).ok();
    assert!(run.stdout.starts_with("abcdefgh ijkl\nabcdefgh"), "{:?}", run.stdout);
    assert_eq!(run.stdout.len(), 2 + 20 + 1);

    let warm = |flags: &str| {
        let arguments = format!("generate model.safetensors --length 30 --format json {flags}");
        folder.run(&arguments).ok().json()
    };
    assert_eq!(warm("--seed 1"), warm("--seed 1"));
    assert_ne!(warm("--seed 1 --temperature 9"), warm("--seed 2 --temperature 9"));
    assert_eq!(warm("--top-k 1 --seed 1"), warm("--top-k 1 --seed 2"));
    assert_eq!(warm("")["prompt"], "\n");
    assert_eq!(warm("")["text"].as_str().unwrap().chars().count(), 30);

    // Of the text itself what was held out is measured, of another one all.
    let report = folder.run("evaluate model.safetensors book.txt --format json").ok().json();
    assert_eq!(
        (report["part"].as_str(), report["characters"].as_u64()),
        (Some("validation"), Some(84))
    );
    let loss = report["loss"].as_f64().unwrap();
    assert!(loss < 1.5, "{report}");
    assert!(text.contains(&format!("validation loss {loss:.4} nats for each character")), "{text}");
    folder.write("other.txt", alphabet().repeat(2));
    let other = folder.run("evaluate model.safetensors other.txt").ok().stdout;
    assert!(other.contains("overall loss ") && other.contains("1,680 characters"), "{other}");

    let known = folder.run("inspect model.safetensors").ok().stdout;
    for part in ["goes on with texts\n14 characters", "Embedding(14, 16)", "network    gpt:1x16x2"]
    {
        assert!(known.contains(part), "{part:?} is not in: {known}");
    }
    folder
        .run("predict model.safetensors iris")
        .fails(1, &["goes on with texts", "gradtape generate"]);
}

#[test]
fn parts_of_words_and_threads_and_precisions() {
    let folder = Folder::new("pairs");
    folder.write("book.txt", alphabet());
    let train =
        "train book.txt --network gpt:1x8 --context 8 --vocabulary bpe:20 --steps 12 --quiet";
    for (out, flags) in [("a", "--threads 1"), ("b", "--threads 3"), ("c", "--precision f16")] {
        folder.run(&format!("{train} {flags} --out {out}")).ok();
    }
    let [a, b, c] = ["a", "b", "c"].map(|out| folder.read(&format!("{out}/model.safetensors")));
    assert!(a == b && a != c);
    let known = folder.run("inspect a/model.safetensors").ok().stdout;
    assert!(known.contains("20 tokens, parts of words"), "{known}");
    let prompt = "generate a/model.safetensors --prompt abc --length 3 --format json";
    let report = folder.run(prompt).ok().json();
    assert!(report["text"].as_str().unwrap().len() >= 3, "{report}");
    // Nats for each character, not for each token: at first less than the logarithm of 14.
    let report = folder.run("evaluate a/model.safetensors book.txt --part all --format json");
    assert!(report.ok().json()["loss"].as_f64().unwrap() < 14f64.ln());
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = Folder::new("text-errors");
    folder.write("book.txt", alphabet());
    folder.write("short.txt", "abc\n");
    folder.write("bytes.txt", [b'a', 0xff]);
    for (arguments, words) in [
        (
            "short.txt --network gpt:1x8",
            &["4 tokens, too few for a context of 64", "longer text"][..],
        ),
        (
            "book.txt --network gpt:1x8 --context 200 --validation 0.1",
            &["to validate has 84 tokens"],
        ),
        ("book.txt --network gpt:1x8 --vocabulary bpe:3", &["--vocabulary", "14 characters"]),
        ("book.txt --network gpt:1x8 --vocabulary words", &["bpe:512"]),
        ("book.txt --network gpt:1", &["as in gpt:4x128"]),
        ("book.txt --network gpt:0x8", &["at least 1", "gpt:4x128"]),
        ("book.txt --network gpt:1x8x3", &["3 heads do not divide the width 8"]),
        ("book.txt --network gpt:100x1000000", &["weights"]),
        ("book.txt --network gpt:1x8 --target x", &["--target is not for texts", "--validation"]),
        ("book.txt --network gpt:1x8 --augment flip", &["--augment is not for texts"]),
        ("book.txt --network gpt:1x8 --dropout 1", &["dropout"]),
    ] {
        folder.run(&format!("train {arguments}")).fails(2, words);
    }
    folder.run("train bytes.txt --network gpt:1x8").fails(1, &["byte 1 is not UTF-8"]);
    folder.run("train none.txt --network gpt:1x8").fails(1, &["none.txt"]);

    folder.run("train book.txt --network gpt:1x8 --context 8 --steps 1 --quiet").ok();
    for (arguments, status, words) in [
        ("--prompt aXb", 2, &["'X' at place 2", "abcdefgh"][..]),
        ("--temperature -1", 2, &["--temperature is -1"]),
        ("--temperature nan", 2, &["--temperature"]),
        ("--top-k 0", 2, &["--top-k", "at least 1"]),
        ("--length 0", 2, &["--length", "at least 1"]),
    ] {
        folder.run(&format!("generate model.safetensors {arguments}")).fails(status, words);
    }
    folder.run("evaluate model.safetensors book.txt --part test").fails(2, &["no test part"]);
    folder.run("evaluate model.safetensors iris").fails(2, &["iris: this is no text"]);
    // A damaged model of texts is told as such.
    let mut model = folder.read("model.safetensors");
    let place = model.windows(10).position(|bytes| bytes == b"characters").unwrap();
    model[place] = b'k';
    folder.write("damaged.safetensors", model);
    let words = &["damaged.safetensors", "vocabulary cannot be read"];
    folder.run("evaluate damaged.safetensors book.txt").fails(1, words);
    folder.run("train iris --epochs 1 --quiet --out iris").ok();
    let words = &["has no vocabulary", "--network gpt:4x128"];
    folder.run("generate iris/model.safetensors").fails(1, words);
    folder.run("generate none.safetensors").fails(1, &["none.safetensors"]);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_with_the_model_saved() {
    let folder = Folder::new("text-signal");
    folder.write("book.txt", alphabet());
    let arguments = "train book.txt --network gpt:1x8 --context 14 --epochs 100000";
    let mut child = command(&folder.path(""), arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    // Until the first epoch is through.
    while !text.lines().last().is_some_and(|line| line.trim_start().starts_with("1 ")) {
        assert!(stdout.read_line(&mut text).unwrap() > 0, "{text}");
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    std::io::Read::read_to_string(&mut stdout, &mut text).unwrap();
    Run::of(child.wait_with_output().unwrap()).ok();
    assert!(text.contains("stopped by Ctrl-C or a signal"), "{text}");
    folder.run("generate model.safetensors --length 5").ok();
}
