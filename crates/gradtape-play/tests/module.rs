//! The module in the repository was built from the sources in it.

use std::fs;
use std::path::{Path, PathBuf};

use gradtape_play::MODULE;

/// The crates whose sources are in it.
const CRATES: [&str; 4] = ["gradtape", "gradtape-calculus", "gradtape-derive", "gradtape-play"];

const HASH: &str = "page/module.hash";

#[test]
fn the_module_is_built_from_these_sources() {
    let kept = fs::read_to_string(own(HASH)).unwrap_or_default();
    assert_eq!(
        kept.trim(),
        hash(),
        "crates/gradtape-play/page/module.wasm.gz is stale: scripts/play.sh builds it anew"
    );
}

#[test]
#[ignore = "writes the hash of the sources beside a module that was built from them: scripts/play.sh does"]
fn write_the_hash_of_the_sources() {
    fs::write(own(HASH), hash() + "\n").unwrap();
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
fn hash() -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |bytes: &[u8]| {
        for byte in bytes.iter().filter(|byte| **byte != b'\r') {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for name in CRATES {
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
