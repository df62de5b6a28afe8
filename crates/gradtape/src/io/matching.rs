//! [`load_matching`]: a network that begins with what another one learned.

use std::collections::BTreeMap;
use std::path::Path;

use super::safetensors::read_safetensors;
use crate::nn::{self, Module};
use crate::tensor::{Error, Kind, Result, Tensor};

/// What a module took from a file, by names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The parameters and buffers that took their numbers from the file.
    pub taken: Vec<String>,
    /// Those that the file has nothing for, or numbers of another shape: they are as they were.
    pub kept: Vec<String>,
    /// The tensors of the file that nothing took, by their names there, each with the reason.
    pub left: Vec<(String, String)>,
}

/// Gives the parameters and buffers of a module what a safetensors file has for them, and leaves the others as they
/// are: to begin with what another network learned, of which a part is the same.
///
/// `rename` says what a tensor of the file is called in the module, or `None` to leave it out. Numbers with another
/// floating-point type are converted. Fails, and changes nothing, when the file has nothing for the module, or when
/// two tensors get one name.
///
/// ```
/// use gradtape::nn::{Activation, Sequential};
/// use gradtape::{Rng, io};
/// let path = std::env::temp_dir().join(format!("gradtape-{}.start", std::process::id()));
/// let digits = Sequential::mlp(&[64, 32, 10], Activation::Relu, 0.0, &mut Rng::new(1))?;
/// io::save(&digits, &path)?;
///
/// // Other classes: the last layer begins anew.
/// let letters = Sequential::mlp(&[64, 32, 26], Activation::Relu, 0.0, &mut Rng::new(2))?;
/// let matched = io::load_matching(&letters, &path, |name| Some(name.to_string()))?;
/// assert_eq!(matched.taken, ["0.weight", "0.bias"]);
/// assert_eq!(matched.kept, ["2.weight", "2.bias"]);
/// assert_eq!(matched.left[1].1, "f32[10] in the file, f32[26] in the network");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias = "strict=False")]
#[doc(alias = "transfer learning")]
pub fn load_matching(
    module: &(impl Module + ?Sized),
    path: impl AsRef<Path>,
    rename: impl Fn(&str) -> Option<String>,
) -> Result<Matched> {
    let path = path.as_ref();
    let tensors = read_safetensors(path)?.tensors;
    matching(module, tensors, rename).map_err(|error| error.context(path.display()))
}

