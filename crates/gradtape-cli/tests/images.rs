//! Networks for images from the command line: what they are, what is done to images, and what is refused.

use crate::common::Folder;
use serde_json::json;

/// An IDX file: magic number, sizes, bytes.
fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes.iter().for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(bytes);
    file
}

/// With one space where there were several.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Images of three channels of 6 x 4: of class 0 the first channel is bright, of class 1 the last.
fn colours(folder: &Folder, n: usize) {
    let label = |i: usize| (i % 2) as u8;
    let pixel = |i: usize, channel: usize, at: usize| {
        let bright = channel == if label(i) == 0 { 0 } else { 2 };
        if bright { 180 + (i * 7 + at) as u8 % 60 } else { (i * 5 + at + channel) as u8 % 50 }
    };
    let pixels: Vec<u8> = (0..n)
        .flat_map(|i| (0..3).flat_map(move |c| (0..24).map(move |at| pixel(i, c, at))))
        .collect();
    let labels: Vec<u8> = (0..n).map(label).collect();
    folder.write("train-images-idx4-ubyte", idx(&[n as u32, 3, 6, 4], &pixels));
    folder.write("train-labels-idx1-ubyte", idx(&[n as u32], &labels));
}

#[test]
fn a_convolutional_network_learns_digits_and_its_file_knows_all_that_was_done() {
    let folder = Folder::new("cnn");
    let train = "train digits --network cnn:6c3-p2-8c3b-p2-d0.1-16 --epochs 3 --lr 0.01 \
                 --augment shift:1,rotate:8 --normalize";
    let text = folder.run(train).ok().stdout;
    for part in [
        "digits: images of 8 x 8 in 1 channel, 10 classes",
        "network: cnn:6c3-p2-8c3b-p2-d0.1-16, ",
        "adam, learning rate 0.01 (cosine), batches of 32, 3 epochs, seed 42",
        "held-out accuracy ",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    let known = plain(&folder.run("inspect model.safetensors").ok().stdout);
    for part in [
        "0 Unflatten([1, 8, 8])",
        "1 Conv2d(1, 6, [3, 3])",
        "p0 to p63 (value - ",
        "network cnn:6c3-p2-8c3b-p2-d0.1-16",
        "augment shift:1,rotate:8",
        "images standardised by channel",
    ] {
        assert!(known.contains(part), "{part:?} is not in: {known}");
    }
    // The rows held out are found again, standardised alike and not changed.
    let again = folder.run("evaluate model.safetensors digits --format json").ok().json();
    assert_eq!((&again["part"], &again["trained_on"]), (&json!("held-out"), &json!(true)));
    let accuracy = 100.0 * again["accuracy"].as_f64().unwrap();
    assert!(accuracy > 60.0, "{accuracy}");
    assert!(text.contains(&format!("held-out accuracy {accuracy:.2} %")), "{text}");
    // A table of pixels is predicted too, from the grey values as they are.
    let pixels: Vec<String> = (0..64).map(|i| format!("p{i}")).collect();
    let rows = format!("{}\n{}\n", pixels.join(","), ["3"; 64].join(","));
    folder.write("pixels.csv", rows);
    let predicted = folder.run("predict model.safetensors pixels.csv --format json").ok().json();
    assert_eq!(predicted["rows"].as_array().unwrap().len(), 1);
}

#[test]
fn images_of_three_channels_are_trained_evaluated_and_predicted() {
    let folder = Folder::new("colours");
    colours(&folder, 60);
    let train = "train . --network resnet8 --epochs 8 --batch 8 --lr 0.01 --normalize \
                 --augment crop:1,flip --format json --out model";
    let report = folder.run(train).ok().json();
    assert_eq!(report["rows"]["test"], 12);
    assert!(report["held_out"]["accuracy"].as_f64().unwrap() > 0.9, "{report}");
    let evaluate = "evaluate model/model.safetensors . --format json";
    let again = folder.run(evaluate).ok().json();
    assert_eq!(again["accuracy"], report["held_out"]["accuracy"]);
    let predicted = folder.run("predict model/model.safetensors . --format json").ok().json();
    let rows = predicted["rows"].as_array().unwrap();
    let right = rows.iter().enumerate().filter(|(i, row)| row["class"] == format!("{}", i % 2));
    assert!(right.count() >= 54, "{predicted}");
    let known = folder.run("inspect model/model.safetensors").ok().stdout;
    assert!(known.contains(".shortcut.0"), "{known}");
}

#[test]
fn the_same_command_gives_the_same_bits_at_any_number_of_threads() {
    let folder = Folder::new("image-bits");
    let command = "train digits --network cnn:4c3b-p4 --epochs 1 --augment shift:1,flip,rotate:5 \
                   --test-fraction 0.6 --quiet";
    for precision in ["f32", "bf16", "f16"] {
        for (out, threads) in [("a", 1), ("b", 3)] {
            let flags =
                format!("--precision {precision} --threads {threads} --out {precision}{out}");
            folder.run(&format!("{command} {flags}")).ok();
        }
        let [a, b] =
            ["a", "b"].map(|out| folder.read(&format!("{precision}{out}/model.safetensors")));
        assert!(a == b, "{precision}");
    }
    let [wide, narrow] = ["f32a", "f16a"].map(|out| folder.read(&format!("{out}/history.csv")));
    assert_ne!(wide, narrow);
    let known = plain(&folder.run("inspect bf16a/model.safetensors").ok().stdout);
    assert!(known.contains("precision bf16"), "{known}");
    let known = folder.run("inspect bf16a/model.safetensors --format json").ok().json();
    assert_eq!(known["layers"][1]["parameters"][0]["dtype"], "f32");
}

#[test]
fn what_does_not_fit_is_refused_with_a_way_out() {
    let folder = Folder::new("image-errors");
    folder.write("homes.csv", "size,price\n1,2\n2,3\n3,5\n4,4\n");
    for (arguments, words) in [
        ("digits --network lanet", &["lanet", "did you mean lenet?"][..]),
        ("digits --network conv", &["conv", "lenet, resnet8 and cnn:32c3-p2-128 for images"]),
        ("digits --network cnn", &["did you mean cnn:PARTS"]),
        ("digits --network gtp:4x128", &["did you mean gpt:LAYERSxWIDTH"]),
        ("digits --network cnn:8c3-x2", &["part 2, \"x2\"", "p2 (max pooling)"]),
        (
            "digits --network cnn:8c3-p2-p2-p2-p2",
            &["part 5, p2", "windows of 2 x 2 in images of 1 x 1", "8c3 [8, 8, 8] → p2 [8, 4, 4]"],
        ),
        (
            "homes.csv --target price --network lenet",
            &["lenet is for images", "homes.csv has none", "IDX"],
        ),
        ("moons --network resnet8", &["resnet8 is for images, and moons has none"]),
        ("iris --augment flip", &["--augment is for images"]),
        ("iris --normalize", &["--normalize is for images"]),
        ("digits --augment flop", &["did you mean flip?"]),
        ("digits --augment shift:x", &["shift needs a number of pixels"]),
        ("digits --network lenet --hidden 8", &["--hidden is not for the network lenet", "mlp"]),
        ("digits --network lenet --dropout 0.5", &["--dropout", "d0.5"]),
        ("digits --context 8", &["--context is not for the network mlp", "texts"]),
        ("digits --precision f8", &["f8", "bf16"]),
        ("digits --network gpt:2x8", &["digits: this is no text", "book.txt"]),
    ] {
        folder.run(&format!("train {arguments}")).fails(2, words);
    }
    assert_eq!(folder.files(), ["homes.csv"]);
}

#[test]
fn perceptrons_take_changed_and_standardised_images_too() {
    let folder = Folder::new("mlp-images");
    let train = "train digits --hidden 16 --augment shift:1 --normalize --steps 60 --format json";
    let report = folder.run(train).ok().json();
    assert_eq!(report["epochs"].as_array().unwrap().len(), 2);
    let again = folder.run("evaluate model.safetensors digits --format json").ok().json();
    assert_eq!(again["accuracy"], report["held_out"]["accuracy"]);
    let known = folder.run("inspect model.safetensors --format json").ok().json();
    assert_eq!(known["training"]["augment"], "shift:1");
    assert_eq!(
        (&known["training"]["normalize"], &known["training"]["steps"]),
        (&json!(true), &json!(60))
    );
}
