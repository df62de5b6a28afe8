//! Making a body ready: its instructions in chains, and where each may write its result at once.

use smallvec::SmallVec;

use super::chain::{self, Link};
use super::{BodyPlan, Load, Rows, Step, StorePlan, TILE, slots};
use crate::engine::cpu::isa::Isa;
use crate::engine::cpu::lane::Real;
use crate::engine::cpu::memory::overlap;
use crate::engine::cpu::tile::tile_op;
use crate::op::Reduce;
use crate::plan::{Access, Body, Buffer, BufferId, Inst, Place, Reg, Store};

/// Elements from which a buffer does not stay in a core's cache from one kernel to the next.
const STREAM: usize = 1 << 17;

/// Whether a buffer does not stay in a core's cache.
fn streams(buffer: &Buffer) -> bool {
    buffer.len >= STREAM && !matches!(buffer.place, Place::Scratch(_))
}

/// What a [`BodyPlan`] is made from.
pub(crate) struct BodySpec<'a> {
    pub(crate) body: &'a Body,
    pub(crate) stores: &'a [Store],
    /// Registers that are read after the tile.
    pub(crate) reduced: &'a [Reg],
    /// Registers whose columns are summed over all tiles; see [`super::sums_columns`].
    pub(crate) columns: &'a [Reg],
    /// The axes of the space that rows and columns of a tile run along; `None` stands for one of size 1.
    pub(crate) axes: [Option<usize>; 2],
    /// Whether a tile may go on along the axes before those.
    pub(crate) planes: bool,
    pub(crate) space: &'a [usize],
    /// Whether a tile has as many columns as there are.
    pub(crate) whole_rows: bool,
    /// Present in the epilogue of a product, with the buffer that the product lies in, if it is one of
    /// the program's.
    pub(crate) given: Option<Option<BufferId>>,
    pub(crate) isa: Isa,
    /// For each buffer, whether it may be stored past the caches; of none where there is no list.
    pub(crate) past: &'a [bool],
    pub(crate) buffers: &'a [Buffer],
}

impl<T: Real> BodyPlan<T> {
    /// Makes a body ready for tiles.
    pub(crate) fn new(spec: &BodySpec<'_>) -> BodyPlan<T> {
        let &BodySpec {
            body,
            stores,
            reduced,
            columns,
            axes,
            space,
            whole_rows,
            given,
            isa,
            buffers,
            ..
        } = spec;
        let (count, given) = (usize::from(given.is_some()), given.flatten());
        let size = |axis: Option<usize>| axis.map_or(1, |axis| space[axis]);
        let most = if whole_rows { usize::MAX } else { TILE };
        let cols = size(axes[1]).clamp(1, most);
        // Rows are taken together when a whole one is short.
        let rows = if size(axes[1]) > TILE / 2 { 1 } else { size(axes[0]).min(TILE / cols).max(1) };
        // And planes, when their rows are few as well.
        let mut planes = SmallVec::new();
        let mut whole = spec.planes && rows == size(axes[0]) && cols == size(axes[1]);
        let mut room = TILE / (rows * cols).max(1);
        for axis in (0..axes[0].unwrap_or(0)).rev() {
            if !whole || room < 2 {
                break;
            }
            let count = space[axis].clamp(1, room);
            planes.push((axis, count));
            whole = count == space[axis];
            room /= count;
        }
        let count_of =
            |planes: &[(usize, usize)]| planes.iter().map(|plane| plane.1).product::<usize>();
        let overwritten = |load: usize, access: &Access| {
            let kept = reduced.iter().chain(columns).chain(stores.iter().map(|store| &store.reg));
            kept.into_iter().any(|reg| reg.0 as usize == count + load)
                && stores.iter().any(|store| overlap(buffers, access.buffer, store.to.buffer))
        };
        let loads: Vec<Load> = body
            .loads
            .iter()
            .enumerate()
            .map(|(i, access)| Load {
                fixed: access.strides.iter().all(|&stride| stride == 0),
                streams: streams(&buffers[access.buffer.0 as usize]),
                overwritten: overwritten(i, access),
                access: access.clone(),
            })
            .collect();
        let first = count + loads.len();
        let mut plan = BodyPlan {
            isa,
            axes,
            given: count,
            loads,
            fixed: Vec::new(),
            steps: Vec::new(),
            run_links: T::run_links(isa),
            work: Vec::new(),
            stores: Vec::new(),
            rows_of: Rows::of(spec, count),
            columns: columns.iter().map(|reg| (reg.0 as usize, false)).collect(),
            slots: Vec::new(),
            slot_count: 0,
            // The tiles of a product are as large as its blocks.
            room: if count > 0 { TILE } else { count_of(&planes) * rows * cols },
            planes,
            rows,
            cols,
        };
        let last_use = slots::last_uses(body, stores, reduced, columns, first);
        (count..first).for_each(|reg| plan.push_repeat(reg));
        for (i, inst) in body.insts.iter().enumerate() {
            plan.push(first + i, inst, spec, given, &last_use);
            plan.push_repeat(first + i);
            // What is at hand first.
            plan.push_columns(|reg| reg == first + i);
            plan.push_columns(|reg| reg < first && reads(inst, reg));
        }
        plan.push_columns(|_| true);
        let past = plan.let_results_go_past(spec);
        let readers = slots::readers(body, stores, reduced, columns, first);
        for step in &mut plan.steps {
            if let Step::Chain { links, .. } = step {
                chain::connect(links, |reg| readers[reg]);
            }
        }
        for store in stores {
            let reg = store.reg.0 as usize;
            let direct = plan.target_of(reg).is_some_and(|target| *target == store.to);
            let stride = axes[1].and_then(|column| store.to.strides.get(column));
            let by_row = plan.rows_of.by_row[reg] && stride.is_none_or(|&stride| stride == 0);
            let reg = if by_row { reg } else { plan.rows_of.whole[reg] };
            let buffer = &buffers[store.to.buffer.0 as usize];
            let mut loads = body.loads.iter();
            let streams = streams(buffer)
                && buffer.dtype == T::DTYPE
                && !past.contains(&reg)
                && !loads.any(|load| overlap(buffers, load.buffer, store.to.buffer));
            plan.stores.push(StorePlan { reg, to: store.to.clone(), by_row, direct, streams });
        }
        let mut left = 0;
        plan.work = vec![0; plan.steps.len()];
        for (number, step) in plan.steps.iter().enumerate().rev() {
            left += plan.work_of(step);
            plan.work[number] = left;
        }
        plan.assign_slots(&last_use, first + body.insts.len());
        plan
    }

