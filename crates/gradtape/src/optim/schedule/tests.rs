//! Schedules at their edges; on their way they are held against PyTorch in `tests/schedules.rs`.

use super::*;
use crate::tensor::Tensor;

#[test]
fn every_name_leads_to_a_schedule_that_ends_where_it_says() {
    for name in Schedule::NAMES {
        for total in [1, 2, 30] {
            let schedule = Schedule::by_name(name, 0.1, total).unwrap();
            let mut scheduler = Scheduler::new(schedule, 0.1).unwrap();
            for _ in 0..2 * total {
                let rate = scheduler.advance(1.0);
                assert!((0.0..=0.1 + 1e-12).contains(&rate), "{name} of {total}: {rate}");
            }
        }
    }
    let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} for {b}");
    close(Schedule::by_name("exponential", 0.1, 30).unwrap().rate(0.1, 30), 0.001);
    close(Schedule::by_name("cosine", 0.1, 30).unwrap().rate(0.1, 30), 0.0);
    let text = Schedule::by_name("cosin", 0.1, 30).unwrap_err().to_string();
    assert!(text.contains("did you mean cosine?"), "{text}");
}

#[test]
fn schedules_in_words_are_read_back() {
    let others = [
        "plateau:threshold=0.01,threshold_mode=abs,mode=max,cooldown=2",
        "one_cycle:anneal=linear,three_phase=true",
        "multi_step:milestones=3+6,gamma=0.2",
        "warmup_linear:warmup=5@5/step@12/cosine",
    ];
    for name in Schedule::NAMES.into_iter().chain(others) {
        let schedule = Schedule::by_name(name, 0.1, 30).unwrap();
        // What it says holds for runs of any length.
        assert_eq!(Schedule::by_name(&schedule.to_string(), 0.7, 100).unwrap(), schedule, "{name}");
    }
}

#[test]
fn a_cycle_may_begin_at_its_top() {
    let (max_lr, div_factor, final_div_factor) = (0.1, 25.0, 1e4);
    for pct_start in [0.0, 0.05, 0.1, 0.2] {
        let cycle = Schedule::OneCycle(OneCycle {
            pct_start,
            div_factor,
            final_div_factor,
            ..OneCycle::new(max_lr, 10)
        });
        let rates: Vec<f64> = (0..10).map(|t| cycle.rate(0.0, t)).collect();
        assert!(rates.iter().all(|rate| (4e-7..=max_lr).contains(rate)), "{rates:?}");
        let top = if pct_start == 0.2 { rates[1] } else { rates[0] };
        assert!(pct_start < 0.1 || top == max_lr, "{rates:?}");
    }
}

#[test]
fn a_loss_below_zero_that_falls_is_progress() {
    let plateau = Plateau { factor: 0.5, patience: 0, ..Plateau::default() };
    let plateau = Schedule::Plateau(plateau);
    let mut scheduler = Scheduler::new(plateau, 1.0).unwrap();
    let rates = [-1.0, -2.0, -2.0, f64::NAN].map(|loss| scheduler.advance(loss));
    assert_eq!(rates, [1.0, 1.0, 0.5, 0.25]);
}

#[test]
fn a_state_that_is_none_changes_nothing() {
    let mut scheduler = Scheduler::new(Schedule::Exponential { gamma: 0.5 }, 1.0).unwrap();
    scheduler.advance(0.0);
    let good = scheduler.state();
    let wrong =
        [(0, -1.0), (1, f64::NAN), (2, 1.5), (2, -1.0), (3, f64::NAN), (4, f64::NAN), (5, -1.0)];
    for (place, value) in wrong {
        let mut numbers = good.to_f64_vec();
        numbers[place] = value;
        assert!(scheduler.load_state(&Tensor::from(numbers)).is_err(), "{place}: {value}");
    }
    for other in [Tensor::from([1.0, 2.0]), Tensor::from([1i64, 1, 1, 1, 1, 1])] {
        let text = scheduler.load_state(&other).unwrap_err().to_string();
        assert!(text.contains("f64[6]"), "{text}");
    }
    assert!(scheduler.state().equals(&good));
    scheduler.advance(0.0);
    scheduler.load_state(&good).unwrap();
    assert_eq!((scheduler.learning_rate(), scheduler.advance(0.0)), (0.5, 0.25));
}

