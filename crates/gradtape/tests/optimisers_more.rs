//! What optimisers and schedules of `scripts/reference/optimisers.py` do on parameters of every rank, against
//! PyTorch; those that PyTorch does not have, against their papers' formulas written out in f64.

use gradtape::optim::{
    Group, Hyper, HyperValue, Optimizer, Schedule, Scheduler, by_name, defaults,
};
use gradtape::{DType, Parameter, Result, Tape, Tensor, Var};
use serde_json::Value;

use crate::reference;
use crate::reference::{Tolerance, cases, numbers};

/// A scalar, a vector, matrices with fewer and with more rows than columns, more axes.
const SHAPES: [&[usize]; 6] = [&[], &[3], &[2, 3], &[4, 2], &[2, 3, 2], &[2, 2, 1, 2]];

fn parameters(dtype: DType) -> Vec<Parameter> {
    let start = |(k, shape): (usize, &&[usize])| {
        let count: usize = shape.iter().product();
        let values: Vec<f64> =
            (0..count).map(|i| (1.0 + i as f64 + 7.0 * k as f64).sin()).collect();
        Parameter::new(Tensor::from(values).reshape(*shape).unwrap().cast(dtype))
    };
    SHAPES.iter().enumerate().map(start).collect()
}

/// Each element's target and weight.
fn aims(k: usize, count: usize) -> Vec<(f64, f64)> {
    (0..count).map(|i| ((2.0 * i as f64 + k as f64).cos(), 1.0 + (i % 3) as f64)).collect()
}

/// `Σ w (x - c)² / 2` over all elements, and a twentieth of their squared sum.
fn loss<'t>(tape: &'t Tape, parameters: &[Parameter]) -> Var<'t> {
    let mut loss = tape.constant(0.0);
    let mut total = tape.constant(0.0);
    for (k, own) in parameters.iter().enumerate() {
        let x = tape.parameter(own);
        let count: usize = x.shape().iter().product();
        let x = x.reshape([count]);
        let (targets, weights): (Vec<f64>, Vec<f64>) = aims(k, count).into_iter().unzip();
        let constant = |values: Vec<f64>| tape.constant(Tensor::from(values).cast(x.dtype()));
        let part = (constant(weights) * (x - constant(targets)).square()).sum(());
        loss += part.cast(DType::F64) * 0.5;
        total += x.sum(()).cast(DType::F64);
    }
    loss + total.square() / 20.0
}

fn rosenbrock<'t>(tape: &'t Tape, parameters: &[Parameter]) -> Var<'t> {
    let x = tape.parameter(&parameters[0]);
    let (a, b) = (x.index(0, 0), x.index(0, 1));
    (1.0 - a).square() + 100.0 * (b - a.square()).square()
}

fn values(parameters: &[Parameter]) -> Vec<f64> {
    parameters.iter().flat_map(|own| own.value().to_f64_vec()).collect()
}

fn follow(file: &Value, case: &Value, dtype: DType) -> Result<()> {
    let id = case["id"].as_str().unwrap();
    let tolerance = Tolerance::for_type(file, case, dtype, 1e-4);
    let hyper: Hyper = serde_json::from_value(case["hyper"].clone()).unwrap();
    let rosen = case["problem"] == "rosenbrock";
    let own = match rosen {
        true => vec![Parameter::new(Tensor::from([-1.2, 1.0]).cast(dtype))],
        false => parameters(dtype),
    };
    let optimizer = by_name(case["optimiser"].as_str().unwrap(), &own[..], &hyper)?;
    let places = case["places"].as_object().unwrap();
    let last = places.keys().map(|step| step.parse::<usize>().unwrap()).max().unwrap();
    for step in 1..=last {
        let got = optimizer.minimize(&mut |tape| {
            Ok(if rosen { rosenbrock(tape, &own) } else { loss(tape, &own) })
        })?;
        let what = format!("{id}, step {step}");
        if let Some(losses) = case.get("losses") {
            tolerance.check(&what, &[got], &[numbers(losses)[step - 1]]);
        }
        if let Some(want) = places.get(&step.to_string()) {
            tolerance.check(&what, &values(&own), &numbers(want));
        }
    }
    Ok(())
}

