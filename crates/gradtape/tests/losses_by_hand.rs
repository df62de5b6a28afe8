//! Losses that the reference data does not have: their values by plain formulas, their gradients by differences, and
//! what they refuse.

use gradtape::loss::*;
use gradtape::soft::{Regularization, SoftOrderOptions};
use gradtape::{
    DType, Kind, Result, Rng, Tape, Tensor, Var, check_gradients, compile, gradient, vmap,
};

const REDUCTIONS: [Reduction; 3] = [Reduction::Mean, Reduction::Sum, Reduction::None];

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Tensor::normal(shape, 0.0, 1.0, DType::F64, &mut Rng::new(seed)).unwrap()
}

fn uniform(shape: &[usize], low: f64, high: f64, seed: u64) -> Tensor {
    Tensor::uniform(shape, low, high, DType::F64, &mut Rng::new(seed)).unwrap()
}

fn rows(x: &Tensor) -> Vec<Vec<f64>> {
    x.to_f64_vec().chunks(x.shape()[1]).map(<[f64]>::to_vec).collect()
}

#[track_caller]
fn near(got: Var<'_>, want: &[f64]) {
    let got = got.value().unwrap().to_f64_vec();
    assert_eq!(got.len(), want.len());
    let close = |(x, y): (&f64, &f64)| x == y || (x - y).abs() <= 1e-12 * (1.0 + y.abs());
    assert!(got.iter().zip(want).all(close), "{got:?} is not {want:?}");
}

/// A loss with each reduction against the losses of the parts.
#[track_caller]
fn reduced<'t>(want: &[f64], f: impl Fn(Reduction) -> Var<'t>) {
    let sum: f64 = want.iter().sum();
    near(f(Reduction::None), want);
    near(f(Reduction::Sum), &[sum]);
    near(f(Reduction::Mean), &[sum / want.len() as f64]);
}

#[track_caller]
fn slopes(inputs: &[Tensor], f: impl for<'t> Fn(&[Var<'t>]) -> Var<'t>) {
    check_gradients(f, inputs).unwrap().within(1e-6).unwrap();
}

fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[test]
fn rows_that_are_ignored_do_not_count() -> Result<()> {
    let x = normal(&[4, 3], 1);
    let tape = Tape::new();
    let (all, labels) = (tape.watch(&x), tape.constant([2i64, -100, 0, -100]));
    let few = tape.watch(x.take_rows(&[0, 2])?);
    let of_few = tape.constant([2i64, 0]);
    for weight in [None, Some(Tensor::from([0.5, 1.0, 2.0]))] {
        for label_smoothing in [0.0, 0.2] {
            for reduction in [Reduction::Mean, Reduction::Sum] {
                let options = |ignore_index| CrossEntropyOptions {
                    weight: weight.clone(),
                    label_smoothing,
                    ignore_index,
                    reduction,
                };
                let loss = cross_entropy_with(all, labels, &options(Some(-100)));
                let want = cross_entropy_with(few, of_few, &options(None));
                near(loss, &[want.item()?]);
                let ([dx], [want]) = (gradient(loss, [all]), gradient(want, [few]));
                let want = want.value()?.to_f64_vec();
                let zeros = [0.0; 3];
                near(dx, &[&want[..3], &zeros, &want[3..], &zeros].concat());
            }
        }
        let options = |ignore_index| NllOptions {
            weight: weight.clone(),
            ignore_index,
            ..Default::default()
        };
        let loss = nll_with(all, labels, options(Some(-100)));
        near(loss, &[nll_with(few, of_few, options(None)).item()?]);
    }
    // Whatever stands in such a row.
    let x = tape.watch([[0.0, 0.0], [f64::NAN, f64::INFINITY]]);
    let options = CrossEntropyOptions { ignore_index: Some(1), ..Default::default() };
    let loss = cross_entropy_with(x, tape.constant([0i64, 1]), &options);
    let [dx] = gradient(loss, [x]);
    near(loss, &[2f64.ln()]);
    near(dx, &[-0.5, 0.5, 0.0, 0.0]);
    let none = CrossEntropyOptions { reduction: Reduction::None, ..options.clone() };
    near(cross_entropy_with(x, tape.constant([0i64, 1]), &none), &[2f64.ln(), 0.0]);
    assert!(cross_entropy_with(x, tape.constant([1i64, 1]), &options).item()?.is_nan());
    let error = cross_entropy_with(x, tape.constant([-1i64, 1]), &options).item().unwrap_err();
    assert!(error.message().contains("row 0 has label -1"), "{error}");
    let error = cross_entropy_with(x, tape.constant([[1.0, 0.0], [1.0, 0.0]]), &options);
    let error = error.item().unwrap_err();
    assert!(error.message().contains("ignore_index is 1, but the target is f64[2, 2]"), "{error}");
    Ok(())
}

