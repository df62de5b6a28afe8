//! Operations that no fused loop and no product expresses: moving elements, picking and placing them by
//! number, running sums, order, and whole numbers. Each is a plain loop by one worker over slices of the
//! program's memory; nothing is allocated, and what can fail fails before anything is written.

mod along;
mod copy;
mod order;
mod places;
mod whole;

use super::memory::Memory;
use crate::op::{Meta, Op, with_number, with_type};
use crate::plan::{BufferId, Host};
use crate::tensor::{DType, Dims, Element, Error, Kind, Result, Shape, Tensor};

/// An operation made ready to run.
pub(crate) struct HostPlan {
    host: Host,
    walk: Walk,
}

/// The elements of a shape in row-major order, and where each stands in something else: at
/// `offset + Σ i[axis] * strides[axis]`. Taken by rows along the last axis.
struct Walk {
    sizes: Dims,
    offset: usize,
    strides: Dims,
    /// The size of the last axis, and its stride.
    row: (usize, usize),
}

impl Walk {
    fn new(shape: &Shape, offset: usize, mut strides: Dims) -> Walk {
        let mut sizes = Dims::from_slice(shape);
        let row = (sizes.pop().unwrap_or(1), strides.pop().unwrap_or(0));
        Walk { sizes, offset, strides, row }
    }

    /// Where row number `row` starts.
    fn start(&self, mut row: usize) -> usize {
        let mut at = self.offset;
        for (size, stride) in self.sizes.iter().zip(&self.strides).rev() {
            at += row % size * stride;
            row /= size;
        }
        at
    }
}

impl HostPlan {
    pub(crate) fn new(host: &Host) -> HostPlan {
        let out = &host.output.1.shape;
        let first = host.inputs.first().map_or(out, |(_, meta)| &meta.shape);
        let walk = match &host.op {
            Op::Gather(op) => places::walk(op.axis, out, first),
            Op::ScatterAdd(op) => places::walk(op.axis, first, out),
            op => match whole::reduced_axes(op) {
                Some(axes) => whole::walk(first, axes),
                None => copy::walk(op, first, out),
            },
        };
        HostPlan { host: host.clone(), walk }
    }

    /// Runs the operation.
    ///
    /// # Safety
    /// The memory must be that of the operation's program; no other worker may use it meanwhile.
    pub(crate) unsafe fn run(&self, memory: &Memory<'_>) -> Result<()> {
        // SAFETY: passed on from the caller.
        unsafe { self.loops(memory) }.map_err(|error| error.at(self.host.at))
    }

