//! The memory of one run: where each buffer starts, reading and writing with conversion.

use super::isa::Isa;
use super::lane::{Real, Task, dispatch};
use crate::plan::{Access, Buffer, BufferId, Place};
use crate::tensor::{DType, Element, with_type};

/// Where the buffers of a program lie during a run.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'r> {
    buffers: &'r [Buffer],
    bases: &'r [*mut u8],
}

// SAFETY: workers share the addresses; which elements each of them reads and writes is kept apart by
// the kernels, with barriers between kernels.
unsafe impl Sync for Memory<'_> {}
// SAFETY: as above.
unsafe impl Send for Memory<'_> {}

impl<'r> Memory<'r> {
    /// The memory whose buffer `i` starts at `bases[i]`.
    ///
    /// # Safety
    /// Each base must be valid for reading and writing its buffer's elements while this lives, except
    /// that buffers which no kernel writes need only be readable.
    pub(crate) unsafe fn new(buffers: &'r [Buffer], bases: &'r [*mut u8]) -> Memory<'r> {
        Memory { buffers, bases }
    }

    /// Where each buffer starts.
    pub(crate) fn bases(&self) -> &'r [*mut u8] {
        self.bases
    }

    /// The memory of the same buffers at other places.
    ///
    /// # Safety
    /// As [`Memory::new`], as far as elements are used.
    pub(crate) unsafe fn moved<'o>(&self, bases: &'o [*mut u8]) -> Memory<'o>
    where
        'r: 'o,
    {
        Memory { buffers: self.buffers, bases }
    }

    /// The element type of a buffer.
    pub(crate) fn dtype(&self, buffer: BufferId) -> DType {
        self.buffers[buffer.0 as usize].dtype
    }

    /// The address of an element of a buffer whose element type is `T`.
    pub(crate) fn address<T: Element>(&self, buffer: BufferId, element: usize) -> *mut T {
        debug_assert_eq!(self.dtype(buffer), T::DTYPE);
        self.bases[buffer.0 as usize].cast::<T>().wrapping_add(element)
    }

    /// Reads elements `start`, `start + stride`, … into `out`, converted with the instructions of `isa`.
    ///
    /// # Safety
    /// The elements must lie in the buffer, have been written as elements of its type, and not be written
    /// meanwhile.
    pub(crate) unsafe fn read<T: Real>(
        &self,
        isa: Isa,
        buffer: BufferId,
        start: usize,
        stride: isize,
        out: &mut [T],
    ) {
        if out.is_empty() {
            return;
        }
        // SAFETY: the caller vouches for the elements; the address is of the buffer's own type.
        unsafe {
            match stride {
                0 => with_type!(self.dtype(buffer), E => {
                    out.fill(T::from_f64((*self.address::<E>(buffer, start)).to_f64()));
                }),
                1 => with_type!(self.dtype(buffer), E => {
                    let from = std::slice::from_raw_parts(self.address::<E>(buffer, start), out.len());
                    dispatch(isa, Convert { from, to: out.as_mut_ptr() });
                }),
                _ => self.read_each(buffer, start, stride, out.iter_mut()),
            }
        }
    }

    /// Reads elements `start`, `start + stride`, … to wherever `out` goes, converted.
    ///
    /// # Safety
    /// As [`Memory::read`].
    pub(crate) unsafe fn read_each<'o, T: Real>(
        &self,
        buffer: BufferId,
        start: usize,
        stride: isize,
        out: impl Iterator<Item = &'o mut T>,
    ) {
        with_type!(self.dtype(buffer), E => {
            let from = self.address::<E>(buffer, start);
            for (i, to) in (0..).zip(out) {
                // SAFETY: the caller vouches for elements `stride` apart.
                *to = T::from_f64(unsafe { *from.offset(i * stride) }.to_f64());
            }
        });
    }

    /// Writes `values` to elements `start`, `start + stride`, …, converted with the instructions of `isa`.
    ///
    /// # Safety
    /// The elements must lie in the buffer and be neither read nor written meanwhile.
    pub(crate) unsafe fn write<T: Real>(
        &self,
        isa: Isa,
        buffer: BufferId,
        start: usize,
        stride: isize,
        values: &[T],
    ) {
        if values.is_empty() {
            return;
        }
        // SAFETY: the caller vouches for the elements; the address is of the buffer's own type.
        unsafe {
            match stride {
                1 => with_type!(self.dtype(buffer), E => {
                    dispatch(isa, Convert { from: values, to: self.address::<E>(buffer, start) });
                }),
                _ => self.write_each(buffer, start, stride, values.iter()),
            }
        }
    }

    /// Writes what `values` gives to elements `start`, `start + stride`, …, converted.
    ///
    /// # Safety
    /// As [`Memory::write`].
    pub(crate) unsafe fn write_each<'v, T: Real>(
        &self,
        buffer: BufferId,
        start: usize,
        stride: isize,
        values: impl Iterator<Item = &'v T>,
    ) {
        with_type!(self.dtype(buffer), E => {
            let to = self.address::<E>(buffer, start);
            for (i, value) in (0..).zip(values) {
                // SAFETY: the caller vouches for elements `stride` apart.
                unsafe { to.offset(i * stride).write(E::from_f64(value.to_f64())) };
            }
        });
    }
}

/// Numbers that are written one after another as elements of another type.
struct Convert<'a, A, B> {
    from: &'a [A],
    /// Valid for writing as many. Not a reference: what another buffer left in the place need not be an element.
    to: *mut B,
}

impl<A: Element, B: Element> Task for Convert<'_, A, B> {
    type Output = ();

    #[inline(always)]
    fn run<const FMA: bool>(self) {
        for (i, from) in self.from.iter().enumerate() {
            // SAFETY: there is room for as many, as whoever made this vouches.
            unsafe { self.to.add(i).write(B::from_f64(from.to_f64())) };
        }
    }
}

/// Whether two buffers share memory: an arena's buffers may follow each other in the same place, and a
/// kernel may write where it reads.
pub(crate) fn overlap(buffers: &[Buffer], a: BufferId, b: BufferId) -> bool {
    let [first, second] = [a, b].map(|id| &buffers[id.0 as usize]);
    let end = |buffer: &Buffer, start: usize| start + buffer.len * buffer.dtype.size();
    match (first.place, second.place) {
        (Place::Arena(i), Place::Arena(j)) => i < end(second, j) && j < end(first, i),
        (first, second) => first == second,
    }
}

/// The element of an access at an index of the space. Trailing axes that the access does not know, as
/// those that a result was reduced over, do not count.
pub(crate) fn element(access: &Access, index: &[usize]) -> usize {
    let steps = access.strides.iter().zip(index).map(|(stride, &i)| stride * i as isize);
    access.offset.wrapping_add_signed(steps.sum())
}
