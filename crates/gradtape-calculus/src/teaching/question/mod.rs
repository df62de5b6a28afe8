//! [`Question`]: what a page was written for, and what it asks again when something is changed on it.

mod descend;
mod explain;
mod network;
mod secant;

pub use descend::{Descents, Run};
pub use network::Perceptron;
use serde::{Deserialize, Serialize};

use super::explain::Order;
use super::live::Live;
use crate::report::{Error, Named, Result};

/// What a page shows, as the command line says it. Programs write a page of it; on the page, the same code answers
/// what is changed there, as a WebAssembly module.
///
/// ```
/// use gradtape_calculus::Question;
///
/// let at = vec![("a".to_string(), 2.0), ("b".to_string(), 1.0)];
/// let question = Question::Explain { expr: "(a+b)*(b+1)".into(), at, hessian: false, order: None };
/// let parts = question.answer()?;
/// assert!(parts.get("head").unwrap().contains("e = (a + b) · (b + 1)"));
/// assert_eq!(parts.get("command").unwrap(), "gradtape explain &quot;(a+b)*(b+1)&quot; --at a=2,b=1");
/// # Ok::<(), gradtape_calculus::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "page", rename_all = "kebab-case")]
pub enum Question {
    /// The derivatives of an expression or a program; see [`explain()`](crate::explain()).
    Explain {
        /// The expression.
        expr: String,
        /// The point.
        at: Vec<(String, f64)>,
        /// Second derivatives too.
        hessian: bool,
        /// The order of the backward walk, whose numbers then stand on the nodes; topological, without them, where not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order: Option<Order>,
    },
    /// A secant beside the tangent; see [`secant()`](crate::secant()).
    Secant {
        /// The expression.
        expr: String,
        /// The point.
        at: Vec<(String, f64)>,
        /// The variable that is moved, where there are several.
        #[serde(default)]
        wrt: Option<String>,
        /// How far.
        step: f64,
    },
    /// Descents on an expression; see [`descend()`](crate::descend()).
    Descend(Descents),
    /// Both walks through a network; see [`backpropagation()`](crate::backpropagation()).
    Network(Perceptron),
}

impl Question {
    /// What stands in the places of the page, as markup by their names. `asked` is the question itself as JSON.
    ///
    /// # Errors
    /// As what the question is about.
    pub fn answer(&self) -> Result<Named<String>> {
        let mut parts = match self {
            Question::Explain { expr, at, hessian, order } => {
                explain::found(expr, at, *hessian, *order)?.parts()?
            }
            Question::Secant { expr, at, wrt, step } => {
                secant::parts(expr, at, wrt.as_deref(), *step)?
            }
            Question::Descend(descents) => descents.parts()?,
            Question::Network(network) => network.found()?.parts()?,
        };
        parts.0.push(("command".to_string(), self.command()));
        parts.0.push(("asked".to_string(), self.json()?));
        Ok(parts)
    }

    /// The question made whole: a variable that has no value yet is 1, and what the expression does not have any more is
    /// left out. So one can write in the formula of a page.
    ///
    /// # Errors
    /// Text that is no expression.
    pub fn settled(self) -> Result<Question> {
        match self {
            Question::Explain { expr, at, hessian, order } => {
                let at = explain::settled(&expr, at)?;
                Ok(Question::Explain { expr, at, hessian, order })
            }
            Question::Secant { expr, at, wrt, step } => {
                let at = explain::settled(&expr, at)?;
                let wrt = wrt.filter(|name| at.iter().any(|(known, _)| known == name));
                let wrt = wrt.or_else(|| at.first().map(|(name, _)| name.clone()));
                Ok(Question::Secant { expr, at, wrt, step })
            }
            Question::Descend(descents) => Ok(Question::Descend(descents.settled()?)),
            Question::Network(_) => Ok(self),
        }
    }

    /// The page, which needs nothing beside itself. Given a module that answers questions, compressed by gzip, what is
    /// asked can be changed on the page; without, or in a browser that cannot run it, it stays as it was written.
    ///
    /// # Errors
    /// As [`Question::answer`].
    pub fn page(&self, module: Option<&[u8]>) -> Result<String> {
        let live = match module {
            None => None,
            Some(module) => Some(Live {
                asked: self.json()?,
                choices: match self {
                    Question::Descend(_) => descend::choices(),
                    Question::Explain { .. } | Question::Secant { .. } => "{}".to_string(),
                    Question::Network(_) => network::choices(),
                },
                command: self.command(),
                module,
            }),
        };
        match self {
            Question::Explain { expr, at, hessian, order } => {
                explain::found(expr, at, *hessian, *order)?.page(live.as_ref())
            }
            Question::Secant { expr, at, wrt, step } => {
                secant::page(expr, at, wrt.as_deref(), *step, live.as_ref())
            }
            Question::Descend(descents) => descents.page(live.as_ref()),
            Question::Network(network) => network.found()?.page(live.as_ref()),
        }
    }

    /// What answers the same in a terminal, as markup.
    fn command(&self) -> String {
        match self {
            Question::Explain { expr, at, hessian, order } => {
                explain::command(expr, at, *hessian, *order)
            }
            Question::Secant { expr, at, wrt, step } => {
                secant::command(expr, at, wrt.as_deref(), *step)
            }
            Question::Descend(descents) => descents.command(),
            Question::Network(network) => network.command(),
        }
    }

    fn json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| Error::new(error.to_string()))
    }
}
