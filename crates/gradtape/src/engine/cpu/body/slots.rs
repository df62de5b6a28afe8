//! Which register lies in which slot.

use super::{BodyPlan, Step};
use crate::engine::cpu::lane::Real;
use crate::plan::{Body, Inst, Reg, Store};

impl<T: Real> BodyPlan<T> {
    /// Registers that are used no more give their slot to later ones.
    pub(super) fn assign_slots(&mut self, last_use: &[usize], registers: usize) {
        let first = self.given + self.loads.len();
        let fixed: Vec<bool> = (0..registers)
            .map(|reg| match reg.checked_sub(self.given) {
                Some(i) if i < self.loads.len() => self.loads[i].fixed,
                Some(_) => self.fixed.iter().any(|(fixed, _)| *fixed == reg),
                None => true,
            })
            .collect();
        // What has one number for each row is read while others are written, and what is kept for a few vectors alone is
        // written while those are read: each kind has slots of its own.
        let mut free: [Vec<usize>; 4] = Default::default();
        let mut kinds: Vec<usize> =
            self.rows_of.by_row.iter().map(|&by_row| by_row.into()).collect();
        for step in &self.steps {
            if let Step::Chain { links, .. } = step {
                let brief = links.iter().filter(|link| link.is_brief());
                brief.for_each(|link| kinds[link.out] += 2);
            }
        }
        for reg in 0..registers {
            // Slots of values that are set once, and of loads, which all come first, are not shared
            // with earlier registers.
            let slot = match free[kinds[reg]].pop() {
                Some(slot) if !fixed[reg] && reg >= first => slot,
                other => {
                    free[kinds[reg]].extend(other);
                    self.slot_count += 1;
                    self.slot_count - 1
                }
            };
            self.slots.push(slot);
            let Some(inst) = reg.checked_sub(first) else { continue };
            for (dying, _) in last_use.iter().enumerate().filter(|&(_, &last)| last == inst) {
                if !fixed[dying] && dying < reg && !free[kinds[dying]].contains(&self.slots[dying])
                {
                    free[kinds[dying]].push(self.slots[dying]);
                }
            }
        }
        for _ in 0..self.rows_of.repeated {
            self.slots.push(self.slot_count);
            self.slot_count += 1;
        }
        // Sums of columns lie elsewhere.
        self.slots.extend(self.columns.iter().map(|_| 0));
    }
}

/// For each register, the last instruction that reads it; those that are stored or reduced are read
/// after all instructions.
pub(super) fn last_uses(
    body: &Body,
    stores: &[Store],
    reduced: &[Reg],
    columns: &[Reg],
    first: usize,
) -> Vec<usize> {
    let registers = first + body.insts.len();
    let mut last = vec![0; registers];
    for (i, inst) in body.insts.iter().enumerate() {
        match inst {
            Inst::Op { args, .. } => args.iter().for_each(|reg| last[reg.0 as usize] = i),
            Inst::Reduce { reg, .. } => last[reg.0 as usize] = i,
            _ => {}
        }
    }
    let loaded = columns.iter().filter(|reg| (reg.0 as usize) < first);
    for reg in stores.iter().map(|store| store.reg).chain(reduced.iter().chain(loaded).copied()) {
        last[reg.0 as usize] = usize::MAX;
    }
    last
}

/// For each register, how many instructions read it; `usize::MAX` if it is stored or reduced.
pub(super) fn readers(
    body: &Body,
    stores: &[Store],
    reduced: &[Reg],
    columns: &[Reg],
    first: usize,
) -> Vec<usize> {
    let mut readers = vec![0; first + body.insts.len()];
    for inst in &body.insts {
        match inst {
            Inst::Op { args: [x, y, z], .. } => {
                readers[x.0 as usize] += 1;
                readers[y.0 as usize] += usize::from(y != x);
                readers[z.0 as usize] += usize::from(z != x && z != y);
            }
            Inst::Reduce { reg, .. } => readers[reg.0 as usize] += 1,
            _ => {}
        }
    }
    columns.iter().for_each(|reg| readers[reg.0 as usize] += 1);
    for reg in stores.iter().map(|store| store.reg).chain(reduced.iter().copied()) {
        readers[reg.0 as usize] = usize::MAX;
    }
    readers
}
