//! gradtape as a module of Python: `gradtape._gradtape`, which the package `gradtape` wraps.

mod error;
mod nn;
mod table;
mod tape;

use pyo3::prelude::*;

#[pymodule]
fn _gradtape(module: &Bound<'_, PyModule>) -> PyResult<()> {
    error::add(module)?;
    table::add(module)?;
    tape::add(module)?;
    nn::add(module)
}
