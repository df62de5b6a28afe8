//! What L-BFGS remembers of its moves.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::kept::whole;
use super::super::rule::unknown_state;
use super::problem::dot;
use crate::tensor::{Error, Kind, Result, Tensor};

/// The last moves, and what is needed to learn of the next one.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    moves: u64,
    /// Of the last move: how far it went along which direction, and the gradient before it.
    pub(super) length: f64,
    direction: Arc<Vec<f64>>,
    gradient: Arc<Vec<f64>>,
    /// What the inverse Hessian is at first, times the identity.
    scale: f64,
    pairs: VecDeque<Arc<Pair>>,
}

/// A move and the change of the gradient that it made.
#[derive(Debug)]
struct Pair {
    step: Vec<f64>,
    change: Vec<f64>,
    /// 1 over their product.
    over: f64,
}

impl Pair {
    fn new(step: Vec<f64>, change: Vec<f64>) -> Pair {
        let over = 1.0 / dot(&change, &step);
        Pair { step, change, over }
    }
}

/// The least product of a move and the change of the gradient that tells of a curvature above 0.
const CURVED: f64 = 1e-10;

impl Memory {
    /// Learns from the last move, now that the gradient after it is known. Answers whether there was none.
    pub(super) fn learn(&mut self, gradient: &[f64], most: usize) -> bool {
        self.moves += 1;
        if self.moves == 1 {
            self.scale = 1.0;
            return true;
        }
        let change: Vec<f64> =
            gradient.iter().zip(&*self.gradient).map(|(now, before)| now - before).collect();
        let step: Vec<f64> = self.direction.iter().map(|d| d * self.length).collect();
        let product = dot(&change, &step);
        if product > CURVED {
            self.scale = product / dot(&change, &change);
            while self.pairs.len() >= most {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Arc::new(Pair::new(step, change)));
        }
        false
    }

    /// The direction to move in: the gradient times the inverse Hessian, downwards, by the recursion of two
    /// loops (Nocedal 1980).
    pub(super) fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut d: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = dot(&pair.step, &d) * pair.over;
            add(&mut d, &pair.change, -share);
            shares.push(share);
        }
        d.iter_mut().for_each(|d| *d *= self.scale);
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let other = dot(&pair.change, &d) * pair.over;
            add(&mut d, &pair.step, share - other);
        }
        d
    }

    /// Keeps what the next move is learned from.
    pub(super) fn keep(&mut self, direction: &[f64], gradient: &[f64]) {
        self.direction = Arc::new(direction.to_vec());
        self.gradient = Arc::new(gradient.to_vec());
    }

    /// As tensors by name; none before the first move.
    pub(super) fn save(&self) -> Result<Vec<(String, Tensor)>> {
        if self.moves == 0 {
            return Ok(Vec::new());
        }
        let count = self.direction.len();
        let rows = |of: fn(&Pair) -> &Vec<f64>| {
            let numbers: Vec<f64> =
                self.pairs.iter().flat_map(|pair| of(pair).iter().copied()).collect();
            let shape = [self.pairs.len(), count];
            Tensor::from(numbers).reshape(shape)
        };
        let numbers = [self.moves as f64, self.length, self.scale];
        let tensors = [
            Tensor::from(numbers),
            Tensor::from(&self.direction[..]),
            Tensor::from(&self.gradient[..]),
            rows(|pair| &pair.step)?,
            rows(|pair| &pair.change)?,
        ];
        Ok(NAMES.iter().map(|name| name.to_string()).zip(tensors).collect())
    }

    /// What [`Memory::save`] gave, for so many numbers. Fails for what it did not.
    pub(super) fn load(saved: &[(String, Tensor)], count: usize) -> Result<Memory> {
        if saved.is_empty() {
            return Ok(Memory::default());
        }
        if let Some((name, _)) = saved.iter().find(|(name, _)| !NAMES.contains(&&name[..])) {
            return Err(unknown_state(name));
        }
        let find = |name: &str, shape: &[Option<usize>]| {
            let found = saved.iter().find(|(other, _)| other == name).map(|(_, tensor)| tensor);
            let fits = |tensor: &&Tensor| {
                let mut axes = tensor.shape().iter().zip(shape);
                tensor.shape().len() == shape.len()
                    && axes.all(|(have, want)| want.is_none_or(|want| *have == want))
            };
            let numbers = found.filter(fits).and_then(|tensor| tensor.to_vec::<f64>().ok());
            numbers.ok_or_else(|| {
                let message = format!("the saved state has no {name:?} of {count} numbers in f64");
                Error::new(Kind::Model, message)
                    .hint("it was saved by another optimiser or for another network")
            })
        };
        let [search, direction, gradient, steps, changes] = NAMES;
        let numbers = find(search, &[Some(3)])?;
        if !whole(numbers[0]) || numbers.iter().any(|number| !number.is_finite()) {
            let message = format!("the saved state has {numbers:?} for {search:?}");
            return Err(Error::new(Kind::Model, message)
                .hint("they are a count of moves, a length and a scale"));
        }
        let (steps, changes) =
            (find(steps, &[None, Some(count)])?, find(changes, &[None, Some(count)])?);
        if steps.len() != changes.len() {
            let message = "the saved state has not as many moves as changes of the gradient";
            return Err(Error::new(Kind::Model, message));
        }
        let width = count.max(1);
        let pairs = steps.chunks(width).zip(changes.chunks(width));
        Ok(Memory {
            moves: numbers[0] as u64,
            length: numbers[1],
            scale: numbers[2],
            direction: Arc::new(find(direction, &[Some(count)])?),
            gradient: Arc::new(find(gradient, &[Some(count)])?),
            pairs: pairs.map(|(s, y)| Arc::new(Pair::new(s.to_vec(), y.to_vec()))).collect(),
        })
    }
}

/// `x += share y`.
fn add(x: &mut [f64], y: &[f64], share: f64) {
    x.iter_mut().zip(y).for_each(|(x, y)| *x += share * y);
}

/// The names of the tensors of [`Memory::save`].
const NAMES: [&str; 5] = ["search", "direction", "gradient", "history_steps", "history_gradients"];
