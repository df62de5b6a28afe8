//! [`Muon`].

use super::declare::{declared, optimizer};
use super::{Rates, Rule, Slot, Update, adam};
use crate::tape::Var;
use crate::tensor::Shape;

optimizer! {
    /// Muon (Jordan et al. 2024): momentum whose matrices are made nearly orthogonal, so that a step moves all
    /// directions alike. With `m = momentum m + (1 - momentum) g`, `u = m` or, with Nesterov's look ahead,
    /// `u = g + momentum (m - g)`: `x -= lr s O(u)`, after `x *= 1 - lr weight_decay`.
    ///
    /// `O` is `ns_steps` times `X → a X + (b X Xᵀ + c (X Xᵀ)²) X` from `u / ‖u‖` on, with
    /// `(a, b, c) = (3.4445, -4.775, 2.0315)`, computed in the type of the state; the scale `s` of an `A` by `B`
    /// matrix is `√max(1, A / B)`.
    ///
    /// What has more than two axes, such as the kernels of a convolution, is a matrix of its first axis and the
    /// rest, as in Jordan's code. Scalars and vectors, and matrices of a group with `orthogonalize` set to
    /// `false` (embeddings and the last layer, as the author advises), take the step of [`AdamW`](super::AdamW)
    /// with the same rate and decay, and with `betas`.
    ///
    /// ```
    /// use gradtape::nn::Linear;
    /// use gradtape::optim::{Group, Muon, Optimizer};
    /// use gradtape::{DType, Rng, Tape, Tensor};
    /// let net = (Linear::new(4, 8, &mut Rng::new(1)), Linear::new(8, 2, &mut Rng::new(2)));
    /// // Vectors at a tenth of the rate, the last layer without Muon.
    /// let opt = Muon::new(&net, 0.02)
    ///     .group(Group::when(|_, shape| shape.len() < 2).lr_scale(0.1))
    ///     .group(Group::named("1.weight").set("orthogonalize", false).lr_scale(0.1));
    /// let tape = Tape::new();
    /// let x = tape.constant(Tensor::ones([3, 4], DType::F32));
    /// opt.step(net.1.forward(net.0.forward(x).tanh()).square().mean(()))?;
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub struct Muon("muon", lr = 1e-3, pace = Rate) {
        /// How much of the parameter is taken off in each step, times the learning rate.
        weight_decay: f64 in 0.. = 0.1,
        /// The weight of the past in the average of `g`.
        momentum: f64 in 0..1 = 0.95,
        /// Whether to look ahead by the momentum.
        nesterov: bool = true,
        /// How often a matrix is brought nearer to an orthogonal one.
        ns_steps: usize in 1..100 = 5,
        /// The least norm that is divided by, and what is added to the root of the rest.
        eps: f64 in 1e-12.. = 1e-7,
        /// Whether the scale is `0.2 √max(A, B)`, with which rate and decay of AdamW fit.
        match_rms_adamw: bool = false,
        /// The weights of the past in the averages of `g` and `g²` of the rest.
        betas: (f64, f64) in 0..1 = (0.9, 0.95),
        /// Whether matrices are made orthogonal.
        orthogonalize: bool = true,
    }
}

impl Rule for Muon {
    declared! {}

    fn slots(&self, shape: &Shape) -> Vec<Slot> {
        match self.is_matrix(shape) {
            true => vec![Slot::zeros("momentum_buffer")],
            false => adam::slots(false),
        }
    }

    /// The rate, and the first two numbers of AdamW.
    fn rates(&self) -> Box<Rates> {
        let rest = adam::rates(self.betas, self.eps, self.weight_decay);
        Box::new(move |step, rate| {
            let [change, eps, _] = rest(step, rate);
            [change, eps, rate]
        })
    }

    fn update<'t>(&self, u: &mut Update<'_, 't>) -> Var<'t> {
        let (x, g) = (u.x(), u.g());
        let kept = match self.weight_decay > 0.0 {
            true => x * (1.0 - u.rate(2) * self.weight_decay),
            false => x,
        };
        let shape = x.shape();
        if !self.is_matrix(&shape) {
            return kept - adam::change(u, g, self.betas, false);
        }
        let m = u.average(0, g, 1.0 - self.momentum);
        let direction = if self.nesterov { g + (m - g) * self.momentum } else { m };
        let (rows, columns) = (shape[0], shape[1..].iter().product::<usize>());
        let matrix = direction.reshape([rows, columns]);
        let step = orthogonal(matrix, self.ns_steps, self.eps).reshape(shape.clone());
        let (a, b) = (rows as f64, columns as f64);
        let scale = match self.match_rms_adamw {
            true => 0.2 * a.max(b).sqrt(),
            false => (a / b).max(1.0).sqrt(),
        };
        kept - step * (u.rate(2) * scale)
    }
}

impl Muon {
    /// Whether a parameter of a shape is made orthogonal: with two axes or more, none of them empty.
    fn is_matrix(&self, shape: &Shape) -> bool {
        self.orthogonalize && shape.len() > 1 && !shape.contains(&0)
    }
}

/// The Newton-Schulz iterations of a matrix, on the side that has fewer rows.
fn orthogonal(matrix: Var<'_>, steps: usize, eps: f64) -> Var<'_> {
    const A: f64 = 3.4445;
    const B: f64 = -4.775;
    const C: f64 = 2.0315;
    let shape = matrix.shape();
    let tall = shape[0] > shape[1];
    let mut x = if tall { matrix.t() } else { matrix };
    x = x / x.norm(2.0, ()).maximum(eps);
    for _ in 0..steps {
        let gram = x.matmul(x.t());
        let change = gram * B + gram.matmul(gram) * C;
        x = x * A + change.matmul(x);
    }
    if tall { x.t() } else { x }
}
