//! Making the [`Body`] of a kernel from the nodes that it computes.

use smallvec::SmallVec;

use super::Placement;
use crate::op::{Bits, Cost, Form, NodeId, Op, Reduce};
use crate::plan::classify::index::{Line, Reached, reach, split};
use crate::plan::classify::{Classified, Role};
use crate::plan::program::{Access, Body, BufferId, Inst, Reg};
use crate::tensor::{DType, Dims};

/// A value of a body while the number of loads is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plan) enum Value {
    /// The matrix product.
    Product,
    /// Load number `.0`.
    Load(u32),
    /// Instruction number `.0`.
    Inst(u32),
}

/// A body in the making.
pub(in crate::plan) struct Writer<'a> {
    graph: &'a Classified,
    buffers: &'a Placement,
    space: Dims,
    product: bool,
    loads: Vec<Access>,
    insts: Vec<Draft>,
    /// What was computed at the kernel's own index.
    own: Vec<(NodeId, Value)>,
}

/// An instruction with the arguments it will have.
#[derive(Clone, PartialEq)]
struct Draft {
    inst: Inst,
    args: SmallVec<[Value; 3]>,
}

impl<'a> Writer<'a> {
    /// A body over a space. `product` is the node whose value the matrix product gives.
    pub(in crate::plan) fn new(
        graph: &'a Classified,
        buffers: &'a Placement,
        space: &[usize],
        product: Option<NodeId>,
    ) -> Writer<'a> {
        Writer {
            graph,
            buffers,
            space: Dims::from_slice(space),
            product: product.is_some(),
            loads: Vec::new(),
            insts: Vec::new(),
            own: product.map(|node| (node, Value::Product)).into_iter().collect(),
        }
    }

    /// Computes element number `flat` of a node, which is the one that readers of the same kernel want.
    pub(in crate::plan) fn compute(&mut self, id: NodeId, flat: Line) -> Value {
        let value = match self.graph.starts(id) {
            (starts, true) => self.read(starts[0], flat, true),
            (_, false) => {
                let lines = split(&flat, &self.graph.meta(id).shape, &self.space);
                self.evaluate(&Reached { base: id, flat, lines })
            }
        };
        self.own.push((id, value));
        value
    }

    /// Reduces the row that the kernel's index lies in.
    pub(in crate::plan) fn reduce(&mut self, id: NodeId, kind: Reduce, row: Value) -> Value {
        let inst = Inst::Reduce { kind, reg: Reg(0) };
        let value = self.push(Draft { inst, args: SmallVec::from_slice(&[row]) });
        self.own.push((id, value));
        value
    }

    /// The value of element number `flat` of a node.
    pub(in crate::plan) fn read(&mut self, node: NodeId, flat: Line, through: bool) -> Value {
        let Ok(reached) = reach(self.graph, node, flat, &self.space, through) else {
            debug_assert!(false, "what cannot be followed is stored");
            return self.constant(f64::NAN);
        };
        let base = reached.base;
        if let Some(&(_, value)) = self.own.iter().find(|(own, _)| *own == base) {
            return value;
        }
        match (self.graph.role(base), self.buffers.buffers[base.index()]) {
            (Role::Constant(value), _) => self.constant(value),
            (Role::Inline, _) => self.evaluate(&reached),
            (_, Some(_)) => self.load(self.buffers.access(base, reached.flat, &self.space)),
            (_, None) => {
                debug_assert!(false, "what is read is computed here or stored");
                self.constant(f64::NAN)
            }
        }
    }

    /// Computes the element of a node that was reached.
    fn evaluate(&mut self, reached: &Reached) -> Value {
        let Ok(inputs) = self.graph.inputs_at(reached, &self.space) else {
            debug_assert!(false, "what cannot be told is stored");
            return self.constant(f64::NAN);
        };
        let op = &self.graph.node(reached.base).op;
        let axis = |axis: usize| reached.lines.as_ref().and_then(|lines| lines.get(axis).cloned());
        if let Form::Random(key) = op.form() {
            let counter = self.stored(inputs[0].0);
            let Line { offset, strides } = reached.flat.clone();
            let inst = Inst::Random { key, counter, offset, strides };
            return self.push(Draft { inst, args: SmallVec::new() });
        }
        let args: SmallVec<[Value; 3]> =
            inputs.into_iter().map(|(input, flat)| self.read(input, flat, false)).collect();
        match op.form() {
            Form::Constant(value) => self.constant(value.value()),
            // In memory a value is of its type, in registers always of the body's.
            Form::Formula(Cost::Copy) => first(&args),
            Form::Formula(Cost::Rounded(dtype)) if self.is_rounded(first(&args), dtype) => {
                first(&args)
            }
            Form::Position(along) => self.index(axis(along)),
            Form::Label(_) => {
                let class = self.index(axis(self.graph.meta(reached.base).shape.rank() - 1));
                let inst = Inst::Op { op: Op::equality(), args: [Reg(0); 3] };
                self.push(Draft { inst, args: SmallVec::from_slice(&[first(&args), class]) })
            }
            _ => {
                let inst = Inst::Op { op: op.clone(), args: [Reg(0); 3] };
                self.push(Draft { inst, args })
            }
        }
    }

    /// Whether a value was made by rounding to a type.
    fn is_rounded(&self, value: Value, dtype: DType) -> bool {
        let Value::Inst(number) = value else { return false };
        let inst = self.insts.get(number as usize).map(|draft| &draft.inst);
        matches!(inst, Some(Inst::Op { op, .. }) if op.rounds_to() == Some(dtype))
    }

    /// The buffer of what a node is a view of.
    fn stored(&self, node: NodeId) -> BufferId {
        let reached = reach(self.graph, node, Line::fixed(0, &self.space), &self.space, false);
        let base = reached.map_or(node, |reached| reached.base);
        self.buffers.whole(base)
    }

    fn index(&mut self, line: Option<Line>) -> Value {
        debug_assert!(line.is_some(), "a position can be told");
        let Line { offset, strides } = line.unwrap_or_else(|| Line::fixed(0, &self.space));
        if strides.iter().all(|&stride| stride == 0) {
            return self.constant(offset as f64);
        }
        self.push(Draft { inst: Inst::Index { offset, strides }, args: SmallVec::new() })
    }

    fn load(&mut self, access: Access) -> Value {
        let known = self.loads.iter().position(|load| *load == access);
        let place = known.unwrap_or_else(|| {
            self.loads.push(access);
            self.loads.len() - 1
        });
        Value::Load(place as u32)
    }

    fn constant(&mut self, value: f64) -> Value {
        self.push(Draft { inst: Inst::Constant { value: Bits::new(value) }, args: SmallVec::new() })
    }

    fn push(&mut self, draft: Draft) -> Value {
        let known = self.insts.iter().position(|inst| *inst == draft);
        let place = known.unwrap_or_else(|| {
            self.insts.push(draft);
            self.insts.len() - 1
        });
        Value::Inst(place as u32)
    }

    /// The register that a value is in, once all loads are known.
    pub(in crate::plan) fn reg(&self, value: Value) -> Reg {
        let loads = u32::from(self.product);
        Reg(match value {
            Value::Product => 0,
            Value::Load(i) => loads + i,
            Value::Inst(i) => loads + self.loads.len() as u32 + i,
        })
    }

    /// The finished body.
    pub(in crate::plan) fn finish(self, dtype: DType) -> Body {
        let place = |draft: &Draft| match &draft.inst {
            Inst::Op { op, .. } => {
                let arg = |i: usize| draft.args.get(i).or(draft.args.first()).copied();
                let reg = |i: usize| arg(i).map_or(Reg(0), |value| self.reg(value));
                Inst::Op { op: op.clone(), args: [reg(0), reg(1), reg(2)] }
            }
            Inst::Reduce { kind, .. } => {
                Inst::Reduce { kind: *kind, reg: self.reg(first(&draft.args)) }
            }
            other => other.clone(),
        };
        let insts = self.insts.iter().map(place).collect();
        Body { dtype, loads: self.loads, insts }
    }
}

fn first(args: &[Value]) -> Value {
    args.first().copied().unwrap_or(Value::Product)
}
