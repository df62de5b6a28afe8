//! The steps of a program made ready: each kernel in the type that it computes in.

use super::contract::{self, ContractPlan};
use super::gemm;
use super::host::HostPlan;
use super::isa::Isa;
use super::lane::Real;
use super::loops::LoopPlan;
use super::repeated::Repeated;
use super::shared::{Shared, Step};
use super::tiled::TiledPlan;
use crate::plan::{Buffer, BufferId, Contract, Kernel, Place, Program};
use crate::tensor::{DType, Result};

/// Makes the kernels of a program ready for a set of vector instructions. Fails where memory cannot hold what they need.
pub(super) fn ready(program: &Program, isa: Isa) -> Result<Vec<Box<dyn Step>>> {
    let buffers = &program.buffers;
    let mut repeated = Repeated::of(program, |kernel| match kernel.epilogue.dtype {
        DType::F32 => contract::may_gain_by_common::<f32>(kernel, isa),
        _ => contract::may_gain_by_common::<f64>(kernel, isa),
    });
    let unread = unread(program);
    let kernels = program.kernels.iter().enumerate();
    kernels
        .map(|(number, kernel)| ready_one((number, kernel), isa, (buffers, &unread), &mut repeated))
        .collect()
}

/// For each buffer, whether it is a result that no kernel reads.
fn unread(program: &Program) -> Vec<bool> {
    let number = |buffer: &Buffer| match buffer.place {
        Place::Output(number) => Some(number),
        _ => None,
    };
    let results = program.buffers.iter().filter_map(number).max().map_or(0, |most| most + 1);
    let mut is_read = vec![false; results];
    let mut read = |buffer: BufferId| {
        if let Some(number) = number(&program.buffers[buffer.0 as usize]) {
            is_read[number] = true;
        }
    };
    for kernel in &program.kernels {
        kernel.each_access(|buffer, written| {
            if !written {
                read(buffer);
            }
        });
    }
    let unread = |buffer| number(buffer).is_some_and(|number| !is_read[number]);
    program.buffers.iter().map(unread).collect()
}

fn ready_one(
    (number, kernel): (usize, &Kernel),
    isa: Isa,
    buffers: (&[Buffer], &[bool]),
    repeated: &mut Repeated,
) -> Result<Box<dyn Step>> {
    match kernel.dtype() {
        Some(DType::F32) => ready_as::<f32>((number, kernel), isa, buffers, repeated),
        _ => ready_as::<f64>((number, kernel), isa, buffers, repeated),
    }
}

/// A kernel that computes in a type, if it computes.
fn ready_as<T: Real>(
    (number, kernel): (usize, &Kernel),
    isa: Isa,
    (buffers, unread): (&[Buffer], &[bool]),
    repeated: &mut Repeated,
) -> Result<Box<dyn Step>> {
    Ok(match kernel {
        Kernel::Loop(plain) => {
            Box::new(Shared::new(LoopPlan::<T>::new(plain, isa, buffers, unread))?)
        }
        Kernel::Contract(kernel) => {
            Box::new(Shared::new(product::<T>(number, kernel, isa, buffers, repeated)?)?)
        }
        Kernel::Host(host) => Box::new(HostPlan::new(host)),
        Kernel::Tiled(tiled) => Box::new(Shared::new(TiledPlan::<T>::new(tiled, isa, buffers)?)?),
    })
}

fn product<T: Real>(
    number: usize,
    kernel: &Contract,
    isa: Isa,
    buffers: &[Buffer],
    repeated: &mut Repeated,
) -> Result<ContractPlan<T>> {
    let mut plan = ContractPlan::new(kernel, isa, buffers);
    if let Some(known) = repeated.known::<gemm::Common<T>>(number)
        && plan.gains_by_common()
    {
        let common = plan.share(known)?;
        repeated.keep(number, common);
    }
    Ok(plan)
}
