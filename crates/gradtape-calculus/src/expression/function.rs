//! The functions of the grammar: names, values, one list.

use gradtape::op::scalar::Scalar;

/// Stamps the list of functions: the enum and its tables.
macro_rules! functions {
    ($($(#[doc = $doc:literal])+ $variant:ident $name:literal $arity:literal;)*) => {
        /// A function that expressions can call.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Function {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Function {
            /// Every function, in the order of the grammar.
            pub const ALL: &'static [Function] = &[$(Function::$variant,)*];

            /// The name in text.
            pub fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)* }
            }

            /// What it is, in a sentence.
            pub fn doc(self) -> &'static str {
                match self { $(Function::$variant => concat!($($doc),+).trim_ascii_start(),)* }
            }

            /// The number of arguments, 1 or 2.
            pub fn arity(self) -> usize {
                match self { $(Function::$variant => $arity,)* }
            }
        }
    };
}

functions! {
    /// The exponential function.
    Exp "exp" 1;
    /// The natural logarithm; NaN below 0, -inf at 0.
    Log "log" 1;
    /// The square root; NaN below 0.
    Sqrt "sqrt" 1;
    /// The sine of an angle in radians.
    Sin "sin" 1;
    /// The cosine of an angle in radians.
    Cos "cos" 1;
    /// The tangent of an angle in radians.
    Tan "tan" 1;
    /// The hyperbolic tangent.
    Tanh "tanh" 1;
    /// The hyperbolic sine.
    Sinh "sinh" 1;
    /// The hyperbolic cosine.
    Cosh "cosh" 1;
    /// The inverse tangent, between -π/2 and π/2.
    Atan "atan" 1;
    /// 1 / (1 + exp(-x)), without overflow.
    Sigmoid "sigmoid" 1;
    /// max(0, x); its derivative at 0 is 0.
    Relu "relu" 1;
    /// log(1 + exp(x)), without overflow.
    Softplus "softplus" 1;
    /// x / (1 + |x|).
    Softsign "softsign" 1;
    /// The absolute value; its derivative at 0 is 0.
    Abs "abs" 1;
    /// -1, 0 or 1; the derivative of `abs`, with derivative 0 everywhere.
    Sign "sign" 1;
    /// 1 above 0, else 0; the derivative of `relu`, with derivative 0 everywhere.
    Step "step" 1;
    /// The error function, 2/√π times the integral of exp(-t²) from 0 to x.
    Erf "erf" 1;
    /// log(1 + x), exact for small x.
    Log1p "log1p" 1;
    /// exp(x) - 1, exact for small x.
    Expm1 "expm1" 1;
    /// The larger of two; at a tie each argument gets half of the derivative.
    Max "max" 2;
    /// The smaller of two; at a tie each argument gets half of the derivative.
    Min "min" 2;
    /// The first argument to the power of the second, the same as `^`.
    Pow "pow" 2;
    /// log(exp(x) + exp(y)), without overflow: a smooth maximum.
    Logsumexp "logsumexp" 2;
    /// x log(y), which is 0 at x = 0, as the convention 0 log 0 = 0 of entropies has it.
    Xlogy "xlogy" 2;
}

impl Function {
    /// Whether it is written with any number of arguments, of which the first two are joined first.
    pub(super) fn takes_any(self) -> bool {
        matches!(self, Function::Max | Function::Min | Function::Logsumexp)
    }

    /// The function of a name, if there is one.
    pub fn find(name: &str) -> Option<Function> {
        Function::ALL.iter().copied().find(|function| function.name() == name)
    }

    /// The value in f64. Functions of one argument ignore `y`; NaN in gives NaN out.
    pub fn value(self, x: f64, y: f64) -> f64 {
        match self {
            Function::Exp => x.exp(),
            Function::Log => x.ln(),
            Function::Sqrt => x.sqrt(),
            Function::Sin => x.sin(),
            Function::Cos => x.cos(),
            Function::Tan => x.tan(),
            Function::Tanh => x.tanh(),
            Function::Sinh => x.sinh(),
            Function::Cosh => x.cosh(),
            Function::Atan => x.atan(),
            Function::Sigmoid if x >= 0.0 => 1.0 / (1.0 + (-x).exp()),
            Function::Sigmoid => x.exp() / (1.0 + x.exp()),
            Function::Relu if x <= 0.0 => 0.0,
            Function::Relu => x,
            Function::Softplus if x > 0.0 => x + (-x).exp().ln_1p(),
            Function::Softplus => x.exp().ln_1p(),
            Function::Softsign if x.is_infinite() => x.signum(),
            Function::Softsign => x / (1.0 + x.abs()),
            Function::Abs => x.abs(),
            Function::Sign if x == 0.0 => 0.0,
            Function::Sign if x.is_nan() => x,
            Function::Sign => x.signum(),
            Function::Step if x.is_nan() => x,
            Function::Step => f64::from(u8::from(x > 0.0)),
            Function::Erf => Scalar::erf(x),
            Function::Log1p => x.ln_1p(),
            Function::Expm1 => x.exp_m1(),
            Function::Max if x > y || x.is_nan() => x,
            Function::Max => y,
            Function::Min if x < y || x.is_nan() => x,
            Function::Min => y,
            Function::Pow => x.powf(y),
            // Also where both are infinite.
            Function::Logsumexp if x == y => x + std::f64::consts::LN_2,
            Function::Logsumexp => Function::Max.value(x, y) + (-(x - y).abs()).exp().ln_1p(),
            Function::Xlogy if x == 0.0 && !y.is_nan() => 0.0,
            Function::Xlogy => x * y.ln(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_goes_through_every_function() {
        for &function in Function::ALL {
            assert!(function.value(f64::NAN, 1.0).is_nan(), "{}", function.name());
            if function.arity() == 2 {
                assert!(function.value(2.0, f64::NAN).is_nan(), "{}", function.name());
            }
        }
    }

    #[test]
    fn names_are_found_and_unique() {
        for &function in Function::ALL {
            assert_eq!(Function::find(function.name()), Some(function));
        }
        assert_eq!(Function::find("foo"), None);
    }
}