#[test]
fn multi_margin_is_the_formula() {
    let (x, labels) = (normal(&[3, 4], 2), [3i64, 0, 1]);
    let weight = Tensor::from([1.0, 0.5, 2.0, 3.0]);
    let tape = Tape::new();
    let (var, y) = (tape.watch(&x), tape.constant(labels));
    for (p, margin, weight) in [(1, 1.0, None), (2, 0.5, None), (2, 1.0, Some(weight))] {
        let loss = |(row, &label): (&Vec<f64>, &i64)| {
            let label = label as usize;
            let missing = |k: usize| (margin - row[label] + row[k]).max(0.0).powi(p as i32);
            let sum: f64 = (0..4).filter(|&k| k != label).map(missing).sum();
            sum / 4.0 * weight.as_ref().map_or(1.0, |w| w.to_f64_vec()[label])
        };
        let want: Vec<f64> = rows(&x).iter().zip(&labels).map(loss).collect();
        let options =
            |reduction| MultiMarginOptions { p, margin, weight: weight.clone(), reduction };
        reduced(&want, |reduction| multi_margin_with(var, y, &options(reduction)));
        let y = Tensor::from(labels);
        slopes(&[x.clone(), y], |x| multi_margin_with(x[0], x[1], &options(Reduction::None)));
    }
}

#[test]
fn losses_of_pairs_and_triplets_are_the_formulas() -> Result<()> {
    let [a, b, c] = [3, 4, 5].map(|seed| normal(&[4, 3], seed));
    let (x, y, z) = (rows(&a), rows(&b), rows(&c));
    let tape = Tape::new();
    let [va, vb, vc] = [&a, &b, &c].map(|x| tape.watch(x));
    let cos = |i: usize| dot(&x[i], &y[i]) / (dot(&x[i], &x[i]) * dot(&y[i], &y[i])).sqrt();
    let want: Vec<f64> = (0..4).map(|i| 1.0 - cos(i)).collect();
    let close = |got: Var<'_>, want: &[f64]| {
        let got = got.value().unwrap().to_f64_vec();
        assert!(got.iter().zip(want).all(|(x, y)| (x - y).abs() < 1e-10), "{got:?} {want:?}");
    };
    close(cosine_distance_with(va, vb, Reduction::None), &want);
    close(cosine_distance(va, vb), &[want.iter().sum::<f64>() / 4.0]);
    slopes(&[a.clone(), b.clone()], |x| cosine_distance_with(x[0], x[1], Reduction::None));
    let signs = [1i64, -1, -1, 1];
    for margin in [0.0, -0.75] {
        let loss = |i: usize| match signs[i] {
            1 => 1.0 - cos(i),
            _ => (cos(i) - margin).max(0.0),
        };
        let options = CosineEmbeddingOptions { margin, reduction: Reduction::None };
        let loss: Vec<f64> = (0..4).map(loss).collect();
        close(cosine_embedding_with(va, vb, tape.constant(signs), options), &loss);
        let floats = tape.constant(signs.map(|sign| sign as f64));
        close(cosine_embedding_with(va, vb, floats, options), &loss);
        slopes(&[a.clone(), b.clone(), Tensor::from(signs)], |x| {
            cosine_embedding_with(x[0], x[1], x[2], options)
        });
    }
    // Vectors of zeros have a finite gradient.
    let zero = tape.watch([[0.0, 0.0]]);
    let loss = cosine_distance(zero, tape.constant([[1.0, 2.0]]));
    let [dx] = gradient(loss, [zero]);
    assert!(loss.item()? == 1.0 && dx.value()?.to_f64_vec().iter().all(|x| x.is_finite()));
    // Nor do small and large ones lose their direction.
    for size in [1e-7f32, 1.0, 1e10] {
        let x = tape.watch([[size, 0.0f32], [size, size]]);
        let y = tape.constant([[0.0f32, size], [size, size]]);
        let far = cosine_distance_with(x, y, Reduction::None).value()?.to_f64_vec();
        assert!((far[0] - 1.0).abs() < 1e-6 && far[1].abs() < 1e-6, "{size}: {far:?}");
        if size >= 1.0 {
            let loss = cosine_embedding(x, x, tape.constant([1i64, 1])).item()?;
            assert!(loss.abs() < 1e-6, "{size}: {loss}");
        }
    }

    let norm = |x: &[f64], y: &[f64], p: f64, eps: f64| {
        let sum: f64 = x.iter().zip(y).map(|(x, y)| (x - y + eps).abs().powf(p)).sum();
        sum.powf(1.0 / p)
    };
    let yes = [1i64, 0, 0, 1];
    for margin in [1.0, 4.0] {
        let loss = |i: usize| {
            let d = norm(&x[i], &y[i], 2.0, 0.0);
            if yes[i] == 1 { 0.5 * d * d } else { 0.5 * (margin - d).max(0.0).powi(2) }
        };
        let want: Vec<f64> = (0..4).map(loss).collect();
        let options = |reduction| ContrastiveOptions { margin, reduction };
        let target = tape.constant(yes);
        reduced(&want, |reduction| contrastive_with(va, vb, target, options(reduction)));
        slopes(&[a.clone(), b.clone(), Tensor::from(yes)], |x| {
            contrastive_with(x[0], x[1], x[2], options(Reduction::None))
        });
    }
    for (p, swap, margin) in [(2.0, false, 1.0), (2.0, true, 2.0), (3.0, true, 0.5)] {
        let eps = 1e-6;
        let loss = |i: usize| {
            let mut far = norm(&x[i], &z[i], p, eps);
            if swap {
                far = far.min(norm(&y[i], &z[i], p, eps));
            }
            (norm(&x[i], &y[i], p, eps) - far + margin).max(0.0)
        };
        let want: Vec<f64> = (0..4).map(loss).collect();
        let options = |reduction| TripletMarginOptions { margin, p, eps, swap, reduction };
        reduced(&want, |reduction| triplet_margin_with(va, vb, vc, options(reduction)));
        slopes(&[a.clone(), b.clone(), c.clone()], |x| {
            triplet_margin_with(x[0], x[1], x[2], options(Reduction::None))
        });
    }
    Ok(())
}

