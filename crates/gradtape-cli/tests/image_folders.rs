//! Folders of images by class: trained, measured, predicted, and what is refused.

use std::fs;

use crate::common::Folder;

/// A small PNG of grey or red, green, blue; unpacked blocks, as the format allows.
fn png(channels: u8, height: u32, width: u32, pixel: impl Fn(u32, u32, u8) -> u8) -> Vec<u8> {
    let mut lines = Vec::new();
    for y in 0..height {
        lines.push(0);
        lines.extend(
            (0..width)
                .flat_map(|x| (0..channels).map(move |c| (x, c)))
                .map(|(x, c)| pixel(y, x, c)),
        );
    }
    let length = lines.len() as u16;
    let mut packed = vec![0x78, 0x01, 1];
    packed.extend(length.to_le_bytes());
    packed.extend((!length).to_le_bytes());
    packed.extend(&lines);
    let (a, b) = lines.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65521;
        (a, (b + a) % 65521)
    });
    packed.extend((b << 16 | a).to_be_bytes());
    let colour = if channels == 1 { 0 } else { 2 };
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, colour, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, content) in [(b"IHDR", &head), (b"IDAT", &packed), (b"IEND", &Vec::new())] {
        let body = [&name[..], content].concat();
        let crc = body.iter().fold(u32::MAX, |crc, &byte| {
            (0..8).fold(crc ^ u32::from(byte), |c, _| {
                if c & 1 == 1 { 0xedb8_8320 ^ (c >> 1) } else { c >> 1 }
            })
        });
        file.extend((content.len() as u32).to_be_bytes());
        file.extend(body);
        file.extend((!crc).to_be_bytes());
    }
    file
}

/// Images of cats, bright above, and of dogs, bright below.
fn pets(folder: &Folder, at: &str, n: u32, channels: u8, [height, width]: [u32; 2]) {
    for (class, name) in ["cat", "dog"].iter().enumerate() {
        fs::create_dir_all(folder.path(&format!("{at}/{name}"))).unwrap();
        for i in 0..n {
            let pixel = |y: u32, x: u32, c: u8| {
                let bright = (y < height / 2) == (class == 0);
                (if bright { 180 } else { 20 }) + ((i * 7 + x * 3 + u32::from(c)) % 50) as u8
            };
            folder.write(&format!("{at}/{name}/{i:02}.png"), png(channels, height, width, pixel));
        }
    }
}

#[test]
fn a_folder_for_each_class_is_trained_measured_and_predicted() {
    let folder = Folder::new("pets");
    pets(&folder, "pets", 30, 3, [8, 8]);
    for network in ["--hidden 16", "--network cnn:4c3-p2-8"] {
        let train =
            format!("train pets {network} --epochs 20 --lr 0.01 --batch 8 --format json --out m");
        let report = folder.run(&train).ok().json();
        assert_eq!(report["rows"]["test"], 12, "{report}");
        assert!(report["held_out"]["accuracy"].as_f64().unwrap() > 0.9, "{report}");
        let again = folder.run("evaluate m/model.safetensors pets --format json").ok().json();
        assert_eq!(again["trained_on"], true);
        assert_eq!(again["accuracy"], report["held_out"]["accuracy"]);
    }
    let told = folder.run("predict m/model.safetensors pets").ok().stdout;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!((lines[0], lines.len()), ("file,class,p_cat,p_dog", 61));
    assert!(
        lines[1].starts_with("cat/00.png,cat,") && lines[60].starts_with("dog/29.png,dog,"),
        "{told}"
    );
    let one = folder.run("predict m/model.safetensors pets/dog/03.png --with row,file").ok().stdout;
    assert!(one.lines().nth(1).unwrap().starts_with("1,03.png,dog,"), "{one}");
}

