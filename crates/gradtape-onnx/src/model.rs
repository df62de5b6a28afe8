//! [`Model`]: a file's contents, to look at or to make a network of.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use gradtape::{Error, Kind, Result};
use prost::Message;

use crate::elem::Elem;
use crate::graph::{Function, Graph, Info, Node, every_node, opsets};
use crate::proto::ModelProto;
use crate::tensor::broken;

/// An ONNX file: its graph and what it says of itself.
///
/// Printed, it lists inputs, outputs, initialisers and nodes, one a line; see [`Model::show`]. To run or train it, make a
/// [`Network`](crate::Network) of it.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) graph: Graph,
    pub(crate) functions: Vec<Function>,
    /// The version of each set of operators, by domain.
    pub(crate) opsets: BTreeMap<String, i64>,
    pub(crate) producer: String,
    pub(crate) metadata: Vec<(String, String)>,
}

/// A file of ONNX cannot be larger (protobuf's own limit); what is larger keeps its tensors in files of their own.
const LARGEST: u64 = 1 << 31;

/// The newest version of ONNX's operators whose meaning is known here.
const NEWEST: i64 = 27;

impl Model {
    /// Reads a file, with the tensors that it keeps in other files of its folder. Fails where it is no ONNX, is
    /// damaged, has a cycle, reads what is not there, or names a file outside of its folder.
    pub fn read(path: impl AsRef<Path>) -> Result<Model> {
        let path = path.as_ref();
        let named = |error: Error| error.context(path.display());
        let failed = |error: std::io::Error| named(Error::new(Kind::File, error.to_string()));
        if !std::fs::metadata(path).map_err(failed)?.is_file() {
            return Err(named(Error::new(Kind::File, "not a file")));
        }
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LARGEST {
            return Err(named(broken("larger than 2 GiB, which no ONNX file is")));
        }
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        Model::decode(&bytes, Some(folder)).map_err(named)
    }

    /// Reads a file's bytes. Tensors in other files are refused: nothing says where those lie.
    pub fn from_bytes(bytes: &[u8]) -> Result<Model> {
        Model::decode(bytes, None)
    }

    fn decode(bytes: &[u8], folder: Option<&Path>) -> Result<Model> {
        let proto = ModelProto::decode(bytes).map_err(|error| {
            broken(format!("not an ONNX file, or a damaged one ({error})"))
                .hint("an ONNX file is written by `gradtape export` or another tool's export")
        })?;
        let Some(graph) = &proto.graph else {
            return Err(broken("no graph in it: not an ONNX file, or a damaged one"));
        };
        let opsets = opsets(&proto.opset_import);
        let version = opsets.get("").copied().unwrap_or(1);
        if !(1..=NEWEST).contains(&version) {
            return Err(broken(format!(
                "operators of version {version}; those of 1 to {NEWEST} are known"
            ))
            .hint("export it for an older version of the operators"));
        }
        let functions = proto.functions.iter().map(|function| Function::of(function, folder));
        let metadata =
            proto.metadata_props.iter().map(|entry| (entry.key.clone(), entry.value.clone()));
        let functions: Vec<Function> = functions.collect::<Result<_>>()?;
        let graph = Graph::of(graph, folder)?;
        check_functions(&functions, &graph)?;
        Ok(Model {
            graph,
            functions,
            opsets,
            producer: format!("{} {}", proto.producer_name, proto.producer_version)
                .trim()
                .to_string(),
            metadata: metadata.collect(),
        })
    }

    /// The function of the file that a node calls, if it is one.
    pub(crate) fn function(&self, node: &Node) -> Option<&Function> {
        let mut functions = self.functions.iter();
        functions.find(|function| function.name == node.op && function.domain == node.domain)
    }

    /// The names of the inputs that are given when it runs, in order: those without an initialiser.
    pub fn inputs(&self) -> Vec<&str> {
        self.given().map(|input| input.name.as_str()).collect()
    }

