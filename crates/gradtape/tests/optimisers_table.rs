//! What follows from the declarations of optimisers: the page that lists them, and that nothing else names
//! them. When `docs/optimisers.md` is out of date the test writes it anew and fails once.

use std::fs;
use std::path::{Path, PathBuf};

use gradtape::optim::{HyperValue, NAMES, OPTIMIZERS, OptimizerInfo};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_table_of_optimisers_is_up_to_date() {
    let path = root().join("docs/optimisers.md");
    let want = table();
    if fs::read_to_string(&path).is_ok_and(|have| have == want) {
        return;
    }
    fs::write(&path, want).unwrap();
    panic!("docs/optimisers.md was out of date and has been written anew; commit it");
}

fn table() -> String {
    let mut text = String::from(
        "# Optimisers\n\n\
         Made from the declarations in `crates/gradtape/src/optim`. Each setting is a method of the type, a name in\n\
         `Hyper` and its JSON, and, with dashes, a flag of `gradtape train` and `gradtape descend`, which begin at a\n\
         learning rate of their own. `x` is a parameter, `g` its gradient, `t` the number of the step.\n",
    );
    for info in OPTIMIZERS {
        let names: Vec<String> =
            info.presets.iter().map(|preset| format!(", `{}`", preset.name)).collect();
        text += &format!("\n## `{}`{}\n\n{}\n\n", info.name, names.concat(), paragraphs(info));
        for preset in info.presets {
            let set: Vec<String> =
                preset.settings.iter().map(|(name, value)| format!("`{name}` {value}")).collect();
            text +=
                &format!("`{}` is `{}` with {}.\n\n", preset.name, info.name, set.join(" and "));
        }
        text += "| setting | what | default | allowed |\n|---|---|---|---|\n";
        for known in info.hyperparameters {
            let default = match known.default {
                HyperValue::Pair(first, second) => format!("{first}, {second}"),
                other => other.to_string(),
            };
            text += &format!(
                "| `{}` | {} | {default} | {} |\n",
                known.name,
                known.doc,
                known.allowed()
            );
        }
    }
    text
}

/// The documentation up to its example, without links.
fn paragraphs(info: &OptimizerInfo) -> String {
    let lines = info.doc.iter().map(|line| line.strip_prefix(' ').unwrap_or(line));
    let text: Vec<&str> = lines.take_while(|line| !line.starts_with("```")).collect();
    let text = text.join("\n").trim().to_string();
    // `[`Adam`](super::Adam)` is `Adam`.
    let mut parts = text.split("](super::");
    let first = parts.next().unwrap_or_default().to_string();
    let rest: String =
        parts.map(|part| part.split_once(')').map_or(part, |(_, rest)| rest)).collect();
    (first + &rest).replace("[`", "`")
}

/// To add an optimiser is to write its file and to name that in the list of `optim/mod.rs`.
#[test]
fn an_optimiser_is_named_by_its_file_and_by_the_list() {
    let mut seen = 0;
    for package in ["gradtape", "gradtape-calculus", "gradtape-cli"] {
        for file in rust_files(&root().join("crates").join(package).join("src")) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            let code = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            let code = code.collect::<Vec<_>>().join("\n");
            // One alone is a default; two are a list, which would have to grow.
            let named: Vec<&str> =
                NAMES.into_iter().filter(|name| code.contains(&format!("\"{name}\""))).collect();
            seen += named.len();
            let declares = code.contains("\noptimizer! {");
            assert!(named.len() < 2 || declares, "{} names {named:?}", file.display());
            // Elsewhere these words have other meanings: Greek letters, settings of layers.
            // What a training on a table begins with, and what is searched, is other numbers for them.
            let others = ["train/defaults.rs", "train/tune/space.rs"];
            let front = package == "gradtape-cli" && !others.iter().any(|own| file.ends_with(own));
            for info in OPTIMIZERS.iter().filter(|_| front) {
                for known in info.hyperparameters.iter().filter(|known| known.name != "lr") {
                    let quoted = [known.name.to_string(), known.name.replace('_', "-")];
                    let quoted = quoted.iter().find(|name| code.contains(&format!("\"{name}\"")));
                    assert_eq!(
                        quoted,
                        None,
                        "{} repeats a setting of {}",
                        file.display(),
                        info.name
                    );
                }
            }
        }
    }
    assert!(seen > NAMES.len(), "only {seen} names were found");
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_test = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if !is_test && path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}
