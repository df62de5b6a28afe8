//! Recorded operations as nodes.

use std::collections::BTreeMap;

use gradtape::op::{NodeId, Op};
use gradtape::tape::{Graph, GraphNode};
use gradtape::{DType, Error, Kind, Result, Tensor};

use super::builder::{Builder, Dim, int, ints};
use crate::elem::Elem;

/// A recording whose operations are to be written: once with a batch of [`BATCHES`], each, so that what depends on the
/// size of the batch is seen.
pub(super) struct Recording<'a> {
    pub(super) graphs: [&'a Graph; 2],
    /// The numbers of the leaves, in their order.
    pub(super) leaves: &'a [Tensor],
}

/// The sizes of the batch that a network is recorded with. A size that differs as these do is a multiple of it.
pub(super) const BATCHES: [usize; 2] = [2, 3];

/// Writes a recording; `known` are the nodes that are there already, by their place, `name` calls a leaf that is a parameter or a
/// buffer; the others are constants.
/// Gives the names of the results.
pub(super) fn write(
    b: &mut Builder,
    recording: &Recording<'_>,
    known: &BTreeMap<usize, String>,
    name: impl Fn(&Tensor) -> Option<String>,
) -> Result<Vec<String>> {
    let [first, second] = recording.graphs;
    if first.nodes.len() != second.nodes.len() {
        return Err(unsized_by("the operations that are recorded"));
    }
    let mut names: Vec<String> = Vec::with_capacity(first.nodes.len());
    let mut leaves = recording.leaves.iter();
    for (place, pair) in first.nodes.iter().zip(&second.nodes).enumerate() {
        let leaf = if pair.0.op.name() == "input" { leaves.next() } else { None };
        names.push(match (known.get(&place), leaf) {
            (Some(name), _) => name.clone(),
            (None, Some(leaf)) if pair.0.meta.shape == pair.1.meta.shape => match name(leaf) {
                Some(name) => b.hold(&name, leaf)?,
                None => b.constant("constant", leaf)?,
            },
            (None, Some(_)) => return Err(unsized_by("a tensor that the network holds")),
            (None, None) => {
                let inputs: Vec<&str> =
                    pair.0.inputs.iter().map(|id| names[index(*id)].as_str()).collect();
                let metas: Vec<&GraphNode> =
                    pair.0.inputs.iter().map(|id| &first.nodes[index(*id)]).collect();
                let node = Node { pair: [pair.0, pair.1], inputs: &inputs, operands: &metas };
                node.write(b)?
            }
        });
    }
    Ok(first.outputs.iter().map(|output| names[index(output.node)].clone()).collect())
}

/// The leaf that a result is, if it is one.
pub(super) fn leaf(graph: &Graph, result: usize) -> Option<usize> {
    let place = index(graph.outputs.get(result)?.node);
    matches!(graph.nodes[place].op, Op::Input(_)).then_some(place)
}

/// The place of a node in its graph.
fn index(id: NodeId) -> usize {
    id.index()
}

fn unsized_by(what: &str) -> Error {
    Error::new(
        Kind::Model,
        format!("{what} depends on the size of the batch in a way that cannot be written"),
    )
    .hint("export it for a batch of one size")
}

/// The sizes of two recordings as one.
pub(super) fn dims(a: &[usize], b: &[usize]) -> Result<Vec<Dim>> {
    let pairs = a.iter().zip(b).map(|(&a, &b)| match a == b {
        true => Ok(Dim::Fixed(a)),
        false if a % BATCHES[0] == 0 && b % BATCHES[1] == 0 && a / BATCHES[0] == b / BATCHES[1] => {
            Ok(Dim::Batch(a / BATCHES[0]))
        }
        false => Err(unsized_by("a size")),
    });
    pairs.collect()
}

/// An operation with the names of its operands.
struct Node<'a> {
    pair: [&'a GraphNode; 2],
    inputs: &'a [&'a str],
    operands: &'a [&'a GraphNode],
}

/// Operations that ONNX has under another name alone.
const SAME: &[(&str, &str)] = &[
    ("abs", "Abs"),
    ("acos", "Acos"),
    ("acosh", "Acosh"),
    ("add", "Add"),
    ("asin", "Asin"),
    ("asinh", "Asinh"),
    ("atan", "Atan"),
    ("atanh", "Atanh"),
    ("cos", "Cos"),
    ("cosh", "Cosh"),
    ("div", "Div"),
    ("equal", "Equal"),
    ("erf", "Erf"),
    ("exp", "Exp"),
    ("less", "Less"),
    ("less_equal", "LessOrEqual"),
    ("log", "Log"),
    ("maximum", "Max"),
    ("minimum", "Min"),
    ("mul", "Mul"),
    ("neg", "Neg"),
    ("pow", "Pow"),
    ("relu", "Relu"),
    ("select", "Where"),
    ("sigmoid", "Sigmoid"),
    ("sign", "Sign"),
    ("sin", "Sin"),
    ("sinh", "Sinh"),
    ("softplus", "Softplus"),
    ("sqrt", "Sqrt"),
    ("sub", "Sub"),
    ("tan", "Tan"),
    ("tanh", "Tanh"),
];

