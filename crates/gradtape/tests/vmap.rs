//! Functions of one example applied to a batch: what they may be made of, how often they are recorded, and what
//! must be an error.

use std::cell::Cell;

use gradtape::nn::{BatchNorm1d, Linear, Module};
use gradtape::{
    DType, Generator, Kind, Mode, Result, Rng, Tape, Tensor, Var, compile, gradient, gradients,
    hessian, jacobian, jvp, op, vmap, vmap_axes,
};

const MODES: [Mode; 3] = [Mode::Fused, Mode::Eager, Mode::Checked];

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Tensor::normal(shape, 0.0, 1.0, DType::F64, &mut Rng::new(seed)).unwrap()
}

#[track_caller]
fn near(got: &Tensor, want: &Tensor) {
    assert_eq!(got.shape(), want.shape());
    assert!(got.all_close(want, 1e-12, 1e-12), "{got:?} is not {want:?}");
}

#[test]
fn arguments_and_results_are_values_arrays_vectors_and_tuples() -> Result<()> {
    let tape = Tape::new();
    let (x, y) = (tape.watch([1.0, 2.0]), tape.watch([10.0, 20.0]));
    assert_eq!(vmap(x, |x| x + 1.0).value()?.to_f64_vec(), [2.0, 3.0]);
    let [sum, product] = vmap([x, y], |[x, y]| [x + y, x * y]);
    assert_eq!(sum.value()?.to_f64_vec(), [11.0, 22.0]);
    assert_eq!(product.value()?.to_f64_vec(), [10.0, 40.0]);
    let (list, one) = vmap((vec![x, y], x), |(list, x)| (vec![list[1] - x], x));
    assert_eq!(list[0].value()?.to_f64_vec(), [9.0, 18.0]);
    assert_eq!(one.value()?.to_f64_vec(), [1.0, 2.0]);
    let (.., third) = vmap((x, [y, y], y), |(x, [a, b], c)| (x, a, b * c));
    assert_eq!(third.value()?.to_f64_vec(), [100.0, 400.0]);
    assert!(vmap(x, |_| Vec::<Var<'_>>::new()).is_empty());
    Ok(())
}

#[test]
fn what_is_used_beside_the_arguments_is_shared_and_a_result_without_them_repeated() -> Result<()> {
    let tape = Tape::new();
    let (x, w) = (tape.watch([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), tape.watch([1.0, -1.0]));
    let (scaled, same) = vmap(x, |x| ((x * w).sum(()), w.exp()));
    assert_eq!(scaled.value()?.to_f64_vec(), [-1.0, -1.0, -1.0]);
    assert_eq!(same.shape()[..], [3, 2]);
    assert_eq!(same.value()?.index(0, 2)?.to_f64_vec(), w.exp().value()?.to_f64_vec());
    // Recorded once, for all.
    let before = tape.len();
    vmap(x, |x| x * w.tanh().sinh().atan());
    let shared = tape.len() - before;
    let before = tape.len();
    vmap(x, |x| x * w);
    assert_eq!(shared, tape.len() - before + 3);
    Ok(())
}

#[test]
fn examples_lie_along_any_axis() -> Result<()> {
    let tape = Tape::new();
    let (x, y) = (tape.watch(normal(&[2, 3, 4], 1)), tape.watch(normal(&[4, 2], 2)));
    let want = x.transpose(&[2, 0, 1]).sum(2) * y;
    for axes in [[Some(2), Some(0)], [Some(-1), Some(-2)]] {
        let got = vmap_axes((x, y), &axes, |(x, y)| x.sum(1) * y);
        assert_eq!(got.value()?.to_f64_vec(), want.value()?.to_f64_vec());
    }
    let columns = vmap_axes(y, &[Some(1)], |y| y);
    assert_eq!(columns.value()?.to_f64_vec(), y.t().value()?.to_f64_vec());
    Ok(())
}

#[test]
fn it_may_stand_in_itself() -> Result<()> {
    for mode in MODES {
        let tape = Tape::new();
        tape.set_mode(mode);
        let (x, y) = (tape.watch(normal(&[3, 2], 1)), tape.watch(normal(&[4, 2], 2)));
        // All dot products, with the inner batch shared by the outer one, and the other way round.
        let rows = vmap(x, |x| vmap(y, |y| (x * y).sum(())));
        let columns = vmap(y, |y| vmap(x, |x| (x * y).sum(())));
        let want = x.matmul(y.t()).value()?;
        near(&rows.value()?, &want);
        near(&columns.t().value()?, &want);
        let deep = vmap(x, |x| vmap(x, |a| vmap(y.index(0, 0), |b| a * b)));
        assert_eq!(deep.shape()[..], [3, 2, 2]);
        let want = x.unsqueeze(2) * y.index(0, 0);
        near(&deep.value()?, &want.value()?);
    }
    Ok(())
}

#[test]
fn derivatives_of_examples_are_taken_inside_and_of_all_outside() -> Result<()> {
    fn f(x: Var<'_>) -> Var<'_> {
        (x.square().cumsum(0) * x.tanh()).sum(())
    }
    let x = normal(&[4, 3], 5);
    for mode in MODES {
        let tape = Tape::new();
        tape.set_mode(mode);
        let all = tape.watch(&x);
        let (slopes, second) = vmap(all, |x| {
            let [slope] = gradient(f(x), [x]);
            (slope, hessian(f(x), x))
        });
        let [outside] = gradient(vmap(all, f).sum(()), [all]);
        near(&outside.value()?, &slopes.value()?);
        let moved = jvp(&[vmap(all, f)], &[all], &[tape.constant(&x)])[0].value()?;
        for i in 0..4 {
            let own = Tape::new();
            let one = own.watch(x.index(0, i)?);
            let [slope] = gradient(f(one), [one]);
            near(&slopes.value()?.index(0, i)?, &slope.value()?);
            near(&second.value()?.index(0, i)?, &hessian(f(one), one).value()?);
            near(&moved.index(0, i)?, &(slope * one).sum(()).value()?);
        }
        // Of the derivatives, once more.
        let third = gradients(slopes.square().sum(()), &[all])[0];
        near(&third.value()?, &vmap((second, slopes), |(h, g)| h.matmul(g) * 2.0).value()?);
    }
    Ok(())
}

/// The gradients of two layers' parameters, by the loss of one example.
fn slopes_of<'t>(layers: &[Linear; 2], x: Var<'t>, y: Var<'t>) -> Vec<Var<'t>> {
    let loss = (layers[1].forward(layers[0].forward(x).tanh()) - y).square().mean(());
    let parameters = layers.iter().flat_map(Module::parameters);
    let weights: Vec<Var<'t>> = parameters.map(|own| x.tape().parameter(&own)).collect();
    gradients(loss, &weights)
}

#[test]
fn a_network_gives_the_gradients_of_each_example() -> Result<()> {
    let mut rng = Rng::new(3);
    let layers = [Linear::new(3, 5, &mut rng), Linear::new(5, 2, &mut rng)];
    let (x, y) = (normal(&[6, 3], 1).cast(DType::F32), normal(&[6, 2], 2).cast(DType::F32));
    let tape = Tape::new();
    let all = vmap((tape.constant(&x), tape.constant(&y)), |(x, y)| slopes_of(&layers, x, y));
    for i in 0..6 {
        let own = Tape::new();
        let (x, y) = (own.constant(x.index(0, i)?), own.constant(y.index(0, i)?));
        for (all, want) in all.iter().zip(slopes_of(&layers, x, y)) {
            let got = all.value()?.index(0, i)?;
            assert!(got.all_close(&want.value()?, 1e-5, 1e-6), "{got:?}");
        }
    }
    Ok(())
}

#[test]
fn a_jacobian_and_a_hessian_record_one_walk_for_any_number_of_rows() -> Result<()> {
    let nodes = |rows: usize, columns: usize| -> Result<[usize; 2]> {
        let tape = Tape::new();
        let (a, x) =
            (tape.constant(normal(&[rows, columns], 1)), tape.watch(normal(&[columns], 2)));
        let y = a.matmul(x).tanh();
        let before = tape.len();
        let slopes = jacobian(y, x);
        let between = tape.len();
        let second = hessian(y.square().sum(()), x);
        let counts = [between - before, tape.len() - between];
        // The rows one by one.
        let (slopes, second) = (slopes.value()?, second.value()?);
        for i in 0..rows {
            let [row] = gradient(y.index(0, i), [x]);
            near(&slopes.index(0, i)?, &row.value()?);
        }
        let [slope] = gradient(y.square().sum(()), [x]);
        for i in 0..columns {
            let [row] = gradient(slope.index(0, i), [x]);
            near(&second.index(0, i)?, &row.value()?);
        }
        Ok(counts)
    };
    for (few, many) in [((2, 3), (10, 12)), ((7, 2), (40, 12))] {
        assert_eq!(nodes(few.0, few.1)?, nodes(many.0, many.1)?);
    }
    let counts = nodes(100, 100)?;
    assert!(counts[0] < 30 && counts[1] < 80, "{counts:?}");
    Ok(())
}

#[test]
fn gradient_rules_of_users_are_applied_to_each_example() -> Result<()> {
    // Half of a vector's norm, with a gradient twice as long.
    fn f<'t>(x: Var<'t>, w: Var<'t>) -> Var<'t> {
        let value = (x * w).square().sum(()).sqrt() * 0.5;
        x.tape().custom_gradient(&[x, w], value, |x, out, g| {
            assert_eq!(x[0].shape()[..], [2]);
            assert_eq!(out.shape().rank(), 0);
            let all = x[0] * x[1] * x[1] / out;
            vec![all * g, (x[0] * x[0] * x[1] / out) * g]
        })
    }
    let (x, w) = (normal(&[3, 2], 1), normal(&[2], 2));
    let tape = Tape::new();
    let (all, w_all) = (tape.watch(&x), tape.watch(&w));
    let inside = vmap(all, |x| gradient(f(x, w_all), [x, w_all]));
    let outside = gradient(vmap(all, |x| f(x, w_all)).sum(()), [all, w_all]);
    let nested = gradient(vmap(all.unsqueeze(0), |x| vmap(x, |x| f(x, w_all))).sum(()), [all]);
    let second = gradient(outside[0].square().sum(()), [all]);
    let mut sum = Tensor::zeros([2], DType::F64);
    for i in 0..3 {
        let own = Tape::new();
        let (x, w) = (own.watch(x.index(0, i)?), own.watch(&w));
        let want = gradient(f(x, w), [x, w]);
        near(&inside[0].value()?.index(0, i)?, &want[0].value()?);
        near(&inside[1].value()?.index(0, i)?, &want[1].value()?);
        near(&outside[0].value()?.index(0, i)?, &want[0].value()?);
        near(&nested[0].value()?.index(0, i)?, &want[0].value()?);
        let [again] = gradient(want[0].square().sum(()), [x]);
        near(&second[0].value()?.index(0, i)?, &again.value()?);
        sum = (sum + want[1].value()?)?;
    }
    near(&outside[1].value()?, &sum);
    Ok(())
}

#[test]
fn random_numbers_are_those_of_their_counter() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([0.0, 0.0, 0.0]);
    let noise = Generator::new(7);
    let same = vmap(x, |x| x + tape.uniform(&noise, [], DType::F64)).value()?.to_f64_vec();
    assert!(same[0] == same[1] && same[1] == same[2]);
    let random = op::source::Random { key: 7, shape: [2].into(), dtype: DType::F64 };
    let draw = |counter: Var<'_>| counter.tape().apply(random.clone(), &[counter]).value();
    let counters = tape.constant(Tensor::from([5i64, 0, 5]));
    let all = vmap(counters, |counter| tape.apply(random.clone(), &[counter])).value()?;
    for (i, number) in [5i64, 0, 5].into_iter().enumerate() {
        let want = draw(tape.constant(Tensor::scalar(number)))?;
        assert_eq!(all.index(0, i)?.to_f64_vec(), want.to_f64_vec());
    }
    Ok(())
}

#[test]
fn whole_numbers_and_masks_are_batched_too() -> Result<()> {
    let tape = Tape::new();
    let logits = tape.watch(normal(&[4, 3], 1));
    let labels = tape.constant(Tensor::from([2i64, 0, 1, 1]));
    let own = vmap((logits, labels), |(x, y)| -x.log_softmax(0).index_select(0, y));
    let want = gradtape::loss::cross_entropy(logits, labels);
    near(&own.mean(()).value()?, &want.value()?);
    let masked = vmap((logits, labels), |(x, y)| y.equal(1).select(x, 0.0));
    assert_eq!(masked.value()?.index(0, 0)?.to_f64_vec(), [0.0; 3]);
    let error =
        vmap((logits, labels), |(x, _)| x.index_select(0, tape.constant(Tensor::from([3i64]))));
    assert!(error.value().unwrap_err().to_string().contains("out of range for 3 elements"));
    let each = vmap((logits, labels + 1), |(x, y)| x.index_select(0, y)).value();
    assert!(each.unwrap_err().to_string().contains("is 3, out of range for 3 elements"));
    Ok(())
}

#[test]
fn of_no_examples_there_are_no_results() -> Result<()> {
    let tape = Tape::new();
    let (x, w) = (tape.watch(Tensor::zeros([0, 3], DType::F64)), tape.watch([1.0, 2.0, 3.0]));
    let (y, [slope]) = vmap(x, |x| ((x * w).sum(()), gradient((x * w).sum(()), [w])));
    assert_eq!(
        (y.value()?.shape().to_vec(), slope.value()?.shape().to_vec()),
        (vec![0], vec![0, 3])
    );
    let [dw] = gradient(vmap(x, |x| (x * w).sum(())).sum(()), [w]);
    assert_eq!(dw.value()?.to_f64_vec(), [0.0; 3]);
    Ok(())
}

#[test]
fn compiled_steps_and_repeated_recordings_give_the_same() -> Result<()> {
    fn each<'t>(x: Var<'t>, w: Var<'t>) -> Var<'t> {
        vmap(x, |x| gradient((x * w).tanh().sum(()), [w]))[0]
    }
    let w = normal(&[3], 9);
    let mut compiled = compile(|_, x| Ok(vec![each(x[0], x[1])]));
    let (mut tape, mut nodes) = (Tape::new(), Vec::new());
    for seed in 0..4 {
        let x = normal(&[5, 3], seed);
        tape.reset();
        let repeated = each(tape.constant(&x), tape.watch(&w));
        nodes.push(tape.len());
        let fresh = Tape::new();
        let want = each(fresh.constant(&x), fresh.watch(&w)).value()?;
        near(&repeated.value()?, &want);
        near(&compiled.call(&[x, w.clone()])?[0], &want);
    }
    assert!(nodes.iter().all(|count| *count == nodes[0]), "{nodes:?}");
    assert_eq!(compiled.recordings(), 1);
    Ok(())
}

/// The text of an error, which must be of a line of this file.
#[track_caller]
fn text(y: Var<'_>) -> String {
    let error = y.value().unwrap_err().to_string();
    assert!(error.contains("vmap.rs"), "{error}");
    error
}

#[test]
fn what_is_no_batch_is_an_error_with_a_way_out() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, y) = (tape.watch(normal(&[3, 2], 1)), tape.watch(normal(&[4], 2)));
    let has = |text: String, words: &[&str]| {
        for word in words {
            assert!(text.contains(word), "{word:?} is not in: {text}");
        }
    };
    has(
        text(vmap((x, y), |(x, y)| x * y)),
        &[
            "value 0 has 3 examples along axis 0 of [3, 2], value 1 has 4 along axis 0 of [4]",
            "inside",
        ],
    );
    has(
        text(vmap_axes(x, &[Some(2)], |x| x)),
        &["vmap of value 0, f64[3, 2]", "axis 2", "from 0 to 1"],
    );
    has(text(vmap(x.sum(()), |x| x)), &["a scalar has no axes"]);
    has(
        text(vmap_axes([x, y], &[None, None], |[x, _]| x)),
        &["no value has an axis", "Some(axis)"],
    );
    has(text(vmap_axes([x, y], &[Some(0)], |[x, _]| x)), &["1 axes were given for 2 values"]);
    has(text(vmap(Vec::new(), |_: Vec<Var<'_>>| x)), &["no value has an axis of examples"]);
    has(text(vmap([x, other.watch([1.0, 2.0, 3.0])], |[x, _]| x)), &["two different tapes"]);
    has(text(vmap(x, |_| other.watch(1.0))), &["vmap", "two different tapes"]);
    // Errors inside are those of one example.
    has(text(vmap((x, x), |(x, z)| x.matmul(z.unsqueeze(0).t().t()))), &["f64[2]", "f64[1, 2]"]);
    let failed = x.matmul(x);
    has(text(vmap(failed, |x| x.sum(()))), &["matmul"]);
    has(text(vmap(x, |x| gradient(x, [x])[0])), &["not one element"]);
    let place = vmap(x, |x| x.argmax(0).cast(DType::F64));
    has(text(gradient(place.sum(()), [x])[0]), &["only through argmax", "i64[3] has no gradient"]);
    assert!(vmap(x, |x| x).value().is_ok());
}

#[test]
fn an_example_has_no_numbers_to_read_or_to_keep() {
    let tape = Tape::new();
    let x = tape.watch([1.0, 2.0]);
    let left = Cell::new(None);
    let y = vmap(x, |x| {
        let error = (x * 2.0).item().unwrap_err();
        assert_eq!(error.kind(), Kind::Tape);
        let error = error.to_string();
        assert!(error.contains("one example f64[] of the vmap at"), "{error}");
        assert!(error.matches("vmap.rs").count() == 2, "{error}");
        assert!(x.value().is_err() && gradtape::eval::graph(&tape, &[-x]).is_err());
        left.set(Some(x * 3.0));
        x * 4.0
    });
    assert!(left.get().unwrap().value().is_err());
    assert_eq!(y.value().unwrap().to_f64_vec(), [4.0, 8.0]);
    let mut leaky = compile(|_, x| {
        let left = Cell::new(None);
        vmap(x[0], |x| {
            left.set(Some(x * 3.0));
            x
        });
        Ok(left.get().into_iter().collect())
    });
    let error = leaky.call(&[Tensor::from([1.0])]).unwrap_err().to_string();
    assert!(error.contains("one example f64[] of the vmap at"), "{error}");
}

#[test]
fn an_update_to_a_value_of_one_example_is_an_error_and_forgotten() -> Result<()> {
    let norm = BatchNorm1d::new(2);
    let x = normal(&[3, 4, 2], 1).cast(DType::F32);
    let tape = Tape::new();
    let all = tape.watch(&x);
    let error = text(vmap(all, |x| norm.forward(x)));
    assert!(error.contains("would take a value of each example"), "{error}");
    assert!(all.sum(()).item().is_ok());
    let tape = Tape::inference();
    assert_eq!(vmap(tape.watch(&x), |x| norm.forward(x)).value()?.shape()[..], [3, 4, 2]);
    Ok(())
}
