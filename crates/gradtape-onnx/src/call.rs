//! [`Call`]: what an operator sees of its node.

use gradtape::{DType, Error, Kind, Result, Tape, Tensor, Var};

use crate::elem::Elem;
use crate::graph::{Attribute, Graph, Node};
use crate::tensor::broken;
use crate::value::{Array, Texts, Value};

/// A node that is being recorded: its inputs and settings.
pub(crate) struct Call<'a, 't> {
    pub(crate) tape: &'t Tape,
    pub(crate) node: &'a Node,
    /// The version of the set of operators that the node belongs to.
    pub(crate) version: i64,
    pub(crate) inputs: Vec<Option<Value<'t>>>,
    pub(crate) scope: &'a dyn Scope<'a, 't>,
}

/// What is around a node: the graph that it stands in.
pub(crate) trait Scope<'a, 't> {
    /// Records a body or a branch with these inputs.
    fn body(&'a self, graph: &'a Graph, inputs: Vec<Value<'t>>) -> Result<Vec<Value<'t>>>;
    /// A setting of the function that is being called.
    fn setting(&self, name: &str) -> Option<&'a Attribute>;
    /// A value of this graph or of one around it.
    fn lookup(&self, name: &str) -> Option<Value<'t>>;
}

/// What an operator gives: one value for each of its outputs, the last ones left out if need be.
pub(crate) type Outputs<'t> = Result<Vec<Value<'t>>>;

/// Gives one value.
pub(crate) fn one<'t>(value: impl Into<Value<'t>>) -> Outputs<'t> {
    Ok(vec![value.into()])
}

