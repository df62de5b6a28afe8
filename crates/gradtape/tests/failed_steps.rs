//! A step that fails changes nothing; a parameter that changed is not read as if it had not.

use gradtape::optim::{Adam, Optimizer};
use gradtape::{
    Error, Mode, Parameter, Result, Tape, Tensor, Var, compile, engine, eval, evaluate, gradient,
};

/// A table of rows that a step looks numbers up in, and its optimiser.
struct Lookup {
    table: Parameter,
    adam: Adam,
}

impl Lookup {
    fn new() -> Lookup {
        // Large enough for several threads, and for every kernel to be one of its own.
        let rows: Vec<f32> = (0..200 * 300).map(|i| (i as f32 * 0.37).sin()).collect();
        let table = Parameter::new(Tensor::from_vec(rows, [200, 300]).unwrap());
        let adam = Adam::new(&table, 0.1);
        Lookup { table, adam }
    }

    /// Everything that a step changes.
    fn state(&self) -> (Vec<f64>, Vec<Vec<f64>>, u64) {
        let state = self.adam.state().unwrap();
        let tensors = state.iter().map(|(_, tensor)| tensor.to_f64_vec()).collect();
        (self.table.value().to_f64_vec(), tensors, self.adam.steps())
    }
}

/// A loss that always works, and rows that may not be there.
fn losses<'t>(table: Var<'t>, rows: Var<'t>) -> (Var<'t>, Var<'t>) {
    let looked_up = table.index_select(0, rows).sum(());
    ((table - 1.0).square().sum(()), looked_up)
}

fn rows(rows: [i64; 2]) -> Tensor {
    Tensor::from(rows)
}

const GOOD: [i64; 2] = [1, 3];
const BAD: [i64; 2] = [1, 200];

fn recorded_step(model: &mut Lookup, wanted: [i64; 2], mode: Mode) -> Result<f64> {
    let tape = Tape::new();
    tape.set_mode(mode);
    let (loss, looked_up) = losses(tape.parameter(&model.table), tape.constant(rows(wanted)));
    let looked_up = looked_up.keep();
    model.adam.step(loss)?;
    looked_up.item()
}

#[test]
fn a_recorded_step_that_fails_changes_nothing() -> Result<()> {
    for mode in [Mode::Fused, Mode::Checked, Mode::Eager] {
        let (mut model, mut spared) = (Lookup::new(), Lookup::new());
        for step in 0..3 {
            let before = (model.state(), model.table.version());
            let error = recorded_step(&mut model, BAD, mode).unwrap_err();
            assert!(error.to_string().contains("200"), "{error}");
            assert!(before == (model.state(), model.table.version()), "{mode:?}, step {step}");
            let again = recorded_step(&mut model, GOOD, mode)?;
            assert_eq!(again, recorded_step(&mut spared, GOOD, mode)?);
        }
        assert!(model.state() == spared.state(), "{mode:?}");
        assert_eq!(model.adam.steps(), 3);
    }
    Ok(())
}

#[test]
fn a_compiled_step_that_fails_changes_nothing() -> Result<()> {
    let run = |calls: &[[i64; 2]]| -> Result<_> {
        let model = Lookup::new();
        let table = model.table.share();
        let (mut results, mut failed) = (Vec::new(), 0);
        {
            let adam = &model.adam;
            let mut step = compile(|tape, x| {
                let (loss, looked_up) = losses(tape.parameter(&table), x[0]);
                adam.step(loss)?;
                Ok(vec![loss, looked_up])
            });
            for &call in calls {
                let before = (table.value().to_f64_vec(), table.version());
                match step.call(&[rows(call)]) {
                    Ok(values) => results.push(values[0].item()?),
                    Err(error) => {
                        assert!(error.to_string().contains("200"), "{error}");
                        assert!(before == (table.value().to_f64_vec(), table.version()));
                        failed += 1;
                    }
                }
            }
        }
        Ok((results, failed, model.state()))
    };
    let (results, failed, state) = run(&[BAD, GOOD, BAD, BAD, GOOD, GOOD])?;
    let (want, _, spared) = run(&[GOOD, GOOD, GOOD])?;
    assert_eq!((results, failed), (want, 3));
    assert!(state == spared);
    assert_eq!(state.2, 3);
    Ok(())
}