    /// # Safety
    /// As [`HostPlan::run`].
    unsafe fn loops(&self, memory: &Memory<'_>) -> Result<()> {
        let HostPlan { host: Host { op, inputs, output, .. }, walk } = self;
        let (to, out) = output;
        let empty = inputs.iter().any(|(_, meta)| meta.shape.elements() == 0);
        if empty || out.shape.elements() == 0 {
            // SAFETY: passed on from the caller.
            return unsafe { self.meaning(memory) };
        }
        macro_rules! x {
            ($i:literal, $t:ty) => {
                // SAFETY: the caller vouches for the memory.
                unsafe { input::<$t>(&inputs[$i], memory) }
            };
        }
        macro_rules! out {
            ($t:ty) => {
                // SAFETY: as above. The result's buffer is none of the inputs': the planner gives such an
                // operation memory of its own.
                unsafe { result::<$t>(*to, out, memory) }
            };
        }
        match op {
            Op::Pad(pad) => {
                with_type!(out.dtype, T => copy::pad(pad, x!(0, T), &inputs[0].1.shape, out!(T)));
            }
            Op::Concat(concat) => with_type!(out.dtype, T => {
                let inner = out.shape[concat.axis..].iter().product();
                let mut start = 0;
                for part in inputs {
                    let run = part.1.shape[concat.axis..].iter().product();
                    // SAFETY: as above.
                    let from = unsafe { input::<T>(part, memory) };
                    copy::part(from, run, out!(T), inner, start);
                    start += run;
                }
            }),
            Op::Gather(gather) => with_type!(out.dtype, T => {
                let index = places::Index::new("gather", x!(1, i64), &inputs[1].1.shape);
                index.check(inputs[0].1.shape[gather.axis])?;
                let step = inputs[0].1.shape[gather.axis + 1..].iter().product();
                places::gather(walk, step, x!(0, T), index.places, out!(T));
            }),
            Op::ScatterAdd(scatter) => with_number!(out.dtype, T => {
                let index = places::Index::new("scatter_add", x!(1, i64), &inputs[1].1.shape);
                index.check(out.shape[scatter.axis])?;
                let step = out.shape[scatter.axis + 1..].iter().product();
                places::scatter_add(walk, step, x!(0, T), index.places, out!(T));
            }),
            Op::IndexSelect(select) => with_type!(out.dtype, T => {
                let index = places::Index::new("index_select", x!(1, i64), &inputs[1].1.shape);
                let from = &inputs[0].1.shape;
                index.check(from[select.axis])?;
                let inner = from[select.axis + 1..].iter().product();
                places::index_select(x!(0, T), from[select.axis], inner, index.places, out!(T));
            }),
            Op::IndexAdd(add) => with_number!(out.dtype, T => {
                let index = places::Index::new("index_add", x!(1, i64), &inputs[1].1.shape);
                index.check(add.size)?;
                let inner = out.shape[add.axis + 1..].iter().product();
                places::index_add(x!(0, T), add.size, inner, index.places, out!(T));
            }),
            Op::OneHot(one_hot) => with_type!(out.dtype, T => {
                places::one_hot(x!(0, i64), one_hot.classes, out!(T))?;
            }),
            Op::CumSum(sum) => with_number!(out.dtype, T => {
                let inner = out.shape[sum.axis + 1..].iter().product();
                along::cumsum(x!(0, T), out.shape[sum.axis], inner, sum.reverse, out!(T));
            }),
            Op::ArgMax(max) => with_number!(inputs[0].1.dtype, T => {
                let shape = &inputs[0].1.shape;
                let inner = shape[max.axis + 1..].iter().product();
                along::argmax(x!(0, T), shape[max.axis], inner, out!(i64));
            }),
            Op::ArgSort(sort) => with_type!(inputs[0].1.dtype, T => {
                let size = inputs[0].1.shape.last().copied().unwrap_or(1);
                order::argsort(sort, x!(0, T), size, out!(i64));
            }),
            Op::Iota(iota) => with_type!(out.dtype, T => {
                let inner = out.shape[iota.axis + 1..].iter().product();
                copy::iota(out!(T), out.shape[iota.axis], inner);
            }),
            Op::Constant(constant) if out.dtype == DType::I64 => {
                out!(i64).fill(constant.value.to_i64());
            }
            Op::Constant(constant) => with_type!(out.dtype, T => {
                out!(T).fill(T::from_f64(constant.value.value()));
            }),
            Op::Broadcast(_) | Op::Reshape(_) | Op::Transpose(_) | Op::Slice(_) | Op::Custom(_) => {
                with_type!(out.dtype, T => copy::view(walk, x!(0, T), out!(T)));
            }
            Op::Sum(_) | Op::Max(_) | Op::Min(_) if out.dtype == DType::I64 => {
                whole::reduce(op, walk, x!(0, i64), out!(i64));
            }
            op if op.is_elementwise() && inputs.len() <= 3 => {
                let operand = |i: usize| match inputs.get(i).map(|(_, meta)| meta.dtype) {
                    Some(DType::I64) => {
                        // SAFETY: as above.
                        whole::Operand::Whole(unsafe { input(&inputs[i], memory) })
                    }
                    Some(DType::Bool) => {
                        // SAFETY: as above.
                        whole::Operand::Truth(unsafe { input(&inputs[i], memory) })
                    }
                    _ => whole::Operand::None,
                };
                match (inputs.first().map(|(_, meta)| meta.dtype), out.dtype) {
                    (Some(DType::F32), DType::I64) => whole::truncate(x!(0, f32), out!(i64)),
                    (Some(DType::F64), DType::I64) => whole::truncate(x!(0, f64), out!(i64)),
                    (_, DType::I64) => {
                        let x = [operand(0), operand(1), operand(2)];
                        whole::elementwise(op, x, out!(i64))?;
                    }
                    (_, DType::Bool) => {
                        let x = [operand(0), operand(1), operand(2)];
                        whole::elementwise(op, x, out!(bool))?;
                    }
                    // SAFETY: as above.
                    _ => return unsafe { self.meaning(memory) },
                }
            }
            // SAFETY: as above.
            _ => return unsafe { self.meaning(memory) },
        }
        Ok(())
    }

    /// Runs the operation by its own meaning, on copies of its inputs: what has no elements.
    ///
    /// # Safety
    /// As [`HostPlan::run`].
    unsafe fn meaning(&self, memory: &Memory<'_>) -> Result<()> {
        let Host { op, inputs, output: (to, out), .. } = &self.host;
        let read = |part: &(BufferId, Meta)| {
            with_type!(part.1.dtype, T => {
                // SAFETY: the caller vouches for the memory.
                let numbers = unsafe { input::<T>(part, memory) };
                Tensor::from_slice(numbers, &part.1.shape)
            })
        };
        let inputs = inputs.iter().map(read).collect::<Result<Vec<Tensor>>>()?;
        let value = op.eval(&inputs, out)?;
        if Meta::of(&value) != *out {
            let message = format!("{}: gave {} instead of {out}", op.name(), Meta::of(&value));
            return Err(Error::new(Kind::Shape, message));
        }
        with_type!(out.dtype, T => {
            // SAFETY: as above; the inputs were copied.
            let numbers = unsafe { result::<T>(*to, out, memory) };
            numbers.copy_from_slice(&value.to_vec::<T>()?);
        });
        Ok(())
    }
}

/// The elements of an input.
///
/// # Safety
/// The buffer must hold the elements of the type and shape, which must be those of `T`, and nothing may
/// write them while the slice lives.
unsafe fn input<'m, T: Element>((buffer, meta): &(BufferId, Meta), memory: &Memory<'m>) -> &'m [T] {
    match meta.shape.elements() {
        0 => &[],
        // SAFETY: the caller vouches for it.
        len => unsafe { std::slice::from_raw_parts(memory.address::<T>(*buffer, 0), len) },
    }
}

/// The elements of the result.
///
/// # Safety
/// As [`input`], and nothing else may use the buffer while the slice lives.
unsafe fn result<'m, T: Element>(
    buffer: BufferId,
    meta: &Meta,
    memory: &Memory<'m>,
) -> &'m mut [T] {
    match meta.shape.elements() {
        0 => &mut [],
        // SAFETY: the caller vouches for it.
        len => unsafe { std::slice::from_raw_parts_mut(memory.address::<T>(buffer, 0), len) },
    }
}
