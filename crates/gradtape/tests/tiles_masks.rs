//! Masks of scores in tiles, and numbers among them that are not finite: keys that no query of a tile sees are left out,
//! where that changes nothing.

use crate::tiles_edges::{Of, check, graph, inputs, numbers, scores, summed};
use gradtape::nn::{AttentionOptions, MultiheadAttention};
use gradtape::plan::{Kernel, Program, Target, Tiled, plan_for};
use gradtape::{DType, Result, Rng, Shape, Tape, Tensor, Var, eval};

#[test]
fn masks_of_every_shape() -> Result<()> {
    let biased: Of = |_, x| vec![summed((scores(x[0], x[1]) + x[3]).softmax(-1), x[2])];
    let sizes = [2, 3, 33, 40, 8];
    for shape in
        [[1, 1, 33, 40], [2, 1, 1, 40], [1, 3, 33, 1], [2, 3, 33, 40], [1, 1, 1, 1], [1, 3, 1, 40]]
    {
        let inputs = [inputs(sizes), vec![numbers(shape, 9)]].concat();
        check(&format!("{shape:?}"), biased, &inputs, 1)?;
    }
    let chosen: Of = |_, x| {
        let scores = scores(x[0], x[1]);
        let seen = x[3].greater(0.0).broadcast_to(scores.shape());
        vec![summed(seen.select(scores, f64::NEG_INFINITY).softmax(-1), x[2])]
    };
    for shape in [[1, 1, 33, 40], [2, 1, 1, 40], [1, 3, 33, 1], [2, 3, 33, 40]] {
        // Rows of which nothing is seen are not numbers.
        let inputs = [inputs(sizes), vec![numbers(shape, 9)]].concat();
        check(&format!("chosen by {shape:?}"), chosen, &inputs, 1)?;
    }
    Ok(())
}

#[test]
fn numbers_that_are_not_finite() -> Result<()> {
    let of: Of = |_, x| vec![summed(scores(x[0], x[1]).softmax(-1), x[2])];
    let sizes = [1, 2, 40, 24, 8];
    for (input, number) in [
        (0, f64::NAN),
        (0, f64::INFINITY),
        (1, f64::NEG_INFINITY),
        (1, f64::NAN),
        (2, f64::NAN),
        (2, f64::INFINITY),
    ] {
        let mut inputs = inputs(sizes);
        let mut values = inputs[input].to_f64_vec();
        values[37] = number;
        inputs[input] = Tensor::from_vec(values, inputs[input].shape().clone())?;
        check(&format!("{number} in {input}"), of, &inputs, 1)?;
    }
    Ok(())
}

/// Truth values by the place along the axes.
fn truths(shape: [usize; 4], of: impl Fn([usize; 4]) -> bool) -> Tensor {
    let places = (0..shape.iter().product()).map(|number: usize| {
        let mut rest = number;
        let mut place = [0; 4];
        for axis in (0..4).rev() {
            (place[axis], rest) = (rest % shape[axis], rest / shape[axis]);
        }
        of(place)
    });
    Tensor::from_vec(places.collect(), Shape::from(shape)).unwrap()
}

/// A number that f16 has, too.
const HIDDEN: f64 = -3e4;

fn attended<'t>(scores: Var<'t>, values: Var<'t>) -> Vec<Var<'t>> {
    vec![summed(scores.softmax(-1), values)]
}

/// By positions, as in a causal layer whose queries begin at place 100.
const BEFORE: Of = |tape, x| {
    let scores = scores(x[0], x[1]);
    let places = |axis| tape.iota([scores.shape()[2], scores.shape()[3]], axis, DType::F64);
    attended(places(1).less_equal(places(0) + 100.0).select(scores, HIDDEN), x[2])
};

/// By truth values that tell what is seen, what is hidden, and both.
const SEEN: Of = |_, x| {
    let scores = scores(x[0], x[1]);
    attended(x[3].broadcast_to(scores.shape()).select(scores, HIDDEN), x[2])
};
const UNSEEN: Of = |_, x| {
    let scores = scores(x[0], x[1]);
    attended(x[3].broadcast_to(scores.shape()).select(scores.literal(HIDDEN), scores), x[2])
};
const BOTH: Of = |_, x| {
    let scores = scores(x[0], x[1]);
    let [seen, unseen] = [x[3], x[4]].map(|mask| mask.broadcast_to(scores.shape()));
    attended(unseen.select(scores.literal(HIDDEN), seen.select(scores, HIDDEN)), x[2])
};

const CONTRARY: Of = |_, x| {
    let scores = scores(x[0], x[1]);
    attended((!x[3]).broadcast_to(scores.shape()).select(scores, HIDDEN), x[2])
};
const SCALED: Of = |_, x| {
    let scores = scores(x[0], x[1]);
    attended(0.5 * x[3].broadcast_to(scores.shape()).select(scores, HIDDEN), x[2])
};

/// By how many arrays of truth values scores in tiles are left out.
fn masks(program: &Program) -> Vec<usize> {
    let kernels = program.kernels.iter().filter_map(|kernel| match kernel {
        Kernel::Tiled(Tiled { kernels, .. }) => kernels.first(),
        _ => None,
    });
    let found = kernels.map(|kernel| match kernel {
        Kernel::Contract(product) => product.hiding(&program.buffers).len(),
        _ => 0,
    });
    found.collect()
}

