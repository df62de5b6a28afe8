//! `docs/operations.md` is made from the list of operations, and `src/op/methods.txt` from the documentation of the
//! methods. When one is out of date its test writes it anew and fails once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use gradtape::op::{self, Op, OpInfo};

#[test]
fn the_table_of_operations_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let want = table();
    if std::fs::read_to_string(&path).is_ok_and(|have| have == want) {
        return;
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, want).unwrap();
    panic!("docs/operations.md was out of date and has been written anew; commit it");
}

fn table() -> String {
    let mut text = String::from(
        "# Operations\n\n\
         What a recording can contain. Made from the documentation in `crates/gradtape/src/op`, where\n\
         the reasons and examples stand; `x`, `y` are the inputs, `out` the result, `g` its cotangent.\n",
    );
    let mut families: Vec<&str> = Vec::new();
    for info in Op::TABLE {
        if !families.contains(&info.family) {
            families.push(info.family);
        }
    }
    for family in families {
        text += &format!("\n## {family}\n\n| operation | what | gradient |\n|---|---|---|\n");
        for info in Op::TABLE.iter().filter(|info| info.family == family) {
            let (what, gradient) = (section(info, "# What"), section(info, "# Gradient"));
            text += &format!("| `{}` | {what} | {gradient} |\n", info.name);
        }
    }
    text += "\n## made of others\n\nWhat users call that records some of these, with the gradient that follows.\n\n\
             | method | also called | what |\n|---|---|---|\n";
    for method in op::methods().iter().filter(|method| !method.is_operation()) {
        let aliases: Vec<String> = method.aliases().map(|alias| format!("`{alias}`")).collect();
        let what = method.what.replace('|', "\\|");
        text +=
            &format!("| `{}::{}` | {} | {what} |\n", method.of, method.name, aliases.join(", "));
    }
    text
}

/// The text under a heading on one line, bars escaped as a table needs it.
fn section(info: &OpInfo, heading: &str) -> String {
    let lines = info.doc.iter().map(|line| line.trim());
    let under = lines.skip_while(|&line| line != heading).skip(1);
    let text: Vec<&str> = under.take_while(|line| !line.starts_with("# ")).collect();
    text.join(" ").trim().replace('|', "\\|")
}

/// Where users' methods are defined, and what they are methods of, where the file alone tells.
const SOURCES: [(&str, Option<&str>); 5] = [
    ("op/math", Some("Var")),
    ("tape/functions.rs", None),
    ("tape/random.rs", None),
    ("tape/convolve.rs", None),
    ("soft", Some("soft")),
];

#[test]
fn the_list_of_methods_is_up_to_date() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    for (place, of) in SOURCES {
        let path = source.join(place);
        let files = match path.is_dir() {
            true => fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()).collect(),
            false => vec![path],
        };
        for file in files {
            let linalg = file.ends_with("op/math/linalg.rs");
            let feature = if linalg { "linalg" } else { "" };
            for (name, line) in methods(&fs::read_to_string(&file).unwrap(), of, feature) {
                found.insert(name, line);
            }
        }
    }
    let want: String = found.into_values().collect();
    let path = source.join("op/methods.txt");
    assert!(want.lines().count() > 100, "{want}");
    if fs::read_to_string(&path).is_ok_and(|have| have == want) {
        return;
    }
    fs::write(&path, want).unwrap();
    panic!("op/methods.txt was out of date and has been written anew; commit it");
}

/// The methods in a text that record something, by their names: each as a line of the list.
fn methods(text: &str, of: Option<&str>, feature: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut own, mut docs, mut aliases) = (of, Vec::new(), Vec::new());
    for line in text.lines().map(str::trim) {
        if line.starts_with("impl") {
            let is = |name: &str| line.trim_end_matches([' ', '{']).ends_with(name);
            own = of.or(if is("Tape") { Some("Tape") } else { None });
            own = own.or(if is("Var<'t>") || is("Var<'_>") { Some("Var") } else { None });
        }
        if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.trim());
        } else if line.starts_with("#[doc(alias") {
            aliases.extend(line.split('"').skip(1).step_by(2));
        } else if let (Some(rest), Some(own)) = (line.strip_prefix("pub fn "), own) {
            let name = rest.split(['(', '<']).next().unwrap_or_default();
            let is_operation = Op::TABLE.iter().any(|info| info.name == name);
            // What an operation has for its methods, its other settings, and what records nothing.
            let records = !["apply", "literal", "full_like", "custom_gradient"].contains(&name);
            let listed = !is_operation || !aliases.is_empty();
            if listed && !name.ends_with("_with") && records {
                let names = aliases.join(" ");
                let what = sentence(&docs);
                let line = format!("{name}\t{own}\t{feature}\t{names}\t{what}\n");
                found.push((name.to_owned(), line));
            }
            (docs, aliases) = Default::default();
        } else if !line.starts_with("#[") {
            (docs, aliases) = Default::default();
        }
    }
    found
}

/// The first sentence of a documentation, without links.
fn sentence(docs: &[&str]) -> String {
    let first: Vec<&str> = docs.iter().copied().take_while(|line| !line.is_empty()).collect();
    let text = first.join(" ").replace("[`", "`").replace("`]", "`").replace("Self::", "");
    let text = text.split(". ").next().unwrap_or_default();
    text.trim_end_matches('.').to_owned()
}
