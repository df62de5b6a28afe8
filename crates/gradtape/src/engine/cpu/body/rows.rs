//! Rows that are reduced and mapped while they are in the cache: what a row has once is computed once for it.

use super::chain::arithmetic;
use super::{BodyPlan, BodySpec, Scratch, Step, Tile};
use crate::engine::cpu::lane::Real;
use crate::engine::cpu::reduce;
use crate::op::Reduce;
use crate::plan::{Body, Inst, Store};

/// Whether a loop's tiles must have whole rows: what a row has once is then read, computed and written once.
pub(crate) fn needs_rows(body: &Body, stores: &[Store], reduced: usize) -> bool {
    let once = |store: &Store| store.to.strides.last() == Some(&0);
    reduced == 1
        && (body.insts.iter().any(|inst| matches!(inst, Inst::Reduce { .. }))
            || stores.iter().any(once))
}

/// Elements of a row from which instructions are run for each row by itself.
const LONG: usize = 128;

/// Whether sums of the columns of rows of this length are a [`BodySpec`]'s own.
pub(crate) fn sums_columns(width: usize) -> bool {
    width >= LONG
}

/// For each register, whether it has one number for each row of a tile, and where its tile with that number
/// at each column lies.
pub(super) struct Rows {
    pub(super) by_row: Vec<bool>,
    /// The register itself, unless it is by row and needed for each column.
    pub(super) whole: Vec<usize>,
    /// Whether arithmetic takes the number of a row as it is, for rows that are long enough.
    pub(super) splats: bool,
    /// Registers beyond the body's own.
    pub(super) repeated: usize,
}

impl Rows {
    pub(super) fn of(spec: &BodySpec<'_>, given: usize) -> Rows {
        let &BodySpec { body, stores, reduced, columns, axes, whole_rows, .. } = spec;
        let first = given + body.loads.len();
        let registers = first + body.insts.len();
        let mut rows = Rows {
            by_row: vec![false; registers],
            whole: (0..registers).collect(),
            splats: false,
            repeated: 0,
        };
        let Some(column) = axes[1].filter(|_| whole_rows) else { return rows };
        rows.splats = spec.space[column] >= LONG;
        let stride = |strides: &[isize]| strides.get(column).copied().unwrap_or(0);
        let mut fixed = vec![false; registers];
        for (i, load) in body.loads.iter().enumerate() {
            fixed[given + i] = load.strides.iter().all(|&stride| stride == 0);
            rows.by_row[given + i] = !fixed[given + i] && stride(&load.strides) == 0;
        }
        let mut needed = vec![false; registers];
        for (i, inst) in body.insts.iter().enumerate() {
            match inst {
                Inst::Constant { .. } => fixed[first + i] = true,
                Inst::Reduce { reg, .. } => {
                    needed[reg.0 as usize] = true;
                    rows.by_row[first + i] = true;
                }
                Inst::Op { op, args } => {
                    let args = args.map(|reg| reg.0 as usize);
                    let once = args.iter().all(|&arg| rows.by_row[arg] || fixed[arg]);
                    rows.by_row[first + i] = once && args.iter().any(|&arg| rows.by_row[arg]);
                    let splats = rows.splats && arithmetic(op).is_some();
                    if !rows.by_row[first + i] && !splats {
                        args.iter().for_each(|&arg| needed[arg] = true);
                    }
                }
                Inst::Index { .. } | Inst::Random { .. } => {}
            }
        }
        reduced.iter().chain(columns).for_each(|reg| needed[reg.0 as usize] = true);
        for store in stores.iter().filter(|store| stride(&store.to.strides) != 0) {
            needed[store.reg.0 as usize] = true;
        }
        for reg in (0..registers).filter(|&reg| rows.by_row[reg] && needed[reg]) {
            rows.whole[reg] = registers + rows.repeated;
            rows.repeated += 1;
        }
        rows
    }
}

impl Tile<'_> {
    /// The tile of what has one number for each row.
    pub(super) fn first_column(&self) -> Tile<'_> {
        Tile { index: self.index, planes: self.planes, rows: self.rows, cols: 1 }
    }
}

impl<T: Real> BodyPlan<T> {
    /// Adds the step that gives each column the number of its row, where some instruction needs it so.
    pub(super) fn push_repeat(&mut self, reg: usize) {
        let to = self.rows_of.whole[reg];
        if to != reg {
            self.steps.push(Step::Repeat { reg, to });
        }
    }

    /// # Safety
    /// As for [`BodyPlan::run`]; the register that is reduced must be computed.
    pub(super) unsafe fn reduce_rows(
        &self,
        (reg, kind, arg): (usize, Reduce, usize),
        tile: &Tile<'_>,
        scratch: &mut Scratch<T>,
    ) {
        let out = scratch.slot(self.slots[reg]);
        let x = scratch.tiles[arg];
        let spare = &mut self.spare(scratch)[..tile.len()];
        // SAFETY: a slot holds a whole tile; the register's own, the spare one and the operand's are apart.
        unsafe {
            let x = std::slice::from_raw_parts(x, tile.len());
            let out = std::slice::from_raw_parts_mut(out, tile.rows);
            reduce::short_rows(self.isa, kind, x, tile.cols, spare, out);
        }
        scratch.tiles[reg] = out;
    }

    /// # Safety
    /// As for [`BodyPlan::run`]; the register that is repeated must be computed.
    pub(super) unsafe fn repeat(
        &self,
        reg: usize,
        to: usize,
        tile: &Tile<'_>,
        scratch: &mut Scratch<T>,
    ) {
        let from = scratch.tiles[reg];
        let out = scratch.slot(self.slots[to]);
        // SAFETY: a slot holds a whole tile; that of the register that is repeated is another.
        unsafe {
            let numbers = std::slice::from_raw_parts(from, tile.rows);
            let whole = std::slice::from_raw_parts_mut(out, tile.len());
            for (row, &number) in whole.chunks_mut(tile.cols).zip(numbers) {
                row.fill(number);
            }
        }
        scratch.tiles[to] = out;
    }
}