#[test]
fn what_was_done_to_images_in_training_is_done_again() {
    let folder = Folder::new("pets-sizes");
    pets(&folder, "pets", 20, 1, [8, 8]);
    folder.write("pets/cat/large.png", png(3, 12, 10, |y, _, _| if y < 6 { 200 } else { 30 }));
    let train = "train pets --network cnn:4c3-p2-8 --epochs 5 --quiet";
    folder.run(train).fails(
        1,
        &["images of different sizes", "00.png has 8 x 8", "large.png has 12 x 10", "--resize 8x8"],
    );
    folder.run(&format!("{train} --resize 6x10 --channels grey")).ok();
    let known = folder.run("inspect model.safetensors").ok().stdout;
    for words in ["Unflatten([1, 6, 10])", "brought to 6 x 10 pixels in 1 channel"] {
        assert!(known.contains(words), "{words:?} is not in: {known}");
    }
    let again = folder.run("evaluate model.safetensors pets --format json").ok().json();
    assert_eq!(again["trained_on"], true);
    folder.run("predict model.safetensors pets/cat/large.png").ok();
    folder
        .run("predict model.safetensors pets --resize 8x8")
        .fails(1, &["images of 8 x 8", "trained on 6 x 10", "--resize 6x10"]);
    folder
        .run("predict model.safetensors pets --channels rgb")
        .fails(1, &["3 channels", "--channels grey"]);
}

#[test]
fn broken_images_and_wrong_folders_are_named() {
    let folder = Folder::new("pets-wrong");
    pets(&folder, "pets", 20, 1, [8, 8]);
    let whole = folder.read("pets/dog/07.png");
    folder.write("pets/dog/07.png", &whole[..whole.len() / 2]);
    folder.write("pets/dog/web.png", b"<html>");
    folder.write("pets/dog/notes.txt", b"good dogs");
    folder
        .run("train pets --quiet")
        .fails(1, &["dog/07.png", "web.png: this is neither PNG nor JPEG", "--skip-broken"]);
    let told = folder.run("train pets --skip-broken --epochs 1").ok().stdout;
    for words in ["2 of 41 images left out", "07.png", "left out: notes.txt"] {
        assert!(told.contains(words), "{words:?} is not in: {told}");
    }
    let told = folder.run("predict model.safetensors pets --skip-broken").ok();
    assert_eq!(told.stdout.lines().count(), 40);
    assert!(told.stderr.contains("07.png"), "{}", told.stderr);

    fs::create_dir_all(folder.path("one/cat")).unwrap();
    folder.write("one/cat/1.png", &whole);
    fs::create_dir_all(folder.path("flat")).unwrap();
    folder.write("flat/1.png", &whole);
    fs::create_dir_all(folder.path("none/cat")).unwrap();
    for (arguments, status, words) in [
        ("train one", 1, &["only one class, \"cat\"", "pets/cat/1.png"][..]),
        ("train flat", 1, &["flat/1.png", "in no folder of a class"]),
        ("train flat/1.png", 1, &["a single image", "pets/cat/1.png"]),
        ("train none", 1, &["no IDX files here", "PNG or JPEG"]),
        ("train pets --target y", 2, &["--target is for tables"]),
        ("train pets --delimiter ;", 2, &["--delimiter is for tables"]),
        ("train iris --resize 8x8", 2, &["--resize is for folders of PNG and JPEG images"]),
        ("train pets --resize 8", 2, &["32x32"]),
        ("train pets --resize 0x8", 2, &["from 1 to 4096"]),
        ("predict model.safetensors pets --held-out", 2, &["--held-out"]),
    ] {
        folder.run(arguments).fails(status, words);
    }
}

#[test]
fn a_folder_of_tests_is_kept_for_them() {
    let folder = Folder::new("pets-parts");
    pets(&folder, "pets/train", 20, 1, [6, 6]);
    pets(&folder, "pets/test", 5, 1, [6, 6]);
    let report = folder.run("train pets --hidden 8 --epochs 2 --format json").ok().json();
    assert_eq!(report["rows"]["test"], 10, "{report}");
    fs::create_dir_all(folder.path("pets/test/bird")).unwrap();
    folder.write("pets/test/bird/1.png", folder.read("pets/test/cat/00.png"));
    folder.run("train pets").fails(1, &["bird", "train has no class"]);
}

