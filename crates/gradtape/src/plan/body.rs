//! Making the [`Body`] of a kernel from the nodes that it computes.

use smallvec::SmallVec;

use super::index::{Line, Reached, reach};
use super::program::{Access, Body, BufferId, Inst, Reg};
use super::work::{Role, Work};
use crate::op::{Bits, NodeId, Op};
use crate::tensor::{DType, Dims};

/// A value of a body while the number of loads is not known yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// The matrix product.
    Product,
    /// Load number `.0`.
    Load(u32),
    /// Instruction number `.0`.
    Inst(u32),
}

/// A body in the making.
pub(super) struct Writer<'a> {
    work: &'a Work,
    buffers: &'a [Option<BufferId>],
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
    pub(super) fn new(
        work: &'a Work,
        buffers: &'a [Option<BufferId>],
        space: &[usize],
        product: Option<NodeId>,
    ) -> Writer<'a> {
        Writer {
            work,
            buffers,
            space: Dims::from_slice(space),
            product: product.is_some(),
            loads: Vec::new(),
            insts: Vec::new(),
            own: product.map(|node| (node, Value::Product)).into_iter().collect(),
        }
    }

    /// Computes a node at the kernel's own index.
    pub(super) fn compute(&mut self, id: NodeId) -> Value {
        let flat = Line::row_major(&self.space);
        let (starts, through) = self.work.starts(id);
        let args: SmallVec<[Value; 3]> =
            starts.iter().map(|&start| self.read(start, flat.clone(), through)).collect();
        let value = match through {
            true => first(&args),
            false => self.operation(id, args),
        };
        self.own.push((id, value));
        value
    }

    /// The value of element number `flat` of a node.
    pub(super) fn read(&mut self, node: NodeId, flat: Line, through: bool) -> Value {
        let Ok(reached) = reach(self.work, node, flat, &self.space, through) else {
            debug_assert!(false, "what cannot be followed is stored");
            return self.constant(f64::NAN);
        };
        if let Some(&(_, value)) = self.own.iter().find(|(own, _)| *own == reached.base) {
            return value;
        }
        let Reached { base, flat, .. } = reached;
        match (self.work.role(base), self.buffers[base.index()]) {
            (Role::Constant(value), _) => self.constant(value),
            (Role::Inline, _) => {
                let inputs = self.work.node(base).inputs.clone();
                let args = inputs.iter().map(|&x| self.read(x, flat.clone(), false)).collect();
                self.operation(base, args)
            }
            (_, Some(buffer)) => self.load(buffer, flat),
            (_, None) => {
                debug_assert!(false, "what is read is computed here or stored");
                self.constant(f64::NAN)
            }
        }
    }

    fn load(&mut self, buffer: BufferId, flat: Line) -> Value {
        let access = Access { buffer, offset: flat.offset, strides: flat.strides };
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

    fn operation(&mut self, id: NodeId, args: SmallVec<[Value; 3]>) -> Value {
        match &self.work.node(id).op {
            Op::Constant(constant) => self.constant(constant.value.value()),
            Op::StopGradient(_) => first(&args),
            op => {
                let inst = Inst::Op { op: op.clone(), args: [Reg(0); 3] };
                self.push(Draft { inst, args })
            }
        }
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
    pub(super) fn reg(&self, value: Value) -> Reg {
        let loads = u32::from(self.product);
        Reg(match value {
            Value::Product => 0,
            Value::Load(i) => loads + i,
            Value::Inst(i) => loads + self.loads.len() as u32 + i,
        })
    }

    /// The finished body.
    pub(super) fn finish(self, dtype: DType) -> Body {
        let place = |draft: &Draft| match &draft.inst {
            Inst::Op { op, .. } => {
                let arg = |i: usize| draft.args.get(i).or(draft.args.first()).copied();
                let reg = |i: usize| arg(i).map_or(Reg(0), |value| self.reg(value));
                Inst::Op { op: op.clone(), args: [reg(0), reg(1), reg(2)] }
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
