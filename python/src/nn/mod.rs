//! Layers, losses, optimisers and files of networks.

mod fit;
mod layer;
mod loss;
mod made;
mod optimizer;
mod parts;
mod scheduler;
mod table;

use pyo3::prelude::*;

/// Names all of it in the module.
pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<layer::PyLayer>()?;
    table::add(module)?;
    loss::add(module)?;
    optimizer::add(module)?;
    module.add_function(wrap_pyfunction!(fit::fit_network, module)?)?;
    parts::add(module)
}
