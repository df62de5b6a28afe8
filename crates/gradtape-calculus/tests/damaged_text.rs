//! Damaged expressions are errors with a place, never panics.

use crate::mutations::mutated;
use gradtape_calculus::Expr;

#[test]
fn damaged_expressions_are_refused_or_read() {
    let samples: [&[u8]; 5] = [
        b"(a+b)*(b+1)",
        b"-x^2 + 3.5e-2*sin(y)/log1p(abs(z)) - max(x, min(y, 2))",
        b"pow(tanh(x), 3) ^ -1",
        b"erf(sqrt(x*x + y*y)) - softplus(-x)",
        b"1/(1 + exp(-(w*x + b)))",
    ];
    mutated(&samples, 40_000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        match Expr::parse(&text) {
            Ok(expr) => {
                let printed = expr.to_string();
                assert_eq!(Expr::parse(&printed).unwrap(), expr, "{text:?} as {printed:?}");
                true
            }
            Err(error) => {
                let place = error.position().expect("a place");
                assert!(place <= text.len(), "{text:?}: {place}");
                false
            }
        }
    });
}
