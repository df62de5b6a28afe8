//! Lines that record the same share a plan; an error names the line of this recording.

use gradtape::{DType, Tape, Var};

/// What a line records of numbers and of whole ones, and its number.
type Line = for<'t> fn(Var<'t>, Var<'t>) -> (Var<'t>, u32);

/// Each operation that can fail for the numbers it is given, from two lines.
#[rustfmt::skip]
const PAIRS: [(&str, [Line; 2]); 7] = [
    ("div", [
        |_, i| (i / (i * 0.0), line!()),
        |_, i| (i / (i * 0.0), line!()),
    ]),
    ("one_hot", [
        |_, i| (i.one_hot(2, DType::F32), line!()),
        |_, i| (i.one_hot(2, DType::F32), line!()),
    ]),
    ("one_hot", [
        |_, i| ((i + 1.0).one_hot(2, DType::I64), line!()),
        |_, i| ((i + 1.0).one_hot(2, DType::I64), line!()),
    ]),
    ("gather", [
        |x, i| (x.gather(0, i), line!()),
        |x, i| (x.gather(0, i), line!()),
    ]),
    ("index_select", [
        |x, i| (x.index_select(0, i), line!()),
        |x, i| (x.index_select(0, i), line!()),
    ]),
    ("index_add", [
        |x, i| (x.index_add(0, i, 2), line!()),
        |x, i| (x.index_add(0, i, 2), line!()),
    ]),
    ("scatter_add", [
        |x, i| (x.scatter_add(0, i, [2]), line!()),
        |x, i| (x.scatter_add(0, i, [2]), line!()),
    ]),
];

fn error(tape: &Tape, line: Line) -> (String, u32) {
    let x = tape.constant([1.0, 2.0, 3.0]);
    let index = tape.constant([0i64, 1, 4]);
    let (y, number) = line(x, index);
    (y.value().unwrap_err().to_string(), number)
}

#[test]
fn the_line_of_this_recording_is_named() {
    for (name, lines) in PAIRS {
        let mut kept = Tape::new();
        for round in 0..3 {
            for line in lines {
                kept.reset();
                for (text, number) in [error(&Tape::new(), line), error(&kept, line)] {
                    let place = format!("shared_plans.rs:{number}:");
                    assert!(text.contains(name), "{name}, round {round}: {text}");
                    assert!(text.contains(&place), "{name}, round {round}: {text} not {place}");
                }
            }
        }
    }
}

#[test]
fn the_element_is_named_where_it_is_recorded() {
    let tape = Tape::new();
    let wide = |column: [[i64; 1]; 2]| tape.constant(column).broadcast_to([2, 3]);
    let text = (wide([[1], [2]]) / wide([[3], [0]])).value().unwrap_err().to_string();
    assert!(text.contains("element 3 of the divisor is 0"), "{text}");
}
