//! Which nodes of the recording each kernel computes: for who asks where time goes.

use super::classify::Classified;
use super::{Circular, Kernel, Program, Target, fuse, lower_each, plan, simplify, widen};
use crate::op::Form;
use crate::tape::Graph;

/// For a kernel, the nodes of the graph that was planned which it computes, each with its share of the kernel's
/// operations. The shares add up to 1.
pub(crate) type Origins = Vec<(usize, f64)>;

/// What [`plan`](super::plan) makes of a graph, with the origins of each kernel.
pub(crate) fn plan_with_origins(graph: &Graph) -> (Program, Vec<Origins>) {
    let target = Target::default();
    let simple = simplify::simplify(&widen::widen(graph), &target);
    let mut classified = Classified::new(simple, &target);
    let groups = fuse::fuse(&classified);
    let mut all = Vec::new();
    let program = lower_each(&mut classified, groups, &mut |graph, group, kernels| {
        all.extend(kernels.iter().map(|kernel| origins(graph, group, kernel)));
    });
    match program {
        Ok((program, made)) => {
            let weight = |kernel: &Kernel| kernel.operations().max(1.0);
            let joined = program.kernels.iter().zip(made).map(|(kernel, numbers)| {
                let Kernel::Tiled(tiled) = kernel else {
                    return numbers.first().map_or(Vec::new(), |&number| all[number].clone());
                };
                let sum: f64 = tiled.kernels.iter().map(weight).sum();
                let parts = tiled.kernels.iter().zip(&numbers).flat_map(|(kernel, &number)| {
                    let part = weight(kernel) / sum;
                    all[number].iter().map(move |&(node, share)| (node, share * part))
                });
                parts.collect()
            });
            let joined = joined.collect();
            (program, joined)
        }
        // Nothing is known of the kernels of single operations.
        Err(Circular) => {
            let program = plan(graph);
            let unknown = vec![Vec::new(); program.kernels.len()];
            (program, unknown)
        }
    }
}

fn origins(graph: &Classified, group: &fuse::Group, kernel: &Kernel) -> Origins {
    let weight = |(place, form): (usize, Form<'_>)| match (kernel, form) {
        (Kernel::Contract(product), _) if place == 0 => 2.0 * product.k() as f64,
        (_, Form::View(_) | Form::Input | Form::Constant(_) | Form::First) => 0.0,
        _ => 1.0,
    };
    let of = |(place, &member): (usize, &crate::op::NodeId)| {
        let node = graph.node(member);
        (node.origin as usize, weight((place, node.op.form())))
    };
    let mut all: Origins = group.members.iter().enumerate().map(of).collect();
    let sum: f64 = all.iter().map(|(_, weight)| weight).sum();
    let equal = 1.0 / all.len().max(1) as f64;
    all.iter_mut().for_each(|(_, share)| *share = if sum > 0.0 { *share / sum } else { equal });
    all
}
