//! Functions of expressions that are made of others: softmax, ranks, sorting.

use super::build::Builder;
use super::function::Function;
use super::node::{Id, Operator};

/// A function that stands for an expression in its arguments. The graph shows what it is made of.
///
/// ```
/// use gradtape_calculus::{Composed, Expr};
///
/// let e = Expr::parse("softmax(a, b)[1]")?;
/// assert_eq!(e.to_string(), "exp(a - logsumexp(a, b))");
/// assert_eq!(Composed::find("softmax").unwrap().example, "softmax(a, b)[1]");
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
#[derive(Debug)]
pub struct Composed {
    /// The name in text.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// A call of it.
    pub example: &'static str,
    /// The least number of arguments, and the greatest.
    pub arguments: [usize; 2],
    /// Whether it has a result for each argument, one of which is chosen by `[1]`, `[2]`, …
    pub indexed: bool,
    build: fn(&mut Builder, &[Id], usize) -> Id,
}

/// Each is compared with each.
const MOST: usize = 16;

impl Composed {
    /// Every one.
    pub const ALL: &'static [Composed] = &[
        Composed {
            name: "clamp",
            doc: "The first argument, but at least the second and at most the third.",
            example: "clamp(x, 0, 1)",
            arguments: [3, 3],
            indexed: false,
            build: |b, x, _| {
                let least = b.call2(Function::Max, x[0], x[1]);
                b.call2(Function::Min, least, x[2])
            },
        },
        Composed {
            name: "kl",
            doc: "p log(p/q), a term of the Kullback-Leibler divergence, with 0 log 0 = 0.",
            example: "kl(p, q)",
            arguments: [2, 2],
            indexed: false,
            build: |b, x, _| {
                let entropy = b.call2(Function::Xlogy, x[0], x[0]);
                let cross = b.call2(Function::Xlogy, x[0], x[1]);
                b.binary(Operator::Sub, entropy, cross)
            },
        },
        Composed {
            name: "softmax",
            doc: "exp of an argument over the sum of exp of all, without overflow: shares that add up to 1.",
            example: "softmax(a, b)[1]",
            arguments: [2, MOST],
            indexed: true,
            build: |b, x, place| {
                let sum = fold(b, Function::Logsumexp, x);
                let difference = b.binary(Operator::Sub, x[place], sum);
                b.call(Function::Exp, difference)
            },
        },
        Composed {
            name: "argmax",
            doc: "The place of the largest argument, counted from 1, the first one at a tie; its derivative is 0 \
                  wherever there is one.",
            example: "argmax(a, b)",
            arguments: [2, MOST],
            indexed: false,
            build: |b, x, _| {
                let (mut best, mut place) = (x[0], b.number(1.0));
                for (number, &next) in x.iter().enumerate().skip(1) {
                    let larger = above(b, next, best);
                    let own = b.number(number as f64 + 1.0);
                    let further = b.binary(Operator::Sub, own, place);
                    let jump = b.binary(Operator::Mul, larger, further);
                    place = b.binary(Operator::Add, place, jump);
                    best = b.call2(Function::Max, best, next);
                }
                place
            },
        },
        Composed {
            name: "rank",
            doc: "1 and how many of the others are less than an argument; its derivative is 0 wherever there is one.",
            example: "rank(a, b)[1]",
            arguments: [2, MOST],
            indexed: true,
            build: |b, x, place| ranked(b, x, place, above),
        },
        Composed {
            name: "softrank",
            doc: "1 and the sigmoids of the differences to the others (Qin, Liu and Li 2010): `rank` with a slope.",
            example: "softrank(a, b)[1]",
            arguments: [2, MOST],
            indexed: true,
            build: |b, x, place| {
                ranked(b, x, place, |b, own, other| {
                    let difference = b.binary(Operator::Sub, own, other);
                    b.call(Function::Sigmoid, difference)
                })
            },
        },
        Composed {
            name: "sort",
            doc: "The least argument at [1], the next one at [2], and so on.",
            example: "sort(a, b)[1]",
            // A network of exchanges, written out, doubles with each.
            arguments: [2, 6],
            indexed: true,
            build: |b, x, place| {
                let mut sorted = x.to_vec();
                for end in (1..sorted.len()).rev() {
                    for i in 0..end {
                        let pair = [sorted[i], sorted[i + 1]];
                        sorted[i] = b.call2(Function::Min, pair[0], pair[1]);
                        sorted[i + 1] = b.call2(Function::Max, pair[0], pair[1]);
                    }
                }
                sorted[place]
            },
        },
    ];

    /// The one of a name, if there is one.
    pub fn find(name: &str) -> Option<&'static Composed> {
        Composed::ALL.iter().find(|composed| composed.name == name)
    }

    /// Adds its nodes. The number of arguments must be allowed, the place, from 0, less than it.
    pub(super) fn build(&self, builder: &mut Builder, arguments: &[Id], place: usize) -> Id {
        (self.build)(builder, arguments, place)
    }
}

/// A function of two arguments on any number, from the left.
pub(super) fn fold(builder: &mut Builder, function: Function, arguments: &[Id]) -> Id {
    let rest = &arguments[1..];
    rest.iter().fold(arguments[0], |first, &next| builder.call2(function, first, next))
}

/// 1 where `x` is above `y`, else 0.
fn above(builder: &mut Builder, x: Id, y: Id) -> Id {
    let difference = builder.binary(Operator::Sub, x, y);
    builder.call(Function::Step, difference)
}

/// 1 and the sum of how far an argument is above each of the others.
fn ranked(
    builder: &mut Builder,
    x: &[Id],
    place: usize,
    over: impl Fn(&mut Builder, Id, Id) -> Id,
) -> Id {
    let mut sum = builder.number(1.0);
    for (number, &other) in x.iter().enumerate() {
        if number != place {
            let part = over(builder, x[place], other);
            sum = builder.binary(Operator::Add, sum, part);
        }
    }
    sum
}
