//! Values that an output depends on through integers or truth values alone.

use crate::op::NodeId;
use crate::tape::{Node, Tape, Var};
use crate::tensor::{Error, Kind};

/// How an output depends on a node.
#[derive(Clone, Copy)]
enum Path {
    /// Not at all.
    None,
    /// Through floating-point numbers.
    Smooth,
    /// Through others alone; the node that made them.
    Discrete(NodeId),
}

/// Each of `xs`, by its place, that an output is made from through integers or truth values alone, with the
/// error that says where floating-point numbers end.
///
/// A derivative may depend on a value in this way, as that of `max` does: its own derivative is zero, and
/// so is that of what is only chosen or placed by such numbers.
pub(super) fn only_discrete(tape: &Tape, ys: &[Var<'_>], xs: &[Var<'_>]) -> Vec<(usize, Error)> {
    let end = ys.iter().map(|y| y.id().index() + 1).max().unwrap_or(0);
    let start = xs.iter().map(|x| x.id().index()).min().unwrap_or(0).min(end);
    let recording = tape.recording().borrow();
    let mut paths = vec![Path::None; end - start];
    for y in ys.iter().filter_map(|y| y.id().index().checked_sub(start)) {
        paths[y] = Path::Smooth;
    }
    for index in (start..end).rev() {
        let (path, id) = (paths[index - start], NodeId::new(index));
        let node = recording.node(id);
        if matches!(path, Path::None) || node.derived {
            continue;
        }
        for (i, &input) in node.inputs.iter().enumerate() {
            let Some(place) = input.index().checked_sub(start) else { continue };
            let float = |node: &Node| node.meta.dtype.is_float();
            let of_inputs = |i: usize| float(recording.node(node.inputs[i]));
            if node.op.only_decides(i, node.inputs.len(), of_inputs) {
                continue;
            }
            let through = match (path, float(node), float(recording.node(input))) {
                (Path::Smooth, true, true) => Path::Smooth,
                (_, false, true) => Path::Discrete(id),
                (Path::Discrete(made), true, true) => Path::Discrete(made),
                _ => Path::Discrete(input),
            };
            if let (Path::None, _) | (_, Path::Smooth) = (paths[place], through) {
                paths[place] = through;
            }
        }
    }
    let mut found = Vec::new();
    for (i, x) in xs.iter().enumerate() {
        let place = x.id().index().checked_sub(start);
        let Some(&Path::Discrete(made)) = place.and_then(|place| paths.get(place)) else {
            continue;
        };
        let Node { op, meta, at, .. } = recording.node(made);
        let (x, op) = (x.meta(), op.name());
        let message = format!(
            "gradient: the output depends on this {x} only through {op}, whose result {meta} has no \
             gradient, at {at}"
        );
        let hint = "differentiate something computed without it, or give it a gradient of your own with \
                    custom_gradient()";
        found.push((i, Error::new(Kind::Gradient, message).hint(hint)));
    }
    found
}
