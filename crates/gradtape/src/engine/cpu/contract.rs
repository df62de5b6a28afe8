//! Contractions with their epilogues.

use std::ops::Range;
use std::sync::Arc;

use smallvec::SmallVec;

use super::body::{BodyPlan, BodySpec, Scratch, TILE, Tile};
use super::gemm::{self, Block, Product, Runs, Walk, Walks};
use super::isa::Isa;
use super::lane::Real;
use super::masks::{Elements, Masks};
use super::memory::{Memory, element, overlap};
use super::pool::Worker;
use super::shared::Plan;
use crate::op::set_index;
use crate::plan::{Access, Buffer, Contract, Inst, Store, Strides};
use crate::tensor::{Dims, Result};

/// Products for each worker from which on each is computed by one of them.
const MANY_PRODUCTS: usize = 8;

/// Arrays as large as the product from which on an epilogue walks along strips rather than blocks: the planner
/// gives one so many only where it counts on strips.
const STRIP_LOADS: usize = 2;

/// A contraction made ready to run: for each index of the batch a product of `m` rows and `n` columns.
pub(crate) struct ContractPlan<T> {
    isa: Isa,
    plan: Contract,
    m: usize,
    n: usize,
    k: usize,
    /// How far a row of the left operand lies from the one before it, where all do so.
    row_step: Option<isize>,
    /// The steps of each operand, in the order of its axes: of the left one between rows and between sums.
    steps: [[usize; 2]; 2],
    /// Where the elements of the operands lie, where that is not at equal steps.
    walks: Option<Walks>,
    /// How the product is computed where these are runs.
    runs: Option<Runs>,
    epilogue: BodyPlan<T>,
    /// Which sums of some rows nobody looks at.
    masks: Masks,
    /// Where the bare product is put, and the step between its rows; or memory of its own.
    product: Option<(Store, usize)>,
    /// Whether the bare product is all that is stored.
    bare: bool,
    /// Whether the product is only there for the epilogue, a strip at a time.
    strips: bool,
    /// What the epilogue reads at the elements of a strip, each laid out as the product.
    beside: SmallVec<[Access; 4]>,
    /// The right operand that other products have too, and whether this one packs it.
    common: Option<(Arc<gemm::Common<T>>, bool)>,
}

/// The scratch memory of one worker for one product.
pub(crate) struct ContractScratch<T> {
    body: Scratch<T>,
    index: Dims,
    left: gemm::Packed<T>,
    /// The right operand of the product that rows were last computed of, where it is packed once for all of them.
    right: Option<Right<T>>,
    /// The number of the product that rows were last computed of, and from which summand on its right operand is finite.
    finite: Option<(usize, usize)>,
    /// The bare product of some rows, where it has no other place.
    own: Vec<T>,
}

/// A right operand that a worker packs.
struct Right<T> {
    /// Which of the thread's rooms is for it.
    room: usize,
    /// It, and the number of its product.
    packed: Option<(gemm::Common<T>, usize)>,
}

impl<T: Real> ContractPlan<T> {
    pub(crate) fn new(plan: &Contract, isa: Isa, buffers: &[Buffer]) -> ContractPlan<T> {
        ContractPlan::with(plan, isa, buffers, true)
    }

    /// A contraction of which some rows at a time are computed, by [`ContractPlan::run_rows`].
    pub(crate) fn of_rows(plan: &Contract, isa: Isa, buffers: &[Buffer]) -> ContractPlan<T> {
        ContractPlan::with(plan, isa, buffers, false)
    }

