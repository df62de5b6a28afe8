//! The page of a comparison, `--report`: the table, the curves, what is alike in all trainings, and the command.

use std::path::PathBuf;

use gradtape::io;

use super::{Comparison, INTERVALS, Ran, folds};
use crate::error::Outcome;
use crate::inspect;
use crate::page::{Page, figures, list, paragraph, terms, text};
use crate::report::of;
use crate::settings::Settings;

impl Comparison {
    /// Writes the page, if one is asked for, whole or not at all.
    pub(super) fn write_page(&self, all: &[Ran], path: Option<&PathBuf>) -> Outcome {
        match path {
            Some(path) => Ok(io::write_atomic(path, self.page(all)?.as_bytes())?),
            None => Ok(()),
        }
    }

    /// The page. The same trainings give the same one: there are no times on it.
    fn page(&self, all: &[Ran]) -> Outcome<String> {
        let known: Vec<&Settings> =
            all.iter().filter_map(|ran| ran.done.settings.as_deref()).collect();
        let data = known.first().map_or("", |settings| &settings.data.name);
        let mut page = Page::new(format_args!("{} compared on {data}", self.flags.join(", ")));
        page.section("How good they are", &self.results(all));
        let below = match self.groups(all).iter().any(|(_, group)| group.len() > 1) {
            true => {
                "The axes of losses are logarithmic. A line is the mean of several seeds or folds while all of them go on, in a \
                 band from the lowest to the highest; a thin one is one of them alone."
            }
            false => "The axes of losses are logarithmic.",
        };
        page.section("Curves", &figures(&self.chart(all), below)?);
        let compared = self.flags.iter().enumerate().map(|(place, flag)| {
            let mut values: Vec<&str> = Vec::new();
            for ran in all {
                let value = ran.values[place].as_str();
                if !values.contains(&value) {
                    values.push(value);
                }
            }
            (flag.as_str(), values.join("; "))
        });
        let settings = "<h3>Compared</h3>\n".to_string()
            + &terms(compared)
            + "<h3>Alike in all</h3>\n"
            + &terms(alike(&known));
        page.section("Settings", &settings);
        let version = env!("CARGO_PKG_VERSION");
        let again = format!(
            "<pre><code>{}</code></pre>\n<footer><p>gradtape {version}. The same command on the same data with the same \
             version gives the same bits.</p></footer>\n",
            text(self.command(&known))
        );
        page.section("Again", &again);
        Ok(page.html())
    }

    fn results(&self, all: &[Ran]) -> String {
        let caption = of(all.len(), "training");
        let cells = match self.is_of_folds() {
            true => folds::cells(all),
            false => self.cells(all),
        };
        let mut html = cells.html(&caption);
        let groups = self.groups(all);
        if let (2.., Some(best)) = (groups.len(), self.best_is()) {
            html += &paragraph(format!("B{}.", &best[1..]));
        }
        if groups.iter().any(|(_, group)| group.len() > 1) {
            html += &paragraph(format!("{INTERVALS}."));
        }
        html += &self.simple(all).map(paragraph).unwrap_or_default();
        let failures = self.failures(all);
        match failures.is_empty() {
            true => html,
            false => html + &list(failures),
        }
    }

    /// The command for a shell that does all of it again, with the seed.
    fn command(&self, known: &[&Settings]) -> String {
        let seed = known.first().filter(|_| !self.words.has("--seed"));
        let seed = seed.map_or(String::new(), |settings| format!(" --seed {}", settings.seed));
        format!("gradtape train {}{seed}", self.words.quoted())
    }
}

/// The settings that all trainings share, for people.
fn alike(known: &[&Settings]) -> Vec<(String, String)> {
    let mut each = known.iter().map(|settings| inspect::rows(settings));
    let Some(first) = each.next() else { return Vec::new() };
    let others: Vec<Vec<[String; 2]>> = each.collect();
    let shared = first.into_iter().filter(|row| others.iter().all(|other| other.contains(row)));
    shared.map(|[name, value]| (name, value)).collect()
}
