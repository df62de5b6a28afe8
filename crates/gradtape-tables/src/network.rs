//! Perceptrons for the rows of a table.

use gradtape::nn::{Activation, EmbedColumnsSpec, EmbeddedColumns, LayerSpec, Sequential};
use gradtape::{Error, Kind, Result, Rng};

use super::cuts::{self, Cut};
use super::recipe::Recipe;
use super::settle::Shape;

/// 4 GB of weights: more is a slip of the keyboard.
pub const MOST_WEIGHTS: usize = 1_000_000_000;

/// A perceptron of a recipe that is settled, with first weights, for rows of which some numbers are cut into parts and some
/// columns are embedded. Fails where its layers have more than [`MOST_WEIGHTS`] weights, and for a dropout that is no share.
pub fn perceptron(
    recipe: &Recipe,
    shape: Shape,
    cuts: &[Cut],
    columns: Vec<EmbeddedColumns>,
    rng: &mut Rng,
) -> Result<Sequential> {
    let inputs = shape.inputs + cuts::width(cuts);
    let narrowed = columns.iter().fold(inputs, |all, own| all - own.count + own.width);
    let hidden = recipe.hidden.as_deref().unwrap_or(&[32]);
    let sizes = [&[narrowed], hidden, &[shape.outputs]].concat();
    let weights = sizes.windows(2).try_fold(0usize, |sum, pair| {
        pair[0].checked_mul(pair[1]).and_then(|more| sum.checked_add(more))
    });
    if weights.is_none_or(|weights| weights > MOST_WEIGHTS) {
        let message = format!("layers of {sizes:?} have more than 1,000,000,000 weights");
        return Err(Error::new(Kind::Value, message));
    }
    let activation = recipe.activation.unwrap_or(Activation::Relu);
    let dropout = recipe.dropout.unwrap_or(0.0);
    if columns.is_empty() && cuts.is_empty() {
        return Sequential::mlp(&sizes, activation, dropout, rng);
    }
    // Its layers alone are wanted; their numbers are drawn with those of the vectors.
    let layers = Sequential::mlp(&sizes, activation, dropout, &mut Rng::new(0))?.specs()?;
    let cut = (!cuts.is_empty()).then(|| cuts::spec(shape.inputs, cuts));
    let embedded = (!columns.is_empty()).then(|| {
        let dtype = "f32".to_string();
        LayerSpec::from(EmbedColumnsSpec { inputs, columns, dtype })
    });
    let all: Vec<LayerSpec> = cut.into_iter().chain(embedded).chain(layers).collect();
    let network = Sequential::from_specs(&all, rng)?;
    if !cuts.is_empty() {
        cuts::fill(&network, shape.inputs, cuts)?;
    }
    Ok(network)
}
