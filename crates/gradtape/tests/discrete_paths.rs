//! What depends on a value through integers or truth values alone has no gradient by it, which is an error;
//! what is only chosen or placed by them, and what is a derivative itself, has gradient zero.

use gradtape::grad::connected_gradients;
use gradtape::optim::{Optimizer, Sgd};
use gradtape::{
    DType, Parameter, Result, Tape, Tensor, Var, depends_on, gradient, gradients, hessian,
    jacobian, jvp, vjp,
};

type Function = for<'t> fn(Var<'t>) -> Var<'t>;

fn watched(tape: &Tape) -> Var<'_> {
    tape.watch(Tensor::from([0.3, 1.7, -0.4]))
}

/// Functions made of whole numbers or truth values, the operation that makes them, and the line.
#[rustfmt::skip]
const DISCRETE: [(&str, Function, u32); 8] = [
    ("argmax", |w| w.argmax(0).cast(DType::F64), line!()),
    ("cast", |w| w.cast(DType::I64).cast(DType::F64).sum(()), line!()),
    ("cast", |w| (w.square().cast(DType::I64) * 3.0).one_hot(9, DType::F64).sum(()), line!()),
    ("less", |w| w.greater(0.5).cast(DType::F64).mean(()), line!()),
    ("argmax", |w| w.argmax(0).equal(1.0).cast(DType::F64), line!()),
    ("argmax", |w| w.argmax(0).one_hot(3, DType::F64).sum(()), line!()),
    ("cast", |w| w.cast(DType::Bool).cast(DType::F32).cast(DType::F64).exp().sum(()), line!()),
    ("argmax", |w| (w.argmax(0).cast(DType::F64) * w.argmax(0).cast(DType::F64)).tanh(), line!()),
];

#[test]
fn through_whole_numbers_alone_there_is_no_gradient() {
    for (name, f, line) in DISCRETE {
        let tape = Tape::new();
        let w = watched(&tape);
        let y = f(w);
        let one = tape.constant(1.0);
        for answer in [
            gradient(y, [w])[0],
            gradients(y, &[w])[0],
            vjp(&[y], &[one], &[w])[0],
            jacobian(y, w),
            hessian(y, w),
            jvp(&[y], &[w], &[w])[0],
        ] {
            let text = answer.value().unwrap_err().to_string();
            assert!(text.contains(&format!("only through {name},")), "{name}: {text}");
            assert!(text.contains(&format!("discrete_paths.rs:{line}:")), "{name}, {line}: {text}");
        }
        assert!(!depends_on(y, w));
        connected_gradients(y, &[w], |_, g| assert!(g.is_none()));
    }
}

#[test]
fn beside_a_path_of_floats_whole_numbers_count_as_constants() -> Result<()> {
    for (name, f, _) in DISCRETE {
        let mut tape = Tape::new();
        for _ in 0..2 {
            tape.reset();
            let w = watched(&tape);
            let [dw] = gradient(f(w) + w.square().sum(()), [w]);
            let near = dw.value()?.all_close(&Tensor::from([0.6, 3.4, -0.8]), 0.0, 1e-15);
            assert!(near, "{name}");
        }
    }
    Ok(())
}

/// Functions whose derivative is zero where they have one.
const ZERO: [(&str, Function); 11] = [
    ("a choice", |w| w.greater(0.0).select(w.full_like(2.0), w.full_like(3.0)).sum(())),
    ("a choice by a place", |w| w.argmax(0).equal(1.0).select(w.literal(1.0), w.literal(2.0))),
    ("gather", |w| table(w).gather(0, w.argmax(0).reshape([1])).sum(())),
    ("index_select", |w| table(w).index_select(0, w.argmax(0).reshape([1])).sum(())),
    ("index_add", |w| table(w).index_add(0, w.cast(DType::I64), 5).sum(())),
    ("scatter_add", |w| table(w).scatter_add(0, w.cast(DType::I64), [5]).sum(())),
    ("sign", |w| w.sign().sum(())),
    ("nothing", |w| table(w).sum(())),
    ("the slope of a maximum", |w| gradient(w.max(()), [w])[0].sum(())),
    ("the slope of a mask", |w| {
        gradient((w.greater(0.0).cast(DType::F64) * w).sum(()), [w])[0].sum(())
    }),
    ("a rule of one's own", |w| {
        let whole = w.cast(DType::I64).cast(DType::F64);
        w.tape().custom_gradient(&[], whole, |_, _, _| vec![]).sum(())
    }),
];

