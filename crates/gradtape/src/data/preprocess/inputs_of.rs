//! [`Preprocessing::with_inputs_of`]: the inputs of one preprocessing for the target of another.

use super::fit::LEARNS;
use super::{Feature, Preprocessing, Target, VERSION};
use crate::data::table::Written;
use crate::data::{ColumnKind, Table};

impl Preprocessing {
    /// The same target with the inputs of another preprocessing, so that weights that were learned of those mean the
    /// same; of the same number to predict also its scale. Of the notes those on the target are left. `None` where a
    /// column of the other is not in the table, or is what is to be predicted here.
    ///
    /// ```
    /// use gradtape::data::{CsvOptions, PreprocessOptions, Preprocessing, Table};
    /// let read = |text: &str| Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default());
    /// let fit = |table: &Table, target: &str| {
    ///     let rows: Vec<usize> = (0..table.len()).collect();
    ///     Preprocessing::fit(table, target, &rows, &PreprocessOptions::default())
    /// };
    /// let (old, new) = (read("x,y,a\n0,1,5\n10,2,6\n")?, read("x,y,b\n40,3,1\n50,4,0\n")?);
    /// let (before, own) = (fit(&old, "y")?, fit(&new, "y")?);
    /// // What `a` was is not known here.
    /// assert!(own.clone().with_inputs_of(&before, &new).is_none());
    /// let both = read("x,y,a\n40,3,5\n50,4,6\n")?;
    /// let following = fit(&both, "y")?.with_inputs_of(&before, &both).unwrap();
    /// assert_eq!(following.inputs(&old)?.to_vec::<f32>()?, before.inputs(&old)?.to_vec::<f32>()?);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn with_inputs_of(self, other: &Preprocessing, table: &Table) -> Option<Preprocessing> {
        let target = self.target.column();
        let is_here = |name: &str| name != target && table.column(name).is_ok();
        if !other.features.iter().all(|feature| is_here(feature.column())) {
            return None;
        }
        let same = match (&self.target, &other.target) {
            (Target::Number { .. }, Target::Number { column, .. }) => column == target,
            _ => false,
        };
        let mut written = other.written.clone();
        if other.version < KNOWS_WRITTEN {
            // It read each table by itself: so it did this one.
            let own = |feature: &Feature| as_here(feature, table);
            written = other.features.iter().filter_map(own).collect();
        }
        if !same || other.version < KNOWS_WRITTEN {
            written.remove(other.target.column());
            written.extend(self.written.get_key_value(target).map(|(a, b)| (a.clone(), b.clone())));
        }
        // Those on columns are of a preprocessing that is not used.
        let (of_target, mut notes) = (format!("column {target:?}: "), self.notes);
        notes.retain(|note| note.starts_with(&of_target) && !(same && note.contains(LEARNS)));
        if same {
            let learned = format!("{of_target}{LEARNS}");
            notes.extend(other.notes.iter().filter(|note| note.starts_with(&learned)).cloned());
        }
        Some(Preprocessing {
            version: VERSION,
            features: other.features.clone(),
            target: if same { other.target.clone() } else { self.target },
            notes,
            far: other.far.clone(),
            written,
        })
    }
}

/// From this version on the JSON form says how cells were written.
pub(super) const KNOWS_WRITTEN: u32 = 3;

/// How the column of a feature is written in a table, where there is something to tell.
fn as_here(feature: &Feature, table: &Table) -> Option<(String, Written)> {
    let column = table.column(feature.column()).ok()?;
    let is_such = match feature {
        Feature::Number { .. } => column.kind() == ColumnKind::Number,
        Feature::Time { .. } => column.kind() == ColumnKind::Time,
        Feature::Category { .. } | Feature::Words { .. } => false,
    };
    let written = column.written_as();
    (is_such && written != Written::default()).then(|| (column.name().to_string(), written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CsvOptions, PreprocessOptions, TransformChoice};

    fn fit(table: &Table, transform: TransformChoice) -> Preprocessing {
        let rows: Vec<usize> = (0..table.len()).collect();
        let options = PreprocessOptions { transform, ..Default::default() };
        Preprocessing::fit(table, "y", &rows, &options).unwrap()
    }

    fn table(text: &str) -> Table {
        Table::from_csv(text.as_bytes(), "a.csv", &CsvOptions::default()).unwrap()
    }

    #[test]
    fn notes_and_version_are_of_what_is_in_it() {
        let old = table("x;y\n1,5;10\n2,25;20\n4,5;30\n");
        let new = table("x;z;y\n1,5;7;10 %\n;7;20 %\n2,25;7;900 %\n");
        let own = fit(&new, TransformChoice::Log);
        let text = own.notes().join("\n");
        assert!(text.contains("\"z\" left out") && text.contains("logarithm"), "{text}");
        let before = fit(&old, TransformChoice::None);
        let following = own.clone().with_inputs_of(&before, &new).unwrap();
        assert_eq!(following.target(), before.target());
        let text = following.notes().join("\n");
        assert!(text.contains("percentages") && !text.contains("\"z\""), "{text}");
        assert!(!text.contains("logarithm"), "{text}");
        // Of an older version, and for another target.
        let json = before.to_json().replace("\"version\":3", "\"version\":2");
        let mut older = Preprocessing::from_json(&json).unwrap();
        older.written.clear();
        older.target = Target::Number {
            column: "other".to_string(),
            mean: 0.0,
            scale: 1.0,
            transform: Default::default(),
            errors: Vec::new(),
        };
        let following = own.clone().with_inputs_of(&older, &new).unwrap();
        assert_eq!((following.version, following.target()), (VERSION, own.target()));
        assert_eq!(following.written_as("y").as_deref(), Some("in percent"));
        let inputs = |fitted: &Preprocessing| fitted.inputs(&new).unwrap().to_vec::<f32>().unwrap();
        assert_eq!(inputs(&following), inputs(&older));
        // Another file is read as these two were.
        let one = table("x;y\n1,250;30 %\n");
        assert_eq!(following.inputs(&one).unwrap().to_f64_vec(), {
            let Feature::Number { mean, scale, .. } = older.features[0] else { panic!() };
            [f64::from(((1.25 - mean) / scale) as f32)]
        });
    }
}
