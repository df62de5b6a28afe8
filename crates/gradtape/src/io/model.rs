//! [`Model`]: a network with all that is needed to use it, in one file.

use std::collections::BTreeMap;
use std::path::Path;

use super::safetensors::{SafeTensors, read_safetensors, safetensors_bytes, write_safetensors};
use super::weights::FILE;
use crate::nn::{self, Init, LayerSpec, Sequential};
use crate::tensor::{Error, Kind, Result, Rng, nearest};

/// A network with what is done to its inputs, the names of its outputs, and notes.
///
/// It is one safetensors file: the parameters and buffers are its tensors, the rest
/// stands in its metadata, as
/// `gradtape.architecture` (the [`LayerSpec`]s as JSON), `gradtape.preprocessing`, `gradtape.labels`
/// (JSON) and `gradtape.note.NAME`.
///
/// ```
/// use gradtape::io::Model;
/// use gradtape::nn::{Activation, Sequential};
/// use gradtape::Rng;
/// let path = std::env::temp_dir().join(format!("gradtape-{}.model", std::process::id()));
/// let mut model = Model::new(Sequential::mlp(&[4, 8, 2], Activation::Relu, 0.0, &mut Rng::new(1))?);
/// model.labels = vec!["cat".to_string(), "dog".to_string()];
/// model.save(&path)?;
///
/// let again = Model::load(&path)?;
/// assert_eq!(again.labels, ["cat", "dog"]);
/// assert_eq!(again.network.specs()?, model.network.specs()?);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
pub struct Model {
    /// The network.
    pub network: Sequential,
    /// What is done to data before the network sees it, as
    /// [`Preprocessing::to_json`](crate::data::Preprocessing::to_json) writes it.
    pub preprocessing: Option<String>,
    /// What the outputs stand for: the names of classes.
    pub labels: Vec<String>,
    /// Whatever else is to be known, by name.
    pub notes: BTreeMap<String, String>,
}

impl Model {
    /// The name in the metadata of a file under which the architecture stands. Without it, the file holds
    /// tensors that only code can make use of.
    pub const ARCHITECTURE: &str = "gradtape.architecture";

    /// A network without preprocessing, labels and notes.
    pub fn new(network: Sequential) -> Model {
        Model { network, preprocessing: None, labels: Vec::new(), notes: BTreeMap::new() }
    }

