//! The page of a network.

use gradtape_chart::text::escaped;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::report::{Error, Result, exact};
use crate::teaching::network::{
    Activation, Array, Backpropagation, Network, NetworkLayer, NetworkLoss, Reduction,
    backpropagation,
};

/// A network with all its numbers, and the examples that it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Perceptron {
    /// What each layer applies.
    pub activations: Vec<Activation>,
    /// How the result is compared.
    pub loss: NetworkLoss,
    /// How the losses of the examples become one number.
    pub reduction: Reduction,
    /// The inputs, a row for each example.
    pub x: Vec<Vec<f64>>,
    /// The targets, a row for each example.
    pub target: Vec<Vec<f64>>,
    /// `W1`, `b1`, `W2`, …: a weight has a row for each input, a bias is one row.
    pub weights: Vec<(String, Vec<Vec<f64>>)>,
}

impl Perceptron {
    /// That of an explanation.
    pub fn of(found: &Backpropagation) -> Perceptron {
        let rows = |array: &Array| {
            let columns = array.shape().last().copied().unwrap_or(1).max(1);
            array.data().chunks(columns).map(<[f64]>::to_vec).collect::<Vec<_>>()
        };
        let weights = found.weights.0.iter().map(|(name, array)| (name.clone(), rows(array)));
        Perceptron {
            activations: found.activations.clone(),
            loss: found.loss,
            reduction: found.reduction,
            x: rows(&found.x),
            target: rows(&found.target),
            weights: weights.collect(),
        }
    }

    /// Both walks through it.
    pub(super) fn found(&self) -> Result<Backpropagation> {
        let mut layers = Vec::new();
        for (place, &activation) in self.activations.iter().enumerate() {
            let weight = matrix(self.rows(&format!("W{}", place + 1))?)?;
            let bias = self.rows(&format!("b{}", place + 1))?.concat();
            let bias = Array::new(&[bias.len()], bias)?;
            layers.push(NetworkLayer { weight, bias, activation });
        }
        let network = Network { layers, loss: self.loss, reduction: self.reduction };
        backpropagation(&network, &matrix(&self.x)?, &matrix(&self.target)?)
    }

    fn rows(&self, name: &str) -> Result<&[Vec<f64>]> {
        let found = self.weights.iter().find(|(known, _)| known == name);
        let rows = found.map(|(_, rows)| rows.as_slice());
        rows.ok_or_else(|| Error::new(format!("the network has no numbers for {name}")))
    }

    pub(super) fn command(&self) -> String {
        let sizes = [self.x.first().map_or(0, Vec::len)].into_iter().chain(
            self.weights
                .iter()
                .filter(|(name, _)| name.starts_with('b'))
                .map(|(_, rows)| rows.first().map_or(0, Vec::len)),
        );
        let sizes: Vec<String> = sizes.map(|size| size.to_string()).collect();
        let activations: Vec<&str> = self.activations.iter().map(|own| own.name()).collect();
        let list = |rows: &[Vec<f64>]| {
            rows.concat().iter().map(|number| exact(*number)).collect::<Vec<_>>().join(",")
        };
        let weights = self.weights.iter().map(|(name, rows)| {
            let value = match name.starts_with('b') {
                true => json!(rows.concat()),
                false => json!(rows),
            };
            format!("\"{name}\": {value}")
        });
        let weights: Vec<String> = weights.collect();
        let reduction = match self.reduction {
            Reduction::Mean => "",
            Reduction::Sum => " --reduction sum",
        };
        escaped(&format!(
            "gradtape explain --network {} --activation {} --loss {}{reduction} --x={} --target={} --weights '{{{}}}'",
            sizes.join(","),
            activations.join(","),
            self.loss.name(),
            list(&self.x),
            list(&self.target),
            weights.join(", ")
        ))
    }
}

/// What can be chosen of a network, as JSON.
pub(super) fn choices() -> String {
    json!({
        "activations": Activation::ALL.map(Activation::name),
        "losses": NetworkLoss::ALL.map(NetworkLoss::name),
    })
    .to_string()
}

fn matrix(rows: &[Vec<f64>]) -> Result<Array> {
    Array::new(&[rows.len(), rows.first().map_or(0, Vec::len)], rows.concat())
}
