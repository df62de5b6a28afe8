//! Soft versions of hard functions: a gradient where a choice, a step or an order has none.
//!
//! The derivative of a rank, of the place of the greatest or of a sign is 0 wherever there is one, so that
//! nothing learns through them. Beside each stands a function that is close to it and has a slope, and a
//! number that says how close: as it goes towards 0, the soft function becomes the hard one and its slope
//! becomes 0 almost everywhere, and steep in between.
//!
//! | hard | soft |
//! |---|---|
//! | the one-hot row of [`argmax`](crate::Var::argmax) | [`tempered_softmax`], [`gumbel_softmax`] |
//! | [`argmax`](crate::Var::argmax) | [`soft_argmax`] |
//! | [`sign`](crate::Var::sign) | [`smooth_sign`] |
//! | the rank of each element | [`soft_rank`] |
//! | [`sort`](crate::Var::sort) | [`soft_sort`] |
//! | which elements are among the `k` greatest | [`soft_top_k`] |
//! | the share of rows whose greatest score is the label's | [`smooth_accuracy`] |
//!
//! Where the value must be the hard one, [`straight_through`] and its kin keep it and take the gradient of
//! another function. [`isotonic`] is the regression that ranks are made with.
//!
//! ```
//! use gradtape::soft::soft_rank;
//! use gradtape::{Tape, gradient};
//! let tape = Tape::new();
//! let x = tape.watch([2.9, 0.1, 1.2]);
//! assert_eq!(soft_rank(x, 0.1).value()?.to_f64_vec(), [3.0, 1.0, 2.0]);
//! // With more strength ranks are softer, and the first one falls as its element does.
//! let ranks = soft_rank(x, 10.0);
//! let [dx] = gradient(ranks.index(0, 0), [x]);
//! assert!(ranks.value()?.all_close(&[2.15, 1.87, 1.98].into(), 0.0, 1e-12));
//! assert!(dx.value()?.get(&[0])? > 0.0);
//! # Ok::<(), gradtape::Error>(())
//! ```

mod choice;
mod isotonic;
mod order;
mod refused;
mod straight;

pub use choice::{
    GumbelOptions, gumbel_softmax, smooth_accuracy, smooth_sign, soft_argmax, tempered_softmax,
};
pub use isotonic::{Regularization, isotonic};
pub use order::{
    SoftOrderOptions, soft_rank, soft_rank_with, soft_sort, soft_sort_with, soft_top_k,
};
pub use straight::{
    straight_through, straight_through_argmax, straight_through_round, straight_through_sign,
};

use refused::{refused, refused_along};
