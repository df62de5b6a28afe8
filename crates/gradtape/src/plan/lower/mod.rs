//! From groups of nodes to kernels.

mod body;
mod memory;
mod merge;
mod placement;

use smallvec::SmallVec;

use crate::op::linear::Groups;
use crate::op::{Bits, Form, NodeId};
use crate::plan::classify::index::{Line, flatten, reach, split};
use crate::plan::classify::{Classified, Role};
use crate::plan::fuse::Group;
use crate::plan::program::{
    Access, Body, Contract, Host, Inst, Kernel, Loop, Reduction, Reg, Store, Strides,
};
use crate::tensor::{DType, Dims};
use body::{Value, Writer};
pub(in crate::plan) use memory::lay_out;
pub(in crate::plan) use merge::split_rows;
pub(in crate::plan) use placement::Placement;

/// Adds the kernels that compute a group.
pub(in crate::plan) fn lower(
    graph: &Classified,
    group: &Group,
    buffers: &Placement,
    kernels: &mut Vec<Kernel>,
) {
    match graph.role(group.first()) {
        Role::Host => kernels.push(host(graph, group.first(), buffers)),
        Role::Contract => kernels.push(product(graph, group, buffers)),
        Role::Joined => kernels.extend(parts(graph, group.first(), buffers)),
        _ => {
            kernels.extend(zeros(graph, group, buffers));
            kernels.push(fused_loop(graph, group, buffers));
        }
    }
}

/// The kernels that put zeros where a group then spreads what it computes.
fn zeros<'a>(
    graph: &'a Classified,
    group: &'a Group,
    buffers: &'a Placement,
) -> impl Iterator<Item = Kernel> + 'a {
    let spread = group.members.iter().filter(|&&member| graph.role(member) == Role::Spread);
    spread.map(|&member| {
        let meta = graph.meta(member);
        let dtype = if meta.dtype.is_float() { meta.dtype.computed() } else { DType::F32 };
        let insts = vec![Inst::Constant { value: Bits::new(0.0) }];
        let to =
            Access { buffer: buffers.whole(member), offset: 0, strides: Strides::from_elem(1, 1) };
        Kernel::Loop(Loop {
            space: Dims::from_elem(meta.shape.elements(), 1),
            reduced: 0,
            body: Body { dtype, loads: Vec::new(), insts },
            stores: vec![Store { reg: Reg(0), to }],
            reductions: Vec::new(),
            across: Vec::new(),
        })
    })
}

/// The loops that put values one after another.
fn parts<'a>(
    graph: &'a Classified,
    id: NodeId,
    buffers: &'a Placement,
) -> impl Iterator<Item = Kernel> + 'a {
    let node = graph.node(id);
    let axis = match node.op.form() {
        Form::Joined(concat) => concat.axis,
        _ => 0,
    };
    let strides = Line::row_major(&node.meta.shape).strides;
    let mut offset = 0;
    node.inputs.iter().enumerate().filter_map(move |(part, &input)| {
        let shape = &graph.meta(input).shape;
        let start = offset;
        offset += shape[axis] * strides[axis] as usize;
        let reached = reach(graph, input, Line::row_major(shape), shape, false);
        if reached.is_ok_and(|reached| buffers.is_placed(reached.base, id, part)) {
            return None;
        }
        let mut writer = Writer::new(graph, buffers, shape, None);
        let value = writer.read(input, Line::row_major(shape), false);
        let place = Line { offset: start, strides: strides.clone() };
        let to = buffers.access(id, place, shape);
        let stores = vec![Store { reg: writer.reg(value), to }];
        let dtype = graph.body_dtype(id).or(graph.float).unwrap_or(DType::F32);
        let body = writer.finish(dtype);
        let space = Dims::from_slice(shape);
        let (reductions, across) = (Vec::new(), Vec::new());
        let plain = Loop { space, reduced: 0, body, stores, reductions, across };
        Some(Kernel::Loop(merge::plain(plain)))
    })
}

fn host(graph: &Classified, id: NodeId, buffers: &Placement) -> Kernel {
    let node = graph.node(id);
    let input = |&input: &NodeId| {
        let shape = &graph.meta(input).shape;
        let reached = reach(graph, input, Line::row_major(shape), shape, false);
        let base = reached.map_or(input, |reached| reached.base);
        (buffers.whole(base), graph.meta(input).clone())
    };
    Kernel::Host(Host {
        op: node.op.clone(),
        inputs: node.inputs.iter().map(input).collect(),
        output: (buffers.whole(id), node.meta.clone()),
        at: node.at,
    })
}

fn product(graph: &Classified, group: &Group, buffers: &Placement) -> Kernel {
    let id = group.first();
    let node = graph.node(id);
    let operand = |i: usize| {
        let shape = &graph.meta(node.inputs[i]).shape;
        let line = Line::row_major(shape);
        let reached = reach(graph, node.inputs[i], line.clone(), shape, false);
        let (base, flat) = reached.map_or((node.inputs[i], line), |r| (r.base, r.flat));
        buffers.access(base, flat, shape)
    };
    let mut writer = Writer::new(graph, buffers, &group.space, Some(id));
    let mut values: SmallVec<[(NodeId, Value); 8]> = SmallVec::new();
    values.push((id, Value::Product));
    for &member in &group.members[1..] {
        let value = writer.compute(member, Line::row_major(&group.space));
        values.push((member, value));
    }
    let stores = stores(graph, group, buffers, &writer, &values);
    let Groups { batch, rows, columns, summed } = graph.groups(id);
    let (a, b, epilogue) = (operand(0), operand(1), writer.finish(dtype_of(graph, group)));
    let product = Contract { batch, rows, columns, summed, a, b, epilogue, stores };
    Kernel::Contract(merge::contract(product))
}

