//! [`Network`]: what `--network` names.

use std::fmt;
use std::str::FromStr;

use gradtape::nn::Blueprint;

use super::flags::count;

/// A network by its name or description.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Network {
    /// A perceptron, for rows.
    Mlp,
    /// For images.
    Images(Blueprint),
    /// For texts.
    Gpt { layers: usize, width: usize, heads: usize },
}

impl Network {
    pub(crate) fn is_of_images(&self) -> bool {
        matches!(self, Network::Images(_))
    }

    pub(crate) fn is_of_texts(&self) -> bool {
        matches!(self, Network::Gpt { .. })
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Network, String> {
        let named = |text: &str| Blueprint::NAMED.iter().any(|(name, _)| *name == text);
        if text == "mlp" {
            return Ok(Network::Mlp);
        }
        if named(text) || text.starts_with(Blueprint::PARTS) {
            return text
                .parse()
                .map(Network::Images)
                .map_err(|error: gradtape::Error| error.to_string());
        }
        if let Some(sizes) = text.strip_prefix("gpt:") {
            return gpt(sizes);
        }
        let before = text.split(':').next().unwrap_or(text);
        let names =
            || ["mlp", "cnn", "gpt"].into_iter().chain(Blueprint::NAMED.iter().map(|(n, _)| *n));
        let hint = match gradtape::nearest(before, names()) {
            Some("cnn") => "did you mean cnn:PARTS, as in cnn:32c3-p2-128?".to_string(),
            Some("gpt") => "did you mean gpt:LAYERSxWIDTH, as in gpt:4x128?".to_string(),
            Some(near) => format!("did you mean {near}?"),
            None => {
                "there are mlp; lenet, resnet8 and cnn:32c3-p2-128 for images; gpt:4x128 for texts"
                    .to_string()
            }
        };
        Err(format!("there is no such network\n  hint: {hint}"))
    }
}

fn gpt(sizes: &str) -> Result<Network, String> {
    let wrong = |why: &str| {
        format!(
            "{why}; layers and width are needed, as in gpt:4x128, or also heads, as in gpt:4x128x8"
        )
    };
    let sizes: Vec<usize> =
        sizes.split('x').map(count).collect::<Result<_, _>>().map_err(|why| wrong(&why))?;
    let (layers, width, heads) = match sizes[..] {
        [layers, width] => (layers, width, heads_of(width)),
        [layers, width, heads] => (layers, width, heads),
        _ => return Err(wrong("it has too few or too many sizes")),
    };
    if !width.is_multiple_of(heads) {
        return Err(format!("{heads} heads do not divide the width {width}"));
    }
    Ok(Network::Gpt { layers, width, heads })
}

/// How many heads a width has if nothing is said: of 32 numbers each, where these divide it, else one.
fn heads_of(width: usize) -> usize {
    if width.is_multiple_of(32) { width / 32 } else { 1 }
}

/// In the form that is read.
impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::Mlp => f.pad("mlp"),
            Network::Images(blueprint) => blueprint.fmt(f),
            Network::Gpt { layers, width, heads } => write!(f, "gpt:{layers}x{width}x{heads}"),
        }
    }
}

/// What a text is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tokens {
    Characters,
    /// So many in all.
    Pairs(usize),
}

impl FromStr for Tokens {
    type Err = String;

    fn from_str(text: &str) -> Result<Tokens, String> {
        match (text, text.strip_prefix("bpe:")) {
            ("characters", _) => Ok(Tokens::Characters),
            (_, Some(size)) => count(size).map(Tokens::Pairs),
            _ => {
                Err("it is characters or, as in bpe:512, the number of parts of words".to_string())
            }
        }
    }
}
