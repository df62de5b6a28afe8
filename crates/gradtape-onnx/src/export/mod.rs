//! [`Export`]: networks and recordings as ONNX files.

mod builder;
mod layers;
mod record;
mod table;

use std::collections::BTreeMap;

use gradtape::nn::Sequential;
use gradtape::{DType, Error, Kind, Result, Tape, Tensor, Var, eval};
use prost::Message;

use self::builder::{Builder, Dim};
use self::record::{Recording, leaf};
use crate::proto::{GraphProto, ModelProto, OperatorSetIdProto, StringStringEntryProto};

/// How a file is written: the version of ONNX's operators, a name, and what the file says of itself.
///
/// ```
/// use gradtape::nn::{Linear, Relu, Sequential};
/// use gradtape::{Rng, Tape, Tensor};
/// use gradtape_onnx::{Export, Model, Network};
/// let mut rng = Rng::new(7);
/// let network =
///     Sequential::new().add(Linear::new(4, 8, &mut rng)).add(Relu).add(Linear::new(8, 3, &mut rng));
/// let bytes = Export::new().network(&network, &[4])?;
/// let read = Network::new(Model::from_bytes(&bytes)?)?;
/// let tape = Tape::inference();
/// let x = tape.constant(Tensor::ones([5, 4], gradtape::DType::F32));
/// let (found, expected) = (read.forward_all(&[x])?[0].value()?, network.forward(x).value()?);
/// assert_eq!(found.to_f64_vec(), expected.to_f64_vec());
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Export {
    opset: i64,
    name: String,
    metadata: Vec<(String, String)>,
}

impl Default for Export {
    fn default() -> Export {
        Export::new()
    }
}

/// The versions of ONNX's operators that can be written, each with the version of the file's form that it came with.
const OPSETS: [(i64, i64); 5] = [(19, 9), (20, 9), (21, 10), (22, 10), (23, 11)];

impl Export {
    /// Version 19 of the operators, which every runtime of the last years knows.
    pub fn new() -> Export {
        Export { opset: OPSETS[0].0, name: "gradtape".into(), metadata: Vec::new() }
    }

    /// Another version of the operators: 19 to 23. Fails for others.
    pub fn opset(mut self, version: i64) -> Result<Export> {
        if !OPSETS.iter().any(|(known, _)| *known == version) {
            let message = format!("operators of version {version} cannot be written");
            return Err(Error::new(Kind::Value, message).hint("there are the versions 19 to 23"));
        }
        self.opset = version;
        Ok(self)
    }

    /// Calls the graph.
    #[must_use]
    pub fn named(mut self, name: &str) -> Export {
        self.name = name.to_string();
        self
    }

    /// Writes something beside the graph: a licence, a column's unit.
    #[must_use]
    pub fn note(mut self, name: &str, value: &str) -> Export {
        self.metadata.push((name.to_string(), value.to_string()));
        self
    }

    /// A network whose input is `[batch, shape…]` of f32, with a batch of any size: `input` and `output`. Dropout is
    /// left out, running statistics are held.
    ///
    /// A layer that ONNX has an operator for becomes one node, others become what they record. Fails where a layer
    /// records what ONNX has nothing for, or depends on the size of the batch in a way that a graph cannot say.
    pub fn network(&self, network: &Sequential, shape: &[usize]) -> Result<Vec<u8>> {
        self.network_of(network, shape, DType::F32)
    }

    /// As [`Export::network`], of an input of another type: i64 for labels and tokens.
    pub fn network_of(
        &self,
        network: &Sequential,
        shape: &[usize],
        dtype: DType,
    ) -> Result<Vec<u8>> {
        let mut b = Builder::default();
        let mut sizes = vec![Dim::Batch(1)];
        sizes.extend(shape.iter().map(|&size| Dim::Fixed(size)));
        b.reserve(["input", "output"])?;
        b.input("input", dtype, &sizes);
        let one: Vec<usize> = std::iter::once(1).chain(shape.iter().copied()).collect();
        let sample = Tensor::zeros(one, dtype);
        let (y, samples) = layers::network(&mut b, network, &sample, "input".into())?;
        b.output("output", &y, samples[0].dtype(), &layers::sizes(&samples)?);
        Ok(self.file(b))
    }

    /// What is recorded on a tape, with the shapes that it was recorded with: named inputs, which must be leaves of the
    /// tape, and named results. Every other leaf, a parameter among them, is held by the file; numbers of
    /// the program are constants.
    ///
    /// ```
    /// use gradtape::{Tape, Tensor};
    /// use gradtape_onnx::{Export, Model};
    /// let tape = Tape::new();
    /// let x = tape.watch([1.0f32, 2.0]);
    /// let y = (x.square() * 3.0).sum(());
    /// let bytes = Export::new().recording(&tape, &[("x", x)], &[("y", y)])?;
    /// assert_eq!(Model::from_bytes(&bytes)?.inputs(), ["x"]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn recording<'t>(
        &self,
        tape: &'t Tape,
        inputs: &[(&str, Var<'t>)],
        outputs: &[(&str, Var<'t>)],
    ) -> Result<Vec<u8>> {
        let asked: Vec<Var<'t>> = inputs.iter().chain(outputs).map(|(_, var)| *var).collect();
        let (graph, leaves) = eval::recorded(tape, &asked)?;
        let mut b = Builder::default();
        let fixed =
            |shape: &[usize]| shape.iter().map(|&size| Dim::Fixed(size)).collect::<Vec<_>>();
        let mut known = BTreeMap::new();
        b.reserve(inputs.iter().chain(outputs).map(|(name, _)| *name))?;
        for (place, (name, var)) in inputs.iter().enumerate() {
            let Some(leaf) = leaf(&graph, place) else {
                let message = format!("input {name:?} is computed on the tape");
                return Err(Error::new(Kind::Value, message)
                    .hint("name a leaf: a watched tensor or a constant"));
            };
            b.input(name, var.dtype(), &fixed(&var.shape()));
            known.insert(leaf, (*name).to_string());
        }
        let recording = Recording { graphs: [&graph, &graph], leaves: &leaves };
        let names = record::write(&mut b, &recording, &known, |_| Some("held".to_string()))?;
        for ((name, var), value) in outputs.iter().zip(&names[inputs.len()..]) {
            b.output(name, value, var.dtype(), &fixed(&var.shape()));
        }
        Ok(self.file(b))
    }

    /// The bytes of the file.
    fn file(&self, b: Builder) -> Vec<u8> {
        let form =
            OPSETS.iter().find(|(opset, _)| *opset == self.opset).map_or(9, |(_, form)| *form);
        let notes = self.metadata.iter();
        let graph: GraphProto = b.finish(&self.name);
        let model = ModelProto {
            ir_version: form,
            producer_name: "gradtape".into(),
            producer_version: env!("CARGO_PKG_VERSION").into(),
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: self.opset }],
            metadata_props: notes
                .map(|(key, value)| StringStringEntryProto {
                    key: key.clone(),
                    value: value.clone(),
                })
                .collect(),
            ..ModelProto::default()
        };
        model.encode_to_vec()
    }
}