    fn with(plan: &Contract, isa: Isa, buffers: &[Buffer], whole: bool) -> ContractPlan<T> {
        let walks = walks(plan);
        let row_step = walks.left[0].step();
        let plan = &joined(plan);
        let space = plan.space();
        let (batch, rows) = (plan.batch.len(), plan.rows.len());
        let last = |first: usize, count: usize| count.checked_sub(1).map(|last| first + last);
        let axes = [last(batch, rows), last(batch + rows, plan.columns.len())];
        let (m, n, k) = (plan.m(), plan.n(), plan.k());
        let equal = walks.steps();
        // Of operands without elements, no address but the first may be made.
        let steps = equal.filter(|_| k > 0).unwrap_or_default();
        let walks = equal.is_none().then_some(walks);
        let few = walks.as_ref().filter(|_| whole);
        let runs = few.and_then(|walks| Runs::of::<T>(isa, walks, [m, n, k]));
        // What is read between elements must not be written meanwhile.
        let written = |store: &Store| overlap(buffers, store.to.buffer, plan.b.buffer);
        let runs = runs.filter(|runs| !runs.reads_between() || !plan.stores.iter().any(written));
        let nowhere = [std::ptr::null::<T>(); 2];
        let fits_strips =
            whole && walks.is_none() && operands([m, n, k], steps, None, nowhere).fits_strips(isa);
        let product = product_place(plan, buffers).filter(|(place, _)| {
            place.reg.0 == 0 || !fits_strips || whole_loads(plan, buffers).count() < STRIP_LOADS
        });
        let strips = product.is_none() && fits_strips;
        let bare = match &product {
            Some((place, _)) => place.reg.0 == 0 && plan.stores.len() == 1,
            None => false,
        };
        // What is stored of the bare product lies there already; in another type it is stored before anything
        // else is, which may go where the product lies.
        let own = product.as_ref().map(|(place, _)| place);
        let mut stores: Vec<Store> = plan
            .stores
            .iter()
            .filter(|store| store.reg.0 != 0 || Some(*store) != own)
            .cloned()
            .collect();
        stores.sort_by_key(|store| store.reg.0 != 0);
        let given = Some(own.map(|place| place.to.buffer));
        let epilogue = BodyPlan::new(&BodySpec {
            body: &plan.epilogue,
            stores: &stores,
            reduced: &[],
            columns: &[],
            axes,
            planes: false,
            space: &space,
            whole_rows: false,
            given,
            isa,
            past: &[],
            buffers,
        });
        let as_product = |load: &&Access| {
            let steps = load.strides.get(batch..).map(|own| own.split_at(rows));
            steps.is_some_and(|(down, across)| {
                Walk::new(&plan.rows, down).step() == Some(plan.n() as isize)
                    && Walk::new(&plan.columns, across).step() == Some(1)
            })
        };
        let beside = whole_loads(plan, buffers).filter(|load| strips && as_product(load));
        let beside = beside.cloned().collect();
        let masks = if whole { Masks::default() } else { Masks::of(plan, buffers) };
        let plan = plan.clone();
        let common = None;
        ContractPlan {
            isa,
            plan,
            m,
            n,
            k,
            row_step,
            steps,
            walks,
            runs,
            epilogue,
            masks,
            product,
            bare,
            strips,
            beside,
            common,
        }
    }

    /// Whether a right operand that is packed already would spare this product much.
    pub(crate) fn gains_by_common(&self) -> bool {
        !self.strips && may_gain_by_common::<T>(&self.plan, self.isa)
    }

    /// Has the product read its right operand from where it is packed once for several, by the first of them.
    pub(crate) fn share(
        &mut self,
        known: Option<Arc<gemm::Common<T>>>,
    ) -> Result<Arc<gemm::Common<T>>> {
        let (common, first) = match known {
            Some(common) => (common, false),
            None => (Arc::new(gemm::Common::new(self.isa, self.k, self.n)?), true),
        };
        self.common = Some((common.clone(), first));
        Ok(common)
    }

    /// Scratch memory for one worker that computes so many rows at a time, of one product several times if there is a
    /// `room` to keep its right operand packed in.
    pub(crate) fn scratch_of_rows(&self, rows: usize, room: Option<usize>) -> ContractScratch<T> {
        let own = if self.product.is_none() { rows * self.n } else { 0 };
        let nowhere = [std::ptr::null::<T>(); 2];
        let gains = self.walks.is_none() && {
            operands([rows, self.n, self.k], self.steps, None, nowhere).gains_by_common(self.isa)
        };
        let right = room.filter(|_| gains).map(|room| Right { room, packed: None });
        ContractScratch { right, own: vec![T::default(); own], ..self.scratch() }
    }

    /// Whether some rows can be computed for themselves.
    pub(crate) fn takes_rows(&self) -> bool {
        self.row_step.is_some()
    }

    /// Sets what is the same for all rows. To be called once for each run, before [`ContractPlan::run_rows`].
    ///
    /// # Safety
    /// As [`Plan::run`].
    pub(crate) unsafe fn begin_rows(&self, memory: &Memory<'_>, scratch: &mut ContractScratch<T>) {
        if let Some(right) = &mut scratch.right {
            right.packed = None;
        }
        scratch.finite = None;
        // SAFETY: passed on from the caller.
        unsafe { self.epilogue.begin(memory, &mut scratch.body) };
    }