/// Results alone do not tell whether anything is left out.
#[test]
fn planner_finds_masks() -> Result<()> {
    let target = Target { tiled: 0, ..Target::default() };
    let sizes = [2, 2, 70, 90, 8];
    let [examples, _, queries, keys, _] = sizes;
    let mask = |shape| truths(shape, |[.., query, key]| key <= query);
    let shapes = [[1, 1, queries, keys], [examples, 1, 1, keys], [1, 1, queries, keys]];
    let inputs = [inputs(sizes), shapes.map(mask).to_vec()].concat();
    for dtype in [DType::F64, DType::F32, DType::F16, DType::BF16] {
        for (name, of, want) in [
            ("before", BEFORE, 1),
            ("seen", SEEN, 1),
            ("unseen", UNSEEN, 1),
            ("both", BOTH, 2),
            ("contrary", CONTRARY, 1),
            ("scaled", SCALED, 1),
        ] {
            let (graph, _) = graph(of, &inputs, dtype)?;
            let program = plan_for(&graph, &target);
            assert_eq!(masks(&program), [want], "{name} of {dtype}: {program}");
        }
    }
    Ok(())
}

#[test]
fn planner_finds_the_masks_of_layers() -> Result<()> {
    let target = Target { tiled: 0, ..Target::default() };
    let x = numbers([2, 80, 32], 1);
    let padding = truths([2, 1, 1, 80], |[example, .., key]| key < 20 + 20 * example);
    for dtype in [DType::F32, DType::F64] {
        let options = AttentionOptions { causal: true, dtype, ..AttentionOptions::default() };
        let layer = MultiheadAttention::with(32, 2, options, &mut Rng::new(1))?;
        for mask in [None, Some(&padding)] {
            let (graph, _) = eval::trace(|tape: &Tape| {
                let x = tape.watch(x.cast(dtype));
                Ok(vec![layer.attend(x, x, mask.map(|mask| tape.constant(mask)))])
            })?;
            let program = plan_for(&graph, &target);
            let want = 1 + usize::from(mask.is_some());
            assert_eq!(masks(&program), [want], "{dtype}: {program}");
        }
    }
    Ok(())
}

/// Heads that are computed where they lie, and wide ones from packed operands, in more than one part of the sum.
const SIZES: [[usize; 5]; 2] = [[2, 2, 33, 200, 8], [1, 1, 33, 500, 72]];

#[test]
fn keys_that_no_query_sees_are_left_out() -> Result<()> {
    for sizes in SIZES {
        let [examples, heads, queries, keys, _] = sizes;
        let given = inputs(sizes);
        let with = |masks: &[Tensor]| [&given[..], masks].concat();
        check("before", BEFORE, &given, 1)?;
        let before = |[_, _, query, key]: [usize; 4]| key <= query;
        let causal = truths([1, 1, queries, keys], before);
        check("seen", SEEN, &with(std::slice::from_ref(&causal)), 1)?;
        check("scaled", SCALED, &with(std::slice::from_ref(&causal)), 1)?;
        let after = truths([1, 1, queries, keys], |place| !before(place));
        check("unseen", UNSEEN, &with(std::slice::from_ref(&after)), 1)?;
        check("contrary", CONTRARY, &with(&[after]), 1)?;
        // Examples of different lengths.
        let padded = truths([examples, 1, 1, keys], |[example, .., key]| key < 90 + 70 * example);
        check("padded", SEEN, &with(std::slice::from_ref(&padded)), 1)?;
        let filled = truths([examples, 1, 1, keys], |[example, .., key]| key >= 90 + 70 * example);
        check("both", BOTH, &with(&[causal, filled]), 1)?;
        // Nothing but the first key; and nothing at all, so that all keys weigh the same.
        let first = truths([1, heads, queries, keys], |[.., key]| key == 0);
        check("first", SEEN, &with(&[first]), 1)?;
        let none = truths([1, heads, queries, keys], |[_, head, query, key]| {
            (head, query % 20) != (0, 3) && key <= query
        });
        check("none", SEEN, &with(&[none]), 1)?;
    }
    Ok(())
}

#[test]
fn what_is_hidden_need_not_be_finite() -> Result<()> {
    for sizes in SIZES {
        let [examples, heads, queries, keys, width] = sizes;
        let causal = truths([1, 1, queries, keys], |[_, _, query, key]| key <= query);
        for (input, number) in
            [(1, f64::NAN), (1, f64::INFINITY), (2, f64::NAN), (2, f64::INFINITY)]
        {
            let mut inputs = inputs(sizes);
            let mut values = inputs[input].to_f64_vec();
            // Of keys, their scores are dropped; of values, a weight of 0 is not enough.
            let key = keys - 30;
            values[(examples - 1) * keys * heads * width + key * heads * width + 1] = number;
            inputs[input] = Tensor::from_vec(values, inputs[input].shape().clone())?;
            inputs.push(causal.clone());
            check(&format!("{number} in {input}"), SEEN, &inputs, 1)?;
        }
    }
    Ok(())
}

#[test]
fn scores_below_those_that_stand_for_hidden_ones() -> Result<()> {
    // Hidden keys weigh more than those that are seen.
    let low: Of = |_, x| {
        let scores = scores(x[0], x[1]) - 400.0;
        attended(x[3].broadcast_to(scores.shape()).select(scores, -10.0), x[2])
    };
    let sizes = SIZES[1];
    let causal = truths([1, 1, sizes[2], sizes[3]], |[_, _, query, key]| key <= query);
    check("low", low, &[inputs(sizes), vec![causal]].concat(), 1)
}
