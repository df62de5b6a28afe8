//! The text form of a [`Graph`], which prints and parses.

use std::fmt;
use std::panic::Location;
use std::str::FromStr;

use smallvec::SmallVec;

use super::{Graph, GraphNode, Output};
use crate::op::{Meta, NodeId, Op};
use crate::tensor::{Error, Kind, Result};

/// One line for each node, as `%3 = sum(%2) {axes: [0]} : f32[10]`, then the outputs, as
/// `return %3, %4 -> %0`, where `%4 -> %0` says that input `%0` is updated to `%4`.
impl fmt::Display for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, node) in self.nodes.iter().enumerate() {
            write!(f, "%{index} = {}", node.op.name())?;
            for (i, input) in node.inputs.iter().enumerate() {
                write!(f, "{}%{}", if i == 0 { "(" } else { ", " }, input.index())?;
            }
            f.write_str(if node.inputs.is_empty() { "" } else { ")" })?;
            let attributes = node.op.attributes();
            for (i, (name, value)) in attributes.iter().enumerate() {
                write!(f, "{}{name}: {value}", if i == 0 { " {" } else { "; " })?;
            }
            f.write_str(if attributes.is_empty() { "" } else { "}" })?;
            writeln!(f, " : {}", node.meta)?;
        }
        f.write_str("return")?;
        for (i, output) in self.outputs.iter().enumerate() {
            write!(f, "{} %{}", if i == 0 { "" } else { "," }, output.node.index())?;
            if let Some(into) = output.into {
                write!(f, " -> %{}", into.index())?;
            }
        }
        writeln!(f)
    }
}

/// Reads the text form back. The graph is verified; lines of the user's program are not kept.
impl FromStr for Graph {
    type Err = Error;

    fn from_str(text: &str) -> Result<Graph> {
        let mut graph = Graph::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() {
                continue;
            }
            let wrong = |what: String| {
                Error::new(Kind::Value, format!("line {}: {what}: {line}", number + 1))
            };
            if let Some(outputs) = line.strip_prefix("return") {
                graph.outputs = parse_outputs(outputs).map_err(wrong)?;
                continue;
            }
            let node = parse_node(line, &graph).map_err(wrong)?;
            graph.nodes.push(node);
        }
        graph.verify()?;
        Ok(graph)
    }
}

fn parse_node(line: &str, graph: &Graph) -> Result<GraphNode, String> {
    let (name, rest) = line.split_once('=').ok_or("no = after the name")?;
    let expected = format!("%{}", graph.nodes.len());
    if name.trim() != expected {
        return Err(format!("the next node is {expected}"));
    }
    let (rest, meta) = rest.rsplit_once(" : ").ok_or("no type after :")?;
    let (rest, attributes) = match rest.trim().strip_suffix('}') {
        Some(inner) => inner.split_once('{').ok_or("no { before }")?,
        None => (rest, ""),
    };
    let (op, inputs) = match rest.trim().strip_suffix(')') {
        Some(inner) => inner.split_once('(').ok_or("no ( before )")?,
        None => (rest.trim(), ""),
    };
    let mut get = |wanted: &str| {
        let mut attributes = attributes.split(';').filter_map(|part| part.split_once(':'));
        let found = attributes.find(|(name, _)| name.trim() == wanted);
        found.map(|(_, value)| value.trim().to_string())
    };
    let op = Op::parse(op.trim(), &mut get)
        .ok_or_else(|| format!("no operation {} of these attributes", op.trim()))?;
    let inputs = parse_list(inputs)?;
    if let Some(late) = inputs.iter().find(|id| id.index() >= graph.nodes.len()) {
        return Err(format!("%{} does not come before it", late.index()));
    }
    let metas: SmallVec<[&Meta; 4]> =
        inputs.iter().map(|id| &graph.nodes[id.index()].meta).collect();
    let inferred = op.infer(&metas).map_err(|broken| broken.rule)?;
    if inferred.to_string() != meta.trim() {
        return Err(format!("the type is {inferred}"));
    }
    let origin = graph.nodes.len() as u32;
    Ok(GraphNode { op, inputs, meta: inferred, at: Location::caller(), origin })
}

