//! `gradtape train --start`: a network that begins with what another one learned.

use crate::common::{Folder, contains, table};

#[test]
fn a_network_begins_with_the_weights_of_another() {
    let folder = Folder::new("start");
    folder.run("train digits --epochs 6 --quiet --out first").ok();
    let first_loss = |flags: &str| {
        let command = format!("train digits --epochs 1 --format json {flags} --out second");
        let report = folder.run(&command).ok().json();
        report["epochs"][0]["train"]["loss"].as_f64().unwrap()
    };
    let model = "--start first/model.safetensors";
    assert!(first_loss(model) < 0.5 * first_loss(""), "it begins where the other ended");
    // With other widths a part fits, and what does not is told.
    let text =
        folder.run(&format!("train digits --hidden 32,16 --epochs 1 {model} --out third")).ok();
    for part in [
        "note: begins with 2 tensors of first/model.safetensors, and at random elsewhere",
        "at random are 2.weight, 2.bias, 4.weight, 4.bias",
        "2.weight (f32[10, 32] in the file, f32[16, 32] in the network)",
    ] {
        assert!(text.stdout.contains(part), "{part:?} is not in: {}", text.stdout);
    }
    // Weights that rest stay as they are.
    let rest = "--group *:lr_scale=0";
    folder.run(&format!("train digits --epochs 1 --quiet {model} {rest} --out same")).ok();
    let scores = |out: &str| {
        let command = format!("evaluate {out}/model.safetensors digits --format json");
        folder.run(&command).ok().json()["loss"].clone()
    };
    assert_eq!(scores("same"), scores("first"));
}

#[test]
fn a_table_is_prepared_as_for_the_model() {
    let folder = Folder::new("start-table");
    let table = |from: usize, name: &str| -> String {
        let row = |i: usize| format!("{},{},{}\n", i % 17, i % 5, 3 * (i % 17) + (i % 5));
        format!("x,{name},y\n") + &(from..from + 200).map(row).collect::<String>()
    };
    folder.write("old.csv", table(0, "z"));
    folder.write("new.csv", table(1000, "z"));
    folder.write("other.csv", table(1000, "w"));
    let train = "--target y --members 1 --hidden 16 --epochs";
    folder.run(&format!("train old.csv {train} 40 --quiet --out old")).ok();
    let model = "--start old/model.safetensors";
    let rest = "--group *:lr_scale=0";
    let text = folder.run(&format!("train new.csv {train} 1 {model} {rest} --out new")).ok().stdout;
    assert!(text.contains("prepared as for the model of --start"), "{text}");
    let r2 = |out: &str, data: &str| {
        let command = format!("evaluate {out}/model.safetensors {data} --part all --format json");
        folder.run(&command).ok().json()["r2"].as_f64().unwrap()
    };
    // Weights that rest answer as they did.
    assert!(r2("new", "new.csv") > 0.9 && r2("new", "old.csv") == r2("old", "old.csv"));
    let text = folder.run(&format!("train other.csv {train} 1 {model} --out other")).ok().stdout;
    assert!(text.contains("the columns are others than those of the model"), "{text}");
}

#[test]
fn what_the_user_says_of_columns_comes_before_the_model() {
    let folder = Folder::new("start-wishes");
    let row = |i: usize| format!("{},{},{},{}\n", i % 17, i % 5, i % 7, 3 * (i % 17) + (i % 5));
    let rows: String = (0..200).map(row).collect();
    folder.write("new.csv", format!("x,z,w,y\n{rows}"));
    let train = "train new.csv --target y --members 1 --hidden 16 --epochs 1";
    folder.run(&format!("{train} --ignore w --quiet --out old")).ok();
    let train = format!("{train} --start old/model.safetensors --out new");
    for (flags, told) in [
        ("", "prepared as for the model of --start; not used: \"w\""),
        ("--target-transform none", "prepared as for the model of --start; not used: \"w\""),
        ("--ignore z", "not prepared as for the model of --start: that one uses \"z\" (--ignore)"),
        ("--categories z", "\"z\" is a number there (--categories)"),
        ("--split group z", "that one uses \"z\", the groups by which rows are held out here"),
        ("--target-transform log", "that one learned \"y\" with --target-transform none, not log"),
    ] {
        let text = folder.run(&format!("{train} {flags}")).ok().stdout;
        assert!(text.contains(told), "{told:?} is not in: {text}");
        let used = folder.run("inspect new/model.safetensors").ok().stdout;
        assert_eq!(used.contains("log(1 + value"), flags.ends_with("log"), "{flags}");
    }
    // Of a category there, a number here.
    folder
        .run(&train.replace("--start old/model.safetensors --out new", "--categories z --out old"))
        .ok();
    let text = folder.run(&format!("{train} --numbers z")).ok().stdout;
    assert!(text.contains("\"z\" is a category there (--numbers)"), "{text}");
}