#[test]
fn updates_of_a_step_that_failed_are_forgotten() -> Result<()> {
    let model = Lookup::new();
    let other = Parameter::new(Tensor::scalar(4.0f64));
    let before = model.state();
    let tape = Tape::new();
    let (loss, looked_up) = losses(tape.parameter(&model.table), tape.constant(rows(BAD)));
    let _ = looked_up.keep();
    model.adam.step(loss).unwrap_err();
    // The value that failed is still asked for, so the tape serves no other step; a read works.
    assert!(loss.item()? > 0.0);
    drop(tape);
    let tape = Tape::new();
    Adam::new(&other, 0.5).step(tape.parameter(&other).square())?;
    assert!(model.state() == before);
    assert!(other.value().item()? < 4.0);

    // Nor are they taken over by a step that somebody else runs on the same tape.
    let tape = Tape::new();
    let x = tape.parameter(&model.table);
    tape.assign(&model.table, x * 0.0)?;
    let failing = x.index_select(0, tape.constant(rows(BAD)));
    eval::step(&tape, &[failing]).unwrap_err();
    eval::step(&tape, &[])?;
    assert!(model.state() == before);

    // A value that could not be recorded, or is another tape's, fails before anything runs.
    for foreign in [false, true] {
        let (tape, elsewhere) = (Tape::new(), Tape::new());
        let x = tape.parameter(&model.table);
        let wrong = match foreign {
            true => elsewhere.constant(1.0),
            false => x.matmul(x),
        };
        model.adam.step_with(x.square().sum(()), &[wrong]).unwrap_err();
        let before_next = other.value().item()?;
        Adam::new(&other, 0.5).step(tape.parameter(&other).square())?;
        assert!(model.state() == before, "foreign: {foreign}");
        assert!(other.value().item()? < before_next);
    }
    Ok(())
}

#[test]
fn a_step_only_looked_at_does_not_count() -> Result<()> {
    let model = Lookup::new();
    eval::trace(|tape| {
        let (loss, _) = losses(tape.parameter(&model.table), tape.constant(rows(GOOD)));
        model.adam.step(loss)?;
        Ok(vec![loss])
    })?;
    assert_eq!(model.adam.steps(), 0);
    Ok(())
}

fn is_about_a_change(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("changed") && text.contains("f64[2]") && text.contains("failed_steps.rs")
}

#[test]
fn a_changed_parameter_is_not_read_as_if_it_had_not_changed() -> Result<()> {
    for mode in [Mode::Fused, Mode::Checked, Mode::Eager] {
        let w = Parameter::new(Tensor::from([1.0, 2.0]));
        let tape = Tape::new();
        tape.set_mode(mode);
        let var = tape.parameter(&w);
        let (read, unread) = (var.sum(()), var * 2.0);
        read.item()?;
        if mode == Mode::Eager {
            // Computed when it was recorded.
            assert_eq!(unread.value()?.to_f64_vec(), [2.0, 4.0]);
        }
        w.set(Tensor::from([5.0, 6.0]))?;
        assert_eq!(read.item()?, 3.0);
        for error in [
            var.value().unwrap_err(),
            var.item().unwrap_err(),
            (var * 3.0).value().unwrap_err(),
            evaluate(&[var]).unwrap_err(),
            evaluate(&[var.exp()]).unwrap_err(),
            eval::graph(&tape, &[var.sin()]).unwrap_err(),
        ] {
            assert!(is_about_a_change(&error), "{mode:?}: {error}");
        }
        if mode != Mode::Eager {
            assert!(is_about_a_change(&unread.value().unwrap_err()));
        }
        assert!(format!("{var:?}").contains("changed"));
    }
    Ok(())
}