#[test]
fn likelihoods_are_the_formulas() -> Result<()> {
    let (x, counts) = (normal(&[5], 6), Tensor::from([0.0, 1.0, 2.0, 7.0, 3.0]));
    let rates = uniform(&[5], 0.5, 3.0, 7);
    let tape = Tape::new();
    let (vx, vr, t) = (tape.watch(&x), tape.watch(&rates), tape.constant(&counts));
    let stirling = |t: f64| match t > 1.0 {
        true => t * t.ln() - t + 0.5 * (std::f64::consts::TAU * t).ln(),
        false => 0.0,
    };
    for (log_input, full) in [(true, false), (true, true), (false, false), (false, true)] {
        let (input, var) = if log_input { (&x, vx) } else { (&rates, vr) };
        let loss = |(x, &t): (f64, &f64)| {
            let loss = if log_input { x.exp() - t * x } else { x - t * (x + 1e-8).ln() };
            loss + if full { stirling(t) } else { 0.0 }
        };
        let want: Vec<f64> =
            input.to_f64_vec().into_iter().zip(&counts.to_f64_vec()).map(loss).collect();
        let options =
            |reduction| PoissonNllOptions { log_input, full, reduction, ..Default::default() };
        reduced(&want, |reduction| poisson_nll_with(var, t, options(reduction)));
        let fixed = counts.clone();
        slopes(std::slice::from_ref(input), |x| {
            let t = x[0].tape().constant(&fixed);
            poisson_nll_with(x[0], t, options(Reduction::None))
        });
    }

    let (mean, target) = (normal(&[3, 2], 8), normal(&[3, 2], 9));
    let variances =
        [uniform(&[3, 2], 0.5, 2.0, 10), uniform(&[3, 1], 0.5, 2.0, 11), Tensor::scalar(0.7)];
    for variance in variances {
        let each = variance.broadcast_to([3, 2])?.to_f64_vec();
        for full in [false, true] {
            let all = mean.to_f64_vec().into_iter().zip(target.to_f64_vec()).zip(&each);
            let constant = if full { 0.5 * std::f64::consts::TAU.ln() } else { 0.0 };
            let want: Vec<f64> =
                all.map(|((m, t), v)| 0.5 * (v.ln() + (t - m).powi(2) / v) + constant).collect();
            let (m, t, v) = (tape.watch(&mean), tape.watch(&target), tape.watch(&variance));
            let options = |reduction| GaussianNllOptions { full, reduction, ..Default::default() };
            reduced(&want, |reduction| gaussian_nll_with(m, t, v, options(reduction)));
        }
        slopes(&[mean.clone(), target.clone(), variance.clone()], |x| {
            gaussian_nll_with(x[0], x[1], x[2], GaussianNllOptions::default())
        });
    }
    // A variance below eps counts as eps and can grow again.
    let v = tape.watch([0.0]);
    let loss = gaussian_nll(tape.constant([1.0]), tape.constant([0.0]), v);
    let [dv] = gradient(loss, [v]);
    near(loss, &[0.5 * (1e-6f64.ln() + 1e6)]);
    assert!(dv.item()? < -1e11);
    Ok(())
}

