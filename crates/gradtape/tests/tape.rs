//! The first things a tape must do.

use gradtape::{Result, Tape, Tensor, gradient};

#[test]
fn course_example() -> Result<()> {
    let tape = Tape::new();
    let a = tape.watch(Tensor::scalar(2.0f64));
    let b = tape.watch(Tensor::scalar(1.0f64));
    let e = (a + b) * (b + 1.0);
    let [da, db] = gradient(e, [a, b]);
    assert_eq!((e.item()?, da.item()?, db.item()?), (6.0, 2.0, 5.0));
    Ok(())
}

#[test]
fn shapes_that_do_not_fit_are_errors_with_both_lines() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch(Tensor::zeros([2, 3], gradtape::DType::F32));
    let y = tape.watch(Tensor::zeros([4, 5], gradtape::DType::F32));
    let z = (x.matmul(y) + 1.0).tanh();
    let error = z.item().unwrap_err();
    println!("{error}");
    assert!(error.to_string().contains("inner sizes differ"));
    println!("{}", (x + y).item().unwrap_err());
    Ok(())
}
