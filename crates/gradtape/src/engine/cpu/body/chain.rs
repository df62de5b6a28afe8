//! Runs of plain arithmetic, computed a few vectors at a time: a result that only the next instruction
//! reads stays in registers, and slow instructions, as divisions, overlap with the others.

use super::super::isa::Isa;
use super::super::simd::{Portable, Simd};
use crate::op::{Cost, Exact, Form, Op};

/// The arithmetic of an operation, if it is no more than that.
pub(super) fn arithmetic(op: &Op) -> Option<Exact> {
    match op.form() {
        Form::Formula(Cost::Exact(exact)) => Some(exact),
        _ => None,
    }
}

/// One instruction of a chain, on registers.
pub(super) struct Link {
    pub(super) code: Exact,
    pub(super) args: [usize; 2],
    pub(super) out: usize,
    /// Which of the operands are the result of the link before.
    last: [bool; 2],
    /// Whether anything but the next link needs the result.
    kept: bool,
}

impl Link {
    /// An instruction whose operands and result all lie in memory.
    pub(super) fn new(code: Exact, args: [usize; 2], out: usize) -> Link {
        Link { code, args, out, last: [false; 2], kept: true }
    }
}

/// Lets results that only the next link reads stay where they are computed. `readers` tells how many
/// instructions read a register, `usize::MAX` if it is read after them.
pub(super) fn connect(links: &mut [Link], readers: impl Fn(usize) -> usize) {
    for next in 1..links.len() {
        let before = links[next - 1].out;
        links[next].last = links[next].args.map(|arg| arg == before);
        let only = links[next].last.contains(&true) && readers(before) == 1;
        links[next - 1].kept = !only;
    }
}

/// Computes all links for the first `len` numbers of the registers' tiles, which start at `tiles`.
///
/// # Safety
/// The machine must have the instruction set; every tile must be valid for `len` numbers, those of the
/// links' results for writing. Tiles are equal or apart.
pub(super) type RunLinks<T> = unsafe fn(links: &[Link], tiles: &[*const T], len: usize);

/// A number type that has chains.
pub(crate) trait Real: Sized {
    /// The function for an instruction set, which the machine must have.
    #[allow(private_interfaces, reason = "for this room alone")]
    fn run_links(isa: Isa) -> RunLinks<Self>;
}

/// `N` is the number of vectors that all links compute before they go on to the next ones.
#[inline(always)]
unsafe fn run<S: Simd, const N: usize>(links: &[Link], tiles: &[*const S::T], len: usize) {
    let whole = len - len % (N * S::LANES);
    // SAFETY: the caller vouches for instruction set and tiles.
    unsafe {
        let mut at = 0;
        while at < whole {
            block::<S, N, false>(links, tiles, at, S::mask(S::LANES));
            at += N * S::LANES;
        }
        while at < len {
            block::<S, 1, true>(links, tiles, at, S::mask(len - at));
            at += S::LANES;
        }
    }
}

/// Computes all links for `N` vectors from a number on, of which `MASKED` ones are in use as far as the mask
/// says.
#[allow(clippy::needless_range_loop, reason = "a plain loop is sure to be unrolled")]
#[inline(always)]
unsafe fn block<S: Simd, const N: usize, const MASKED: bool>(
    links: &[Link],
    tiles: &[*const S::T],
    at: usize,
    mask: S::Mask,
) {
    // Macros: a closure would be compiled without the caller's instruction set wherever it is left out of line.
    macro_rules! load {
        ($from:expr) => {
            if MASKED { S::load_masked($from, mask) } else { S::load($from) }
        };
    }
    // SAFETY: the caller vouches for instruction set and tiles.
    unsafe {
        let mut last = [S::zero(); N];
        for link in links {
            let x = tiles[link.args[0]].wrapping_add(at);
            let y = tiles[link.args[1]].wrapping_add(at);
            macro_rules! each {
                ($($x:ident)+, $formula:expr) => {
                    match link.last {
                        [false, false] => each!(load load, $($x)+, $formula),
                        [true, false] => each!(last load, $($x)+, $formula),
                        [false, true] => each!(load last, $($x)+, $formula),
                        [true, true] => each!(last last, $($x)+, $formula),
                    }
                };
                ($first:ident $second:ident, $x:ident $y:ident, $formula:expr) => {
                    for i in 0..N {
                        let $x = operand!($first, x, i);
                        let $y = operand!($second, y, i);
                        last[i] = $formula;
                    }
                };
            }
            macro_rules! operand {
                (load, $tile:ident, $i:ident) => {
                    load!($tile.wrapping_add($i * S::LANES))
                };
                (last, $tile:ident, $i:ident) => {
                    last[$i]
                };
            }
            match link.code {
                Exact::Add => each!(x y, S::add(x, y)),
                Exact::Sub => each!(x y, S::sub(x, y)),
                Exact::Mul => each!(x y, S::mul(x, y)),
                Exact::Div => each!(x y, S::div(x, y)),
                Exact::Sqrt => each!(x _y, S::sqrt(x)),
            }
            if link.kept {
                let out = tiles[link.out].cast_mut().wrapping_add(at);
                for i in 0..N {
                    let to = out.wrapping_add(i * S::LANES);
                    if MASKED {
                        S::store_masked(to, mask, last[i])
                    } else {
                        S::store(to, last[i])
                    };
                }
            }
        }
    }
}

macro_rules! stamp {
    ($type:ty, $portable:ty $(, $isa:ident $feature:literal $vector:ty, $n:literal)*) => {
        impl Real for $type {
            #[allow(private_interfaces, reason = "for this room alone")]
            fn run_links(isa: Isa) -> RunLinks<$type> {
                match isa {
                    $(
                        #[cfg(target_arch = "x86_64")]
                        Isa::$isa => {
                            #[target_feature(enable = $feature)]
                            unsafe fn stamped(links: &[Link], tiles: &[*const $type], len: usize) {
                                // SAFETY: as for this function.
                                unsafe { run::<$vector, $n>(links, tiles, len) }
                            }
                            stamped
                        }
                    )*
                    _ => run::<$portable, 4>,
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use super::super::simd::x86::{Avx2, Avx512};

stamp!(f32, Portable<f32, 4>,
    Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f32>, 8, Avx2 "avx2,fma" Avx2<f32>, 4);
stamp!(f64, Portable<f64, 2>,
    Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f64>, 8, Avx2 "avx2,fma" Avx2<f64>, 4);
