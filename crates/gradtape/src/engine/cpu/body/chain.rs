//! Runs of plain arithmetic, computed a few vectors at a time: a result that only the next instruction
//! reads stays in registers, and slow instructions, as divisions, overlap with the others.

use super::super::isa::Isa;
use super::super::simd::{Portable, Simd};
use super::moves::Stretches;
use crate::op::{Cost, Exact, Form, Op};

/// The arithmetic of an operation, if it is no more than that.
pub(super) fn arithmetic(op: &Op) -> Option<Exact> {
    match op.form() {
        Form::Formula(Cost::Exact(exact)) => Some(exact),
        _ => None,
    }
}

/// Where a link finds an operand.
#[derive(Clone, Copy, PartialEq)]
enum From {
    /// In the register's tile.
    Tile,
    /// One number for each row.
    Row,
    /// It is the result of the link before.
    Last,
}

/// One instruction of a chain, on registers.
pub(super) struct Link {
    pub(super) code: Exact,
    pub(super) args: [usize; 2],
    pub(super) out: usize,
    from: [From; 2],
    /// Whether anything but the next link needs the result.
    kept: bool,
    /// Whether nobody reads the result before the program's end: it may be stored past the caches.
    past: bool,
    /// Whether the results of each row are added up: of the last link alone.
    summed: bool,
    /// Whether it adds its second operand to sums of columns, instead of what `code` says.
    columns: bool,
    /// All bits for those of both operands and the result that lie along the row, none for those that no other step
    /// needs: they are kept for a few vectors at a time alone.
    along: [usize; 3],
    /// The loop that computes it: see [`Link::find_loop`].
    number: u8,
}

const ALONG: usize = usize::MAX;

impl Link {
    /// An instruction whose operands and result all lie in memory, some of them with one number for each row.
    #[inline(always)]
    pub(super) fn new(code: Exact, args: [usize; 2], by_row: [bool; 2], out: usize) -> Link {
        let from = by_row.map(|by_row| if by_row { From::Row } else { From::Tile });
        let (kept, along) = (true, [ALONG; 3]);
        let (past, summed, columns, number) = (false, false, false, 0);
        Link { code, args, out, from, kept, past, summed, columns, along, number }
    }

    /// Adds a register to the sums of its columns.
    #[inline(always)]
    pub(super) fn columns(sums: usize, reg: usize) -> Link {
        let link = Link::new(Exact::Add, [sums, reg], [false; 2], sums);
        Link { columns: true, ..link }
    }

    /// Has the results of each row added up.
    pub(super) fn sum(&mut self) {
        self.summed = true;
    }

    /// Lets the result be stored past the caches.
    pub(super) fn go_past(&mut self) {
        self.past = true;
    }

    /// Whether it adds to sums of columns, which lie elsewhere.
    pub(super) fn sums_columns(&self) -> bool {
        self.columns
    }

    /// The register that is at hand after it.
    fn last(&self) -> usize {
        if self.columns { self.args[1] } else { self.out }
    }

    /// Whether the result is kept for a few vectors at a time alone.
    pub(super) fn is_brief(&self) -> bool {
        self.along[2] == 0
    }

    /// Sets the number of the loop over vectors: nine for each code, one for each place of both operands, and two for
    /// sums of columns. One jump then finds it.
    fn find_loop(&mut self) {
        let code = match self.code {
            Exact::Add => 0,
            Exact::Sub => 9,
            Exact::Mul => 18,
            Exact::Div => 27,
            Exact::Sqrt => 36,
        };
        let [x, y] = self.from.map(|from| match from {
            From::Tile => 0,
            From::Last => 1,
            From::Row => 2,
        });
        self.number = match self.columns {
            true => 45 + u8::from(self.from[1] == From::Last),
            false => code + 3 * x + y,
        };
    }

    /// Whether a link needs to know where rows begin and end.
    #[inline(always)]
    pub(super) fn has_rows(&self) -> bool {
        self.summed || self.columns || self.from.contains(&From::Row)
    }
}

/// Lets results that only the next link reads stay where they are computed. `readers` tells how many
/// instructions read a register, `usize::MAX` if it is read after them.
pub(super) fn connect(links: &mut [Link], readers: impl Fn(usize) -> usize) {
    for next in 1..links.len() {
        let before = links[next - 1].last();
        for operand in 0..2 {
            if links[next].args[operand] == before {
                links[next].from[operand] = From::Last;
            }
        }
        let only = links[next].from.contains(&From::Last) && readers(before) == 1;
        links[next - 1].kept = !only;
    }
    if let Some(last) = links.last_mut().filter(|last| last.summed) {
        last.kept = readers(last.out) > 1;
    }
    let rows = links.iter().any(Link::has_rows);
    for number in 0..links.len() {
        let out = links[number].out;
        let here = links.iter().filter(|link| link.args.contains(&out)).count();
        if rows && !links[number].columns && here == readers(out) {
            links[number].along[2] = 0;
            for link in links.iter_mut() {
                let brief = (0..2).filter(|&operand| link.args[operand] == out);
                brief.for_each(|operand| link.along[operand] = 0);
            }
        }
    }
    links.iter_mut().for_each(Link::find_loop);
}

