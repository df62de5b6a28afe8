//! Sums of a contraction that nobody looks at where a truth value has something else taken in their place.

use smallvec::SmallVec;

use super::program::{Access, Buffer, Contract, Inst, Reg};
use crate::tensor::DType;

/// Truth values of which each tells whether a sum of a contraction is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hiding<'p> {
    /// Where they lie, over the space of the contraction.
    pub values: &'p Access,
    /// The value by which a sum is looked at.
    pub shows: bool,
}

impl Contract {
    /// The arrays of truth values by which its epilogue takes something else in the place of sums.
    pub fn hiding(&self, buffers: &[Buffer]) -> SmallVec<[Hiding<'_>; 2]> {
        let mut found = SmallVec::new();
        let Contract { epilogue, stores, .. } = self;
        let [store] = &stores[..] else { return found };
        let first = 1 + epilogue.loads.len();
        let mut needs = vec![false; first];
        needs[0] = true;
        for inst in &epilogue.insts {
            let any = |args: &[Reg; 3]| args.iter().any(|arg| needs[arg.0 as usize]);
            needs.push(matches!(inst, Inst::Op { args, .. } if any(args)));
        }
        let needs = |reg: Reg| needs[reg.0 as usize];
        let inst = |reg: Reg| epilogue.insts.get((reg.0 as usize).checked_sub(first)?);
        let mut reg = store.reg;
        // From what is stored back to the sum, as long as there is one way: a choice anywhere on it hides the sum.
        while let Some(Inst::Op { op, args }) = inst(reg) {
            let mut needing = args.iter().copied().filter(|&arg| needs(arg));
            let Some(next) = needing.next() else { break };
            if needing.any(|other| other != next) {
                break;
            }
            let [by, yes, no] = *args;
            if op.is_choice() && !needs(by) && needs(yes) != needs(no) {
                let load = (by.0 as usize).checked_sub(1).and_then(|at| epilogue.loads.get(at));
                let is_mask = |load: &&Access| buffers[load.buffer.0 as usize].dtype == DType::Bool;
                let values = load.filter(is_mask);
                found.extend(values.map(|values| Hiding { values, shows: needs(yes) }));
            }
            reg = next;
        }
        found
    }
}