impl Node<'_> {
    fn write(&self, b: &mut Builder) -> Result<String> {
        let name = self.pair[0].op.name();
        if let Some((_, op)) = SAME.iter().find(|(own, _)| *own == name) {
            return Ok(b.node(op, self.inputs, Vec::new()));
        }
        let dtype = self.pair[0].meta.dtype;
        let x = self.inputs.first().copied().unwrap_or("");
        let with_shape = matches!(self.pair[0].op, Op::Reshape(_) | Op::Broadcast(_) | Op::Iota(_));
        if !with_shape && self.pair[0].op != self.pair[1].op {
            return Err(unsized_by(name));
        }
        match &self.pair[0].op {
            Op::StopGradient(_) | Op::Custom(_) => Ok(b.node("Identity", &[x], Vec::new())),
            Op::Cast(op) => Ok(cast(b, x, op.dtype)),
            Op::ReducePrecision(op) => {
                let few = cast(b, x, op.dtype);
                Ok(cast(b, &few, dtype))
            }
            Op::Constant(op) => b.number(op.value.value(), dtype),
            Op::Reshape(_) => self.reshape(b, x),
            Op::Broadcast(_) => self.broadcast(b, x),
            Op::Transpose(op) => {
                Ok(b.node("Transpose", &[x], vec![ints("perm", op.order.iter().copied())]))
            }
            Op::Concat(op) => Ok(b.node("Concat", self.inputs, vec![int("axis", op.axis as i64)])),
            Op::Slice(op) => {
                sliced(b, x, op.axis, [op.start as i64, op.stop as i64, op.step as i64])
            }
            Op::Flip(op) => sliced(b, x, op.axis, [-1, i64::MIN, -1]),
            Op::Pad(op) => self.pad(b, x, op.axis, op.start, op.step, op.size),
            Op::Window(op) => self.window(b, x, [op.axis, op.size, op.stride, op.dilation]),
            Op::Contract(op) => self.contract(b, op.batch, op.summed),
            Op::Sum(op) => reduced(b, "ReduceSum", x, &op.axes),
            Op::Max(op) => reduced(b, "ReduceMax", x, &op.axes),
            Op::Min(op) => reduced(b, "ReduceMin", x, &op.axes),
            Op::LogSumExp(op) => reduced(b, "ReduceLogSumExp", x, &op.axes),
            Op::LogSumExpRest(op) => {
                let (all, most) = (
                    reduced(b, "ReduceLogSumExp", x, &op.axes)?,
                    reduced(b, "ReduceMax", x, &op.axes)?,
                );
                Ok(b.node("Sub", &[&all, &most], Vec::new()))
            }
            Op::ArgMax(op) => {
                Ok(b.node("ArgMax", &[x], vec![int("axis", op.axis as i64), int("keepdims", 0)]))
            }
            Op::CumSum(op) => {
                let axis = b.number(op.axis as f64, DType::I64)?;
                Ok(b.node("CumSum", &[x, &axis], vec![int("reverse", op.reverse.into())]))
            }
            Op::Gather(op) => {
                Ok(b.node("GatherElements", self.inputs, vec![int("axis", op.axis as i64)]))
            }
            Op::IndexSelect(op) => {
                Ok(b.node("Gather", self.inputs, vec![int("axis", op.axis as i64)]))
            }
            Op::OneHot(op) => {
                let depth = b.number(op.classes as f64, DType::I64)?;
                let values =
                    b.constant("off_on", &Tensor::from_slice(&[0f64, 1.0], [2])?.cast(op.dtype))?;
                Ok(b.node("OneHot", &[x, &depth, &values], vec![int("axis", -1)]))
            }
            Op::Iota(op) => {
                let sizes = dims(&self.pair[0].meta.shape, &self.pair[1].meta.shape)?;
                self.iota(b, &sizes, op.axis, op.dtype)
            }
            Op::Diagonal(_) | Op::Random(_) | Op::Input(_) => Err(self.unknown()),
            _ => self.written_out(b, x),
        }
    }

    /// Operations that are made of others.
    fn written_out(&self, b: &mut Builder, x: &str) -> Result<String> {
        let dtype = self.pair[0].meta.dtype;
        let y = self.inputs.get(1).copied().unwrap_or("");
        let number = |b: &mut Builder, value: f64| b.number(value, dtype);
        Ok(match self.pair[0].op.name() {
            "exp2" => {
                let two = number(b, 2.0)?;
                b.node("Pow", &[&two, x], Vec::new())
            }
            // tanh(x/2) (exp x + 1), which keeps its digits near 0.
            "expm1" => {
                let (one, half) = (number(b, 1.0)?, number(b, 0.5)?);
                let power = b.node("Exp", &[x], Vec::new());
                let more = b.node("Add", &[&power, &one], Vec::new());
                let half = b.node("Mul", &[x, &half], Vec::new());
                let tanh = b.node("Tanh", &[&half], Vec::new());
                let small = b.node("Mul", &[&tanh, &more], Vec::new());
                // Far out, where infinity meets 1, the plain formula holds.
                let plain = b.node("Sub", &[&power, &one], Vec::new());
                let far = b.node("Less", &[&one, x], Vec::new());
                b.node("Where", &[&far, &plain, &small], Vec::new())
            }
            // x log(y) / (y - 1) with y = 1 + x, whose rounding cancels.
            "log1p" => {
                let one = number(b, 1.0)?;
                let sum = b.node("Add", &[x, &one], Vec::new());
                let log = b.node("Log", &[&sum], Vec::new());
                let back = b.node("Sub", &[&sum, &one], Vec::new());
                let near = b.node("Equal", &[&sum, &one], Vec::new());
                let safe = b.node("Where", &[&near, &one, &back], Vec::new());
                let product = b.node("Mul", &[x, &log], Vec::new());
                let small = b.node("Div", &[&product, &safe], Vec::new());
                let small = b.node("Where", &[&near, x, &small], Vec::new());
                let far = b.node("Less", &[&one, x], Vec::new());
                b.node("Where", &[&far, &log, &small], Vec::new())
            }
            base @ ("log2" | "log10") => {
                let scale =
                    if base == "log2" { std::f64::consts::LN_2 } else { std::f64::consts::LN_10 };
                let (scale, log) = (number(b, scale)?, b.node("Log", &[x], Vec::new()));
                b.node("Div", &[&log, &scale], Vec::new())
            }
            "erfc" => {
                let (one, erf) = (number(b, 1.0)?, b.node("Erf", &[x], Vec::new()));
                b.node("Sub", &[&one, &erf], Vec::new())
            }
            "trunc" => {
                let size = b.node("Abs", &[x], Vec::new());
                let whole = b.node("Floor", &[&size], Vec::new());
                let sign = b.node("Sign", &[x], Vec::new());
                b.node("Mul", &[&whole, &sign], Vec::new())
            }
            "hypot" => {
                let (a, c) =
                    (b.node("Mul", &[x, x], Vec::new()), b.node("Mul", &[y, y], Vec::new()));
                let sum = b.node("Add", &[&a, &c], Vec::new());
                b.node("Sqrt", &[&sum], Vec::new())
            }
            "logaddexp" => {
                let most = b.node("Max", &[x, y], Vec::new());
                let apart = b.node("Sub", &[x, y], Vec::new());
                let apart = b.node("Abs", &[&apart], Vec::new());
                let below = b.node("Neg", &[&apart], Vec::new());
                let power = b.node("Exp", &[&below], Vec::new());
                let one = number(b, 1.0)?;
                let sum = b.node("Add", &[&power, &one], Vec::new());
                let rest = b.node("Log", &[&sum], Vec::new());
                b.node("Add", &[&most, &rest], Vec::new())
            }
            "xlogy" => {
                let zero = number(b, 0.0)?;
                let none = b.node("Equal", &[x, &zero], Vec::new());
                let log = b.node("Log", &[y], Vec::new());
                let product = b.node("Mul", &[x, &log], Vec::new());
                b.node("Where", &[&none, &zero, &product], Vec::new())
            }
            _ => return Err(self.unknown()),
        })
    }

    fn unknown(&self) -> Error {
        Error::new(
            Kind::Model,
            format!("there is no operator of ONNX for {}", self.pair[0].op.name()),
        )
        .at(self.pair[0].at)
        .hint("export the part of the network before it, or write it of other operations")
    }

    fn sizes(&self) -> Result<Vec<Dim>> {
        dims(&self.pair[0].meta.shape, &self.pair[1].meta.shape)
    }

    fn reshape(&self, b: &mut Builder, x: &str) -> Result<String> {
        let sizes = self.sizes()?;
        let open = sizes.iter().filter(|size| matches!(size, Dim::Batch(_))).count();
        let shape = match open {
            // The size that is left needs no reckoning.
            1 if !sizes.contains(&Dim::Fixed(0)) => {
                let sizes = sizes.iter().map(|size| match *size {
                    Dim::Fixed(size) => size as i64,
                    Dim::Batch(_) => -1,
                });
                b.whole(&sizes.collect::<Vec<i64>>())?
            }
            _ => b.shape(&sizes)?,
        };
        Ok(b.node("Reshape", &[x, &shape], vec![int("allowzero", 1)]))
    }

    fn broadcast(&self, b: &mut Builder, x: &str) -> Result<String> {
        let shape = b.shape(&self.sizes()?)?;
        Ok(b.node("Expand", &[x, &shape], Vec::new()))
    }

    /// Zeros before, after and between the elements of an axis.
    fn pad(
        &self,
        b: &mut Builder,
        x: &str,
        axis: usize,
        start: usize,
        step: usize,
        size: usize,
    ) -> Result<String> {
        let from = self.operands[0].meta.shape[axis];
        if step != 1 {
            return Err(self.unknown());
        }
        let rank = self.pair[0].meta.shape.rank();
        let mut pads = vec![0; 2 * rank];
        pads[axis] = start as i64;
        pads[axis + rank] = (size - start - from) as i64;
        let pads = b.whole(&pads)?;
        Ok(b.node("Pad", &[x, &pads], Vec::new()))
    }

    /// Windows along an axis: the places of all of them picked, those within a window as the last axis.
    fn window(
        &self,
        b: &mut Builder,
        x: &str,
        [axis, size, stride, dilation]: [usize; 4],
    ) -> Result<String> {
        let count = self.pair[0].meta.shape[axis];
        if self.pair[1].meta.shape[axis] != count {
            return Err(unsized_by("a window"));
        }
        let places = (0..count)
            .flat_map(|window| (0..size).map(move |place| window * stride + place * dilation));
        let places: Vec<i64> = places.map(|place| place as i64).collect();
        let places = b.constant("places", &Tensor::from_vec(places, [count, size])?)?;
        let picked = b.node("Gather", &[x, &places], vec![int("axis", axis as i64)]);
        let rank = self.pair[0].meta.shape.rank();
        let order = (0..=axis).chain(axis + 2..rank).chain([axis + 1]);
        Ok(b.node("Transpose", &[&picked], vec![ints("perm", order)]))
    }

    fn contract(&self, b: &mut Builder, batch: usize, summed: usize) -> Result<String> {
        let [x, y] = [0, 1].map(|side| self.operands[side].meta.shape.rank());
        let (rows, columns) = (x - batch - summed, y - batch - summed);
        if [rows, columns, summed] == [1, 1, 1] {
            return Ok(b.node("MatMul", self.inputs, Vec::new()));
        }
        let mut letters = ('a'..='z').chain('A'..='Z');
        let mut take = |count: usize| -> String { letters.by_ref().take(count).collect() };
        let (batch, rows, sum, columns) = (take(batch), take(rows), take(summed), take(columns));
        let equation = format!("{batch}{rows}{sum},{batch}{sum}{columns}->{batch}{rows}{columns}");
        Ok(b.node("Einsum", self.inputs, vec![super::builder::text("equation", &equation)]))
    }

    /// Places along an axis.
    fn iota(&self, b: &mut Builder, sizes: &[Dim], axis: usize, dtype: DType) -> Result<String> {
        let mut along = vec![1; sizes.len()];
        let line = match sizes[axis] {
            Dim::Fixed(size) => {
                along[axis] = size;
                b.constant(
                    "positions",
                    &Tensor::arange(0.0, size as f64, 1.0, dtype)?.reshape(along)?,
                )?
            }
            Dim::Batch(_) => return Err(unsized_by("a count of places")),
        };
        let shape = b.shape(sizes)?;
        Ok(b.node("Expand", &[&line, &shape], Vec::new()))
    }
}

fn cast(b: &mut Builder, x: &str, dtype: DType) -> String {
    b.node("Cast", &[x], vec![int("to", Elem::of(dtype).number().into())])
}

fn reduced(b: &mut Builder, op: &str, x: &str, axes: &[usize]) -> Result<String> {
    if axes.is_empty() {
        // Without axes ONNX would take all of them.
        return Ok(b.node("Identity", &[x], Vec::new()));
    }
    let axes: Vec<i64> = axes.iter().map(|&axis| axis as i64).collect();
    let axes = b.whole(&axes)?;
    Ok(b.node(op, &[x, &axes], vec![int("keepdims", 0)]))
}

fn sliced(b: &mut Builder, x: &str, axis: usize, [start, stop, step]: [i64; 3]) -> Result<String> {
    let mut inputs = Vec::new();
    for number in [start, stop, axis as i64, step] {
        inputs.push(b.whole(&[number])?);
    }
    Ok(b.node("Slice", &[x, &inputs[0], &inputs[1], &inputs[2], &inputs[3]], Vec::new()))
}
