//! How a [`Model`] is shown: what it reads and holds, and its graph, one node a line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write};

use gradtape::Tensor;

use crate::graph::{Attribute, Graph, Node};
use crate::model::Model;

/// A node as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The operator, with its domain where that is not ONNX's own.
    pub op: String,
    /// The values it reads; an empty name for one left out.
    pub inputs: Vec<String>,
    /// The values it gives, each with its type where that is known.
    pub outputs: Vec<(String, Option<String>)>,
    /// Its attributes, long ones shortened.
    pub attributes: Vec<(String, String)>,
    /// Branches and bodies of loops, by the names of the attributes.
    pub bodies: Vec<(String, Vec<Shown>)>,
}

impl Model {
    /// The nodes of the graph in the order in which they run. `types` says what values are, as
    /// [`Network::types`](crate::Network::types) finds it; of others it is what the file says.
    pub fn nodes(&self, types: &BTreeMap<String, String>) -> Vec<Shown> {
        shown(&self.graph, types)
    }

    /// The file in words: what it reads, holds and gives, and its nodes with their attributes, a line for each; branches and
    /// bodies of loops stand below the node, farther to the right.
    pub fn show(&self, types: &BTreeMap<String, String>) -> String {
        let mut text = format!(
            "graph {}, operators of version {}\n",
            plain(&format!("{:?}", self.graph.name)),
            self.opset()
        );
        let mut line = |words: fmt::Arguments<'_>| {
            let written = writeln!(text, "{words}");
            debug_assert!(written.is_ok());
        };
        if !self.producer.is_empty() {
            line(format_args!("written by {}", plain(&self.producer)));
        }
        for (name, value) in &self.metadata {
            line(format_args!("{}: {}", plain(name), plain(value)));
        }
        for input in self.given() {
            line(format_args!("input   {}: {}", name(&input.name), plain(&input.about)));
        }
        for held in &self.graph.initializers {
            line(format_args!(
                "holds   {}: {} {}",
                name(&held.name),
                held.elem,
                held.value.shape()
            ));
        }
        for (own, texts) in &self.graph.texts {
            line(format_args!("holds   {}: STRING {:?}", name(own), texts.shape));
        }
        for node in self.nodes(types) {
            node.write(&mut text, 0);
        }
        for function in &self.functions {
            let title = plain(&function.name);
            let inputs = function.inputs.join(", ");
            let written = writeln!(text, "function {title}({})", plain(&inputs));
            debug_assert!(written.is_ok());
            for node in &function.nodes {
                of(node, &|_| None, types).write(&mut text, 1);
            }
        }
        for output in &self.graph.outputs {
            let written =
                writeln!(text, "output  {}: {}", name(&output.name), plain(&output.about));
            debug_assert!(written.is_ok());
        }
        text
    }

    /// The graph in the DOT language: a box for each input, node and output, a line for each value.
    pub fn dot(&self, types: &BTreeMap<String, String>) -> String {
        let mut text = String::from("digraph model {\n  rankdir=TB;\n  node [shape=box];\n");
        let mut givers: BTreeMap<&str, String> = BTreeMap::new();
        let quoted = |label: &str| label.replace('\\', "\\\\").replace('"', "\\\"");
        let mut line = |words: String| text.push_str(&format!("  {words};\n"));
        for (place, input) in self.given().enumerate() {
            let label = quoted(&plain(&format!("{}: {}", input.name, input.about)));
            line(format!("i{place} [label=\"{label}\", shape=ellipse]"));
            givers.insert(&input.name, format!("i{place}"));
        }
        let shown = self.nodes(types);
        for (place, (node, own)) in self.graph.nodes.iter().zip(&shown).enumerate() {
            let attributes = own.attributes.iter().map(|(key, value)| format!("\\n{key}={value}"));
            let label: String = std::iter::once(own.op.clone()).chain(attributes).collect();
            let label = quoted(&plain(&label)).replace("\\\\n", "\\n");
            line(format!("n{place} [label=\"{label}\"]"));
            for input in &node.inputs {
                if let Some(giver) = givers.get(input.as_str()) {
                    let about = type_in(&self.graph, input)
                        .or_else(|| types.get(input).cloned())
                        .unwrap_or_default();
                    line(format!("{giver} -> n{place} [label=\"{}\"]", quoted(&plain(&about))));
                }
            }
            for output in &node.outputs {
                givers.insert(output, format!("n{place}"));
            }
        }
        for (place, output) in self.graph.outputs.iter().enumerate() {
            let label = quoted(&plain(&format!("{}: {}", output.name, output.about)));
            line(format!("o{place} [label=\"{label}\", shape=ellipse]"));
            if let Some(giver) = givers.get(output.name.as_str()) {
                line(format!("{giver} -> o{place}"));
            }
        }
        text.push_str("}\n");
        text
    }
}

/// As [`Model::show`] without types that the file does not tell.
impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.show(&BTreeMap::new()))
    }
}