#[test]
fn places_are_those_of_the_reference() -> Result<()> {
    let file = reference::read("more_optimisers.json");
    cases(&file).iter().try_for_each(|case| follow(&file, case, DType::F64))
}

#[test]
fn places_in_f32_are_near_the_reference() -> Result<()> {
    let file = reference::read("more_optimisers.json");
    // A search stops at another place where a loss is rounded otherwise.
    let single = |case: &&Value| case["optimiser"] != "lbfgs";
    cases(&file).iter().filter(single).try_for_each(|case| follow(&file, case, DType::F32))
}

#[test]
fn rates_are_those_of_the_reference() {
    let file = reference::read("schedules.json");
    for case in cases(&file) {
        let (text, lr) = (case["id"].as_str().unwrap(), case["lr"].as_f64().unwrap());
        let schedule = Schedule::by_name(text, lr, case["total"].as_u64().unwrap()).unwrap();
        let mut scheduler = Scheduler::new(schedule, lr).unwrap();
        let losses = case.get("losses").map(numbers);
        let mut got = Vec::new();
        for t in 0..numbers(&case["rates"]).len() {
            got.push(scheduler.learning_rate());
            scheduler.advance(losses.as_ref().map_or(0.0, |losses| losses[t]));
        }
        Tolerance::of(&file, case).check(text, &got, &numbers(&case["rates"]));
    }
}

/// One parameter's numbers as an independent optimiser sees them.
struct Plain {
    x: Vec<f64>,
    m: Vec<f64>,
    v: Vec<f64>,
}

type Step = fn(&mut Plain, &[f64], i32);

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Algorithm 2 of Chen et al. 2023, with lr 0.05, β 0.8 and 0.9, decay 0.1.
fn lion(p: &mut Plain, g: &[f64], _: i32) {
    for (i, g) in g.iter().enumerate() {
        let c = 0.8 * p.m[i] + 0.2 * g;
        p.x[i] -= 0.05 * (c.signum() + 0.1 * p.x[i]);
        p.m[i] = 0.9 * p.m[i] + 0.1 * g;
    }
}

/// Algorithm 2 of You et al. 2020, with lr 0.05, β 0.8 and 0.9, ε 1e-6, decay 0.1.
fn lamb(p: &mut Plain, g: &[f64], t: i32) {
    let mut r = Vec::new();
    for (i, g) in g.iter().enumerate() {
        p.m[i] = 0.8 * p.m[i] + 0.2 * g;
        p.v[i] = 0.9 * p.v[i] + 0.1 * g * g;
        let (m, v) = (p.m[i] / (1.0 - 0.8f64.powi(t)), p.v[i] / (1.0 - 0.9f64.powi(t)));
        r.push(m / (v.sqrt() + 1e-6) + 0.1 * p.x[i]);
    }
    let trust = norm(&p.x) / norm(&r);
    p.x.iter_mut().zip(&r).for_each(|(x, r)| *x -= 0.05 * trust * r);
}

/// Algorithm 1 of You, Gitman and Ginsburg 2017, with lr 2, momentum 0.8, η 0.02, decay 0.1.
fn lars(p: &mut Plain, g: &[f64], _: i32) {
    let trust = 0.02 * norm(&p.x) / (norm(g) + 0.1 * norm(&p.x));
    for (i, g) in g.iter().enumerate() {
        p.m[i] = 0.8 * p.m[i] + 2.0 * trust * (g + 0.1 * p.x[i]);
        p.x[i] -= p.m[i];
    }
}

