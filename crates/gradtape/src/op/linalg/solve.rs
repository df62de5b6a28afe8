//! `solve`: systems of equations, given a decomposition of their matrix.

use faer::Mat;

use super::{Failure, each, factored, right_side, sizes, write};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// The `X` for which `A X = B` (with `transposed` `Aᵀ X = B`), of the matrix `A`, the factors and the order of
    /// rows that `lu` gives of it, and `B`: computed with the factors alone. A matrix that is singular,
    /// to the last bit, is an error.
    ///
    /// # Gradient
    /// `G = A⁻ᵀ g` to `B` and `-G outᵀ` to `A` (with `transposed` `A⁻¹ g` and `-out Gᵀ`), with the same factors. None to
    /// these: all of it goes through the matrix.
    ///
    /// # Why it holds
    /// From `dA X + A dX = dB` follows `dX = A⁻¹ (dB - dA X)`, whatever the factors are by which it is computed.
    ///
    /// # Example
    /// ```
    /// use gradtape::{Tape, gradient};
    /// let tape = Tape::new();
    /// let (a, b) = (tape.watch([[0.0, 2.0], [4.0, 4.0]]), tape.watch([2.0, 8.0]));
    /// let x = a.solve(b);
    /// assert_eq!(x.value()?.to_f64_vec(), [1.0, 1.0]);
    /// let [db] = gradient(x.sum(()), [b]);
    /// assert_eq!(db.value()?.to_f64_vec(), [0.0, 0.25]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "solve" Solve {
        /// Whether the equations are those of the transposed matrix.
        transposed: bool,
    }
}

impl Operation for Solve {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 4)?;
        factored(x)?;
        right_side(x[0], x[3])?;
        Ok(x[3].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let other = || x[0].solve_by(x[1], x[2], g, !self.transposed);
        match (input, self.transposed) {
            (0, false) => (-other().matmul(out.t())).into(),
            (0, true) => (-out.matmul(other().t())).into(),
            (3, _) => other().into(),
            _ => Cotangent::Zero("the factors are those of the matrix, through which it goes"),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<Solve>> {
        // [[0.75, 2.5], [2.25, 0.5]], its rows exchanged.
        let matrix = Tensor::from([[0.75, 2.5], [2.25, 0.5]]);
        let factors = Tensor::from([[2.25, 0.5], [1.0 / 3.0, 2.5 - 0.5 / 3.0]]);
        let right = Tensor::from([[0.5, -1.0, 0.25], [2.0, 0.75, -1.5]]);
        let inputs = [matrix, factors, Tensor::from([1i64, 0]), right];
        let samples = [false, true]
            .into_iter()
            .flat_map(|transposed| Sample::new(Solve { transposed }, inputs.to_vec()));
        Sample::without_derivative(
            samples.collect(),
            "factors that stay when their matrix moves are no decomposition",
        )
    }
}

impl Meaning for Solve {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        let [n, columns] = sizes(x[3].shape());
        let rows = x[2].elements::<i64>()?;
        let place = |&row: &i64| usize::try_from(row).ok().filter(|&row| row < n);
        let mut orders = rows.chunks(n.max(1));
        each("solve", &[x[1], x[3]], out, |x, out| {
            let (factors, right) = (x[0], x[1]);
            let order: Option<Vec<usize>> =
                orders.next().unwrap_or(&[]).iter().map(place).collect();
            let Some(order) = order else {
                return Err(Failure::new(
                    "has an order of rows that names none of them",
                    "lu() gives one",
                ));
            };
            if let Some(i) = (0..n).find(|&i| factors[(i, i)] == 0.0) {
                let what = format!("is singular: pivot {i} of its decomposition is 0");
                return Err(Failure::new(what, "pinv() and lstsq() take singular matrices"));
            }
            if self.transposed {
                let mut y = right.to_owned();
                factors.transpose().solve_lower_triangular_in_place(&mut y);
                factors.transpose().solve_unit_upper_triangular_in_place(&mut y);
                for (i, &row) in order.iter().enumerate() {
                    (0..columns).for_each(|j| out[row * columns + j] = y[(i, j)]);
                }
            } else {
                let mut y = Mat::from_fn(n, columns, |i, j| right[(order[i], j)]);
                factors.solve_unit_lower_triangular_in_place(&mut y);
                factors.solve_upper_triangular_in_place(&mut y);
                write(y.as_ref(), out);
            }
            Ok(())
        })
    }
}
