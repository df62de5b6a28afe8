//! Expressions to normal forms.

use super::form::{Form, FormId, Store};
use super::number::Number;
use crate::expression::{Function, Id, Node, Operator};

/// The normal form of each target. Nodes come children before parents.
pub(super) fn forms(store: &mut Store, nodes: &[Node], targets: &[Id]) -> Vec<FormId> {
    let length = targets.iter().map(|target| target.index() + 1).max().unwrap_or(0);
    let nodes = &nodes[..length];
    let inner = inner_nodes(nodes, targets);
    let mut forms = vec![store.number(Number::ZERO); length];
    let mut parts = Vec::new();
    for (index, node) in nodes.iter().enumerate() {
        match inner[index] {
            Place::Unused | Place::Inner => continue,
            Place::Whole => {}
        }
        forms[index] = match family(node) {
            Some(family) => {
                gather(nodes, &inner, &forms, Id::at(index), &mut parts);
                match family {
                    Family::Sum => store.sum(&parts),
                    Family::Product => store.product(&parts),
                }
            }
            None => {
                let at = |id: Id| forms[id.index()];
                match *node {
                    Node::Number(value) => match Number::new(value) {
                        Some(value) => store.number(value),
                        None => {
                            store.overflowed = true;
                            store.number(Number::ZERO)
                        }
                    },
                    Node::Variable(variable) => store.intern(Form::Variable(variable)),
                    Node::Call(function, x) => store.call(function, at(x)),
                    Node::Binary(_, x, y) | Node::Call2(Function::Pow, x, y) => {
                        store.power(at(x), at(y))
                    }
                    Node::Call2(function, x, y) => store.call2(function, at(x), at(y)),
                    Node::Neg(x) => store.sum(&[(at(x), Number::ONE.neg())]),
                }
            }
        };
    }
    targets.iter().map(|target| forms[target.index()]).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Sum,
    Product,
}

fn family(node: &Node) -> Option<Family> {
    match node {
        Node::Neg(_) | Node::Binary(Operator::Add | Operator::Sub, ..) => Some(Family::Sum),
        Node::Binary(Operator::Mul | Operator::Div, ..) => Some(Family::Product),
        _ => None,
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Unused,
    /// Used once, by a node of its own family, which takes it apart.
    Inner,
    Whole,
}

fn inner_nodes(nodes: &[Node], targets: &[Id]) -> Vec<Place> {
    let mut places = vec![Place::Unused; nodes.len()];
    for target in targets {
        places[target.index()] = Place::Whole;
    }
    for index in (0..nodes.len()).rev() {
        if places[index] == Place::Unused {
            continue;
        }
        let own = family(&nodes[index]);
        for input in nodes[index].inputs() {
            let same = own.is_some() && family(&nodes[input.index()]) == own;
            let place = &mut places[input.index()];
            *place = if *place == Place::Unused && same { Place::Inner } else { Place::Whole };
        }
    }
    places
}

/// The terms of a sum with their signs, or the factors of a product with exponents 1 and -1.
fn gather(
    nodes: &[Node],
    places: &[Place],
    forms: &[FormId],
    root: Id,
    parts: &mut Vec<(FormId, Number)>,
) {
    parts.clear();
    let mut todo = vec![(root, Number::ONE)];
    while let Some((id, power)) = todo.pop() {
        if id != root && places[id.index()] != Place::Inner {
            parts.push((forms[id.index()], power));
            continue;
        }
        match nodes[id.index()] {
            Node::Neg(x) => todo.push((x, power.neg())),
            Node::Binary(operator, x, y) => {
                let turned = matches!(operator, Operator::Sub | Operator::Div);
                todo.push((y, if turned { power.neg() } else { power }));
                todo.push((x, power));
            }
            _ => {}
        }
    }
}
