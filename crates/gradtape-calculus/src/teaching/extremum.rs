//! What kind of place a point is: minimum, maximum, saddle or slope.

use std::fmt;

use gradtape::{Tensor, gradients};
use serde::Serialize;

use crate::expression::{Expr, read, reading_tape};
use crate::report::{Number, Result, short};

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
/// as zero where it is below a thousandth, along each eigenvector, of what the curvature along it would
/// make of a distance of 1: a gradient that is small across a valley may be large along it.
///
/// ```
/// use gradtape_calculus::{Expr, Kind, classify};
///
/// let valley = Expr::parse("(1-x)^2 + 100*(y-x^2)^2")?;
/// assert_eq!(classify(&valley, &[0.9, 0.81])?.kind, Kind::Slope);
/// assert_eq!(classify(&valley, &[1.0, 1.0])?.kind, Kind::Minimum);
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
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
    let axes = principal_axes(hessian, slope);
    let largest = axes.iter().fold(0.0_f64, |most, (curvature, _)| most.max(curvature.abs()));
    let flat = 1e-9 * largest;
    let is_steep = |(curvature, slope): &(f64, f64)| slope.abs() > flat.max(1e-3 * curvature.abs());
    let (up, down) = (
        axes.iter().filter(|(curvature, _)| *curvature > flat).count(),
        axes.iter().filter(|(curvature, _)| *curvature < -flat).count(),
    );
    let kind = match (up, down) {
        _ if axes.iter().any(is_steep) => Kind::Slope,
        (up, down) if up > 0 && down > 0 => Kind::Saddle,
        (up, _) if up == at.len() => Kind::Minimum,
        (_, down) if down == at.len() => Kind::Maximum,
        _ => Kind::Flat,
    };
    Ok(Place { kind, eigenvalues: axes.into_iter().map(|axis| Number(axis.0)).collect() })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Minimum => "a minimum",
            Kind::Maximum => "a maximum",
            Kind::Saddle => "a saddle",
            Kind::Flat => "flat: the Hessian does not tell what it is",
            Kind::Slope => "a slope: the gradient is not zero",
            Kind::Undefined => {
                "outside of where value, gradient and second derivatives are numbers"
            }
        })?;
        if !self.eigenvalues.is_empty() {
            let values: Vec<String> = self.eigenvalues.iter().map(|e| short(e.0)).collect();
            write!(f, " (eigenvalues of the Hessian: {})", values.join(", "))?;
        }
        Ok(())
    }
}

/// The eigenvalues of a symmetric matrix by Jacobi's rotations, the smallest first, each with the part
/// of a vector along its eigenvector.
fn principal_axes(mut a: Vec<Vec<f64>>, mut vector: Vec<f64>) -> Vec<(f64, f64)> {
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
                for row in a.iter_mut().chain([&mut vector]) {
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
    let mut axes: Vec<(f64, f64)> =
        vector.into_iter().enumerate().map(|(i, part)| (a[i][i], part)).collect();
    axes.sort_by(|a, b| a.0.total_cmp(&b.0));
    axes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_of_small_matrices() {
        let half = 0.5f64.sqrt();
        let found = principal_axes(vec![vec![2.0, 1.0], vec![1.0, 2.0]], vec![half, half]);
        for (found, want) in found.iter().zip([(1.0, 0.0), (3.0, 1.0)]) {
            assert!((found.0 - want.0).abs() < 1e-14 && (found.1.abs() - want.1).abs() < 1e-14);
        }
        let rows = vec![vec![2.0, -1.0, 0.0], vec![-1.0, 2.0, -1.0], vec![0.0, -1.0, 2.0]];
        let root = 2f64.sqrt();
        let found = principal_axes(rows, vec![1.0, root, 1.0]);
        for (found, want) in found.iter().zip([(2.0 - root, 2.0), (2.0, 0.0), (2.0 + root, 0.0)]) {
            assert!((found.0 - want.0).abs() < 1e-13, "{found:?} {want:?}");
            assert!((found.1.abs() - want.1).abs() < 1e-13, "{found:?} {want:?}");
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
            // Slopes along a direction that curves far less than another one.
            ("1000*x^2 + y", [0.0, 0.0], Kind::Slope),
            ("(1-x)^2 + 100*(y-x^2)^2", [0.9, 0.81], Kind::Slope),
            ("(1-x)^2 + 100*(y-x^2)^2", [1.0002, 1.0004], Kind::Minimum),
            ("(x+y)^2", [1.0, -1.0], Kind::Flat),
            ("log(x) + y", [-1.0, 0.0], Kind::Undefined),
        ] {
            assert_eq!(classify(&Expr::parse(text).unwrap(), &at).unwrap().kind, want, "{text}");
        }
    }
}
