//! Whether files of a crate import each other in circles.

use std::collections::BTreeMap;

use super::{Import, Names, Place, imports};

/// A module in a file of its own.
struct Module {
    names: Names,
    imports: Vec<Import>,
}

/// The modules whose files import each other in a circle, the first again at the end; empty if none do. `files`
/// are the modules of a crate with their texts.
///
/// What a file takes from another one by the name that a third gives it counts for where it comes from, so
/// that a `mod.rs` which only collects names is in no circle. Tests inside of files may import what they
/// test with.
pub(crate) fn circle(
    files: impl IntoIterator<Item = (Vec<String>, String)>,
    crate_name: &str,
) -> Vec<String> {
    let read = |(module, text): (Vec<String>, String)| {
        let place = Place { crate_name, module: &module };
        let found = Module { names: Names::of(&text, place), imports: imports(&text, place) };
        (module, found)
    };
    let modules: BTreeMap<Vec<String>, Module> = files.into_iter().map(read).collect();
    let next = |module: &[String]| -> Vec<&[String]> {
        let imports = modules[module].imports.iter().filter(|import| !import.inner);
        let homes = imports.filter_map(|import| home(&modules, &import.path));
        homes.filter(|home| *home != module).collect()
    };
    // Files from which no circle can be reached.
    let mut done: Vec<&[String]> = Vec::new();
    for start in modules.keys() {
        let mut way: Vec<(&[String], Vec<&[String]>)> = vec![(start, next(start))];
        while let Some((_, rest)) = way.last_mut() {
            let Some(to) = rest.pop() else {
                done.extend(way.pop().map(|(module, _)| module));
                continue;
            };
            if let Some(first) = way.iter().position(|(module, _)| *module == to) {
                let circle = way[first..].iter().map(|(module, _)| *module).chain([to]);
                return circle.map(|module| module.join("::")).collect();
            }
            if !done.contains(&to) {
                way.push((to, next(to)));
            }
        }
    }
    Vec::new()
}

/// The module in whose file the thing of a path stands.
fn home<'m>(modules: &'m BTreeMap<Vec<String>, Module>, path: &[String]) -> Option<&'m [String]> {
    let mut path = path.to_vec();
    // Names lead to names, but not for ever.
    for _ in 0..16 {
        let depth = (0..=path.len()).rev().find(|&depth| modules.contains_key(&path[..depth]))?;
        let (module, found) = modules.get_key_value(&path[..depth])?;
        match path.get(depth).and_then(|name| found.names.target(name)) {
            Some(target) if *target != path[..=depth] => {
                path = [target, &path[depth + 1..]].concat();
            }
            _ => return Some(module),
        }
    }
    None
}
