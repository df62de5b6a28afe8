//! What would mend a text that is not in the grammar, for habits from elsewhere.

use gradtape::nearest;

use super::composed::Composed;
use super::function::Function;

/// Names that other programs and books use, and what to write here.
const ELSEWHERE: &[(&str, &str)] = &[
    ("ln", "the natural logarithm is `log(x)`"),
    ("log2", "write `log(x)/log(2)`"),
    ("log10", "write `log(x)/log(10)`"),
    ("lg", "write `log(x)/log(10)`"),
    ("sec", "write `1/cos(x)`"),
    ("csc", "write `1/sin(x)`"),
    ("cot", "write `1/tan(x)`"),
    ("ctg", "write `1/tan(x)`"),
    ("tg", "the tangent is `tan(x)`"),
    ("arctan", "the inverse tangent is `atan(x)`"),
    ("asin", "write `atan(x/sqrt(1 - x^2))`"),
    ("arcsin", "write `atan(x/sqrt(1 - x^2))`"),
    ("acos", "write `2*atan(sqrt((1 - x)/(1 + x)))`"),
    ("arccos", "write `2*atan(sqrt((1 - x)/(1 + x)))`"),
    ("sech", "write `1/cosh(x)`"),
    ("coth", "write `1/tanh(x)`"),
    ("sgn", "it is called `sign`"),
    ("fabs", "it is called `abs`"),
    ("logistic", "it is called `sigmoid`"),
    ("expit", "it is called `sigmoid`"),
    ("square", "write `x^2`"),
    ("sqr", "write `x^2`; the square root is `sqrt(x)`"),
    ("cbrt", "write `x^(1/3)`, for x from 0 on"),
    ("heaviside", "it is called `step`"),
    ("logaddexp", "it is called `logsumexp`"),
    ("clip", "it is called `clamp`"),
    ("silu", "write `x*sigmoid(x)`"),
    ("swish", "write `x*sigmoid(x)`"),
];

/// What to write for a function that the grammar does not have.
pub(super) fn unknown_function(name: &str) -> String {
    if let Some((_, hint)) = ELSEWHERE.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
        return hint.to_string();
    }
    let composed = Composed::ALL.iter().map(|composed| composed.name);
    let names = Function::ALL.iter().map(|function| function.name()).chain(composed);
    let all = || names.clone().collect::<Vec<_>>().join(" ");
    match nearest(name, names.clone()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("the functions are {}; a product with it is written `{name}*(…)`", all()),
    }
}

/// How to call a function that `after` follows.
pub(super) fn function_without_call(name: &str, after: &str) -> String {
    match after.starts_with('^') {
        true => format!("a power of it is written `{name}(x)^2`"),
        false => format!("write `{name}(x)`; a variable needs another name than `{name}`"),
    }
}

/// What to write for a character that the grammar does not have.
pub(super) fn character(c: char) -> Option<&'static str> {
    Some(match c {
        '×' | '·' | '⋅' => "multiplication is written `*`",
        '÷' => "division is written `/`",
        ':' => "division is written `/`; a colon stands once, after `while …`, `for …` or `if …`",
        '<' | '>' => {
            "two numbers are compared in programs, which `explain` runs: while x > 1: x = x/2; x^2"
        }
        '−' | '–' => "minus is written `-`",
        '{' | '}' => {
            "only ( and ) group; in programs, braces hold a body: while x > 1: { x = x/2; n = n + 1 }; n"
        }
        '=' => {
            "write the right side of the equation alone, or name a part before the expression: y = x^2; y*sin(y)"
        }
        '√' => "the square root is written `sqrt(x)`",
        '²' | '³' => "powers are written `x^2`",
        '|' => "the absolute value is written `abs(x)`",
        '\'' | '′' => "a derivative is written `d/dx (x^2)`",
        ';' => "`;` stands between whole expressions: it cannot be inside of parentheses",
        'π' => "write `pi`, and give it a value as a variable",
        c if c.is_alphabetic() => "names are of the letters a to z, digits and `_`, as in alpha_1",
        _ => return None,
    })
}

/// Whether a comma stands between digits.
pub(super) fn is_decimal(text: &str, comma: usize) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| byte.is_ascii_digit())
    };
    digit(comma.checked_sub(1)) && digit(comma.checked_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expr;

    #[test]
    fn what_is_to_be_written_is_in_the_grammar() {
        for (name, hint) in ELSEWHERE {
            assert_eq!(Function::find(name), None, "{name}");
            for written in hint.split('`').skip(1).step_by(2) {
                let is_function =
                    Function::find(written).is_some() || Composed::find(written).is_some();
                assert!(is_function || Expr::parse(written).is_ok(), "{written}");
            }
        }
    }

    #[test]
    fn inverse_functions_are_what_they_stand_for() {
        let hint = |name| ELSEWHERE.iter().find(|(other, _)| *other == name).unwrap().1;
        let value = |name, x: f64| {
            let text = hint(name).split('`').nth(1).unwrap();
            Expr::parse(text).unwrap().value(&[("x", x)]).unwrap()
        };
        for x in [-0.9, -0.2, 0.0, 0.5, 0.99] {
            assert!((value("asin", x) - x.asin()).abs() < 1e-14, "{x}");
            assert!((value("acos", x) - x.acos()).abs() < 1e-14, "{x}");
        }
        assert!((value("log10", 1000.0) - 3.0).abs() < 1e-14);
    }
}
