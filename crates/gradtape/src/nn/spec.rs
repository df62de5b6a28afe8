//! [`LayerSpec`]: a layer of this library as data, and the one table of them.

use serde::{Deserialize, Serialize};

use super::{
    BatchNormSpec, DropoutSpec, Flatten, Init, Layer, LeakyRelu, LinearSpec, Place, Relu,
    SequentialSpec, Sigmoid, Softmax, Tanh,
};
use crate::op::Meta;
use crate::tensor::{DType, Error, Kind, Result, Rng};

/// Stamps [`LayerSpec`] from the table of the kinds.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident($spec:ty),)*) => {
        /// A layer of this library as data: what a model file says of it.
        ///
        /// As JSON: `{"layer": "linear", "inputs": 64, "outputs": 32, "bias": true, "dtype": "f32"}`,
        /// `{"layer": "relu"}`, `{"layer": "dropout", "p": 0.2}`.
        ///
        /// ```
        /// use gradtape::Rng;
        /// use gradtape::nn::{DropoutSpec, Layer, LayerSpec, Relu};
        /// let layer = LayerSpec::from(DropoutSpec { p: 0.2 }).build(&mut Rng::new(1))?;
        /// assert_eq!(layer.kind(), "Dropout(0.2)");
        /// assert_eq!(Relu.spec(), Some(LayerSpec::Relu(Relu)));
        /// # Ok::<(), gradtape::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "layer", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum LayerSpec {
            $($(#[$doc])* $kind($spec),)*
        }

        $(
            impl From<$spec> for LayerSpec {
                fn from(spec: $spec) -> LayerSpec {
                    LayerSpec::$kind(spec)
                }
            }
        )*

        impl LayerSpec {
            /// The layer with new numbers.
            pub fn build(&self, rng: &mut Rng) -> Result<Box<dyn Layer>> {
                self.build_with(Init::FanIn, rng)
            }

            /// As [`Spec::build`].
            pub(crate) fn build_with(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
                match self {
                    $(LayerSpec::$kind(spec) => spec.build(init, rng),)*
                }
            }

            /// As [`Spec::tensors`].
            pub(crate) fn tensors(&self) -> Result<Vec<Kept>> {
                match self {
                    $(LayerSpec::$kind(spec) => spec.tensors(),)*
                }
            }

            /// The samples of every kind, under its name.
            #[cfg(test)]
            fn samples() -> Vec<(&'static str, Vec<(LayerSpec, Vec<usize>)>)> {
                vec![$((
                    stringify!($kind),
                    <$spec>::samples().into_iter().map(|(spec, shape)| (spec.into(), shape)).collect(),
                ),)*]
            }
        }
    };
}

kinds! {
    /// [`Linear`](super::Linear).
    Linear(LinearSpec),
    /// [`BatchNorm1d`](super::BatchNorm1d).
    BatchNorm1d(BatchNormSpec<1>),
    /// [`BatchNorm2d`](super::BatchNorm2d).
    BatchNorm2d(BatchNormSpec<2>),
    /// [`Relu`].
    Relu(Relu),
    /// [`LeakyRelu`].
    LeakyRelu(LeakyRelu),
    /// [`Sigmoid`].
    Sigmoid(Sigmoid),
    /// [`Tanh`].
    Tanh(Tanh),
    /// [`Softmax`].
    Softmax(Softmax),
    /// [`Flatten`].
    Flatten(Flatten),
    /// [`Dropout`](super::Dropout).
    Dropout(DropoutSpec),
    /// A [`Sequential`](super::Sequential) inside another.
    Sequential(SequentialSpec),
}

/// What a model file says of the layers of one kind. It stands in the file of the layer, whose
/// [`Layer::spec`] gives it; the table lists it.
///
/// As JSON, its fields follow the name of the kind.
pub(crate) trait Spec: Serialize + for<'de> Deserialize<'de> + Into<LayerSpec> {
    /// The layer with numbers by a rule: zeros, if others take their place at once.
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>>;

    /// The tensors that the layer keeps, by name, before any memory is asked for: none, if not said
    /// otherwise.
    fn tensors(&self) -> Result<Vec<Kept>> {
        Ok(Vec::new())
    }

    /// Some of its kind, and the shape of an input for each.
    #[cfg(test)]
    fn samples() -> Vec<(Self, Vec<usize>)>;
}

/// A tensor that a layer of a spec keeps: its name, whether it is a buffer, and its type and shape.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Kept {
    pub(crate) name: String,
    pub(crate) is_buffer: bool,
    pub(crate) meta: Meta,
}

impl Kept {
    pub(super) fn parameter(name: &str, meta: Meta) -> Kept {
        Kept { name: name.to_string(), is_buffer: false, meta }
    }

    pub(super) fn buffer(name: &str, meta: Meta) -> Kept {
        Kept { name: name.to_string(), is_buffer: true, meta }
    }
}

impl Place for Kept {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn word(&self) -> &'static str {
        if self.is_buffer { "buffer" } else { "parameter" }
    }
}