#[test]
fn focal_losses_are_cross_entropies_of_what_is_hard() -> Result<()> {
    let (x, t) = (normal(&[6], 12), Tensor::from([1.0, 0.0, 1.0, 0.0, 0.25, 1.0]));
    let tape = Tape::new();
    let (vx, vt) = (tape.watch(&x), tape.watch(&t));
    for (alpha, gamma) in [(Some(0.25), 2.0), (None, 0.5), (Some(0.5), 0.0), (None, 3.0)] {
        let loss = |(x, &t): (f64, &f64)| {
            let p = 1.0 / (1.0 + (-x).exp());
            let entropy = -t * p.ln() - (1.0 - t) * (1.0 - p).ln();
            let right = p * t + (1.0 - p) * (1.0 - t);
            let factor = alpha.map_or(1.0, |alpha| alpha * t + (1.0 - alpha) * (1.0 - t));
            factor * (1.0 - right).powf(gamma) * entropy
        };
        let want: Vec<f64> = x.to_f64_vec().into_iter().zip(&t.to_f64_vec()).map(loss).collect();
        let options = |reduction| SigmoidFocalOptions { alpha, gamma, reduction };
        reduced(&want, |reduction| sigmoid_focal_with(vx, vt, options(reduction)));
        let fixed = t.clone();
        slopes(std::slice::from_ref(&x), |x| {
            let t = x[0].tape().constant(&fixed);
            sigmoid_focal_with(x[0], t, options(Reduction::None))
        });
    }
    let (x, labels) = (normal(&[4, 3], 13), [2i64, 0, 1, 1]);
    let (vx, y) = (tape.watch(&x), tape.constant(labels));
    for gamma in [0.0, 0.5, 2.0] {
        let loss = |(row, &label): (&Vec<f64>, &i64)| {
            let p = row[label as usize].exp() / row.iter().map(|x| x.exp()).sum::<f64>();
            -(1.0 - p).powf(gamma) * p.ln()
        };
        let want: Vec<f64> = rows(&x).iter().zip(&labels).map(loss).collect();
        let options = |reduction| FocalOptions { gamma, weight: None, reduction };
        reduced(&want, |reduction| focal_with(vx, y, &options(reduction)));
        slopes(&[x.clone(), Tensor::from(labels)], |x| {
            focal_with(x[0], x[1], &options(Reduction::None))
        });
    }
    // Without a power it is the cross entropy, weights included.
    let weight = Some(Tensor::from([1.0, 2.0, 0.5]));
    for reduction in REDUCTIONS {
        let focal = FocalOptions { gamma: 0.0, weight: weight.clone(), reduction };
        let entropy =
            CrossEntropyOptions { weight: weight.clone(), reduction, ..Default::default() };
        let want = cross_entropy_with(vx, y, &entropy).value()?.to_f64_vec();
        near(focal_with(vx, y, &focal), &want);
    }
    // What is certain costs nothing and pulls nowhere.
    let sure = tape.watch([[900.0, 0.0], [0.0, 900.0]]);
    for gamma in [0.5, 2.0] {
        let options = FocalOptions { gamma, reduction: Reduction::Sum, ..Default::default() };
        let loss = focal_with(sure, tape.constant([0i64, 0]), &options);
        let [dx] = gradient(loss, [sure]);
        near(loss, &[900.0]);
        near(dx, &[0.0, 0.0, -1.0, 1.0]);
    }
    Ok(())
}

