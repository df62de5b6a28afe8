//! A graph of a file, checked: what it reads and gives, and its nodes in an order in which they can run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use gradtape::{Error, Kind, Result, Tensor};

use crate::elem::Elem;
use crate::proto::{
    AttributeProto, AttributeType, Dimension, FunctionProto, GraphProto, NodeProto,
    OperatorSetIdProto, Size, TypeProto, TypeValue, ValueInfoProto,
};
use crate::tensor::{broken, decode, decode_texts, is_texts};
use crate::value::Texts;

/// A graph, or the body of a loop or of a branch.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Info>,
    pub(crate) outputs: Vec<Info>,
    pub(crate) initializers: Vec<Initializer>,
    /// Initialisers that are texts.
    pub(crate) texts: Vec<(String, Texts)>,
    pub(crate) nodes: Vec<Node>,
    /// What the file says of values that nodes give to each other.
    pub(crate) between: Vec<Info>,
}

/// A tensor that belongs to the file.
#[derive(Clone, Debug)]
pub(crate) struct Initializer {
    pub(crate) name: String,
    pub(crate) elem: Elem,
    pub(crate) value: Tensor,
}

/// An input or an output, and what the file says of it.
#[derive(Clone, Debug)]
pub(crate) struct Info {
    pub(crate) name: String,
    /// `None` where the file does not say it, or where it is no tensor of numbers.
    pub(crate) elem: Option<Elem>,
    /// What it is, in words: `FLOAT [batch, 3]`.
    pub(crate) about: String,
    /// Each axis: its size, or none where that is open; `None` where even their number is.
    pub(crate) sizes: Option<Vec<Option<usize>>>,
    /// Each axis as it is written: its size, the name of one that is open, or `?`.
    pub(crate) axes: Vec<String>,
}

/// One operation of a graph.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// The operator: `Conv`.
    pub(crate) op: String,
    /// Where the operator is defined; empty for ONNX itself.
    pub(crate) domain: String,
    /// As errors call it: `node 3 "conv1" (Conv)`.
    pub(crate) title: String,
    /// The values it reads; an empty name for one left out.
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    pub(crate) attributes: Vec<(String, Attribute)>,
}

/// A setting of a node.
#[derive(Clone, Debug)]
pub(crate) enum Attribute {
    Float(f32),
    Int(i64),
    Text(String),
    Tensor(Elem, Tensor),
    TextTensor(Texts),
    Graph(Box<Graph>),
    Floats(Vec<f32>),
    Ints(Vec<i64>),
    Texts(Vec<String>),
    /// That attribute of the call of the function around it.
    Of(String),
    /// Something that no operator here reads.
    Other,
}

/// An operator that the file defines by others.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) inputs: Vec<String>,
    pub(crate) outputs: Vec<String>,
    /// Settings that a call may leave out.
    pub(crate) defaults: Vec<(String, Attribute)>,
    /// The versions of the operators that it is written for, by domain.
    pub(crate) opsets: BTreeMap<String, i64>,
    pub(crate) nodes: Vec<Node>,
}

/// Graphs within graphs beyond this depth are refused: real ones have three or four.
const DEEPEST: usize = 32;

impl Graph {
    /// Reads the graph of a file.
    pub(crate) fn of(proto: &GraphProto, folder: Option<&Path>) -> Result<Graph> {
        let graph = Graph::read(proto, folder, 0)?;
        graph.check(&BTreeSet::new())?;
        Ok(graph)
    }

