//! What the values of a network are, found by recording it with inputs of two sizes.

use std::collections::BTreeMap;

use gradtape::{Tape, Tensor};

use crate::graph::Info;
use crate::network::Network;
use crate::tensor::TEXTS_NAME;
use crate::value::{Texts, Value};

/// Sizes that stand for an open axis: one pair for each name, so that an axis of a value tells by its own two which it is.
/// Each has a ratio of its own, of two primes, which its multiples have and no others. Those of images and sequences are
/// multiples of 8, which networks halve.
const PAIRS: [(usize, usize); 5] = [(2, 3), (40, 56), (88, 104), (17, 19), (23, 29)];

/// The sizes of axes whose names are more than there are pairs; they are told by no name.
const FURTHER: (usize, usize) = (31, 37);

impl Network {
    /// The type of each value between the nodes of the graph, such as `FLOAT [batch, 64]`, by name, as far as they are
    /// found when it is recorded with zeros. Axes that are open in the file have their names, and those of which nothing is
    /// known `?`.
    pub fn types(&self) -> BTreeMap<String, String> {
        let mut names: Vec<&str> = Vec::new();
        for input in self.model().given() {
            for axis in open(input) {
                if !names.contains(&axis) {
                    names.push(axis);
                }
            }
        }
        let first = self.found(&names, |pair| pair.0);
        let second = self.found(&names, |pair| pair.1);
        let pair = |(name, (kind, sizes)): (String, Found)| {
            let (_, others) = second.get(&name).filter(|(_, other)| other.len() == sizes.len())?;
            let axes = sizes.iter().zip(others).map(|(&a, &b)| axis(a, b, &names));
            let axes: Vec<String> = axes.collect();
            Some((name, format!("{kind} [{}]", axes.join(", "))))
        };
        first.clone().into_iter().filter_map(pair).collect()
    }

    /// Element types and shapes of all values, up to the first node that cannot be recorded.
    fn found(&self, names: &[&str], size: fn((usize, usize)) -> usize) -> BTreeMap<String, Found> {
        let tape = Tape::inference();
        let inputs = self.model().given().map(|input| {
            let sizes = input.sizes.as_ref()?.iter().zip(&input.axes).map(|(fixed, axis)| {
                let place = names.iter().position(|name| name == axis);
                let pair = place.and_then(|place| PAIRS.get(place)).unwrap_or(&FURTHER);
                fixed.unwrap_or(size(*pair))
            });
            let shape: Vec<usize> = sizes.collect();
            let count = shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size))?;
            if count > MOST {
                return None;
            }
            let value = match input.elem {
                Some(elem) => Value::from(crate::value::Array {
                    var: tape.constant(Tensor::zeros(shape, elem.dtype())),
                    elem,
                }),
                None if input.about.starts_with(TEXTS_NAME) => {
                    Value::Texts(Texts { texts: vec![String::new(); count], shape })
                }
                None => return None,
            };
            Some((input.name.as_str(), value))
        });
        let Some(inputs) = inputs.collect::<Option<Vec<_>>>() else { return BTreeMap::new() };
        let Ok(mut scope) = self.scope(&tape, inputs) else { return BTreeMap::new() };
        // What was recorded before a node that fails is known.
        let _ = scope.run(&self.model().graph.nodes);
        let all = scope.values().filter_map(|(name, value)| {
            Some((
                name.to_string(),
                match value {
                    Value::Array(array) => (array.elem.to_string(), array.shape()),
                    Value::Texts(texts) => (TEXTS_NAME.to_string(), texts.shape.clone()),
                    Value::Columns(columns) => {
                        let elem = columns.values.elem;
                        (format!("maps of {elem}"), columns.values.shape())
                    }
                    Value::Sequence(_) | Value::Nothing => return None,
                },
            ))
        });
        all.collect()
    }
}

/// An element type and sizes.
type Found = (String, Vec<usize>);

/// Larger inputs are not made to find the types of values.
const MOST: usize = 1 << 24;

/// The names of the open axes of an input.
fn open(input: &Info) -> impl Iterator<Item = &str> {
    let sizes = input.sizes.iter().flatten().zip(&input.axes);
    sizes.filter(|(fixed, _)| fixed.is_none()).map(|(_, axis)| axis.as_str())
}

/// An axis by the sizes that it had.
fn axis(first: usize, second: usize, names: &[&str]) -> String {
    if first == second {
        return first.to_string();
    }
    let own = names.iter().zip(PAIRS).find_map(|(name, (a, b))| {
        let times = first / a;
        match (first, second) == (a * times, b * times) {
            true if times == 1 => Some(name.to_string()),
            true => Some(format!("{times} {name}")),
            false => None,
        }
    });
    own.unwrap_or("?".into())
}
