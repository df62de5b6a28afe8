//! The chain rule of one weight or one unit, with its numbers.

use gradtape::{Error, Kind, Result, Tape, Var, evaluate, gradients};
use serde::Serialize;

use super::losses::{Loss, Task};
use super::network::Form;
use super::session::{Session, Show};

/// What is told of a weight or of a unit for one point, and for the batch that comes next.
#[derive(Clone, Debug, Serialize)]
pub struct Chain {
    /// What it is about.
    pub title: String,
    /// The point that the lines are about.
    pub point: String,
    /// From the inputs to the loss.
    pub forward: Vec<String>,
    /// From the loss back.
    pub backward: Vec<String>,
    /// The mean over the batch, which is what a step goes by.
    pub batch: Vec<String>,
    /// The unit's weights: the number of the input, its name, the weight and its gradient for the batch.
    pub edges: Vec<Edge>,
}

/// An edge that leads into a unit.
#[derive(Clone, Debug, Serialize)]
pub struct Edge {
    /// What it comes from.
    pub from: String,
    /// The weight.
    pub weight: String,
    /// The mean of its gradients over the batch.
    pub gradient: String,
}

/// More terms than this are not written out.
const TERMS: usize = 10;

impl Session {
    /// The chain rule for a unit of a stage (0 for the first hidden layer, the last for the outputs) and, if named, for the
    /// weight by which one of its inputs comes in, counted from 0; for one point of the batch that comes next.
    ///
    /// Fails for what is not there.
    pub fn chain(
        &self,
        stage: usize,
        unit: usize,
        input: Option<usize>,
        row: usize,
    ) -> Result<Chain> {
        let sizes = &self.net.sizes;
        let there = stage + 1 < sizes.len()
            && unit < sizes[stage + 1]
            && input.is_none_or(|input| input < sizes[stage]);
        if !there {
            let message = format!("there is no unit {} in layer {}", unit + 1, stage + 1);
            return Err(Error::new(Kind::Value, message));
        }
        let batch = self.next_batch()?;
        let rows = batch.len();
        let row = row % rows;
        let tape = Tape::inference();
        let one = |tensor: &gradtape::Tensor| tensor.slice(0, row..row + 1);
        let (x, y) = (tape.constant(one(&batch.x)?), tape.constant(one(&batch.y)?));
        let given = self.net.forward(x);
        let outputs = given.last().map_or(x, |last| last.values);
        let loss = self.data.loss.record(outputs, y);
        let sums: Vec<Var<'_>> = given.iter().map(|given| given.sums).collect();
        let values: Vec<Var<'_>> = given.iter().map(|given| given.values).collect();
        let at_sums = gradients(loss, &sums);
        let at_values = gradients(loss, &values);
        let slopes = gradients(values[stage].sum(()), &[sums[stage]]);
        let all: Vec<Var<'_>> =
            [&sums[..], &values, &at_sums, &at_values, &slopes, &[loss, given[stage].from]]
                .concat();
        evaluate(&all)?;
        let numbers = |var: Var<'_>| -> Result<Vec<f64>> { Ok(var.value()?.to_f64_vec()) };
        let layer = Numbers {
            from: numbers(given[stage].from)?,
            sums: numbers(sums[stage])?,
            values: numbers(values[stage])?,
            at_sums: numbers(at_sums[stage])?,
            at_values: numbers(at_values[stage])?,
            slopes: numbers(slopes[0])?,
        };
        let parameters = self.net.parameters();
        let weight = parameters[stage][0].value().to_f64_vec();
        let bias = parameters[stage][1].value().to_f64_vec();
        let width = sizes[stage];
        let own = &weight[unit * width..(unit + 1) * width];
        let (l, j) = (stage + 1, unit + 1);
        let last = stage + 2 == sizes.len();

        let from = |i: usize| self.name_of(stage, i);
        let terms: Vec<String> =
            own.iter().zip(&layer.from).map(|(w, a)| product(*w, *a)).collect();
        let symbols = (0..width).map(|i| format!("w{l}[{j},{}]·{}", i + 1, from(i)));
        let mut forward = vec![format!(
            "z{l}[{j}] = {} + b{l}[{j}] = {} + {} = {}",
            sum(symbols.collect()),
            sum(terms),
            signed(bias[unit]),
            short(layer.sums[unit])
        )];
        let form = self.net.stages[stage].form;
        if !last && form != Form::Linear {
            forward.push(format!(
                "a{l}[{j}] = {form}(z{l}[{j}]) = {form}({}) = {}",
                short(layer.sums[unit]),
                short(layer.values[unit])
            ));
        }
        forward.push(format!("L = {} for this point", short(loss.item()?)));

        let mut backward = Vec::new();
        if last {
            backward.push(self.at_output(
                unit,
                &numbers(outputs)?,
                &batch.y,
                row,
                layer.at_sums[unit],
            ));
        } else {
            let next = parameters[stage + 1][0].value().to_f64_vec();
            let back = numbers(at_sums[stage + 1])?;
            let count = sizes[stage + 1];
            let symbols = (0..back.len())
                .map(|k| format!("dL/dz{}[{}]·w{}[{},{j}]", l + 1, k + 1, l + 1, k + 1));
            let terms = back.iter().enumerate().map(|(k, d)| product(*d, next[k * count + unit]));
            let letter = if form == Form::Linear { "z" } else { "a" };
            backward.push(format!(
                "dL/d{letter}{l}[{j}] = {} = {} = {}",
                sum(symbols.collect()),
                sum(terms.collect()),
                short(layer.at_values[unit])
            ));
            if form != Form::Linear {
                backward.push(format!(
                    "da{l}[{j}]/dz{l}[{j}] = {} = {}",
                    slope(form, layer.values[unit]),
                    short(layer.slopes[unit])
                ));
                backward.push(format!(
                    "dL/dz{l}[{j}] = dL/da{l}[{j}] · da{l}[{j}]/dz{l}[{j}] = {} = {}",
                    product(layer.at_values[unit], layer.slopes[unit]),
                    short(layer.at_sums[unit])
                ));
            }
        }
        let steps = self.weights(Show::Gradients)?;
        let start: usize = sizes.windows(2).take(stage).map(|pair| (pair[0] + 1) * pair[1]).sum();
        let gradient = |i: usize| f64::from(steps[start + unit * width + i]);
        let of_bias = f64::from(steps[start + width * sizes[stage + 1] + unit]);
        let mut over = Vec::new();
        match input {
            Some(i) => {
                backward.push(format!(
                    "dL/dw{l}[{j},{}] = dL/dz{l}[{j}] · {} = {} = {}",
                    i + 1,
                    from(i),
                    product(layer.at_sums[unit], layer.from[i]),
                    short(layer.at_sums[unit] * layer.from[i])
                ));
                over.push(format!(
                    "mean over the {rows} points of the next batch: dL/dw{l}[{j},{}] = {}",
                    i + 1,
                    short(gradient(i))
                ));
            }
            None => {
                backward.push(format!(
                    "dL/db{l}[{j}] = dL/dz{l}[{j}] = {}",
                    short(layer.at_sums[unit])
                ));
                over.push(format!(
                    "mean over the {rows} points of the next batch: dL/db{l}[{j}] = {}",
                    short(of_bias)
                ));
            }
        }
        if self.settings.l1 > 0.0 || self.settings.l2 > 0.0 {
            over.push("with what l1 and l2 add for weights".to_string());
        }
        if self.settings.dropout > 0.0 {
            over.push("without dropout, which each step draws anew".to_string());
        }
        let edges = (0..width).map(|i| Edge {
            from: from(i),
            weight: short(own[i]),
            gradient: short(gradient(i)),
        });
        let name = match last {
            true => format!("output {j}{}", self.class_of(unit)),
            false => format!("unit {j} of hidden layer {l}"),
        };
        Ok(Chain {
            title: match input {
                Some(i) => format!("weight w{l}[{j},{}], from {} to {name}", i + 1, from(i)),
                None => name,
            },
            point: self.told(&batch, row)?,
            forward,
            backward,
            batch: over,
            edges: edges.collect(),
        })
    }

