//! A network that begins with what another one learned: `--start`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use gradtape::data::Preprocessing;
use gradtape::io::{self, Matched, Model};
use gradtape::nn::{EmbeddedColumns, LayerSpec, Sequential};
use gradtape_tables::parts_in;

use super::flags::Train;
use crate::error::{Failure, Outcome};
use crate::report::of;

/// Where weights come from.
#[derive(Args, Debug, Default)]
pub(crate) struct StartFlags {
    /// Begin with the weights of this model where names and shapes fit, and at random elsewhere
    #[arg(long, value_name = "MODEL", help_heading = "Network")]
    pub(super) start: Option<PathBuf>,

    /// What tensors of --start are called in the network, * for any text, as in body.*=0.*; nothing behind the
    /// = leaves them out. May be given several times
    #[arg(
        long,
        value_name = "FROM=TO",
        value_parser = Rename::from_str,
        requires = "start",
        help_heading = "Network"
    )]
    rename: Vec<Rename>,
}

/// Another name for some tensors.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rename {
    from: String,
    to: String,
}

impl Train {
    /// Gives a network its first weights, where they are another model's; says what it took. One that goes on has its
    /// own.
    pub(super) fn begin(&self, network: &Sequential) -> Outcome<Vec<String>> {
        match self.runs.resume {
            Some(_) => Ok(Vec::new()),
            None => self.start.begin(network),
        }
    }
}

impl StartFlags {
    /// What was done to the columns of a table for the model; `None` where it is of no table, and of a file of tensors
    /// alone.
    pub(super) fn inputs(&self) -> Outcome<Option<Preprocessing>> {
        let Some((model, path)) = self.model()? else { return Ok(None) };
        inputs_of(&model, path)
    }

    /// What the model embeds of rows that are prepared as for it; `None` where they are not.
    pub(super) fn embeds(&self, own: &Preprocessing) -> Outcome<Option<Vec<EmbeddedColumns>>> {
        let Some((model, path)) = self.model()? else { return Ok(None) };
        match inputs_of(&model, path)? {
            Some(inputs) if inputs.features() == own.features() => {
                Ok(Some(embedded_in(&model.network.specs()?)))
            }
            _ => Ok(None),
        }
    }

    /// The model, where it is one and not a file of tensors alone.
    fn model(&self) -> Outcome<Option<(Model, &Path)>> {
        let Some(path) = &self.start else { return Ok(None) };
        let file = io::read_safetensors(path).map_err(wrong)?;
        if !file.metadata.contains_key(Model::ARCHITECTURE) {
            return Ok(None);
        }
        let model = Model::from_safetensors(file);
        Ok(Some((model.map_err(|error| wrong(error.context(path.display())))?, path)))
    }

    /// A hint where one of model and network embeds columns and the other does not.
    fn of_embedding(&self, network: &Sequential) -> Option<&'static str> {
        let embeds = |network: &Sequential| Some(!embedded_in(&network.specs().ok()?).is_empty());
        let (model, _) = self.model().ok()??;
        match (embeds(&model.network)?, embeds(network)?) {
            (true, false) => Some(
                "hint: the model embeds columns, and this network does not: leave --no-embed out, or name the columns \
                 (--embed)",
            ),
            (false, true) => Some(
                "hint: the model embeds no column, and this network does: --no-embed makes each category an input there, too",
            ),
            _ => None,
        }
    }

    /// A hint where one of model and network cuts numbers and the other does not, or otherwise.
    fn of_cuts(&self, network: &Sequential) -> Option<String> {
        let (model, _) = self.model().ok()??;
        let [own, here] = [parts_in(&model.network), parts_in(network)];
        let count = |parts: usize| of(parts, "part");
        match own {
            _ if own == here => None,
            None => Some("hint: the model cuts no numbers, and this network does: --cuts 0".into()),
            Some(parts) => Some(format!(
                "hint: the model cuts numbers into {}, and this network into {}: say --cuts as for the model, which \
                 `gradtape inspect` shows; the ends of the parts are those of the model then",
                count(parts),
                here.map_or("none".to_string(), count),
            )),
        }
    }

    /// Whether the model is the mean of several networks.
    fn is_of_several(&self) -> bool {
        let read = self.start.as_ref().and_then(|path| io::read_safetensors(path).ok());
        let begins = |with: &str| {
            read.iter().any(|read| read.tensors.iter().any(|(name, _)| name.starts_with(with)))
        };
        begins("0.0.") && begins("0.1.")
    }

    fn begin(&self, network: &Sequential) -> Outcome<Vec<String>> {
        let Some(path) = &self.start else { return Ok(Vec::new()) };
        let renamed = |name: &str| match self.rename.iter().find_map(|own| own.of(name)) {
            Some(to) => Some(to).filter(|to| !to.is_empty()),
            None => Some(name.to_string()),
        };
        let matched = io::load_matching(network, path, renamed);
        let Matched { taken, kept, left } = matched.map_err(|error| {
            let failure = Failure::usage(format!("--start: {error}"));
            match self.is_of_several() {
                true => failure.note(SEVERAL),
                false if path.exists() => match self.of_cuts(network) {
                    Some(hint) => failure.note(&hint),
                    None => failure.note(self.of_embedding(network).unwrap_or(RENAME)),
                },
                false => failure,
            }
        })?;
        let name = path.display();
        let mut notes = vec![format!(
            "begins with {} of {name}{}",
            of(taken.len(), "tensor"),
            if kept.is_empty() { "" } else { ", and at random elsewhere" }
        )];
        if !kept.is_empty() {
            notes.push(format!("at random are {}", shortened(kept.into_iter())));
        }
        if !left.is_empty() {
            let each = left.into_iter().map(|(name, why)| format!("{name} ({why})"));
            notes.push(format!("of {name} nothing took {}", shortened(each)));
        }
        Ok(notes)
    }
}

