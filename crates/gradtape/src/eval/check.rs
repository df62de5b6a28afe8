//! Gradients against differences: a check for a user's own functions and gradient rules.

use std::fmt;

use crate::grad::gradients;
use crate::tape::{Tape, Var};
use crate::tensor::{DType, Error, Kind, Result, Tensor};

/// Compares the recorded first and second derivatives of a function with central differences.
///
/// The inputs of f64 are the ones that are moved; others are passed on as constants. A result with
/// several elements is weighted by fixed numbers and added up. Each element is moved by `h` and
/// `h / 2` both ways, `h` being a thousandth of its magnitude or of 1, and the two differences are
/// extrapolated (Richardson), so about ten digits can be expected of a smooth function. Kinks
/// within `h` show as errors. Second derivatives are checked along one direction: the gradient of
/// the sum of the gradients, each weighted by fixed numbers.
///
/// Fails when there is no element to move, and when the function itself cannot be recorded or computed.
///
/// ```
/// use gradtape::{Tensor, check_gradients};
/// let x = Tensor::from_slice(&[0.3f64, 1.2], [2])?;
/// check_gradients(|x| (x[0].sin() * x[0]).sum(()), &[x])?.within(1e-8)?;
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "gradcheck")]
pub fn check_gradients(
    f: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>,
    inputs: &[Tensor],
) -> Result<Report> {
    if !inputs.iter().any(|input| input.dtype() == DType::F64 && input.elements() > 0) {
        let message = "check_gradients: no input of f64 has an element that could be moved";
        return Err(Error::new(Kind::Gradient, message).hint("cast(DType::F64) the inputs"));
    }
    let mut report = Report::default();
    let weighted = |x: &[Var<'_>]| weigh(f(x), 0).id();
    report.compare(1, &weighted, inputs)?;
    let slopes = |x: &[Var<'_>]| {
        let y = weigh(f(x), 0);
        let moved: Vec<Var<'_>> = x.iter().copied().filter(|x| x.dtype() == DType::F64).collect();
        let slopes = gradients(y, &moved).into_iter().zip(1..);
        let sum = slopes.map(|(slope, salt)| weigh(slope, salt)).reduce(|a, b| a + b);
        sum.unwrap_or(y).id()
    };
    report.compare(2, &slopes, inputs)?;
    Ok(report)
}

/// What [`check_gradients`] found: for each order and each input, the element that is off most.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One for each order (1, 2) and each input that was moved.
    pub worst: Vec<Deviation>,
}

/// A derivative beside its estimate by differences.
#[derive(Clone, Copy, Debug)]
pub struct Deviation {
    /// 1 for the gradient, 2 for its gradient.
    pub order: usize,
    /// The number of the input.
    pub input: usize,
    /// The number of its element in row-major order.
    pub element: usize,
    /// The derivative as recorded.
    pub recorded: f64,
    /// The derivative by differences.
    pub numeric: f64,
}

impl Deviation {
    /// The difference, relative to the estimate where that is above 1. A NaN is infinitely far off.
    pub fn error(&self) -> f64 {
        let error = (self.recorded - self.numeric).abs() / self.numeric.abs().max(1.0);
        if error.is_nan() { f64::INFINITY } else { error }
    }
}

impl Report {
    /// Fails with the worst deviation when one is above a tolerance.
    pub fn within(&self, tolerance: f64) -> Result<()> {
        let worst = self.worst.iter().max_by(|a, b| a.error().total_cmp(&b.error()));
        match worst {
            Some(worst) if worst.error() > tolerance => {
                Err(Error::new(Kind::Gradient, worst.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Compares the gradient of a scalar with differences of it.
    fn compare(&mut self, order: usize, scalar: &Scalar<'_>, inputs: &[Tensor]) -> Result<()> {
        let slopes: Vec<Tensor> = on_tape(scalar, inputs, |y, x| {
            gradients(y, x).iter().map(|slope| slope.value()).collect()
        })?;
        let floats = (0..inputs.len()).filter(|&i| inputs[i].dtype() == DType::F64);
        for (input, slope) in floats.zip(slopes) {
            let values = inputs[input].to_vec::<f64>()?;
            let mut worst: Option<Deviation> = None;
            for (element, recorded) in slope.to_vec::<f64>()?.into_iter().enumerate() {
                let value = |x: f64| {
                    let mut values = values.clone();
                    values[element] = x;
                    let mut moved = inputs.to_vec();
                    moved[input] = Tensor::from_vec(values, inputs[input].shape())?;
                    on_tape(scalar, &moved, |y, _| y.item())
                };
                let numeric = slope_at(values[element], value)?;
                let found = Deviation { order, input, element, recorded, numeric };
                if worst.is_none_or(|worst| found.error() > worst.error()) {
                    worst = Some(found);
                }
            }
            self.worst.extend(worst);
        }
        Ok(())
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = if self.order == 1 { "derivative" } else { "second derivative" };
        write!(
            f,
            "{what} by element {} of input {}: recorded {}, by differences {} (off by {:.1e})",
            self.element,
            self.input,
            self.recorded,
            self.numeric,
            self.error()
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.worst.iter().try_for_each(|worst| writeln!(f, "{worst}"))
    }
}

/// A function to one number, as the node that holds it.
type Scalar<'f> = dyn for<'t> Fn(&[Var<'t>]) -> crate::op::NodeId + 'f;

/// Records the function on a tape of its own and reads something of it, given the inputs that move.
fn on_tape<T>(
    scalar: &Scalar<'_>,
    inputs: &[Tensor],
    read: impl for<'t> FnOnce(Var<'t>, &[Var<'t>]) -> Result<T>,
) -> Result<T> {
    let tape = Tape::new();
    let record = |x: &Tensor| match x.dtype() {
        DType::F64 => tape.watch(x.clone()),
        _ => tape.constant(x.clone()),
    };
    let x: Vec<Var<'_>> = inputs.iter().map(record).collect();
    let y = tape.var(scalar(&x));
    let moved: Vec<Var<'_>> = x.into_iter().filter(|x| x.dtype() == DType::F64).collect();
    read(y, &moved)
}

/// All elements times fixed numbers, none of which is the negative of another, added up.
fn weigh(y: Var<'_>, salt: usize) -> Var<'_> {
    let weight = |i: usize| 0.5 + ((i * 29 + salt * 17 + 7) % 53) as f64 / 53.0;
    let weights: Vec<f64> = (0..y.shape().elements()).map(weight).collect();
    match Tensor::from_vec(weights, y.shape()) {
        Ok(weights) => (y * y.tape().constant(weights.cast(y.dtype()))).sum(()),
        Err(error) => y.failed(error, &[y]),
    }
}

/// The derivative by central differences of two widths, extrapolated to width 0.
fn slope_at(x: f64, value: impl Fn(f64) -> Result<f64>) -> Result<f64> {
    let h = 1e-3 * x.abs().max(1.0);
    let central = |h: f64| {
        let (above, below) = (x + h, x - h);
        Ok::<f64, Error>((value(above)? - value(below)?) / (above - below))
    };
    Ok((4.0 * central(h / 2.0)? - central(h)?) / 3.0)
}
