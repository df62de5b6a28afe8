//! Matrix products with their epilogues.

use smallvec::SmallVec;

use super::body::{BodyPlan, BodySpec, Scratch, TILE, Tile};
use super::gemm::{self, Block, Product};
use super::isa::Isa;
use super::lane::Real;
use super::memory::{Memory, element, overlap};
use super::pool::Worker;
use crate::plan::{Access, Buffer, MatMul, Store};
use crate::tensor::Dims;

/// Products for each worker from which on each is computed by one of them.
const MANY_PRODUCTS: usize = 8;

/// Arrays as large as the product from which on an epilogue walks along strips rather than blocks: the planner
/// gives one so many only where it counts on strips.
const STRIP_LOADS: usize = 2;

/// A matrix product made ready to run.
pub(crate) struct MatMulPlan<T> {
    isa: Isa,
    plan: MatMul,
    epilogue: BodyPlan<T>,
    /// Where the bare product is put: the place of a store, or memory of its own.
    product: Option<Store>,
    /// Whether the bare product is all that is stored.
    bare: bool,
    /// Whether the product is only there for the epilogue, a strip at a time.
    strips: bool,
    /// What the epilogue reads at the elements of a strip, each laid out as the product.
    beside: SmallVec<[Access; 4]>,
}

/// The scratch memory of one worker for one product.
pub(crate) struct MatMulScratch<T> {
    body: Scratch<T>,
    index: Dims,
}

impl<T: Real> MatMulPlan<T> {
    pub(crate) fn new(plan: &MatMul, isa: Isa, buffers: &[Buffer]) -> MatMulPlan<T> {
        let mut space = plan.batch.clone();
        space.extend([plan.m, plan.n]);
        let axes = [Some(space.len() - 2), Some(space.len() - 1)];
        let fits_strips = operands::<T>(plan, std::ptr::null(), std::ptr::null()).fits_strips(isa);
        let product = product_place(plan, buffers);
        let product = product.filter(|place| {
            place.reg.0 == 0 || !fits_strips || whole_loads(plan, buffers).count() < STRIP_LOADS
        });
        let strips = product.is_none() && fits_strips;
        let product = product.cloned();
        let bare = match &product {
            Some(place) => place.reg.0 == 0 && plan.stores.len() == 1,
            None => false,
        };
        // What is stored of the bare product lies there already; in another type it is stored before anything
        // else is, which may go where the product lies.
        let mut stores: Vec<Store> = plan
            .stores
            .iter()
            .filter(|store| store.reg.0 != 0 || Some(*store) != product.as_ref())
            .cloned()
            .collect();
        stores.sort_by_key(|store| store.reg.0 != 0);
        let given = Some(product.as_ref().map(|place| place.to.buffer));
        let epilogue = BodyPlan::new(&BodySpec {
            body: &plan.epilogue,
            stores: &stores,
            reduced: &[],
            axes,
            space: &space,
            given,
            isa,
            buffers,
        });
        let as_product = |load: &&Access| load.strides[plan.batch.len()..] == [plan.n as isize, 1];
        let beside = whole_loads(plan, buffers).filter(|load| strips && as_product(load));
        let beside = beside.cloned().collect();
        MatMulPlan { isa, plan: plan.clone(), epilogue, product, bare, strips, beside }
    }

    /// Scratch memory for one worker.
    pub(crate) fn scratch(&self) -> MatMulScratch<T> {
        let index = Dims::from_elem(0, self.plan.batch.len() + 2);
        MatMulScratch { body: self.epilogue.scratch(), index }
    }

    /// Numbers of shared memory for a product that has no place among the buffers.
    pub(crate) fn shared_len(&self) -> usize {
        let at_once = if self.deals_out() { self.items() } else { 1 };
        let whole = self.product.is_none() && !self.strips;
        if whole { self.plan.m * self.plan.n * at_once } else { 0 }
    }

    /// Multiplications and additions.
    pub(crate) fn work(&self) -> usize {
        let MatMul { m, n, k, .. } = &self.plan;
        [self.items(), *m, *n, *k].into_iter().fold(1, usize::saturating_mul)
    }

    /// How many products there are.
    fn items(&self) -> usize {
        self.plan.batch.iter().product()
    }

    /// Whether each product is too small for several workers, so that each takes whole ones.
    fn deals_out(&self) -> bool {
        let MatMul { m, n, k, .. } = &self.plan;
        self.items() > 1 && m.saturating_mul(*n).saturating_mul(*k) < gemm::PARALLEL
    }

    /// Runs the product, shared among the workers.
    ///
    /// # Safety
    /// The memory must be that of the product's program; all workers must call this with the same
    /// `shared`, which holds [`MatMulPlan::shared_len`] numbers.
    pub(crate) unsafe fn run(
        &self,
        worker: &Worker<'_>,
        memory: &Memory<'_>,
        scratch: &mut MatMulScratch<T>,
        shared: *mut T,
    ) {
        let MatMul { m, n, k, .. } = &self.plan;
        let (items, deals_out) = (self.items(), self.deals_out());
        // Where many products can be computed at once, each is left in one piece.
        let apart = self.product.is_some() || self.strips;
        let many = apart && items >= MANY_PRODUCTS * worker.count();
        let parts = if deals_out || many { 1 } else { gemm::parts_for(worker, [*m, *n, *k]) };
        let mut begun = false;
        let mut part = |number: usize, part: usize| {
            // Not before there is something to do: who comes late finds the memory used for other things.
            if !std::mem::replace(&mut begun, true) {
                // SAFETY: the caller vouches for the memory.
                unsafe { self.epilogue.begin(memory, &mut scratch.body) };
            }
            // SAFETY: passed on from the caller.
            unsafe { self.part(number, (part, parts), memory, scratch, shared) };
        };
        if apart || deals_out {
            worker.each(items * parts, |unit| part(unit / parts, unit % parts));
        } else {
            // The products use the same memory, one after another.
            (0..items).for_each(|number| worker.each(parts, |at| part(number, at)));
        }
    }

