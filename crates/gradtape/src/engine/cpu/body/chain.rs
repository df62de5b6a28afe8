//! Runs of plain arithmetic, computed a few vectors at a time: a result that only the next instruction
//! reads stays in registers, and slow instructions, as divisions, overlap with the others.

use super::super::isa::Isa;
use super::super::simd::{Portable, Simd};
use crate::op::Op;

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
    /// Which of the operands are the result of the link before.
    last: [bool; 2],
    /// Whether anything but the next link needs the result.
    kept: bool,
}

impl Link {
    /// An instruction whose operands and result all lie in memory.
    pub(super) fn new(code: Code, args: [usize; 2], out: usize) -> Link {
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
        for at in (0..whole).step_by(N * S::LANES) {
            block::<S, N>(links, tiles, at, |p| S::load(p), |p, v| S::store(p, v));
        }
        for at in (whole..len).step_by(S::LANES) {
            let mask = S::mask((len - at).min(S::LANES));
            let load = |p| S::load_masked(p, mask);
            block::<S, 1>(links, tiles, at, load, |p, v| S::store_masked(p, mask, v));
        }
    }
}

/// Computes all links for `N` vectors from a number on.
#[inline(always)]
unsafe fn block<S: Simd, const N: usize>(
    links: &[Link],
    tiles: &[*const S::T],
    at: usize,
    load: impl Fn(*const S::T) -> S::V,
    store: impl Fn(*mut S::T, S::V),
) {
    // SAFETY: the caller vouches for instruction set and tiles.
    unsafe {
        let mut last = [S::zero(); N];
        for link in links {
            let [x, y] = link.args.map(|arg| tiles[arg].wrapping_add(at));
            macro_rules! each {
                ($formula:expr) => {
                    match link.last {
                        [false, false] => {
                            for (i, last) in last.iter_mut().enumerate() {
                                let i = i * S::LANES;
                                *last = $formula(load(x.wrapping_add(i)), load(y.wrapping_add(i)));
                            }
                        }
                        [true, false] => {
                            for (i, last) in last.iter_mut().enumerate() {
                                *last = $formula(*last, load(y.wrapping_add(i * S::LANES)));
                            }
                        }
                        [false, true] => {
                            for (i, last) in last.iter_mut().enumerate() {
                                *last = $formula(load(x.wrapping_add(i * S::LANES)), *last);
                            }
                        }
                        [true, true] => {
                            for last in &mut last {
                                *last = $formula(*last, *last);
                            }
                        }
                    }
                };
            }
            match link.code {
                Code::Add => each!(|x, y| S::add(x, y)),
                Code::Sub => each!(|x, y| S::sub(x, y)),
                Code::Mul => each!(|x, y| S::mul(x, y)),
                Code::Div => each!(|x, y| S::div(x, y)),
                Code::Sqrt => each!(|x, _| S::sqrt(x)),
            }
            if link.kept {
                let out = tiles[link.out].cast_mut().wrapping_add(at);
                for (i, last) in last.iter().enumerate() {
                    store(out.wrapping_add(i * S::LANES), *last);
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