    /// Computes some rows of one of the products, by one worker. Behind `shown` summands, these rows of the left operand
    /// may be 0. Returns how many columns are shown of the rows.
    ///
    /// # Safety
    /// As [`Plan::run`]; the rows must be this worker's and no more than the scratch memory is for, and the
    /// contraction must [take](ContractPlan::takes_rows) rows.
    pub(crate) unsafe fn run_rows(
        &self,
        (number, rows): (usize, Range<usize>),
        shown: usize,
        memory: &Memory<'_>,
        scratch: &mut ContractScratch<T>,
    ) -> usize {
        // Other products were computed on this thread meanwhile.
        scratch.left.forget();
        let index = &mut scratch.index;
        index.fill(0);
        set_index(index, &self.plan.batch, number);
        let at = |operand: &Access| {
            memory.address::<T>(operand.buffer, element(operand, index)).cast_const()
        };
        let Contract { a, b, .. } = &self.plan;
        let whole = operands([self.m, self.n, self.k], self.steps, None, [at(a), at(b)]);
        if let Some(Right { room, packed }) = &mut scratch.right
            && packed.as_ref().is_none_or(|(_, of)| *of != number)
        {
            // SAFETY: what was packed before is dropped, and forgotten where this thread computes something else.
            let common = unsafe { gemm::Common::of_thread(*room, self.isa, self.k, self.n) };
            // SAFETY: the operands hold the shape, by the program; the memory is this worker's.
            (0..common.pieces()).for_each(|piece| unsafe { common.pack(&whole, piece) });
            *packed = Some((common, number));
        }
        // SAFETY: the rows are those of the program.
        let n = unsafe { self.masks.shown(&rows, self.n, index, memory) };
        let k = match shown < self.k && self.walks.is_none() {
            // SAFETY: as above.
            true => unsafe { summands((number, &rows), shown, &whole, &mut scratch.finite) },
            false => self.k,
        };
        let own = scratch.own.as_mut_ptr();
        let some = Extent { number, rows, n, k };
        // SAFETY: passed on from the caller.
        unsafe { self.part(some, (0, 1), memory, scratch, own) };
        n
    }

    /// Multiplications and additions.
    pub(crate) fn work(&self) -> usize {
        [self.items(), self.m, self.n, self.k].into_iter().fold(1, usize::saturating_mul)
    }

    /// How many products there are.
    fn items(&self) -> usize {
        self.plan.batch.iter().product()
    }

    /// Whether each product is too small for several workers, so that each takes whole ones.
    fn deals_out(&self) -> bool {
        self.items() > 1 && self.work() / self.items() < gemm::PARALLEL
    }

    /// Computes a part of one of the products; `shared` has room for its rows where the product has no place.
    ///
    /// # Safety
    /// As [`Plan::run`]; no other worker may compute the same part.
    unsafe fn part(
        &self,
        Extent { number, rows, n, k }: Extent,
        part: (usize, usize),
        memory: &Memory<'_>,
        scratch: &mut ContractScratch<T>,
        shared: *mut T,
    ) {
        let Contract { batch, a, b, .. } = &self.plan;
        let ContractScratch { body, index, left, right, .. } = scratch;
        index.fill(0);
        set_index(index, batch, number);
        let (c, c_row) = match &self.product {
            Some((place, row)) => {
                let first = element(&place.to, index) + rows.start * row;
                (memory.address::<T>(place.to.buffer, first), *row)
            }
            None => (shared, self.n),
        };
        let at = |operand: &Access| {
            memory.address::<T>(operand.buffer, element(operand, index)).cast_const()
        };
        let sizes = [rows.len(), n, k];
        let left_at = at(a).wrapping_offset(rows.start as isize * self.row_step.unwrap_or(0));
        let own = operands(sizes, self.steps, self.walks.as_ref(), [left_at, at(b)]);
        let shared_right = self.common.as_ref().map(|(common, _)| &**common);
        let own_right = right.as_ref().and_then(|right| right.packed.as_ref());
        let common = own_right.map(|(common, _)| common).or(shared_right);
        let runs = self.runs.as_ref();
        let mut product = Product { c, c_row, common, runs, strips: self.strips, ..own };
        for (place, load) in product.beside.iter_mut().zip(&self.beside) {
            *place = memory.address::<T>(load.buffer, element(load, index)).cast_const();
        }
        let state = std::cell::RefCell::new((body, index));
        let finish = |block: &Block<T>| {
            if !self.bare {
                let (body, index) = &mut *state.borrow_mut();
                let block = Block { row: rows.start + block.row, ..*block };
                // SAFETY: the block was just computed by this worker.
                unsafe { self.finish(&block, memory, body, index) };
            }
        };
        // SAFETY: the operands and the product's place hold the shape, by the program; the machine has
        // the instructions.
        unsafe { gemm::part(part, self.isa, &product, left, &finish) };
        if n < self.n {
            // What the epilogue takes in place of sums that nobody looks at.
            let (data, columns) = (c.wrapping_add(n), self.n - n);
            finish(&Block { row: 0, column: n, rows: rows.len(), columns, data, stride: c_row });
        }
    }

