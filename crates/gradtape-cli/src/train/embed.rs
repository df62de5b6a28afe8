//! Categories of many levels: vectors in the place of their columns of 0 and 1.

use std::str::FromStr;

use clap::Args;
use gradtape::data::{Feature, Preprocessing};
use gradtape::nn::EmbeddedColumns;
use gradtape_tables::Embed;

use super::flags::{Train, count};
use super::network::Network;
use crate::error::{Failure, Outcome};
use crate::report::{of, thousands};

/// Which columns are embedded.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Network")]
pub(crate) struct EmbedFlags {
    /// A column of categories that becomes a vector before the first layer, of so many numbers, where a width is given;
    /// may be given several times [default: columns of more than 50 categories, 1.6 n^0.56 numbers, at most 50]
    #[arg(long, value_name = "COLUMN[:WIDTH]", value_parser = Embedded::from_str)]
    embed: Vec<Embedded>,

    /// Each category is an input of the first layer
    #[arg(long, conflicts_with = "embed")]
    no_embed: bool,

    /// How wide vectors are beside what is usual, where no width is given; 0 for none
    #[arg(long, value_name = "SHARE", value_parser = scale)]
    embed_scale: Option<f64>,
}

/// A column, and how wide its vectors are.
#[derive(Clone, Debug, PartialEq)]
struct Embedded {
    column: String,
    width: Option<usize>,
}

impl FromStr for Embedded {
    type Err = String;

    fn from_str(text: &str) -> Result<Embedded, String> {
        let alone = || Embedded { column: text.to_string(), width: None };
        match text.rsplit_once(':') {
            Some((column, width)) if width.bytes().all(|byte| byte.is_ascii_digit()) => {
                Ok(Embedded { column: column.to_string(), width: Some(count(width)?) })
            }
            _ => Ok(alone()),
        }
    }
}

fn scale(text: &str) -> Result<f64, String> {
    let scale = text.parse().ok().filter(|scale| (0.0..=10.0).contains(scale));
    scale.ok_or_else(|| "it must be a number from 0 to 10".to_string())
}

impl EmbedFlags {
    /// What is given, by the names of the flags.
    pub(super) fn given(&self) -> Vec<(String, String)> {
        let named = |own: &Embedded| match own.width {
            Some(width) => format!("{}:{width}", own.column),
            None => own.column.clone(),
        };
        let mut all: Vec<(String, String)> =
            self.embed.iter().map(|own| ("embed".to_string(), named(own))).collect();
        if self.no_embed {
            all.push(("embed".to_string(), "none".to_string()));
        }
        all.extend(self.embed_scale.map(|scale| ("embed-scale".to_string(), scale.to_string())));
        all
    }

    /// As a recipe has it.
    pub(super) fn choice(&self) -> Embed {
        let columns = self.embed.iter().map(|own| (own.column.clone(), own.width));
        let scale = self.embed_scale.unwrap_or(1.0);
        Embed { columns: columns.collect(), none: self.no_embed, scale }
    }

    pub(super) fn is_given(&self) -> bool {
        !self.given().is_empty()
    }
}

impl Train {
    /// The columns of a table that are embedded, by their names. Fails for one that is asked for and is of no categories.
    pub(super) fn embedded(
        &self,
        preprocessing: &Preprocessing,
    ) -> Outcome<Vec<(String, EmbeddedColumns)>> {
        let categories = preprocessing.features().iter().filter_map(|feature| match feature {
            Feature::Category { column, .. } => Some(column),
            _ => None,
        });
        let categories: Vec<&String> = categories.collect();
        let asked = &self.embed.embed;
        if let Some(other) = asked.iter().find(|own| !categories.contains(&&own.column)) {
            let name = &other.column;
            return Err(Failure::usage(format!(
                "--embed {name}: there is no such column of categories among those that are used\n  hint: --categories {name} \
                 takes numbers as names"
            )));
        }
        if self.network != Network::Mlp {
            return Ok(Vec::new());
        }
        // Weights that were learned without vectors, or with them, are of no use to the other.
        if !self.embed.is_given()
            && let Some(columns) = self.start.embeds(preprocessing)?
        {
            return Ok(named(columns, preprocessing));
        }
        let is_linear = self.hidden().0.is_empty();
        Ok(gradtape_tables::embedded(&self.embed.choice(), preprocessing, is_linear)?)
    }

    /// Lines on what is embedded.
    pub(super) fn told_of_embedded(all: &[(String, EmbeddedColumns)]) -> Vec<String> {
        let line = |(column, own): &(String, EmbeddedColumns)| {
            format!(
                "column {column:?}: its {} are embedded, each is {} before the first layer (--no-embed makes each an input)",
                of(own.count, "category").replace("categorys", "categories"),
                match own.width {
                    1 => "one number".to_string(),
                    width => format!("{} numbers", thousands(width)),
                }
            )
        };
        all.iter().map(line).collect()
    }
}

/// Stretches of inputs with the names of their columns.
fn named(
    columns: Vec<EmbeddedColumns>,
    preprocessing: &Preprocessing,
) -> Vec<(String, EmbeddedColumns)> {
    let mut starts = Vec::new();
    let mut at = 0;
    for feature in preprocessing.features() {
        starts.push((at, feature.column()));
        at += feature.width();
    }
    let name = |own: &EmbeddedColumns| starts.iter().find(|(start, _)| *start == own.start);
    columns.into_iter().filter_map(|own| Some((name(&own)?.1.to_string(), own))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_a_width_or_the_usual_one() {
        let read = |text: &str| text.parse::<Embedded>();
        let of = |column: &str, width| Ok(Embedded { column: column.to_string(), width });
        assert_eq!(read("zip"), of("zip", None));
        assert_eq!(read("zip:8"), of("zip", Some(8)));
        assert_eq!(read("a:b"), of("a:b", None));
        assert_eq!(read("a:b:3"), of("a:b", Some(3)));
        assert!(read("zip:0").is_err());
        assert!(scale("-1").is_err() && scale("nan").is_err() && scale("0.5") == Ok(0.5));
    }
}
