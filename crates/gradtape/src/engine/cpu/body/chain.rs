//! Runs of plain arithmetic, computed a few vectors at a time: no number leaves the first-level cache
//! between two instructions, and slow ones, as divisions, overlap with the others.

use super::super::isa::Isa;
use super::super::simd::{Portable, Simd};
use crate::op::Op;

/// Numbers that all instructions of a chain compute before they go on to the next ones.
const BLOCK: usize = 64;

/// Operations whose result IEEE 754 fixes to the last bit, whatever the instruction set.
#[derive(Clone, Copy)]
pub(super) enum Code {
    Add,
    Sub,
    Mul,
    Div,
    Sqrt,
}

impl Code {
    /// The code of an operation, if it has one.
    pub(super) fn of(op: &Op) -> Option<Code> {
        match op {
            Op::Add(_) => Some(Code::Add),
            Op::Sub(_) => Some(Code::Sub),
            Op::Mul(_) => Some(Code::Mul),
            Op::Div(_) => Some(Code::Div),
            Op::Sqrt(_) => Some(Code::Sqrt),
            _ => None,
        }
    }
}

/// One instruction of a chain, on registers.
pub(super) struct Link {
    pub(super) code: Code,
    pub(super) args: [usize; 2],
    pub(super) out: usize,
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

#[inline(always)]
unsafe fn run<S: Simd>(links: &[Link], tiles: &[*const S::T], len: usize) {
    let whole = len - len % BLOCK;
    // SAFETY: the caller vouches for instruction set and tiles.
    unsafe {
        for at in (0..whole).step_by(BLOCK) {
            for link in links {
                block::<S>(link, tiles, at, BLOCK);
            }
        }
        if whole < len {
            for link in links {
                block::<S>(link, tiles, whole, len - whole);
            }
        }
    }
}

#[inline(always)]
unsafe fn block<S: Simd>(link: &Link, tiles: &[*const S::T], at: usize, count: usize) {
    let [x, y] = link.args.map(|arg| tiles[arg].wrapping_add(at));
    let out = tiles[link.out].cast_mut().wrapping_add(at);
    macro_rules! each {
        ($formula:expr) => {
            if count == BLOCK {
                for i in (0..BLOCK).step_by(S::LANES) {
                    let value = $formula(S::load(x.add(i)), S::load(y.add(i)));
                    S::store(out.add(i), value);
                }
            } else {
                for i in (0..count).step_by(S::LANES) {
                    let mask = S::mask((count - i).min(S::LANES));
                    let [x, y] = [x, y].map(|from| S::load_masked(from.add(i), mask));
                    S::store_masked(out.add(i), mask, $formula(x, y));
                }
            }
        };
    }
    // SAFETY: the caller vouches for instruction set and tiles.
    unsafe {
        match link.code {
            Code::Add => each!(|x, y| S::add(x, y)),
            Code::Sub => each!(|x, y| S::sub(x, y)),
            Code::Mul => each!(|x, y| S::mul(x, y)),
            Code::Div => each!(|x, y| S::div(x, y)),
            Code::Sqrt => each!(|x, _| S::sqrt(x)),
        }
    }
}

macro_rules! stamp {
    ($type:ty, $portable:ty $(, $isa:ident $feature:literal $vector:ty)*) => {
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
                                unsafe { run::<$vector>(links, tiles, len) }
                            }
                            stamped
                        }
                    )*
                    _ => run::<$portable>,
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use super::super::simd::x86::{Avx2, Avx512};

stamp!(f32, Portable<f32, 4>, Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f32>,
    Avx2 "avx2,fma" Avx2<f32>);
stamp!(f64, Portable<f64, 2>, Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f64>,
    Avx2 "avx2,fma" Avx2<f64>);