    /// Computes a part of one of the products.
    ///
    /// # Safety
    /// As [`MatMulPlan::run`]; no other worker may compute the same part.
    unsafe fn part(
        &self,
        number: usize,
        part: (usize, usize),
        memory: &Memory<'_>,
        scratch: &mut MatMulScratch<T>,
        shared: *mut T,
    ) {
        let MatMul { batch, m, n, a, b, .. } = &self.plan;
        let MatMulScratch { body, index } = scratch;
        let rank = batch.len();
        set_index(index, number, batch);
        let (c, c_row) = match &self.product {
            Some(place) => (
                memory.address::<T>(place.to.buffer, element(&place.to, index)),
                place.to.strides[rank] as usize,
            ),
            None if self.deals_out() => (shared.wrapping_add(number * m * n), *n),
            None => (shared, *n),
        };
        let left = memory.address::<T>(a.buffer, element(a, index));
        let right = memory.address::<T>(b.buffer, element(b, index));
        let strips = self.strips;
        let mut product = Product { c, c_row, strips, ..operands(&self.plan, left, right) };
        for (place, load) in product.beside.iter_mut().zip(&self.beside) {
            *place = memory.address::<T>(load.buffer, element(load, index)).cast_const();
        }
        let state = std::cell::RefCell::new((body, index));
        let finish = |block: &Block<T>| {
            if !self.bare {
                let (body, index) = &mut *state.borrow_mut();
                // SAFETY: the block was just computed by this worker.
                unsafe { self.finish(block, memory, body, index) };
            }
        };
        // SAFETY: the operands and the product's place hold the shape, by the program; the machine has
        // the instructions.
        unsafe { gemm::part(part, self.isa, &product, &finish) };
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
        let rank = index.len() - 2;
        let cols = block.columns.min(TILE);
        let rows = if block.columns > TILE / 2 { 1 } else { (TILE / cols).min(block.rows) };
        for row in (0..block.rows).step_by(rows) {
            for col in (0..block.columns).step_by(cols) {
                index[rank] = block.row + row;
                index[rank + 1] = block.column + col;
                let (rows, cols) = (rows.min(block.rows - row), cols.min(block.columns - col));
                let from = block.data.wrapping_add(row * block.stride + col);
                let given = Some((from.cast_const(), block.stride));
                // SAFETY: the tile lies in the block.
                unsafe { self.epilogue.run(&Tile { index, rows, cols }, given, memory, body) };
            }
        }
        index[rank] = 0;
        index[rank + 1] = 0;
    }
}

/// The product of operands at two addresses, put nowhere.
fn operands<T>(plan: &MatMul, a: *const T, b: *const T) -> Product<T> {
    let MatMul { batch, m, n, k, a: left, b: right, .. } = plan;
    let rank = batch.len();
    // Of operands without elements, no address but the first may be made.
    let steps = |access: &Access| match k {
        0 => [0; 2],
        _ => [access.strides[rank] as usize, access.strides[rank + 1] as usize],
    };
    let (a_steps, b_steps) = (steps(left), steps(right));
    let (m, n, k, c, beside) = (*m, *n, *k, std::ptr::null_mut(), [std::ptr::null(); 4]);
    Product { m, n, k, a, a_steps, b, b_steps, c, c_row: 0, strips: false, beside }
}

/// The arrays of numbers as large as the product that its epilogue reads.
fn whole_loads<'a>(plan: &'a MatMul, buffers: &'a [Buffer]) -> impl Iterator<Item = &'a Access> {
    let sizes = || plan.batch.iter().chain([&plan.m, &plan.n]);
    let whole = move |load: &&Access| {
        let mut axes = sizes().zip(&load.strides);
        let dtype = buffers[load.buffer.0 as usize].dtype;
        dtype == plan.epilogue.dtype && axes.all(|(size, stride)| *size <= 1 || *stride != 0)
    };
    plan.epilogue.loads.iter().filter(whole)
}

/// A store whose memory can hold the bare product until the epilogue: row-major rows of the right type
/// that nothing else of this kernel reads.
fn product_place<'a>(plan: &'a MatMul, buffers: &[Buffer]) -> Option<&'a Store> {
    let rank = plan.batch.len();
    let fits = |store: &&Store| {
        let mut reads = plan.epilogue.loads.iter().chain([&plan.a, &plan.b]);
        let into = store.to.buffer;
        buffers[into.0 as usize].dtype == plan.epilogue.dtype
            && (store.to.strides[rank + 1] == 1 || plan.n == 1)
            && !reads.any(|access| overlap(buffers, access.buffer, into))
    };
    let stores = || plan.stores.iter().filter(fits);
    stores().find(|store| store.reg.0 == 0).or_else(|| stores().next())
}

fn set_index(index: &mut [usize], mut number: usize, batch: &[usize]) {
    index.fill(0);
    for axis in (0..batch.len()).rev() {
        index[axis] = number % batch[axis];
        number /= batch[axis];
    }
}