    fn read(proto: &GraphProto, folder: Option<&Path>, depth: usize) -> Result<Graph> {
        if depth > DEEPEST {
            return Err(broken(format!("graphs within graphs, more than {DEEPEST} deep")));
        }
        if let Some(sparse) = proto.sparse_initializer.first() {
            let name = sparse.values.as_ref().map_or("", |values| &values.name);
            return Err(broken(format!("initializer {name:?} is sparse, which is not read"))
                .hint("write it as a dense tensor"));
        }
        let (texts, numbers): (Vec<_>, Vec<_>) =
            proto.initializer.iter().partition(|tensor| is_texts(tensor));
        let texts =
            texts.into_iter().map(|tensor| Ok((tensor.name.clone(), decode_texts(tensor)?)));
        let initializers = numbers.into_iter().map(|tensor| {
            let (elem, value) = decode(tensor, folder)?;
            Ok(Initializer { name: tensor.name.clone(), elem, value })
        });
        Ok(Graph {
            name: proto.name.clone(),
            initializers: initializers.collect::<Result<_>>()?,
            texts: texts.collect::<Result<_>>()?,
            inputs: proto.input.iter().map(Info::of).collect(),
            outputs: proto.output.iter().map(Info::of).collect(),
            nodes: nodes(&proto.node, folder, depth)?,
            between: proto.value_info.iter().map(Info::of).collect(),
        })
    }

    /// Whether each value is given once, and before it is read.
    fn check(&self, around: &BTreeSet<&str>) -> Result<()> {
        let mut known = around.clone();
        let mut own = BTreeSet::new();
        // An input may have an initialiser of its name, which is its default; no two of either are called alike.
        let held = self.initializers.iter().map(|tensor| tensor.name.as_str());
        let mut held: Vec<&str> =
            held.chain(self.texts.iter().map(|(name, _)| name.as_str())).collect();
        held.sort_unstable();
        let twice = held.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[0]);
        let given = self.inputs.iter().map(|input| input.name.as_str());
        if let Some(name) = twice.or_else(|| given.into_iter().find(|name| !own.insert(*name))) {
            return Err(broken(format!("there are two values called {name:?}")));
        }
        own.extend(held);
        known.extend(self.inputs.iter().map(|input| input.name.as_str()));
        known.extend(self.initializers.iter().map(|tensor| tensor.name.as_str()));
        known.extend(self.texts.iter().map(|(name, _)| name.as_str()));
        check_nodes(&self.nodes, &mut known, &mut own)?;
        match self.outputs.iter().find(|output| !known.contains(output.name.as_str())) {
            Some(output) => {
                Err(broken(format!("output {:?} of the graph is given by no node", output.name)))
            }
            None => Ok(()),
        }
    }

    /// Every node, those of bodies and branches included.
    pub(crate) fn every_node(&self) -> Vec<&Node> {
        every_node(&self.nodes)
    }
}

/// Every node of a list and of the bodies and branches in it.
pub(crate) fn every_node(nodes: &[Node]) -> Vec<&Node> {
    let mut all = Vec::new();
    let mut waiting: Vec<&[Node]> = vec![nodes];
    while let Some(nodes) = waiting.pop() {
        for node in nodes {
            all.push(node);
            for (_, attribute) in &node.attributes {
                if let Attribute::Graph(graph) = attribute {
                    waiting.push(&graph.nodes);
                }
            }
        }
    }
    all
}

fn check_nodes<'a>(
    nodes: &'a [Node],
    known: &mut BTreeSet<&'a str>,
    own: &mut BTreeSet<&'a str>,
) -> Result<()> {
    for (place, node) in nodes.iter().enumerate() {
        for name in node.inputs.iter().filter(|name| !name.is_empty()) {
            if !known.contains(name.as_str()) {
                let later = nodes[place..].iter().find(|later| later.outputs.contains(name));
                let error =
                    broken(format!("{} reads {name:?}, which nothing before it gives", node.title));
                return Err(match later {
                    Some(later) if later.title == node.title => {
                        error.hint("it reads its own result: the graph has a cycle")
                    }
                    Some(later) => error.hint(format!(
                        "{} gives it: nodes must stand in the order in which they run, and no cycle can",
                        later.title
                    )),
                    None => error.hint("an initializer or an input of the graph is missing"),
                });
            }
        }
        for (_, attribute) in &node.attributes {
            if let Attribute::Graph(graph) = attribute {
                graph.check(known).map_err(|error| error.context(&node.title))?;
            }
        }
        for name in node.outputs.iter().filter(|name| !name.is_empty()) {
            known.insert(name);
            if !own.insert(name) {
                return Err(broken(format!(
                    "{} gives {name:?}, which is there already",
                    node.title
                )));
            }
        }
    }
    Ok(())
}

