//! Models of tables: what is done to the columns, the network, and what its answers mean, in one graph.

use gradtape::data::{Feature, Preprocessing, Target, Transform};
use gradtape::nn::{LayerSpec, Sequential};
use gradtape::{DType, Result, Tensor};

use super::builder::{Builder, Dim, int};
use super::{Export, layers};
use crate::elem::Elem;

impl Export {
    /// A model of a table: columns in, answers out.
    ///
    /// Where all columns are numbers there is one input, `input`, `[batch, columns]` of f32 in the order of the
    /// training, whose names the file tells as `columns`; NaN stands for a missing number. Otherwise each column is an
    /// input of its name, `[batch, 1]`: numbers as f32, categories as texts, of which an empty one is missing. Columns of
    /// dates and of words are given as the numbers that [`Preprocessing::inputs`] makes of them.
    ///
    /// Of classes the results are `label`, texts of `[batch]`, and `probabilities`, `[batch, classes]`; of a number it is
    /// `prediction`, `[batch, 1]`, in the unit of the table.
    pub fn table(&self, network: &Sequential, preprocessing: &Preprocessing) -> Result<Vec<u8>> {
        let mut b = Builder::default();
        let features = preprocessing.features();
        let outputs: &[&str] = match preprocessing.target() {
            Target::Classes { .. } => &["label", "probabilities"],
            Target::Number { .. } => &["prediction"],
        };
        let plain = |feature: &Feature| matches!(feature, Feature::Number { .. });
        let x = match features.iter().all(plain) {
            true => {
                b.reserve(outputs.iter().copied().chain(["input"]))?;
                matrix(&mut b, preprocessing)?
            }
            false => {
                b.reserve(outputs.iter().copied().chain(features.iter().map(Feature::column)))?;
                columns(&mut b, preprocessing)?
            }
        };
        let sample = Tensor::zeros([1, preprocessing.width()], DType::F32);
        let (y, samples) = layers::network(&mut b, network, &sample, x)?;
        let done = self.clone();
        let file = match preprocessing.target() {
            Target::Classes { classes, column, .. } => {
                let soft = matches!(network.specs()?.last(), Some(LayerSpec::Softmax(_)));
                let shares = if soft { y } else { b.node("Softmax", &[&y], vec![int("axis", -1)]) };
                let best = b.node("ArgMax", &[&shares], vec![int("axis", -1), int("keepdims", 0)]);
                let names = b.hold_texts("classes", classes.names(), &[classes.len()]);
                let label = b.node("Gather", &[&names, &best], Vec::new());
                b.text_output("label", &label, &[Dim::Batch(1)]);
                b.output("probabilities", &shares, DType::F32, &layers::sizes(&samples)?);
                done.note("target", column).note("classes", &list(classes.names()))
            }
            Target::Number { column, mean, scale, transform, errors } => {
                let y = unscaled(&mut b, &y, [*mean, *scale], transform, errors)?;
                b.output("prediction", &y, DType::F32, &layers::sizes(&samples)?);
                done.note("target", column)
            }
        };
        let names: Vec<String> = features.iter().map(|own| own.column().to_string()).collect();
        Ok(file.note("columns", &list(&names)).file(b))
    }
}

/// Names as a list of JSON, which any of them may stand in.
fn list(names: &[String]) -> String {
    let quoted = names.iter().map(|name| {
        let letters = name.chars().map(|letter| match letter {
            '"' | '\\' => format!("\\{letter}"),
            letter if letter.is_control() => format!("\\u{:04x}", u32::from(letter)),
            letter => letter.to_string(),
        });
        format!("\"{}\"", letters.collect::<String>())
    });
    format!("[{}]", quoted.collect::<Vec<_>>().join(", "))
}

/// All columns as one input, standardised together.
fn matrix(b: &mut Builder, preprocessing: &Preprocessing) -> Result<String> {
    let features = preprocessing.features();
    let (mut means, mut scales) = (Vec::new(), Vec::new());
    for feature in features {
        if let Feature::Number { mean, scale, .. } = feature {
            means.push(*mean);
            scales.push(*scale);
        }
    }
    let count = features.len();
    b.input("input", DType::F32, &[Dim::Batch(1), Dim::Fixed(count)]);
    let mean = b.constant("means", &Tensor::from_vec(means, [1, count])?)?;
    let scale = b.constant("scales", &Tensor::from_vec(scales, [1, count])?)?;
    let (y, gone) = standardised(b, "input", &mean, &scale)?;
    let lone = |feature: &Feature| !matches!(feature, Feature::Number { missing: true, .. });
    let drawn = |feature: &Feature| preprocessing.draws_in(feature.column());
    if features.iter().all(lone) && !features.iter().any(drawn) {
        return Ok(y);
    }
    // Column by column, where some have more to them.
    let missing = cast(b, &gone, DType::F32);
    let mut parts = Vec::new();
    for (place, feature) in features.iter().enumerate() {
        let at = b.whole(&[place as i64])?;
        let axis = vec![int("axis", 1)];
        let own = b.node("Gather", &[&y, &at], axis.clone());
        parts.push(if drawn(feature) { b.node("Asinh", &[&own], Vec::new()) } else { own });
        if !lone(feature) {
            parts.push(b.node("Gather", &[&missing, &at], axis));
        }
    }
    Ok(beside(b, &parts))
}