    /// Writes the model to a file, whole or not at all. The same model gives the same bytes.
    ///
    /// Fails when the network has a layer that only code can build, and when the file cannot be
    /// written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        write_safetensors(path, &nn::values(&self.network), &self.metadata()?)
    }

    /// The bytes that [`Model::save`] writes, where there are no files.
    ///
    /// ```
    /// use gradtape::io::{Model, SafeTensors};
    /// use gradtape::nn::{Activation, Sequential};
    /// use gradtape::Rng;
    /// let net = Sequential::mlp(&[4, 8, 2], Activation::Relu, 0.0, &mut Rng::new(1))?;
    /// let bytes = Model::new(net).to_bytes()?;
    /// let again = Model::from_safetensors(SafeTensors::from_bytes(&bytes)?)?;
    /// assert_eq!(again.to_bytes()?, bytes);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// Fails when the network has a layer that only code can build.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        safetensors_bytes(&nn::values(&self.network), &self.metadata()?)
    }

    /// All that is not numbers.
    fn metadata(&self) -> Result<BTreeMap<String, String>> {
        let json = |text: serde_json::Result<String>| {
            text.map_err(|error| Error::new(Kind::Value, error.to_string()))
        };
        let specs = self.network.specs()?;
        let mut metadata = BTreeMap::from([
            (FORMAT.to_string(), VERSION.to_string()),
            (Model::ARCHITECTURE.to_string(), json(serde_json::to_string(&specs))?),
            (LABELS.to_string(), json(serde_json::to_string(&self.labels))?),
        ]);
        if let Some(preprocessing) = &self.preprocessing {
            metadata.insert(PREPROCESSING.to_string(), preprocessing.clone());
        }
        let notes = self.notes.iter().map(|(name, text)| (format!("{NOTE}{name}"), text.clone()));
        metadata.extend(notes);
        Ok(metadata)
    }

    /// Reads a model from a file.
    ///
    /// Fails for a file that is damaged, holds no architecture (then [`load`](super::load) reads its
    /// parameters into a network built in code), or whose parameters do not fit its architecture.
    pub fn load(path: impl AsRef<Path>) -> Result<Model> {
        let path = path.as_ref();
        let read = read_safetensors(path)?;
        Model::from_safetensors(read).map_err(|e| e.context(path.display()))
    }

    /// As [`Model::load`], from a file that was read already, such as one that is part of the program.
    ///
    /// ```
    /// use gradtape::io::{Model, SafeTensors};
    /// # use gradtape::{Rng, nn::{Activation, Sequential}};
    /// # let path = std::env::temp_dir().join(format!("gradtape-{}.embedded", std::process::id()));
    /// # let net = Sequential::mlp(&[4, 2], Activation::Relu, 0.0, &mut Rng::new(1))?;
    /// # Model::new(net).save(&path)?;
    /// # let bytes = std::fs::read(&path).unwrap();
    /// # std::fs::remove_file(&path).unwrap();
    /// // let bytes = include_bytes!("model.safetensors");
    /// let model = Model::from_safetensors(SafeTensors::from_bytes(&bytes)?)?;
    /// assert_eq!(model.network.layers().len(), 1);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn from_safetensors(read: SafeTensors) -> Result<Model> {
        let SafeTensors { tensors, mut metadata } = read;
        let wrong = |message: String| Error::new(Kind::Model, message);
        let Some(architecture) = metadata.get(Model::ARCHITECTURE) else {
            return Err(wrong("the file holds tensors, but no architecture".to_string())
                .hint("build the network in code and load the tensors into it"));
        };
        if let Some(version) = metadata.get(FORMAT).filter(|version| *version != VERSION) {
            return Err(wrong(format!("the format is {version}, this program reads {VERSION}")));
        }
        let specs: Vec<LayerSpec> = serde_json::from_str(architecture).map_err(|error| {
            let error = error.to_string();
            let hint = meant(&error).map(|near| format!("did you mean {near:?}?"));
            let error = wrong(format!("the architecture cannot be read: {error}"));
            hint.into_iter().fold(error, Error::hint)
        })?;
        // Before any memory is asked for: the layers have the tensors of the file, and no others.
        let kept = Sequential::tensors(&specs)?.into_iter();
        let offers: Vec<_> =
            tensors.iter().map(|(name, t)| (vec![name.clone()], t.clone())).collect();
        nn::pair(kept.map(|kept| (vec![kept.name.clone()], kept)).collect(), &offers, &FILE)?;
        // Zeros, which the numbers of the file replace.
        let network = Sequential::build(&specs, Init::Zeros, &mut Rng::new(0))?;
        nn::assign(&network, tensors, &FILE)?;
        let labels = match metadata.get(LABELS) {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| wrong(format!("the labels cannot be read: {error}")))?,
            None => Vec::new(),
        };
        let preprocessing = metadata.remove(PREPROCESSING);
        let note = |(name, text): (String, String)| Some((name.strip_prefix(NOTE)?.into(), text));
        let notes = metadata.into_iter().filter_map(note).collect();
        Ok(Model { network, preprocessing, labels, notes })
    }
}

const FORMAT: &str = "gradtape.format";
const VERSION: &str = "1";
const PREPROCESSING: &str = "gradtape.preprocessing";
const LABELS: &str = "gradtape.labels";
const NOTE: &str = "gradtape.note.";

