//! The module in the repository was built from the sources in it.

use std::fs;

use gradtape_lab::MODULE;

use crate::sources::{hash, kept, own};

/// The crate that is the module's face to the page.
const OWN: [&str; 1] = ["gradtape-lab"];

/// What answers. A module of yesterday's library works, and answers as that did.
const LIBRARY: [&str; 4] = ["gradtape", "gradtape-calculus", "gradtape-chart", "gradtape-derive"];

const HASH: &str = "page/module.hash";

const STALE: &str =
    "crates/gradtape-lab/page/module.wasm.gz is stale: `scripts/play.sh lab` builds it anew";

#[test]
fn the_module_is_built_from_its_own_sources() {
    assert_eq!(kept(HASH, 0), hash(&OWN), "{STALE}");
    if kept(HASH, 1) != hash(&LIBRARY) {
        eprintln!("the library has changed since the module was built: {STALE}");
    }
}

#[test]
#[ignore = "the library may go on without the module; whoever publishes pages asks this"]
fn the_module_is_built_from_this_library() {
    assert_eq!(kept(HASH, 1), hash(&LIBRARY), "{STALE}");
}

#[test]
#[ignore = "writes the hashes of the sources beside a module that was built from them: scripts/play.sh does"]
fn write_the_hash_of_the_sources() {
    fs::write(own(HASH), format!("{}\n{}\n", hash(&OWN), hash(&LIBRARY))).unwrap();
}

/// A page is to be about a megabyte, of which base64 takes four bytes for three.
#[test]
fn the_module_is_small() {
    assert!(MODULE.starts_with(&[0x1f, 0x8b]), "it is compressed by gzip");
    assert!((100_000..715_000).contains(&MODULE.len()), "{} bytes", MODULE.len());
}
