//! The module in the repository was built from the sources in it.

use std::fs;

use gradtape_play::MODULE;

use crate::sources::{hash, kept, own};

/// The crate that is the module's face to the page, whose scripts expect it as it is.
const OWN: [&str; 1] = ["gradtape-play"];

/// The crates of which the face is made. A module of yesterday's library works, and learns as that did.
const LIBRARY: [&str; 3] = ["gradtape", "gradtape-calculus", "gradtape-derive"];

const HASH: &str = "page/module.hash";

#[test]
fn the_module_is_built_from_its_own_sources() {
    assert_eq!(kept(HASH, 0), hash(&OWN), "{STALE}");
    if kept(HASH, 1) != hash(&LIBRARY) {
        eprintln!("the library has changed since the module was built: {STALE}");
    }
}

#[test]
#[ignore = "the library may go on without the module; whoever publishes a page asks this"]
fn the_module_is_built_from_this_library() {
    assert_eq!(kept(HASH, 1), hash(&LIBRARY), "{STALE}");
}

const STALE: &str =
    "crates/gradtape-play/page/module.wasm.gz is stale: scripts/play.sh builds it anew";

#[test]
#[ignore = "writes the hashes of the sources beside a module that was built from them: scripts/play.sh does"]
fn write_the_hash_of_the_sources() {
    fs::write(own(HASH), format!("{}\n{}\n", hash(&OWN), hash(&LIBRARY))).unwrap();
}

#[test]
fn the_module_is_small() {
    assert!(MODULE.starts_with(&[0x1f, 0x8b]), "it is compressed by gzip");
    assert!((100_000..1_400_000).contains(&MODULE.len()), "{} bytes", MODULE.len());
    let whole = gradtape_play::page("").len();
    assert!(whole < 2_000_000, "the page has {whole} bytes");
}
