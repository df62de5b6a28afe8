//! Numbers of tables that are easily taken for others: large ones, few ones, those of a part for tests, rare classes.

use crate::common::{Folder, QUICK, contains, table};

#[test]
fn large_whole_numbers_stay_apart() {
    let folder = Folder::new("large-numbers");
    let id = |i: usize| (1u64 << 53) + (i % 4) as u64;
    // Each of the four has an answer of its own.
    let row = |i: usize| format!("{},{},{}.0", id(i), i % 7, 10 * (i % 4));
    folder.write("data.csv", table("code,x,y", 200, row));
    let run = folder.run("train data.csv --target y --task regression --epochs 40").ok();
    contains(&run.stdout, &["column \"code\": its 4 numbers are taken as names"]);
    let report = folder.run("evaluate model.safetensors data.csv --format json").ok().json();
    assert!(report["r2"].as_f64().unwrap() > 0.95, "{report}");
    // In another form they are the same, and one that was not there is none of them.
    folder.write("new.csv", format!("code,x\n{}.0,1\n{},1\n", id(3), id(3)));
    let text = folder.run("predict model.safetensors new.csv").ok().stdout;
    let answers: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(answers[0], answers[1]);
    folder.write("other.csv", format!("code,x\n{},1\n", id(3) + 1));
    let told = folder.run("predict model.safetensors other.csv").ok().stderr;
    contains(&told, &["9007199254740996"]);

    // So they do as classes.
    let row = |i: usize| format!("{}.5,{}", i % 4, id(i));
    folder.write("classes.csv", table("x,y", 200, row));
    let text = folder.run(&format!("train classes.csv --target y {QUICK}")).ok().stdout;
    contains(&text, &["4 classes", "9007199254740993", "9007199254740992"]);
    folder.run("evaluate model.safetensors classes.csv").ok();
}

#[test]
fn infinities_are_missing_numbers() {
    let folder = Folder::new("infinite");
    let cell = |i: usize| match i % 3 {
        0 => ["inf", "-inf", "Infinity"][i / 3 % 3].to_string(),
        _ => format!("{}.5", i % 7),
    };
    folder.write("data.csv", table("x,z,y", 90, |i| format!("{},{},{i}.5", cell(i), i % 11)));
    let text = folder.run(&format!("train data.csv --target y {QUICK}")).ok().stdout;
    contains(
        &text,
        &["column \"x\": 30 of 90 values missing", "30 are no number, such as \"inf\" (line 2)"],
    );
    folder
        .run(&format!("train data.csv --target y {QUICK} --strict"))
        .fails(1, &["line 2, column \"x\": \"inf\" is not a finite number"]);
}

#[test]
fn few_whole_numbers_are_classes_with_a_note() {
    let folder = Folder::new("few-numbers");
    folder.write("data.csv", table("x,y,z", 100, |i| format!("{}.5,{},{}", i % 13, i % 5, i % 2)));
    let train = |flags: &str| folder.run(&format!("train data.csv {flags} {QUICK}")).ok().stdout;
    let note = "column \"y\": its 5 whole numbers are taken as classes (--task regression predicts a number)";
    contains(&train("--target y"), &[note]);
    for said in ["--target y --task regression", "--target y --task classification", "--target z"] {
        assert!(!train(said).contains("are taken as classes"), "{said}");
    }
}

/// An archive of NumPy whose parts are not compressed.
fn npz(parts: &[(&str, &[usize], Vec<f64>)]) -> Vec<u8> {
    let (mut file, mut central) = (Vec::new(), Vec::new());
    for (name, shape, values) in parts {
        let shape: String = shape.iter().map(|size| format!("{size},")).collect();
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let mut sum = !0u32;
        for &byte in &bytes {
            sum ^= u32::from(byte);
            (0..8).for_each(|_| sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 });
        }
        let name = format!("{name}.npy");
        let mut about = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        about.extend((!sum).to_le_bytes());
        about.extend([bytes.len() as u32; 2].iter().flat_map(|size| size.to_le_bytes()));
        about.extend((name.len() as u16).to_le_bytes());
        about.extend([0, 0]);
        central.extend(b"PK\x01\x02\x14\x00");
        central.extend(&about);
        central.extend([0; 10]);
        central.extend((file.len() as u32).to_le_bytes());
        central.extend(name.as_bytes());
        file.extend(b"PK\x03\x04");
        file.extend(&about);
        file.extend(name.as_bytes());
        file.extend(bytes);
    }
    let (start, count) = (file.len() as u32, parts.len() as u16);
    file.extend(&central);
    file.extend(b"PK\x05\x06\x00\x00\x00\x00");
    file.extend([count; 2].iter().flat_map(|count| count.to_le_bytes()));
    file.extend((central.len() as u32).to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0, 0]);
    file
}

