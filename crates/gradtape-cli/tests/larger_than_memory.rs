//! Tables that are read in pieces: trained, measured, predicted.

use std::fmt::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::common::{Folder, command};

/// A table of which the target follows from the columns; one row in 97 has no target.
fn table(rows: usize) -> String {
    let mut text = String::from("when,size,kind,price\n");
    for i in 0..rows {
        let size = ((i * 7919) % 1000) as f64 / 10.0;
        let kind = ["house", "flat", "barn"][(i * 31) % 3];
        let price = 3.0 * size + [50.0, 20.0, 5.0][(i * 31) % 3];
        let price = if i % 97 == 96 { String::new() } else { format!("{price}") };
        let (month, day) = (1 + i % 12, 1 + i % 28);
        writeln!(text, "2024-{month:02}-{day:02},{size},{kind},{price}").unwrap();
    }
    text
}

const TRAIN: &str =
    "train homes.csv --target price --memory 1MB --epochs 4 --hidden 32 --schedule constant";

#[test]
fn a_large_table_is_read_in_pieces_and_learned() {
    let folder = Folder::new("large-table");
    folder.write("homes.csv", table(40_000));
    let text = folder.run(TRAIN).ok().stdout;
    for part in [
        "larger than 1MB of memory",
        "412 rows left out: no value",
        "of its rows",
        "\"when\" holds dates",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let report = folder.run(&format!("{TRAIN} --format json --threads 1 --out b")).ok().json();
    let rows = |part: &str| report["rows"][part].as_u64().unwrap();
    assert_eq!(rows("train") + rows("validation") + rows("test"), 40_000 - 412);
    // No more are held out than fit.
    assert!((300..8_000).contains(&rows("test")), "{report}");
    assert!(report["held_out"]["r2"].as_f64().unwrap() > 0.95, "{report}");
    assert!(folder.read("model.safetensors") == folder.read("b/model.safetensors"));
    // Nothing but the usual files is left.
    let left = std::fs::read_dir(folder.path("b")).unwrap().count();
    assert_eq!(left, 3);
    // The model is used like any other.
    let text = folder.run("predict model.safetensors homes.csv").ok().stdout;
    assert_eq!(text.lines().count(), 40_001);
}

/// Asserts that a model is measured as it was at the end of its training, also in pieces, and that its held-out rows are
/// found again.
#[track_caller]
fn is_found_again(folder: &Folder, data: &str, trained: &Value) {
    for memory in ["", "--memory 1MB"] {
        let evaluate = format!("evaluate b/model.safetensors {data} {memory} --format json");
        let mut again = folder.run(&evaluate).ok().json();
        assert_eq!(again["trained_on"], true, "{memory}: {again}");
        let parts = again.as_object_mut().unwrap();
        for part in ["data", "trained_on", "part"] {
            parts.remove(part).unwrap();
        }
        assert_eq!(again, trained["held_out"], "{data} {memory}");
        let held_out = folder
            .run(&format!("predict b/model.safetensors {data} {memory} --held-out --with row"));
        let count = trained["rows"]["test"].as_u64().unwrap() as usize;
        assert_eq!(held_out.ok().stdout.lines().count(), 1 + count, "{data} {memory}");
    }
    for (part, memory) in [("validation", "--memory 1MB"), ("validation", ""), ("train", "")] {
        let run =
            format!("evaluate b/model.safetensors {data} {memory} --part {part} --format json");
        let measured = folder.run(&run).ok().json();
        assert_eq!(measured["rows"], trained["rows"][part], "{part} {memory}");
    }
}

#[test]
fn evaluate_finds_the_rows_held_out_again() {
    let folder = Folder::new("large-again");
    folder.write("homes.csv", table(40_000));
    let report = folder.run(&format!("{TRAIN} --format json --out b")).ok().json();
    is_found_again(&folder, "homes.csv", &report);
    // What is not the same is not taken for it.
    folder.write("other.csv", table(40_000).replace("2024-03", "2024-04"));
    let run = "evaluate b/model.safetensors other.csv --memory 1MB";
    let told = folder.run(run).ok().stdout;
    assert!(told.contains("not recognised") && told.contains("overall R²"), "{told}");
    let refused = folder.run(&format!("{run} --part test"));
    assert!(refused.status == 2 && refused.stderr.contains("--part all"), "{}", refused.stderr);
    folder
        .run("predict b/model.safetensors other.csv --memory 1MB --held-out")
        .fails(2, &["--held-out"]);
    let told = folder.run(run).ok().stderr;
    assert!(told.contains("rows is measured"), "{told}");
    // Where what the network answers fits, all rows are measured as they are at once.
    let lines = table(4000);
    let long = lines.lines().enumerate().map(|(line, text)| match line {
        0 => format!("{text},note\n"),
        _ => format!("{text},{}\n", "long".repeat(100)),
    });
    folder.write("long.csv", long.collect::<String>());
    let all = |memory: &str| {
        let run = format!("evaluate b/model.safetensors long.csv {memory} --format json");
        folder.run(&run).ok().json()
    };
    assert_eq!(all("--memory 1MB"), all(""));
    // Of a model that was trained on data in memory nothing is known of single rows.
    folder.run("train homes.csv --target price --epochs 1 --quiet --out c").ok();
    let told = folder.run("evaluate c/model.safetensors homes.csv --memory 1MB").ok();
    assert!(told.stderr.contains("more --memory"), "{}", told.stderr);
}

#[test]
fn predictions_in_pieces_are_those_at_once() {
    let folder = Folder::new("large-predict");
    folder.write("homes.csv", table(40_000));
    folder.run("train homes.csv --target price --epochs 1 --hidden 8 --batch 512 --quiet").ok();
    let predict = "predict model.safetensors homes.csv --with row,when --interval 0.9";
    let whole = folder.run(predict).ok().stdout;
    let pieces = folder.run(&format!("{predict} --memory 1MB")).ok();
    assert!(whole == pieces.stdout, "{}", pieces.stdout);
    folder.run(&format!("{predict} --memory 1MB --output out.csv")).ok();
    assert!(folder.read("out.csv") == whole.as_bytes());
    let refused = folder.run(&format!("{predict} --memory 1MB --format json"));
    assert_eq!(refused.status, 2);
    assert!(refused.stdout.contains("in pieces of 1MB"), "{}", refused.stdout);
    // What fails in a later piece leaves the file as it was.
    folder.write("homes.csv", table(40_000) + "2024-01-01,5\n");
    folder
        .run(&format!("{predict} --memory 1MB --output out.csv"))
        .fails(1, &["line 40002", "2 cells"]);
    assert!(folder.read("out.csv") == whole.as_bytes());
}

/// The most memory that a run had, in bytes, as Linux tells it while it goes on.
fn peak(folder: &Folder, arguments: &str) -> f64 {
    let mut child = command(&folder.path("."), arguments).stdout(Stdio::null()).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kilobytes) = line.and_then(|line| line.trim().strip_suffix(" kB")) {
            peak = f64::max(peak, 1024.0 * kilobytes.parse::<f64>().unwrap());
        }
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success());
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[test]
fn memory_stays_flat_for_a_table_ten_times_as_large() {
    if !Path::new("/proc/self/status").exists() {
        return;
    }
    let folder = Folder::new("large-flat");
    // Of 1.5 MB and 15 MB.
    folder.write("small.csv", table(50_000));
    folder.write("homes.csv", table(500_000));
    folder.run("train small.csv --target price --epochs 1 --hidden 8 --batch 512 --quiet").ok();
    for verb in [
        "predict model.safetensors FILE --output out.csv",
        "evaluate model.safetensors FILE",
        "train FILE --target price --epochs 1 --hidden 8 --batch 512 --quiet",
    ] {
        let of = |file: &str, memory: &str| {
            peak(&folder, &format!("{} {memory}", verb.replace("FILE", file)))
        };
        let (small, large) = (of("small.csv", "--memory 1.5MB"), of("homes.csv", "--memory 1.5MB"));
        assert!(large < small + 6e6, "{verb}: {large} after {small}");
    }
    // Without, it is all there.
    let whole = peak(&folder, "predict model.safetensors homes.csv --output out.csv");
    let pieces =
        peak(&folder, "predict model.safetensors homes.csv --output out.csv --memory 1.5MB");
    assert!(whole > pieces + 15e6, "{whole} and {pieces}");
}

