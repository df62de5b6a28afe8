//! The walls between rooms and the budget of crates.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::imports::circles::circle;
use crate::imports::{Import, Names, Place, imports, paths};
use gradtape::op::Op;

/// For each room of a crate, the rooms it may import. A room may always import itself.
type Walls = [(&'static str, &'static [&'static str])];

/// The crates that have rooms, and how many imports are found in them at least.
const CRATES: &[(&str, &Walls, usize)] =
    &[("gradtape", WALLS, 500), ("gradtape-calculus", CALCULUS, 100)];

/// Crates, or a room of one, without circles among their files.
const WITHOUT_CIRCLES: &[(&str, &[&str])] = &[
    ("gradtape-c", &[""]),
    ("gradtape-calculus", &[""]),
    ("gradtape-chart", &[""]),
    ("gradtape-derive", &[""]),
    ("gradtape-lab", &[""]),
    ("gradtape-mpi", &[""]),
    ("gradtape-tables", &[""]),
    (
        "gradtape",
        &[
            "grad",
            "io",
            "loss",
            "metric",
            "soft",
            "op/binary",
            "op/compare",
            "op/control",
            "op/index",
            "op/linalg",
            "op/linear",
            "op/math",
            "op/meaning",
            "op/reduce",
            "op/shape",
            "op/source",
            "op/unary",
            "plan/classify",
            "plan/lower",
        ],
    ),
];

const WALLS: &Walls = &[
    ("tensor", &[]),
    ("op", &["tensor"]),
    ("tape", &["tensor", "op"]),
    ("grad", &["tensor", "op", "tape"]),
    ("plan", &["tensor", "op", "tape"]),
    ("engine", &["tensor", "op", "tape", "plan"]),
    ("eval", &["tensor", "op", "tape", "grad", "plan", "engine"]),
    ("nn", RECORDING),
    ("soft", &["tensor", "op", "tape"]),
    ("loss", RECORDING),
    ("optim", RECORDING),
    ("metric", RECORDING),
    ("data", &["tensor"]),
    ("io", &["tensor", "nn", "tape", "optim"]),
    (
        "train",
        &[
            "tensor", "op", "tape", "grad", "eval", "nn", "soft", "loss", "optim", "metric",
            "data", "io",
        ],
    ),
];

/// What functions that record on a tape may import; among themselves, layers and optimisers share
/// the module trait, and losses are made of soft functions.
const RECORDING: &[&str] = &["tensor", "op", "tape", "grad", "eval", "nn", "soft"];

const CALCULUS: &Walls = &[
    ("report", &[]),
    ("expression", &["report"]),
    ("fitting", &["report", "expression"]),
    ("teaching", &["report", "expression"]),
];

/// For each of our crates, which others of ours it may use.
const AROUND: &[(&str, &[&str])] = &[
    ("gradtape-derive", &[]),
    ("gradtape", &["gradtape-derive"]),
    ("gradtape-chart", &[]),
    ("gradtape-calculus", &["gradtape", "gradtape-chart"]),
    ("gradtape-files", &["gradtape"]),
    ("gradtape-onnx", &["gradtape"]),
    ("gradtape-c", &["gradtape"]),
    ("gradtape-lab", &["gradtape-calculus"]),
    ("gradtape-play", &["gradtape", "gradtape-calculus", "gradtape-chart"]),
    ("gradtape-serve", &["gradtape"]),
    ("gradtape-mpi", &["gradtape"]),
    ("gradtape-tables", &["gradtape"]),
    (
        "gradtape-cli",
        &[
            "gradtape",
            "gradtape-chart",
            "gradtape-calculus",
            "gradtape-files",
            "gradtape-lab",
            "gradtape-mpi",
            "gradtape-onnx",
            "gradtape-play",
            "gradtape-serve",
            "gradtape-tables",
        ],
    ),
    ("gradtape-bench", &["gradtape", "gradtape-calculus"]),
];

fn source() -> PathBuf {
    folder("gradtape").join("src")
}

/// The folder of one of our crates.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

#[test]
fn rooms_import_only_what_the_design_allows() {
    for (name, walls, least) in CRATES {
        let source = folder(name).join("src");
        let crate_name = &*name.replace('-', "_");
        let root = fs::read_to_string(source.join("lib.rs")).unwrap();
        let names = Names::of(&root, Place { crate_name, module: &[] });
        let mut broken = Vec::new();
        let mut seen = 0;
        for (room, allowed) in *walls {
            for file in rust_files(&source.join(room)) {
                let text = fs::read_to_string(&file).unwrap();
                let file = file.strip_prefix(&source).unwrap();
                let place = Place { crate_name, module: &module_of(file) };
                for Import { line, path, .. } in imports(&text, place) {
                    let Some(import) = names.room(&path) else { continue };
                    seen += 1;
                    let at = format!("{name}: {}:{line}", file.display());
                    if walls.iter().all(|(known, _)| *known != import) {
                        broken.push(format!("{at}: crate::{} is in no room", path.join("::")));
                    } else if import != *room && !allowed.contains(&import) {
                        broken.push(format!("{at}: {room} imports {import}"));
                    }
                }
            }
        }
        assert!(broken.is_empty(), "{}", broken.join("\n"));
        assert!(seen > *least, "{name}: only {seen} imports were found");
    }
}

#[test]
fn files_import_each_other_in_no_circle() {
    let rooms = WITHOUT_CIRCLES
        .iter()
        .flat_map(|(name, rooms)| rooms.iter().map(move |room| (*name, *room)));
    for (name, room) in rooms {
        let source = folder(name).join("src");
        let files = rust_files(&source.join(room)).into_iter().map(|file| {
            (module_of(file.strip_prefix(&source).unwrap()), fs::read_to_string(&file).unwrap())
        });
        let found = circle(files, &name.replace('-', "_"));
        assert!(found.is_empty(), "{name}: {}", found.join(" imports "));
    }
}

#[test]
fn circles_are_found_through_names_and_without_tests() {
    let found = |files: &[(&str, &str)]| {
        let files = files.iter().map(|(module, text)| {
            let module = module.split("::").filter(|part| !part.is_empty()).map(str::to_owned);
            (module.collect(), text.to_string())
        });
        circle(files, "house").join(" ")
    };
    let root = ("", "mod room;\nmod door;\npub use room::{Table, chair::Chair as Seat};");
    let room = ("room", "mod chair;\nmod table;\npub use table::Table;\nuse crate::door::Key;");
    let table = ("room::table", "use super::chair;\npub struct Table(chair::Chair);");
    let chair = ("room::chair", "pub struct Chair;");
    let door = ("door", "pub struct Key;");
    assert_eq!(found(&[root, room, table, chair, door]), "");
    for (text, circle) in [
        ("use crate::Table;", "room::chair room::table room::chair"),
        ("use house::room::Table as Desk;", "room::chair room::table room::chair"),
        ("fn f() -> super::Table { todo!() }", "room::chair room::table room::chair"),
        ("use super::{table::Table};", "room::chair room::table room::chair"),
        ("mod tests { use crate::Table; }", ""),
        ("mod tests { use super::super::Table; }", ""),
        ("// use crate::Table;", ""),
    ] {
        assert_eq!(found(&[root, room, table, ("room::chair", text), door]), circle, "{text}");
    }
    // A name that the folder's own file defines, and not only collects.
    let shelf = ("door", "use crate::room::Shelf;");
    assert_eq!(found(&[root, room, table, chair, shelf]), "door room door");
}

#[test]
fn crates_use_only_those_below_them() {
    let crates: BTreeSet<String> = subfolders(&folder("."));
    let known: BTreeSet<String> = AROUND.iter().map(|(name, _)| name.to_string()).collect();
    assert_eq!(crates, known, "every crate stands in the table of crates");
    for (name, allowed) in AROUND {
        let manifest = fs::read_to_string(folder(name).join("Cargo.toml")).unwrap();
        let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
        let section = section.split("\n[").next().unwrap_or_default();
        let used = section.lines().filter_map(|line| line.split(['.', ' ', '=']).next());
        for used in used.filter(|used| known.contains(*used)) {
            assert!(allowed.contains(&used), "{name} uses {used}");
        }
    }
}

/// A file of tests that nobody names is not run.
#[test]
fn every_file_of_tests_is_run() {
    let mut silent = Vec::new();
    for name in AROUND.iter().map(|(name, _)| *name) {
        let folder = folder(name);
        let Ok(entries) = fs::read_dir(folder.join("tests")) else { continue };
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        if !manifest.contains("autotests = false") {
            continue;
        }
        let all = fs::read_to_string(folder.join("tests/all.rs")).unwrap();
        for entry in entries {
            let file = entry.unwrap().file_name().into_string().unwrap();
            let Some(stem) = file.strip_suffix(".rs") else { continue };
            let alone = manifest.contains(&format!("[[test]]\nname = \"{stem}\""));
            if alone == all.lines().any(|line| line == format!("mod {stem};")) {
                silent.push(format!("{name}/tests/{file}"));
            }
        }
    }
    assert!(silent.is_empty(), "{silent:?} must stand in tests/all.rs or, alone, in Cargo.toml");
}

#[test]
fn imports_are_found_however_they_are_written() {
    let root = "pub mod tape;\npub use tape::{Tape, text::{print as show}};";
    let module = ["op", "index", "gather"].map(str::to_owned);
    let place = |module| Place { crate_name: "gradtape", module };
    let names = Names::of(root, place(&[]));
    let rooms = |text: &str| -> Vec<String> {
        let paths = imports(text, place(&module));
        paths.iter().filter_map(|import| names.room(&import.path)).map(str::to_owned).collect()
    };
    for text in [
        "use crate::tape;",
        "use crate::tape::Var as Handle;",
        "use crate::{\n    op,\n    tape::{Graph, Node},\n};",
        "pub(crate) use crate::tape::*;",
        "use super::super::super::tape::Var;",
        "use super::{super::super::tape, Gather};",
        "use crate::Tape;",
        "use gradtape::show;",
        "fn f() -> crate::tape::Var { todo!() }",
        "macro_rules! m { () => { $crate::tape::Var } }",
        "mod tests { use super::super::super::super::tape; }",
    ] {
        assert!(rooms(text).contains(&"tape".to_owned()), "{text}: {:?}", rooms(text));
    }
    for text in [
        "// use crate::tape;",
        "/* a /* nested */ use crate::tape; */",
        "const X: &str = \"crate::tape\";",
        "const X: &str = r#\"crate::tape \" \"#;",
        "use super::super::tape;",
        "mod tests { use super::super::super::tape; }",
        "fn f<'tape>(c: char) -> bool { c == '\"' } // crate::tape",
    ] {
        assert!(!rooms(text).contains(&"tape".to_owned()), "{text}: {:?}", rooms(text));
    }
}

/// Where an operation may be named outside of `op`: in equations that rewrite it, and in the methods by which
/// users record one that has no operand.
const NAMING: [&str; 2] = ["plan/simplify", "tape/functions.rs"];

/// The operations of each family, by the names of their types.
struct Operations(BTreeMap<String, BTreeSet<String>>);

impl Operations {
    fn new() -> Operations {
        let families: BTreeSet<&str> = Op::TABLE.iter().map(|info| info.family).collect();
        let types = |family: &str| {
            let file = source().join("op").join(family).join("mod.rs");
            let text = fs::read_to_string(file).unwrap();
            let exports: Vec<&str> =
                text.lines().filter(|line| line.starts_with("pub use")).collect();
            let names = paths(&exports.join("\n")).into_iter().map(|(_, _, name)| name);
            names.filter(|name| name.starts_with(char::is_uppercase)).collect()
        };
        Operations(families.into_iter().map(|family| (family.to_owned(), types(family))).collect())
    }

    /// The operations that a text names, with the lines: as variants of `Op` or as types of their family.
    fn named(&self, text: &str) -> Vec<(usize, String)> {
        let mut named = Vec::new();
        for (line, path, name) in paths(text) {
            let [.., family, last] = &path[..] else { continue };
            let is_one = match self.0.get(family) {
                Some(types) => last == "*" || types.contains(last),
                None if family == "Op" => {
                    last == "*" || self.0.values().any(|types| types.contains(last))
                }
                None => false,
            };
            // Under another name they could not be told.
            let hidden =
                family == "op" && name != *last && (last == "Op" || self.0.contains_key(last));
            if is_one || hidden {
                named.push((line, path.join("::")));
            }
        }
        named
    }
}

/// A file without the module of its tests, which must be its last item.
fn without_tests(text: &str) -> &str {
    let Some(start) = text.find("#[cfg(test)]\nmod ") else { return text };
    const ITEMS: [&str; 9] =
        ["#", "pub", "use ", "mod ", "fn ", "impl", "struct ", "enum ", "macro_rules"];
    let mut after = text[start..].lines().skip(2);
    let follows = after.find(|line| ITEMS.iter().any(|item| line.starts_with(item)));
    assert_eq!(follows, None, "something follows the tests");
    &text[..start]
}

/// The files of the library but those of tests, with the texts that are no tests.
fn files_without_tests() -> Vec<(String, String)> {
    let files = rust_files(&source()).into_iter().filter(|file| !file.ends_with("tests.rs"));
    files
        .map(|file| {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(source()).unwrap().to_string_lossy().replace('\\', "/");
            (name, without_tests(&text).to_owned())
        })
        .collect()
}

#[test]
fn operations_are_named_in_their_own_room_and_in_rewrites_alone() {
    let operations = Operations::new();
    let (mut named, mut equations) = (Vec::new(), 0);
    for (file, text) in files_without_tests() {
        let found = operations.named(&text);
        match file.starts_with("op/") || NAMING.iter().any(|place| file.starts_with(place)) {
            true => equations += found.len(),
            false => {
                named.extend(found.iter().map(|(line, path)| format!("{file}:{line}: {path}")))
            }
        }
    }
    assert!(named.is_empty(), "ask the operation's form instead:\n{}", named.join("\n"));
    assert!(equations > 100, "only {equations} were found where they may be named");
}

#[test]
fn operations_are_found_however_they_are_named() {
    let operations = Operations::new();
    let named = |text: &str| !operations.named(text).is_empty();
    for text in [
        "fn f(op: &Op) -> bool { matches!(op, Op::Add(_) | Op::Mul(_)) }",
        "fn f(op: &Op) -> bool { matches!(op, Op::Exp(..)) }",
        "if let crate::op::Op::Slice(slice) = op {}",
        "use crate::op::unary::Exp;",
        "use crate::op::{Form, shape::{self, Pad}};",
        "let op: Op = binary::Add {}.into();",
        "use crate::op::index::*;",
        "use crate::op::Op::*;",
        "use crate::op::unary as one;",
        "use crate::op::{Op as Operation};",
    ] {
        assert!(named(text), "{text}");
    }
    for text in [
        "// Op::Add",
        "/// See [`crate::op::unary::Exp`].",
        "use crate::op::{Form, Op, unary};",
        "let op = Op::input(dtype, &shape);",
        "match op.form() { Form::View(view) => view.places(from, to), _ => None }",
        "use super::index::{Line, reach};",
        "let table = Op::TABLE;",
    ] {
        assert!(!named(text), "{text}: {:?}", operations.named(text));
    }
    assert_eq!(
        without_tests("fn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn g() {}\n}\n"),
        "fn f() {}\n\n"
    );
}

/// What `CONTRIBUTING.md` says that adding an operation touches: its file, its family's list of files, the
/// list of operations, and a method for users. A form may be made of an operation, or carry it.
#[test]
fn an_operation_stands_in_its_file_the_lists_and_a_method() {
    let operations = Operations::new();
    let all: usize = operations.0.values().map(BTreeSet::len).sum();
    assert_eq!(all, Op::TABLE.len(), "each family exports its operations and nothing else");
    let (mut without_method, mut strangers) = (BTreeSet::new(), Vec::new());
    for (family, types) in &operations.0 {
        without_method.extend(types.iter().map(|name| format!("{family}::{name}")));
    }
    let is_method = |file: &str| file.starts_with("op/math/") || file == "tape/functions.rs";
    for (file, text) in files_without_tests() {
        let family = file.strip_prefix("op/").and_then(|rest| rest.split_once('/'));
        for (line, path) in operations.named(&text) {
            if is_method(&file) {
                without_method.remove(&path);
            }
            let own = family.and_then(|(own, _)| operations.0.get(own));
            let own = own.is_some_and(|types| types.iter().any(|name| path.ends_with(name)));
            let equation = file.starts_with("plan/simplify");
            if !own && !equation && !is_method(&file) && file != "op/form.rs" {
                strangers.push(format!("{file}:{line} names {path}"));
            }
        }
    }
    assert!(strangers.is_empty(), "{}", strangers.join("\n"));
    // The leaves of a tape.
    without_method.remove("source::Input");
    assert!(without_method.is_empty(), "users cannot record {without_method:?}");
}

/// What `CONTRIBUTING.md` says that adding an element type touches: where the type is defined, the list of
/// element types, the names for users, the name in files.
#[test]
fn an_element_type_stands_in_five_files() {
    let types = [("DType::BF16", "Bf16"), ("DType::F16", "F16")];
    for (variant, name) in types {
        let is_word = |text: &str| {
            let parts = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
            parts
                .flat_map(|part| [part, part.rsplit(':').next().unwrap_or(part)])
                .any(|part| part == name)
        };
        let code = |text: &str| {
            let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            lines.collect::<Vec<_>>().join("\n")
        };
        let files = files_without_tests().into_iter().filter(|(_, text)| {
            let code = code(text);
            code.contains(variant) || is_word(&code)
        });
        let files: Vec<String> = files.map(|(file, _)| file).collect();
        assert!(files.contains(&"tensor/dtype.rs".to_owned()) && files.len() <= 5, "{files:?}");
    }
}

#[test]
fn every_room_has_walls() {
    for (name, walls, _) in CRATES {
        let known: BTreeSet<String> = walls.iter().map(|(room, _)| room.to_string()).collect();
        assert_eq!(subfolders(&folder(name).join("src")), known, "{name}");
    }
}

fn subfolders(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders.map(|entry| entry.file_name().into_string().unwrap()).collect()
}

/// The path of the module that a file holds, from the crate's root.
fn module_of(file: &Path) -> Vec<String> {
    let parts = file.with_extension("");
    let parts = parts.iter().map(|part| part.to_string_lossy().into_owned());
    parts.filter(|part| part != "mod" && part != "lib").collect()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn a_kind_of_layer_is_its_file_and_a_line_in_the_table() {
    let table = fs::read_to_string(source().join("nn/spec.rs")).unwrap();
    let lines = table.split("\nkinds! {\n").nth(1).unwrap().split("\n}\n").next().unwrap();
    let kinds: Vec<(&str, &str)> = lines
        .lines()
        .filter(|line| !line.trim_start().starts_with("///"))
        .filter_map(|line| line.trim().split_once("): ")?.0.split_once('('))
        .map(|(kind, spec)| (kind, spec.split('<').next().unwrap()))
        .collect();
    assert!(kinds.len() > 8, "only {kinds:?} were found");
    let mut mentions = BTreeMap::<&str, BTreeSet<String>>::new();
    let family =
        |file: &str| file.split('/').take(2).collect::<Vec<_>>().join("/").replace(".rs", "");
    let names = |code: &str, spec: &str| {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        code.split(|c: char| !part(c)).any(|word| word == spec)
    };
    for file in rust_files(&source()) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap();
        let file = file.strip_prefix(source()).unwrap().display().to_string();
        let free = ["nn/spec.rs", "nn/mod.rs"].contains(&&file[..]);
        for (kind, spec) in &kinds {
            let told_apart = code.contains(&format!("LayerSpec::{kind}"));
            assert!(free || !told_apart, "{file} looks at the kind {kind}");
            // A layer without parameters is its own description.
            if !free && spec.ends_with("Spec") && names(code, spec) {
                mentions.entry(*spec).or_default().insert(family(&file));
            }
        }
    }
    // Its file, or its folder of files.
    for (spec, families) in mentions {
        assert!(families.len() < 2, "{spec} is mentioned in {families:?}");
    }
}

#[test]
fn few_crates_are_pulled_in() {
    assert_budget("gradtape", "", 20);
    assert_budget("gradtape", "linalg", 60);
    assert_budget("gradtape-chart", "draw", 5);
    assert_budget("gradtape-cli", "", 50);
    assert_budget("gradtape-cli", "images", 60);
    // Readers, each behind its feature.
    assert_budget("gradtape-cli", "zstd,arrow", 60);
    assert_budget("gradtape-cli", "npz", 60);
    assert_budget("gradtape-cli", "xlsx", 72);
    assert_budget("gradtape-cli", "parquet", 70);
    assert_budget("gradtape-cli", "images,xlsx,parquet,arrow,npz,zstd", 105);
    // What leads out.
    assert_budget("gradtape-cli", "onnx", 60);
    assert_budget("gradtape-cli", "serve", 90);
    assert_budget("gradtape-cli", "mpi", 60);
}

/// At most so many crates beyond our own, with features of the package and without those that are on by default.
fn assert_budget(package: &str, features: &str, most: usize) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arguments = ["tree", "--locked", "--edges", "normal", "--prefix", "none"];
    let of = ["--package", package, "--no-default-features", "--features", features];
    let tree = |how: &[&str]| {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).args(how).args(of).current_dir(root).output().unwrap()
    };
    // What a feature needs is fetched where it never was built here.
    let known = tree(&["--offline"]);
    let output = if known.status.success() { known } else { tree(&[]) };
    let text = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<&str> = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").split(" (").next().unwrap())
        .filter(|name| !name.starts_with("gradtape"))
        .collect();
    assert!(!crates.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        crates.len() <= most,
        "{package}: {} crates, at most {most} allowed: {crates:#?}",
        crates.len()
    );
}
