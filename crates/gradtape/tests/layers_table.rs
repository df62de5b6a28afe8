//! `docs/layers.md` is made from the table of layers. When it is out of date this test writes it anew and fails once.

use std::path::Path;

use gradtape::nn::LayerSpec;

#[test]
fn the_table_of_layers_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/layers.md");
    let want = table();
    if std::fs::read_to_string(&path).is_ok_and(|have| have == want) {
        return;
    }
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, want).unwrap();
    panic!("docs/layers.md was out of date and has been written anew; commit it");
}

fn table() -> String {
    let mut text = String::from(
        "# Layers\n\n\
         What a model file can hold. Made from the table in `crates/gradtape/src/nn/spec.rs`; `n` is the number of\n\
         examples, `…` stands for any axes. The same with `gradtape layers`.\n\n\
         | layer | in a file | arguments | input | output | what |\n|---|---|---|---|---|---|\n",
    );
    for info in LayerSpec::TABLE {
        let arguments: Vec<String> =
            info.arguments().iter().map(|name| format!("`{name}`")).collect();
        let what = info.what.replace('|', "\\|");
        text += &format!(
            "| `{}` | `{}` | {} | `{}` | {} | {what} |\n",
            info.name,
            info.tag(),
            arguments.join(", "),
            info.input,
            match info.output {
                shape if shape.starts_with('[') => format!("`{shape}`"),
                words => words.to_string(),
            }
        );
    }
    text
}

#[test]
fn every_layer_of_the_table_says_what_it_is() {
    let mut names = std::collections::BTreeSet::new();
    for info in LayerSpec::TABLE {
        assert!(names.insert(info.name), "{} stands there twice", info.name);
        assert!(info.input.contains('[') && !info.what.is_empty(), "{info:?}");
        assert!(!info.what.ends_with('.'), "{info:?}");
    }
    let of = |name: &str| LayerSpec::TABLE.iter().find(|info| info.name == name).unwrap();
    assert_eq!(of("Linear").arguments(), ["inputs", "outputs", "bias", "dtype"]);
    assert_eq!(of("Relu").arguments(), [""; 0]);
    assert_eq!(of("RotaryEmbedding").arguments(), ["base"]);
}