#[test]
fn one_row_in_the_whole_table_tells_what_dates_are() {
    let folder = Folder::new("large-dates");
    let rows = (0..60_000).map(|i| {
        let day = if i == 33_333 { 25 } else { 1 + i % 12 };
        let month = 1 + i / 12 % 12;
        format!("{day}/{month}/2023,{}\n", 30 * month + day)
    });
    folder.write("days.csv", "day,y\n".to_string() + &rows.collect::<String>());
    let train = "train days.csv --target y --epochs 3 --hidden 32 --batch 256";
    let told = folder.run(&format!("{train} --memory 1MB")).ok().stdout;
    assert!(told.contains("in pieces") && !told.contains("--day-first"), "{told}");
    let known = folder.run("inspect model.safetensors").ok().stdout;
    assert!(known.contains("the day first"), "{known}");
    let report = folder.run(&format!("{train} --memory 1MB --format json --out b")).ok().json();
    is_found_again(&folder, "days.csv", &report);
}

/// Trains on a table in another format, in pieces: it is learned, found again, predicted, and gone on with.
fn is_read_in_pieces_as_csv_is(folder: &Folder, data: &str) {
    let train = TRAIN.replace("homes.csv", data);
    let told = folder.run(&train).ok().stdout;
    for part in ["larger than 1MB of memory", "412 rows left out: no value", "\"when\" holds dates"]
    {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
    let report = folder.run(&format!("{train} --format json --threads 1 --out b")).ok().json();
    assert!(folder.read("model.safetensors") == folder.read("b/model.safetensors"));
    assert!(report["held_out"]["r2"].as_f64().unwrap() > 0.95, "{report}");
    is_found_again(folder, data, &report);
    let predict = format!("predict b/model.safetensors {data} --with row");
    let whole = folder.run(&predict).ok().stdout;
    assert!(folder.run(&format!("{predict} --memory 1MB")).ok().stdout == whole);
    // In the middle of an epoch.
    let checkpoints = "--checkpoint-every 100steps";
    folder.run(&format!("{train} --quiet --out run {checkpoints} --steps 333")).ok();
    folder.run("train --resume run --steps 1000000 --quiet --out run").ok();
    folder.run(&format!("{train} --steps 1000000 --quiet --out whole")).ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
}

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("../gradtape-files/tests/data/tables/{name}");
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn parquet_is_read_in_pieces_as_csv_is() {
    let folder = Folder::new("large-parquet");
    folder.write("homes.parquet", fixture("many.parquet"));
    is_read_in_pieces_as_csv_is(&folder, "homes.parquet");
}

#[test]
fn feather_is_read_in_pieces_as_csv_is() {
    let folder = Folder::new("large-feather");
    folder.write("homes.feather", fixture("many.feather"));
    is_read_in_pieces_as_csv_is(&folder, "homes.feather");
    // Nothing is read beside the parts that are needed.
    let mut longer = fixture("homes.feather");
    longer.resize(2_000_000, 0);
    folder.write("longer.feather", longer);
    folder
        .run("train longer.feather --target price --memory 1MB")
        .fails(1, &["its end is missing"]);
}

#[test]
fn json_lines_are_read_in_pieces_as_csv_is() {
    let folder = Folder::new("large-json");
    let text = table(40_000);
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = names.iter().zip(line.split(','));
        let cell = |(name, cell): (&&str, &str)| match (*name, cell) {
            // What is missing is not there, or null.
            ("price", "") => "\"other\":null".to_string(),
            ("size" | "price", number) => format!("{name:?}:{number}"),
            _ => format!("{name:?}:{cell:?}"),
        };
        format!("{{{}}}\n", cells.map(cell).collect::<Vec<_>>().join(","))
    };
    folder.write("homes.jsonl", lines.map(row).collect::<String>());
    is_read_in_pieces_as_csv_is(&folder, "homes.jsonl");
    folder.write("rows.json", format!("[{}]", "{\"x\": 1, \"y\": 2},\n".repeat(60_000)));
    folder.run("train rows.json --target y --memory 1MB").fails(1, &["JSON is read whole"]);
}

