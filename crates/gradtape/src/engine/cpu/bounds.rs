//! Whether a program stays in its buffers. What kernels read and write they do not check again, so nothing
//! is run that was not seen to be sound here.

use crate::plan::{
    Access, Body, Buffer, BufferId, Host, Inst, Kernel, Loop, MatMul, Place, Program,
};
use crate::tensor::{DType, Error, Kind, Result};

/// Fails for a program of which a kernel would read or write beyond a buffer.
pub(super) fn check(program: &Program) -> Result<()> {
    let buffers = &program.buffers;
    for (number, buffer) in buffers.iter().enumerate() {
        let Place::Arena(offset) = buffer.place else { continue };
        let end =
            buffer.len.checked_mul(buffer.dtype.size()).and_then(|len| len.checked_add(offset));
        if end.is_none_or(|end| end > program.arena) || offset % buffer.dtype.size() != 0 {
            return Err(unsound(&format!("buffer {number} does not lie in the arena")));
        }
    }
    for (number, kernel) in program.kernels.iter().enumerate() {
        let fits = match kernel {
            Kernel::Loop(plain) => fits_loop(plain, buffers),
            Kernel::MatMul(product) => fits_product(product, buffers),
            Kernel::Host(host) => fits_host(host, buffers),
        };
        if !fits {
            return Err(unsound(&format!("kernel {number} reads or writes beyond a buffer")));
        }
    }
    Ok(())
}

fn unsound(what: &str) -> Error {
    Error::new(Kind::Shape, format!("the plan is not sound: {what}"))
        .hint("this is an error of gradtape; please report the recording that led to it")
}

fn fits_loop(plain: &Loop, buffers: &[Buffer]) -> bool {
    let kept = &plain.space[..plain.space.len() - plain.reduced];
    let mut reductions = plain.reductions.iter();
    fits_body(&plain.body, &plain.space, buffers)
        && plain.stores.iter().all(|store| fits(&store.to, &plain.space, buffers))
        && reductions.all(|reduction| fits(&reduction.to, kept, buffers))
}

fn fits_product(product: &MatMul, buffers: &[Buffer]) -> bool {
    let MatMul { batch, m, n, k, a, b, epilogue, stores } = product;
    let of = |rows: usize, columns: usize| [&batch[..], &[rows, columns]].concat();
    let space = of(*m, *n);
    let number = |access: &Access| dtype(access.buffer, buffers) == Some(epilogue.dtype);
    fits(a, &of(*m, *k), buffers)
        && fits(b, &of(*k, *n), buffers)
        && number(a)
        && number(b)
        && fits_body(epilogue, &space, buffers)
        && stores.iter().all(|store| fits(&store.to, &space, buffers))
}

fn fits_host(host: &Host, buffers: &[Buffer]) -> bool {
    host.inputs.iter().chain([&host.output]).all(|(buffer, meta)| {
        let buffer = buffers.get(buffer.0 as usize);
        buffer.is_some_and(|b| b.dtype == meta.dtype && b.len >= meta.shape.elements())
    })
}

fn fits_body(body: &Body, space: &[usize], buffers: &[Buffer]) -> bool {
    body.loads.iter().all(|load| fits(load, space, buffers))
        && body.insts.iter().all(|inst| match inst {
            Inst::Random { counter, .. } => {
                let one = buffers.get(counter.0 as usize).is_some_and(|buffer| buffer.len > 0);
                one && dtype(*counter, buffers) == Some(DType::I64)
            }
            _ => true,
        })
}

fn dtype(buffer: BufferId, buffers: &[Buffer]) -> Option<DType> {
    buffers.get(buffer.0 as usize).map(|buffer| buffer.dtype)
}

/// Whether the element of an access lies in its buffer at every index of a space.
fn fits(access: &Access, space: &[usize], buffers: &[Buffer]) -> bool {
    if space.contains(&0) {
        return true;
    }
    let last = space.iter().zip(&access.strides).try_fold(access.offset, |last, (size, stride)| {
        last.checked_add((size - 1).checked_mul(*stride)?)
    });
    let buffer = buffers.get(access.buffer.0 as usize);
    access.strides.len() <= space.len()
        && buffer.zip(last).is_some_and(|(buffer, last)| last < buffer.len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    #[test]
    fn what_reaches_beyond_a_buffer_is_refused() {
        let graph = "
            %0 = input {dtype: f32; shape: [4, 6]} : f32[4, 6]
            %1 = input {dtype: f32; shape: [6, 5]} : f32[6, 5]
            %2 = matmul(%0, %1) : f32[4, 5]
            %3 = exp(%0) : f32[4, 6]
            %4 = sum(%3) {axes: [1]} : f32[4]
            %5 = cumsum(%3) {axis: 1; reverse: false} : f32[4, 6]
            return %2, %4, %5
        ";
        let program = plan(&graph.parse().unwrap());
        check(&program).unwrap();
        let mut refused = 0;
        for buffer in 0..program.buffers.len() {
            let mut wrong = program.clone();
            wrong.buffers[buffer].len -= 1;
            refused += usize::from(check(&wrong).is_err());
        }
        assert_eq!(refused, program.buffers.len(), "every buffer is used to its end:\n{program}");
        let mut wrong = program.clone();
        wrong.arena -= 64;
        let text = check(&wrong).unwrap_err().to_string();
        assert!(text.contains("does not lie in the arena"), "{text}");
    }
}
