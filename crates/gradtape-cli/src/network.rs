//! `gradtape explain --network`: backpropagation through a small network.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use gradtape_calculus::{
    Activation, Array, Backpropagation, Network, NetworkLoss, Reduction, backpropagation,
};
use gradtape_files::TableOptions;
use serde_json::Value;

use crate::error::{Failure, Outcome};

/// What `explain --network` is told.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "A network instead of an expression")]
pub(crate) struct NetworkFlags {
    /// Inputs, hidden units and outputs, as in 4,2,1
    #[arg(
        long,
        value_name = "SIZES",
        value_delimiter = ',',
        value_parser = size,
        allow_negative_numbers = true,
        conflicts_with_all = ["expr", "at", "hessian", "order"]
    )]
    network: Option<Vec<usize>>,

    /// relu, tanh, sigmoid or none; one for all hidden layers, or one for each layer [default: relu]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    activation: Vec<String>,

    /// squared-error, mse, cross-entropy or bce; the last two take logits [default: squared-error]
    #[arg(long, value_name = "NAME")]
    loss: Option<String>,

    /// How the losses of the examples become one number [default: mean]
    #[arg(long, value_enum)]
    reduction: Option<Over>,

    /// The inputs, example after example; random where not given
    #[arg(long, value_name = "NUMBERS", allow_hyphen_values = true)]
    x: Option<String>,

    /// The targets, example after example, or the class of each; with --data, the columns of the targets
    #[arg(long, value_name = "NUMBERS", allow_hyphen_values = true)]
    target: Option<String>,

    /// A CSV file with a header: its first columns are the inputs, its last the targets
    #[arg(long, value_name = "FILE", conflicts_with = "x")]
    data: Option<PathBuf>,

    /// Weights as JSON, {"W1": [[…], …], "b1": […], …}, or a file with them; the rest is random
    #[arg(long, value_name = "FILE|JSON")]
    weights: Option<String>,

    /// Examples in the batch [default: as many as there are, else 1]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    batch: Option<usize>,

    /// Seed of what is random [default: 0]
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Over {
    Mean,
    Sum,
}

impl NetworkFlags {
    /// The explanation, if a network was asked for.
    pub(crate) fn explain(&self) -> Outcome<Option<Backpropagation>> {
        let Some(sizes) = &self.network else {
            let given = self.given();
            return match given {
                None => Ok(None),
                Some(flag) => Err(Failure::usage(format!(
                    "{flag} is about a network\n  hint: add its sizes, as in --network 4,2,1"
                ))),
            };
        };
        let seed = self.seed.unwrap_or(0);
        let activations = self.activations(sizes.len())?;
        let mut network = Network::seeded(sizes, &activations, self.loss()?, seed)?;
        network.reduction = match self.reduction {
            None | Some(Over::Mean) => Reduction::Mean,
            Some(Over::Sum) => Reduction::Sum,
        };
        if let Some(given) = &self.weights {
            for (name, value) in weights(given)? {
                network.set(&name, value)?;
            }
        }
        let (x, target) = self.examples(&network, sizes)?;
        Ok(Some(backpropagation(&network, &x, &target)?))
    }