#[test]
fn idx_files_are_read_in_pieces() {
    let folder = Folder::new("large-idx");
    // 20,000 images of 64 pixels, of which those of a class have a bright row.
    folder.write_idx(20_000, |image| image * 7919 % 8);
    let train = "train idx --memory 1MB --hidden 16 --epochs 2 --normalize --schedule constant";
    let text = folder.run(train).ok().stdout;
    assert!(text.contains("its 20,000 images are unpacked once"), "{text}");
    let report = folder.run(&format!("{train} --format json --threads 1 --out b")).ok().json();
    assert!(folder.read("model.safetensors") == folder.read("b/model.safetensors"));
    let rows = |part: &str| report["rows"][part].as_u64().unwrap();
    assert_eq!(rows("train") + rows("validation") + rows("test"), 20_000);
    assert!(report["held_out"]["accuracy"].as_f64().unwrap() > 0.95, "{report}");
    let again = folder.run("evaluate model.safetensors idx --format json").ok().json();
    assert_eq!((&again["part"], &again["loss"]), (&"held-out".into(), &report["held_out"]["loss"]));
    let checkpoints = "--checkpoint-every 100steps --steps 333";
    folder.run(&format!("{train} --quiet --out run {checkpoints}")).ok();
    folder.run("train --resume run --steps 1000000 --quiet --out run").ok();
    folder.run(&format!("{train} --steps 1000000 --quiet --out whole")).ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
}

