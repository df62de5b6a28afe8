//! The colours of all pages and drawings are seen: text by 4.5 to 1 and lines by 3 to 1 (WCAG 2.2), on light and on dark
//! pages. The style sheets are read as they are; those that a chart has are the matter of its own crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

type Colour = [f64; 3];

/// Variables on which others are drawn, and those of borders without which a page says the same.
const GROUNDS: [&str; 2] = ["--paper", "--tint"];
const DECORATION: [&str; 1] = ["--rule"];
/// Variables in which text is written.
const INKS: [&str; 5] = ["--ink", "--pale", "--forward", "--backward", "--ok"];

/// Parts of drawings that others are drawn on.
const DRAWN_ON: [&str; 5] = [".paper", ".box", ".head", ".under", "circle"];
/// Filled parts of drawings that are no text.
const MARKS: [&str; 3] = [".there", ".back", "rect"];

#[test]
fn text_and_lines_are_seen_on_light_and_on_dark_pages() {
    let theme = Sheet::read(&crates().join("gradtape-chart/src/theme.css"));
    let mut checked = 0;
    for path in sheets() {
        let name = path.strip_prefix(crates()).unwrap().display().to_string();
        let sheet = Sheet::read(&path);
        for dark in [false, true] {
            let mut variables = theme.variables(dark);
            variables.extend(sheet.variables(dark));
            checked += sheet.check(&name, dark, &variables);
        }
    }
    assert!(checked > 50, "{checked} colours were found");
}

#[test]
fn variables_are_seen_on_every_ground() {
    let theme = Sheet::read(&crates().join("gradtape-chart/src/theme.css"));
    for path in sheets() {
        let sheet = Sheet::read(&path);
        for dark in [false, true] {
            let grounds = theme.variables(dark);
            let grounds: Vec<_> =
                grounds.iter().filter(|(name, _)| GROUNDS.contains(&name.as_str())).collect();
            assert_eq!(grounds.len(), GROUNDS.len());
            for (name, colour) in sheet.variables(dark) {
                if GROUNDS.contains(&&*name) || DECORATION.contains(&&*name) {
                    continue;
                }
                let least = if INKS.contains(&&*name) { 4.5 } else { 3.0 };
                for (ground, on) in &grounds {
                    let seen = contrast(colour, **on);
                    let path = path.display();
                    assert!(seen >= least, "{path}: {name} on {ground}, dark {dark}: {seen:.2}");
                }
            }
        }
    }
}

/// The page of the playground draws points of classes on a canvas, whose colours no style sheet has.
#[test]
fn classes_of_the_playground_are_seen() {
    let script = fs::read_to_string(crates().join("gradtape-play/page/colours.js")).unwrap();
    let line = script.lines().find(|line| line.starts_with("const CLASSES")).unwrap();
    let numbers: Vec<f64> = line
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    assert!(numbers.len() >= 30 && numbers.len().is_multiple_of(3), "{line}");
    assert!(script.contains("mix(own, [255, 255, 255], 0.32)"), "what dark pages have");
    let theme = Sheet::read(&crates().join("gradtape-chart/src/theme.css"));
    for class in numbers.chunks(3) {
        let light = [class[0], class[1], class[2]];
        for (dark, own) in [(false, light), (true, mixed(light, [255.0; 3], 0.32))] {
            let seen = contrast(own, theme.variables(dark)["--paper"]);
            assert!(seen >= 3.0, "{class:?}, dark {dark}: {seen:.2}");
        }
    }
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every style sheet of the project.
fn sheets() -> Vec<PathBuf> {
    let (mut found, mut todo) = (BTreeSet::new(), vec![crates()]);
    while let Some(folder) = todo.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                todo.push(path);
            } else if path.extension().is_some_and(|ending| ending == "css") {
                found.insert(path);
            }
        }
    }
    assert!(found.len() >= 6, "{found:?}");
    found.into_iter().collect()
}

/// A rule: where it holds, what it is for, and what it says.
struct Rule {
    dark: bool,
    selector: String,
    says: Vec<(String, String)>,
}

struct Sheet(Vec<Rule>);

impl Sheet {
    fn read(path: &Path) -> Sheet {
        let text = fs::read_to_string(path).unwrap();
        let mut rules = Vec::new();
        let mut media = String::new();
        let mut rest = text.as_str();
        while let Some(place) = rest.find(['{', '}']) {
            let (before, after) = rest.split_at(place);
            rest = &after[1..];
            if after.starts_with('}') {
                media.clear();
                continue;
            }
            let head = before.trim();
            if head.starts_with("@media") {
                media = head.to_string();
                continue;
            }
            let (body, next) = rest.split_once('}').unwrap_or((rest, ""));
            rest = next;
            let says = body.split(';').filter_map(|one| one.split_once(':'));
            let says =
                says.map(|(name, value)| (name.trim().to_string(), value.trim().to_string()));
            let says: Vec<_> = says.collect();
            let dark = media.contains("prefers-color-scheme: dark");
            rules.extend(head.split(',').map(|selector| Rule {
                dark,
                selector: selector.trim().to_string(),
                says: says.clone(),
            }));
        }
        Sheet(rules)
    }

