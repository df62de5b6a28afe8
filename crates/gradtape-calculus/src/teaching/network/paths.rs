//! The chain rule along the paths of a network, written out with its numbers.

use super::array::Array;
use super::backpropagation::Backpropagation;
use super::spec::{Activation, NetworkLoss, Reduction};
use crate::report::{factor, short};

/// The most paths whose products are written out.
const MAX_PATHS: usize = 4;

impl Backpropagation {
    /// How a unit's value changes with what its activation is applied to, at the first example.
    fn local(&self, layer: usize, unit: usize) -> Option<f64> {
        let z = self.value_of(&format!("z{layer}"))?.at(0, unit);
        let h = self.value_of(&format!("h{layer}")).map_or(z, |h| h.at(0, unit));
        Some(match self.activations.get(layer - 1)? {
            Activation::Relu => f64::from(u8::from(z > 0.0)),
            Activation::Tanh => 1.0 - h * h,
            Activation::Sigmoid => h * (1.0 - h),
            Activation::None => return None,
        })
    }

    /// The paths from a unit to the results, each as the units of the layers after it.
    fn paths(&self, layer: usize) -> Vec<Vec<usize>> {
        let mut paths = vec![Vec::new()];
        for &units in &self.network[layer + 1..] {
            let longer = |path: &Vec<usize>| {
                (0..units).map(|unit| [path.as_slice(), &[unit]].concat()).collect::<Vec<_>>()
            };
            paths = paths.iter().flat_map(longer).take(MAX_PATHS + 1).collect();
        }
        paths
    }

    /// The gradient in a weight as whole products along the paths from it to the loss.
    pub(super) fn edge_said(&self, layer: usize, from: usize, to: usize, gradient: f64) -> String {
        let own = format!("dL/dW{layer}[{},{}]", from + 1, to + 1);
        let paths = self.paths(layer);
        if self.examples > 1 || paths.len() > MAX_PATHS {
            let delta = self.gradient_of(&format!("z{layer}")).map_or(f64::NAN, |d| d.at(0, to));
            let input = self.output(layer - 1, from);
            let sum = if self.examples > 1 { " + the same for the other examples" } else { "" };
            return format!(
                "{own} = δ{layer}[{}] · {} = {} · {}{sum} = {}",
                to + 1,
                self.name(layer - 1, from),
                factor(delta),
                factor(input),
                short(gradient)
            );
        }
        let (mut names, mut numbers) = (Vec::new(), Vec::new());
        for path in &paths {
            let (name, number) = self.product(layer, from, to, path);
            names.push(name);
            numbers.push(number);
        }
        format!("{own} = {} = {} = {}", names.join(" + "), numbers.join(" + "), short(gradient))
    }

    /// The factors from the loss to the sum of a unit of the last layer: through its probability, where the loss has one and
    /// the others do not depend on the unit or have no weight, and through its activation.
    fn at_end(&self, last: usize, unit: usize) -> Vec<(String, f64)> {
        let place = unit + 1;
        let (z, out) = (format!("z{last}[{place}]"), self.name(last, unit));
        let at = |name: &str, unit: usize| self.gradient_of(name).map(|slopes| slopes.at(0, unit));
        let mut factors = Vec::new();
        let right = (0..self.target.columns()).find(|&k| self.target.at(0, k) == 1.0);
        let reached = match self.loss {
            NetworkLoss::CrossEntropy => right,
            NetworkLoss::Bce => Some(unit),
            NetworkLoss::SquaredError | NetworkLoss::Mse => None,
        };
        if let (Some(k), Some(p)) = (reached, self.value_of("p"))
            && let Some(slope) = at("p", k).filter(|slope| slope.is_finite())
        {
            let own = f64::from(u8::from(k == unit));
            factors.push((format!("dL/dp[{}]", k + 1), slope));
            factors.push((
                format!("dp[{}]/d{out}", k + 1),
                match self.loss {
                    NetworkLoss::Bce => p.at(0, k) * (1.0 - p.at(0, k)),
                    _ => p.at(0, k) * (own - p.at(0, unit)),
                },
            ));
        }
        match self.local(last, unit) {
            None if factors.is_empty() => {
                factors
                    .push((format!("dL/d{z}"), at(&format!("z{last}"), unit).unwrap_or(f64::NAN)));
            }
            None => {}
            Some(local) => {
                if factors.is_empty() {
                    let slope = at(&format!("h{last}"), unit).unwrap_or(f64::NAN);
                    factors.push((format!("dL/d{out}"), slope));
                }
                factors.push((format!("d{out}/d{z}"), local));
            }
        }
        factors
    }

