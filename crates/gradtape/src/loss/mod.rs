//! Losses: how far a prediction is from its target, recorded on a tape.
//!
//! Each takes the prediction first and the target second, both of the same shape (labels apart), and
//! gives the mean over all elements or rows; the variants with `_with` take more settings. Nothing is
//! broadcast: a prediction `[n, 1]` against a target `[n]` is an error, not an `n × n` comparison.
//!
//! A target that cannot be meant, such as 2 for a probability, is an error where the loss is recorded, if
//! the target is a constant or watched. Of a computed one, or of the inputs of a compiled step, labels
//! alone are checked, when the program runs.

mod binary;
mod classes;
mod common;
mod ctc;
mod distance;
mod divergence;
mod focal;
mod likelihood;
mod margin;
mod ranking;
mod similarity;

pub use binary::{
    BceOptions, bce, bce_with, bce_with_logits, bce_with_logits_with, hinge, hinge_with,
};
pub use classes::{
    CrossEntropyOptions, NllOptions, cross_entropy, cross_entropy_with, nll, nll_with,
};
pub use common::Reduction;
pub use ctc::{CtcOptions, ctc, ctc_with};
pub use distance::{
    huber, huber_with, mae, mae_with, mse, mse_with, quantile, quantile_with, smooth_l1,
    smooth_l1_with,
};
pub use divergence::{kl_div, kl_div_with};
pub use focal::{
    DiceOptions, FocalOptions, SigmoidFocalOptions, dice, dice_with, focal, focal_with,
    sigmoid_focal, sigmoid_focal_with,
};
pub use likelihood::{
    GaussianNllOptions, PoissonNllOptions, gaussian_nll, gaussian_nll_with, poisson_nll,
    poisson_nll_with,
};
pub use margin::{MultiMarginOptions, multi_margin, multi_margin_with};
pub use ranking::{spearman, spearman_with};
pub use similarity::{
    ContrastiveOptions, CosineEmbeddingOptions, TripletMarginOptions, contrastive,
    contrastive_with, cosine_distance, cosine_distance_with, cosine_embedding,
    cosine_embedding_with, triplet_margin, triplet_margin_with,
};

use common::{FACTOR, PROBABILITY, Range, SHARE, misfit, off, out_of_range, share};
