//! Building samples.

use crate::op::{Declared, Sample};
use crate::tensor::{Shape, Tensor};

impl<O: Declared> Sample<O> {
    /// One input of these numbers.
    pub fn unary(op: O, x: &[f64]) -> Vec<Sample<O>> {
        Sample::new(op, vec![vector(x)])
    }

    /// Two inputs of these numbers.
    pub fn binary(op: O, x: &[f64], y: &[f64]) -> Vec<Sample<O>> {
        Sample::new(op, vec![vector(x), vector(y)])
    }

    /// Inputs of these shapes, filled with distinct numbers between -1 and 1 in no order.
    pub fn shaped(op: O, shapes: &[&[usize]]) -> Vec<Sample<O>> {
        let input = |(salt, shape): (usize, &&[usize])| {
            let shape = Shape::from(*shape);
            let value = |i: usize| (((i * 37 + salt * 11 + 5) % 101) as f64 - 50.0) / 50.5;
            let values: Vec<f64> = (0..shape.elements()).map(value).collect();
            Tensor::from_vec(values, shape).unwrap_or_else(|_| Tensor::scalar(0.0))
        };
        Sample::new(op, shapes.iter().enumerate().map(input).collect())
    }

    /// A float input of this shape as by [`Sample::shaped`], and places of this shape.
    pub fn indexed(op: O, x: &[usize], places: &[i64], shape: &[usize]) -> Vec<Sample<O>> {
        let mut samples = Sample::shaped(op, &[x]);
        samples.iter_mut().for_each(|sample| sample.inputs.push(integers(places, shape)));
        samples
    }

    /// One input of these integers under this shape.
    pub fn labels(op: O, labels: &[i64], shape: &[usize]) -> Vec<Sample<O>> {
        Sample::new(op, vec![integers(labels, shape)])
    }

    /// The same samples of a gradient rule that gives no derivative, because of this.
    pub fn without_derivative(
        mut samples: Vec<Sample<O>>,
        because: &'static str,
    ) -> Vec<Sample<O>> {
        samples.iter_mut().for_each(|sample| sample.no_derivative = Some(because));
        samples
    }

    /// These inputs.
    pub fn new(op: O, inputs: Vec<Tensor>) -> Vec<Sample<O>> {
        vec![Sample { op, inputs, no_derivative: None }]
    }
}

fn vector(x: &[f64]) -> Tensor {
    Tensor::from_slice(x, [x.len()]).unwrap_or_else(|_| Tensor::scalar(0.0))
}

fn integers(x: &[i64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(x, shape).unwrap_or_else(|_| Tensor::scalar(0i64))
}
