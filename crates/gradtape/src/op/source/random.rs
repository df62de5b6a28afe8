//! `random`: uniform random numbers.

use crate::op::{
    Broken, Cotangent, Examples, Form, Meta, Operation, Sample, Term, operation, rules,
};
use crate::tensor::{DType, Result, Shape};

operation! {
    /// # What
    /// Uniform random numbers in [0, 1) (Philox 4x32-10). Each element depends on the key, the
    /// counter (an i64 scalar) and its position alone, so that the same three give the same numbers
    /// wherever and how often they are computed. A new counter gives new numbers.
    ///
    /// # Gradient
    /// None: the numbers depend on nothing that could move.
    ///
    /// # Why it holds
    /// The counter is a whole number that only names a stream.
    ///
    /// # Example
    /// ```
    /// use gradtape::{DType, Dial, Tape};
    /// let (tape, counter) = (Tape::new(), Dial::new(0.0));
    /// let x = tape.random(7, &counter, [2, 3], DType::F32);
    /// assert!(x.value()?.to_vec::<f32>()?.iter().all(|u| (0.0..1.0).contains(u)));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "random" Random {
        /// The key of the stream: a seed.
        key: u64,
        /// The result's shape.
        shape: Shape,
        /// The element type: f32 or f64.
        dtype: DType,
    }
}

impl Operation for Random {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 1)?;
        if x[0].dtype != DType::I64 || x[0].shape.rank() != 0 {
            return Err(Broken::new(format!("the counter is an i64 scalar, not {}", x[0]))
                .hint("what draws, as uniform does, counts the draws of a generator"));
        }
        let out = Meta::new(self.dtype, &self.shape);
        rules::float(&out)?;
        if out.dtype.is_stored_only() {
            let rule = format!("random numbers are made in f32 or f64, not {}", out.dtype);
            return Err(Broken::new(rule).hint("cast them"));
        }
        rules::countable(out)
    }

    fn form(&self) -> Form<'_> {
        Form::Random(self.key)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, _: Term<'r>) -> Cotangent<'r> {
        Cotangent::Zero("a counter has no gradient")
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        // One counter makes the numbers of one example.
        let counters = all.whole(0);
        let mut rows = Vec::with_capacity(all.count());
        for example in 0..all.count() {
            rows.push(all.record(self.clone(), &[counters.index(0, example)]));
        }
        match rows.split_first() {
            Some((first, others)) => first.stack(others, 0),
            None => counters.literal(0.0).cast(self.dtype).broadcast_to(all.all(&self.shape)),
        }
    }

    fn samples() -> Vec<Sample<Random>> {
        let op = Random { key: u64::MAX - 6, shape: [3, 5].into(), dtype: DType::F64 };
        Sample::labels(op, &[11], &[])
    }
}
