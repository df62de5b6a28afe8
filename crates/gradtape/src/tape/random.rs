//! Random numbers on a tape: [`Generator`] counts the draws, [`Tape`] and [`Var`] make distributions of them.

use std::panic::Location;
use std::sync::Arc;

use super::{Dial, Tape, Var};
use crate::op::{Recorder, rules};
use crate::tensor::{DType, Dims, Error, Kind, Result, Shape};

/// Random numbers for tapes: a seed and a count of draws.
///
/// The numbers of the `n`-th draw depend on the seed, `n` and their place alone, so that the same seed
/// gives the same bits on any number of threads. Every draw has numbers of its own: on one tape, on the
/// next one after a reset, and at every call of a [compiled](crate::compile) step. They are made where
/// they are used and not stored; a gradient that needs them makes them again.
///
/// [`Generator::share`] gives another handle to the same generator; a clone counts for itself.
/// ([`Rng`](crate::Rng) draws outside of tapes.)
///
/// ```
/// use gradtape::{DType, Generator, Tape};
/// let noise = Generator::new(7);
/// let draw = || Tape::new().normal(&noise, [2, 3], DType::F32).value();
/// let (first, second) = (draw()?, draw()?);
/// assert!(!first.equals(&second));
/// noise.set_draws(0);
/// assert!(first.equals(&draw()?));
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    key: u64,
    /// The draws so far; a [`Dial`] counts exactly up to 2^53.
    draws: Dial,
}

impl Generator {
    /// The generator of a seed, with no draw made.
    pub fn new(seed: u64) -> Generator {
        Generator { key: seed, draws: Dial::new(0.0) }
    }

    /// How many draws were made.
    pub fn draws(&self) -> u64 {
        self.draws.get() as u64
    }

    /// Continues as after this many draws: where a training goes on that was stopped there.
    pub fn set_draws(&self, draws: u64) {
        self.draws.set(draws as f64);
    }

    /// Another handle to this generator.
    #[must_use]
    pub fn share(&self) -> Generator {
        Generator { key: self.key, draws: self.draws.share() }
    }

    /// What counts the draws.
    pub(crate) fn counter(&self) -> &Dial {
        &self.draws
    }

    /// The number of the next draw, which is this caller's alone.
    fn turn(&self) -> f64 {
        self.draws.count()
    }
}

impl Tape {
    /// Uniform random numbers in [0, 1). Those of f16 and bf16 are those of f32, rounded.
    ///
    /// ```
    /// use gradtape::{DType, Generator, Tape};
    /// let tape = Tape::new();
    /// let x = tape.uniform(&Generator::new(1), [4, 5], DType::F64) * 2.0 - 1.0;
    /// assert!(x.value()?.to_f64_vec().iter().all(|x| (-1.0..1.0).contains(x)));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn uniform(&self, generator: &Generator, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        if let Some(failed) = self.draws_no("uniform", dtype) {
            return failed;
        }
        if dtype.is_stored_only() {
            // Rounding can reach 1, which is none of them.
            let numbers = self.uniform(generator, shape, dtype.computed()).cast(dtype);
            return numbers.minimum(dtype.below(1.0));
        }
        let draw = generator.turn();
        if !self.is_tracing() {
            // By its number, as another thread may have turned the dial on since.
            let counter = self.dial_at(&generator.draws, draw, DType::I64);
            return self.random_at(generator.key, counter, shape, dtype);
        }
        // Each draw in a compiled step needs a number of its own, which every call turns on.
        let counter = Dial::new(draw);
        let numbers = self.random(generator.key, &counter, shape, dtype);
        let generator = generator.share();
        self.on_replay(Arc::new(move || counter.set(generator.turn())));
        numbers
    }

    /// Random numbers of the normal distribution with mean 0 and standard deviation 1, of f32 (at most
    /// 5.8 from 0) or f64 (8.6), after Box and Muller 1958. Those of f16 and bf16 are those of f32, rounded.
    ///
    /// They depend on nothing, so that gradients go through what is made of them: the
    /// reparametrisation of a variational autoencoder.
    ///
    /// ```
    /// use gradtape::{DType, Generator, Tape, gradient};
    /// let tape = Tape::new();
    /// let (mean, log_std) = (tape.watch([0.5, -1.0]), tape.watch([0.0, -2.0]));
    /// let noise = tape.normal(&Generator::new(1), [2], DType::F64);
    /// let z = mean + log_std.exp() * noise;
    /// let [slope] = gradient(z.sum(()), [log_std]);
    /// assert!(slope.value()?.equals(&(log_std.exp() * noise).value()?));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    #[doc(alias = "randn")]
    pub fn normal(&self, generator: &Generator, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        if let Some(failed) = self.draws_no("normal", dtype) {
            return failed;
        }
        if dtype.is_stored_only() {
            return self.normal(generator, shape, dtype.computed()).cast(dtype);
        }
        let shape = shape.into();
        let mut pairs = Dims::from_slice(&[2]);
        pairs.extend_from_slice(&shape);
        let pairs = self.uniform(generator, pairs, dtype);
        let (angle, tail) = (pairs.index(0, 0), pairs.index(0, 1));
        // 1 less such a number is exact, and above 0.
        (-2.0 * (1.0 - tail).log()).sqrt() * (angle * std::f64::consts::TAU).cos()
    }

    /// Random numbers of the standard Gumbel distribution, of f32 or f64: `-log(-log u)` of a uniform
    /// `u`. Added to logits they make the greatest of these the choice of a class
    /// ([`Var::categorical`]); before a softmax they make a choice that has a gradient (Jang, Gu and
    /// Poole 2017; Maddison, Mnih and Teh 2017).
    #[track_caller]
    pub fn gumbel(&self, generator: &Generator, shape: impl Into<Shape>, dtype: DType) -> Var<'_> {
        if let Some(failed) = self.draws_no("gumbel", dtype) {
            return failed;
        }
        if dtype.is_stored_only() {
            return self.gumbel(generator, shape, dtype.computed()).cast(dtype);
        }
        let waiting = -(1.0 - self.uniform(generator, shape, dtype)).log();
        // The uniform number 0 stands for those up to the next one; their middle is above 0.
        let least = if dtype == DType::F32 { 2f64.powi(-25) } else { 2f64.powi(-54) };
        -waiting.maximum(least).log()
    }

    /// The numbers from 0 to `n - 1` in random order, as i64: each order is equally likely, up to the chance
    /// of 2^-53 for each pair that two of the random numbers which are sorted are the same.
    ///
    /// ```
    /// use gradtape::{Generator, Tape};
    /// let tape = Tape::new();
    /// let rows = tape.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    /// let order = tape.permutation(&Generator::new(1), 3);
    /// let shuffled = rows.index_select(0, order);
    /// assert!(shuffled.sort(0).value()?.equals(&rows.value()?));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    #[doc(alias("randperm", "shuffle"))]
    pub fn permutation(&self, generator: &Generator, n: usize) -> Var<'_> {
        self.uniform(generator, n, DType::F64).argsort(0)
    }

    /// The error, in the place of the numbers, of a type that none are drawn of.
    #[track_caller]
    fn draws_no(&self, name: &str, dtype: DType) -> Option<Var<'_>> {
        if dtype.is_float() {
            return None;
        }
        let message = format!("{name}: draws floating-point numbers, not {dtype}");
        let hint = "draw f32; (uniform * 6).floor() gives whole numbers from 0 to 5, and cast() their type";
        let error = Error::new(Kind::Value, message).hint(hint);
        Some(self.var(self.fail(error.at(Location::caller()), &[])))
    }
}