#[test]
fn quantile_and_dice_are_the_formulas() {
    let tape = Tape::new();
    let (x, t) = (normal(&[5], 14), normal(&[5], 15));
    let (vx, vt) = (tape.watch(&x), tape.watch(&t));
    for q in [0.1, 0.5, 0.9] {
        let loss = |(p, t): (f64, f64)| (q * (t - p)).max((q - 1.0) * (t - p));
        let want: Vec<f64> = x.to_f64_vec().into_iter().zip(t.to_f64_vec()).map(loss).collect();
        reduced(&want, |reduction| quantile_with(vx, vt, q, reduction));
        slopes(&[x.clone(), t.clone()], |x| quantile_with(x[0], x[1], q, Reduction::None));
    }
    let same = tape.watch([1.0]);
    near(gradient(quantile(same, tape.constant([1.0]), 0.9), [same])[0], &[0.0]);

    let (p, t) = (uniform(&[3, 4], 0.1, 0.9, 16), uniform(&[3, 4], 0.1, 0.9, 17));
    let (vp, vt) = (tape.watch(&p), tape.watch(&t));
    for (smooth, squared) in [(1.0, false), (0.0, true)] {
        let loss = |(p, t): (&Vec<f64>, &Vec<f64>)| {
            let size = |x: &[f64]| if squared { dot(x, x) } else { x.iter().sum() };
            1.0 - (2.0 * dot(p, t) + smooth) / (size(p) + size(t) + smooth)
        };
        let want: Vec<f64> = rows(&p).iter().zip(&rows(&t)).map(loss).collect();
        let options = |reduction| DiceOptions { smooth, squared, reduction };
        reduced(&want, |reduction| dice_with(vp, vt, options(reduction)));
        let mask = tape.watch(t.reshape([3, 2, 2]).unwrap());
        near(dice_with(vp.reshape([3, 2, 2]), mask, options(Reduction::None)), &want);
        slopes(&[p.clone(), t.clone()], |x| dice_with(x[0], x[1], options(Reduction::None)));
    }
    let one = dice_with(vp.index(0, 0), vt.index(0, 0), DiceOptions::default());
    near(one, &dice(vp.slice(0, 0..1), vt.slice(0, 0..1)).value().unwrap().to_f64_vec());
}

#[test]
fn ranks_that_agree_cost_nothing() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch([[0.3, 0.1, 0.2, 0.9], [0.5, 0.6, 0.8, 0.7]]);
    let y = tape.constant([[3.0, 1.0, 2.0, 4.0], [2.0, 1.0, 4.0, 3.0]]);
    let hard = SoftOrderOptions { strength: 1e-3, ..Default::default() };
    // Spearman's coefficient of the second row is 1 - 6 Σ d² / (n (n² - 1)) with d = (1, 1, 0, 0).
    near(spearman_with(x, y, hard, Reduction::None), &[0.0, 6.0 * 2.0 / 60.0]);
    let equal = tape.watch([2.0, 2.0, 2.0]);
    let loss = spearman(equal, tape.constant([1.0, 2.0, 3.0]), 1.0);
    near(loss, &[1.0]);
    near(gradient(loss, [equal])[0], &[0.0; 3]);
    let x = Tensor::from([-0.44, -1.17, 1.74, -0.5, 0.33, -0.26]);
    for (strength, regularization) in [(0.3, Regularization::L2), (2.0, Regularization::Kl)] {
        let ranks = SoftOrderOptions { strength, regularization, descending: false };
        slopes(std::slice::from_ref(&x), |x| {
            let y = x[0].tape().constant([1.0, 5.0, 2.0, 4.0, 3.0, 6.0]);
            spearman_with(x[0], y, ranks, Reduction::Mean)
        });
    }
    Ok(())
}

/// The probability of a target as the sum over all sequences of classes that give it.
fn by_enumeration(p: &[Vec<f64>], target: &[i64], blank: i64) -> f64 {
    let classes = p.first().map_or(1, Vec::len);
    (0..classes.pow(p.len() as u32))
        .filter_map(|mut path| {
            let (mut last, mut read, mut product) = (blank, Vec::new(), 1.0);
            for p in p {
                let class = path % classes;
                path /= classes;
                product *= p[class];
                if class as i64 != blank && class as i64 != last {
                    read.push(class as i64);
                }
                last = class as i64;
            }
            (read == target).then_some(product)
        })
        .sum()
}