#[test]
fn it_goes_on_to_the_same_bits() {
    let folder = Folder::new("large-resume");
    folder.write("homes.csv", table(20_000));
    let checkpoints = "--checkpoint-every 100steps";
    folder.run(&format!("{TRAIN} --steps 1000000 --quiet --out whole")).ok();
    folder.run(&format!("{TRAIN} --quiet --out run {checkpoints} --steps 333")).ok();
    folder.run("train --resume run --steps 1000000 --quiet --out run").ok();
    assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
    // Other rows are other data.
    folder.write("homes.csv", table(20_000).replace("2024-03", "2024-04"));
    let run = folder.run("train --resume run --quiet --out run");
    run.fails(1, &["rows to train on: others than in the checkpoint", "--insist"]);
    let run = folder.run("train --resume run --quiet --out run --memory 2MB");
    run.fails(1, &["--memory: 1MB in the checkpoint, 2MB here"]);
}

#[test]
fn rare_classes_are_found_and_what_does_not_fit_is_told() {
    let folder = Folder::new("large-classes");
    let mut text = String::from("x,y,kind\n");
    for i in 0..60_000 {
        let (x, y) = ((i % 101) as f64, (i % 89) as f64);
        let kind = match i {
            33_333 => "unicorn",
            _ if x > y => "above",
            _ => "below",
        };
        writeln!(text, "{x},{y},{kind}").unwrap();
    }
    folder.write("points.csv", &text);
    let train = "train points.csv --target kind --memory 1MB --epochs 2";
    let text = folder.run(train).ok().stdout;
    assert!(text.contains("3 classes") && !text.contains("left out"), "{text}");
    assert!(
        ["held-out accuracy 9", "held-out accuracy 100"].iter().any(|told| text.contains(told)),
        "{text}"
    );
    let report = folder.run(&format!("{train} --format json --out b")).ok().json();
    is_found_again(&folder, "points.csv", &report);
    // Another file may have more of them.
    folder.write("more.csv", text_of(&folder).replace("unicorn", "dragon"));
    let again = folder.run("evaluate b/model.safetensors more.csv").ok();
    assert!(again.stderr.contains("1 of 60,000 rows left out"), "{}", again.stderr);
    assert!(again.stderr.contains("\"dragon\" on line 33335"), "{}", again.stderr);
    for (flags, words) in [
        ("--split time x", ["does not fit in half of 1MB", "--memory 5MB"]),
        ("--folds 3", ["does not fit in half of 1MB", "--memory"]),
        ("--members 4", ["--members", "one network"]),
        ("--memory 5", ["--memory", "500MB"]),
    ] {
        folder
            .run(
                &format!("{train} {flags}").replace("--memory 1MB --epochs 2 --memory", "--memory"),
            )
            .fails(2, &words);
    }
    let rows = String::from_utf8(folder.read("points.csv")).unwrap();
    folder.write("points.csv", format!("{rows}1,2\n"));
    folder.run(train).fails(1, &["line 60002", "2 cells"]);
}

fn text_of(folder: &Folder) -> String {
    String::from_utf8(folder.read("points.csv")).unwrap()
}

/// How many rows are used, and the notes, of a table `x,y` whose target is that of each row.
fn learned(name: &str, flags: &str, target: impl Fn(usize) -> String) -> (u64, String) {
    let folder = Folder::new(name);
    let rows = (0..ROWS).map(|i| format!("{}.5,{}\n", (i * 7919) % 1000, target(i)));
    folder.write("points.csv", "x,y\n".to_string() + &rows.collect::<String>());
    let train = format!(
        "train points.csv --target y --memory 1MB --epochs 1 --hidden 4 --batch 512 {flags}"
    );
    let told = folder.run(&format!("{train} --out a")).ok().stdout;
    let report = folder.run(&format!("{train} --format json --out b")).ok().json();
    let rows = |part: &str| report["rows"][part].as_u64().unwrap();
    (rows("train") + rows("validation") + rows("test"), told)
}

const ROWS: usize = 80_000;

