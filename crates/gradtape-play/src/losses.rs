//! [`Loss`]: what is made small, and what outputs mean by it.

use std::str::FromStr;

use gradtape::loss;
use gradtape::{Error, Kind, Result, Tensor, Var};

use super::settings::by_name;

/// How far outputs are from targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Of classes, one output each: softmax, then minus the logarithm of the right one's probability.
    CrossEntropy,
    /// Of two classes, one output: sigmoid, then the same.
    Logistic,
    /// Of two classes, one output, whose sign decides.
    Hinge,
    /// The mean of squared differences; of classes, from 1 for the right output and 0 for the others.
    Squares,
    /// The mean of absolute differences.
    Absolute,
    /// Squares near 0, absolute differences further away.
    Huber,
}

/// What is to be learned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Task {
    /// The names of the classes.
    Classes(Vec<String>),
    /// The name of a number.
    Number(String),
}

impl Loss {
    /// All of them with their names and what they are.
    pub(crate) const ALL: [(&'static str, Loss, &'static str); 6] = [
        ("cross_entropy", Loss::CrossEntropy, "-log softmax(z)[class], an output for each class"),
        ("bce", Loss::Logistic, "-log sigmoid(±z), one output for two classes"),
        ("hinge", Loss::Hinge, "max(0, 1 - t z) with t = ±1, one output for two classes"),
        ("mse", Loss::Squares, "the mean of (z - t)²"),
        ("mae", Loss::Absolute, "the mean of |z - t|, for numbers"),
        ("huber", Loss::Huber, "(z - t)²/2 near 0, |z - t| - 1/2 beyond 1, for numbers"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Loss::ALL.iter().find(|(_, own, _)| *own == self).map_or("", |(name, ..)| name)
    }

    /// The one that fits what is to be learned, as the program takes it.
    pub(crate) fn usual(task: &Task) -> Loss {
        match task {
            Task::Classes(_) => Loss::CrossEntropy,
            Task::Number(_) => Loss::Squares,
        }
    }

    /// Fails where it does not fit what is to be learned.
    pub(crate) fn check(self, task: &Task) -> Result<()> {
        let fits = match task {
            Task::Classes(names) => match self {
                Loss::CrossEntropy | Loss::Squares => true,
                Loss::Logistic | Loss::Hinge => names.len() == 2,
                _ => false,
            },
            Task::Number(_) => matches!(self, Loss::Squares | Loss::Absolute | Loss::Huber),
        };
        if fits {
            return Ok(());
        }
        let (what, hint) = match task {
            Task::Classes(names) if names.len() == 2 => {
                ("two classes".into(), "cross_entropy, bce, hinge or mse")
            }
            Task::Classes(names) => (format!("{} classes", names.len()), "cross_entropy or mse"),
            Task::Number(_) => ("numbers".into(), "mse, mae or huber"),
        };
        Err(Error::new(Kind::Value, format!("the loss {} is not for {what}", self.name()))
            .hint(format!("take {hint}")))
    }

    /// How many outputs the network has.
    pub(crate) fn outputs(self, task: &Task) -> usize {
        match (task, self) {
            (Task::Classes(names), Loss::CrossEntropy | Loss::Squares) => names.len(),
            _ => 1,
        }
    }

    /// Targets as the loss takes them, of labels `[n]`.
    pub(crate) fn targets(self, labels: &[i64], classes: usize) -> Result<Tensor> {
        let n = labels.len();
        let of = |low: f32| {
            let sides = labels.iter().map(|&label| if label == 1 { 1.0 } else { low }).collect();
            Tensor::from_vec(sides, [n, 1])
        };
        match self {
            Loss::Logistic => of(0.0),
            Loss::Hinge => of(-1.0),
            Loss::CrossEntropy => Tensor::from_slice(labels, n),
            _ => {
                let mut hot = vec![0f32; n * classes];
                for (row, &label) in labels.iter().enumerate() {
                    hot[row * classes + label as usize] = 1.0;
                }
                Tensor::from_vec(hot, [n, classes])
            }
        }
    }

    /// Records it, a mean over the rows.
    pub(crate) fn record<'t>(self, outputs: Var<'t>, targets: Var<'t>) -> Var<'t> {
        match self {
            Loss::CrossEntropy => loss::cross_entropy(outputs, targets),
            Loss::Logistic => loss::bce_with_logits(outputs, targets),
            Loss::Hinge => loss::hinge(outputs, targets),
            Loss::Squares => loss::mse(outputs, targets),
            Loss::Absolute => loss::mae(outputs, targets),
            Loss::Huber => loss::huber(outputs, targets, 1.0),
        }
    }

    /// The class that outputs of a row mean, and how surely, from 0 to 1.
    pub(crate) fn class(self, row: &[f32]) -> (usize, f32) {
        if let [z] = *row {
            let sure = match self {
                Loss::Logistic => (0.5 * z).tanh().abs(),
                _ => z.abs().min(1.0),
            };
            return (usize::from(z > 0.0), sure);
        }
        let best = (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best });
        let least = 1.0 / row.len() as f32;
        let sure = match self {
            Loss::CrossEntropy => {
                let sum: f32 = row.iter().map(|z| (z - row[best]).exp()).sum();
                (1.0 / sum - least) / (1.0 - least)
            }
            _ => {
                let others = row.iter().enumerate().filter(|(i, _)| *i != best);
                let next = others.fold(f32::NEG_INFINITY, |next, (_, &z)| next.max(z));
                row[best] - next
            }
        };
        (best, sure.clamp(0.0, 1.0))
    }
}

impl FromStr for Loss {
    type Err = Error;

    fn from_str(text: &str) -> Result<Loss> {
        by_name("loss", text, Loss::ALL.map(|(name, loss, _)| (name, loss)))
    }
}
