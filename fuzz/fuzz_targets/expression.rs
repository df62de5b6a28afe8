//! Expressions: `cargo fuzz run expression`.
#![no_main]

use gradtape_calculus::Expr;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(expr) = Expr::parse(text) {
        assert_eq!(Expr::parse(&expr.to_string()).unwrap(), expr);
    }
});
