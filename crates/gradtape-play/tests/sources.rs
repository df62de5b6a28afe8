//! The sources that a module was built from, as a hash beside it.

use std::fs;
use std::path::{Path, PathBuf};

/// A file of the crate that is tested.
pub(crate) fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// A line of the hashes that a module was built with.
pub(crate) fn kept(file: &str, line: usize) -> String {
    let text = fs::read_to_string(own(file)).unwrap_or_default();
    text.lines().nth(line).unwrap_or_default().to_string()
}

/// Of all files in the sources' folders and the manifests, by FNV-1a. Line ends are those of Unix.
pub(crate) fn hash(crates: &[&str]) -> String {
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
        // What puts the module into a page is not in it.
        files.retain(|file| !file.ends_with("src/page.rs"));
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