impl<'a, 't> Call<'a, 't> {
    /// An input that must be there, an array.
    pub(crate) fn x(&self, place: usize) -> Result<Array<'t>> {
        self.maybe(place)?.ok_or_else(|| broken(format!("input {place} is missing")))
    }

    /// An input that may be left out.
    pub(crate) fn maybe(&self, place: usize) -> Result<Option<Array<'t>>> {
        match self.inputs.get(place) {
            Some(Some(Value::Array(array))) => Ok(Some(*array)),
            Some(Some(Value::Sequence(_))) => {
                Err(broken(format!("input {place} is a sequence, an array was expected")))
            }
            Some(Some(Value::Texts(_))) => {
                Err(broken(format!("input {place} is texts, numbers were expected")))
            }
            Some(Some(Value::Columns(_))) => {
                Err(broken(format!("input {place} is a list of maps, an array was expected")))
            }
            Some(Some(Value::Nothing)) | Some(None) | None => Ok(None),
        }
    }

    /// An input that must be there, whatever it is.
    pub(crate) fn value(&self, place: usize) -> Result<&Value<'t>> {
        match self.inputs.get(place) {
            Some(Some(value)) => Ok(value),
            _ => Err(broken(format!("input {place} is missing"))),
        }
    }

    /// A sequence.
    pub(crate) fn sequence(&self, place: usize) -> Result<&[Array<'t>]> {
        match self.value(place)? {
            Value::Sequence(items) => Ok(items),
            _ => Err(broken(format!("input {place} is no sequence"))),
        }
    }

    /// Texts.
    pub(crate) fn of_texts(&self, place: usize) -> Result<&Texts> {
        match self.value(place)? {
            Value::Texts(texts) => Ok(texts),
            _ => Err(broken(format!("input {place} is no texts"))),
        }
    }

    /// Every input, all of them arrays.
    pub(crate) fn arrays(&self) -> Result<Vec<Array<'t>>> {
        (0..self.inputs.len()).map(|place| self.x(place)).collect()
    }

    /// The whole numbers of an input that may be left out.
    pub(crate) fn whole(&self, place: usize) -> Result<Option<Vec<i64>>> {
        let array = self.maybe(place)?;
        array.map(Array::whole).transpose().map_err(|error| error.context(format!("input {place}")))
    }

    /// The only number of an input that may be left out.
    pub(crate) fn number(&self, place: usize) -> Result<Option<f64>> {
        let Some(array) = self.maybe(place)? else { return Ok(None) };
        match array.numbers()?.as_slice() {
            &[number] => Ok(Some(number)),
            others => Err(broken(format!("input {place} has {} numbers, not one", others.len()))),
        }
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&'a Attribute> {
        let own = self.node.attributes.iter().find(|(other, _)| other == name);
        match own.map(|(_, attribute)| attribute) {
            Some(Attribute::Of(outer)) => self.scope.setting(outer),
            found => found,
        }
    }

    fn wrong(&self, name: &str, kind: &str) -> Error {
        broken(format!("attribute {name:?} is no {kind}"))
    }

    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Int(number)) => Ok(Some(*number)),
            Some(_) => Err(self.wrong(name, "whole number")),
        }
    }

    pub(crate) fn int_or(&self, name: &str, default: i64) -> Result<i64> {
        Ok(self.int(name)?.unwrap_or(default))
    }

    /// A setting of 0 or 1.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool> {
        Ok(self.int_or(name, default.into())? != 0)
    }

    pub(crate) fn float(&self, name: &str) -> Result<Option<f64>> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Float(number)) => Ok(Some(f64::from(*number))),
            Some(_) => Err(self.wrong(name, "number")),
        }
    }

    pub(crate) fn float_or(&self, name: &str, default: f64) -> Result<f64> {
        Ok(self.float(name)?.unwrap_or(default))
    }

    pub(crate) fn ints(&self, name: &str) -> Result<Option<Vec<i64>>> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Ints(numbers)) => Ok(Some(numbers.clone())),
            // An empty list is written without its kind by some tools.
            Some(Attribute::Other) => Ok(Some(Vec::new())),
            Some(_) => Err(self.wrong(name, "list of whole numbers")),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<&'a str>> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Text(text)) => Ok(Some(text)),
            Some(_) => Err(self.wrong(name, "text")),
        }
    }

    pub(crate) fn text_or(&self, name: &str, default: &'a str) -> Result<&'a str> {
        Ok(self.text(name)?.unwrap_or(default))
    }

    pub(crate) fn texts(&self, name: &str) -> Result<Option<&'a [String]>> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Texts(texts)) => Ok(Some(texts)),
            Some(_) => Err(self.wrong(name, "list of texts")),
        }
    }

    pub(crate) fn floats(&self, name: &str) -> Result<Option<Vec<f64>>> {
        match self.attribute(name) {
            None => Ok(None),
            Some(Attribute::Floats(numbers)) => {
                Ok(Some(numbers.iter().map(|&number| f64::from(number)).collect()))
            }
            Some(_) => Err(self.wrong(name, "list of numbers")),
        }
    }

    pub(crate) fn graph(&self, name: &str) -> Result<&'a Graph> {
        match self.attribute(name) {
            Some(Attribute::Graph(graph)) => Ok(graph),
            _ => Err(broken(format!("attribute {name:?} must be a graph"))),
        }
    }

    /// An element type, given by its number.
    pub(crate) fn elem(&self, name: &str) -> Result<Option<Elem>> {
        let Some(number) = self.int(name)? else { return Ok(None) };
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        Elem::numbered(number).map(Some).map_err(unsupported)
    }

    /// Axes as an input from a version on, as an attribute before it, or none.
    pub(crate) fn axes(&self, place: usize, input_since: i64) -> Result<Option<Vec<i64>>> {
        match self.version >= input_since {
            true => self.whole(place),
            false => self.ints("axes"),
        }
    }

    /// The axis of this attribute, counted from the start.
    pub(crate) fn axis(&self, default: i64, rank: usize) -> Result<usize> {
        crate::value::axis(self.int_or("axis", default)?, rank)
    }

    /// A constant of whole numbers.
    pub(crate) fn of_whole(&self, numbers: Vec<i64>, shape: &[usize]) -> Result<Array<'t>> {
        Ok(Array::of(self.tape.constant(Tensor::from_vec(numbers, shape)?)))
    }

    /// Whether an output is asked for.
    pub(crate) fn wants(&self, place: usize) -> bool {
        self.node.outputs.get(place).is_some_and(|name| !name.is_empty())
    }
}

/// Whether a table of so many numbers may be made for an operator: larger ones are taken for damage.
pub(crate) fn fits(rows: usize, columns: usize) -> Result<()> {
    match rows.checked_mul(columns).is_some_and(|count| count <= MOST_MADE) {
        true => Ok(()),
        false => Err(broken(format!("a table of {rows} by {columns} numbers, which is too large"))),
    }
}

/// 512 MiB of f64.
const MOST_MADE: usize = 1 << 26;

/// Something that there is in ONNX and not here.
pub(crate) fn unsupported(what: impl Into<String>) -> Error {
    Error::new(Kind::Model, format!("{} are not supported", what.into()))
}

/// A value as a floating-point type that sums are taken in.
pub(crate) fn wide(var: Var<'_>) -> Var<'_> {
    var.cast(var.dtype().computed())
}

/// The numbers 0, 1, … along an axis.
pub(crate) fn positions<'t>(tape: &'t Tape, shape: &[usize], axis: usize) -> Var<'t> {
    tape.iota(shape, axis, DType::I64)
}
