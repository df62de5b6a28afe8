//! [`Frame`]: the values of a graph while it is recorded.

use std::collections::BTreeMap;

use gradtape::{Error, Kind, Result, Tape, nearest};

use crate::call::{Call, Scope};
use crate::graph::{Attribute, Function, Graph, Node};
use crate::model::Model;
use crate::ops::{self, Operator};
use crate::tensor::broken;
use crate::value::{Array, Value};

/// Values while a graph is recorded: its own, and through the graph around it those of that.
pub(crate) struct Frame<'a, 't> {
    model: &'a Model,
    tape: &'t Tape,
    outer: Option<&'a Frame<'a, 't>>,
    values: BTreeMap<&'a str, Value<'t>>,
    /// The settings of the function that is being called.
    settings: BTreeMap<&'a str, &'a Attribute>,
    /// The versions of the operators of its nodes, by domain.
    opsets: &'a BTreeMap<String, i64>,
}

/// More elements than any network has in one value: 4 GiB of f32.
const MOST: usize = 1 << 30;

/// More operations than memory should have to hold: loops within loops.
const MOST_NODES: usize = 1 << 22;

impl<'a, 't> Frame<'a, 't> {
    /// That of a model's graph, which has the texts that the file holds.
    pub(crate) fn of(model: &'a Model, tape: &'t Tape) -> Frame<'a, 't> {
        let mut frame = Frame {
            model,
            tape,
            outer: None,
            values: BTreeMap::new(),
            settings: BTreeMap::new(),
            opsets: &model.opsets,
        };
        frame.hold_texts(&model.graph);
        frame
    }

    pub(crate) fn insert(&mut self, name: &'a str, value: Value<'t>) {
        self.values.insert(name, value);
    }

    /// The values that are there, by name.
    pub(crate) fn values(&self) -> impl Iterator<Item = (&'a str, &Value<'t>)> {
        self.values.iter().map(|(name, value)| (*name, value))
    }

    fn hold_texts(&mut self, graph: &'a Graph) {
        for (name, texts) in &graph.texts {
            self.insert(name, Value::Texts(texts.clone()));
        }
    }

    /// Records nodes one after the other; an error names the node.
    pub(crate) fn run(&mut self, nodes: &'a [Node]) -> Result<()> {
        for node in nodes {
            let outputs = self.record(node).map_err(|error| error.context(&node.title))?;
            for (name, value) in node.outputs.iter().zip(outputs) {
                if !name.is_empty() {
                    self.insert(name, value);
                }
            }
        }
        Ok(())
    }