#[test]
fn what_a_piece_has_of_the_target_is_read_as_all_of_it() {
    // A piece of dashes alone is not empty.
    let (rows, told) = learned("large-signs", "", |i| ["+", "-"][2 * i / ROWS].to_string());
    assert_eq!(rows, ROWS as u64, "{told}");
    assert!(!told.contains("left out"), "{told}");
    // Where there are few words, they are classes all the same.
    let (rows, told) = learned("large-others", "", |i| match i % 20 {
        0 => "other".to_string(),
        place if i > ROWS / 2 && place < 8 => "other".to_string(),
        _ => (1 + i / 7 % 3).to_string(),
    });
    assert_eq!(rows, ROWS as u64, "{told}");
    // And a stretch of words makes no classes of numbers.
    let words = 40_000..44_000;
    let (rows, told) = learned("large-words", "", |i| match words.contains(&i) {
        true => "pending".to_string(),
        false => format!("{}", 3 * ((i * 7919) % 1000)),
    });
    assert_eq!(rows, (ROWS - words.len()) as u64, "{told}");
    for part in ["4,000 rows left out: no value of \"y\"", "on a straight line"] {
        assert!(told.contains(part), "{part:?} is not in: {told}");
    }
}

#[test]
fn all_pieces_are_looked_at_for_cells_that_are_no_numbers() {
    let folder = Folder::new("large-strict");
    let rows = (0..ROWS).map(|i| match i {
        50_001 => "oops,yes\n".to_string(),
        60_001 => format!("{},r\u{e9}\n", i % 997),
        _ => format!("{}.5,{}\n", i % 997, ["yes", "no"][i % 2]),
    });
    let text = "x,y\n".to_string() + &rows.collect::<String>();
    // As it is in Windows-1252.
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    folder.write("points.csv", bytes);
    let train = "train points.csv --target y --memory 1MB --epochs 1 --hidden 4 --batch 512";
    let told = folder.run(train).ok().stdout;
    assert!(told.contains("was read as Windows-1252"), "{told}");
    folder.run(&format!("{train} --strict")).fails(1, &["line 50003", "\"oops\"", "--numbers"]);
}

/// An array of NumPy of rows of so many numbers.
fn npy(rows: usize, width: usize, number: impl Fn(usize, usize) -> f64) -> Vec<u8> {
    let head = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {width}), }}");
    let head = format!("{head:<117}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    let numbers = (0..rows).flat_map(|row| (0..width).map(move |column| (row, column)));
    bytes.extend(numbers.flat_map(|(row, column)| number(row, column).to_le_bytes()));
    bytes
}

#[test]
fn arrays_are_read_in_pieces() {
    let folder = Folder::new("large-npy");
    let number = |row: usize, column: usize| match column {
        0 => (row * 7919 % 1000) as f64 / 10.0,
        1 => (row * 31 % 17) as f64 + 0.25,
        _ if row % 97 == 96 => f64::NAN,
        _ => 0.3 * (row * 7919 % 1000) as f64 + (row * 31 % 17) as f64,
    };
    folder.write("rows.npy", npy(40_000, 3, number));
    let train =
        "train rows.npy --target c2 --memory 1MB --epochs 4 --hidden 32 --schedule constant";
    let told = folder.run(train).ok().stdout;
    assert!(
        told.contains("larger than 1MB of memory") && told.contains("412 rows left out"),
        "{told}"
    );
    let report = folder.run(&format!("{train} --format json --threads 1 --out b")).ok().json();
    assert!(folder.read("model.safetensors") == folder.read("b/model.safetensors"));
    assert!(report["held_out"]["r2"].as_f64().unwrap() > 0.95, "{report}");
    is_found_again(&folder, "rows.npy", &report);
    // The same numbers as text are the same rows.
    let row = |row: usize| {
        let cells = (0..3).map(|column| match number(row, column) {
            missing if missing.is_nan() => String::new(),
            number => number.to_string(),
        });
        cells.collect::<Vec<_>>().join(",") + "\n"
    };
    folder.write("rows.csv", "c0,c1,c2\n".to_string() + &(0..40_000).map(row).collect::<String>());
    let predict =
        |data: &str| folder.run(&format!("predict b/model.safetensors {data} --memory 1MB"));
    assert!(predict("rows.npy").ok().stdout == predict("rows.csv").ok().stdout);
    // Cut short.
    let cut = folder.read("rows.npy");
    folder.write("rows.npy", &cut[..cut.len() - 5]);
    folder.run(train).fails(1, &["fewer bytes follow", "cut short"]);
    folder.write("rows.npy", [&cut[..], b"more"].concat());
    folder.run(train).fails(1, &["more bytes follow"]);
    // Columns that stand one after the other.
    let fortran = String::from_utf8_lossy(&cut[..128]).replace("False", "True ");
    let fortran = [&cut[..10], fortran.as_bytes().get(fortran.len() - 118..).unwrap(), &cut[128..]];
    folder.write("rows.npy", fortran.concat());
    folder.run(train).fails(1, &["fortran_order", "np.ascontiguousarray"]);
}
