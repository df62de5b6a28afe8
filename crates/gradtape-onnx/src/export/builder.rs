//! [`Builder`]: a graph of a file as it is written, node by node.

use std::collections::BTreeSet;

use gradtape::{DType, Error, Kind, Result, Tensor};

use crate::elem::Elem;
use crate::proto::{
    AttributeProto, AttributeType, Dimension, GraphProto, NodeProto, Size, TensorProto,
    TensorShapeProto, TensorType, TypeProto, TypeValue, ValueInfoProto,
};
use crate::tensor::{TEXTS, encode};

/// What has been written so far. Values are known by their names.
#[derive(Default)]
pub(super) struct Builder {
    graph: GraphProto,
    /// The input whose first axis is the batch.
    batch: Option<String>,
    /// Every name that is taken: of inputs, outputs, nodes and what is held.
    names: BTreeSet<String>,
}

/// The size of an axis: a number, or so many times the size of the batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Dim {
    Fixed(usize),
    Batch(usize),
}

impl Builder {
    /// A node of one result, and that result's name.
    pub(super) fn node(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let name = self.free(&format!("{}_{}", op.to_lowercase(), self.graph.node.len()));
        self.named(op, inputs, attributes, &name);
        name
    }

    /// A node whose result has a given name.
    pub(super) fn named(
        &mut self,
        op: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        output: &str,
    ) {
        self.graph.node.push(NodeProto {
            name: output.to_string(),
            op_type: op.to_string(),
            input: inputs.iter().map(|input| (*input).to_string()).collect(),
            output: vec![output.to_string()],
            attribute: attributes,
            domain: String::new(),
        });
    }

    /// A tensor that the file holds: a parameter, or running statistics.
    pub(super) fn hold(&mut self, name: &str, tensor: &Tensor) -> Result<String> {
        let name = self.free(name);
        self.graph.initializer.push(encode(&name, Elem::of(tensor.dtype()), tensor)?);
        Ok(name)
    }

    /// A tensor that belongs to the formula: a node, so that nobody takes it for a parameter.
    pub(super) fn constant(&mut self, name: &str, tensor: &Tensor) -> Result<String> {
        let name = self.free(name);
        let value = AttributeProto {
            name: "value".into(),
            t: Some(encode("", Elem::of(tensor.dtype()), tensor)?),
            kind: AttributeType::Tensor.into(),
            ..AttributeProto::default()
        };
        self.named("Constant", &[], vec![value], &name);
        Ok(name)
    }

    /// Texts that the file holds.
    pub(super) fn hold_texts(&mut self, name: &str, texts: &[String], shape: &[usize]) -> String {
        let name = self.free(name);
        self.graph.initializer.push(TensorProto {
            name: name.clone(),
            data_type: TEXTS,
            dims: shape.iter().map(|&size| size as i64).collect(),
            string_data: texts.iter().map(|text| text.clone().into_bytes()).collect(),
            ..TensorProto::default()
        });
        name
    }

    /// Whole numbers as a vector.
    pub(super) fn whole(&mut self, numbers: &[i64]) -> Result<String> {
        self.constant("whole", &Tensor::from_slice(numbers, [numbers.len()])?)
    }

    /// A number.
    pub(super) fn number(&mut self, number: f64, dtype: DType) -> Result<String> {
        self.constant("number", &Tensor::full((), number, dtype))
    }

    /// Keeps names of the user's for inputs and outputs. Fails where one is there twice or is empty.
    pub(super) fn reserve<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Result<()> {
        for name in names {
            if name.is_empty() || !self.names.insert(name.to_string()) {
                let message = format!(
                    "inputs and outputs of an ONNX file need names of their own, {name:?} is none"
                );
                return Err(Error::new(Kind::Value, message));
            }
        }
        Ok(())
    }

    /// A name that nothing has yet.
    fn free(&mut self, name: &str) -> String {
        let mut own = name.to_string();
        let mut number = 0;
        while !self.names.insert(own.clone()) {
            number += 1;
            own = format!("{name}.{number}");
        }
        own
    }