    /// Adds an instruction.
    fn push(
        &mut self,
        reg: usize,
        inst: &Inst,
        spec: &BodySpec<'_>,
        given: Option<BufferId>,
        last_use: &[usize],
    ) {
        let step = match inst {
            Inst::Constant { value } => {
                self.fixed.push((reg, T::from_f64(value.value())));
                return;
            }
            Inst::Index { offset, strides } => {
                Step::Index { reg, offset: *offset, strides: strides.clone() }
            }
            Inst::Random { key, counter, offset, strides } => Step::Random {
                reg,
                key: *key,
                counter: *counter,
                offset: *offset,
                strides: strides.clone(),
            },
            &Inst::Reduce { kind, reg: arg } => {
                if kind == Reduce::Sum && self.sum_in_chain(arg.0 as usize, reg) {
                    return;
                }
                Step::Reduce { reg, kind, arg: self.rows_of.whole[arg.0 as usize] }
            }
            Inst::Op { op, args } => {
                let by_row = self.rows_of.by_row[reg];
                let code = chain::arithmetic(op);
                let splat = code.is_some() && self.rows_of.splats;
                let args = args.map(|reg| reg.0 as usize);
                let splats = args.map(|reg| !by_row && splat && self.rows_of.by_row[reg]);
                let whole = |(reg, splat): (usize, bool)| match by_row || splat {
                    true => reg,
                    false => self.rows_of.whole[reg],
                };
                let args = [0, 1, 2].map(|i| whole((args[i], splats[i])));
                let target = match by_row {
                    true => None,
                    false => self.target(reg, code.is_some(), spec, given, last_use),
                };
                if let Some(code) = code {
                    let link = Link::new(code, [args[0], args[1]], [splats[0], splats[1]], reg);
                    let goes_on = |step: &Step<T>| match step {
                        // Sums are those of the last link.
                        Step::Chain { by_row: other, sum, .. } => *other == by_row && sum.is_none(),
                        _ => false,
                    };
                    if !self.steps.last().is_some_and(goes_on) {
                        let (links, targets) = (Vec::new(), Vec::new());
                        self.steps.push(Step::Chain { by_row, links, sum: None, targets });
                    }
                    if let Some(Step::Chain { links, targets, .. }) = self.steps.last_mut() {
                        links.push(link);
                        targets.extend(target.map(|target| (reg, target)));
                    }
                    return;
                }
                match tile_op(op, self.isa) {
                    Some(op) => Step::Op { reg, op, args, target },
                    None => {
                        self.fixed.push((reg, T::from_f64(f64::NAN)));
                        return;
                    }
                }
            }
        };
        self.steps.push(step);
    }

