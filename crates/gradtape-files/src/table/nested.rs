//! Columns whose cells are no single values.

use gradtape::data::TableBuilder;
use gradtape::{Error, Kind, Result, shell_word};

use super::TableOptions;

/// The columns whose cells are lists, records or something else that stands for no number, date or text.
#[derive(Default)]
pub(super) struct Nested {
    /// With what they hold.
    columns: Vec<(String, String)>,
}

impl Nested {
    pub(super) fn add(&mut self, name: &str, what: impl Into<String>) {
        self.columns.push((name.to_string(), what.into()));
    }

    /// Fails for those that are not to be ignored, and notes those that are skipped.
    pub(super) fn check(
        &self,
        source: &str,
        options: &TableOptions,
        table: &mut TableBuilder,
    ) -> Result<()> {
        let is_wanted = |name: &String| !options.ignore.contains(name);
        let mut wanted = self.columns.iter().filter(|(name, _)| is_wanted(name));
        if options.skip_nested {
            wanted.for_each(|(name, what)| {
                table.note(format!("column {name:?} holds {what}, taken as missing values"));
            });
            return Ok(());
        }
        let Some((name, what)) = wanted.next() else { return Ok(()) };
        let mut flags = format!("--ignore {}", shell_word(name));
        let message =
            format!("{source}, column {name:?}: it holds {what}, a cell must be one value");
        let mut error = Error::new(Kind::Data, message);
        for (name, what) in wanted {
            flags += &format!(" --ignore {}", shell_word(name));
            error = error.note(format!("column {name:?} holds {what}"));
        }
        Err(error.hint(format!(
            "{flags} leaves it out; or take its parts out of it into columns of their own"
        )))
    }
}