fn fused_loop(graph: &Classified, group: &Group, buffers: &Placement) -> Kernel {
    let space = &group.space;
    let mut writer = Writer::new(graph, buffers, space, None);
    let mut values: SmallVec<[(NodeId, Value); 8]> = SmallVec::new();
    let mut reduced: SmallVec<[(NodeId, Value); 4]> = SmallVec::new();
    let mut across: SmallVec<[(NodeId, Value); 4]> = SmallVec::new();
    let mut spread: SmallVec<[(NodeId, Value); 4]> = SmallVec::new();
    let reads = |reader: NodeId, base| graph.reads[reader.index()].iter().any(|r| r.base == base);
    for &member in &group.members {
        let whole = || Line::row_major(space);
        match graph.role(member) {
            Role::Reduce(kind) => {
                let row = writer.read(graph.node(member).inputs[0], whole(), false);
                if group.is_across(graph, member) {
                    across.push((member, row));
                    continue;
                }
                match group.members.iter().any(|&reader| reads(reader, member)) {
                    true => values.push((member, writer.reduce(member, kind, row))),
                    false => reduced.push((member, row)),
                }
            }
            Role::Spread => {
                let from = graph.spread_from(member);
                spread.push((member, writer.read(from, whole(), false)));
            }
            _ => {
                let value = writer.compute(member, place(graph, group, member));
                values.push((member, value));
            }
        }
    }
    let mut stores = stores(graph, group, buffers, &writer, &values);
    for &(member, value) in &spread {
        let to = buffers.access(member, graph.spread_place(member, space), space);
        stores.push(Store { reg: writer.reg(value), to });
    }
    let reduction = |&(member, value): &(NodeId, Value)| {
        let Role::Reduce(kind) = graph.role(member) else { return None };
        let to = buffers.access(member, reduced_place(graph, member, space), space);
        Some(Reduction { kind, reg: writer.reg(value), to })
    };
    let reductions = reduced.iter().filter_map(reduction).collect();
    let across = across.iter().filter_map(reduction).collect();
    let kept = |axis: &usize| !group.reduces(*axis);
    let order: Dims = (0..space.len()).filter(kept).collect();
    let trailing: Dims = (0..space.len()).filter(|axis| !kept(axis)).collect();
    let body = writer.finish(dtype_of(graph, group));
    let (space, reduced) = (space.clone(), trailing.len());
    let plain = Loop { space, reduced, body, stores, reductions, across };
    Kernel::Loop(merge::plain(permuted(plain, order.iter().chain(&trailing).copied().collect())))
}

/// Which of a member's elements belongs to an index of the space.
fn place(graph: &Classified, group: &Group, member: NodeId) -> Line {
    let product = graph.role(group.first()) == Role::Contract;
    match !product && group.has_one_for_each_row(graph, member) {
        true => Line::by_row(&group.space),
        false => Line::row_major(&group.space),
    }
}

/// Where in its result a reduction puts what it makes of an index of the space.
fn reduced_place(graph: &Classified, id: NodeId, space: &[usize]) -> Line {
    let operand = graph.node(id).inputs[0];
    let lines = split(&Line::row_major(space), &graph.meta(operand).shape, space);
    let axes = graph.node(id).op.reduced_axes();
    let kept = lines.into_iter().flatten().enumerate().filter(|(axis, _)| !axes.contains(axis));
    let kept: SmallVec<[Line; 4]> = kept.map(|(_, line)| line).collect();
    flatten(&kept, &graph.meta(id).shape, space)
}

fn stores(
    graph: &Classified,
    group: &Group,
    buffers: &Placement,
    writer: &Writer<'_>,
    values: &[(NodeId, Value)],
) -> Vec<Store> {
    let mut stores = Vec::new();
    for &(member, value) in values {
        debug_assert!(graph.role(member) != Role::Dead);
        if buffers.buffers[member.index()].is_some() {
            let to = buffers.access(member, place(graph, group, member), &group.space);
            stores.push(Store { reg: writer.reg(value), to });
        }
    }
    stores
}

/// The loop with its axes in another order.
fn permuted(mut plain: Loop, order: Dims) -> Loop {
    let turn = |strides: &mut Strides| {
        *strides = order.iter().map(|&axis| strides[axis]).collect();
    };
    plain.space = order.iter().map(|&axis| plain.space[axis]).collect();
    plain.body.loads.iter_mut().for_each(|load| turn(&mut load.strides));
    plain.stores.iter_mut().for_each(|store| turn(&mut store.to.strides));
    for inst in &mut plain.body.insts {
        if let Inst::Index { strides, .. } | Inst::Random { strides, .. } = inst {
            turn(strides);
        }
    }
    let kept = order.len() - plain.reduced;
    for reduction in &mut plain.reductions {
        turn(&mut reduction.to.strides);
        reduction.to.strides.truncate(kept);
    }
    for reduction in &mut plain.across {
        turn(&mut reduction.to.strides);
        reduction.to.strides.drain(..kept);
    }
    plain
}

fn dtype_of(graph: &Classified, group: &Group) -> DType {
    // What works on truth values alone may compute anew the comparisons that they come from.
    let own = group.members.iter().find_map(|&member| graph.body_dtype(member));
    own.or(graph.float).unwrap_or(DType::F32)
}