#[test]
fn the_part_for_tests_of_an_archive_is_what_is_held_out() {
    let folder = Folder::new("npz-tests");
    let x = |from: usize, rows: usize| {
        (2 * from..2 * (from + rows)).map(|i| (i * 7919 % 101) as f64).collect()
    };
    let y = |from: usize, rows: usize| {
        (from..from + rows).map(|i| (i * 31 % 97) as f64 + 0.5).collect()
    };
    let parts = [
        ("x_train", &[120, 2][..], x(0, 120)),
        ("y_train", &[120], y(0, 120)),
        ("x_test", &[30, 2], x(120, 30)),
        ("y_test", &[30], y(120, 30)),
    ];
    folder.write("data.npz", npz(&parts));
    let text = folder.run(&format!("train data.npz {QUICK}")).ok().stdout;
    contains(&text, &["108 rows to train, 12 to validate, 30 held out", "(30 rows)"]);
    let report = folder.run(&format!("train data.npz {QUICK} --format json")).ok().json();
    let again = folder.run("evaluate model.safetensors data.npz --format json").ok().json();
    assert_eq!((&again["rmse"], &again["rows"]), (&report["held_out"]["rmse"], &30.into()));
    assert_eq!(again["trained_on"], true);
    let part = |part: &str| {
        folder
            .run(&format!("evaluate model.safetensors data.npz --part {part} --format json"))
            .ok()
            .json()
    };
    assert_eq!((&part("train")["rows"], &part("validation")["rows"]), (&108.into(), &12.into()));
    let text = folder.run("predict model.safetensors data.npz --held-out --with row,y").ok().stdout;
    assert!(text.lines().nth(1).unwrap().starts_with("121,"), "{text}");
    assert_eq!(text.lines().count(), 31);
    folder
        .run(&format!("train data.npz {QUICK} --test-fraction 0.3"))
        .fails(2, &["--test-fraction", "its own"]);
    folder.run(&format!("train data.npz {QUICK} --folds 3 --quiet")).ok();
    // Without its answers it is none.
    folder.write("bare.npz", npz(&parts[..3]));
    contains(
        &folder.run(&format!("train bare.npz {QUICK}")).ok().stdout,
        &["x_test is left out: it has no answers"],
    );
}

#[test]
fn rare_classes_that_are_not_found_are_told() {
    let folder = Folder::new("rare");
    let row = |i: usize| {
        format!(
            "{}.5,{},{}",
            i * 7919 % 101,
            i % 9,
            if i.is_multiple_of(14) { "rare" } else { "usual" }
        )
    };
    folder.write("data.csv", table("a,b,y", 400, row));
    let train = |flags: &str| {
        folder
            .run(&format!("train data.csv --target y --epochs 8 --hidden 4 --lr 0.05 {flags}"))
            .ok()
            .stdout
    };
    let text = train("--ignore b");
    contains(&text, &["note: of the ", "of \"rare\", a rare class, ", "--class-weights balanced"]);
    assert!(!train("--ignore b --class-weights balanced").contains("note: of the"));
}

#[test]
fn one_constant_is_told_of() {
    let folder = Folder::new("constants");
    // In training one class is the most frequent, in the part held out the other.
    let x = |rows: usize| (0..rows).map(|i| (i * 7919 % 101) as f64).collect::<Vec<f64>>();
    let y = |rows: usize, every: usize| {
        (0..rows).map(|i| f64::from(u8::from(i.is_multiple_of(every)))).collect::<Vec<f64>>()
    };
    let flipped = y(40, 3).into_iter().map(|class| 1.0 - class).collect();
    let parts = [
        ("x_train", &[120, 1][..], x(120)),
        ("y_train", &[120], y(120, 3)),
        ("x_test", &[40, 1], x(40)),
        ("y_test", &[40], flipped),
    ];
    folder.write("data.npz", npz(&parts));
    let text = folder.run("train data.npz --epochs 1 --hidden 2 --lr 1e-6").ok().stdout;
    let line = text.lines().find(|line| line.starts_with("on the same rows: ")).unwrap();
    contains(line, &["always \"0\" 35.00 %"]);
    let told = text.lines().find(|line| line.contains("no better than"));
    assert!(
        told.is_none_or(|told| told == "that is no better than always answering \"0\": 35.00 %"),
        "{text}"
    );
}
