//! What kind of place a point is: minimum, maximum, saddle or slope.

use std::fmt;

use gradtape::{Tensor, gradients};
use serde::Serialize;

use crate::error::Result;
use crate::explain::read;
use crate::expr::Expr;
use crate::json::{Number, short};
use crate::record::reading_tape;

/// A place and the eigenvalues of its Hessian.
#[derive(Clone, Debug, Serialize)]
pub struct Place {
    /// What it is.
    pub kind: Kind,
    /// The eigenvalues of the Hessian, the smallest first; empty beyond 64 variables.
    pub eigenvalues: Vec<Number>,
}

/// What a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The gradient vanishes and every direction curves up.
    Minimum,
    /// The gradient vanishes and every direction curves down.
    Maximum,
    /// The gradient vanishes, and directions curve both ways.
    Saddle,
    /// The gradient vanishes, and some direction does not curve: the Hessian does not tell.
    Flat,
    /// The gradient does not vanish.
    Slope,
    /// The value, the gradient or the Hessian is not a number.
    Undefined,
}

/// More variables than this have a Hessian too large to look at.
const MAX_VARIABLES: usize = 64;

/// Tells a minimum from a saddle by the eigenvalues of the Hessian from the tape. The gradient counts
/// as zero below a thousandth of what the curvature would make of a distance of 1.
///
/// # Errors
/// As reading from a tape.
pub fn classify(expr: &Expr, at: &[f64]) -> Result<Place> {
    if at.len() > MAX_VARIABLES {
        return Ok(Place { kind: Kind::Undefined, eigenvalues: Vec::new() });
    }
    let tape = reading_tape();
    let inputs: Vec<_> = at.iter().map(|&value| tape.watch(Tensor::scalar(value))).collect();
    let value = expr.record(&tape, &inputs);
    let first = gradients(value, &inputs);
    let slope = read(&first)?;
    let value = read(&[value])?;
    let mut hessian = Vec::new();
    for &row in &first {
        hessian.push(read(&gradients(row, &inputs))?);
    }
    let all = || value.iter().chain(&slope).chain(hessian.iter().flatten());
    if all().any(|number| !number.is_finite()) {
        return Ok(Place { kind: Kind::Undefined, eigenvalues: Vec::new() });
    }
    let eigenvalues = eigenvalues(hessian);
    let largest = eigenvalues.iter().fold(0.0_f64, |most, e| most.max(e.abs()));
    let steep = slope.iter().fold(0.0_f64, |length, &g| length.hypot(g));
    let flat = 1e-9 * largest;
    let (up, down) = (
        eigenvalues.iter().filter(|&&e| e > flat).count(),
        eigenvalues.iter().filter(|&&e| e < -flat).count(),
    );
    let kind = match (up, down) {
        _ if steep > 1e-3 * largest => Kind::Slope,
        (up, down) if up > 0 && down > 0 => Kind::Saddle,
        (up, _) if up == at.len() => Kind::Minimum,
        (_, down) if down == at.len() => Kind::Maximum,
        _ => Kind::Flat,
    };
    Ok(Place { kind, eigenvalues: eigenvalues.into_iter().map(Number).collect() })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Minimum => "a minimum",
            Kind::Maximum => "a maximum",
            Kind::Saddle => "a saddle",
            Kind::Flat => "flat: the Hessian does not tell what it is",
            Kind::Slope => "a slope: the gradient is not zero",
            Kind::Undefined => "no place with a Hessian",
        })?;
        if !self.eigenvalues.is_empty() {
            let values: Vec<String> = self.eigenvalues.iter().map(|e| short(e.0)).collect();
            write!(f, " (eigenvalues of the Hessian: {})", values.join(", "))?;
        }
        Ok(())
    }
}

/// The eigenvalues of a symmetric matrix by Jacobi's rotations, the smallest first.
pub(crate) fn eigenvalues(mut a: Vec<Vec<f64>>) -> Vec<f64> {
    let n = a.len();
    for _ in 0..64 {
        let mut rest = 0.0;
        for p in 0..n {
            for q in p + 1..n {
                let apq = 0.5 * (a[p][q] + a[q][p]);
                rest += apq * apq;
                if apq == 0.0 {
                    continue;
                }
                let theta = 0.5 * (a[q][q] - a[p][p]) / apq;
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for row in a.iter_mut() {
                    let (x, y) = (row[p], row[q]);
                    row[p] = c * x - s * y;
                    row[q] = s * x + c * y;
                }
                let (upper, lower) = a.split_at_mut(q);
                for (x, y) in upper[p].iter_mut().zip(&mut lower[0]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
            }
        }
        if rest == 0.0 {
            break;
        }
    }
    let mut values: Vec<f64> = (0..n).map(|i| a[i][i]).collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eigenvalues_of_small_matrices() {
        let found = eigenvalues(vec![vec![2.0, 1.0], vec![1.0, 2.0]]);
        assert!((found[0] - 1.0).abs() < 1e-14 && (found[1] - 3.0).abs() < 1e-14);
        let found =
            eigenvalues(vec![vec![2.0, -1.0, 0.0], vec![-1.0, 2.0, -1.0], vec![0.0, -1.0, 2.0]]);
        let root = 2f64.sqrt();
        for (found, want) in found.iter().zip([2.0 - root, 2.0, 2.0 + root]) {
            assert!((found - want).abs() < 1e-13, "{found} {want}");
        }
    }

    #[test]
    fn places_are_told_apart() {
        for (text, at, want) in [
            ("x^2 + 3*y^2", [0.0, 0.0], Kind::Minimum),
            ("-x^2 - y^2", [0.0, 0.0], Kind::Maximum),
            ("x^2 - y^2", [0.0, 0.0], Kind::Saddle),
            ("x^2 + y^4", [0.0, 0.0], Kind::Flat),
            ("x^2 + y", [0.0, 0.0], Kind::Slope),
            ("log(x) + y", [-1.0, 0.0], Kind::Undefined),
        ] {
            assert_eq!(classify(&Expr::parse(text).unwrap(), &at).unwrap().kind, want, "{text}");
        }
    }
}