fn wrong(error: gradtape::Error) -> Failure {
    Failure::usage(format!("--start: {error}"))
}

/// What was done to the columns of a table for a model.
fn inputs_of(model: &Model, path: &Path) -> Outcome<Option<Preprocessing>> {
    let read = |text: &String| {
        Preprocessing::from_json(text).map_err(|error| wrong(error.context(path.display())))
    };
    model.preprocessing.as_ref().map(read).transpose()
}

/// The columns that become vectors before the first layer, of the first of several networks.
fn embedded_in(layers: &[LayerSpec]) -> Vec<EmbeddedColumns> {
    let of = |spec: &LayerSpec| match spec {
        LayerSpec::EmbedColumns(own) => own.columns.clone(),
        LayerSpec::Parallel(own) => embedded_in(&own.layers),
        LayerSpec::Sequential(own) => embedded_in(&own.layers),
        _ => Vec::new(),
    };
    layers.iter().map(of).find(|columns| !columns.is_empty()).unwrap_or_default()
}

const SEVERAL: &str = "hint: the model is the mean of several networks, as of a table where nothing is said: train it with \
                       --members 1, or take one of them as it is, --members 1 --rename '0.0.*=*'";
const RENAME: &str = "hint: --rename FROM=TO, with * for any text; `gradtape inspect MODEL` shows the names of a model";

/// The first of some names.
fn shortened(names: impl ExactSizeIterator<Item = String>) -> String {
    let all = names.len();
    let shown: Vec<String> = names.take(SHOWN).collect();
    let more = if all > SHOWN { format!(" and {} more", all - SHOWN) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

const SHOWN: usize = 6;

impl Rename {
    /// The other name of a tensor, if it is one of these.
    fn of(&self, name: &str) -> Option<String> {
        let Some((before, after)) = self.from.split_once('*') else {
            return (self.from == name).then(|| self.to.clone());
        };
        let middle = name.strip_prefix(before)?.strip_suffix(after)?;
        Some(self.to.replacen('*', middle, 1))
    }
}

impl FromStr for Rename {
    type Err = String;

    fn from_str(text: &str) -> Result<Rename, String> {
        let (from, to) = text.split_once('=').ok_or("it is FROM=TO, as in body.*=0.*")?;
        let stars = [from, to].map(|part| part.matches('*').count());
        match (from.is_empty(), stars) {
            (true, _) => Err("the name before the = is missing".to_string()),
            (_, [0 | 1, 0]) | (_, [1, 1]) => Ok(Rename { from: from.into(), to: to.into() }),
            _ => {
                Err("each side has one * at most, and the second only where the first has one"
                    .into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_changed_by_patterns() {
        let rename = |text: &str, name: &str| text.parse::<Rename>().unwrap().of(name);
        assert_eq!(rename("body.*=0.*", "body.2.weight"), Some("0.2.weight".to_string()));
        assert_eq!(rename("*.gamma=*.weight", "bn.gamma"), Some("bn.weight".to_string()));
        assert_eq!(rename("a=b", "a"), Some("b".to_string()));
        assert_eq!(rename("head.*=", "head.bias"), Some(String::new()));
        assert_eq!(rename("body.*=0.*", "head.weight"), None);
        assert_eq!(rename("ab*ba=x*", "aba"), None);
        for wrong in ["a", "=b", "a*b*=c", "a=b*", "a*=b*c*"] {
            assert!(wrong.parse::<Rename>().is_err(), "{wrong}");
        }
    }
}