    /// Computes the epilogue on a finished block.
    ///
    /// # Safety
    /// The block must be this worker's.
    unsafe fn finish(
        &self,
        block: &Block<T>,
        memory: &Memory<'_>,
        body: &mut Scratch<T>,
        index: &mut [usize],
    ) {
        let Contract { batch, rows, columns, .. } = &self.plan;
        let own = batch.len()..;
        let below = |sizes: &[usize]| sizes.last().copied().unwrap_or(1);
        let (high, wide) = (below(rows), below(columns));
        let mut row = block.row;
        while row < block.row + block.rows {
            let count = (high - row % high).min(block.row + block.rows - row);
            let mut column = block.column;
            while column < block.column + block.columns {
                let width = (wide - column % wide).min(block.column + block.columns - column);
                let (down, across) = index[own.clone()].split_at_mut(rows.len());
                set_index(down, rows, row);
                set_index(across, columns, column);
                let at = (row - block.row) * block.stride + column - block.column;
                let piece =
                    Piece { rows: count, columns: width, data: block.data.wrapping_add(at) };
                // SAFETY: the piece lies in the block.
                unsafe { self.finish_piece(&piece, block.stride, memory, body, index) };
                column += width;
            }
            row += count;
        }
        index[own].fill(0);
    }

    /// Computes the epilogue on a piece of a block, of which only the last row axis and the last column axis
    /// vary, from an index on.
    ///
    /// # Safety
    /// The piece must be this worker's.
    unsafe fn finish_piece(
        &self,
        piece: &Piece<T>,
        stride: usize,
        memory: &Memory<'_>,
        body: &mut Scratch<T>,
        index: &mut [usize],
    ) {
        let Contract { batch, rows: down, columns: across, .. } = &self.plan;
        let row_axis = (!down.is_empty()).then(|| batch.len() + down.len() - 1);
        let column_axis = (!across.is_empty()).then(|| index.len() - 1);
        let first = [row_axis, column_axis].map(|axis| axis.map_or(0, |axis| index[axis]));
        let cols = piece.columns.min(TILE);
        let rows = if piece.columns > TILE / 2 { 1 } else { (TILE / cols).min(piece.rows) };
        for row in (0..piece.rows).step_by(rows) {
            for col in (0..piece.columns).step_by(cols) {
                row_axis.into_iter().for_each(|axis| index[axis] = first[0] + row);
                column_axis.into_iter().for_each(|axis| index[axis] = first[1] + col);
                let (rows, cols) = (rows.min(piece.rows - row), cols.min(piece.columns - col));
                let from = piece.data.wrapping_add(row * stride + col);
                let given = Some((from.cast_const(), stride));
                // SAFETY: the tile lies in the piece.
                unsafe {
                    self.epilogue.run(&Tile { index, planes: 1, rows, cols }, given, memory, body)
                };
            }
        }
    }
}

impl<T: Real> Plan for ContractPlan<T> {
    type Number = T;
    type Scratch = ContractScratch<T>;

    fn scratch(&self) -> ContractScratch<T> {
        let index = Dims::from_elem(0, self.plan.space().len());
        let body = self.epilogue.scratch();
        let (left, right, finite, own) = Default::default();
        ContractScratch { body, index, left, right, finite, own }
    }

    /// For a product that has no place among the buffers.
    fn shared_len(&self) -> usize {
        let at_once = if self.deals_out() { self.items() } else { 1 };
        let whole = self.product.is_none() && !self.strips;
        if whole { self.m * self.n * at_once } else { 0 }
    }