    /// What comes into a stage, by its name.
    fn name_of(&self, stage: usize, input: usize) -> String {
        match stage {
            0 => self.data.features[input].clone(),
            _ if self.net.stages[stage - 1].form == Form::Linear => {
                format!("z{stage}[{}]", input + 1)
            }
            _ => format!("a{stage}[{}]", input + 1),
        }
    }

    fn class_of(&self, unit: usize) -> String {
        match &self.data.task {
            Task::Classes(names) if self.net.sizes.last().is_some_and(|n| *n > 1) => {
                format!(" (class {})", names[unit])
            }
            _ => String::new(),
        }
    }

    /// The first step back.
    fn at_output(
        &self,
        unit: usize,
        outputs: &[f64],
        targets: &gradtape::Tensor,
        row: usize,
        slope: f64,
    ) -> String {
        let (l, j) = (self.net.stages.len(), unit + 1);
        let width = outputs.len();
        let targets = targets.to_f64_vec();
        let z = outputs[unit];
        let told = match self.data.loss {
            Loss::CrossEntropy => {
                let most = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let all: f64 = outputs.iter().map(|z| (z - most).exp()).sum();
                let p = (z - most).exp() / all;
                let t = if targets[row] == unit as f64 { 1 } else { 0 };
                format!("softmax(z{l})[{j}] - t[{j}] = {} - {t}", short(p))
            }
            Loss::Logistic => {
                let p = 1.0 / (1.0 + (-z).exp());
                format!("sigmoid(z{l}[{j}]) - t = {} - {}", short(p), targets[row])
            }
            Loss::Hinge => {
                let t = targets[row];
                match t * z < 1.0 {
                    true => format!("-t, since t·z{l}[{j}] = {} is below 1", short(t * z)),
                    false => format!("0, since t·z{l}[{j}] = {} is 1 or more", short(t * z)),
                }
            }
            Loss::Squares => {
                let t = targets[row * width + unit];
                let factor = if width == 1 { "2".to_string() } else { format!("2/{width}") };
                format!("{factor}·(z{l}[{j}] - t[{j}]) = {factor}·({} - {})", short(z), short(t))
            }
            Loss::Absolute => format!("sign(z{l}[{j}] - t)"),
            Loss::Huber => format!("z{l}[{j}] - t, held between -1 and 1"),
        };
        format!("dL/dz{l}[{j}] = {told} = {}", short(slope))
    }