#[test]
fn values_already_read_stay() -> Result<()> {
    let w = Parameter::new(Tensor::from([1.0, 2.0]));
    let (other, dropped) =
        (Parameter::new(Tensor::from([3.0])), Parameter::new(Tensor::from([4.0])));
    let tape = Tape::new();
    let var = tape.parameter(&w);
    let (kept, dropped_var) = (tape.parameter(&other).keep(), tape.parameter(&dropped));
    assert_eq!(var.value()?.to_f64_vec(), [1.0, 2.0]);
    let loss = (var.square().sum(()) + kept.sum(())) * dropped_var.sum(());
    let [dw] = gradient(loss, [var]);
    tape.assign(&w, var - dw)?;
    tape.assign(&dropped, dropped_var * 2.0)?;
    eval::step(&tape, &[loss])?;
    assert_eq!(w.value().to_f64_vec(), [1.0 - 8.0, 2.0 - 16.0]);
    assert_eq!(var.value()?.to_f64_vec(), [1.0, 2.0]);
    assert_eq!(kept.value()?.to_f64_vec(), [3.0]);
    assert!(dropped_var.value().is_err());
    Ok(())
}

#[test]
fn a_loss_that_is_a_parameter_itself_stays_what_it_was() -> Result<()> {
    let x = Parameter::new(Tensor::scalar(3.0f64));
    let tape = Tape::new();
    let loss = tape.parameter(&x);
    gradtape::optim::Sgd::new(&x, 0.5).step(loss)?;
    assert_eq!((loss.item()?, x.value().item()?), (3.0, 2.5));
    Ok(())
}

#[test]
fn a_parameter_changed_while_a_step_is_compiled_is_an_error() {
    let w = Parameter::new(Tensor::from([1.0, 2.0]));
    let mut step = compile(|tape, _| {
        let y = tape.parameter(&w) * 3.0;
        w.set(Tensor::from([5.0, 6.0]))?;
        Ok(vec![y])
    });
    assert!(is_about_a_change(&step.call(&[]).unwrap_err()));
}

#[test]
fn threads_that_step_the_same_parameters_in_any_order_do_not_wait_for_each_other_forever() {
    engine::cpu::set_threads(1);
    let a = Parameter::new(Tensor::from(vec![1.0f64; 4000]));
    let b = Parameter::new(Tensor::from(vec![2.0f64; 4000]));
    let work = |first: Parameter, second: Parameter| {
        move || {
            let mut step = compile(|tape, _| {
                let (x, y) = (tape.parameter(&first), tape.parameter(&second));
                tape.assign(&first, x * 0.5 + y * 0.5)?;
                tape.assign(&second, y * 0.25 + x * 0.75)?;
                eval::step(tape, &[])?;
                Ok(vec![])
            });
            (0..5_000).try_for_each(|_| step.call(&[]).map(drop))
        }
    };
    let (send, receive) = std::sync::mpsc::channel();
    for work in [work(a.share(), b.share()), work(b.share(), a.share())] {
        let send = send.clone();
        std::thread::spawn(move || send.send(work()));
    }
    for _ in 0..2 {
        let done = receive.recv_timeout(std::time::Duration::from_secs(60));
        done.expect("no thread waits for the other").unwrap();
    }
    assert_eq!((a.version(), b.version()), (10_000, 10_000));
    engine::cpu::set_threads(0);
}

#[test]
fn an_input_of_a_compiled_step_cannot_be_read_inside_it() {
    let mut step = compile(|_, x| {
        let sign = if x[0].item()? > 0.0 { 1.0 } else { -1.0 };
        Ok(vec![x[0] * sign])
    });
    let error = step.call(&[Tensor::scalar(2.0)]).unwrap_err();
    assert!(error.to_string().contains("being compiled"), "{error}");
}
