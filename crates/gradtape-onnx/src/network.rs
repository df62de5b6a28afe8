//! [`Network`]: a model that runs on a tape and can be trained on.

use std::collections::BTreeMap;
use std::path::Path;

use gradtape::nn::{Layer, Module, Visitor};
use gradtape::{Buffer, Error, Kind, Parameter, Result, Tape, Tensor, Var, nearest};

use crate::call::Scope;
use crate::elem::Elem;
use crate::frame::{Frame, operator, unknown};
use crate::graph::{Graph, Node, every_node};
use crate::model::Model;
use crate::value::{Array, Value};

/// A [`Model`] that records what it computes on a tape.
///
/// Its floating-point initialisers are parameters, to be trained on or left as they are, but for those that an operator
/// reads as settings (bounds, sizes) and running statistics, which are buffers. With one input and one output it is a
/// [`Layer`] like any other, for `fit` and for the trainer.
#[derive(Clone)]
pub struct Network {
    model: Model,
    held: BTreeMap<String, Held>,
}

/// What an initialiser is on a tape.
#[derive(Clone)]
enum Held {
    Parameter(Parameter),
    Buffer(Buffer),
    /// Whole numbers and truth values, as the file has them.
    Constant(Elem, Tensor),
}

impl Network {
    /// Makes a network of a model. Fails where it has operators that are not known, all of which are named.
    pub fn new(model: Model) -> Result<Network> {
        check_operators(&model)?;
        let mut held = BTreeMap::new();
        for tensor in &model.graph.initializers {
            let kept = match tensor.elem.is_float() {
                true if is_setting(&model.graph, &tensor.name) => {
                    Held::Buffer(Buffer::new(tensor.value.clone()))
                }
                true => Held::Parameter(Parameter::new(tensor.value.clone())),
                false => Held::Constant(tensor.elem, tensor.value.clone()),
            };
            held.insert(tensor.name.clone(), kept);
        }
        Ok(Network { model, held })
    }

    /// [`Model::read`] and [`Network::new`].
    pub fn read(path: impl AsRef<Path>) -> Result<Network> {
        let path = path.as_ref();
        Network::new(Model::read(path)?).map_err(|error| error.context(path.display()))
    }

    /// The model that it was made of, with the numbers it had then.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Records the network on the tape of its inputs, given in the order of [`Model::inputs`]; gives its outputs in the
    /// order of [`Model::outputs`], which must be arrays; maps with the shares of classes are `[rows, classes]`.
    ///
    /// Fails where a shape or an element type does not fit, with the name of the node. Nodes whose shapes depend on
    /// numbers (`Reshape` by a computed shape, `NonZero`, loops) read them as they are recorded.
    pub fn forward_all<'t>(&self, inputs: &[Var<'t>]) -> Result<Vec<Var<'t>>> {
        let Some(tape) = inputs.first().map(|input| input.tape()) else {
            return Err(Error::new(Kind::Model, "forward_all: no inputs; without any, use `run`"));
        };
        let given: Vec<&str> = self.model.inputs();
        if given.len() != inputs.len() {
            return Err(Error::new(
                Kind::Model,
                format!("the model has the inputs {given:?}, it was given {} values", inputs.len()),
            ));
        }
        let values = inputs.iter().map(|&input| Value::from(Array::of(input)));
        let named = given.into_iter().zip(values).collect();
        let outputs = self.run(tape, named)?;
        let arrays = outputs.into_iter().map(|(name, value)| match value {
            Value::Array(array) => Ok(array.var),
            Value::Columns(columns) => Ok(columns.values.var),
            _ => Err(Error::new(Kind::Model, format!("output {name:?} is no array"))
                .hint("use `run`, which gives values of every kind")),
        });
        arrays.collect()
    }

    /// Records the network with inputs of any kind, by name, and gives its outputs by name. An input whose type differs
    /// from the file's is cast where nothing is lost by it.
    pub fn run<'t>(
        &self,
        tape: &'t Tape,
        inputs: Vec<(&str, Value<'t>)>,
    ) -> Result<Vec<(String, Value<'t>)>> {
        let graph = &self.model.graph;
        let mut scope = self.scope(tape, inputs)?;
        scope.run(&graph.nodes)?;
        let outputs = graph.outputs.iter().map(|output| {
            let value = scope.lookup(&output.name).unwrap_or(Value::Nothing);
            (output.name.clone(), value)
        });
        Ok(outputs.collect())
    }

    /// The values that the graph begins with: what it holds, and its inputs.
    pub(crate) fn scope<'a, 't>(
        &'a self,
        tape: &'t Tape,
        inputs: Vec<(&str, Value<'t>)>,
    ) -> Result<Frame<'a, 't>> {
        let graph = &self.model.graph;
        let mut scope = Frame::of(&self.model, tape);
        for (name, held) in &self.held {
            let array = match held {
                Held::Parameter(parameter) => Array::of(tape.parameter(parameter)),
                Held::Buffer(buffer) => Array::of(tape.buffer(buffer)),
                Held::Constant(elem, value) => {
                    Array { var: tape.constant(value.clone()), elem: *elem }
                }
            };
            scope.insert(name, array.into());
        }
        for (name, value) in inputs {
            let Some(input) = graph.inputs.iter().find(|input| input.name == name) else {
                return Err(self.unknown_input(name));
            };
            let value = match (value, input.elem) {
                (Value::Array(array), Some(elem)) => {
                    input.accepts(&array.shape())?;
                    fitted(name, array, elem)?.into()
                }
                (value, _) => value,
            };
            scope.insert(&input.name, value);
        }
        for input in self.model.given() {
            if scope.lookup(&input.name).is_none() {
                return Err(Error::new(
                    Kind::Model,
                    format!("input {:?} ({}) is not given", input.name, input.about),
                ));
            }
        }
        Ok(scope)
    }

    fn unknown_input(&self, name: &str) -> Error {
        let names = self.model.inputs();
        let error = Error::new(Kind::Model, format!("the model has no input {name:?}"));
        match nearest(name, names.iter().copied()) {
            Some(near) => error.hint(format!("did you mean {near:?}?")),
            None => error.hint(format!("its inputs are {names:?}")),
        }
    }
}