    /// One path from a weight to the loss: the factors in names and in numbers, from the loss back.
    fn product(&self, layer: usize, from: usize, to: usize, path: &[usize]) -> (String, String) {
        let units: Vec<usize> = [&[to], path].concat();
        let last = self.network.len() - 1;
        let (mut names, mut numbers) = (Vec::new(), Vec::new());
        let at = |array: Option<&Array>, row: usize, column: usize| {
            array.map_or(f64::NAN, |array| array.at(row, column))
        };
        let end = units[units.len() - 1];
        for (name, number) in self.at_end(last, end) {
            names.push(name);
            numbers.push(number);
        }
        for place in (layer..last).rev() {
            let (unit, next) = (units[place - layer], units[place + 1 - layer]);
            let (out, z) = (self.name(place, unit), format!("z{place}[{}]", unit + 1));
            names.push(format!("dz{}[{}]/d{out}", place + 1, next + 1));
            numbers.push(at(self.value_of(&format!("W{}", place + 1)), unit, next));
            if let Some(local) = self.local(place, unit) {
                names.push(format!("d{out}/d{z}"));
                numbers.push(local);
            }
        }
        names.push(format!("dz{layer}[{}]/dW{layer}[{},{}]", to + 1, from + 1, to + 1));
        numbers.push(self.output(layer - 1, from));
        let numbers: Vec<String> = numbers.into_iter().map(factor).collect();
        (names.join(" · "), numbers.join(" · "))
    }

    /// The gradients in a unit, where its layer is not the last.
    pub(super) fn unit_said(&self, layer: usize, unit: usize) -> String {
        let last = self.network.len() - 1;
        if layer == last {
            return match self.loss {
                NetworkLoss::CrossEntropy | NetworkLoss::Bce => {
                    let over = match (self.reduction, self.examples) {
                        (Reduction::Mean, 2..) => ", over the examples",
                        _ => "",
                    };
                    format!("dL/dz{last}[{0}] = p[{0}] - t[{0}]{over}", unit + 1)
                }
                _ => self.loss_formula.text.clone(),
            };
        }
        let own = self.name(layer, unit);
        let (delta, weight) = (
            self.gradient_of(&format!("z{}", layer + 1)),
            self.value_of(&format!("W{}", layer + 1)),
        );
        let (Some(delta), Some(weight)) = (delta, weight) else { return String::new() };
        let after = 0..self.network[layer + 1];
        let names: Vec<String> = after
            .clone()
            .map(|k| format!("dL/dz{0}[{1}] · W{0}[{2},{1}]", layer + 1, k + 1, unit + 1))
            .collect();
        let terms = |k: usize| (delta.at(0, k), weight.at(unit, k));
        let numbers: Vec<String> = after
            .clone()
            .map(|k| format!("{} · {}", factor(terms(k).0), factor(terms(k).1)))
            .collect();
        let sum: f64 = after.map(|k| terms(k).0 * terms(k).1).sum();
        let mut text =
            format!("dL/d{own} = {} = {} = {}", names.join(" + "), numbers.join(" + "), short(sum));
        if layer > 0
            && let Some(local) = self.local(layer, unit)
        {
            text += &format!(
                ";  dL/dz{layer}[{}] = {} · {} = {}",
                unit + 1,
                factor(sum),
                factor(local),
                short(sum * local)
            );
        }
        text
    }

    /// What a layer hands on, at the first example.
    fn output(&self, layer: usize, unit: usize) -> f64 {
        if layer == 0 {
            return self.x.at(0, unit);
        }
        let h = self.value_of(&format!("h{layer}"));
        h.or_else(|| self.value_of(&format!("z{layer}"))).map_or(f64::NAN, |h| h.at(0, unit))
    }

    /// What a unit hands on is called.
    pub(super) fn name(&self, layer: usize, unit: usize) -> String {
        let letter = match layer.checked_sub(1).and_then(|place| self.activations.get(place)) {
            None => return format!("x[{}]", unit + 1),
            Some(Activation::None) => 'z',
            Some(_) => 'h',
        };
        format!("{letter}{layer}[{}]", unit + 1)
    }
}
