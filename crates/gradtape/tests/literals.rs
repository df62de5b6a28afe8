//! Numbers and references beside values, in all the ways that programs write them.

use gradtape::{DType, Result, Tape, Tensor, Var};

#[test]
fn any_number_beside_a_value_takes_its_type() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([1.0f32, 2.0]);
    let (n, k, f) = (3usize, -2i64, 0.5f32);
    for (y, expected) in [
        (x * 2, [2.0, 4.0]),
        (2 * x, [2.0, 4.0]),
        (x * 0.5f32, [0.5, 1.0]),
        (x * f - k, [2.5, 3.0]),
        (x / n * 3u8, [1.0, 2.0]),
        (6 / x, [6.0, 3.0]),
        (1 - x, [0.0, -1.0]),
        (-x + 1, [0.0, -1.0]),
        (x.pow(2), [1.0, 4.0]),
        (x.maximum(2).minimum(n), [2.0, 2.0]),
        (x.greater(1).select(0, x), [1.0, 0.0]),
    ] {
        assert_eq!((y.dtype(), y.value()?.to_f64_vec()), (DType::F32, expected.to_vec()));
    }
    let whole = tape.constant([3i64, 4]);
    assert_eq!((whole * 2 + n).value()?.to_vec::<i64>()?, [9, 11]);
    Ok(())
}

#[test]
fn what_literals_give_is_known_before_their_type() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch(0.25);
    let k = 3.0;
    let y = (1.0 / (1.0 + (-2.0 * (x * k)).exp())).tanh() + (2 * x).abs().powf(2.0) - (x * 2).sin();
    let z = (x * (1.0 - 0.5 * 0.5) + 2.0 * 3.0).sqrt() + (0..3).map(|i| x * i).sum::<Var>().exp();
    let fold = [x, y].iter().fold(z, |sum, var| sum + *var * -1.0);
    assert!(fold.item()?.is_finite());
    Ok(())
}

#[test]
fn operators_assign() -> Result<()> {
    let tape = Tape::new();
    let (x, y) = (tape.watch([1.0, 2.0]), tape.watch(4.0));
    let mut s = x;
    s += y;
    s *= 2;
    s -= 1.0f32;
    s /= &x;
    assert_eq!(s.value()?.to_f64_vec(), [9.0, 5.5]);
    for v in &[x, y] {
        s += v;
    }
    assert_eq!(s.value()?.to_f64_vec(), [14.0, 11.5]);
    Ok(())
}

#[test]
fn values_are_summed_and_multiplied() -> Result<()> {
    let tape = Tape::new();
    let vars = [tape.watch(2.0), tape.watch(3.0), tape.watch([1.0, 2.0])];
    assert_eq!(vars.iter().sum::<Var>().value()?.to_f64_vec(), [6.0, 7.0]);
    assert_eq!(vars.into_iter().product::<Var>().value()?.to_f64_vec(), [6.0, 12.0]);
    Ok(())
}

#[test]
fn the_sum_of_nothing_is_an_error_wherever_it_goes() {
    let none: [Var<'_>; 0] = [];
    let tape = Tape::new();
    let x = tape.watch(1.0);
    let sum: Var = none.iter().sum();
    let product: Var = none.iter().product();
    for (var, name) in
        [(sum, "sum"), (product, "product"), (x + sum, "sum"), (sum.exp() * x, "sum")]
    {
        let (line, error) = (line!(), var.item().unwrap_err());
        assert!(error.message().starts_with(&format!("{name}: there is no value")), "{error}");
        assert_eq!(error.location().map(|at| at.line()), Some(line), "{error}");
    }
    let [g] = gradtape::gradient(sum, [x]);
    assert!(g.item().unwrap_err().message().starts_with("sum:"));
    assert!(gradtape::evaluate(&[x, sum]).unwrap_err().message().starts_with("sum:"));
}

#[test]
fn whole_numbers_that_a_literal_cannot_hold_are_refused() -> Result<()> {
    let tape = Tape::new();
    let (x, odd) = (tape.constant([1i64]), (1i64 << 53) + 1);
    let error = (x + odd).value().unwrap_err().to_string();
    assert!(error.contains("beyond 2^53") && error.contains("literals.rs"), "{error}");
    assert_eq!((x + (odd - 1)).value()?.to_vec::<i64>()?, [odd]);
    // A float rounds it as it rounds everything.
    assert_eq!((tape.constant(Tensor::from(1.0)) * odd).item()?, odd as f64);
    for beyond in [i64::MIN, i64::MAX] {
        assert_eq!((x * beyond).value().is_ok(), beyond == i64::MIN);
    }
    Ok(())
}
