//! Parameters and buffers of modules in files.

use std::collections::BTreeMap;
use std::path::Path;

use super::safetensors::{read_safetensors, write_safetensors};
use crate::nn::{self, Module, Origin};
use crate::tensor::{DType, Result};

/// Writes the parameters and buffers of a module to a safetensors file, under their dotted names, whole or
/// not at all.
///
/// ```
/// use gradtape::nn::Linear;
/// use gradtape::{Rng, io};
/// let path = std::env::temp_dir().join(format!("gradtape-{}.weights", std::process::id()));
/// let layer = Linear::new(3, 2, &mut Rng::new(1));
/// io::save(&layer, &path)?;
///
/// let other = Linear::new(3, 2, &mut Rng::new(2));
/// io::load(&other, &path)?;
/// assert_eq!(other.weight.value().to_vec::<f32>()?, layer.weight.value().to_vec::<f32>()?);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "state_dict")]
pub fn save(module: &(impl Module + ?Sized), path: impl AsRef<Path>) -> Result<()> {
    write_safetensors(path, &nn::values(module), &BTreeMap::new())
}

/// Reads the parameters and buffers of a module from a safetensors file.
///
/// Fails, and changes nothing, when the file lacks one, has one that the module lacks, or one of another
/// shape or element type.
#[doc(alias = "load_state_dict")]
pub fn load(module: &(impl Module + ?Sized), path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let read = read_safetensors(path)?;
    nn::assign(module, read.tensors, &FILE).map_err(|error| error.context(path.display()))
}

/// As [`load`], with floating-point numbers of another type converted to that of the parameter or buffer: so a
/// network in f32 takes what was saved in f16 or bf16.
///
/// ```
/// use gradtape::nn::{Linear, LinearOptions};
/// use gradtape::{DType, Rng, io};
/// let path = std::env::temp_dir().join(format!("gradtape-{}.half", std::process::id()));
/// let half = LinearOptions { dtype: DType::BF16, ..LinearOptions::default() };
/// let layer = Linear::with(3, 2, half, &mut Rng::new(1))?;
/// io::save(&layer, &path)?;
///
/// let other = Linear::new(3, 2, &mut Rng::new(2));
/// assert!(io::load(&other, &path).unwrap_err().message().contains("bf16[2, 3] in the file"));
/// io::load_converted(&other, &path)?;
/// assert_eq!(other.weight.value().to_f64_vec(), layer.weight.value().to_f64_vec());
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
pub fn load_converted(module: &(impl Module + ?Sized), path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let mut tensors = read_safetensors(path)?.tensors;
    let state = nn::named_state(module);
    let types = state
        .iter()
        .flat_map(|(names, own)| names.iter().map(|name| (&name[..], own.meta().dtype)));
    let types: BTreeMap<&str, DType> = types.collect();
    for (name, tensor) in &mut tensors {
        if let Some(&dtype) = types.get(&name[..])
            && dtype.is_float()
            && tensor.dtype().is_float()
        {
            *tensor = tensor.cast(dtype);
        }
    }
    nn::assign(module, tensors, &FILE).map_err(|error| error.context(path.display()))
}

/// What errors say of tensors from a file.
pub(super) const FILE: Origin = Origin {
    own: "the network",
    place: "the file",
    hint: "it was saved from another architecture",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Activation, Linear, Sequential, values as tensors};
    use crate::tensor::{Rng, Tensor};

    fn numbers(module: &impl Module) -> Vec<Vec<f64>> {
        tensors(module).iter().map(|(_, tensor)| tensor.to_f64_vec()).collect()
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let rng = &mut Rng::new(1);
        let mlp = |sizes: &[usize], rng: &mut Rng| {
            Sequential::mlp(sizes, Activation::Relu, 0.0, rng).unwrap()
        };
        let net = mlp(&[3, 4, 2], rng);
        let before = numbers(&net);
        let check = |tensors: Vec<(String, Tensor)>, words: &[&str]| {
            let text = nn::assign(&net, tensors, &FILE).unwrap_err().to_string();
            assert!(words.iter().all(|word| text.contains(word)), "{text}");
            assert_eq!(numbers(&net), before);
        };
        check(tensors(&mlp(&[3, 5, 2], rng)), &["\"0.weight\"", "f32[5, 3]", "f32[4, 3]"]);
        check(tensors(&mlp(&[3, 4, 2, 2], rng)), &["no parameter \"4.weight\""]);
        check(tensors(&mlp(&[3, 4], rng)), &["there is no parameter \"2.weight\""]);
        check(tensors(&Linear::new(3, 4, rng)), &["there is no parameter \"0.weight\"", "weight"]);
        let doubled = tensors(&net).into_iter().map(|(name, t)| (name, t.cast(DType::F64)));
        check(doubled.collect(), &["f64[4, 3] in the file, f32[4, 3] in the network"]);
        let other = mlp(&[3, 4, 2], rng);
        nn::assign(&net, tensors(&other), &FILE).unwrap();
        assert_eq!(numbers(&net), numbers(&other));
    }
}
