//! Whose derivatives are taken now: their numbers may not be read, which would be constants without a derivative.

use std::cell::RefCell;
use std::sync::Arc;

use gradtape::op::NodeId;
use gradtape::{Kind, Var};
use pyo3::prelude::*;

use super::{PyVar, Shared, refused};

/// Arguments of a function whose derivatives are taken.
struct Traced {
    tape: Arc<Shared>,
    generation: u64,
    ids: Vec<NodeId>,
}

thread_local! {
    /// Of each function that this thread is in, the innermost last.
    static TRACED: RefCell<Vec<Traced>> = const { RefCell::new(Vec::new()) };
}

/// As a context manager: derivatives by these values are taken of what runs meanwhile in this thread.
#[pyclass(frozen, name = "Traced", module = "gradtape")]
pub(super) struct PyTraced {
    values: Vec<Py<PyVar>>,
}

#[pymethods]
impl PyTraced {
    #[new]
    fn new(values: Vec<Py<PyVar>>) -> PyTraced {
        PyTraced { values }
    }

    fn __enter__(&self) {
        let Some(first) = self.values.first().map(Py::get) else {
            return TRACED.with_borrow_mut(|all| all.push(Traced::none()));
        };
        let (tape, generation) = (first.tape.clone(), first.generation);
        let ids = self.values.iter().map(|value| value.get().id).collect();
        TRACED.with_borrow_mut(|all| all.push(Traced { tape, generation, ids }));
    }

    #[pyo3(signature = (*_error))]
    fn __exit__(&self, _error: &Bound<'_, pyo3::types::PyTuple>) {
        // What is dropped may be the last of a tape: not while the list is held.
        drop(TRACED.with_borrow_mut(Vec::pop));
    }
}

impl Traced {
    fn none() -> Traced {
        Traced { tape: Shared::new(gradtape::Tape::new()), generation: 0, ids: Vec::new() }
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
    let ids: Vec<NodeId> = TRACED.with_borrow(|all| {
        let own = all.iter().filter(|traced| {
            traced.generation == var.generation && Arc::ptr_eq(&traced.tape, &var.tape)
        });
        own.flat_map(|traced| traced.ids.iter().copied()).collect()
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
