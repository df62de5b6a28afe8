//! What the planner makes and engines run: kernels over buffers.

use std::panic::Location;

use smallvec::SmallVec;

use crate::op::{Bits, Meta, Op, Reduce};
use crate::tensor::{DType, Dims};

/// A list of kernels to be run in order, and the buffers they work on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// Every buffer, numbered by [`BufferId`].
    pub buffers: Vec<Buffer>,
    /// The kernels in the order of running.
    pub kernels: Vec<Kernel>,
    /// For each input of the graph, in order, its buffer.
    pub inputs: Vec<BufferId>,
    /// For each output of the graph, in order, the buffer that holds it after the run. An output that
    /// updates an input in place has that input's buffer.
    pub outputs: Vec<BufferId>,
    /// What must hold of the inputs before anything is computed.
    pub checks: Vec<Check>,
    /// Bytes of the arena in which all [`Place::Arena`] buffers lie.
    pub arena: usize,
}

/// The number of a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub u32);

/// Memory that kernels read and write: `len` elements of one type, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// The element type.
    pub dtype: DType,
    /// The number of elements.
    pub len: usize,
    /// Where the elements lie.
    pub place: Place,
}

/// Where a buffer lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The memory of input number `.0`. Kernels write to it only to update it in place, and no kernel
    /// after such a write reads the old value.
    Input(usize),
    /// The memory of output number `.0`, counting those that update nothing in place.
    Output(usize),
    /// This many bytes from the start of the arena; a multiple of 64.
    Arena(usize),
    /// Nowhere as a whole: the rows of a tile lie in scratch memory number `.0` of the worker that computes it. Only
    /// the kernels of one [`Tiled`] use it.
    Scratch(usize),
}

/// One pass over memory, or one operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Kernel {
    /// Elementwise operations, possibly ending in reductions, in one pass.
    Loop(Loop),
    /// Sums of products with elementwise operations on each finished block.
    Contract(Contract),
    /// An operation that is neither, with a loop of its own.
    Host(Host),
    /// Kernels that are run one after another for a tile of rows at a time.
    Tiled(Tiled),
}

/// For each axis of a space, how far one step along it goes; back where it is negative.
pub(crate) type Strides = SmallVec<[isize; 4]>;

/// Elements of a buffer as a kernel's iteration space sees them.
///
/// The element for index `i` of the space is number `offset + Σ i[axis] * strides[axis]`; a stride of 0
/// reads the same element again (broadcasting).
#[derive(Clone, Debug, PartialEq)]
pub struct Access {
    /// The buffer.
    pub buffer: BufferId,
    /// The element at index zero.
    pub offset: usize,
    /// Elements to step for one step along each axis of the space.
    pub strides: Strides,
}

/// The number of a value inside a [`Body`]: first the loads in order, then the instructions in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reg(pub u32);

/// Elementwise computation at each index of a kernel's space.
///
/// Everything is computed in one floating-point type; truth values are 1 and 0, loads convert to it and
/// stores convert from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The type computed in: f32 or f64.
    pub dtype: DType,
    /// What is read. In the epilogue of a matrix product, register 0 is the product and the loads
    /// follow from register 1.
    pub loads: Vec<Access>,
    /// The instructions; each makes the next register.
    pub insts: Vec<Inst>,
}

/// One instruction of a [`Body`].
#[derive(Clone, Debug, PartialEq)]
pub enum Inst {
    /// An elementwise operation on registers. Arguments beyond the operation's own repeat the first.
    Op {
        /// The operation.
        op: Op,
        /// Its operands.
        args: [Reg; 3],
    },
    /// A number of the program, the same at every index, rounded to the body's type.
    Constant {
        /// The number.
        value: Bits,
    },
    /// What a register is reduced to along the axes that the loop reduces over: the same at every index
    /// along them. Only in a [`Loop`] that reduces over one axis.
    Reduce {
        /// What is done.
        kind: Reduce,
        /// The register that is reduced.
        reg: Reg,
    },
    /// The position `offset + Σ i[axis] * strides[axis]` as a number.
    Index {
        /// The position at index zero.
        offset: usize,
        /// Positions to step along each axis.
        strides: Strides,
    },
    /// A uniform random number in [0, 1): the element at that position of the stream of a key and a
    /// counter. The counter is the only element of an i64 buffer.
    Random {
        /// The key of the stream.
        key: u64,
        /// The buffer that holds the counter.
        counter: BufferId,
        /// The position at index zero.
        offset: usize,
        /// Positions to step along each axis.
        strides: Strides,
    },
}

