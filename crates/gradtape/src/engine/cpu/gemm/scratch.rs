//! Memory for packed operands and for places, kept by each thread from one product to the next.

use std::cell::RefCell;

use super::pack::SPILL;

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// Products computed in turns whose right operands a thread keeps packed.
pub(crate) const ROOMS: usize = 2;

thread_local! {
    static LEFT: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    static RIGHT: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    static STRIP: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
    static KEPT: [RefCell<Vec<Line>>; ROOMS] =
        const { [const { RefCell::new(Vec::new()) }; ROOMS] };
    static PLACES: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

/// Room for this many elements of the left operand, until the next call on this thread.
pub(super) fn left<T>(elements: usize) -> *mut T {
    LEFT.with_borrow_mut(|lines| room(lines, elements + SPILL))
}

/// Room for this many elements of the right operand, until the next call on this thread.
pub(super) fn right<T>(elements: usize) -> *mut T {
    RIGHT.with_borrow_mut(|lines| room(lines, elements + SPILL))
}

/// Room for this many elements of the result, until the next call on this thread.
pub(super) fn strip<T>(elements: usize) -> *mut T {
    STRIP.with_borrow_mut(|lines| room(lines, elements))
}

/// Room for this many elements of the right operand of one of two products that are computed in turns, until the next
/// call for that one on this thread.
pub(super) fn kept_right<T>(product: usize, elements: usize) -> *mut T {
    KEPT.with(|rooms| room(&mut rooms[product].borrow_mut(), elements))
}

/// Room for the places of this many elements.
///
/// # Safety
/// It may not be used after the next call on this thread.
pub(super) unsafe fn places<'a>(elements: usize) -> &'a mut [isize] {
    let at = PLACES.with_borrow_mut(|lines| room(lines, elements));
    // SAFETY: the room holds as many, whatever bytes they are; the caller has it alone.
    unsafe { std::slice::from_raw_parts_mut(at, elements) }
}

/// Bytes that this thread keeps for the left and for the right operand.
#[cfg(test)]
pub(super) fn kept() -> [usize; 2] {
    [&LEFT, &RIGHT].map(|lines| lines.with_borrow(|lines| size_of_val(&lines[..])))
}

fn room<T>(lines: &mut Vec<Line>, elements: usize) -> *mut T {
    let needed = (elements * size_of::<T>()).div_ceil(size_of::<Line>());
    if lines.len() < needed {
        lines.clear();
        lines.resize(needed, Line([0; 64]));
    }
    lines.as_mut_ptr().cast()
}
