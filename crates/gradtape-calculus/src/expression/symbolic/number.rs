//! Coefficients: fractions as long as they are exact, else f64.

/// A fraction in lowest terms with a positive denominator, or the bits of a finite f64 that is not a
/// small integer. Equal numbers of one kind are equal as values, so that terms can be collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Number {
    Fraction(i64, i64),
    Float(u64),
}

impl Number {
    pub(super) const ZERO: Number = Number::Fraction(0, 1);
    pub(super) const ONE: Number = Number::Fraction(1, 1);
    pub(super) const HALF: Number = Number::Fraction(1, 2);

    /// The number of an f64, if it is finite.
    pub(super) fn new(value: f64) -> Option<Number> {
        let whole = value as i64;
        if whole as f64 == value && value.abs() < 9e15 {
            return Some(Number::Fraction(whole, 1));
        }
        value.is_finite().then_some(Number::Float(value.to_bits()))
    }

    pub(super) fn value(self) -> f64 {
        match self {
            Number::Fraction(p, q) => p as f64 / q as f64,
            Number::Float(bits) => f64::from_bits(bits),
        }
    }

    pub(super) fn is_zero(self) -> bool {
        self.value() == 0.0
    }

    pub(super) fn is_negative(self) -> bool {
        self.value() < 0.0
    }

    /// The number as an integer, if it is one.
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Number::Fraction(p, 1) => Some(p),
            _ => None,
        }
    }

    pub(super) fn neg(self) -> Number {
        match self {
            Number::Fraction(p, q) => Number::Fraction(-p, q),
            Number::Float(bits) => Number::Float((-f64::from_bits(bits)).to_bits()),
        }
    }

    /// The sum, unless it overflows, or is one of the two though the other is not 0.
    pub(super) fn add(self, other: Number) -> Option<Number> {
        if let (Number::Fraction(a, b), Number::Fraction(c, d)) = (self, other) {
            let (a, b, c, d) = (i128::from(a), i128::from(b), i128::from(c), i128::from(d));
            if let Some(sum) = fraction(a * d + b * c, b * d) {
                return Some(sum);
            }
        }
        let (a, b) = (self.value(), other.value());
        let sum = a + b;
        let lost = (sum == a && b != 0.0) || (sum == b && a != 0.0);
        if lost { None } else { Number::new(decimal(sum, a.abs().max(b.abs()))) }
    }

    /// The product, unless it overflows, or vanishes though no factor does.
    pub(super) fn mul(self, other: Number) -> Option<Number> {
        if let (Number::Fraction(a, b), Number::Fraction(c, d)) = (self, other) {
            let (a, b, c, d) = (i128::from(a), i128::from(b), i128::from(c), i128::from(d));
            if let Some(product) = fraction(a * c, b * d) {
                return Some(product);
            }
        }
        let product = self.value() * other.value();
        let vanished = product == 0.0 && !self.is_zero() && !other.is_zero();
        if vanished { None } else { Number::new(decimal(product, product.abs())) }
    }

    /// A power with a whole exponent; none of 0 to a negative one, or when it overflows or vanishes.
    pub(super) fn power(self, exponent: i64) -> Option<Number> {
        let base = match self {
            _ if exponent >= 0 => self,
            _ if self.is_zero() => return None,
            Number::Fraction(p, q) => fraction(i128::from(q), i128::from(p))?,
            Number::Float(bits) => Number::new(1.0 / f64::from_bits(bits))?,
        };
        if exponent.unsigned_abs() > 64 {
            return (base == Number::ONE).then_some(base);
        }
        (0..exponent.unsigned_abs()).try_fold(Number::ONE, |power, _| power.mul(base))
    }

    /// The square root of a fraction of squares.
    pub(super) fn root(self) -> Option<Number> {
        let Number::Fraction(p, q) = self else { return None };
        let root = |n: i64| {
            let root = (n as f64).sqrt() as i64;
            (n >= 0 && root.checked_mul(root) == Some(n)).then_some(root)
        };
        Some(Number::Fraction(root(p)?, root(q)?))
    }
}

/// The short decimal that a rounded result stands for, such as 0.3 for 3 * 0.1; `size` is that of what
/// was rounded.
fn decimal(value: f64, size: f64) -> f64 {
    let short = format!("{value:.11e}").parse().unwrap_or(value);
    if (short - value).abs() <= 2.0 * f64::EPSILON * size { short } else { value }
}

fn fraction(p: i128, q: i128) -> Option<Number> {
    let (mut a, mut b) = (p.unsigned_abs(), q.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    let divisor = i128::try_from(a).ok()? * q.signum();
    let small = |n: i128| i64::try_from(n).ok().filter(|n| n.unsigned_abs() < 1 << 53);
    Some(Number::Fraction(small(p.checked_div(divisor)?)?, small(q.checked_div(divisor)?)?))
}