    /// An input of numbers; the first that has a batch tells how large that is.
    pub(super) fn input(&mut self, name: &str, dtype: DType, sizes: &[Dim]) {
        if self.batch.is_none() && sizes.first() == Some(&Dim::Batch(1)) {
            self.batch = Some(name.to_string());
        }
        self.graph.input.push(info(name, Elem::of(dtype).number(), sizes));
    }

    /// An input of texts.
    pub(super) fn text_input(&mut self, name: &str, sizes: &[Dim]) {
        if self.batch.is_none() {
            self.batch = Some(name.to_string());
        }
        self.graph.input.push(info(name, TEXTS, sizes));
    }

    /// Gives a value as a result of the whole graph.
    pub(super) fn output(&mut self, name: &str, value: &str, dtype: DType, sizes: &[Dim]) {
        self.named("Identity", &[value], Vec::new(), name);
        self.graph.output.push(info(name, Elem::of(dtype).number(), sizes));
    }

    /// As [`Builder::output`], of texts.
    pub(super) fn text_output(&mut self, name: &str, value: &str, sizes: &[Dim]) {
        self.named("Identity", &[value], Vec::new(), name);
        self.graph.output.push(info(name, TEXTS, sizes));
    }

    /// A shape as a vector of whole numbers.
    pub(super) fn shape(&mut self, sizes: &[Dim]) -> Result<String> {
        let Some(batch) =
            self.batch.clone().filter(|_| sizes.iter().any(|size| matches!(size, Dim::Batch(_))))
        else {
            let fixed = |size: &Dim| match *size {
                Dim::Fixed(size) | Dim::Batch(size) => size as i64,
            };
            return self.whole(&sizes.iter().map(fixed).collect::<Vec<i64>>());
        };
        let whole = self.node("Shape", &[&batch], vec![int("start", 0), int("end", 1)]);
        let mut parts = Vec::with_capacity(sizes.len());
        for size in sizes {
            parts.push(match *size {
                Dim::Fixed(size) => self.whole(&[size as i64])?,
                Dim::Batch(1) => whole.clone(),
                Dim::Batch(times) => {
                    let times = self.whole(&[times as i64])?;
                    self.node("Mul", &[&whole, &times], Vec::new())
                }
            });
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(self.node("Concat", &parts, vec![int("axis", 0)]))
    }

    /// The graph under a name.
    pub(super) fn finish(self, name: &str) -> GraphProto {
        GraphProto { name: name.to_string(), ..self.graph }
    }
}

fn info(name: &str, elem: i32, sizes: &[Dim]) -> ValueInfoProto {
    let dims = sizes.iter().map(|size| Dimension {
        value: Some(match *size {
            Dim::Fixed(size) => Size::Number(size as i64),
            Dim::Batch(1) => Size::Name("batch".into()),
            Dim::Batch(times) => Size::Name(format!("batch_times_{times}")),
        }),
    });
    let tensor =
        TensorType { elem_type: elem, shape: Some(TensorShapeProto { dim: dims.collect() }) };
    let kind = TypeProto { value: Some(TypeValue::Tensor(tensor)) };
    ValueInfoProto { name: name.to_string(), r#type: Some(kind), doc_string: String::new() }
}

pub(super) fn int(name: &str, number: i64) -> AttributeProto {
    let kind = AttributeType::Int.into();
    AttributeProto { name: name.into(), i: number, kind, ..AttributeProto::default() }
}

pub(super) fn ints(name: &str, numbers: impl IntoIterator<Item = usize>) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        ints: numbers.into_iter().map(|number| number as i64).collect(),
        kind: AttributeType::Ints.into(),
        ..AttributeProto::default()
    }
}

pub(super) fn float(name: &str, number: f64) -> AttributeProto {
    let kind = AttributeType::Float.into();
    AttributeProto { name: name.into(), f: number as f32, kind, ..AttributeProto::default() }
}

pub(super) fn text(name: &str, text: &str) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        s: text.as_bytes().to_vec(),
        kind: AttributeType::String.into(),
        ..AttributeProto::default()
    }
}
