//! What tests of single functions share: their value in every mode.

use gradtape::{Mode, Tape, Tensor, Var};

const MODES: [Mode; 3] = [Mode::Fused, Mode::Eager, Mode::Checked];

/// The value of a function in every mode, which must be the same.
#[track_caller]
pub(crate) fn value(x: &Tensor, f: impl for<'t> Fn(Var<'t>) -> Var<'t>) -> Tensor {
    let values = MODES.map(|mode| {
        let tape = Tape::new();
        tape.set_mode(mode);
        f(tape.watch(x.clone())).value().unwrap()
    });
    assert!(values[1].equals(&values[0]) && values[2].equals(&values[0]));
    values[0].clone()
}