impl Module for Network {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        // In the file's order, which is the network's.
        for tensor in &self.model.graph.initializers {
            match self.held.get(&tensor.name) {
                Some(Held::Parameter(parameter)) => visitor.child(&tensor.name, parameter),
                Some(Held::Buffer(buffer)) => visitor.child(&tensor.name, buffer),
                _ => {}
            }
        }
    }
}

impl Layer for Network {
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        match self.forward_all(&[x]) {
            Ok(outputs) if outputs.len() == 1 => outputs[0],
            Ok(outputs) => x.refuse(
                Error::new(
                    Kind::Model,
                    format!("a layer has one output, the model {}", outputs.len()),
                )
                .hint("use `forward_all`"),
            ),
            Err(error) => x.refuse(error),
        }
    }
}

/// Whether all operators are known; names every one that is not, with its node.
fn check_operators(model: &Model) -> Result<()> {
    let known = |node: &Node| model.function(node).is_some() || operator(node).is_some();
    let own = model.functions.iter().flat_map(|function| every_node(&function.nodes));
    let mut missing: Vec<&Node> =
        model.graph.every_node().into_iter().chain(own).filter(|node| !known(node)).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let mut error = unknown(&first.op, &first.domain).context(&first.title);
    missing.remove(0);
    for node in missing.iter().take(MOST_NAMED) {
        error = error.note(format!("nor is there one for {}", node.title));
    }
    if missing.len() > MOST_NAMED {
        error = error.note(format!("nor for {} more nodes", missing.len() - MOST_NAMED));
    }
    Err(error)
}

const MOST_NAMED: usize = 8;

/// Whether a floating-point initialiser is nowhere read as a weight: running statistics, bounds, scales.
fn is_setting(graph: &Graph, name: &str) -> bool {
    let mut readers = graph.every_node().into_iter().flat_map(|node| {
        let places = node.inputs.iter().enumerate();
        places.filter(|(_, input)| *input == name).map(|(place, _)| (node.op.as_str(), place))
    });
    let setting = |(op, place): (&str, usize)| match op {
        "BatchNormalization" => place >= 3,
        "Clip" | "Resize" | "Upsample" | "Range" | "Dropout" | "OneHot" => place >= 1,
        "Pad" => place == 2,
        _ => false,
    };
    let mut any = false;
    readers.all(|reader| {
        any = true;
        setting(reader)
    }) && any
}

/// An input as the type that the file gives it.
fn fitted<'t>(name: &str, array: Array<'t>, elem: Elem) -> Result<Array<'t>> {
    let (from, to) = (array.elem, elem);
    let same_kind = from.is_float() == to.is_float() && from.dtype() == to.dtype();
    match from == to || same_kind || (from.is_float() && to.is_float()) {
        true => Ok(Array { var: array.var.cast(to.dtype()), elem: to }),
        false => Err(Error::new(
            Kind::Shape,
            format!("input {name:?} is of type {to}, it was given {from}"),
        )
        .hint("cast it before")),
    }
}