/// The element type of a layer by its name.
pub(super) fn float(name: &str) -> Result<DType> {
    let known = [DType::F32, DType::F64].into_iter().find(|dtype| dtype.to_string() == name);
    known.ok_or_else(|| {
        Error::new(Kind::Model, format!("layers have no element type {name:?}, only f32 and f64"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{Model, SafeTensors};
    use crate::nn::{Module, Sequential, named_state};
    use crate::tape::Tape;
    use crate::tensor::Tensor;

    /// Calls with the kind, the spec and the shape of an input of every sample.
    fn each(mut call: impl FnMut(&str, &LayerSpec, &[usize])) {
        for (kind, samples) in LayerSpec::samples() {
            assert!(!samples.is_empty(), "{kind} has no sample");
            samples.iter().for_each(|(spec, shape)| call(kind, spec, shape));
        }
    }

    /// Other numbers in each tensor than a new layer has.
    fn change(module: &(impl Module + ?Sized)) {
        for (number, (_, own)) in named_state(module).into_iter().enumerate() {
            let value = own.value();
            let numbers = (0..value.elements()).map(|i| 0.5 + ((i + number) % 7) as f64 * 0.25);
            let changed = Tensor::from_vec(numbers.collect(), value.shape()).unwrap();
            own.set((changed * 4.0).unwrap().cast(value.dtype())).unwrap();
        }
    }

    /// What a layer predicts of fixed numbers, in the element type of its tensors.
    fn predict(layer: &dyn Layer, shape: &[usize]) -> Tensor {
        let dtypes = named_state(layer).into_iter().map(|(_, own)| own.value().dtype());
        let dtype = dtypes.into_iter().find(|dtype| dtype.is_float()).unwrap_or(DType::F32);
        let elements = shape.iter().product::<usize>();
        let x = (0..elements).map(|i| (i as f64 * 0.7).sin()).collect::<Vec<_>>();
        let x = Tensor::from_vec(x, shape).unwrap().cast(dtype);
        layer.forward(Tape::inference().constant(x)).value().unwrap()
    }

    #[test]
    fn every_kind_of_layer_is_saved_and_loaded_to_the_same_predictions() {
        let path = std::env::temp_dir().join(format!("gradtape-kinds-{}", std::process::id()));
        each(|kind, spec, shape| {
            let layer = spec.build(&mut Rng::new(1)).unwrap();
            change(&*layer);
            let want = predict(&*layer, shape);
            let model = Model::new(Sequential::new().add(layer));
            assert_eq!(model.network.specs().unwrap(), std::slice::from_ref(spec), "{kind}");
            assert!(model.network.layers()[0].is_static(), "{kind}");
            model.save(&path).unwrap();
            let again = Model::load(&path).unwrap().network;
            assert!(predict(&again, shape).equals(&want), "{kind}: {spec:?}");
            let (before, after) = (named_state(&model.network), named_state(&again));
            assert_eq!(before.len(), after.len());
            for ((name, old), (other, new)) in before.iter().zip(&after) {
                assert_eq!((name, old.is_trained()), (other, new.is_trained()));
                assert!(old.value().equals(&new.value()), "{kind}: {name:?}");
            }
        });
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn every_kind_tells_its_tensors_before_it_is_built() {
        each(|kind, spec, _| {
            let layer = spec.build(&mut Rng::new(1)).unwrap();
            let built = named_state(&*layer).into_iter().map(|(mut names, own)| Kept {
                name: names.swap_remove(0),
                is_buffer: !own.is_trained(),
                meta: own.meta().clone(),
            });
            assert_eq!(built.collect::<Vec<_>>(), spec.tensors().unwrap(), "{kind}: {spec:?}");
        });
    }

    #[test]
    fn every_kind_is_named_in_json_and_refuses_what_it_does_not_know() {
        each(|kind, spec, _| {
            let json = serde_json::to_string(spec).unwrap();
            let plain = json.replace(['_', '"'], "").to_lowercase();
            assert!(plain.starts_with(&format!("{{layer:{}", kind.to_lowercase())), "{json}");
            assert_eq!(serde_json::from_str::<LayerSpec>(&json).unwrap(), *spec);
            let more = json.replacen('{', "{\"unheard\":1,", 1);
            assert!(serde_json::from_str::<LayerSpec>(&more).is_err(), "{more}");
        });
    }

    #[test]
    fn a_file_that_lacks_or_reshapes_any_tensor_of_any_kind_is_refused_by_name() {
        each(|kind, spec, _| {
            let network =
                Sequential::from_specs(std::slice::from_ref(spec), &mut Rng::new(1)).unwrap();
            let tensors = crate::nn::values(&network);
            let json = serde_json::to_string(&[spec]).unwrap();
            let load = |tensors: Vec<(String, Tensor)>| {
                let metadata = [(Model::ARCHITECTURE.to_string(), json.clone())].into();
                Model::from_safetensors(SafeTensors { tensors, metadata })
            };
            assert!(load(tensors.clone()).is_ok(), "{kind}");
            for (place, (name, value)) in tensors.iter().enumerate() {
                let mut fewer = tensors.clone();
                fewer.remove(place);
                let text = load(fewer).err().unwrap().to_string();
                assert!(text.contains(&format!("{name:?}")), "{kind}: {text}");
                let mut other = tensors.clone();
                other[place].1 = Tensor::zeros([7, 7, 7], value.dtype());
                let text = load(other).err().unwrap().to_string();
                for word in [format!("{name:?}"), "[7, 7, 7]".into(), value.shape().to_string()] {
                    assert!(text.contains(&word), "{kind}: {word} is not in {text}");
                }
            }
        });
    }
}
