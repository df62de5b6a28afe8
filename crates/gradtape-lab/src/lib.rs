//! Pages that answer: what is changed on a page of an expression, a descent or a network is computed in the page, by the
//! library itself.
//!
//! A page holds a [`Question`] and, as a WebAssembly module, this crate: it sends the question again whenever something is
//! changed, and puts what [`answer`] gives into its places. A program that writes the page asks the same question by the
//! same code, so that page and program cannot differ.
//!
//! ```
//! use gradtape_lab::answer;
//!
//! let question = r#"{"page": "explain", "expr": "(a+b)*(b+1)", "at": [["a", 2.5]], "hessian": false}"#;
//! let parts = answer(question)?;
//! assert!(parts.contains("at a = 2.5, b = 1"), "what has no value yet is 1");
//! # Ok::<(), gradtape_calculus::Error>(())
//! ```

#[cfg(target_arch = "wasm32")]
pub mod exports;

use gradtape_calculus::{Error, Question, Result};

/// The module that answers, compressed by gzip, as `scripts/play.sh` makes it; for [`Question::page`].
#[cfg(not(target_arch = "wasm32"))]
pub const MODULE: &[u8] = include_bytes!("../page/module.wasm.gz");

/// What stands in the places of a page, as JSON, for a question in JSON.
///
/// # Errors
/// What is no question; as [`Question::answer`].
pub fn answer(question: &str) -> Result<String> {
    let unread =
        |error: serde_json::Error| Error::new(format!("the question is not read: {error}"));
    let question: Question = serde_json::from_str(question).map_err(unread)?;
    let parts = question.settled()?.answer()?;
    serde_json::to_string(&parts).map_err(|error| Error::new(error.to_string()))
}
