//! The method of Levenberg and Marquardt on residuals with a known Jacobian.

/// Where the sum of squares is least.
pub(crate) struct Solved {
    pub(crate) at: Vec<f64>,
    pub(crate) squares: f64,
    /// The roots of the diagonal of (J'J)⁻¹.
    pub(crate) spread: Vec<f64>,
    pub(crate) iterations: usize,
    pub(crate) converged: bool,
}

/// Steps shorter than this, relative to the parameters, end the search.
const SHORT: f64 = 1e-11;

/// A full step that promises less than this share of the sum of squares is far shorter than the
/// parameters' standard errors.
const USELESS: f64 = 1e-14;

/// Starts at `at`. The residuals are what is wanted less the model, and come with the columns of the
/// model's Jacobian. `None` when they are not finite at the start, or cannot be computed.
pub(crate) fn solve(
    mut residuals: impl FnMut(&[f64]) -> Option<(Vec<f64>, Vec<Vec<f64>>)>,
    at: &[f64],
    most: usize,
) -> Option<Solved> {
    let mut at = at.to_vec();
    let (mut rest, mut jacobian) = residuals(&at)?;
    let mut squares = sum_of_squares(&rest);
    let finite = |squares: f64, jacobian: &[Vec<f64>]| {
        squares.is_finite() && jacobian.iter().flatten().all(|entry| entry.is_finite())
    };
    if !finite(squares, &jacobian) {
        return None;
    }
    let mut scale = vec![0.0_f64; at.len()];
    let mut damping = 1e-3;
    let mut raise = 2.0;
    let mut converged = false;
    let mut iterations = 0;
    while iterations < most {
        iterations += 1;
        for (scale, column) in scale.iter_mut().zip(&jacobian) {
            let size = sum_of_squares(column).sqrt();
            *scale = scale.max(if size > 0.0 { size } else { f64::MIN_POSITIVE.sqrt() });
        }
        let step = damped(&jacobian, &rest, &scale, damping);
        let moved: Vec<f64> = at.iter().zip(&step).map(|(a, s)| a + s).collect();
        let close = at.iter().zip(&step).all(|(a, s)| s.abs() <= SHORT * (a.abs() + SHORT));
        let (new_rest, new_jacobian) = residuals(&moved)?;
        let new_squares = sum_of_squares(&new_rest);
        let gain =
            (squares - new_squares) / promised(&jacobian, &rest, &step).max(f64::MIN_POSITIVE);
        let taken = finite(new_squares, &new_jacobian) && new_squares <= squares;
        if taken {
            (at, rest, jacobian, squares) = (moved, new_rest, new_jacobian, new_squares);
            damping *= (1.0 - (2.0 * gain.min(1.0) - 1.0).powi(3)).clamp(0.1, 10.0);
            damping = damping.max(1e-20);
            raise = 2.0;
        } else {
            damping *= raise;
            raise = (raise * 2.0_f64).min(1e6);
        }
        if taken && !close {
            continue;
        }
        // Is the step short or useless because the minimum is near, or because the damping is strong?
        let plain = damped(&jacobian, &rest, &scale, 0.0);
        let near = at.iter().zip(&plain).all(|(a, s)| s.abs() <= 1e-9 * (a.abs() + SHORT));
        if near || promised(&jacobian, &rest, &plain) <= USELESS * squares {
            converged = true;
            // The sum of squares is flat to rounding here; the Jacobian still knows the way.
            let last: Vec<f64> = at.iter().zip(&plain).map(|(a, s)| a + s).collect();
            let (new_rest, new_jacobian) = residuals(&last)?;
            let new_squares = sum_of_squares(&new_rest);
            if finite(new_squares, &new_jacobian) && new_squares <= squares * (1.0 + 1e-12) {
                (at, jacobian, squares) = (last, new_jacobian, new_squares);
            }
        }
        if converged || close {
            break;
        }
    }
    let spread = spread(&jacobian);
    Some(Solved { at, squares, spread, iterations, converged })
}

/// What a step takes off the sum of squares if the model were linear: |r|² - |r - J s|².
fn promised(jacobian: &[Vec<f64>], rest: &[f64], step: &[f64]) -> f64 {
    let linear = rest.iter().enumerate().map(|(row, r)| {
        let product: f64 = jacobian.iter().zip(step).map(|(column, s)| column[row] * s).sum();
        product * (2.0 * r - product)
    });
    linear.sum()
}

fn sum_of_squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}

/// The step that makes |J s - r|² + damping |D s|² least, by Householder's triangle: the normal
/// equations would lose half of the digits.
fn damped(jacobian: &[Vec<f64>], rest: &[f64], scale: &[f64], damping: f64) -> Vec<f64> {
    let count = jacobian.len();
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(count);
    for (place, column) in jacobian.iter().enumerate() {
        // In units of the scales, so that columns of very different size are treated alike.
        let mut long: Vec<f64> = column.iter().map(|entry| entry / scale[place]).collect();
        long.resize(rest.len() + count, 0.0);
        long[rest.len() + place] = damping.sqrt();
        columns.push(long);
    }
    let mut right = rest.to_vec();
    right.resize(rest.len() + count, 0.0);
    triangle(&mut columns, &mut right);
    let mut step = vec![0.0; count];
    for row in (0..count).rev() {
        let known: f64 = (row + 1..count).map(|column| columns[column][row] * step[column]).sum();
        let pivot = columns[row][row];
        step[row] = if pivot == 0.0 { 0.0 } else { (right[row] - known) / pivot };
    }
    step.iter().zip(scale).map(|(s, scale)| s / scale).collect()
}

/// Turns columns into an upper triangle by reflections, and the right side along with them.
fn triangle(columns: &mut [Vec<f64>], right: &mut [f64]) {
    for place in 0..columns.len() {
        let mut mirror = columns[place][place..].to_vec();
        let size = sum_of_squares(&mirror).sqrt();
        if size == 0.0 {
            continue;
        }
        mirror[0] += size.copysign(mirror[0]);
        let half = 0.5 * sum_of_squares(&mirror);
        let reflect = |column: &mut [f64]| {
            let product: f64 = mirror.iter().zip(column.iter()).map(|(m, c)| m * c).sum();
            let share = product / half;
            column.iter_mut().zip(&mirror).for_each(|(c, m)| *c -= share * m);
        };
        for column in columns[place..].iter_mut() {
            reflect(&mut column[place..]);
        }
        reflect(&mut right[place..]);
    }
}

/// The roots of the diagonal of (J'J)⁻¹ = R⁻¹ R⁻ᵀ: the lengths of the rows of R⁻¹.
fn spread(jacobian: &[Vec<f64>]) -> Vec<f64> {
    let count = jacobian.len();
    let mut columns = jacobian.to_vec();
    let mut right = vec![0.0; jacobian.first().map_or(0, Vec::len)];
    triangle(&mut columns, &mut right);
    let mut squares = vec![0.0; count];
    for unit in 0..count {
        let mut inverse = vec![0.0; count];
        for row in (0..=unit).rev() {
            let known: f64 = (row + 1..=unit).map(|c| columns[c][row] * inverse[c]).sum();
            let wanted = if row == unit { 1.0 } else { 0.0 };
            inverse[row] = (wanted - known) / columns[row][row];
        }
        for (square, entry) in squares.iter_mut().zip(&inverse) {
            *square += entry * entry;
        }
    }
    squares.into_iter().map(f64::sqrt).collect()
}