/// The name of a layer or setting that was probably meant: an error of serde names the wrong one and
/// then those that it knows, each in backquotes.
fn meant(error: &str) -> Option<&str> {
    let mut names = error.split('`').skip(1).step_by(2);
    nearest(names.next()?, names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Activation, Layer, Module};
    use crate::tape::Tape;
    use crate::tensor::{DType, Tensor};

    fn model() -> Model {
        let rng = &mut Rng::new(3);
        let mut model =
            Model::new(Sequential::mlp(&[3, 4, 2], Activation::Tanh, 0.1, rng).unwrap());
        model.preprocessing = Some("{\"version\":1}".to_string());
        model.labels = vec!["a".to_string(), "b \"quoted\"".to_string()];
        model.notes = BTreeMap::from([("training".to_string(), "long".to_string())]);
        model
    }

    fn parts(model: &Model) -> SafeTensors {
        let specs = serde_json::to_string(&model.network.specs().unwrap()).unwrap();
        let metadata = BTreeMap::from([(Model::ARCHITECTURE.to_string(), specs)]);
        SafeTensors { tensors: nn::values(&model.network), metadata }
    }

    #[test]
    fn a_model_is_read_back_to_the_same_predictions() {
        let path = std::env::temp_dir().join(format!("gradtape-model-{}", std::process::id()));
        let model = model();
        model.save(&path).unwrap();
        let again = Model::load(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(again.preprocessing, model.preprocessing);
        assert_eq!((again.labels, again.notes), (model.labels, model.notes));
        let predict = |network: &Sequential| {
            let tape = Tape::inference();
            let x = tape.constant(Tensor::from([[0.3f32, -1.0, 2.0]]));
            network.forward(x).value().unwrap().to_vec::<f32>().unwrap()
        };
        assert_eq!(predict(&again.network), predict(&model.network));
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let refused = |change: &dyn Fn(&mut BTreeMap<String, String>), word: &str| {
            let mut read = parts(&model());
            change(&mut read.metadata);
            let text = Model::from_safetensors(read).err().unwrap().to_string();
            assert!(text.contains(word), "{word:?} is not in: {text}");
        };
        let replace = |from: &'static str, to: &str| {
            let to = to.to_string();
            move |metadata: &mut BTreeMap<String, String>| {
                let text = metadata.get_mut(Model::ARCHITECTURE).unwrap();
                assert!(text.contains(from));
                *text = text.replacen(from, &to, 1);
            }
        };
        refused(&|metadata| metadata.clear(), "no architecture");
        refused(&replace("tanh", "tanhh"), "did you mean \"tanh\"?");
        refused(&replace("\"inputs\"", "\"input\""), "did you mean \"inputs\"?");
        for inputs in ["5", "4000000000000", "18446744073709551615"] {
            let other = format!("\"inputs\":{inputs}");
            let text =
                format!("parameter \"0.weight\" is f32[4, 3] in the file, f32[4, {inputs}] in the");
            refused(&replace("\"inputs\":3", &other), &text);
        }
        refused(&replace("\"f32\"", "\"f64\""), "f32[4, 3] in the file, f64[4, 3]");
        refused(&replace("\"f32\"", "\"f16\""), "f32[4, 3] in the file, f16[4, 3]");
        refused(&replace("\"f32\"", "\"f8\""), "layer 0: layers have no element type \"f8\"");
        refused(&|metadata| drop(metadata.insert(LABELS.into(), "[1]".into())), "labels");
        refused(&|metadata| drop(metadata.insert(FORMAT.into(), "2".into())), "format is 2");
    }

    /// Other numbers in each tensor than a new layer has.
    fn change(module: &(impl Module + ?Sized)) {
        for (number, (_, own)) in nn::named_state(module).into_iter().enumerate() {
            let value = own.value();
            let numbers = (0..value.elements()).map(|i| 2.0 + ((i + number) % 7) as f64);
            let changed = Tensor::from_vec(numbers.collect(), value.shape()).unwrap();
            own.set(changed.cast(value.dtype())).unwrap();
        }
    }

    /// What a layer predicts of fixed numbers, in the element type of its tensors.
    fn predict(layer: &dyn Layer, shape: &[usize]) -> Tensor {
        let mut dtypes = nn::values(layer).into_iter().map(|(_, value)| value.dtype());
        let dtype = dtypes.find(|dtype| dtype.is_float()).unwrap_or(DType::F32);
        let numbers = (0..shape.iter().product()).map(|i: usize| (i as f64 * 0.7).sin());
        let mut x = Tensor::from_vec(numbers.collect::<Vec<f64>>(), shape).unwrap().cast(dtype);
        let first = match layer.spec() {
            Some(LayerSpec::Sequential(network)) => network.layers.first().cloned(),
            own => own,
        };
        let whole = matches!(
            first,
            Some(
                LayerSpec::Embedding(_)
                    | LayerSpec::EmbeddingBag(_)
                    | LayerSpec::CausalTransformer(_)
            )
        );
        if whole {
            let rows = (0..x.elements() as i64).map(|i| i % 3).collect();
            x = Tensor::from_vec(rows, shape).unwrap();
        }
        layer.forward(Tape::inference().constant(x)).value().unwrap()
    }

    #[test]
    fn every_kind_of_layer_is_saved_and_loaded_to_the_same_predictions() {
        let path = std::env::temp_dir().join(format!("gradtape-kinds-{}", std::process::id()));
        for (kind, spec, shape) in LayerSpec::samples() {
            let layer = spec.build(&mut Rng::new(1)).unwrap();
            change(&*layer);
            let want = predict(&*layer, &shape);
            let model = Model::new(Sequential::new().add(layer));
            model.save(&path).unwrap();
            let again = Model::load(&path).unwrap().network;
            assert_eq!(again.specs().unwrap(), std::slice::from_ref(&spec), "{kind}");
            assert!(predict(&again, &shape).equals(&want), "{kind}: {spec:?}");
            let [before, after] = [&model.network, &again].map(nn::named_state);
            assert_eq!(before.len(), after.len());
            for ((name, old), (other, new)) in before.iter().zip(&after) {
                assert_eq!((name, old.is_trained()), (other, new.is_trained()));
                assert!(old.value().equals(&new.value()), "{kind}: {name:?}");
            }
        }
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_file_that_lacks_or_reshapes_any_tensor_of_any_kind_is_refused_by_name() {
        for (kind, spec, _) in LayerSpec::samples() {
            let specs = std::slice::from_ref(&spec);
            let tensors = nn::values(&Sequential::from_specs(specs, &mut Rng::new(1)).unwrap());
            let json = serde_json::to_string(specs).unwrap();
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
        }
    }
}
