//! Losses, by one table.

use gradtape::loss::{
    self as losses, BceOptions, ContrastiveOptions, CosineEmbeddingOptions, CrossEntropyOptions,
    CtcOptions, DiceOptions, FocalOptions, GaussianNllOptions, MultiMarginOptions, NllOptions,
    PoissonNllOptions, Reduction, SigmoidFocalOptions, TripletMarginOptions,
};
use gradtape::{DType, Tensor};
use pyo3::prelude::*;

use crate::tape::array::tensor_of;
use crate::tape::{PyVar, together, wrong};

type Any<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

fn reduction(name: &str) -> PyResult<Reduction> {
    match name {
        "mean" => Ok(Reduction::Mean),
        "sum" => Ok(Reduction::Sum),
        "batchmean" => Ok(Reduction::BatchMean),
        "none" => Ok(Reduction::None),
        other => Err(wrong(
            format!("there is no reduction {other:?}"),
            "there are \"mean\", \"sum\", \"batchmean\" and \"none\"",
        )),
    }
}

/// Weights of classes, of the element type of what is weighed.
fn weights(weights: Any<'_, '_>, like: DType) -> PyResult<Option<Tensor>> {
    weights.map(|weights| Ok(tensor_of(weights, like)?.cast(like))).transpose()
}

