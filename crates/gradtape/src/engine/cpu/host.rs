//! Operations that no kernel expresses, run by their own meaning.

use super::memory::Memory;
use crate::op::Meta;
use crate::plan::{BufferId, Host};
use crate::tensor::{DType, Element, Error, Kind, Result, Tensor};

/// Runs an operation on copies of its inputs and copies its result back.
///
/// # Safety
/// The memory must be that of the operation's program; no other worker may use it meanwhile.
pub(crate) unsafe fn run(host: &Host, memory: &Memory<'_>) -> Result<()> {
    let inputs: Vec<Tensor> = host
        .inputs
        .iter()
        // SAFETY: the caller vouches for the memory.
        .map(|(buffer, meta)| unsafe { read(*buffer, meta, memory) })
        .collect::<Result<_>>()?;
    let (buffer, meta) = &host.output;
    let value = host.op.eval(&inputs, meta).map_err(|e| e.at(host.at))?;
    if Meta::of(&value) != *meta {
        let message = format!("{}: gave {} instead of {meta}", host.op.name(), Meta::of(&value));
        return Err(Error::new(Kind::Shape, message).at(host.at));
    }
    // SAFETY: the caller vouches for the memory.
    unsafe {
        match meta.dtype {
            DType::F32 => write::<f32>(*buffer, &value, memory),
            DType::F64 => write::<f64>(*buffer, &value, memory),
            DType::I64 => write::<i64>(*buffer, &value, memory),
            DType::Bool => write::<bool>(*buffer, &value, memory),
        }
    }
}

/// # Safety
/// As [`run`].
unsafe fn read(buffer: BufferId, meta: &Meta, memory: &Memory<'_>) -> Result<Tensor> {
    /// # Safety
    /// The buffer must hold the elements, of type `T`.
    unsafe fn of<T: Element>(b: BufferId, meta: &Meta, memory: &Memory<'_>) -> Result<Tensor> {
        let len = meta.shape.elements();
        if len == 0 {
            return Tensor::from_vec::<T>(Vec::new(), &meta.shape);
        }
        // SAFETY: the caller vouches for it.
        let data = unsafe { std::slice::from_raw_parts(memory.address::<T>(b, 0), len) };
        Tensor::from_slice(data, &meta.shape)
    }
    // SAFETY: the buffer is of this type, by the program.
    unsafe {
        match meta.dtype {
            DType::F32 => of::<f32>(buffer, meta, memory),
            DType::F64 => of::<f64>(buffer, meta, memory),
            DType::I64 => of::<i64>(buffer, meta, memory),
            DType::Bool => of::<bool>(buffer, meta, memory),
        }
    }
}

/// # Safety
/// As [`run`].
unsafe fn write<T: Element>(buffer: BufferId, value: &Tensor, memory: &Memory<'_>) -> Result<()> {
    let data = value.to_vec::<T>()?;
    // SAFETY: the buffer holds as many elements of this type, by the program.
    unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), memory.address(buffer, 0), data.len()) };
    Ok(())
}