    /// The right operand that this product packs for others.
    fn kept_bytes(&self) -> usize {
        self.common.as_ref().filter(|(_, first)| *first).map_or(0, |(common, _)| common.bytes())
    }

    fn is_large(&self) -> bool {
        self.work() >= gemm::PARALLEL
    }

    unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        scratch: &mut ContractScratch<T>,
        shared: *mut T,
    ) {
        let &ContractPlan { m, n, k, .. } = self;
        let (items, deals_out) = (self.items(), self.deals_out());
        // Where many products can be computed at once, each is left in one piece.
        let apart = self.product.is_some() || self.strips;
        let many = apart && items >= MANY_PRODUCTS * worker.count();
        let parts = if deals_out || many { 1 } else { gemm::parts_for(worker, [m, n, k]) };
        let parts = self.runs.as_ref().map_or(parts, |runs| runs.parts(parts));
        if let Some((common, true)) = &self.common {
            let at =
                |operand: &Access| memory.address::<T>(operand.buffer, operand.offset).cast_const();
            let Contract { a, b, .. } = &self.plan;
            let own = operands([m, n, k], self.steps, None, [at(a), at(b)]);
            // SAFETY: the operands hold the shape, by the program; each piece is one worker's.
            worker.each(common.pieces(), |piece| unsafe { common.pack(&own, piece) });
        }
        let mut begun = false;
        scratch.left.forget();
        let mut part = |number: usize, part: usize| {
            // Not before there is something to do: who comes late finds the memory used for other things.
            if !std::mem::replace(&mut begun, true) {
                // SAFETY: the caller vouches for the memory.
                unsafe { self.epilogue.begin(memory, &mut scratch.body) };
            }
            // SAFETY: passed on from the caller.
            unsafe {
                let shared = if deals_out { shared.wrapping_add(number * m * n) } else { shared };
                let whole = Extent { number, rows: 0..m, n, k };
                self.part(whole, (part, parts), memory, scratch, shared);
            }
        };
        if apart || deals_out {
            worker.each(items * parts, |unit| part(unit / parts, unit % parts));
        } else {
            // The products use the same memory, one after another.
            (0..items).for_each(|number| worker.each(parts, |at| part(number, at)));
        }
    }
}

/// Whether a right operand that is packed already would spare a product much, unless it is kept in strips.
pub(crate) fn may_gain_by_common<T: Real>(plan: &Contract, isa: Isa) -> bool {
    let walks = walks(plan);
    let (steps, sizes) = (walks.steps(), [plan.m(), plan.n(), plan.k()]);
    let nowhere = [std::ptr::null::<T>(); 2];
    plan.batch.is_empty()
        && steps.is_some_and(|steps| operands(sizes, steps, None, nowhere).gains_by_common(isa))
}

/// What is computed of a product.
struct Extent {
    /// The number of the product.
    number: usize,
    rows: Range<usize>,
    /// The columns that are computed; for the others the epilogue takes something else than their sums.
    n: usize,
    /// The summands that count.
    k: usize,
}

/// How many summands count for some rows of the product of a number: `shown` where its left operand is 0 behind them and
/// its right one finite, so that they would add nothing.
///
/// # Safety
/// The product's operands must be valid for reading; `finite` must be of the same operands.
unsafe fn summands<T: Real>(
    (number, rows): (usize, &Range<usize>),
    shown: usize,
    p: &Product<'_, T>,
    finite: &mut Option<(usize, usize)>,
) -> usize {
    // Without any summand there would be no product.
    let shown = shown.max(1);
    let (left, right) =
        (Elements { at: p.a, steps: p.a_steps }, Elements { at: p.b, steps: p.b_steps });
    // SAFETY: passed on from the caller.
    unsafe {
        let &mut (_, finite) = match finite {
            Some(known) if known.0 == number => known,
            other => other.insert((number, right.finite_from(p.k, p.n))),
        };
        let from = shown.max(finite);
        if from < p.k && left.are_zero(rows.clone(), &(from..p.k)) { from } else { p.k }
    }
}

/// A part of a block.
struct Piece<T> {
    rows: usize,
    columns: usize,
    data: *mut T,
}