/// Each column as an input of its own.
fn columns(b: &mut Builder, preprocessing: &Preprocessing) -> Result<String> {
    let mut parts = Vec::new();
    for feature in preprocessing.features() {
        let column = feature.column();
        match feature {
            Feature::Number { mean, scale, missing, .. } => {
                b.input(column, DType::F32, &[Dim::Batch(1), Dim::Fixed(1)]);
                let (mean, scale) = (b.number(*mean, DType::F64)?, b.number(*scale, DType::F64)?);
                let (y, gone) = standardised(b, column, &mean, &scale)?;
                parts.push(match preprocessing.draws_in(column) {
                    true => b.node("Asinh", &[&y], Vec::new()),
                    false => y,
                });
                if *missing {
                    parts.push(cast(b, &gone, DType::F32));
                }
            }
            Feature::Category { categories, missing, .. } => {
                b.text_input(column, &[Dim::Batch(1), Dim::Fixed(1)]);
                let mut names = categories.names().to_vec();
                if *missing {
                    names.push(String::new());
                }
                let names =
                    b.hold_texts(&format!("{column}.categories"), &names, &[1, names.len()]);
                let same = b.node("Equal", &[column, &names], Vec::new());
                parts.push(cast(b, &same, DType::F32));
            }
            Feature::Time { .. } | Feature::Words { .. } => {
                b.input(column, DType::F32, &[Dim::Batch(1), Dim::Fixed(feature.width())]);
                parts.push(column.to_string());
            }
        }
    }
    Ok(beside(b, &parts))
}

/// Numbers less their mean, over their scale, 0 where they are missing; and whether they are.
fn standardised(b: &mut Builder, x: &str, mean: &str, scale: &str) -> Result<(String, String)> {
    let gone = b.node("IsNaN", &[x], Vec::new());
    // As in training, in f64.
    let wide = cast(b, x, DType::F64);
    let apart = b.node("Sub", &[&wide, mean], Vec::new());
    let y = b.node("Div", &[&apart, scale], Vec::new());
    let y = cast(b, &y, DType::F32);
    let zero = b.number(0.0, DType::F32)?;
    let y = b.node("Where", &[&gone, &zero, &y], Vec::new());
    Ok((y, gone))
}

/// The network's answer in the unit of the table.
fn unscaled(
    b: &mut Builder,
    y: &str,
    [mean, scale]: [f64; 2],
    transform: &Transform,
    errors: &[f64],
) -> Result<String> {
    let number = |b: &mut Builder, value: f64| b.number(value, DType::F64);
    let mut wide = cast(b, y, DType::F64);
    if !errors.is_empty() {
        // One column for each error that the network made.
        let errors = Tensor::from_slice(errors, [1, errors.len()])?;
        let errors = b.constant("errors", &errors)?;
        wide = b.node("Add", &[&wide, &errors], Vec::new());
    }
    let (scale, mean) = (number(b, scale)?, number(b, mean)?);
    let y = b.node("Mul", &[&wide, &scale], Vec::new());
    let y = b.node("Add", &[&y, &mean], Vec::new());
    let y = match *transform {
        Transform::None => y,
        Transform::Log { unit, range } => {
            let y = believed(b, &y, range)?;
            let (one, zero, unit) = (number(b, 1.0)?, number(b, 0.0)?, number(b, unit)?);
            let power = b.node("Exp", &[&y], Vec::new());
            let grown = b.node("Sub", &[&power, &one], Vec::new());
            let below = b.node("Less", &[&y, &zero], Vec::new());
            let y = b.node("Where", &[&below, &y, &grown], Vec::new());
            b.node("Mul", &[&y, &unit], Vec::new())
        }
        Transform::Asinh { middle, unit, range } => {
            let y = believed(b, &y, range)?;
            let (middle, unit) = (number(b, middle)?, number(b, unit)?);
            // Sinh of f64 is not to be had everywhere.
            let (up, down) = (b.node("Exp", &[&y], Vec::new()), b.node("Neg", &[&y], Vec::new()));
            let down = b.node("Exp", &[&down], Vec::new());
            let twice = b.node("Sub", &[&up, &down], Vec::new());
            let half = number(b, 0.5)?;
            let sine = b.node("Mul", &[&twice, &half], Vec::new());
            let y = b.node("Mul", &[&sine, &unit], Vec::new());
            b.node("Add", &[&y, &middle], Vec::new())
        }
    };
    // As in the program, the mean over the errors (Duan's smearing).
    let y = match errors {
        [] => y,
        _ => {
            let axes = b.whole(&[1])?;
            b.node("ReduceMean", &[&y, &axes], vec![int("keepdims", 1)])
        }
    };
    Ok(cast(b, &y, DType::F32))
}

/// An answer no further beyond those of training than the program believes: see [`Transform::back`].
fn believed(b: &mut Builder, y: &str, [low, high]: [f64; 2]) -> Result<String> {
    let more = Transform::BEYOND * (high - low);
    let (low, high) = (low - more, (high + more).max(low - more));
    let (low, high) = (b.number(low, DType::F64)?, b.number(high, DType::F64)?);
    let y = b.node("Max", &[y, &low], Vec::new());
    Ok(b.node("Min", &[&y, &high], Vec::new()))
}

fn cast(b: &mut Builder, x: &str, dtype: DType) -> String {
    b.node("Cast", &[x], vec![int("to", Elem::of(dtype).number().into())])
}

/// Parts beside each other.
fn beside(b: &mut Builder, parts: &[String]) -> String {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts[..] {
        [only] => only.to_string(),
        _ => b.node("Concat", &parts, vec![int("axis", 1)]),
    }
}
