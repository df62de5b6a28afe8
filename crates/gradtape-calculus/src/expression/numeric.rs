//! Derivatives from differences of values.

/// The forward difference (f(x + h) - f(x)) / h, whose error falls with h, then grows with rounding: of the values,
/// and of x + h, which is not exactly h away from x.
pub fn forward_difference(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> f64 {
    (f(x + h) - f(x)) / h
}

/// The central difference (f(x + h) - f(x - h)) / 2h, whose error falls with h², then grows with rounding.
pub fn central_difference(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> f64 {
    (f(x + h) - f(x - h)) / (2.0 * h)
}

/// The central difference over the step that was taken, whatever rounding made of x + h and x - h.
fn exact_difference(mut f: impl FnMut(f64) -> f64, x: f64, h: f64) -> f64 {
    let (above, below) = (x + h, x - h);
    (f(above) - f(below)) / (above - below)
}

/// The step that balances truncation and rounding for a forward difference: √ε times the scale of x.
pub fn forward_step(x: f64) -> f64 {
    f64::EPSILON.sqrt() * scale(x)
}

/// The step that balances truncation and rounding for a central difference: ∛ε times the scale of x.
pub fn central_step(x: f64) -> f64 {
    f64::EPSILON.cbrt() * scale(x)
}

/// The size of x, but at least 1, so that x = 0 has a step too.
fn scale(x: f64) -> f64 {
    x.abs().max(1.0)
}

/// A derivative by Richardson's extrapolation and an estimate of its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extrapolated {
    /// The derivative; NaN where no two steps gave numbers.
    pub derivative: f64,
    /// How far the last extrapolations were apart, and what rounding adds.
    pub error: f64,
}

/// Central differences at steps that halve, extrapolated to step 0 (Ridders 1982): the entry of the
/// table that differs least from its neighbours.
///
/// ```
/// let found = gradtape_calculus::richardson(f64::exp, 1.0);
/// assert!((found.derivative - 1f64.exp()).abs() < 1e-11);
/// ```
pub fn richardson(mut f: impl FnMut(f64) -> f64, x: f64) -> Extrapolated {
    let found = extrapolated(&mut f, x, 0.125 * scale(x));
    // The domain may end close to 0, as that of a logarithm.
    match found.derivative.is_nan() && x != 0.0 {
        true => extrapolated(&mut f, x, 0.125 * x.abs()),
        false => found,
    }
}

/// From steps that begin with `h`.
fn extrapolated(mut f: impl FnMut(f64) -> f64, x: f64, mut h: f64) -> Extrapolated {
    let mut best = Extrapolated { derivative: f64::NAN, error: f64::INFINITY };
    let mut last: Vec<f64> = Vec::new();
    let size = f(x).abs();
    for _ in 0..STEPS {
        let mut row = vec![exact_difference(&mut f, x, h)];
        let mut weight = 4.0;
        for (column, before) in last.iter().enumerate() {
            let better = row[column] + (row[column] - before) / (weight - 1.0);
            let apart = (better - row[column]).abs().max((better - before).abs());
            // What rounding of f alone does to the difference, so that no chance agreement wins.
            let error = apart + f64::EPSILON * size / h;
            if error < best.error {
                best = Extrapolated { derivative: better, error };
            }
            row.push(better);
            weight *= 4.0;
        }
        // Outside the domain there is nothing to extrapolate from.
        last = if row[0].is_finite() { row } else { Vec::new() };
        h *= 0.5;
    }
    best
}

const STEPS: usize = 18;

/// The error of each way to take differences at one step size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepErrors {
    /// The step.
    pub step: f64,
    /// The forward difference less the true derivative, without sign.
    pub forward: f64,
    /// The same for the central difference.
    pub central: f64,
    /// The same for one extrapolation from this step and its half.
    pub extrapolated: f64,
    /// What rounding of the values and of x + h, by half a unit in their last places, may add to the central
    /// difference; to the forward one twice as much, to the extrapolated one three times.
    pub rounding: f64,
}

/// The errors at steps 1, 10^-0.5, … 10^-16, against a known derivative: on the left truncation, on the
/// right cancellation.
pub fn step_errors(mut f: impl FnMut(f64) -> f64, x: f64, derivative: f64) -> Vec<StepErrors> {
    let errors = (0..=32).map(|half_decades| {
        let step = 10f64.powf(-0.5 * f64::from(half_decades));
        let central = central_difference(&mut f, x, step);
        let half = central_difference(&mut f, x, 0.5 * step);
        let error = |found: f64| (found - derivative).abs();
        let values = [x, x + step, x - step].map(&mut f);
        let size = values.into_iter().fold(0.0_f64, |size, value| size.max(value.abs()));
        StepErrors {
            step,
            rounding: 0.5 * f64::EPSILON * (size + (derivative * x).abs()) / step,
            forward: error(forward_difference(&mut f, x, step)),
            central: error(central),
            extrapolated: error(half + (half - central) / 3.0),
        }
    });
    errors.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_as_exact_as_its_order_allows() {
        let (x, want) = (0.7_f64, 0.7_f64.cos());
        let forward = forward_difference(f64::sin, x, forward_step(x));
        let central = central_difference(f64::sin, x, central_step(x));
        assert!((forward - want).abs() < 1e-7);
        assert!((central - want).abs() < 1e-10);
        assert!((richardson(f64::sin, x).derivative - want).abs() < 1e-12);
    }

    #[test]
    fn extrapolation_finds_steps_inside_the_domain() {
        for x in [1e-3, 1e-6, 1e-100] {
            let found = richardson(f64::ln, x);
            assert!((found.derivative * x - 1.0).abs() < 1e-9, "{found:?}");
        }
        assert!(richardson(f64::ln, -1.0).derivative.is_nan());
    }

    #[test]
    fn errors_fall_by_their_order_and_rise_by_cancellation() {
        let table = step_errors(f64::exp, 1.0, 1f64.exp());
        let at = |step: f64| table.iter().find(|row| (row.step / step - 1.0).abs() < 1e-9).unwrap();
        let ratio = at(1e-2).forward / at(1e-3).forward;
        assert!((9.0..11.0).contains(&ratio), "{ratio}");
        let ratio = at(1e-1).central / at(1e-2).central;
        assert!((95.0..105.0).contains(&ratio), "{ratio}");
        assert!(at(1e-15).central > 1e3 * at(1e-5).central);
    }
}