#[test]
fn ctc_adds_up_all_alignments() -> Result<()> {
    const STEPS: usize = 5;
    let x = normal(&[STEPS, 6, 3], 18);
    for blank in [0usize, 2] {
        let labels: Vec<i64> = (0..3).filter(|&class| class != blank as i64).collect();
        let (a, b) = (labels[0], labels[1]);
        // What stands beyond a length is not read.
        let targets = [[a, b, a], [a, a, 77], [b, -5, 9], [0, 0, 0], [b, b, a], [a, b, b]];
        let (steps, lengths) = ([5i64, 4, 5, 3, 5, 2], [3i64, 2, 1, 0, 3, 3]);
        let tape = Tape::new();
        let p = tape.constant(&x).softmax(2).value()?;
        let want: Vec<f64> = (0..6)
            .map(|i| {
                let p: Vec<Vec<f64>> = (0..steps[i] as usize)
                    .map(|t| {
                        p.index(0, t as isize).unwrap().index(0, i as isize).unwrap().to_f64_vec()
                    })
                    .collect();
                -by_enumeration(&p, &targets[i][..lengths[i] as usize], blank as i64).ln()
            })
            .collect();
        assert_eq!(want[5], f64::INFINITY);
        let given = [Tensor::from(targets), Tensor::from(steps), Tensor::from(lengths)];
        let loss = |x: Var<'_>, zero_infinity, reduction| -> Result<Vec<f64>> {
            let [t, n, s] = [&given[0], &given[1], &given[2]].map(|given| x.tape().constant(given));
            let options = CtcOptions { blank, zero_infinity, reduction };
            Ok(ctc_with(x.log_softmax(2), t, n, s, options).value()?.to_f64_vec())
        };
        let var = tape.watch(&x);
        let close = |got: Vec<f64>, want: &[f64]| {
            let fits = |(x, y): (&f64, &f64)| x == y || (x - y).abs() < 1e-12;
            assert!(got.len() == want.len() && got.iter().zip(want).all(fits), "{got:?} {want:?}");
        };
        close(loss(var, false, Reduction::None)?, &want);
        let finite: Vec<f64> = want.iter().map(|&x| if x.is_finite() { x } else { 0.0 }).collect();
        close(loss(var, true, Reduction::None)?, &finite);
        close(loss(var, true, Reduction::Sum)?, &[finite.iter().sum()]);
        let mean: f64 = finite.iter().zip(lengths).map(|(x, n)| x / n.max(1) as f64).sum();
        close(loss(var, true, Reduction::Mean)?, &[mean / 6.0]);
        slopes(std::slice::from_ref(&x), |x| {
            let [t, n, s] =
                [&given[0], &given[1], &given[2]].map(|given| x[0].tape().constant(given));
            let options = CtcOptions { blank, zero_infinity: true, reduction: Reduction::None };
            ctc_with(x[0].log_softmax(2), t, n, s, options)
        });
        // One sequence, compiled, with lengths that change from call to call.
        let mut step = compile(|_, x| {
            let options = CtcOptions { blank, ..Default::default() };
            let loss = ctc_with(x[0].log_softmax(1), x[1], x[2], x[3], options);
            Ok(vec![loss, gradient(loss, [x[0]])[0]])
        });
        for i in 0..5 {
            let one = x.index(1, i as isize)?;
            let [t, n, s] =
                [&given[0], &given[1], &given[2]].map(|given| given.index(0, i as isize).unwrap());
            let t = if lengths[i] < 3 { Tensor::from([targets[i][0].max(0), a, b]) } else { t };
            let t = if i == 1 { Tensor::from([a, a, b]) } else { t };
            let got = step.call(&[one, t, n, s])?;
            close(got[0].to_f64_vec(), &[want[i] / lengths[i].max(1) as f64]);
            assert!(got[1].to_f64_vec().iter().all(|x| x.is_finite()));
        }
    }
    Ok(())
}

#[test]
fn ctc_of_long_sequences_does_not_underflow() -> Result<()> {
    let tape = Tape::new();
    let x = tape.watch(Tensor::zeros([100, 2, 40], DType::F32));
    let targets = Tensor::from_vec((0..60).map(|i| 1 + i % 39).collect(), [2, 30])?;
    let loss = ctc(
        x.log_softmax(2),
        tape.constant(targets),
        tape.constant([100i64, 80]),
        tape.constant([30i64, 0]),
    );
    let [dx] = gradient(loss, [x]);
    assert!(loss.item()?.is_finite() && loss.item()? > 0.0);
    let dx = dx.value()?;
    assert!(dx.to_f64_vec().iter().all(|x| x.is_finite()));
    // Nothing flows into the steps that the second sequence does not have.
    assert!(dx.index(0, 99)?.index(0, 1)?.to_f64_vec().iter().all(|&x| x == 0.0));
    Ok(())
}