    pub(crate) fn given(&self) -> impl Iterator<Item = &Info> {
        let graph = &self.graph;
        let held = |name: &str| {
            graph.initializers.iter().any(|tensor| tensor.name == name)
                || graph.texts.iter().any(|(other, _)| other == name)
        };
        self.graph.inputs.iter().filter(move |input| !held(&input.name))
    }

    /// The names of the results, in order.
    pub fn outputs(&self) -> Vec<&str> {
        self.graph.outputs.iter().map(|output| output.name.as_str()).collect()
    }

    /// What the file says of an input or an output: `FLOAT [batch, 3]`.
    pub fn about(&self, name: &str) -> Option<&str> {
        let mut all = self.graph.inputs.iter().chain(&self.graph.outputs);
        all.find(|info| info.name == name).map(|info| info.about.as_str())
    }

    /// The element type of an input; `None` where it is no array of numbers, or where there is none of the name.
    pub fn input_elem(&self, name: &str) -> Option<Elem> {
        self.given().find(|input| input.name == name)?.elem
    }

    /// The axes of an input, `None` for each of any size; `None` where the file does not say how many there are.
    pub fn input_sizes(&self, name: &str) -> Option<&[Option<usize>]> {
        self.given().find(|input| input.name == name)?.sizes.as_deref()
    }

    /// The version of ONNX's operators that it is written for.
    pub fn opset(&self) -> i64 {
        self.opsets.get("").copied().unwrap_or(1)
    }

    /// The program that wrote it, as the file says.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// What the file says beside the graph, by name: classes, columns, a licence.
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// The operators that it uses, each with how often, in order of their names.
    pub fn operators(&self) -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let own = self.functions.iter().flat_map(|function| every_node(&function.nodes));
        for node in self.graph.every_node().into_iter().chain(own) {
            let name = match node.domain.as_str() {
                "" => node.op.clone(),
                domain => format!("{domain}.{}", node.op),
            };
            *counts.entry(name).or_default() += 1;
        }
        counts.into_iter().collect()
    }
}

/// Whether functions call only others, and all of them together stand for a number of nodes that can be recorded.
fn check_functions(functions: &[Function], graph: &Graph) -> Result<()> {
    let place = |node: &Node| {
        functions.iter().position(|own| own.name == node.op && own.domain == node.domain)
    };
    let calls: Vec<Vec<usize>> = functions
        .iter()
        .map(|own| every_node(&own.nodes).into_iter().filter_map(place).collect())
        .collect();
    // How many nodes each stands for, from those that call none on: what calls deeper than that is left over.
    let mut sizes: Vec<Option<usize>> = vec![None; functions.len()];
    for _ in 0..DEEPEST {
        for (own, calls) in calls.iter().enumerate() {
            let mut inner = calls.iter().map(|&call| sizes[call]);
            let all = inner.try_fold(0usize, |all, more| Some(all.saturating_add(more?)));
            let nodes = every_node(&functions[own].nodes).len();
            sizes[own] = all.map(|all| all.saturating_add(nodes));
            if sizes[own].is_some_and(|size| size > MOST_NODES) {
                let name = &functions[own].name;
                return Err(broken(format!(
                    "function {name:?} stands for more than {MOST_NODES} nodes"
                )));
            }
        }
    }
    if let Some(own) = sizes.iter().position(Option::is_none) {
        let name = &functions[own].name;
        return Err(broken(format!(
            "function {name:?} calls itself, or others more than {DEEPEST} deep"
        )));
    }
    let called = graph.every_node().into_iter().filter_map(place).filter_map(|own| sizes[own]);
    match called.fold(0usize, usize::saturating_add) > MOST_NODES {
        true => Err(broken(format!("calls of functions stand for more than {MOST_NODES} nodes"))),
        false => Ok(()),
    }
}

/// Functions that call each other deeper are refused.
const DEEPEST: usize = 32;

/// Functions that stand for more nodes are taken for an attack.
const MOST_NODES: usize = 1 << 20;
