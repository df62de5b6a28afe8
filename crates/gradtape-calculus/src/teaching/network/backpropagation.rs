//! [`Backpropagation`]: both walks through a network, step by step.

use serde::{Serialize, Serializer};

use super::array::Array;
use super::spec::{Activation, NetworkLoss, Reduction};
use crate::report::{Named, Number};

/// Values forward and gradients backward through a network, step by step. Serialises to the JSON of
/// `gradtape explain --network`.
#[derive(Clone, Debug, Serialize)]
pub struct Backpropagation {
    /// Inputs, hidden units, outputs.
    pub network: Vec<usize>,
    /// What each layer applies.
    pub activations: Vec<Activation>,
    /// How the result is compared.
    pub loss: NetworkLoss,
    /// How the losses of the examples become one number.
    pub reduction: Reduction,
    /// The number of examples, the rows of `x`.
    pub examples: usize,
    /// The inputs, (examples, inputs).
    pub x: Array,
    /// The targets, (examples, outputs).
    pub target: Array,
    /// `W1`, `b1`, `W2`, …
    pub weights: Named<Array>,
    /// The forward pass.
    pub forward: Vec<ForwardStep>,
    /// The result of the last layer.
    pub prediction: Array,
    /// The loss.
    pub value: Number,
    /// The loss as a formula.
    pub loss_formula: Formula,
    /// The same with the numbers put in.
    pub loss_numbers: String,
    /// The backward walk.
    pub backward: Vec<BackwardStep>,
    /// Both walks in the other convention: an example is a column, `z = W · x + b`, and weights are (units, inputs).
    pub columns: Vec<ForwardStep>,
    /// The gradient in each weight and bias, and in `x`, from the tape.
    pub gradient: Named<Array>,
    /// The same from differences of the loss.
    pub numeric: Named<Array>,
    /// How far the two are apart at most.
    pub largest_difference: Number,
    /// What a batch changes.
    pub batch: Vec<String>,
    /// What a reader should know: kinks, numbers that are not finite.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A formula in two spellings; the text in JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formula {
    /// As text.
    pub text: String,
    /// As LaTeX.
    pub latex: String,
}

impl Serialize for Formula {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A value of the forward pass.
#[derive(Clone, Debug, Serialize)]
pub struct ForwardStep {
    /// Its name, such as `z1`.
    pub name: String,
    /// How it is computed.
    pub formula: Formula,
    /// The shapes in the formula.
    pub shapes: String,
    /// Its numbers.
    pub value: Array,
}

/// A gradient of the backward walk.
#[derive(Clone, Debug, Serialize)]
pub struct BackwardStep {
    /// Its name, such as `dL/dW2`.
    pub name: String,
    /// The chain rule for one component.
    pub components: Formula,
    /// The chain rule for all of them at once.
    pub matrices: Formula,
    /// The first component with the numbers put in. Rows and columns count from 1.
    pub numbers: String,
    /// The shapes in the formula in matrices.
    pub shapes: String,
    /// The Jacobian of the step that the gradient went back through.
    pub jacobian: NetworkJacobian,
    /// What a reader should know about the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// Its numbers.
    pub value: Array,
}

impl NetworkJacobian {
    /// The numbers as a matrix, where it is small enough to be read: a row for each number that is differentiated, a
    /// column for each that it is differentiated by.
    pub(super) fn matrix(&self) -> Option<Array> {
        let data = self.data.as_ref()?;
        let rows: usize = self.shape.iter().take(2).product();
        let columns = data.len().checked_div(rows)?;
        let fits = rows <= MOST_ROWS && columns <= MOST_COLUMNS;
        let numbers = || data.iter().map(|number| number.0).collect();
        fits.then(|| Array::new(&[rows, columns], numbers()).ok()).flatten()
    }
}

/// Larger Jacobians are not read.
const MOST_ROWS: usize = 6;
const MOST_COLUMNS: usize = 9;

/// The derivative of everything in one thing by everything in another.
#[derive(Clone, Debug, Serialize)]
pub struct NetworkJacobian {
    /// Its name, such as `dz2/dW2`.
    pub name: String,
    /// The axes of what is differentiated, then those of what it is differentiated by.
    pub shape: Vec<usize>,
    /// What it looks like.
    pub formula: String,
    /// Its numbers from the tape, if there are at most 1024.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Vec<Number>>,
}