#[test]
fn what_pytorch_does_not_have_follows_its_paper() -> Result<()> {
    let set = |decay: f64| Hyper::new().with("lr", 0.05).with("weight_decay", decay);
    let lars_hyper = Hyper::new().with("lr", 2.0).with("momentum", 0.8).with("weight_decay", 0.1);
    let lars_hyper = lars_hyper.with("trust_coefficient", 0.02).with("eps", 0.0);
    let named: [(&str, Hyper, Step); 3] = [
        ("lion", set(0.1).with("betas", (0.8, 0.9)), lion),
        ("lamb", set(0.1).with("betas", (0.8, 0.9)), lamb),
        ("lars", lars_hyper, lars),
    ];
    for (name, hyper, rule) in named {
        let own = parameters(DType::F64);
        let optimizer = by_name(name, &own[..], &hyper)?;
        let plain = |own: &Parameter| {
            let x = own.value().to_f64_vec();
            Plain { m: vec![0.0; x.len()], v: vec![0.0; x.len()], x }
        };
        let mut plains: Vec<Plain> = own.iter().map(plain).collect();
        for t in 1..=10 {
            optimizer.minimize(&mut |tape| Ok(loss(tape, &own)))?;
            let total: f64 = plains.iter().flat_map(|p| &p.x).sum();
            for (k, p) in plains.iter_mut().enumerate() {
                let aims = aims(k, p.x.len());
                let slope = |(x, (c, w)): (&f64, &(f64, f64))| w * (x - c) + total / 10.0;
                let g: Vec<f64> = p.x.iter().zip(&aims).map(slope).collect();
                rule(p, &g, t);
            }
            let want: Vec<f64> = plains.iter().flat_map(|p| p.x.clone()).collect();
            let tolerance = Tolerance { relative: 1e-9, absolute: 1e-12 };
            tolerance.check(&format!("{name}, step {t}"), &values(&own), &want);
        }
    }
    Ok(())
}

#[test]
fn every_rank_and_type_goes_on_from_a_saved_state_with_the_same_bits() -> Result<()> {
    for name in gradtape::optim::NAMES {
        for dtype in [DType::F32, DType::F64, DType::BF16] {
            let run = |own: &[Parameter], optimizer: &dyn Optimizer, steps: usize| {
                (0..steps)
                    .try_for_each(|_| optimizer.minimize(&mut |tape| Ok(loss(tape, own))).map(drop))
            };
            // Groups, the look ahead and averages too, where they can be.
            let make = |own: &[Parameter]| {
                // A rate whose steps bf16 can tell.
                let usual = defaults(name)?.get("lr");
                let rate = usual.map_or(0.02, |lr| match lr {
                    HyperValue::Number(lr) => lr.max(0.02),
                    _ => 0.02,
                });
                let mut optimizer = by_name(name, own, &Hyper::new().with("lr", rate))?;
                if !optimizer.searches() {
                    optimizer.set_lookahead(3, 0.5);
                    optimizer.set_average(0.5);
                    optimizer.add_group(Group::when(|_, shape| shape.len() < 2).lr_scale(0.5));
                }
                gradtape::Result::Ok(optimizer)
            };
            let own = parameters(dtype);
            let optimizer = make(&own)?;
            run(&own, &*optimizer, 4)?;
            let (saved, state) =
                (own.iter().map(Parameter::value).collect::<Vec<_>>(), optimizer.state()?);
            run(&own, &*optimizer, 4)?;
            let again: Vec<Parameter> = saved.into_iter().map(Parameter::new).collect();
            let other = make(&again)?;
            other.load_state(&state)?;
            run(&again, &*other, 4)?;
            for (a, b) in own.iter().zip(&again) {
                assert!(a.value().equals(&b.value()), "{name} {dtype}");
            }
            let worse = |own: &[Parameter]| loss(&Tape::new(), own).item();
            assert!(worse(&own)? < worse(&parameters(dtype))?, "{name} {dtype} does not go down");
        }
    }
    Ok(())
}

