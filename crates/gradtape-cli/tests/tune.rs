//! `gradtape tune`: a search that ends in a model, goes on after a stop, and says what it cannot do.

use crate::common::{Folder, Run, command, table};

const SEARCH: &str = "tune iris --trials 7 --epochs 6 --members 1 --hidden 8 --minutes 30 --quiet";

#[test]
fn a_search_ends_in_a_model_and_a_table() {
    let folder = Folder::new("tuned");
    let report = folder.run(&format!("{SEARCH} --format json --out a")).ok().json();
    assert_eq!(report["in_time"], true);
    let trials = report["trials"].as_array().unwrap();
    // Rounds of 1, 2 and 6 epochs: all, the best third, of which the settings as they are may be one more.
    let of = |round: u64| trials.iter().filter(|trial| trial["round"] == round).collect::<Vec<_>>();
    assert_eq!(of(1).len(), 7);
    assert!((3..=4).contains(&of(2).len()) && (1..=3).contains(&of(3).len()));
    for trial in trials {
        assert!(trial["settings"]["hidden"].is_null(), "what is given is looked for: {trial}");
        assert_eq!(trial["trial"] == 0, trial["settings"].as_object().unwrap().is_empty());
    }
    // The settings as they are take part to the end, and the best is no worse.
    let loss = |number: &serde_json::Value| {
        let own = of(3).into_iter().find(|trial| trial["trial"] == *number);
        own.unwrap()["validation_loss"].as_f64().unwrap()
    };
    assert!(loss(&report["best"]) <= loss(&0.into()));
    assert!(report["held_out"]["accuracy"].is_number());
    let table = String::from_utf8(folder.read("a/tune.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + trials.len());

    // What is told to train it again trains it again; and the same seed finds the same.
    let command = report["command"].as_str().unwrap().strip_prefix("gradtape ").unwrap();
    let again = command.replace("--format json", "").replace("--out a", "--out again");
    folder.run(&again).ok();
    assert!(folder.read("a/model.safetensors") == folder.read("again/model.safetensors"));
    folder.run(&format!("{SEARCH} --threads 1 --out b")).ok();
    assert!(folder.read("a/model.safetensors") == folder.read("b/model.safetensors"));
}

#[test]
fn a_search_goes_on_after_a_stop() {
    let folder = Folder::new("tune-on");
    folder.run(&format!("{SEARCH} --out whole")).ok();
    let log = String::from_utf8(folder.read("whole/tune.jsonl")).unwrap();
    let half: Vec<&str> = log.lines().take(6).collect();
    std::fs::create_dir(folder.path("run")).unwrap();
    // The last line was being written.
    folder.write("run/tune.jsonl", format!("{}\n{{\"event\":\"tri", half.join("\n")));
    let command = SEARCH.replace(" --quiet", "");
    let text = folder.run(&format!("{command} --out run")).ok().stdout;
    assert!(text.contains("4 trials: the search goes on"), "{text}");
    assert!(folder.read("run/model.safetensors") == folder.read("whole/model.safetensors"));
    let seconds = |text: &str| -> String {
        let line = |line: &str| line.split("\"seconds\"").next().unwrap_or_default().to_string();
        let mut lines: Vec<String> = text.lines().map(line).collect();
        lines.sort_unstable();
        lines.join("\n")
    };
    let again = String::from_utf8(folder.read("run/tune.jsonl")).unwrap();
    assert_eq!(seconds(&again), seconds(&log));
    // Another search does not go on with it.
    folder
        .run(&format!("{SEARCH} --seed 7 --out run"))
        .fails(2, &["tune.jsonl", "other flags", "--out"]);
    folder
        .run(&format!("{} --out run", SEARCH.replace("iris", "xor")))
        .fails(2, &["other flags: iris"]);
    folder.write("tune.jsonl", "something else");
    folder.run(SEARCH).fails(2, &["no search of gradtape", "take the file away"]);
    assert_eq!(folder.read("tune.jsonl"), b"something else");
}

#[cfg(unix)]
#[test]
fn a_search_that_is_stopped_leaves_a_table_and_says_how_to_go_on() {
    use std::process::Stdio;
    let folder = Folder::new("tune-stopped");
    let line = "tune digits --trials 500 --epochs 9 --minutes 30 --members 1 --hidden 8 --batch 32 --quiet";
    let mut search = command(&folder.path("."), line);
    let search = search.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let tried = || {
        let log = std::fs::read_to_string(folder.path("tune.jsonl")).unwrap_or_default();
        log.lines().filter(|line| line.contains(r#""event":"trial""#)).count()
    };
    while tried() < 3 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let id = search.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = Run::of(search.wait_with_output().unwrap());
    let text = run.stderr.clone();
    run.fails(
        1,
        &[
            "the same command goes on",
            "tune.csv has",
            "model.safetensors is the best so far, trial",
        ],
    );
    // It is a whole model, which is used as any other.
    let report = folder.run("evaluate model.safetensors digits --format json").ok().json();
    assert_eq!((&report["trained_on"], &report["part"]), (&true.into(), &"held-out".into()));
    let known = folder.run("inspect model.safetensors").ok().stdout;
    let named = text.split("best so far, ").nth(1).unwrap().split(':').next().unwrap();
    assert!(known.contains(&format!("search: {named}")), "{named}: {known}");
    let table = String::from_utf8(folder.read("tune.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + tried());
    // What it names trains, with the settings that were tried.
    let best = text.split("`gradtape ").nth(1).unwrap().split('`').next().unwrap();
    folder.run(&format!("{best} --steps 3")).ok();
    assert!(folder.path("model.safetensors").exists());
}

#[test]
fn a_search_that_has_no_time_for_all_says_so() {
    let folder = Folder::new("tune-time");
    for (number, minutes) in ["0.0005", "0.002", "0.004", "0.008", "0.02"].into_iter().enumerate() {
        for trials in [1, 20] {
            let out = format!("{number}-{trials}");
            let command = format!(
                "tune digits --trials {trials} --epochs 30 --minutes {minutes} --out {out}"
            );
            let run = folder.run(&command);
            assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
            match run.status {
                0 => assert!(folder.path(&format!("{out}/model.safetensors")).exists()),
                _ => run.fails(1, &["not one trial ended", "--minutes"]),
            }
        }
    }
}

#[test]
fn what_cannot_be_searched_is_told() {
    let folder = Folder::new("tune-wrong");
    folder.write("text.txt", "to be or not to be ".repeat(50));
    for (command, words) in [
        ("tune iris --minutes 0", vec!["above 0"]),
        ("tune iris --minutes 0.0000001", vec!["not one trial ended", "--minutes"]),
        ("tune iris --validation 0", vec!["--validation is 0"]),
        ("tune iris --folds 3", vec!["--folds", "train with --folds"]),
        ("tune iris --resume .", vec!["--resume"]),
        ("tune text.txt --network gpt:1x8", vec!["not for texts", "lists"]),
        (
            "tune iris --hidden 4 --activation relu --dropout 0 --batch 8 --lr 0.1 --optimizer adam --weight-decay 0",
            vec!["nothing is left to look for"],
        ),
        ("tune iris --lr 0.1,0.2", vec!["0.1,0.2"]),
    ] {
        let run = folder.run(command);
        let status = if command.contains("0.0000001") { 1 } else { 2 };
        run.fails(status, &words);
        assert!(!folder.path("model.safetensors").exists());
    }
}

#[test]
fn data_is_not_overwritten_by_tables_of_its_own_trainings() {
    let folder = Folder::new("tune-spare");
    std::fs::create_dir(folder.path("own")).unwrap();
    for name in ["tune.csv", "compare.csv", "steps.csv"] {
        let file = format!("own/{name}");
        folder.write(&file, table("x,y", 60, |row| format!("{row},{}", 2 * row)));
        let before = folder.read(&file);
        let run = match name {
            "tune.csv" => {
                "tune own/tune.csv --target y --trials 3 --epochs 1 --out own".to_string()
            }
            _ => format!("train {file} --target y --lr 0.1,0.01 --epochs 1 --out own"),
        };
        folder.run(&run).fails(2, &["is the data and would be overwritten"]);
        assert!(folder.read(&file) == before, "{name}");
    }
}