#[test]
fn losses_of_one_example_are_those_of_a_batch() -> Result<()> {
    let tape = Tape::new();
    let (x, y) = (tape.watch(normal(&[3, 4, 2], 19)), tape.constant(normal(&[3, 4, 2], 20)));
    let losses: [for<'t> fn(Var<'t>, Var<'t>) -> Var<'t>; 4] = [
        |x, y| cosine_distance(x, y),
        |x, y| quantile(x, y, 0.3),
        |x, y| triplet_margin(x, y, x * 0.5 + y * 2.0),
        |x, y| spearman(x, y, 0.5),
    ];
    for loss in losses {
        let all = vmap((x, y), |(x, y)| loss(x, y)).value()?.to_f64_vec();
        for (i, all) in all.into_iter().enumerate() {
            let one = loss(x.index(0, i), y.index(0, i)).item()?;
            assert!((one - all).abs() < 1e-12, "{one} {all}");
        }
    }
    Ok(())
}

#[test]
fn what_cannot_be_meant_is_an_error_at_the_line_of_the_loss() {
    let (tape, other) = (Tape::new(), Tape::new());
    let x = tape.watch([[0.5, 0.2], [0.1, 0.4]]);
    let (row, labels) = (x.index(0, 0), tape.constant([0i64, 1]));
    let one = |n: i64| tape.constant(n);
    let far = other.watch([[0.5, 0.2], [0.1, 0.4]]);
    let ctc_of = |targets, steps: [i64; 2], lengths: [i64; 2], blank| {
        let x = x.unsqueeze(0);
        let options = CtcOptions { blank, ..Default::default() };
        ctc_with(x, tape.constant(targets), tape.constant(steps), tape.constant(lengths), options)
    };
    let multi = |p, margin| MultiMarginOptions { p, margin, ..Default::default() };
    let triplet = TripletMarginOptions::default();
    let cosine = |margin| CosineEmbeddingOptions { margin, ..Default::default() };
    let focal_of = |gamma| FocalOptions { gamma, ..Default::default() };
    let poisson = |eps| PoissonNllOptions { eps, ..Default::default() };
    let rates = PoissonNllOptions { log_input: false, ..Default::default() };
    let below = tape.watch([[-0.5, 0.2], [0.1, 0.4]]);
    let sigmoid = |alpha, gamma| SigmoidFocalOptions { alpha, gamma, ..Default::default() };
    for (line, loss, kind, words) in [
        (
            line!(),
            multi_margin_with(x, labels, &multi(3, 1.0)),
            Kind::Value,
            "multi_margin: p is 3",
        ),
        (
            line!(),
            multi_margin_with(x, labels, &multi(1, f64::NAN)),
            Kind::Value,
            "multi_margin: margin is NaN",
        ),
        (
            line!(),
            multi_margin(x, tape.constant([0i64, 2])),
            Kind::Value,
            "multi_margin: row 1 has label 2, but there are 2 classes",
        ),
        (
            line!(),
            multi_margin(x, x),
            Kind::Shape,
            "multi_margin: the target is f64[2, 2], not labels in i64",
        ),
        (line!(), focal(x, x), Kind::Shape, "focal: the target is f64[2, 2], not labels in i64"),
        (line!(), focal_with(x, labels, &focal_of(-1.0)), Kind::Value, "focal: gamma is -1"),
        (
            line!(),
            sigmoid_focal_with(x, x, sigmoid(Some(1.5), 2.0)),
            Kind::Value,
            "sigmoid_focal: alpha is 1.5",
        ),
        (
            line!(),
            sigmoid_focal_with(x, x, sigmoid(None, f64::INFINITY)),
            Kind::Value,
            "sigmoid_focal: gamma is inf",
        ),
        (
            line!(),
            sigmoid_focal(x, below),
            Kind::Value,
            "sigmoid_focal: element 0 of the target is -0.5",
        ),
        (line!(), dice(below, x), Kind::Value, "dice: element 0 of the prediction is -0.5"),
        (
            line!(),
            dice(x, row),
            Kind::Shape,
            "dice: the prediction is f64[2, 2], but the target is f64[2]",
        ),
        (
            line!(),
            dice(row.index(0, 0), row.index(0, 1)),
            Kind::Shape,
            "dice: f64[] has nothing to add up",
        ),
        (line!(), quantile(x, x, 1.0), Kind::Value, "quantile: q is 1"),
        (line!(), poisson_nll_with(x, x, poisson(0.0)), Kind::Value, "poisson_nll: eps is 0"),
        (
            line!(),
            poisson_nll(x, below),
            Kind::Value,
            "poisson_nll: element 0 of the target is -0.5",
        ),
        (
            line!(),
            poisson_nll_with(below, x, rates),
            Kind::Value,
            "poisson_nll: element 0 of the prediction is -0.5",
        ),
        (
            line!(),
            gaussian_nll(x, x, below),
            Kind::Value,
            "gaussian_nll: element 0 of the variance is -0.5",
        ),
        (
            line!(),
            gaussian_nll(x, x, tape.constant([1.0, 1.0, 1.0])),
            Kind::Shape,
            "gaussian_nll: the mean is f64[2, 2], but the variance is f64[3]",
        ),
        (
            line!(),
            gaussian_nll(x, x, far),
            Kind::Tape,
            "gaussian_nll: the operands are recorded on two different tapes",
        ),
        (
            line!(),
            cosine_distance(x, row),
            Kind::Shape,
            "cosine_distance: the prediction is f64[2, 2]",
        ),
        (
            line!(),
            cosine_embedding(x, x, tape.constant([0i64, 1])),
            Kind::Value,
            "cosine_embedding: element 0 of the target is 0, but must be -1 or 1",
        ),
        (
            line!(),
            cosine_embedding(x, x, one(1)),
            Kind::Shape,
            "cosine_embedding: pairs of f64[2, 2] do not fit a target i64[]",
        ),
        (
            line!(),
            cosine_embedding_with(x, x, labels, cosine(1.5)),
            Kind::Value,
            "cosine_embedding: margin is 1.5",
        ),
        (
            line!(),
            contrastive(x, x, tape.constant([0i64, 2])),
            Kind::Value,
            "contrastive: element 1 of the target is 2, but must be 0 or 1",
        ),
        (
            line!(),
            contrastive(x, far, labels),
            Kind::Tape,
            "contrastive: the operands are recorded on two different tapes",
        ),
        (
            line!(),
            triplet_margin_with(x, x, x, TripletMarginOptions { p: 0.0, ..triplet }),
            Kind::Value,
            "triplet_margin: p is 0",
        ),
        (
            line!(),
            triplet_margin_with(x, x, x, TripletMarginOptions { margin: 0.0, ..triplet }),
            Kind::Value,
            "triplet_margin: margin is 0",
        ),
        (
            line!(),
            triplet_margin(x, x, row),
            Kind::Shape,
            "triplet_margin: the prediction is f64[2, 2], but the target is f64[2]",
        ),
        (line!(), spearman(x, row, 1.0), Kind::Shape, "spearman: the prediction is f64[2, 2]"),
        (line!(), spearman(x, x, 0.0), Kind::Value, "soft_rank: strength is 0"),
        (
            line!(),
            ctc_of([[1i64], [1]], [1, 2], [1, 1], 0),
            Kind::Value,
            "ctc: input length 1 is 2, but there are 1 places",
        ),
        (
            line!(),
            ctc_of([[1i64], [1]], [1, 1], [-1, 1], 0),
            Kind::Value,
            "ctc: target length 0 is -1",
        ),
        (
            line!(),
            ctc_of([[1i64], [0]], [1, 1], [1, 1], 0),
            Kind::Value,
            "ctc: label 0 of target 1 is 0, which is the blank or no class",
        ),
        (
            line!(),
            ctc_of([[1i64], [2]], [1, 1], [1, 1], 0),
            Kind::Value,
            "ctc: label 0 of target 1 is 2",
        ),
        (
            line!(),
            ctc_of([[1i64], [1]], [1, 1], [1, 1], 2),
            Kind::Value,
            "ctc: the blank is 2, but there are 2 classes",
        ),
        (
            line!(),
            ctc(x, labels, labels, labels),
            Kind::Shape,
            "ctc: log-probabilities f64[2, 2] do not fit targets i64[2], input lengths i64[2]",
        ),
        (
            line!(),
            ctc(x, labels, one(1), other.constant(1i64)),
            Kind::Tape,
            "ctc: the operands are recorded on two different tapes",
        ),
    ] {
        let error = loss.value().unwrap_err();
        assert!(error.message().starts_with(words), "line {line}: {words:?} is not in {error}");
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.location().unwrap().file(), file!(), "{error}");
    }
}