#[test]
fn groups_are_optimisers_of_their_own() -> Result<()> {
    for name in gradtape::optim::NAMES.into_iter().filter(|name| *name != "lbfgs") {
        let decay = |value: f64| Hyper::new().with("lr", 0.01).with("weight_decay", value);
        let own = parameters(DType::F64);
        let mut both = by_name(name, &own[..], &decay(0.1))?;
        let vectors = Group::when(|_, shape| shape.len() < 2);
        both.add_group(vectors.set("weight_decay", 0.3).lr_scale(2.0));
        let apart = parameters(DType::F64);
        let (low, high) = apart.split_at(2);
        let first = by_name(name, low, &decay(0.3).with("lr", 0.02))?;
        let second = by_name(name, high, &decay(0.1))?;
        for _ in 0..3 {
            both.minimize(&mut |tape| Ok(loss(tape, &own)))?;
            // The gradients of the first ones before the others step.
            let tape = Tape::new();
            let gradients = first.gradients(loss(&tape, &apart))?;
            let given = gradients.into_iter().flatten().map(|g| g.value());
            let given = given.collect::<Result<Vec<_>>>()?;
            second.step(loss(&Tape::new(), &apart))?;
            let tape = Tape::new();
            let given: Vec<_> = given.iter().map(|g| Some(tape.constant(g))).collect();
            first.step_by(&given, &[])?;
            assert_eq!(values(&own), values(&apart), "{name}");
        }
    }
    Ok(())
}