#[test]
fn settings_out_of_range_are_errors() {
    let plateau = Plateau::default();
    let cycle = OneCycle::new(0.1, 5);
    let sequence =
        |parts: Vec<Schedule>, milestones: Vec<u64>| Schedule::Sequence { parts, milestones };
    let two = || vec![Schedule::Constant, Schedule::Constant];
    for schedule in [
        Schedule::Step { step_size: 0, gamma: 0.1 },
        Schedule::MultiStep { milestones: vec![], gamma: 0.1 },
        Schedule::MultiStep { milestones: vec![0, 1], gamma: 0.1 },
        Schedule::MultiStep { milestones: vec![2, 2], gamma: 0.1 },
        Schedule::MultiStep { milestones: vec![2], gamma: -0.1 },
        Schedule::Exponential { gamma: f64::NAN },
        Schedule::Linear { start_factor: -1.0, end_factor: 1.0, total_iters: 1 },
        Schedule::Linear { start_factor: 1.0, end_factor: 1.0, total_iters: 0 },
        Schedule::Polynomial { total_iters: 0, power: 1.0 },
        Schedule::Polynomial { total_iters: 1, power: -1.0 },
        Schedule::Cosine { t_max: 0, eta_min: 0.0 },
        Schedule::Cosine { t_max: 1, eta_min: -1.0 },
        Schedule::CosineRestarts { t_0: 0, t_mult: 1, eta_min: 0.0 },
        Schedule::CosineRestarts { t_0: 1, t_mult: 0, eta_min: 0.0 },
        Schedule::WarmupLinear { warmup: 0 },
        Schedule::WarmupDecay { warmup: 5, total: 5 },
        Schedule::Plateau(Plateau { factor: 1.0, ..plateau }),
        Schedule::Plateau(Plateau { factor: 0.0, ..plateau }),
        Schedule::Plateau(Plateau { threshold: Threshold::Absolute(-1.0), ..plateau }),
        Schedule::Plateau(Plateau { min_lr: f64::NAN, ..plateau }),
        Schedule::Plateau(Plateau { eps: -1.0, ..plateau }),
        Schedule::OneCycle(OneCycle { max_lr: -1.0, ..cycle }),
        Schedule::OneCycle(OneCycle { three_phase: true, pct_start: 0.6, ..cycle }),
        sequence(two(), vec![]),
        sequence(two(), vec![0]),
        sequence(vec![], vec![]),
        sequence(vec![Schedule::Constant, sequence(two(), vec![1])], vec![1]),
        sequence(vec![Schedule::Constant, Schedule::Exponential { gamma: -1.0 }], vec![1]),
    ] {
        assert!(Scheduler::new(schedule.clone(), 0.1).is_err(), "{schedule:?}");
    }
    assert!(Scheduler::new(Schedule::Constant, f64::INFINITY).is_err());
}

#[test]
fn a_plateau_begins_anew_where_its_part_does() {
    let schedule = Schedule::by_name("constant@3/plateau:factor=0.5,patience=0", 1.0, 10).unwrap();
    let mut scheduler = Scheduler::new(schedule.clone(), 1.0).unwrap();
    let losses = [1.0, 1.0, 1.0, 5.0, 5.0, 4.0, 4.0];
    let rates = losses.map(|loss| scheduler.advance(loss));
    assert_eq!(rates, [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]);
    // Saved in the middle, it goes on alike.
    let mut first = Scheduler::new(schedule.clone(), 1.0).unwrap();
    for loss in &losses[..5] {
        first.advance(*loss);
    }
    let mut again = Scheduler::new(schedule, 1.0).unwrap();
    again.load_state(&first.state()).unwrap();
    assert_eq!([4.0, 4.0].map(|loss| again.advance(loss)), rates[5..]);
}

#[test]
fn texts_that_are_no_schedule_say_what_would_be_one() {
    for (text, words) in [
        ("cosine:t_mx=3", &["cosine has no setting t_mx", "did you mean t_max?"][..]),
        ("constant:gamma=3", &["constant has no setting gamma", "it has none"]),
        ("cosine:t_max", &["\"t_max\" is no setting", "NAME=VALUE"]),
        ("cosine:t_max=many", &["t_max is \"many\"", "a whole number"]),
        ("step:gamma=x", &["gamma is \"x\"", "a number"]),
        ("step:gamma=-1", &["gamma is -1"]),
        ("multi_step:milestones=3+x", &["milestones is \"x\""]),
        ("multi_step:milestones=3+2", &["the milestones are [3, 2]"]),
        ("one_cycle:anneal=line", &["anneal is \"line\"", "cosine, linear"]),
        ("one_cycle:three_phase=1", &["three_phase is \"1\"", "true or false"]),
        ("plateau:mode=less", &["mode is \"less\"", "min, max"]),
        ("cosine/step", &["each part of a schedule but the last"]),
        ("cosine@3", &["the last part of a schedule has no end"]),
        ("cosine@x/step", &["@ is \"x\""]),
        ("cosine@5/step@3/step", &["the milestones are [5, 3]"]),
        ("", &["there is no schedule"]),
    ] {
        let error = Schedule::by_name(text, 0.1, 30).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{text}: {error}");
    }
    let dashes = Schedule::by_name("multi-step:milestones=3+7", 0.1, 30).unwrap();
    assert_eq!(dashes, Schedule::MultiStep { milestones: vec![3, 7], gamma: 0.1 });
}

#[test]
fn the_longest_runs_have_schedules_or_errors() {
    for name in Schedule::NAMES {
        let _ = Schedule::by_name(name, 0.1, u64::MAX);
    }
    let text = format!("warmup_decay:warmup={}", u64::MAX);
    assert!(Schedule::by_name(&text, 0.1, 10).is_err());
    let seven = Schedule::by_name("multi_step", 0.1, 7).unwrap();
    assert_eq!(seven, Schedule::MultiStep { milestones: vec![4, 6], gamma: 0.1 });
    let mut scheduler = Scheduler::new(Schedule::Constant, 0.1).unwrap();
    for t in [1e300, 2f64.powi(60), f64::INFINITY] {
        let state = Tensor::from([0.1, 0.1, t, 0.0, 0.0, 0.0]);
        assert!(scheduler.load_state(&state).is_err(), "{t}");
    }
}