/// A register written to memory at every index of the space.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// The register.
    pub reg: Reg,
    /// Where it goes; distinct indices go to distinct elements. What is the same at every index along the
    /// axes that a loop reduces over may go to one element for all of them, with strides of 0.
    pub to: Access,
}

/// A fused loop.
#[derive(Clone, Debug, PartialEq)]
pub struct Loop {
    /// The sizes of the iteration space's axes. The last `reduced` of them are reduced over.
    pub space: Dims,
    /// How many trailing axes [`Loop::reductions`] and [`Inst::Reduce`] reduce over; 0 when there are none.
    pub reduced: usize,
    /// What is computed at each index.
    pub body: Body,
    /// What is written at each index.
    pub stores: Vec<Store>,
    /// What is reduced and written once for each index of the axes that are kept.
    pub reductions: Vec<Reduction>,
    /// What is reduced over the axes that are kept instead, and written once for each index of the axis that the
    /// loop reduces over. Only in a loop that reduces over one axis; strides of that axis only.
    pub across: Vec<Reduction>,
}

/// A reduction at the end of a [`Loop`], over the axes that it reduces over or, of those in [`Loop::across`], over the
/// others.
#[derive(Clone, Debug, PartialEq)]
pub struct Reduction {
    /// What is done.
    pub kind: Reduce,
    /// The register that is reduced.
    pub reg: Reg,
    /// Where the result goes; strides of the axes that are not reduced over only.
    pub to: Access,
}

/// Sums of products with an epilogue: space `batch…, rows…, columns…`.
///
/// Each group has any number of axes. With at most one axis each it is a matrix product.
#[derive(Clone, Debug, PartialEq)]
pub struct Contract {
    /// The sizes of the axes that both operands and the result have.
    pub batch: Dims,
    /// The sizes of the axes of the left operand and of the result.
    pub rows: Dims,
    /// The sizes of the axes of the right operand and of the result.
    pub columns: Dims,
    /// The sizes of the axes of both operands that are summed over.
    pub summed: Dims,
    /// The left operand over `batch…, rows…, summed…`. A transposed operand is one of other strides, and so
    /// are windows.
    pub a: Access,
    /// The right operand over `batch…, summed…, columns…`.
    pub b: Access,
    /// What is computed on the sums: over `batch…, rows…, columns…`; register 0 is the sum.
    pub epilogue: Body,
    /// What is written; register 0 for the sum itself.
    pub stores: Vec<Store>,
}

impl Contract {
    /// The number of rows: those of a matrix product.
    pub fn m(&self) -> usize {
        self.rows.iter().product()
    }

    /// The number of columns.
    pub fn n(&self) -> usize {
        self.columns.iter().product()
    }

    /// The number of products that are summed.
    pub fn k(&self) -> usize {
        self.summed.iter().product()
    }

    /// The sizes of the result's axes.
    pub fn space(&self) -> Dims {
        self.batch.iter().chain(&self.rows).chain(&self.columns).copied().collect()
    }
}

/// Kernels over the same rows, run one after another for some rows at a time: what is between them stays in the cache.
///
/// The rows of a loop are the axes that it keeps, those of a contraction its batch and its rows; the last of these axes
/// has [`Tiled::rows`] indices. Of what one of the kernels writes and another one uses, and of all that is in scratch
/// memory, each kernel uses for a row the elements of that row alone: as many for each of them, row after row.
#[derive(Clone, Debug, PartialEq)]
pub struct Tiled {
    /// How many times there are so many rows: those of a tile are of one item.
    pub items: usize,
    /// The number of rows of an item.
    pub rows: usize,
    /// The most rows of a tile. Those of an item are cut into as few tiles as possible, of about the same size.
    pub tile: usize,
    /// The kernels in the order of running: contractions, and loops over whole rows.
    pub kernels: Vec<Kernel>,
}

impl Tiled {
    /// How many tiles the rows of an item are cut into.
    pub fn tiles(&self) -> usize {
        self.rows.div_ceil(self.tile.max(1))
    }
}

/// An operation on contiguous tensors: what moves elements by number, runs along an axis, or computes whole
/// numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Host {
    /// The operation.
    pub op: Op,
    /// Its inputs and their shapes.
    pub inputs: Vec<(BufferId, Meta)>,
    /// Its result and its shape.
    pub output: (BufferId, Meta),
    /// The line of the user's program, for errors.
    pub at: &'static Location<'static>,
}

/// A condition on an input: its elements are labels, from 0 up to the number of classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// The number of the input.
    pub input: usize,
    /// The number of classes.
    pub classes: usize,
    /// The line of the user's program, for the error.
    pub at: &'static Location<'static>,
}
