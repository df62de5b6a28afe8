//! Points that a formula divides, or to which it gives a value.

use gradtape::{Error, Kind, Result, Rng};
use gradtape_calculus::Expr;

/// What a formula says of points (x, y).
pub(crate) enum Formula {
    /// Class 1 where the first is larger than the second.
    Above(Expr, Expr),
    /// A number.
    Value(Expr),
}

impl Formula {
    /// Reads `y > f(x)`, `f(x, y) < 1` or an expression in x, or x and y.
    ///
    /// Fails where an expression cannot be read, with its place, and for other variables.
    pub(crate) fn read(text: &str) -> Result<Formula> {
        let sides: Vec<&str> = text.split(['<', '>']).collect();
        let expression = |side: &str| -> Result<Expr> {
            let told = |error: gradtape_calculus::Error| {
                Error::new(Kind::Value, format!("formula: {error}"))
            };
            let expression = Expr::parse(side).map_err(told)?;
            if let Some(other) = expression.variables().find(|name| !["x", "y"].contains(name)) {
                let message = format!("formula: what is {other} in {side:?}?");
                return Err(
                    Error::new(Kind::Value, message).hint("a point has the coordinates x and y")
                );
            }
            Ok(expression)
        };
        match sides[..] {
            [value] => Ok(Formula::Value(expression(value)?)),
            [left, right] => {
                let (left, right) = (expression(left)?, expression(right)?);
                Ok(match text.contains('>') {
                    true => Formula::Above(left, right),
                    false => Formula::Above(right, left),
                })
            }
            _ => Err(Error::new(Kind::Value, format!("formula: {text:?} compares more than once"))
                .hint("write y > x^2 for two classes, or sin(3*x)*y for a number")),
        }
    }

    /// Whether y is looked at.
    pub(crate) fn uses_y(&self) -> bool {
        match self {
            Formula::Above(..) => true,
            Formula::Value(value) => value.variables().any(|name| name == "y"),
        }
    }

    /// Whether a point is of class 1, or its value.
    fn of(&self, x: f64, y: f64) -> f64 {
        let value = |expression: &Expr| {
            let at: Vec<f64> =
                expression.variables().map(|name| if name == "x" { x } else { y }).collect();
            expression.evaluate(&at)
        };
        match self {
            Formula::Above(left, right) => f64::from(value(left) > value(right)),
            Formula::Value(expression) => value(expression),
        }
    }

    /// Points drawn evenly from the square [-1, 1] x [-1, 1] with what the formula says of them. Noise is added to the
    /// coordinates after the class is decided, or to the value.
    ///
    /// Fails where it has no finite value at a point, and where all points are of one class.
    pub(crate) fn points(&self, n: usize, noise: f64, seed: u64) -> Result<Vec<([f64; 2], f64)>> {
        let mut places = Rng::new(seed).split(0);
        let mut rng = Rng::new(seed).split(1);
        let mut points = Vec::with_capacity(n);
        for _ in 0..n {
            let [mut x, mut y] = [0, 1].map(|_| 2.0 * places.uniform() - 1.0);
            let mut value = self.of(x, y);
            if !value.is_finite() {
                let message = format!("formula: its value at x = {x:.3}, y = {y:.3} is {value}");
                return Err(Error::new(Kind::Value, message)
                    .hint("it needs a value wherever x and y are between -1 and 1"));
            }
            match self {
                Formula::Above(..) => {
                    (x, y) = (x + noise * rng.normal(), y + noise * rng.normal());
                }
                Formula::Value(_) => value += noise * rng.normal(),
            }
            points.push(([x, y], value));
        }
        if matches!(self, Formula::Above(..)) {
            let ones = points.iter().filter(|(_, class)| *class == 1.0).count();
            if ones == 0 || ones == n {
                let side = if ones == 0 { "false" } else { "true" };
                let message = format!("formula: it is {side} of all {n} points");
                return Err(Error::new(Kind::Value, message)
                    .hint("points have x and y between -1 and 1; it must hold of some of them"));
            }
        }
        Ok(points)
    }
}
