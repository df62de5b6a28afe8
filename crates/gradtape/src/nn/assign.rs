//! Giving parameters other numbers: all of them or none.

use std::collections::BTreeMap;

use super::Module;
use crate::tape::Parameter;
use crate::tensor::{Error, Kind, Result, Tensor, nearest};

/// Where tensors come from, as errors say it.
pub(crate) struct From {
    /// What has them: "the file".
    pub(crate) place: &'static str,
    /// How they come not to fit.
    pub(crate) hint: &'static str,
}

/// Gives each parameter of a module the tensor of its name. Fails, and changes nothing, where a tensor
/// is missing, has another shape or element type, or belongs to no parameter.
pub(crate) fn assign(
    module: &(impl Module + ?Sized),
    tensors: Vec<(String, Tensor)>,
    from: &From,
) -> Result<()> {
    let fitted = fit(module, tensors, from)?;
    fitted.into_iter().try_for_each(|(parameter, value)| parameter.set(value))
}

/// The parameters of a module with the tensors of their names, changing nothing.
pub(crate) fn fit(
    module: &(impl Module + ?Sized),
    tensors: Vec<(String, Tensor)>,
    from: &From,
) -> Result<Vec<(Parameter, Tensor)>> {
    let mut tensors: BTreeMap<String, Tensor> = tensors.into_iter().collect();
    let mut fitted = Vec::new();
    for (name, parameter) in module.named_parameters() {
        let Some(tensor) = tensors.remove(&name) else {
            let error = wrong(format!("there is no parameter {name:?} in {}", from.place));
            return Err(match nearest(&name, tensors.keys().map(|name| &**name)) {
                Some(near) => error.hint(format!("there is {near:?}")),
                None => error.hint(from.hint),
            });
        };
        let own = parameter.meta();
        if (&own.shape, own.dtype) != (tensor.shape(), tensor.dtype()) {
            let (shape, dtype) = (tensor.shape(), tensor.dtype());
            return Err(wrong(format!(
                "parameter {name:?} is {dtype}{shape} in {}, {own} in the network",
                from.place
            ))
            .hint(from.hint));
        }
        fitted.push((parameter, tensor));
    }
    match tensors.keys().next() {
        Some(name) => Err(wrong(format!("the network has no parameter {name:?}")).hint(from.hint)),
        None => Ok(fitted),
    }
}

/// The values of a module's parameters by name.
pub(crate) fn values(module: &(impl Module + ?Sized)) -> Vec<(String, Tensor)> {
    let named = module.named_parameters().into_iter();
    named.map(|(name, parameter)| (name, parameter.value())).collect()
}

fn wrong(message: String) -> Error {
    Error::new(Kind::Model, message)
}