    /// The colours that have names, as they are on light or dark pages.
    fn variables(&self, dark: bool) -> BTreeMap<String, Colour> {
        // What dark pages say comes later.
        let own = self.0.iter().filter(|rule| dark || !rule.dark).flat_map(|rule| &rule.says);
        let own = own.filter(|(name, _)| name.starts_with("--"));
        own.filter_map(|(name, value)| Some((name.clone(), hex(value)?))).collect()
    }

    /// Looks at each colour that a rule gives to text or lines; how many there were.
    fn check(&self, name: &str, dark: bool, variables: &BTreeMap<String, Colour>) -> usize {
        let colour = |value: &str, is_text: bool| {
            let variable = value.split_once("var(").and_then(|(_, rest)| rest.split_once(')'));
            match variable {
                Some((name, _)) if DECORATION.contains(&name) => None,
                // A line in the colour of the paper is cut out of what it is drawn on.
                Some(("--paper", _)) if !is_text => None,
                // One that a mixture is made of has no name of its own.
                Some(_) if value.contains("color-mix") => None,
                Some((name, _)) => variables.get(name).copied(),
                None => hex(value),
            }
        };
        let paper = variables["--paper"];
        let mut grounds = vec![paper];
        let mut inks: Vec<(String, Colour, f64)> = Vec::new();
        // A rule for dark pages comes in the place of that for light ones.
        let is_replaced = |rule: &Rule, property: &str| {
            let later = self.0.iter().filter(|other| other.dark && other.selector == rule.selector);
            let mut later = later.flat_map(|other| &other.says);
            dark && !rule.dark && later.any(|(name, _)| name == property)
        };
        for rule in self.0.iter().filter(|rule| dark || !rule.dark) {
            let own = |wanted: &str| {
                let mut all = rule.says.iter().filter(|(property, _)| property == wanted);
                all.next().map(|(_, value)| value.as_str())
            };
            let own_ground = own("background").and_then(|value| colour(value, true));
            let share = own("opacity").and_then(|value| value.parse::<f64>().ok());
            let share = share.filter(|share| *share > 0.0).unwrap_or(1.0);
            // What cannot be used now may be pale.
            if rule.selector.contains(":disabled") {
                continue;
            }
            // The mark of a fork, a plus of the page's colour in a full circle.
            if rule.selector.contains(".current .fork") {
                assert!(contrast(paper, variables["--backward"]) >= 4.5, "{name}, dark {dark}");
                continue;
            }
            for (property, value) in &rule.says {
                let found = colour(value, property == "color");
                let (Some(found), false) = (found, is_replaced(rule, property)) else { continue };
                let ends = |with: &[&str]| with.iter().any(|end| rule.selector.ends_with(end));
                let what = format!("{name}: {} {{ {property}: {value} }}", rule.selector);
                match property.as_str() {
                    "fill" if ends(&DRAWN_ON) => grounds.push(found),
                    "fill" if !ends(&MARKS) => inks.push((what, found, 4.5)),
                    "color" => {
                        let on = own_ground.unwrap_or(paper);
                        assert!(contrast(found, on) >= 4.5, "{what}, dark {dark}");
                    }
                    "fill" | "stroke" | "border" | "border-color" | "border-left" | "outline" => {
                        let seen = contrast(mixed(paper, found, share), paper);
                        assert!(seen >= 3.0, "{what}, dark {dark}: {seen:.2}");
                        inks.push((what, found, 1.0));
                    }
                    _ => {}
                }
            }
        }
        for (what, ink, least) in &inks {
            for ground in &grounds {
                let seen = contrast(*ink, *ground);
                assert!(seen >= *least, "{what} on {ground:?}, dark {dark}: {seen:.2}");
            }
        }
        inks.len()
    }
}

/// `#rrggbb`, at the beginning or behind other words.
fn hex(value: &str) -> Option<Colour> {
    let digits = value.split_once('#')?.1.get(..6)?;
    let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok().map(f64::from);
    Some([part(0)?, part(2)?, part(4)?])
}

fn mixed(a: Colour, b: Colour, share: f64) -> Colour {
    std::array::from_fn(|part| a[part] + share * (b[part] - a[part]))
}

/// The contrast of two colours, 1 to 21.
fn contrast(a: Colour, b: Colour) -> f64 {
    let [a, b] = [a, b].map(|colour| {
        let [red, green, blue] = colour.map(|part| match part / 255.0 {
            part if part <= 0.04045 => part / 12.92,
            part => ((part + 0.055) / 1.055).powf(2.4),
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    });
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}