/// The rows that a chain computes.
pub(super) struct Rows<'a, T> {
    pub(super) count: usize,
    pub(super) width: usize,
    /// Where the sum of each row is put, if the last link has them added up.
    pub(super) sums: *mut T,
    /// What is fetched meanwhile.
    pub(super) ahead: Stretches<'a>,
    /// Whether results that may be stored past the caches lie as that needs it.
    pub(super) past: bool,
}

/// Computes all links for the rows of the registers' tiles, which start at `tiles`.
///
/// # Safety
/// The machine must have the instruction set; every tile must be valid for the rows, or one number for each, those
/// of the links' results for writing, and so must be the sums. Tiles are equal or apart, and apart from what has one
/// number for each row.
pub(super) type RunLinks<T> = unsafe fn(links: &[Link], tiles: &[*const T], rows: &Rows<'_, T>);

/// A number type that has chains.
pub(crate) trait Real: Sized {
    /// The function for an instruction set, which the machine must have.
    #[allow(private_interfaces, reason = "for this room alone")]
    fn run_links(isa: Isa) -> RunLinks<Self>;
}

/// Vectors that sums of rows are added up in.
const SUMS: usize = 4;

/// Numbers that each lane of these adds up before the sum joins a total of such sums, so that rounding grows slowly.
const RUN: usize = 256;

/// `N` is the number of vectors that all links compute before they go on to the next ones. Without `ROWS`, no link needs
/// to know of rows.
///
/// What is added up is so after the links, and all choices are made outside of the loops over vectors: else the results
/// of the last link do not stay in registers.
#[allow(clippy::needless_range_loop, reason = "a plain loop is sure to be unrolled")]
#[inline(always)]
unsafe fn run<S: Simd, const N: usize, const ROWS: bool>(
    links: &[Link],
    tiles: &[*const S::T],
    rows: &Rows<'_, S::T>,
) {
    if rows.width < N * S::LANES {
        rows.ahead.fetch::<S::T>(0, rows.count * rows.width);
    }
    // SAFETY: the caller vouches for instruction set and tiles.
    unsafe {
        for row in 0..rows.count {
            let (mut total, mut sums) = ([S::zero(); SUMS], [S::zero(); SUMS]);
            let (start, end) = (row * rows.width, (row + 1) * rows.width);
            let mut at = start;
            while at + N * S::LANES <= end {
                let stop = end.min(at + RUN * SUMS * S::LANES);
                while at + N * S::LANES <= stop {
                    rows.ahead.fetch::<S::T>(at, N * S::LANES);
                    block::<S, N, false, ROWS>(
                        links,
                        tiles,
                        [row, start, at],
                        rows.past,
                        S::mask(S::LANES),
                        &mut sums,
                    );
                    at += N * S::LANES;
                }
                // What is behind the last whole block belongs to the last run.
                if at + N * S::LANES <= end {
                    for i in 0..SUMS {
                        total[i] = S::add(total[i], sums[i]);
                        sums[i] = S::zero();
                    }
                }
            }
            while at + S::LANES <= end {
                block::<S, 1, false, ROWS>(
                    links,
                    tiles,
                    [row, start, at],
                    rows.past,
                    S::mask(S::LANES),
                    &mut sums,
                );
                at += S::LANES;
            }
            if at < end {
                block::<S, 1, true, ROWS>(
                    links,
                    tiles,
                    [row, start, at],
                    rows.past,
                    S::mask(end - at),
                    &mut sums,
                );
            }
            if !rows.sums.is_null() {
                for i in 0..SUMS {
                    sums[i] = S::add(total[i], sums[i]);
                }
                let sum = S::add(S::add(sums[0], sums[1]), S::add(sums[2], sums[3]));
                *rows.sums.add(row) = S::sum(sum);
            }
        }
    }
}

/// Computes all links for `N` vectors of a row from a number on, of which `MASKED` ones are in use as far as the mask
/// says.
#[allow(clippy::needless_range_loop, reason = "a plain loop is sure to be unrolled")]
#[inline(always)]
unsafe fn block<S: Simd, const N: usize, const MASKED: bool, const ROWS: bool>(
    links: &[Link],
    tiles: &[*const S::T],
    [row, start, at]: [usize; 3],
    past: bool,
    mask: S::Mask,
    sums: &mut [S::V; SUMS],
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
            let x = *tiles.get_unchecked(link.args[0]);
            let y = *tiles.get_unchecked(link.args[1]);
            let along = match ROWS {
                true => [at & link.along[0], at & link.along[1]],
                false => [at; 2],
            };
            macro_rules! each {
                ($first:ident $second:ident, $x:ident $y:ident, $formula:expr) => {{
                    let first = from!($first, x, 0);
                    let second = from!($second, y, 1);
                    for i in 0..N {
                        let $x = operand!($first, first, i);
                        let $y = operand!($second, second, i);
                        last[i] = $formula;
                    }
                }};
            }
            macro_rules! from {
                (tile, $tile:ident, $operand:literal) => {
                    $tile.wrapping_add(along[$operand])
                };
                (row, $tile:ident, $operand:literal) => {
                    S::splat(*$tile.wrapping_add(row))
                };
                (last, $tile:ident, $operand:literal) => {
                    ()
                };
            }
            macro_rules! operand {
                (tile, $from:ident, $i:ident) => {
                    load!($from.wrapping_add($i * S::LANES))
                };
                (row, $from:ident, $i:ident) => {
                    $from
                };
                (last, $from:ident, $i:ident) => {{
                    let () = $from;
                    last[$i]
                }};
            }
            // In the order of `Link::find_loop`.
            macro_rules! loops {
                ($($a:literal $b:literal $c:literal $d:literal $e:literal $f:literal $g:literal $h:literal $k:literal
                    $x:ident $y:ident $formula:expr;)*) => {
                    match link.number {
                        $(
                            $a => each!(tile tile, $x $y, $formula),
                            $b => each!(tile last, $x $y, $formula),
                            $c if ROWS => each!(tile row, $x $y, $formula),
                            $d => each!(last tile, $x $y, $formula),
                            $e => each!(last last, $x $y, $formula),
                            $f if ROWS => each!(last row, $x $y, $formula),
                            $g if ROWS => each!(row tile, $x $y, $formula),
                            $h if ROWS => each!(row last, $x $y, $formula),
                            $k if ROWS => each!(row row, $x $y, $formula),
                        )*
                        number if ROWS => {
                            if number == 45 {
                                let y = y.wrapping_add(along[1]);
                                for i in 0..N {
                                    last[i] = load!(y.wrapping_add(i * S::LANES));
                                }
                            }
                            let sums = x.cast_mut().wrapping_add(at - start);
                            for i in 0..N {
                                let to = sums.wrapping_add(i * S::LANES);
                                let sum = S::add(load!(to), last[i]);
                                if MASKED { S::store_masked(to, mask, sum) } else { S::store(to, sum) }
                            }
                            continue;
                        }
                        _ => debug_assert!(false, "rows where none are known"),
                    }
                };
            }
            loops! {
                0 1 2 3 4 5 6 7 8 x y S::add(x, y);
                9 10 11 12 13 14 15 16 17 x y S::sub(x, y);
                18 19 20 21 22 23 24 25 26 x y S::mul(x, y);
                27 28 29 30 31 32 33 34 35 x y S::div(x, y);
                36 37 38 39 40 41 42 43 44 x _y S::sqrt(x);
            }
            if link.kept || (MASKED && link.summed) {
                let along = if ROWS { at & link.along[2] } else { at };
                let out = tiles.get_unchecked(link.out).cast_mut().wrapping_add(along);
                for i in 0..N {
                    let to = out.wrapping_add(i * S::LANES);
                    match MASKED {
                        true => S::store_masked(to, mask, last[i]),
                        false if past && link.past => S::store_past(to, last[i]),
                        false => S::store(to, last[i]),
                    }
                }
            }
        }
        if let Some(link) = links.last().filter(|link| ROWS && link.summed) {
            let out = tiles.get_unchecked(link.out).wrapping_add(at & link.along[2]);
            for i in 0..N {
                // Lanes that are not in use may hold anything.
                let own = if MASKED { S::load_masked(out, mask) } else { last[i] };
                sums[i % SUMS] = S::add(sums[i % SUMS], own);
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
                            unsafe fn stamped(links: &[Link], tiles: &[*const $type], rows: &Rows<'_, $type>) {
                                // SAFETY: as for this function.
                                unsafe {
                                    match links.iter().any(Link::has_rows) {
                                        true => run::<$vector, $n, true>(links, tiles, rows),
                                        false => run::<$vector, $n, false>(links, tiles, rows),
                                    }
                                }
                            }
                            stamped
                        }
                    )*
                    _ => run::<$portable, 4, true>,
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
use super::super::simd::x86::{Avx2, Avx512};

stamp!(f32, Portable<f32, 4>,
    Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f32>, 8, Avx2 "avx2,fma" Avx2<f32>, 8);
stamp!(f64, Portable<f64, 2>,
    Avx512 "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma" Avx512<f64>, 8, Avx2 "avx2,fma" Avx2<f64>, 8);
