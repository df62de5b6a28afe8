//! Whole numbers and truth values: they wrap around, are divided towards 0, and are never cut off silently.

use gradtape::{DType, Result, Tape, Tensor, Var};

#[test]
fn whole_numbers_divided_by_zero_are_an_error() {
    let tape = Tape::new();
    let x = tape.constant(Tensor::from([7i64, i64::MIN]));
    let text = (x / tape.constant(Tensor::from([2i64, 0]))).value().unwrap_err().to_string();
    assert!(text.contains("element 1 of the divisor is 0"), "{text}");
    let quotient = (x / tape.constant(Tensor::from([-2i64, -1]))).value().unwrap();
    assert_eq!(quotient.to_vec::<i64>().unwrap(), [-3, i64::MIN]);
    // Numbers of the program, which are divided when planning.
    let text = (x.literal(2.0) / x.literal(0.0)).value().unwrap_err().to_string();
    assert!(text.contains("element 0 of the divisor is 0"), "{text}");
}

#[test]
fn whole_numbers_wrap_around() -> Result<()> {
    let tape = Tape::new();
    let x = tape.constant(Tensor::from_slice(&[i64::MAX, i64::MIN], [2])?);
    assert_eq!((x + x).value()?.to_vec::<i64>()?, [-2, 0]);
    assert_eq!((x * x).value()?.to_vec::<i64>()?, [1, 0]);
    assert_eq!((-x).value()?.to_vec::<i64>()?, [-i64::MAX, i64::MIN]);
    Ok(())
}

/// The text of the error that a function of [2, 3] in i64 gives.
fn error(f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> String {
    let tape = Tape::new();
    f(tape.constant([2i64, 3])).value().unwrap_err().to_string()
}

#[test]
fn numbers_that_the_element_type_cannot_hold_are_errors() {
    for text in [
        error(|x| x * 0.5),
        error(|x| x.less(2.5)),
        error(|x| x.maximum(f64::NEG_INFINITY)),
        error(|x| x.clamp(None, 1e19)),
        error(|x| x + f64::NAN),
        error(|x| x.equal(2.0).equal(2.0)),
    ] {
        assert!(text.contains("is no i64") || text.contains("is no bool"), "{text}");
        assert!(text.contains("whole_numbers.rs") && text.contains("cast the operand"), "{text}");
    }
    let tape = Tape::new();
    let x = tape.constant([2i64, 3]);
    let scaled = (x * -3.0 + 1e15).value().unwrap();
    assert_eq!(scaled.to_vec::<i64>().unwrap(), [1_000_000_000_000_000 - 6, 999_999_999_999_991]);
}

#[test]
fn a_number_that_does_not_fit_is_an_error_in_a_recording_that_repeats_the_last_too() {
    let mut tape = Tape::new();
    let mut scaled = |factor: f64| {
        tape.reset();
        (tape.constant([2i64, 3]) * factor).value().map(|y| y.to_f64_vec())
    };
    assert_eq!(scaled(3.0).unwrap(), [6.0, 9.0]);
    assert_eq!(scaled(4.0).unwrap(), [8.0, 12.0]);
    assert!(scaled(0.25).unwrap_err().message().contains("0.25 is no i64"));
    assert_eq!(scaled(5.0).unwrap(), [10.0, 15.0]);
}

#[test]
fn means_of_whole_numbers_are_errors_and_not_cut_off() {
    for text in [error(|x| x.mean(())), error(|x| x.var((), 0)), error(|x| x.normalize(0, 1e-5))] {
        assert!(text.contains("needs floating-point numbers, not i64"), "{text}");
    }
    let tape = Tape::new();
    let x = tape.constant([2i64, 3]).cast(DType::F64);
    assert_eq!(x.mean(()).item().unwrap(), 2.5);
}

#[test]
fn the_least_whole_number_is_found() {
    let tape = Tape::new();
    let x = tape.constant([[0i64, i64::MIN, 7], [i64::MAX, 5, 5]]);
    assert_eq!(x.argmin(-1).value().unwrap().to_vec::<i64>().unwrap(), [1, 1]);
    let x = tape.constant([3.0, f64::NAN, f64::NEG_INFINITY]);
    assert_eq!(x.argmin(0).item().unwrap(), 1.0);
}
