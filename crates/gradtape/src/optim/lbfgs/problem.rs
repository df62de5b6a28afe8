//! The loss as a function of all parameters in a row, and arithmetic of such rows.

use super::super::step::gradients_of;
use super::super::{Base, LossOf};
use super::line::Place;
use crate::eval::evaluate;
use crate::tape::{Tape, Var};
use crate::tensor::{Result, Tensor};

/// A loss and the parameters that it is to become small by.
pub(super) struct Problem<'a, 'b> {
    base: &'a Base,
    loss: &'a mut LossOf<'b>,
}

impl<'a, 'b> Problem<'a, 'b> {
    pub(super) fn new(base: &'a Base, loss: &'a mut LossOf<'b>) -> Problem<'a, 'b> {
        Problem { base, loss }
    }

    /// All parameters as they are.
    pub(super) fn place(&self) -> Vec<f64> {
        self.base.parameters.iter().flat_map(|(_, own)| own.read().to_f64_vec()).collect()
    }

    /// Sets all parameters, each rounded to its type.
    pub(super) fn move_to(&self, place: &[f64]) -> Result<()> {
        let mut rest = place;
        for (_, own) in &self.base.parameters {
            let meta = own.meta();
            let (numbers, after) = rest.split_at(meta.shape.elements());
            rest = after;
            own.set(Tensor::from(numbers).reshape(&meta.shape)?.cast(meta.dtype))?;
        }
        Ok(())
    }

    /// Sets all parameters to a place on a line.
    pub(super) fn move_along(&self, start: &[f64], direction: &[f64], length: f64) -> Result<()> {
        if length == 0.0 {
            return self.move_to(start);
        }
        let place: Vec<f64> = start.iter().zip(direction).map(|(x, d)| x + length * d).collect();
        self.move_to(&place)
    }

    /// The loss and its gradient where the parameters are.
    pub(super) fn look(&mut self) -> Result<(f64, Vec<f64>)> {
        let tape = Tape::new();
        let loss = (self.loss)(&tape)?;
        let gradients = gradients_of(self.base, loss)?;
        let mut asked: Vec<Var<'_>> = vec![loss];
        asked.extend(gradients.iter().flatten());
        evaluate(&asked)?;
        let mut row = Vec::new();
        for (gradient, (_, own)) in gradients.iter().zip(&self.base.parameters) {
            match gradient {
                Some(gradient) => row.extend(gradient.value()?.to_f64_vec()),
                None => row.resize(row.len() + own.meta().shape.elements(), 0.0),
            }
        }
        Ok((loss.item()?, row))
    }

    /// The same at a place on a line.
    pub(super) fn look_at(
        &mut self,
        start: &[f64],
        direction: &[f64],
        length: f64,
    ) -> Result<Place> {
        self.move_along(start, direction, length)?;
        let (loss, gradient) = self.look()?;
        let slope = dot(&gradient, direction);
        // What is no number, or goes nowhere from there, is a place to turn away from.
        let lost = loss.is_nan() || !slope.is_finite();
        let loss = if lost { f64::INFINITY } else { loss };
        Ok(Place { length, loss, gradient, slope })
    }
}

pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

/// The largest absolute value.
pub(super) fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |most, x| x.abs().max(most))
}
