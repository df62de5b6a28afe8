//! Which products of a program have their right operand in common.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::Arc;

use super::memory::overlap;
use crate::plan::{Access, Buffer, BufferId, Contract, Kernel, Program};
use crate::tensor::{DType, Dims};

/// The fewest products for which an operand is kept packed.
const LEAST: usize = 3;
/// Operands that are looked at: those of the last products.
const OPEN: usize = 16;

/// For each kernel, the number of the operand that it has in common with others, if it does, and what is kept of each
/// operand.
pub(super) struct Repeated {
    of: Vec<Option<usize>>,
    kept: Vec<Option<Arc<dyn Any + Send + Sync>>>,
}

/// What tells that the operand of two products is the same.
#[derive(PartialEq)]
struct Key<'p>(DType, &'p Access, &'p Dims, &'p Dims);

impl Repeated {
    /// `gains` tells for which products a packed operand may be worth it.
    pub(super) fn of(program: &Program, gains: impl Fn(&Contract) -> bool) -> Repeated {
        let mut repeated = Repeated { of: vec![None; program.kernels.len()], kept: Vec::new() };
        // Operands that no kernel has written since, each with the products that read it.
        let mut open: VecDeque<(Key<'_>, Vec<usize>)> = VecDeque::new();
        for (number, kernel) in program.kernels.iter().enumerate() {
            if let Kernel::Contract(product) = kernel {
                let Contract { b, columns, summed, batch, epilogue, .. } = product;
                let key = Key(epilogue.dtype, b, columns, summed);
                match open.iter_mut().find(|(other, _)| *other == key) {
                    Some((_, readers)) => readers.push(number),
                    None if batch.is_empty() && gains(product) => {
                        open.push_back((key, vec![number]));
                        if open.len() > OPEN
                            && let Some((_, readers)) = open.pop_front()
                        {
                            repeated.close(&readers);
                        }
                    }
                    None => {}
                }
            }
            let mut written: Vec<BufferId> = Vec::new();
            kernel.each_access(|buffer, writes| written.extend(writes.then_some(buffer)));
            let buffers: &[Buffer] = &program.buffers;
            let mut at = 0;
            while at < open.len() {
                let read = open[at].0.1.buffer;
                match written.iter().any(|&written| overlap(buffers, written, read)) {
                    true => {
                        if let Some((_, readers)) = open.remove(at) {
                            repeated.close(&readers);
                        }
                    }
                    false => at += 1,
                }
            }
        }
        for (_, readers) in open {
            repeated.close(&readers);
        }
        repeated
    }

    /// Numbers an operand that enough products read.
    fn close(&mut self, readers: &[usize]) {
        if readers.len() >= LEAST {
            readers.iter().for_each(|&reader| self.of[reader] = Some(self.kept.len()));
            self.kept.push(None);
        }
    }

    /// What is kept of the operand that a kernel has in common with others, if it does: for the first of them nothing.
    pub(super) fn known<C: Send + Sync + 'static>(&self, kernel: usize) -> Option<Option<Arc<C>>> {
        let number = self.of[kernel]?;
        Some(self.kept[number].clone().and_then(|kept| kept.downcast().ok()))
    }

    /// Keeps it for the others.
    pub(super) fn keep<C: Send + Sync + 'static>(&mut self, kernel: usize, common: Arc<C>) {
        if let Some(number) = self.of[kernel] {
            self.kept[number] = Some(common);
        }
    }
}
