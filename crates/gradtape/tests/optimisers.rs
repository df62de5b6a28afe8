//! The trajectories of every optimiser and schedule on two functions, against PyTorch's.

use gradtape::optim::{Hyper, OneCycle, Optimizer, Plateau, Schedule, Scheduler, by_name};
use gradtape::{DType, Parameter, Result, Tape, Tensor, Var};
use serde_json::Value;

use crate::reference;
use crate::reference::{Tolerance, cases, numbers};

/// How far f32 may be from the reference after up to 50 steps, relative to the largest element.
const SINGLE: f64 = 1e-4;

#[test]
fn trajectories_are_those_of_the_reference() -> Result<()> {
    let file = reference::read("optimisers.json");
    cases(&file).iter().try_for_each(|case| follow(&file, case, DType::F64))
}

#[test]
fn trajectories_in_f32_are_near_the_reference() -> Result<()> {
    let file = reference::read("optimisers.json");
    cases(&file).iter().try_for_each(|case| follow(&file, case, DType::F32))
}

/// Fifty steps of one case, compared with the reference at every fifth.
fn follow(file: &Value, case: &Value, dtype: DType) -> Result<()> {
    let id = case["id"].as_str().unwrap();
    let problem = &file["problems"][case["problem"].as_str().unwrap()];
    let tolerance = Tolerance::for_type(file, case, dtype, SINGLE);
    let x = Parameter::new(Tensor::from(numbers(&problem["start"])).cast(dtype));
    let hyper: Hyper = serde_json::from_value(case["hyper"].clone()).unwrap();
    let optimizer = by_name(case["optimiser"].as_str().unwrap(), &x, &hyper)?;
    let mut scheduler = Scheduler::new(schedule(&case["schedule"]), optimizer.learning_rate())?;
    let mut expected = case["trajectory"].as_array().unwrap().iter();
    let mut tape = Tape::new();
    for step in 1..=50u64 {
        tape.reset();
        let loss = record(problem, tape.parameter(&x));
        if let Some(rates) = case.get("learning_rates") {
            let rate = numbers(rates)[step as usize - 1];
            tolerance.check(
                &format!("{id}, rate of step {step}"),
                &[scheduler.learning_rate()],
                &[rate],
            );
        }
        optimizer.set_learning_rate(scheduler.learning_rate())?;
        optimizer.step(loss)?;
        let loss = loss.item()?;
        scheduler.advance(loss);
        if step.is_multiple_of(5) {
            let expected = expected.next().unwrap();
            assert_eq!(expected["step"].as_u64(), Some(step));
            let what = format!("{id}, step {step}");
            tolerance.check(&what, &x.value().to_f64_vec(), &numbers(&expected["params"]));
            tolerance.check(&what, &[loss], &[expected["loss_before_step"].as_f64().unwrap()]);
        }
    }
    assert!(expected.next().is_none(), "{id}");
    Ok(())
}

fn record<'t>(problem: &Value, x: Var<'t>) -> Var<'t> {
    let tape = x.tape();
    match problem["kind"].as_str().unwrap() {
        "rosenbrock" => {
            let (a, b) = (x.slice(0, 0..1), x.slice(0, 1..2));
            ((1.0 - a).square() + 100.0 * (b - a.square()).square()).sum(())
        }
        "quadratic" => {
            let rows = problem["matrix"].as_array().unwrap();
            let matrix = rows.iter().map(numbers).collect::<Vec<_>>();
            let matrix = tape.constant(Tensor::try_from(matrix).unwrap().cast(x.dtype()));
            let center = Tensor::from(numbers(&problem["center"])).cast(x.dtype());
            let from = (x - tape.constant(center)).reshape([1, 10]);
            0.5 * (from.matmul(matrix) * from).sum(())
        }
        other => panic!("problem {other}"),
    }
}

fn schedule(given: &Value) -> Schedule {
    let number = |name: &str| given[name].as_f64().unwrap();
    let count = |name: &str| given[name].as_u64().unwrap();
    match given["kind"].as_str() {
        None => Schedule::Constant,
        Some("step") => Schedule::Step { step_size: count("step_size"), gamma: number("gamma") },
        Some("exponential") => Schedule::Exponential { gamma: number("gamma") },
        Some("cosine") => Schedule::Cosine { t_max: count("T_max"), eta_min: number("eta_min") },
        Some("warmup_linear") => Schedule::WarmupLinear { warmup: count("warmup") },
        Some("one_cycle") => Schedule::OneCycle(OneCycle {
            pct_start: number("pct_start"),
            div_factor: number("div_factor"),
            final_div_factor: number("final_div_factor"),
            ..OneCycle::new(number("max_lr"), count("total_steps"))
        }),
        Some("plateau") => Schedule::Plateau(Plateau {
            factor: number("factor"),
            patience: count("patience"),
            ..Plateau::default()
        }),
        Some(other) => panic!("schedule {other}"),
    }
}