#[test]
fn a_folder_that_does_not_fit_is_decoded_once_and_read_in_pieces() {
    let folder = Folder::new("pets-large");
    pets(&folder, "pets", 60, 1, [24, 24]);
    // One in colours among the last of those that are decoded at once.
    folder
        .write("pets/dog/59.png", png(3, 24, 24, |y, _, c| if y < 12 { 30 } else { 150 + 9 * c }));
    for flags in ["--hidden 16", "--network cnn:4c3-p2-8 --normalize --augment flip"] {
        let train = format!(
            "train pets {flags} --memory 1MB --epochs 6 --lr 0.01 --batch 8 --schedule constant"
        );
        let told = folder.run(&train).ok().stdout;
        for words in ["pets is larger than 1MB of memory", "120 images are decoded once"] {
            assert!(told.contains(words), "{words:?} is not in: {told}");
        }
        let report = folder.run(&format!("{train} --format json --threads 1 --out b")).ok().json();
        assert!(folder.read("model.safetensors") == folder.read("b/model.safetensors"));
        let rows = |part: &str| report["rows"][part].as_u64().unwrap();
        assert_eq!(rows("train") + rows("validation") + rows("test"), 120, "{report}");
        assert!(report["held_out"]["accuracy"].as_f64().unwrap() > 0.9, "{report}");
        let known = folder.run("inspect b/model.safetensors").ok().stdout;
        assert!(known.contains("24 x 24 pixels in 3 channels"), "{known}");
        let mut again = folder.run("evaluate b/model.safetensors pets --format json").ok().json();
        assert_eq!(again["trained_on"], true, "{again}");
        for part in ["data", "trained_on", "part"] {
            again.as_object_mut().unwrap().remove(part).unwrap();
        }
        assert_eq!(again, report["held_out"]);
        // In the middle of an epoch.
        let stops = "--checkpoint-every 10steps --steps 17";
        folder.run(&format!("{train} --quiet --out run {stops}")).ok();
        folder.run("train --resume run --steps 1000000 --quiet --out run").ok();
        folder.run(&format!("{train} --steps 1000000 --quiet --out whole")).ok();
        assert!(folder.read("whole/model.safetensors") == folder.read("run/model.safetensors"));
        fs::remove_dir_all(folder.path("run")).unwrap();
    }
    // Those that are broken are named, or left out of all numbers.
    let whole = folder.read("pets/cat/07.png");
    folder.write("pets/cat/07.png", &whole[..whole.len() / 2]);
    let train = "train pets --hidden 8 --epochs 2 --memory 1MB";
    folder.run(train).fails(1, &["cat/07.png", "--skip-broken"]);
    let train = format!("{train} --skip-broken");
    let told = folder.run(&train).ok().stdout;
    assert!(told.contains("1 of 120 images left out") && told.contains("its 119 images"), "{told}");
    let again = folder.run("evaluate model.safetensors pets --skip-broken").ok().stdout;
    assert!(again.contains("is what the model was trained on"), "{again}");
    folder.write("pets/cat/08.png", png(1, 8, 8, |_, _, _| 7));
    folder.run(&train).fails(1, &["images of different sizes", "08.png has 8 x 8"]);
}

#[test]
fn a_large_folder_keeps_its_own_tests() {
    let folder = Folder::new("pets-large-parts");
    pets(&folder, "pets/train", 60, 1, [32, 32]);
    pets(&folder, "pets/test", 9, 1, [32, 32]);
    let train = "train pets --hidden 8 --epochs 2 --memory 1MB --format json --out b";
    let report = folder.run(train).ok().json();
    assert_eq!(report["rows"]["test"], 18, "{report}");
    let again = folder.run("evaluate b/model.safetensors pets --format json").ok().json();
    assert_eq!((&again["trained_on"], &again["rows"]), (&true.into(), &18.into()), "{again}");
    assert_eq!(again["loss"], report["held_out"]["loss"]);
}

#[test]
fn a_comparison_does_not_go_on_with_other_images() {
    let folder = Folder::new("compared-images");
    pets(&folder, "pets", 12, 1, [6, 6]);
    let train = "train pets --hidden 4 --epochs 1 --quiet --seed 1..2 --out all";
    folder.run(train).ok();
    folder.run("train --resume all --quiet").ok();
    // The same bytes in another class.
    fs::rename(folder.path("pets/cat/01.png"), folder.path("pets/dog/x.png")).unwrap();
    folder.run("train --resume all").fails(2, &["the data is not what it was", "--insist"]);
    fs::rename(folder.path("pets/dog/x.png"), folder.path("pets/cat/01.png")).unwrap();
    fs::rename(folder.path("pets"), folder.path("moved")).unwrap();
    folder.run("train moved --resume all --quiet").ok();
    fs::write(folder.path("moved/cat/02.png"), folder.read("moved/cat/03.png")).unwrap();
    folder.run("train moved --resume all").fails(2, &["the data is not what it was"]);
}