    fn told(&self, batch: &gradtape::data::Batch, row: usize) -> Result<String> {
        let x = batch.x.slice(0, row..row + 1)?.to_f64_vec();
        let y = self.data.answers(&batch.y.slice(0, row..row + 1)?);
        let place: Vec<String> = match x.len() {
            0..=6 => {
                let pairs = self.data.features.iter().zip(&x);
                pairs.map(|(name, value)| format!("{name} = {}", short(*value))).collect()
            }
            many => vec![format!("{many} inputs")],
        };
        let answer = y.first().copied().unwrap_or_default();
        let target = match &self.data.task {
            Task::Classes(names) => format!("class {}", names[answer as usize]),
            Task::Number(_) => format!("t = {}", short(answer)),
        };
        Ok(format!("{}, {target}", place.join(", ")))
    }
}

/// The numbers of a stage for one point.
struct Numbers {
    from: Vec<f64>,
    sums: Vec<f64>,
    values: Vec<f64>,
    at_sums: Vec<f64>,
    at_values: Vec<f64>,
    slopes: Vec<f64>,
}

fn slope(form: Form, a: f64) -> String {
    match form {
        Form::Tanh => format!("1 - a² = 1 - {}", short(a * a)),
        Form::Sigmoid => format!("a·(1 - a) = {}·{}", short(a), short(1.0 - a)),
        Form::Relu => "1 where z > 0, else 0".into(),
        Form::LeakyRelu => "1 where z > 0, else 0.01".into(),
        other => format!("{other}'(z)"),
    }
}

/// Terms with plus between them; of many the first and the last.
fn sum(terms: Vec<String>) -> String {
    match terms.len() {
        0..=TERMS => terms.join(" + "),
        many => format!("{} + … + {}", terms[..TERMS - 2].join(" + "), terms[many - 1]),
    }
}

fn product(a: f64, b: f64) -> String {
    format!("{}·{}", signed(a), signed(b))
}

/// In brackets if it is negative.
fn signed(value: f64) -> String {
    let text = short(value);
    if text.starts_with('-') { format!("({text})") } else { text }
}

/// Four digits.
pub(crate) fn short(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs();
    if !(1e-4..1e6).contains(&size) {
        return format!("{value:.3e}");
    }
    let digits = (3 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{value:.digits$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').into(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        let cases = [
            (0.0, "0"),
            (0.5, "0.5"),
            (-0.123456, "-0.1235"),
            (1234.56, "1235"),
            (0.00012345, "0.0001234"),
            (1e-7, "1.000e-7"),
            (12.0, "12"),
            (120.0, "120"),
        ];
        for (value, text) in cases {
            assert_eq!(short(value), text);
        }
        assert_eq!(short(f64::NAN), "NaN");
    }
}