/// Stamps losses as functions.
macro_rules! losses {
    ($(
        $(#[$doc:meta])*
        $name:ident($($var:ident),*; $($argument:ident: $type:ty = $default:expr),*)
            |$x:ident, $reduction:ident| $record:expr;
    )*) => {
        /// Names them in the module.
        pub(super) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
            module.add("LOSSES", vec![$(stringify!($name)),*])?;
            $(module.add_function(wrap_pyfunction!($name, module)?)?;)*
            Ok(())
        }

        $(
            $(#[$doc])*
            #[pyfunction]
            #[pyo3(signature = ($($var,)* *, $($argument=$default,)* reduction="mean"))]
            #[allow(clippy::too_many_arguments, reason = "settings by name")]
            fn $name(
                py: Python<'_>,
                $($var: Bound<'_, PyAny>,)*
                $($argument: $type,)*
                reduction: &str,
            ) -> PyResult<PyVar> {
                let $reduction = self::reduction(reduction)?;
                together(py, stringify!($name), &[$($var),*], |_, $x| $record)
            }
        )*
    };
}

losses! {
    /// The mean square of the differences.
    mse(prediction, target;)
        |x, reduction| Ok(losses::mse_with(x[0], x[1], reduction));
    /// The mean magnitude of the differences.
    mae(prediction, target;)
        |x, reduction| Ok(losses::mae_with(x[0], x[1], reduction));
    /// Squares of small differences, magnitudes of those above `delta`.
    huber(prediction, target; delta: f64 = 1.0)
        |x, reduction| Ok(losses::huber_with(x[0], x[1], delta, reduction));
    /// `huber` divided by its bound `beta`.
    smooth_l1(prediction, target; beta: f64 = 1.0)
        |x, reduction| Ok(losses::smooth_l1_with(x[0], x[1], beta, reduction));
    /// The loss whose least prediction is the quantile `q`.
    quantile_loss(prediction, target; q: f64 = 0.5)
        |x, reduction| Ok(losses::quantile_with(x[0], x[1], q, reduction));
    /// Of logits `[rows, classes]` and labels `[rows]` of int64, or probabilities: the negative logarithm of what the softmax
    /// gives the label.
    cross_entropy(
        logits, target;
        weight: Any<'_, '_> = None, label_smoothing: f64 = 0.0, ignore_index: Option<i64> = None
    )
        |x, reduction| {
            let weight = weights(weight, x[0].dtype())?;
            let options = CrossEntropyOptions { weight, label_smoothing, ignore_index, reduction };
            Ok(losses::cross_entropy_with(x[0], x[1], &options))
        };
    /// The negative of the logarithm of the label's probability, of logarithms `[rows, classes]` and labels `[rows]`.
    nll(
        log_probabilities, labels;
        weight: Any<'_, '_> = None, ignore_index: Option<i64> = None
    )
        |x, reduction| {
            let weight = weights(weight, x[0].dtype())?;
            Ok(losses::nll_with(x[0], x[1], NllOptions { weight, ignore_index, reduction }))
        };
    /// The cross entropy of two classes, of logits and targets between 0 and 1.
    bce_with_logits(logits, target; weight: Any<'_, '_> = None, pos_weight: Any<'_, '_> = None)
        |x, reduction| {
            let weight = weights(weight, x[0].dtype())?;
            let pos_weight = weights(pos_weight, x[0].dtype())?;
            let options = BceOptions { weight, pos_weight, reduction };
            Ok(losses::bce_with_logits_with(x[0], x[1], &options))
        };
    /// The cross entropy of two classes, of probabilities and targets between 0 and 1.
    bce(probability, target;)
        |x, reduction| Ok(losses::bce_with(x[0], x[1], reduction));
    /// `max(0, 1 - target score)`, for targets of -1 and 1.
    hinge(score, target;)
        |x, reduction| Ok(losses::hinge_with(x[0], x[1], reduction));
    /// The divergence of Kullback and Leibler, of logarithms and probabilities.
    kl_div(log_probabilities, target;)
        |x, reduction| Ok(losses::kl_div_with(x[0], x[1], reduction));
    /// `bce_with_logits` with less weight for what is told apart well.
    sigmoid_focal(logits, target; alpha: Option<f64> = Some(0.25), gamma: f64 = 2.0)
        |x, reduction| {
            Ok(losses::sigmoid_focal_with(x[0], x[1], SigmoidFocalOptions { alpha, gamma, reduction }))
        };
    /// `cross_entropy` with less weight for what is told apart well.
    focal(logits, labels; gamma: f64 = 2.0, weight: Any<'_, '_> = None)
        |x, reduction| {
            let weight = weights(weight, x[0].dtype())?;
            Ok(losses::focal_with(x[0], x[1], &FocalOptions { gamma, weight, reduction }))
        };
    /// 1 less the share of two areas that both cover.
    dice(probability, target; smooth: f64 = 1.0, squared: bool = false)
        |x, reduction| Ok(losses::dice_with(x[0], x[1], DiceOptions { smooth, squared, reduction }));
    /// The negative logarithm of the probability of counts.
    poisson_nll(prediction, target; log_input: bool = true, full: bool = false, eps: f64 = 1e-8)
        |x, reduction| {
            let options = PoissonNllOptions { log_input, full, eps, reduction };
            Ok(losses::poisson_nll_with(x[0], x[1], options))
        };
    /// The negative logarithm of a normal density, of means, targets and variances.
    gaussian_nll(mean, target, variance; full: bool = false, eps: f64 = 1e-6)
        |x, reduction| {
            let options = GaussianNllOptions { full, eps, reduction };
            Ok(losses::gaussian_nll_with(x[0], x[1], x[2], options))
        };
    /// How far the scores of other classes come near that of the label.
    multi_margin(scores, labels; p: u32 = 1, margin: f64 = 1.0, weight: Any<'_, '_> = None)
        |x, reduction| {
            let weight = weights(weight, x[0].dtype())?;
            Ok(losses::multi_margin_with(x[0], x[1], &MultiMarginOptions { p, margin, weight, reduction }))
        };
    /// 1 less the correlation of soft ranks.
    spearman(prediction, target; strength: f64 = 1.0)
        |x, reduction| Ok(losses::spearman_with(x[0], x[1], strength, reduction));
    /// 1 less the cosine of the angle between rows.
    cosine_distance(prediction, target;)
        |x, reduction| Ok(losses::cosine_distance_with(x[0], x[1], reduction));
    /// Cosines towards 1 for targets of 1, below `margin` for those of -1.
    cosine_embedding(first, second, target; margin: f64 = 0.0)
        |x, reduction| {
            let options = CosineEmbeddingOptions { margin, reduction };
            Ok(losses::cosine_embedding_with(x[0], x[1], x[2], options))
        };
    /// Distances towards 0 for targets of 1, above `margin` for those of 0.
    contrastive(first, second, target; margin: f64 = 1.0)
        |x, reduction| {
            let options = ContrastiveOptions { margin, reduction };
            Ok(losses::contrastive_with(x[0], x[1], x[2], options))
        };
    /// How far the positive is not nearer to the anchor than the negative by `margin`.
    triplet_margin(
        anchor, positive, negative;
        margin: f64 = 1.0, p: f64 = 2.0, eps: f64 = 1e-6, swap: bool = false
    )
        |x, reduction| {
            let options = TripletMarginOptions { margin, p, eps, swap, reduction };
            Ok(losses::triplet_margin_with(x[0], x[1], x[2], options))
        };
    /// Connectionist temporal classification: of sequences, without their alignment.
    ctc(
        log_probabilities, targets, input_lengths, target_lengths;
        blank: usize = 0, zero_infinity: bool = false
    )
        |x, reduction| {
            let options = CtcOptions { blank, zero_infinity, reduction };
            Ok(losses::ctc_with(x[0], x[1], x[2], x[3], options))
        };
}