#[test]
fn groups_that_make_no_sense_are_errors() -> Result<()> {
    let own = parameters(DType::F64);
    let error = |group: Group| {
        let mut optimizer = by_name("adam", &own[..], &Hyper::new()).unwrap();
        optimizer.add_group(group);
        optimizer.state().unwrap_err().to_string()
    };
    for (group, words) in [
        (
            Group::named("bias"),
            &["group 1: no parameter is called \"bias\"", "there are 0, 1,"][..],
        ),
        (Group::when(|_, shape| shape.len() > 7), &["group 1: there is no such parameter"]),
        (Group::named("*").set("momentum", 0.5), &["adam has no setting momentum"]),
        (
            Group::named("*").set("lr_scal", 0.5),
            &["adam has no setting lr_scal", "did you mean lr_scale? it has weight_decay, betas"],
        ),
        (Group::named("*").set("betas", (0.5, 1.5)), &["the second of betas is 1.5"]),
        (Group::named("*").set("betas", HyperValue::Flag(true)), &["betas is true"]),
        (Group::named("*").set("lr", 0.5), &["lr_scale"]),
        (Group::named("*").lr_scale(-1.0), &["lr_scale", "-1"]),
    ] {
        let text = error(group);
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    let mut late = by_name("adam", &own[..], &Hyper::new())?;
    let state = late.state()?;
    late.add_group(Group::named("*"));
    assert!(late.state().unwrap_err().to_string().contains("optimiser in use"));
    let mut other = by_name("adam", &own[..], &Hyper::new())?;
    other.add_group(Group::named("2"));
    assert!(other.load_state(&state).unwrap_err().to_string().contains("groups"));
    Ok(())
}

#[test]
fn gathered_gradients_are_those_of_a_large_batch() -> Result<()> {
    use gradtape::optim::{Accumulator, Adam};
    let x =
        Tensor::from((0..24).map(|i| f64::from(i).sin()).collect::<Vec<_>>()).reshape([8, 3])?;
    let rows = |count: usize| x.slice(0, 2 * (count % 4)..2 * (count % 4) + 2);
    let (small, large) = (
        Parameter::new(Tensor::from([0.5, 1.0, -1.0])),
        Parameter::new(Tensor::from([0.5, 1.0, -1.0])),
    );
    let (few, all) = (Adam::new(&small, 0.1).clip_norm(0.5), Adam::new(&large, 0.1).clip_norm(0.5));
    let gathered = Accumulator::new(&few, 4)?;
    let mut saved = None;
    for count in 0..12 {
        let tape = Tape::new();
        let part = rows(count)?;
        let loss = (tape.constant(part) * tape.parameter(&small) - 1.0).square().mean(());
        assert_eq!(gathered.step(loss)?, count % 4 == 3);
        if count % 4 == 3 {
            let tape = Tape::new();
            let loss = (tape.constant(&x) * tape.parameter(&large) - 1.0).square().mean(());
            all.step(loss)?;
        }
        let tolerance = Tolerance { relative: 1e-12, absolute: 0.0 };
        tolerance.check("gathered", &small.value().to_f64_vec(), &large.value().to_f64_vec());
        if count == 5 {
            saved = Some((gathered.state(), few.state()?, small.value()));
        }
    }
    assert_eq!((few.steps(), gathered.pending()), (3, 0));
    // From the middle on again.
    let (sums, state, value) = saved.unwrap();
    let end = small.value();
    small.set(value)?;
    few.load_state(&state)?;
    gathered.load_state(&sums)?;
    assert_eq!(gathered.pending(), 2);
    for count in 6..12 {
        let tape = Tape::new();
        let part = rows(count)?;
        let loss = (tape.constant(part) * tape.parameter(&small) - 1.0).square().mean(());
        gathered.step(loss)?;
    }
    assert!(small.value().equals(&end));
    assert!(gathered.load_state(&sums[1..]).is_err() && Accumulator::new(&few, 0).is_err());
    Ok(())
}

#[test]
fn a_search_leaves_no_parameter_that_is_no_number() -> Result<()> {
    use gradtape::optim::Lbfgs;
    // The slope of a root is infinite at 0.
    let x = Parameter::new(Tensor::from([4.0, 0.0]));
    let lbfgs = Lbfgs::new(&x, 1.0);
    let root = |tape: &Tape| -> Tensor { tape.parameter(&x).sqrt().sum(()).value().unwrap() };
    assert_eq!(root(&Tape::new()).item()?, 2.0);
    let error = lbfgs.minimize(&mut |tape| Ok(tape.parameter(&x).sqrt().sum(()))).unwrap_err();
    assert!(error.to_string().contains("the loss is 2, but its gradient is too large"), "{error}");
    assert_eq!((x.value().to_f64_vec(), lbfgs.steps()), (vec![4.0, 0.0], 0));

    // Here the search meets such places on its way.
    for (start, searching) in [(1.0, true), (0.3, true), (1.0, false)] {
        let x = Parameter::new(Tensor::from([start]));
        let lbfgs = Lbfgs::new(&x, 1.0).strong_wolfe(searching).max_iter(usize::MAX).max_eval(50);
        for _ in 0..5 {
            let _ = lbfgs.minimize(&mut |tape| {
                let x = tape.parameter(&x);
                Ok((x.maximum(0.0).sqrt() + x.square()).sum(()))
            });
            assert!(x.value().item()?.is_finite(), "{start}");
        }
    }
    let x = Parameter::new(Tensor::from([3.0]));
    let lbfgs = Lbfgs::new(&x, 1.0).max_iter(usize::MAX);
    lbfgs.minimize(&mut |tape| Ok(tape.parameter(&x).square().sum(())))?;
    assert!(x.value().item()?.abs() < 1e-6);

    // Counters and numbers that no search has.
    let state = lbfgs.state()?;
    for (name, wrong) in [
        ("steps", Tensor::scalar(i64::MAX)),
        ("search", Tensor::from([f64::NAN, 1.0, 1.0])),
        ("search", Tensor::from([1e300, 1.0, 1.0])),
        ("search", Tensor::from([1.0, f64::INFINITY, 1.0])),
    ] {
        let mut state = state.clone();
        state.iter_mut().filter(|(own, _)| own == name).for_each(|(_, own)| *own = wrong.clone());
        assert!(lbfgs.load_state(&state).is_err(), "{name} {wrong}");
    }
    lbfgs.load_state(&state)
}

#[test]
fn gradients_of_zero_stay_steps_of_zero() -> Result<()> {
    use gradtape::optim::{Adafactor, Muon};
    for shape in [&[3][..], &[2, 3]] {
        let x = Parameter::new(Tensor::ones(shape, DType::F32));
        for eps1 in [1e-30, 1e-60] {
            let adafactor = Adafactor::new(&x, 0.1).eps1(eps1);
            for _ in 0..2 {
                let tape = Tape::new();
                adafactor.step((tape.parameter(&x) * tape.constant(0.0f32)).sum(()))?;
                assert_eq!(x.value().to_f64_vec(), vec![1.0; x.value().to_f64_vec().len()]);
            }
        }
        let muon = Muon::new(&x, 0.1).eps(0.0);
        let tape = Tape::new();
        let error = muon.step((tape.parameter(&x) * 0.0).sum(())).unwrap_err().to_string();
        assert!(error.contains("eps is 0"), "{error}");
    }
    Ok(())
}