fn parse_list(text: &str) -> Result<SmallVec<[NodeId; 3]>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(parse_id).collect()
}

fn parse_id(text: &str) -> Result<NodeId, String> {
    let number = text.trim().strip_prefix('%').and_then(|number| number.parse::<usize>().ok());
    let number = number.filter(|&number| number < 1 << 31);
    number.map(NodeId::new).ok_or_else(|| format!("{text} names no node"))
}

fn parse_outputs(text: &str) -> Result<Vec<Output>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let output = |item: &str| match item.split_once("->") {
        Some((node, into)) => Ok(Output { node: parse_id(node)?, into: Some(parse_id(into)?) }),
        None => Ok(Output { node: parse_id(item)?, into: None }),
    };
    items.map(output).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
%0 = input {dtype: f32; shape: [4, 3]} : f32[4, 3]
%1 = input {dtype: f32; shape: [3]} : f32[3]
%2 = constant {value: -0.5; dtype: f32} : f32[]
%3 = broadcast(%2) {shape: [4, 3]} : f32[4, 3]
%4 = mul(%0, %3) : f32[4, 3]
%5 = sum(%4) {axes: [0]} : f32[3]
return %4, %5 -> %1
";

    #[test]
    fn a_graph_prints_what_it_was_parsed_from() {
        let graph: Graph = TEXT.parse().unwrap();
        assert_eq!(graph.to_string(), TEXT);
    }

    #[test]
    fn every_sample_prints_and_parses() {
        for sample in Op::samples() {
            let mut graph = Graph::default();
            let at = Location::caller();
            for tensor in &sample.inputs {
                let meta = Meta::of(tensor);
                let (dtype, shape) = (meta.dtype, meta.shape.clone());
                let op = crate::op::source::Input { dtype, shape }.into();
                graph.nodes.push(GraphNode { op, inputs: SmallVec::new(), meta, at, origin: 0 });
            }
            let inputs: SmallVec<[NodeId; 3]> = (0..graph.nodes.len()).map(NodeId::new).collect();
            let metas: Vec<&Meta> = graph.nodes.iter().map(|node| &node.meta).collect();
            let meta = sample.op.infer(&metas).unwrap_or_else(|broken| panic!("{}", broken.rule));
            graph.nodes.push(GraphNode { op: sample.op, inputs, meta, at, origin: 0 });
            graph.outputs = vec![Output { node: NodeId::new(graph.nodes.len() - 1), into: None }];
            let text = graph.to_string();
            assert_eq!(text.parse::<Graph>().unwrap(), graph, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let check = |from: &str, to: &str, expected: &str| {
            let text = TEXT.replace(from, to);
            assert_ne!(text, TEXT);
            let error = text.parse::<Graph>().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        };
        check("%5 = sum", "%6 = sum", "line 6: the next node is %5");
        check("mul(%0, %3)", "mul(%0, %9)", "%9 does not come before it");
        check("mul(", "mull(", "no operation mull");
        check("{axes: [0]}", "{axis: [0]}", "no operation sum of these attributes");
        check("{axes: [0]} : f32[3]", "{axes: [0]} : f32[4]", "the type is f32[3]");
        check("mul(%0, %3)", "mul(%0, %1)", "shapes differ");
        check("-> %1", "-> %2", "%2 is no input");
        check("-> %1", "-> %0", "does not fit the input it updates, f32[4, 3]");
        check("-> %1", "-> %1, %1 -> %1", "output 2: %1 is updated by output 1 already");
        check("return %4", "return %44", "there is no node %44");
        check("return %4", "return x", "x names no node");
    }
}