impl<'t> Var<'t> {
    /// `true` with this probability, for each element: f32 or f64, of which below 0 counts as 0, above
    /// 1 as 1, and NaN is never true. The result is a mask, which has no gradient.
    ///
    /// ```
    /// use gradtape::{Generator, Tape};
    /// let tape = Tape::new();
    /// let coins = tape.constant([0.0, 0.5, 1.0]).bernoulli(&Generator::new(3)).value()?;
    /// assert_eq!((coins.get(&[0])?, coins.get(&[2])?), (0.0, 1.0));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    pub fn bernoulli(self, generator: &Generator) -> Var<'t> {
        let meta = self.meta();
        if rules::float(&meta).is_err() {
            return self.failed(
                wrong(format!("bernoulli of {meta}: a probability is a floating-point number")),
                &[self],
            );
        }
        let computed = meta.dtype.computed();
        self.tape().uniform(generator, meta.shape, computed).less(self.cast(computed))
    }

    /// A class along an axis, which is dropped, as i64: class `k` with probability
    /// `softmax(self)[k]`. The elements are logits, f32 or f64: logarithms of weights that need not
    /// add up to 1; -inf is never chosen beside others. The result has no gradient.
    ///
    /// For several choices of the same logits broadcast them first.
    ///
    /// ```
    /// use gradtape::{Generator, Tape};
    /// let tape = Tape::new();
    /// let logits = tape.constant([0.0, f64::NEG_INFINITY, 1.0]).broadcast_to([100, 3]);
    /// let classes = logits.categorical(-1, &Generator::new(3)).value()?.to_vec::<i64>()?;
    /// assert!(classes.contains(&0) && classes.contains(&2) && !classes.contains(&1));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    #[track_caller]
    #[doc(alias = "multinomial")]
    pub fn categorical(self, axis: isize, generator: &Generator) -> Var<'t> {
        let meta = self.meta();
        if let Err(error) = classes(&meta.shape, axis, meta.dtype) {
            return self.failed(error.context(format!("categorical of {meta}")), &[self]);
        }
        let computed = meta.dtype.computed();
        let waiting = self.tape().gumbel(generator, meta.shape, computed);
        (self.cast(computed) + waiting).argmax(axis)
    }
}

/// Whether classes can be chosen along an axis of logits.
fn classes(shape: &Shape, axis: isize, dtype: DType) -> Result<()> {
    if !dtype.is_float() {
        return Err(wrong("logits are floating-point numbers"));
    }
    match shape[shape.axis(axis)?] {
        0 => Err(Error::new(Kind::Shape, format!("axis {axis} holds no class to choose"))
            .hint("give the axis at least one place")),
        _ => Ok(()),
    }
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(Kind::Shape, message).hint("cast the operand to a floating-point type first")
}
