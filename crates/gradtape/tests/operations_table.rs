//! `docs/operations.md` is made from the list of operations. When it is out of date this test
//! writes it anew and fails once.

use std::path::Path;

use gradtape::op::{Op, OpInfo};

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
    text
}

/// The text under a heading on one line, bars escaped as a table needs it.
fn section(info: &OpInfo, heading: &str) -> String {
    let lines = info.doc.iter().map(|line| line.trim());
    let under = lines.skip_while(|&line| line != heading).skip(1);
    let text: Vec<&str> = under.take_while(|line| !line.starts_with("# ")).collect();
    text.join(" ").trim().replace('|', "\\|")
}