#[test]
fn a_file_that_is_no_model_is_told_of_and_tensors_alone_are_taken() {
    let folder = Folder::new("start-files");
    let rows: String = (0..200).map(|i| format!("{},{},{}\n", i % 17, i % 5, i % 9)).collect();
    folder.write("new.csv", format!("x,z,y\n{rows}"));
    let tensors = |metadata: &str, name: &str| {
        let header = format!(
            "{{{metadata}\"0.weight\":{{\"dtype\":\"F32\",\"shape\":[16,2],\"data_offsets\":[0,128]}}}}"
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.into_bytes());
        bytes.extend([0; 128]);
        folder.write(name, bytes);
    };
    let train = "train new.csv --target y --members 1 --hidden 16 --epochs 1 --start";
    tensors("", "weights.safetensors");
    let text = folder.run(&format!("{train} weights.safetensors")).ok().stdout;
    assert!(text.contains("begins with 1 tensor of weights.safetensors"), "{text}");
    assert!(!text.contains("columns are"), "{text}");
    tensors("\"__metadata__\":{\"gradtape.architecture\":\"?\"},", "damaged.safetensors");
    let run = folder.run(&format!("{train} damaged.safetensors"));
    run.fails(2, &["--start", "damaged.safetensors", "architecture"]);
    folder.write("text.safetensors", "no model");
    folder.run(&format!("{train} text.safetensors")).fails(2, &["--start", "text.safetensors"]);
    folder.run(&format!("{train} nowhere.safetensors")).fails(2, &["--start", "nowhere"]);
}

#[test]
fn tensors_are_renamed_or_left_out() {
    let folder = Folder::new("rename");
    folder.run("train xor --samples 60 --hidden 4,4 --epochs 1 --quiet --out first").ok();
    let train = "train xor --samples 60 --hidden 4 --epochs 1 --start first/model.safetensors";
    // The second of two hidden layers has another shape than the first.
    let text = folder.run(&format!("{train} --rename 4.*=2.* --rename 2.*=")).ok().stdout;
    assert!(text.contains("note: begins with 4 tensors of first/model.safetensors\n"), "{text}");
    assert!(text.contains("2.weight (left out)"), "{text}");
    folder
        .run(&format!("{train} --rename *=x.*"))
        .fails(2, &["--start", "nothing in the file", "--rename"]);
    folder.run(&format!("{train} --rename 4.*=2.*")).fails(2, &["both to be called \"2.weight\""]);
    folder.run(&format!("{train} --rename a")).fails(2, &["FROM=TO"]);
    folder.run("train xor --start nowhere.safetensors").fails(2, &["--start", "nowhere"]);
    folder.run("train xor --rename a=b").fails(2, &["--start"]);
    folder.write("text.safetensors", "no model");
    folder.run("train xor --start text.safetensors").fails(2, &["--start", "text.safetensors"]);
    folder.run("tune xor --start first/model.safetensors").fails(2, &["not for a search"]);
}

#[test]
fn columns_are_embedded_as_in_the_model() {
    let folder = Folder::new("start-embedded");
    let row = |i: usize| {
        let name = i * 7919 % 80;
        format!("n{name:02},{},{}.5", i * 31 % 17, 10 * (name * name % 13))
    };
    folder.write("data.csv", table("name,x,y", 1600, row));
    let train = "train data.csv --target y --members 1 --hidden 16 --epochs";
    folder.run(&format!("{train} 3 --no-embed --quiet --out plain")).ok();
    folder.run(&format!("{train} 3 --quiet --embed name:7 --out embedded")).ok();
    // A model of before columns of many levels were embedded.
    let text =
        folder.run(&format!("{train} 1 --start plain/model.safetensors --out a")).ok().stdout;
    contains(&text, &["begins with 4 tensors of plain", "81 → 16 → 1"]);
    assert!(!text.contains("are embedded"), "{text}");
    let text =
        folder.run(&format!("{train} 1 --start embedded/model.safetensors --out b")).ok().stdout;
    contains(&text, &["begins with 5 tensors of embedded", "each is 7 numbers", "81 → 8 → 16 → 1"]);
    let both = format!("{train} 1 --start embedded/model.safetensors --no-embed --out c");
    folder.run(&both).fails(2, &["nothing in the file", "leave --no-embed out"]);
    let both = format!("{train} 1 --start plain/model.safetensors --embed name --out c");
    folder.run(&both).fails(2, &["nothing in the file", "the model embeds no column"]);
}
