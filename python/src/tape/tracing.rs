//! Whose derivatives are taken now: their numbers may not be read, which would be constants without a derivative.

use std::cell::RefCell;
use std::sync::Arc;

use gradtape::op::NodeId;
use gradtape::{Kind, Var};
use pyo3::prelude::*;

use super::{PyVar, Shared, refused};

/// A function that this thread is in.
enum Inside {
    /// One whose derivatives are taken by these values.
    Traced { tape: Arc<Shared>, generation: u64, ids: Vec<NodeId> },
    /// One whose derivatives a rule gives, so that it may compute as it likes.
    Ruled,
    /// One without values to take derivatives by.
    Plain,
}

thread_local! {
    /// The functions that this thread is in, the innermost last.
    static INSIDE: RefCell<Vec<Inside>> = const { RefCell::new(Vec::new()) };
}

/// As a context manager: derivatives by these values are taken of what runs meanwhile in this thread; with `None` a rule
/// gives them, whatever runs.
#[pyclass(frozen, name = "Traced", module = "gradtape")]
pub(super) struct PyTraced {
    values: Option<Vec<Py<PyVar>>>,
}

#[pymethods]
impl PyTraced {
    #[new]
    fn new(values: Option<Vec<Py<PyVar>>>) -> PyTraced {
        PyTraced { values }
    }

    fn __enter__(&self) {
        let inside = match self.values.as_deref() {
            None => Inside::Ruled,
            Some([]) => Inside::Plain,
            Some(values @ [first, ..]) => {
                let (tape, generation) = (first.get().tape.clone(), first.get().generation);
                let ids = values.iter().map(|value| value.get().id).collect();
                Inside::Traced { tape, generation, ids }
            }
        };
        INSIDE.with_borrow_mut(|all| all.push(inside));
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, pyo3::types::PyTuple>) {
        // What is dropped may be the last of a tape: not while the list is held.
        drop(INSIDE.with_borrow_mut(Vec::pop));
    }
}

/// Whether a gradient arrives at one of `xs`, and is not stopped before all of them.
fn has_gradient<'t>(y: Var<'t>, xs: &[Var<'t>]) -> bool {
    let mut arrives = false;
    if !xs.is_empty() {
        let all: Vec<isize> = (0..y.shape().rank() as isize).collect();
        gradtape::grad::connected_gradients(y.sum(all), xs, |_, gradient| {
            arrives |= gradient.is_some_and(|gradient| !gradient.id().is_failed());
        });
    }
    arrives
}

/// An error where a derivative is taken through a value that is about to be read: `how` is what is written to read
/// a value `v`.
///
/// Whole numbers and truth values have no derivative, so that a program may branch on comparisons.
pub(super) fn check(py: Python<'_>, var: &PyVar, how: &str) -> PyResult<()> {
    let ids: Vec<NodeId> = INSIDE.with_borrow(|all| {
        let until_a_rule = all.iter().rev().take_while(|inside| !matches!(inside, Inside::Ruled));
        let own = until_a_rule.filter_map(|inside| match inside {
            Inside::Traced { tape, generation, ids } => {
                (*generation == var.generation && Arc::ptr_eq(tape, &var.tape)).then_some(ids)
            }
            Inside::Ruled | Inside::Plain => None,
        });
        own.flatten().copied().collect()
    });
    if ids.is_empty() {
        return Ok(());
    }
    let meta = var.tape.enter(py, |on| {
        let value = on.var(var)?;
        let xs = ids.iter().map(|&id| on.tape.var_of(id));
        let xs: Vec<Var<'_>> = xs.filter(|&x| gradtape::depends_on(value, x)).collect();
        Ok((value.dtype().is_float() && has_gradient(value, &xs)).then(|| value.meta()))
    })?;
    let Some(meta) = meta else { return Ok(()) };
    let message = format!(
        "{how}: v of {meta} is differentiated here, and a number that is read has derivative 0"
    );
    let detached = match how.strip_prefix("v.") {
        Some(method) => format!("v.detach().{method}"),
        None => how.replace("v)", "v.detach())").replace("v]", "v.detach()]"),
    };
    let hint = format!(
        "what is recorded has a derivative: gt.sqrt(v), np.dot(v, v), gt.stack([v, w]), `if v > 0`; {detached} reads \
         a constant"
    );
    Err(refused(py, Kind::Gradient, message, &hint))
}
