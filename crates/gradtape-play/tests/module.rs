//! The module in the repository was built from the sources in it.

use std::fs;
use std::path::{Path, PathBuf};

use gradtape_play::MODULE;

/// The crate that is the module's face to the page, whose scripts expect it as it is.
const OWN: [&str; 1] = ["gradtape-play"];

/// The crates of which the face is made. A module of yesterday's library works, and learns as that did.
const LIBRARY: [&str; 3] = ["gradtape", "gradtape-calculus", "gradtape-derive"];

const HASH: &str = "page/module.hash";

#[test]
fn the_module_is_built_from_its_own_sources() {
    assert_eq!(kept(0), hash(&OWN), "{STALE}");
    if kept(1) != hash(&LIBRARY) {
        eprintln!("the library has changed since the module was built: {STALE}");
    }
}

#[test]
#[ignore = "the library may go on without the module; whoever publishes a page asks this"]
fn the_module_is_built_from_this_library() {
    assert_eq!(kept(1), hash(&LIBRARY), "{STALE}");
}

const STALE: &str =
    "crates/gradtape-play/page/module.wasm.gz is stale: scripts/play.sh builds it anew";

#[test]
#[ignore = "writes the hashes of the sources beside a module that was built from them: scripts/play.sh does"]
fn write_the_hash_of_the_sources() {
    fs::write(own(HASH), format!("{}\n{}\n", hash(&OWN), hash(&LIBRARY))).unwrap();
}

/// A line of the hashes that the module was built with.
fn kept(line: usize) -> String {
    let text = fs::read_to_string(own(HASH)).unwrap_or_default();
    text.lines().nth(line).unwrap_or_default().to_string()
}

#[test]
fn the_module_is_small() {
    assert!(MODULE.starts_with(&[0x1f, 0x8b]), "it is compressed by gzip");
    assert!((100_000..1_400_000).contains(&MODULE.len()), "{} bytes", MODULE.len());
    let whole = gradtape_play::page("").len();
    assert!(whole < 2_000_000, "the page has {whole} bytes");
}

fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Of all files in the sources' folders and the manifests, by FNV-1a. Line ends are those of Unix.
fn hash(crates: &[&str]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().filter(|byte| **byte != b'\r') {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for name in crates {
        let folder = own("..").join(name);
        let mut files = vec![folder.join("Cargo.toml")];
        collect(&folder.join("src"), &mut files);
        files.sort();
        for file in files {
            let place = file.strip_prefix(&folder).unwrap();
            add(name.as_bytes());
            add(place.to_string_lossy().replace('\\', "/").as_bytes());
            add(&fs::read(&file).unwrap());
        }
    }
    format!("{hash:016x}")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push(path),
        }
    }
}
