//! `triangular_solve`: systems of equations whose matrix is triangular.

use super::{Failure, each, right_side, write};
use crate::op::{
    Broken, Cotangent, Examples, Form, Meaning, Meta, Numbers, NumbersMut, Operation, Sample, Term,
    operation, rules,
};
use crate::tensor::{Result, Tensor};

operation! {
    /// # What
    /// The `X` for which `T X = y`, where `T` is the lower (or `upper`) triangle of `x`; with `unit` its diagonal
    /// counts as 1. What stands in the other triangle is not read. A 0 on the diagonal is an error.
    ///
    /// # Gradient
    /// `G = T⁻ᵀ g` to `y`, the same triangle of `-G outᵀ` to `x`, without its diagonal if that counts as 1.
    ///
    /// # Why it holds
    /// From `dT X + T dX = dy` follows `dX = T⁻¹ (dy - dT X)`.
    ///
    /// # Example
    /// ```
    /// use gradtape::Tape;
    /// let tape = Tape::new();
    /// let (x, y) = (tape.constant([[2.0, 0.0], [1.0, 4.0]]), tape.constant([[2.0], [9.0]]));
    /// assert_eq!(x.triangular_solve(y, false).value()?.to_f64_vec(), [1.0, 2.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    "triangular_solve" TriangularSolve {
        /// Whether the upper triangle is taken.
        upper: bool,
        /// Whether the diagonal counts as 1.
        unit: bool,
    }
}

impl Operation for TriangularSolve {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        rules::arity(x, 2)?;
        right_side(x[0], x[1])?;
        Ok(x[1].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::Own { can_fail: true, meaning: self }
    }

    fn vjp<'r>(&self, input: usize, x: &[Term<'r>], out: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        let to_y = x[0].t().triangular(g, !self.upper, self.unit);
        match input {
            0 => {
                let to_x = -to_y.matmul(out.t());
                let off = isize::from(self.unit);
                if self.upper { to_x.triu(off) } else { to_x.tril(-off) }.into()
            }
            _ => to_y.into(),
        }
    }

    fn batch<'r>(&self, all: &Examples<'_, 'r>) -> Term<'r> {
        all.together(self.clone())
    }

    fn samples() -> Vec<Sample<TriangularSolve>> {
        let square = Tensor::from([[1.375, 0.5, -0.75], [0.875, -1.5, 0.625], [-0.25, 0.375, 2.0]]);
        let right = Tensor::from([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]]);
        let both = [(false, false), (true, false), (false, true), (true, true)].into_iter();
        let sample = |(upper, unit)| {
            Sample::new(TriangularSolve { upper, unit }, vec![square.clone(), right.clone()])
        };
        let empty = TriangularSolve { upper: true, unit: false };
        let empty = Sample::shaped(empty, &[&[2, 0, 0], &[2, 0, 3]]);
        both.flat_map(sample)
            .chain(Sample::without_derivative(empty, "nothing can be moved"))
            .collect()
    }
}

impl Meaning for TriangularSolve {
    fn run(&self, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
        each("triangular_solve", x, out, |x, out| {
            if let (false, Some(i)) = (self.unit, (0..x[0].nrows()).find(|&i| x[0][(i, i)] == 0.0))
            {
                let what = format!("is singular: element {i} of its diagonal is 0");
                return Err(Failure::new(what, "pinv() and lstsq() take singular matrices"));
            }
            let mut right = x[1].to_owned();
            match (self.upper, self.unit) {
                (false, false) => x[0].solve_lower_triangular_in_place(&mut right),
                (true, false) => x[0].solve_upper_triangular_in_place(&mut right),
                (false, true) => x[0].solve_unit_lower_triangular_in_place(&mut right),
                (true, true) => x[0].solve_unit_upper_triangular_in_place(&mut right),
            }
            write(right.as_ref(), out);
            Ok(())
        })
    }
}
