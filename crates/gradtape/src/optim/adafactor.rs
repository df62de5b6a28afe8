//! [`Adafactor`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update};
use crate::tape::Var;
use crate::tensor::{DType, Shape};

optimizer! {
    /// Adafactor (Shazeer and Stern 2018) as PyTorch defines it: of the average of `g²` only the means of its rows
    /// and of its columns are kept, over the last two axes, so that the state of a matrix is as small as two
    /// vectors.
    ///
    /// With `s = t^beta2_decay`, `R` and `C` move by the share `s` to the means of `g²` over columns and over
    /// rows, and `v = R C / max(mean(R), eps1)`; of a vector or a scalar `v` itself moves to `g²`. With
    /// `u = g / √max(v, eps1²)` and `rms` the root of the mean of the squares:
    /// `x -= max(eps2, rms(x)) min(lr, 1 / √t) / max(1, rms(u) / d) u`, after `x *= 1 - lr weight_decay`.
    ///
    /// ```
    /// use gradtape::optim::{Adafactor, Optimizer};
    /// use gradtape::{DType, Parameter, Tape, Tensor};
    /// let x = Parameter::new(Tensor::ones([3, 4], DType::F32));
    /// let opt = Adafactor::new(&x, 0.01);
    /// let tape = Tape::new();
    /// opt.step((tape.parameter(&x) * 5.0).sum(()))?;
    /// assert!(x.value().to_f64_vec().iter().all(|x| (x - 0.99).abs() < 1e-6));
    /// let names: Vec<_> = opt.state()?.into_iter().map(|(name, t)| (name, t.shape().to_vec())).collect();
    /// assert_eq!(names[1..], [(".row_var".into(), vec![3, 1]), (".col_var".into(), vec![1, 4])]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Adafactor("adafactor", lr = 1e-2, pace = Norm) {
        /// How much of the parameter is taken off in each step, times the learning rate.
        weight_decay: f64 in 0.. = 0.0,
        /// The exponent of the step in the share by which averages move.
        beta2_decay: f64 in -1..0 = (-0.8),
        /// The least root of `v`; 0 stands for the distance from 1 to the next number of the type.
        eps1: f64 in 0.. = 0.0,
        /// The least size of a parameter that steps follow.
        eps2: f64 in 0.. = 1e-3,
        /// The largest root of the mean square of `u`.
        d: f64 in 1.. = 1.0,
    }
}

impl Rule for Adafactor {
    declared! {}

    fn slots(&self, shape: &Shape) -> Vec<Slot> {
        if shape.len() < 2 {
            return vec![Slot::zeros("variance")];
        }
        let (mut rows, mut columns) = (shape.to_vec(), shape.to_vec());
        (rows[shape.len() - 1], columns[shape.len() - 2]) = (1, 1);
        vec![Slot::zeros("row_var").shaped(rows), Slot::zeros("col_var").shaped(columns)]
    }

    /// The share of the new in the averages, the rate of the step, what weight decay leaves.
    fn rates(&self) -> Box<Rates> {
        let (power, decay) = (self.beta2_decay, self.weight_decay);
        Box::new(move |step, rate| {
            let t = step as f64;
            [t.powf(power), rate.min(1.0 / t.sqrt()), 1.0 - rate * decay]
        })
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.g());
        let least = if self.eps1 > 0.0 { self.eps1 } else { epsilon(x.dtype()) };
        let least = least.max(smallest(x.dtype()));
        let share = u.rate(0);
        let rank = x.shape().len() as isize;
        let v = if rank < 2 {
            towards(u, 0, g * share * g, share)
        } else {
            let mean = |axis: isize| (g * share * g).mean_keepdims(axis);
            let rows = towards(u, 0, mean(rank - 1), share);
            let columns = towards(u, 1, mean(rank - 2), share);
            rows * columns / rows.mean_keepdims(rank - 2).maximum(least)
        };
        // Of less than the type tells from 0, a gradient of 0 would become 0 / 0.
        let floor = (least * least).max(smallest(x.dtype()));
        let step = g / v.maximum(floor).sqrt();
        let size = rms(x).maximum(self.eps2) * u.rate(1) / (rms(step) / self.d).maximum(1.0);
        let x = if self.weight_decay > 0.0 { x * u.rate(2) } else { x };
        x - step * size
    }
}

/// Moves what is kept by a share to something new, of which that share is given.
fn towards<'t>(u: &mut Update<'_, 't>, slot: usize, new: Var<'t>, share: Var<'t>) -> Var<'t> {
    let kept = u.state(slot);
    u.keep(slot, kept * (1.0 - share) + new)
}

/// The root of the mean of the squares.
fn rms(x: Var<'_>) -> Var<'_> {
    let count = x.shape().iter().product::<usize>().max(1);
    x.norm(2.0, ()) / (count as f64).sqrt()
}

/// The smallest number of full precision.
fn smallest(dtype: DType) -> f64 {
    if dtype == DType::F64 { f64::MIN_POSITIVE } else { f64::from(f32::MIN_POSITIVE) }
}

fn epsilon(dtype: DType) -> f64 {
    if dtype == DType::F64 { f64::EPSILON } else { f64::from(f32::EPSILON) }
}