/// The contraction with its rows as one axis, and its columns, where the epilogue walks along them in equal steps.
fn joined(plan: &Contract) -> Contract {
    let mut plan = plan.clone();
    for columns in [true, false] {
        let (before, sizes) =
            if columns { (plan.rows.len(), &plan.columns) } else { (0, &plan.rows) };
        let (first, sizes) = (plan.batch.len() + before, sizes.clone());
        if sizes.len() < 2 {
            continue;
        }
        let own = first..first + sizes.len();
        let step = |strides: &Strides| Walk::new(&sizes, &strides[own.clone()]).step();
        let count: usize = sizes.iter().product();
        if strides_of(&mut plan).any(|strides| step(strides).is_none()) {
            continue;
        }
        for strides in strides_of(&mut plan) {
            let joined = step(strides).unwrap_or_default();
            strides.drain(own.start + 1..own.end);
            strides[own.start] = joined;
        }
        let group = if columns { &mut plan.columns } else { &mut plan.rows };
        *group = Dims::from_elem(count, 1);
    }
    plan
}

/// All strides along the axes of the result.
fn strides_of(plan: &mut Contract) -> impl Iterator<Item = &mut Strides> {
    let Contract { epilogue, stores, .. } = plan;
    let stores = stores.iter_mut().map(|store| &mut store.to.strides);
    let loads = epilogue.loads.iter_mut().map(|load| &mut load.strides);
    let positions = epilogue.insts.iter_mut().filter_map(|inst| match inst {
        Inst::Index { strides, .. } | Inst::Random { strides, .. } => Some(strides),
        Inst::Op { .. } | Inst::Constant { .. } | Inst::Reduce { .. } => None,
    });
    stores.chain(loads).chain(positions)
}

/// The walks along rows, columns and sums of both operands.
fn walks(plan: &Contract) -> Walks {
    let Contract { batch, rows, columns, summed, a, b, .. } = plan;
    let (left, right) = (&a.strides[batch.len()..], &b.strides[batch.len()..]);
    let (down, left) = left.split_at(rows.len());
    let (right, across) = right.split_at(summed.len());
    Walks {
        left: [Walk::new(rows, down), Walk::new(summed, left)],
        right: [Walk::new(summed, right), Walk::new(columns, across)],
    }
}

/// The product `m, n, k` of operands at two addresses, put nowhere.
fn operands<T>(
    [m, n, k]: [usize; 3],
    [a_steps, b_steps]: [[usize; 2]; 2],
    walks: Option<&Walks>,
    [a, b]: [*const T; 2],
) -> Product<'_, T> {
    let (c, beside) = (std::ptr::null_mut(), [std::ptr::null(); 4]);
    let (common, runs) = (None, None);
    let (c_row, strips) = (0, false);
    Product { m, n, k, a, a_steps, b, b_steps, walks, runs, common, c, c_row, strips, beside }
}

/// The arrays of numbers as large as the product that its epilogue reads.
fn whole_loads<'a>(plan: &'a Contract, buffers: &'a [Buffer]) -> impl Iterator<Item = &'a Access> {
    let space = plan.space();
    let whole = move |load: &&Access| {
        let mut axes = space.iter().zip(&load.strides);
        let dtype = buffers[load.buffer.0 as usize].dtype;
        dtype == plan.epilogue.dtype && axes.all(|(size, stride)| *size <= 1 || *stride != 0)
    };
    plan.epilogue.loads.iter().filter(whole)
}

/// A store whose memory can hold the bare product until the epilogue, and the step between its rows:
/// neighbouring columns of the right type that nothing else of this kernel reads.
fn product_place(plan: &Contract, buffers: &[Buffer]) -> Option<(Store, usize)> {
    let (batch, rows) = (plan.batch.len(), plan.rows.len());
    let fits = |store: &&Store| {
        let mut reads = plan.epilogue.loads.iter().chain([&plan.a, &plan.b]);
        let into = store.to.buffer;
        buffers[into.0 as usize].dtype == plan.epilogue.dtype
            && !reads.any(|access| overlap(buffers, access.buffer, into))
    };
    let place = |store: &Store| {
        let (down, across) = store.to.strides[batch..].split_at(rows);
        let column = Walk::new(&plan.columns, across).step()?;
        let row = Walk::new(&plan.rows, down).step()?;
        (column == 1 || plan.n() == 1).then_some((store.clone(), usize::try_from(row).ok()?))
    };
    let stores = || plan.stores.iter().filter(fits);
    stores().filter(|store| store.reg.0 == 0).find_map(place).or_else(|| stores().find_map(place))
}

#[cfg(test)]
mod tests;