fn matching(
    module: &(impl Module + ?Sized),
    tensors: Vec<(String, Tensor)>,
    rename: impl Fn(&str) -> Option<String>,
) -> Result<Matched> {
    let wrong = |message: String| Error::new(Kind::Model, message);
    let mut matched = Matched::default();
    let mut offers: BTreeMap<String, (String, Tensor)> = BTreeMap::new();
    let some = tensors.first().map(|(name, _)| name.clone());
    for (there, tensor) in tensors {
        let Some(name) = rename(&there) else {
            matched.left.push((there, "left out".to_string()));
            continue;
        };
        if let Some((other, _)) = offers.insert(name.clone(), (there.clone(), tensor)) {
            let message = format!("{other:?} and {there:?} are both to be called {name:?}");
            return Err(wrong(message));
        }
    }
    let mut fitting = Vec::new();
    for (names, own) in nn::named_state(module) {
        let want = own.meta().clone();
        // Tied weights have several names, of which the first that fits counts.
        let mut took: Option<(&String, Tensor)> = None;
        for name in &names {
            let Some((there, tensor)) = offers.remove(name) else { continue };
            let converts = tensor.dtype().is_float() && want.dtype.is_float();
            let tensor = if converts { tensor.cast(want.dtype) } else { tensor };
            let fits = (tensor.dtype(), tensor.shape()) == (want.dtype, &want.shape);
            match &took {
                _ if !fits => {
                    let have = format!("{}{:?}", tensor.dtype(), &tensor.shape()[..]);
                    let why = format!("{have} in the file, {want} in the network");
                    matched.left.push((there, why));
                }
                Some((first, other)) if !other.equals(&tensor) => {
                    matched.left.push((
                        there,
                        format!("other numbers than {first:?}, to which it is tied"),
                    ));
                }
                Some(_) => {}
                None => took = Some((name, tensor)),
            }
        }
        match took {
            Some((name, tensor)) => {
                matched.taken.push(name.clone());
                fitting.push((own, tensor));
            }
            None => matched.kept.extend(names.into_iter().take(1)),
        }
    }
    let none = || "the network has nothing of this name".to_string();
    matched.left.extend(offers.into_values().map(|(there, _)| (there, none())));
    if matched.taken.is_empty() {
        let message = "nothing in the file is for the network".to_string();
        let own = matched.kept.first().map_or("none", |name| name);
        let other = matched.left.iter().find(|(name, _)| matched.kept.contains(name));
        if let Some((name, why)) = other {
            return Err(wrong(message).hint(format!("{name:?} is {why}")));
        }
        return Err(wrong(message).hint(match some {
            Some(there) => format!("names are {there:?} there and {own:?} here: rename them"),
            None => "the file has no tensors".to_string(),
        }));
    }
    fitting.into_iter().try_for_each(|(own, tensor)| own.set(tensor))?;
    Ok(matched)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Activation, Sequential, values};
    use crate::tensor::{DType, Rng};

    fn net(sizes: &[usize], seed: u64) -> Sequential {
        Sequential::mlp(sizes, Activation::Relu, 0.0, &mut Rng::new(seed)).unwrap()
    }

    fn numbers(net: &Sequential) -> Vec<Vec<f64>> {
        values(net).iter().map(|(_, tensor)| tensor.to_f64_vec()).collect()
    }

    #[test]
    fn names_are_changed_and_types_converted() {
        let (old, new) = (net(&[3, 4, 2], 1), net(&[3, 4, 2], 2));
        let under =
            |(name, tensor): (String, Tensor)| (format!("old.{name}"), tensor.cast(DType::F64));
        let tensors: Vec<_> = values(&old).into_iter().map(under).collect();
        let rename = |name: &str| name.strip_prefix("old.").map(String::from);
        let matched = matching(&new, tensors.clone(), rename).unwrap();
        assert_eq!(matched.taken, ["0.weight", "0.bias", "2.weight", "2.bias"]);
        assert!(matched.kept.is_empty() && matched.left.is_empty());
        assert_eq!(numbers(&new), numbers(&old));

        // Without it, nothing fits, and nothing changes.
        let other = net(&[3, 4, 2], 3);
        let before = numbers(&other);
        let error =
            matching(&other, tensors.clone(), |name| Some(name.into())).unwrap_err().to_string();
        assert!(error.contains("\"old.0.weight\" there and \"0.weight\" here"), "{error}");
        let error = matching(&other, tensors, |_| Some("0.bias".into())).unwrap_err().to_string();
        assert!(error.contains("both to be called \"0.bias\""), "{error}");
        assert_eq!(numbers(&other), before);
    }

    #[test]
    fn what_does_not_fit_stays_as_it_is() {
        let (old, new) = (net(&[3, 4, 4, 2], 1), net(&[3, 4, 5], 2));
        let before = numbers(&new);
        let without = |name: &str| (name != "0.bias").then(|| name.to_string());
        let matched = matching(&new, values(&old), without).unwrap();
        assert_eq!((&matched.taken[..], matched.kept.len()), (&["0.weight".to_string()][..], 3));
        let reasons: Vec<&str> = matched.left.iter().map(|(_, reason)| &**reason).collect();
        assert!(reasons.contains(&"left out"));
        assert!(
            reasons.contains(&"f32[4, 4] in the file, f32[5, 4] in the network"),
            "{reasons:?}"
        );
        assert!(reasons.contains(&"the network has nothing of this name"));
        assert_eq!(numbers(&new)[1..], before[1..]);
        assert_eq!(numbers(&new)[0], numbers(&old)[0]);
    }
}