fn table<'t>(like: Var<'t>) -> Var<'t> {
    like.tape().constant([1.0, 2.0, 3.0])
}

#[test]
fn what_is_only_chosen_or_placed_and_what_is_a_derivative_has_gradient_zero() -> Result<()> {
    for (name, f) in ZERO {
        let mut tape = Tape::new();
        for _ in 0..3 {
            tape.reset();
            let w = watched(&tape);
            let y = f(w);
            let [dw] = gradient(y, [w]);
            let value = dw.value().map_err(|error| error.context(name))?;
            assert_eq!(value.to_f64_vec(), [0.0; 3], "{name}");
        }
    }
    Ok(())
}

#[test]
fn second_derivatives_of_functions_with_corners_are_zero() -> Result<()> {
    let functions: [(&str, Function); 6] = [
        ("relu", |w| w.relu().sum(())),
        ("abs", |w| w.abs().sum(())),
        ("relu by hand", |w| w.greater(0.0).select(w, w.full_like(0.0)).sum(())),
        ("relu by a product", |w| (w.greater(0.0).cast(DType::F64) * w).sum(())),
        ("the greatest by its place", |w| w.gather(0, w.argmax(0).reshape([1])).sum(())),
        ("the greatest by a row of it", |w| (w.argmax(0).one_hot(3, DType::F64) * w).sum(())),
    ];
    for (name, f) in functions {
        let tape = Tape::new();
        let w = watched(&tape);
        let second = hessian(f(w), w).value().map_err(|error| error.context(name))?;
        assert_eq!(second.to_f64_vec(), [0.0; 9], "{name}");
    }
    Ok(())
}

#[test]
fn straight_through_estimates_have_their_gradient() -> Result<()> {
    let tape = Tape::new();
    let w = watched(&tape);
    let rounded = w.cast(DType::I64).cast(DType::F64);
    let detached = w + (rounded - w).stop_gradient();
    let custom = tape.custom_gradient(&[w], rounded, |_, _, g| vec![g]);
    for y in [detached, custom] {
        let [dw] = gradient((y * 2.0).sum(()), [w]);
        assert_eq!(dw.value()?.to_f64_vec(), [2.0; 3]);
    }
    Ok(())
}

#[test]
fn only_the_value_that_is_lost_is_an_error() -> Result<()> {
    let tape = Tape::new();
    let (w, v) = (watched(&tape), watched(&tape));
    let y = w.argmax(0).cast(DType::F64) + v.square().sum(());
    let [dw, dv] = gradient(y, [w, v]);
    assert_eq!(dv.value()?.to_f64_vec(), [0.6, 3.4, -0.8]);
    assert!(dw.value().is_err());
    let [other] = gradient(v.sum(()), [w]);
    assert_eq!(other.value()?.to_f64_vec(), [0.0; 3]);
    Ok(())
}

#[test]
fn a_step_on_a_loss_of_whole_numbers_says_why_it_cannot_be_taken() {
    let w = Parameter::new(Tensor::from([0.3, 1.7]));
    let tape = Tape::new();
    let line = line!() + 1;
    let right = tape.parameter(&w).argmax(0).equal(1.0).cast(DType::F64);
    let text = Sgd::new(&w, 0.1).step(1.0 - right).unwrap_err().to_string();
    assert!(text.contains("only through argmax"), "{text}");
    assert!(text.contains(&format!("discrete_paths.rs:{line}:")), "{text}");
    assert_eq!(w.value().to_f64_vec(), [0.3, 1.7]);
}

#[test]
fn a_rule_that_panics_leaves_no_mark_on_its_tape() {
    let mut tape = Tape::new();
    let walked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let w = watched(&tape);
        let y = tape.custom_gradient(&[w], w.exp(), |_, _, _| panic!("a mistake in a rule"));
        gradient(y.sum(()), [w])[0].value()
    }));
    assert!(walked.is_err());
    tape.reset();
    let w = watched(&tape);
    let [g] = gradient(w.argmax(0).cast(DType::F64), [w]);
    assert!(g.value().unwrap_err().to_string().contains("argmax"));
}