    /// Lets links store past the caches what may go there and nothing reads meanwhile. Gives their registers.
    fn let_results_go_past(&mut self, spec: &BodySpec<'_>) -> Vec<usize> {
        let &BodySpec { body, stores, reduced, columns, past, .. } = spec;
        let is_read = |reg: Reg| {
            let by_inst = |inst: &Inst| match inst {
                Inst::Op { args, .. } => args.contains(&reg),
                Inst::Reduce { reg: own, .. } => *own == reg,
                _ => false,
            };
            let is_stored = |store: &&Store| store.reg == reg;
            body.insts.iter().any(by_inst)
                || reduced.contains(&reg)
                || columns.contains(&reg)
                || stores.iter().filter(is_stored).count() > 1
        };
        let mut gone = Vec::new();
        for store in stores.iter().filter(|store| !is_read(store.reg)) {
            let reg = store.reg.0 as usize;
            let goes = past.get(store.to.buffer.0 as usize) == Some(&true);
            let link = self.steps.iter_mut().find_map(|step| match step {
                Step::Chain { by_row: false, links, targets, .. }
                    if goes && targets.iter().any(|(own, _)| *own == reg) =>
                {
                    links.iter_mut().find(|link| link.out == reg)
                }
                _ => None,
            });
            gone.extend(link.map(|link| {
                link.go_past();
                reg
            }));
        }
        gone
    }

    /// Adds the links that sum the columns of registers, once for each that is asked for.
    fn push_columns(&mut self, wanted: impl Fn(usize) -> bool) {
        for number in 0..self.columns.len() {
            let (reg, done) = self.columns[number];
            if done || !wanted(reg) {
                continue;
            }
            self.columns[number].1 = true;
            let link = Link::columns(self.column_register(number), self.rows_of.whole[reg]);
            match self.steps.last_mut() {
                Some(Step::Chain { by_row: false, links, sum: None, .. }) => links.push(link),
                _ => {
                    let (links, targets) = (vec![link], Vec::new());
                    self.steps.push(Step::Chain { by_row: false, links, sum: None, targets });
                }
            }
        }
    }

    /// Has the chain whose last result is the register `arg` add it up for each row, if there is one.
    fn sum_in_chain(&mut self, arg: usize, reg: usize) -> bool {
        match self.steps.last_mut() {
            Some(Step::Chain { by_row: false, links, sum: sum @ None, .. })
                if self.rows_of.splats =>
            {
                let last = links.last_mut().filter(|last| last.out == arg);
                *sum = last.map(|last| last.sum()).map(|()| reg);
                sum.is_some()
            }
            _ => false,
        }
    }

    /// Where an instruction may write its result at once instead of to a slot: contiguous memory of the
    /// right type that no later instruction reads the old elements of. A link of a chain may read the
    /// very elements that it writes.
    fn target(
        &self,
        reg: usize,
        link: bool,
        spec: &BodySpec<'_>,
        given: Option<BufferId>,
        last_use: &[usize],
    ) -> Option<Access> {
        let &BodySpec { body, stores, buffers, .. } = spec;
        let inst = reg - self.given - self.loads.len();
        let store = stores.iter().find(|store| store.reg.0 as usize == reg)?;
        let read = |reg: usize, same: bool| match last_use[reg] {
            last if last == inst => !(link && same),
            last => last > inst,
        };
        let old_is_read = body.loads.iter().enumerate().any(|(i, load)| {
            let same = buffers[load.buffer.0 as usize].place
                == buffers[store.to.buffer.0 as usize].place
                && load.strides == store.to.strides
                && load.offset == store.to.offset;
            overlap(buffers, load.buffer, store.to.buffer) && read(self.given + i, same)
        });
        let given_is_read = given.is_some_and(|given| {
            overlap(buffers, given, store.to.buffer) && read(0, given == store.to.buffer)
        });
        let same_type = buffers[store.to.buffer.0 as usize].dtype == T::DTYPE;
        let direct = same_type && !old_is_read && !given_is_read;
        direct.then(|| store.to.clone())
    }

    /// Where a register's result is written at once.
    fn target_of(&self, reg: usize) -> Option<&Access> {
        self.steps.iter().find_map(|step| match step {
            Step::Op { reg: own, target, .. } if *own == reg => target.as_ref(),
            Step::Chain { targets, .. } => {
                targets.iter().find(|(own, _)| *own == reg).map(|(_, target)| target)
            }
            _ => None,
        })
    }
}

/// Whether an instruction reads a register at each index.
fn reads(inst: &Inst, reg: usize) -> bool {
    match inst {
        Inst::Op { args, .. } => args.iter().any(|arg| arg.0 as usize == reg),
        _ => false,
    }
}