    /// A flag that only networks have.
    fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--activation", !self.activation.is_empty()),
            ("--loss", self.loss.is_some()),
            ("--reduction", self.reduction.is_some()),
            ("--x", self.x.is_some()),
            ("--target", self.target.is_some()),
            ("--data", self.data.is_some()),
            ("--weights", self.weights.is_some()),
            ("--batch", self.batch.is_some()),
            ("--seed", self.seed.is_some()),
        ];
        flags.into_iter().find(|(_, given)| *given).map(|(flag, _)| flag)
    }

    fn activations(&self, sizes: usize) -> Outcome<Vec<Activation>> {
        let layers = sizes.saturating_sub(1);
        let mut all = Vec::new();
        for name in &self.activation {
            let found = Activation::ALL.into_iter().find(|known| known.name() == name);
            let names = Activation::ALL.map(Activation::name);
            all.push(found.ok_or_else(|| Failure::unknown("activation", name, names))?);
        }
        if let [] | [_] = all[..] {
            let one = all.first().copied().unwrap_or(Activation::Relu);
            all = vec![one; layers.saturating_sub(1)];
        }
        if all.len() + 1 == layers {
            all.push(Activation::None);
        }
        // Sizes that make no network are told first, by the network itself.
        if all.len() != layers && sizes >= 2 {
            return Err(Failure::usage(format!(
                "{} activations do not fit {layers} layers\n  hint: give one for all hidden layers, \
                 one for each hidden layer, or one for each layer",
                self.activation.len()
            )));
        }
        Ok(all)
    }

    fn loss(&self) -> Outcome<NetworkLoss> {
        let Some(name) = &self.loss else { return Ok(NetworkLoss::SquaredError) };
        let found = NetworkLoss::ALL.into_iter().find(|known| known.name() == name);
        let names = NetworkLoss::ALL.map(NetworkLoss::name);
        found.ok_or_else(|| Failure::unknown("loss", name, names))
    }

    fn examples(&self, network: &Network, sizes: &[usize]) -> Outcome<(Array, Array)> {
        let inputs = sizes[0];
        let (x, target) = match &self.data {
            Some(file) => {
                let (x, target) = self.table(network, file, inputs, sizes[sizes.len() - 1])?;
                (Some(x), Some(target))
            }
            None => {
                let list = |text: &Option<String>, what| {
                    text.as_deref().map(|text| numbers(text, what)).transpose()
                };
                (list(&self.x, "--x")?, list(&self.target, "--target")?)
            }
        };
        let count = match (self.batch, &x) {
            (Some(batch), _) => batch,
            (None, Some(x)) => x.len().div_ceil(inputs),
            (None, None) => 1,
        };
        let (random_x, random_target) = network.examples(count, self.seed.unwrap_or(0))?;
        let x = match x {
            None => random_x,
            Some(x) if Some(x.len()) == count.checked_mul(inputs) => {
                Array::new(&[count, inputs], x)?
            }
            Some(x) => {
                let s = if count == 1 { "" } else { "s" };
                return Err(Failure::usage(format!(
                    "--x has {} numbers, but {count} example{s} of {inputs} inputs need {}",
                    x.len(),
                    count.saturating_mul(inputs)
                )));
            }
        };
        let target = match target {
            None => random_target,
            Some(target) => network.targets(&target, count)?,
        };
        Ok((x, target))
    }

    /// Inputs and targets from a file.
    fn table(
        &self,
        network: &Network,
        file: &Path,
        inputs: usize,
        outputs: usize,
    ) -> Outcome<(Vec<f64>, Vec<f64>)> {
        let table = gradtape_files::read_table(file, &TableOptions::default())?;
        let names: Vec<&str> = table.columns().iter().map(|column| column.name()).collect();
        let targets: Vec<&str> = match &self.target {
            Some(text) => text.split(',').map(str::trim).collect(),
            // One column of classes, or a column for each output.
            None if network.loss == NetworkLoss::CrossEntropy
                && names.len() != inputs + outputs =>
            {
                names.last().copied().into_iter().collect()
            }
            None => names[names.len().saturating_sub(outputs)..].to_vec(),
        };
        if let Some(wrong) = targets.iter().find(|name| !names.contains(name)) {
            return Err(Failure::unknown("column", wrong, names.iter().copied()));
        }
        let rest: Vec<&str> =
            names.iter().copied().filter(|name| !targets.contains(name)).collect();
        if rest.len() != inputs {
            return Err(Failure::usage(format!(
                "{} has {} columns beside the target ({}), but the network has {inputs} inputs",
                file.display(),
                rest.len(),
                targets.join(", ")
            )));
        }
        let rows = self.batch.unwrap_or(table.len());
        if rows > table.len() {
            let (file, there) = (file.display(), table.len());
            return Err(Failure::usage(format!("a batch of {rows} examples; {file} has {there}")));
        }
        let by_row = |names: &[&str]| -> Outcome<Vec<f64>> {
            let columns = names.iter().map(|name| table.numbers(name));
            let columns = columns.collect::<gradtape::Result<Vec<_>>>()?;
            Ok((0..rows).flat_map(|row| columns.iter().map(move |column| column[row])).collect())
        };
        Ok((by_row(&rest)?, by_row(&targets)?))
    }
}

/// One of the sizes of a network.
fn size(text: &str) -> Result<usize, String> {
    text.trim().parse().map_err(|_| format!("{text:?} is no number of units, as in 4,2,1"))
}

/// Numbers separated by commas, semicolons or blanks.
fn numbers(text: &str, flag: &str) -> Outcome<Vec<f64>> {
    let words = text.split(|c: char| c == ',' || c == ';' || c.is_whitespace());
    let number = |word: &str| match word.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err(Failure::usage(format!("{flag}: {word} is not a finite number"))),
        Err(_) => Err(Failure::usage(format!("{flag}: {word:?} is not a number"))),
    };
    words.filter(|word| !word.is_empty()).map(number).collect()
}

/// Weights by name, from JSON or from a file with it.
fn weights(given: &str) -> Outcome<Vec<(String, Array)>> {
    let inline = given.trim_start().starts_with('{');
    let (source, text) = match inline {
        true => ("--weights", given.to_string()),
        false => {
            let text = fs::read_to_string(given);
            (
                given,
                text.map_err(|error| Failure::usage(format!("{given} cannot be read: {error}")))?,
            )
        }
    };
    let wrong = |what: String| Failure::usage(format!("{source}: {what}"));
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    // What --format json prints has them under a name of their own.
    let value = value.get("weights").unwrap_or(&value);
    let Some(entries) = value.as_object() else {
        return Err(wrong(
            "weights are an object, as in {\"W1\": [[1, 2]], \"b1\": [0, 0]}".into(),
        ));
    };
    entries
        .iter()
        .map(|(name, value)| Ok((name.clone(), array(name, value).map_err(wrong)?)))
        .collect()
}

/// An array from nested lists.
fn array(name: &str, value: &Value) -> Result<Array, String> {
    let shape = || format!("{name} must be a list of numbers, or a list of rows of equal length");
    let list = |value: &Value| -> Result<Vec<f64>, String> {
        let items = value.as_array().ok_or_else(shape)?;
        items.iter().map(|item| item.as_f64().ok_or_else(shape)).collect()
    };
    let items = value.as_array().ok_or_else(shape)?;
    if !items.first().is_some_and(Value::is_array) {
        let data = list(value)?;
        return Array::new(&[data.len()], data).map_err(|error| error.to_string());
    }
    let rows = items.iter().map(list).collect::<Result<Vec<_>, _>>()?;
    let columns = rows[0].len();
    if rows.iter().any(|row| row.len() != columns) {
        return Err(shape());
    }
    Array::new(&[rows.len(), columns], rows.concat()).map_err(|error| error.to_string())
}
