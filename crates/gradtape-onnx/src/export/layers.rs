//! Layers as nodes: those that ONNX has an operator for as one node, all others as what they record.

use std::collections::BTreeMap;

use gradtape::nn::{
    AvgPoolSpec, BatchNormSpec, ConvSpec, ConvTransposeSpec, Layer, LayerSpec, MaxPoolSpec, Module,
    PaddingSpec, Sequential,
};
use gradtape::{DType, Error, Kind, Result, Rng, Tape, Tensor, Var, eval};

use super::builder::{Builder, float, int, ints};
use super::record::{BATCHES, Recording, dims, leaf, write};

/// The numbers of a network by name, and an input of each size of batch at the place that is being written.
pub(super) struct Layers<'a> {
    held: &'a BTreeMap<String, Tensor>,
    pub(super) samples: [Tensor; 2],
}

/// The numbers of a network by name: parameters and buffers.
pub(super) fn held(network: &(impl Module + ?Sized)) -> BTreeMap<String, Tensor> {
    let parameters = network.named_parameters().into_iter().map(|(name, own)| (name, own.value()));
    let buffers = network.named_buffers().into_iter().map(|(name, own)| (name, own.value()));
    parameters.chain(buffers).collect()
}

impl<'a> Layers<'a> {
    /// `sample` is one row of zeros of the network's input.
    pub(super) fn new(held: &'a BTreeMap<String, Tensor>, sample: &Tensor) -> Result<Layers<'a>> {
        let of = |batch: usize| {
            let mut shape = sample.shape().to_vec();
            shape[0] = batch;
            sample.broadcast_to(shape).map(|tensor| tensor.contiguous())
        };
        Ok(Layers { held, samples: [of(BATCHES[0])?, of(BATCHES[1])?] })
    }

    /// Writes layers one behind the other; gives the name of the last one's result.
    pub(super) fn sequence(
        &mut self,
        b: &mut Builder,
        specs: &[LayerSpec],
        path: &str,
        mut x: String,
    ) -> Result<String> {
        for (place, spec) in specs.iter().enumerate() {
            let own = if path.is_empty() { place.to_string() } else { format!("{path}.{place}") };
            x = self.layer(b, spec, &own, x)?;
        }
        Ok(x)
    }

    /// Writes one layer, whose numbers are named `path.…`.
    fn layer(
        &mut self,
        b: &mut Builder,
        spec: &LayerSpec,
        path: &str,
        x: String,
    ) -> Result<String> {
        match spec {
            LayerSpec::Sequential(inner) => return self.sequence(b, &inner.layers, path, x),
            LayerSpec::Residual(residual) => {
                let before = self.samples.clone();
                let inner = self.layer(b, &residual.inner, &format!("{path}.inner"), x.clone())?;
                let after = std::mem::replace(&mut self.samples, before);
                let around = match &residual.shortcut {
                    Some(shortcut) => self.layer(b, shortcut, &format!("{path}.shortcut"), x)?,
                    None => x,
                };
                self.samples = after;
                return Ok(b.node("Add", &[&around, &inner], Vec::new()));
            }
            _ => {}
        }
        let layer = self.built(spec, path)?;
        let after = [self.after(&*layer, 0)?, self.after(&*layer, 1)?];
        let written = match self.one_node(b, spec, path, &x)? {
            Some(name) => name,
            None => self.recorded(b, &*layer, path, x)?,
        };
        self.samples = after;
        Ok(written)
    }

    /// The layer with its numbers.
    fn built(&self, spec: &LayerSpec, path: &str) -> Result<Box<dyn Layer>> {
        let layer = spec.build(&mut Rng::new(0))?;
        let of = |name: &str| {
            let own = format!("{path}.{name}");
            self.held.get(&own).cloned().ok_or_else(|| {
                Error::new(Kind::Model, format!("the network has no numbers {own:?}"))
            })
        };
        for (name, parameter) in layer.named_parameters() {
            parameter.set(of(&name)?)?;
        }
        for (name, buffer) in layer.named_buffers() {
            buffer.set(of(&name)?)?;
        }
        Ok(layer)
    }

    fn after(&self, layer: &dyn Layer, which: usize) -> Result<Tensor> {
        let tape = Tape::inference();
        layer.forward(tape.constant(self.samples[which].clone())).value()
    }

    /// The layer as the operations that it records.
    fn recorded(
        &self,
        b: &mut Builder,
        layer: &dyn Layer,
        path: &str,
        x: String,
    ) -> Result<String> {
        let tapes = [Tape::inference(), Tape::inference()];
        let mut graphs = Vec::with_capacity(2);
        for (tape, sample) in tapes.iter().zip(&self.samples) {
            let input: Var<'_> = tape.watch(sample.clone());
            let output = layer.forward(input);
            graphs.push(eval::recorded(tape, &[input, output])?);
        }
        let [(first, leaves), (second, _)] = &graphs[..] else { return Ok(x) };
        let known: BTreeMap<usize, String> =
            leaf(first, 0).map(|place| (place, x)).into_iter().collect();
        // By the memory that both share: two parameters may have the same numbers.
        let own = layer.named_parameters().into_iter().map(|(name, own)| (name, own.value()));
        let buffers = layer.named_buffers().into_iter().map(|(name, own)| (name, own.value()));
        let own: Vec<(String, Tensor)> = own.chain(buffers).collect();
        let name = |leaf: &Tensor| {
            let found = own.iter().find(|(_, value)| place(value) == place(leaf));
            found.map(|(name, _)| format!("{path}.{name}"))
        };
        let recording = Recording { graphs: [first, second], leaves };
        let names = write(b, &recording, &known, name)?;
        names.into_iter().nth(1).ok_or_else(|| Error::new(Kind::Model, "a layer without a result"))
    }

    /// The layer as one node of ONNX, where there is one.
    fn one_node(
        &self,
        b: &mut Builder,
        spec: &LayerSpec,
        path: &str,
        x: &str,
    ) -> Result<Option<String>> {
        let rank = self.samples[0].shape().rank();
        let simple = |b: &mut Builder, op: &str| Ok(Some(b.node(op, &[x], Vec::new())));
        match spec {
            LayerSpec::Relu(_) => simple(b, "Relu"),
            LayerSpec::Tanh(_) => simple(b, "Tanh"),
            LayerSpec::Sigmoid(_) => simple(b, "Sigmoid"),
            LayerSpec::Softsign(_) => simple(b, "Softsign"),
            LayerSpec::Softmax(_) => Ok(Some(b.node("Softmax", &[x], vec![int("axis", -1)]))),
            LayerSpec::LogSoftmax(_) => Ok(Some(b.node("LogSoftmax", &[x], vec![int("axis", -1)]))),
            LayerSpec::LeakyRelu(own) => {
                Ok(Some(b.node("LeakyRelu", &[x], vec![float("alpha", own.slope)])))
            }
            LayerSpec::Elu(own) => Ok(Some(b.node("Elu", &[x], vec![float("alpha", own.alpha)]))),
            // What drops something does so in training alone.
            LayerSpec::Dropout(_) | LayerSpec::Dropout1d(_) | LayerSpec::Dropout2d(_) => {
                Ok(Some(x.to_string()))
            }
            LayerSpec::Flatten(_) => Ok(Some(b.node("Flatten", &[x], vec![int("axis", 1)]))),
            LayerSpec::Linear(_) if rank == 2 => {
                let inputs = self.weighted(b, path, x, &["weight", "bias"])?;
                Ok(Some(b.node("Gemm", &refs(&inputs), vec![int("transB", 1)])))
            }
            LayerSpec::Embedding(_) => {
                let weight = self.hold(b, path, "weight")?;
                Ok(Some(b.node("Gather", &[&weight, x], vec![int("axis", 0)])))
            }
            LayerSpec::BatchNorm1d(own) => self.batch_norm(b, own, path, x),
            LayerSpec::BatchNorm2d(own) => self.batch_norm(b, own, path, x),
            LayerSpec::Conv1d(own) => self.conv(b, own, path, x),
            LayerSpec::Conv2d(own) => self.conv(b, own, path, x),
            LayerSpec::Conv3d(own) => self.conv(b, own, path, x),
            LayerSpec::ConvTranspose1d(own) => self.conv_transpose(b, own, path, x),
            LayerSpec::ConvTranspose2d(own) => self.conv_transpose(b, own, path, x),
            LayerSpec::ConvTranspose3d(own) => self.conv_transpose(b, own, path, x),
            LayerSpec::MaxPool1d(own) => Ok(Some(max_pool(b, own, x))),
            LayerSpec::MaxPool2d(own) => Ok(Some(max_pool(b, own, x))),
            LayerSpec::MaxPool3d(own) => Ok(Some(max_pool(b, own, x))),
            LayerSpec::AvgPool1d(own) => Ok(Some(avg_pool(b, own, x))),
            LayerSpec::AvgPool2d(own) => Ok(Some(avg_pool(b, own, x))),
            LayerSpec::AvgPool3d(own) => Ok(Some(avg_pool(b, own, x))),
            _ => Ok(None),
        }
    }

    fn hold(&self, b: &mut Builder, path: &str, name: &str) -> Result<String> {
        let name = format!("{path}.{name}");
        match self.held.get(&name) {
            Some(tensor) => b.hold(&name, tensor),
            None => Err(Error::new(Kind::Model, format!("the network has no numbers {name:?}"))),
        }
    }

    /// An input and the numbers of a layer, those that it does not have left out.
    fn weighted(
        &self,
        b: &mut Builder,
        path: &str,
        x: &str,
        names: &[&str],
    ) -> Result<Vec<String>> {
        let mut inputs = vec![x.to_string()];
        for name in names {
            if self.held.contains_key(&format!("{path}.{name}")) {
                inputs.push(self.hold(b, path, name)?);
            }
        }
        Ok(inputs)
    }

    fn batch_norm<const AXES: usize>(
        &self,
        b: &mut Builder,
        own: &BatchNormSpec<AXES>,
        path: &str,
        x: &str,
    ) -> Result<Option<String>> {
        if !own.affine || !own.track_running_stats {
            return Ok(None);
        }
        let names = ["weight", "bias", "running_mean", "running_var"];
        let inputs = self.weighted(b, path, x, &names)?;
        Ok(Some(b.node("BatchNormalization", &refs(&inputs), vec![float("epsilon", own.eps)])))
    }

    fn conv<const AXES: usize>(
        &self,
        b: &mut Builder,
        own: &ConvSpec<AXES>,
        path: &str,
        x: &str,
    ) -> Result<Option<String>> {
        let pads: Vec<usize> = match &own.padding {
            PaddingSpec::Zeros(sides) => sides.iter().chain(sides).copied().collect(),
            PaddingSpec::Same => {
                let all = own
                    .kernel
                    .iter()
                    .zip(&own.dilation)
                    .map(|(kernel, dilation)| (kernel - 1) * dilation);
                let all: Vec<usize> = all.collect();
                all.iter().map(|all| all / 2).chain(all.iter().map(|all| all - all / 2)).collect()
            }
        };
        let inputs = self.weighted(b, path, x, &["weight", "bias"])?;
        let attributes = vec![
            ints("kernel_shape", own.kernel.iter().copied()),
            ints("strides", own.stride.iter().copied()),
            ints("dilations", own.dilation.iter().copied()),
            ints("pads", pads),
            int("group", own.groups as i64),
        ];
        Ok(Some(b.node("Conv", &refs(&inputs), attributes)))
    }

    fn conv_transpose<const AXES: usize>(
        &self,
        b: &mut Builder,
        own: &ConvTransposeSpec<AXES>,
        path: &str,
        x: &str,
    ) -> Result<Option<String>> {
        let inputs = self.weighted(b, path, x, &["weight", "bias"])?;
        let attributes = vec![
            ints("kernel_shape", own.kernel.iter().copied()),
            ints("strides", own.stride.iter().copied()),
            ints("dilations", own.dilation.iter().copied()),
            ints("pads", own.padding.iter().chain(&own.padding).copied()),
            ints("output_padding", own.output_padding.iter().copied()),
            int("group", own.groups as i64),
        ];
        Ok(Some(b.node("ConvTranspose", &refs(&inputs), attributes)))
    }
}

fn max_pool<const AXES: usize>(b: &mut Builder, own: &MaxPoolSpec<AXES>, x: &str) -> String {
    let attributes = vec![
        ints("kernel_shape", own.kernel.iter().copied()),
        ints("strides", own.stride.iter().copied()),
        ints("dilations", own.dilation.iter().copied()),
        ints("pads", own.padding.iter().chain(&own.padding).copied()),
        int("ceil_mode", own.ceil_mode.into()),
    ];
    b.node("MaxPool", &[x], attributes)
}

fn avg_pool<const AXES: usize>(b: &mut Builder, own: &AvgPoolSpec<AXES>, x: &str) -> String {
    let attributes = vec![
        ints("kernel_shape", own.kernel.iter().copied()),
        ints("strides", own.stride.iter().copied()),
        ints("pads", own.padding.iter().chain(&own.padding).copied()),
        int("ceil_mode", own.ceil_mode.into()),
        int("count_include_pad", own.count_include_pad.into()),
    ];
    b.node("AveragePool", &[x], attributes)
}

/// Where the numbers of a floating-point tensor lie.
fn place(tensor: &Tensor) -> Option<*const u8> {
    match tensor.dtype() {
        DType::F64 => tensor.as_slice::<f64>().map(|numbers| numbers.as_ptr().cast()),
        _ => tensor.as_slice::<f32>().map(|numbers| numbers.as_ptr().cast()),
    }
}

fn refs(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Writes a network behind an input; gives the name and the sample of its result.
pub(super) fn network(
    b: &mut Builder,
    network: &Sequential,
    sample: &Tensor,
    x: String,
) -> Result<(String, [Tensor; 2])> {
    let held = held(network);
    let mut layers = Layers::new(&held, sample)?;
    let y = layers.sequence(b, &network.specs()?, "", x)?;
    Ok((y, layers.samples))
}

/// The sizes of a result, of which the batch is open.
pub(super) fn sizes(samples: &[Tensor; 2]) -> Result<Vec<super::builder::Dim>> {
    dims(samples[0].shape(), samples[1].shape())
}