fn nodes(protos: &[NodeProto], folder: Option<&Path>, depth: usize) -> Result<Vec<Node>> {
    let nodes = protos.iter().enumerate().map(|(place, proto)| node(proto, place, folder, depth));
    nodes.collect()
}

fn node(proto: &NodeProto, place: usize, folder: Option<&Path>, depth: usize) -> Result<Node> {
    let op = match proto.domain.as_str() {
        "" | "ai.onnx" => proto.op_type.clone(),
        domain => format!("{domain}.{}", proto.op_type),
    };
    let title = match proto.name.as_str() {
        "" => format!("node {place} ({op})"),
        name => format!("node {place} {name:?} ({op})"),
    };
    let attributes = proto.attribute.iter().map(|proto| {
        let attribute = attribute(proto, folder, depth)
            .map_err(|error| error.context(format!("{title}, attribute {:?}", proto.name)))?;
        Ok((proto.name.clone(), attribute))
    });
    Ok(Node {
        op: proto.op_type.clone(),
        domain: if proto.domain == "ai.onnx" { String::new() } else { proto.domain.clone() },
        attributes: attributes.collect::<Result<_>>()?,
        title,
        inputs: proto.input.clone(),
        outputs: proto.output.clone(),
    })
}

fn attribute(proto: &AttributeProto, folder: Option<&Path>, depth: usize) -> Result<Attribute> {
    if !proto.ref_attr_name.is_empty() {
        return Ok(Attribute::Of(proto.ref_attr_name.clone()));
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(match proto.kind() {
        AttributeType::Float => Attribute::Float(proto.f),
        AttributeType::Int => Attribute::Int(proto.i),
        AttributeType::String => Attribute::Text(text(&proto.s)),
        AttributeType::Floats => Attribute::Floats(proto.floats.clone()),
        AttributeType::Ints => Attribute::Ints(proto.ints.clone()),
        AttributeType::Strings => {
            Attribute::Texts(proto.strings.iter().map(|bytes| text(bytes)).collect())
        }
        AttributeType::Tensor => match &proto.t {
            Some(tensor) if is_texts(tensor) => Attribute::TextTensor(decode_texts(tensor)?),
            // A tensor of a type that is not read stands for itself until a node asks for it.
            Some(tensor) if Elem::numbered(tensor.data_type).is_err() => Attribute::Other,
            Some(tensor) => {
                let (elem, value) = decode(tensor, folder)?;
                Attribute::Tensor(elem, value)
            }
            None => return Err(broken("a tensor that is not there")),
        },
        AttributeType::Graph => match &proto.g {
            Some(graph) => Attribute::Graph(Box::new(Graph::read(graph, folder, depth + 1)?)),
            None => return Err(broken("a graph that is not there")),
        },
        _ => Attribute::Other,
    })
}

impl Function {
    pub(crate) fn of(proto: &FunctionProto, folder: Option<&Path>) -> Result<Function> {
        let named = |error: Error| error.context(format!("function {:?}", proto.name));
        let defaults = proto
            .attribute_proto
            .iter()
            .map(|default| Ok((default.name.clone(), attribute(default, folder, 0)?)));
        let function = Function {
            name: proto.name.clone(),
            domain: proto.domain.clone(),
            inputs: proto.input.clone(),
            outputs: proto.output.clone(),
            defaults: defaults.collect::<Result<_>>().map_err(named)?,
            opsets: opsets(&proto.opset_import),
            nodes: nodes(&proto.node, folder, 0).map_err(named)?,
        };
        let mut known: BTreeSet<&str> = function.inputs.iter().map(String::as_str).collect();
        check_nodes(&function.nodes, &mut known, &mut BTreeSet::new()).map_err(named)?;
        match function.outputs.iter().find(|output| !known.contains(output.as_str())) {
            Some(output) => Err(named(broken(format!("no node gives its output {output:?}")))),
            None => Ok(function),
        }
    }
}

/// Versions of operators by domain.
pub(crate) fn opsets(protos: &[OperatorSetIdProto]) -> BTreeMap<String, i64> {
    let domain = |name: &str| if name == "ai.onnx" { String::new() } else { name.to_string() };
    protos.iter().map(|opset| (domain(&opset.domain), opset.version)).collect()
}

impl Info {
    fn of(proto: &ValueInfoProto) -> Info {
        let (elem, sizes, axes) = match proto.r#type.as_ref().and_then(|kind| kind.value.as_ref()) {
            Some(TypeValue::Tensor(tensor)) => {
                let sizes = tensor
                    .shape
                    .as_ref()
                    .map(|shape| shape.dim.iter().map(fixed).collect::<Vec<_>>());
                let axes = tensor.shape.iter().flat_map(|shape| shape.dim.iter().map(written));
                (Elem::numbered(tensor.elem_type).ok(), sizes, axes.collect())
            }
            _ => (None, None, Vec::new()),
        };
        let about = proto.r#type.as_ref().map_or("unknown".into(), describe);
        Info { name: proto.name.clone(), elem, about, sizes, axes }
    }

    /// Whether a shape is one that the file allows; an error that names both if not.
    pub(crate) fn accepts(&self, shape: &[usize]) -> Result<()> {
        let Some(sizes) = &self.sizes else { return Ok(()) };
        let fits = sizes.len() == shape.len()
            && sizes
                .iter()
                .zip(shape)
                .all(|(fixed, &size)| fixed.is_none_or(|fixed| fixed == size));
        match fits {
            true => Ok(()),
            false => Err(Error::new(
                Kind::Shape,
                format!("input {:?} is {}, it was given {shape:?}", self.name, self.about),
            )),
        }
    }
}

