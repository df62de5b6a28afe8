//! Cases of the ONNX project: folders with a model, inputs and expected outputs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// A case by its path in the archive: `node/test_abs`.
#[derive(Default)]
pub(crate) struct Case {
    pub(crate) model: Vec<u8>,
    /// For each set of data its inputs and outputs, by file name.
    pub(crate) sets: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
}

/// Every case of an archive of folders.
pub(crate) fn read(path: &Path) -> BTreeMap<String, Case> {
    let file = std::fs::File::open(path).expect("the archive");
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let mut cases: BTreeMap<String, Case> = BTreeMap::new();
    for entry in archive.entries().expect("a tar archive") {
        let mut entry = entry.expect("an entry");
        let path: PathBuf = entry.path().expect("a name").into_owned();
        let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
        let (name, rest) = match parts[..] {
            ["onnx-cases", kind, name, ref rest @ ..] if !rest.is_empty() => {
                (format!("{kind}/{name}"), rest)
            }
            _ => continue,
        };
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("its bytes");
        match rest {
            ["model.onnx"] => cases.entry(name).or_default().model = bytes,
            [set, file] if file.ends_with(".pb") => {
                let sets = &mut cases.entry(name).or_default().sets;
                sets.entry((*set).into()).or_default().insert((*file).into(), bytes);
            }
            _ => {}
        }
    }
    cases
}

/// The archive of all cases, where it is there.
pub(crate) fn whole() -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/onnx/cases.tar.gz");
    path.exists().then_some(path)
}