    fn record(&self, node: &Node) -> Result<Vec<Value<'t>>> {
        let inputs = node.inputs.iter().map(|name| match name.as_str() {
            "" => Ok(None),
            name => match self.lookup(name) {
                Some(value) => Ok(Some(value)),
                None => Err(broken(format!("{name:?} was given by nothing"))),
            },
        });
        let own = self.opsets.get(&node.domain).or_else(|| self.model.opsets.get(&node.domain));
        let version = own.copied().unwrap_or(1);
        let inputs = inputs.collect::<Result<_>>()?;
        let call = Call { tape: self.tape, node, version, inputs, scope: self };
        let outputs = match (self.model.function(node), operator(node)) {
            (Some(function), _) => self.call(function, &call)?,
            (None, Some(operator)) if ops::text::moves(&call) => ops::text::moved(&call, operator)?,
            (None, Some(operator)) => {
                ops::check(&call)?;
                operator(&call)?
            }
            (None, None) => return Err(unknown(&node.op, &node.domain)),
        };
        for value in &outputs {
            let arrays = match value {
                Value::Array(array) => std::slice::from_ref(array),
                Value::Sequence(items) => items,
                Value::Columns(columns) => std::slice::from_ref(&columns.values),
                Value::Texts(_) | Value::Nothing => &[],
            };
            for array in arrays {
                array.var.check()?;
                let shape = array.var.shape();
                if shape.elements() > MOST {
                    return Err(broken(format!("a value of shape {shape}, which is too large")));
                }
            }
        }
        if self.tape.len() > MOST_NODES {
            return Err(broken(format!("more than {MOST_NODES} operations were recorded")));
        }
        let last = node.outputs.iter().rposition(|name| !name.is_empty());
        let wanted = last.map_or(0, |last| last + 1);
        match outputs.len() < wanted {
            true => Err(broken(format!("{wanted} outputs are named, there are {}", outputs.len()))),
            false => Ok(outputs),
        }
    }

    /// Records the nodes of a function of the file.
    fn call(&self, function: &Function, call: &Call<'_, 't>) -> Result<Vec<Value<'t>>> {
        let mut settings: BTreeMap<&str, &Attribute> =
            function.defaults.iter().map(|(name, attribute)| (name.as_str(), attribute)).collect();
        for (name, _) in &call.node.attributes {
            if let Some(attribute) = call.attribute(name) {
                settings.insert(name, attribute);
            }
        }
        let mut frame = Frame {
            model: self.model,
            tape: self.tape,
            outer: None,
            values: BTreeMap::new(),
            settings,
            opsets: &function.opsets,
        };
        let given = call.inputs.iter().map(|value| value.clone().unwrap_or(Value::Nothing));
        let given = given.chain(std::iter::repeat(Value::Nothing));
        for (name, value) in function.inputs.iter().zip(given) {
            frame.insert(name, value);
        }
        frame.run(&function.nodes)?;
        let outputs = function.outputs.iter();
        Ok(outputs.map(|name| frame.lookup(name).unwrap_or(Value::Nothing)).collect())
    }
}

impl<'a, 't> Scope<'a, 't> for Frame<'a, 't> {
    fn body(&'a self, graph: &'a Graph, inputs: Vec<Value<'t>>) -> Result<Vec<Value<'t>>> {
        if graph.inputs.len() < inputs.len() {
            return Err(broken(format!(
                "the graph {:?} takes {} inputs and is given {}",
                graph.name,
                graph.inputs.len(),
                inputs.len()
            )));
        }
        let mut frame = Frame {
            model: self.model,
            tape: self.tape,
            outer: Some(self),
            values: BTreeMap::new(),
            settings: BTreeMap::new(),
            opsets: self.opsets,
        };
        frame.hold_texts(graph);
        for tensor in &graph.initializers {
            let var = self.tape.constant(tensor.value.clone());
            frame.insert(&tensor.name, Array { var, elem: tensor.elem }.into());
        }
        for (input, value) in graph.inputs.iter().zip(inputs) {
            frame.insert(&input.name, value);
        }
        frame.run(&graph.nodes)?;
        let outputs = graph.outputs.iter().map(|output| {
            frame.lookup(&output.name).ok_or_else(|| broken(format!("no value {:?}", output.name)))
        });
        outputs.collect()
    }

    fn setting(&self, name: &str) -> Option<&'a Attribute> {
        let mut frame = Some(self);
        while let Some(here) = frame {
            if let Some(attribute) = here.settings.get(name) {
                return Some(attribute);
            }
            frame = here.outer;
        }
        None
    }

    fn lookup(&self, name: &str) -> Option<Value<'t>> {
        let mut frame = Some(self);
        while let Some(here) = frame {
            if let Some(value) = here.values.get(name) {
                return Some(value.clone());
            }
            frame = here.outer;
        }
        None
    }
}

pub(crate) fn operator(node: &Node) -> Option<Operator> {
    ops::find(&node.domain, &node.op)
}

pub(crate) fn unknown(op: &str, domain: &str) -> Error {
    let name = match domain {
        "" => op.to_string(),
        domain => format!("{domain}.{op}"),
    };
    let error = Error::new(Kind::Model, format!("there is no operator {name} here"));
    match nearest(op, ops::names()) {
        Some(near) => error.hint(format!("the nearest is {near}")),
        None => error,
    }
}