fn fixed(size: &Dimension) -> Option<usize> {
    match size.value {
        Some(Size::Number(size)) => usize::try_from(size).ok(),
        _ => None,
    }
}

fn written(size: &Dimension) -> String {
    match &size.value {
        Some(Size::Number(size)) => size.to_string(),
        Some(Size::Name(name)) if !name.is_empty() => name.clone(),
        _ => "?".into(),
    }
}

/// A type in words: `FLOAT [batch, 3]`.
fn describe(kind: &TypeProto) -> String {
    let (mut words, mut kind) = (String::new(), kind);
    loop {
        let named = |number: i32| match Elem::numbered(number) {
            Ok(elem) => elem.to_string(),
            Err(other) => other.trim_start_matches("elements of type ").to_string(),
        };
        let inner = match &kind.value {
            Some(TypeValue::Tensor(tensor)) => {
                let elem = named(tensor.elem_type);
                let sizes = tensor.shape.as_ref().map(|shape| {
                    let sizes = shape.dim.iter().map(written);
                    format!(" [{}]", sizes.collect::<Vec<_>>().join(", "))
                });
                return words + &elem + &sizes.unwrap_or_default();
            }
            Some(TypeValue::Sequence(inner)) => {
                words += "sequence of ";
                &inner.elem_type
            }
            Some(TypeValue::Map(map)) => {
                words += &format!("map from {} to ", named(map.key_type));
                &map.value_type
            }
            Some(TypeValue::Optional(inner)) => {
                words += "optional ";
                &inner.elem_type
            }
            None => return words + "unknown",
        };
        match inner {
            Some(next) => kind = next,
            None => return words + "unknown",
        }
    }
}
