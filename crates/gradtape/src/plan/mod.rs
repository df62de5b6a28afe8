//! Planning: from a [`Graph`](crate::tape::Graph) to a [`Program`].
//!
//! Pure and deterministic: the same graph gives the same program, byte for byte.

mod program;

pub use program::{
    Access, Body, Buffer, BufferId, Check, Host, Inst, Kernel, Loop, MatMul, Place, Program,
    Reduce, Reduction, Reg, Store,
};
