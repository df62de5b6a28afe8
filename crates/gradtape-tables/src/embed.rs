//! Categories of many levels: vectors in the place of their columns of 0 and 1.

use gradtape::data::{Feature, Preprocessing};
use gradtape::nn::EmbeddedColumns;
use gradtape::{Error, Kind, Result};

/// A column of more levels is embedded where nothing is said. From there on its vectors need less than half of the weights
/// that a first layer of 64 units has for it; of fewer levels they save little.
const MANY: usize = 50;

/// Which columns of categories become vectors before the first layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Embed {
    /// Columns by name, with how many numbers a vector has where that is chosen.
    pub columns: Vec<(String, Option<usize>)>,
    /// Whether no other column is.
    pub none: bool,
    /// How wide vectors are beside what is usual, where no width is given.
    pub scale: f64,
}

impl Default for Embed {
    fn default() -> Embed {
        Embed { columns: Vec::new(), none: false, scale: 1.0 }
    }
}

/// The columns of a table that are embedded before hidden layers, by their names: those that are asked for, and those
/// of more than 50 categories unless the network is linear. Fails for one that is asked for and is of no categories.
pub fn embedded(
    embed: &Embed,
    preprocessing: &Preprocessing,
    is_linear: bool,
) -> Result<Vec<(String, EmbeddedColumns)>> {
    let is_category = |name: &str| {
        let of = |feature: &Feature| matches!(feature, Feature::Category { column, .. } if column == name);
        preprocessing.features().iter().any(of)
    };
    if let Some((name, _)) = embed.columns.iter().find(|(name, _)| !is_category(name)) {
        let message = format!("{name:?} is embedded, but is no column of categories that is used");
        return Err(Error::new(Kind::Value, message).hint("take its numbers as categories"));
    }
    let (mut all, mut start) = (Vec::new(), 0);
    for feature in preprocessing.features().iter().filter(|_| !embed.none) {
        if let Feature::Category { column, categories, .. } = feature {
            let count = categories.len();
            let usual = (usual(count) as f64 * embed.scale).round() as usize;
            let asked = embed.columns.iter().find(|(name, _)| name == column);
            // What is linear stays so.
            let many = count > MANY && !is_linear;
            let width = match asked {
                Some((_, own)) => Some(own.unwrap_or(usual.max(1))),
                None => Some(usual).filter(|width| many && *width > 0),
            };
            let own = width.map(|width| EmbeddedColumns { start, count, width });
            all.extend(own.map(|own| (column.clone(), own)));
        }
        start += feature.width();
    }
    Ok(all)
}

/// How many numbers a vector has for so many levels, as fastai found it to do well.
fn usual(levels: usize) -> usize {
    ((1.6 * (levels as f64).powf(0.56)).ceil() as usize).clamp(1, 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_grow_slowly_with_the_levels() {
        assert_eq!([2, 51, 100, 500, 1000].map(usual), [3, 15, 22, 50, 50]);
    }
}