fn shown(graph: &Graph, types: &BTreeMap<String, String>) -> Vec<Shown> {
    graph.nodes.iter().map(|node| of(node, &|name| type_in(graph, name), types)).collect()
}

/// What the file says of a value.
fn type_in(graph: &Graph, name: &str) -> Option<String> {
    let mut infos = graph.between.iter().chain(&graph.outputs).chain(&graph.inputs);
    let info = infos.find(|info| info.name == name && info.sizes.is_some())?;
    Some(info.about.clone())
}

fn of(
    node: &Node,
    said: &dyn Fn(&str) -> Option<String>,
    types: &BTreeMap<String, String>,
) -> Shown {
    let output = |name: &String| {
        let found = types.get(name).cloned().or_else(|| said(name));
        (name.clone(), found.filter(|_| !name.is_empty()))
    };
    let (mut attributes, mut bodies) = (Vec::new(), Vec::new());
    for (name, attribute) in &node.attributes {
        match attribute {
            // Values of a body are others of the same names.
            Attribute::Graph(graph) => bodies.push((name.clone(), shown(graph, &BTreeMap::new()))),
            other => attributes.push((name.clone(), written(other))),
        }
    }
    Shown {
        op: match node.domain.as_str() {
            "" => node.op.clone(),
            domain => format!("{domain}.{}", node.op),
        },
        inputs: node.inputs.clone(),
        outputs: node.outputs.iter().map(output).collect(),
        attributes,
        bodies,
    }
}

impl Shown {
    fn write(&self, text: &mut String, deep: usize) {
        let output = |(own, kind): &(String, Option<String>)| match kind {
            Some(kind) => format!("{}: {}", name(own), plain(kind)),
            None => name(own).into_owned(),
        };
        let outputs: Vec<String> = self.outputs.iter().map(output).collect();
        let inputs = self.inputs.iter().map(|own| name(own).into_owned());
        let attributes = self.attributes.iter().map(|(own, value)| format!("{own}={value}"));
        let attributes: Vec<String> = attributes.map(|both| plain(&both).into_owned()).collect();
        let given: Vec<String> = inputs.chain(attributes).collect();
        let (outputs, given, op) = (outputs.join(", "), given.join(", "), plain(&self.op));
        let written = writeln!(text, "{}node    {outputs} = {op}({given})", "  ".repeat(deep));
        debug_assert!(written.is_ok());
        for (own, nodes) in &self.bodies {
            let written = writeln!(text, "{}{}:", "  ".repeat(deep + 1), name(own));
            debug_assert!(written.is_ok());
            nodes.iter().for_each(|node| node.write(text, deep + 2));
        }
    }
}

/// An attribute in words.
fn written(attribute: &Attribute) -> String {
    match attribute {
        Attribute::Float(number) => number.to_string(),
        Attribute::Int(number) => number.to_string(),
        Attribute::Text(text) => quoted(text),
        Attribute::Tensor(elem, tensor) => format!("{elem} {}{}", tensor.shape(), numbers(tensor)),
        Attribute::TextTensor(texts) => {
            format!("STRING {:?} {}", texts.shape, list(&texts.texts, |text| quoted(text)))
        }
        Attribute::Floats(all) => list(all, f32::to_string),
        Attribute::Ints(all) => list(all, i64::to_string),
        Attribute::Texts(all) => list(all, |text| quoted(text)),
        Attribute::Of(outer) => format!("that of the call, {outer}"),
        Attribute::Graph(_) => "a graph".into(),
        Attribute::Other => "not read".into(),
    }
}

/// How many items of a list are shown.
const MOST: usize = 8;

fn list<T>(all: &[T], item: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = all.iter().take(MOST).map(item).collect();
    let rest =
        if all.len() > MOST { format!(", and {} more", all.len() - MOST) } else { String::new() };
    format!("[{}{rest}]", items.join(", "))
}

/// The numbers of a small tensor.
fn numbers(tensor: &Tensor) -> String {
    match tensor.elements() {
        0 => String::new(),
        count if count <= MOST => format!(" {}", list(&tensor.to_f64_vec(), f64::to_string)),
        _ => String::new(),
    }
}

/// A text of one line, its end left out where it is long.
fn quoted(text: &str) -> String {
    let short: String = text.chars().take(MOST_LETTERS).collect();
    let rest = if short.len() < text.len() { "…" } else { "" };
    format!("{:?}", short + rest)
}

const MOST_LETTERS: usize = 60;

/// A text of a file as a terminal may have it: in quotes where letters would steer it.
fn plain(text: &str) -> Cow<'_, str> {
    let steers = |letter: char| letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter);
    match text.contains(steers) {
        true => Cow::Owned(format!("{text:?}")),
        false => Cow::Borrowed(text),
    }
}

/// A name, in quotes also where it could be taken for several.
fn name(name: &str) -> Cow<'_, str> {
    match name.contains(", ") {
        true => Cow::Owned(format!("{name:?}")),
        false => plain(name),
    }
}
