use super::*;
use crate::engine::cpu::simd::settle;
use crate::op::{Exact, Op, binary, unary};
use crate::plan::{Body, Buffer, Inst, Place, Store};
use crate::tensor::Rng;

/// Rows and columns: none that fill a vector, around the blocks of each instruction set, around a tile, and
/// short rows of which a tile takes several.
const SPACES: [[usize; 2]; 22] = [
    [1, 1],
    [1, 3],
    [1, 7],
    [1, 8],
    [1, 9],
    [1, 31],
    [1, 33],
    [1, 63],
    [1, 64],
    [1, 65],
    [1, 127],
    [1, 128],
    [1, 129],
    [1, 255],
    [1, 257],
    [1, 511],
    [1, 513],
    [1, 1100],
    [5, 7],
    [3, 200],
    [70, 16],
    [2, 600],
];

/// Arrays as large as the space, then a row, a column and a number.
const WHOLE: usize = 3;

/// A kernel of random instructions.
struct Kernel {
    body: Body,
    stores: Vec<Store>,
    reduced: Vec<Reg>,
    space: [usize; 2],
    buffers: Vec<Buffer>,
}

/// A number below `count`.
fn below(rng: &mut Rng, count: usize) -> usize {
    (rng.uniform() * count as f64) as usize
}

impl Kernel {
    fn random<T: Real>(rng: &mut Rng, space: [usize; 2]) -> Kernel {
        let [rows, columns] = space;
        let whole = [columns as isize, 1];
        let loads = [whole, whole, whole, [0, 1], [1, 0], [0, 0]];
        let lens = [rows * columns, rows * columns, rows * columns, columns, rows, 1];
        let access = |buffer: usize, strides: [isize; 2]| Access {
            buffer: BufferId(buffer as u32),
            offset: 0,
            strides: strides.into_iter().collect(),
        };
        let mut buffers: Vec<Buffer> = lens
            .iter()
            .enumerate()
            .map(|(input, &len)| Buffer { dtype: T::DTYPE, len, place: Place::Input(input) })
            .collect();
        let mut insts = Vec::new();
        for number in 0..1 + below(rng, 14) {
            let known = loads.len() + number;
            // The last result more often than others, so that there are runs.
            let mut arg = || match below(rng, 2) {
                0 => Reg(known as u32 - 1),
                _ => Reg(below(rng, known) as u32),
            };
            let (x, y) = (arg(), arg());
            let two = |op: Op| Inst::Op { op, args: [x, y, x] };
            let one = |op: Op| Inst::Op { op, args: [x; 3] };
            insts.push(match below(rng, 12) {
                0..=2 => two(binary::Add {}.into()),
                3 | 4 => two(binary::Sub {}.into()),
                5 | 6 => two(binary::Mul {}.into()),
                7 | 8 => two(binary::Div {}.into()),
                9 => one(unary::Sqrt {}.into()),
                10 => one(unary::Abs {}.into()),
                _ => two(binary::Maximum {}.into()),
            });
        }
        let registers = loads.len() + insts.len();
        let mut stores = Vec::new();
        // Some arrays are updated in place, by a result or by something that was loaded.
        for input in 0..WHOLE {
            if below(rng, 2) == 0 {
                let reg = Reg(below(rng, registers) as u32);
                stores.push(Store { reg, to: access(input, whole) });
            }
        }
        for reg in [below(rng, registers), registers - 1] {
            let place = Place::Output(buffers.len());
            buffers.push(Buffer { dtype: T::DTYPE, len: rows * columns, place });
            let to = access(buffers.len() - 1, whole);
            stores.push(Store { reg: Reg(reg as u32), to });
        }
        let reduced = vec![Reg(below(rng, registers) as u32)];
        let loads = loads.iter().enumerate().map(|(i, &strides)| access(i, strides)).collect();
        let body = Body { dtype: T::DTYPE, loads, insts };
        Kernel { body, stores, reduced, space, buffers }
    }

    fn arrays<T: Real>(&self, rng: &mut Rng) -> Vec<Vec<T>> {
        let mut number = |_| T::from_f64(rng.uniform() * 3.0 - 1.0);
        self.buffers.iter().map(|buffer| (0..buffer.len).map(&mut number).collect()).collect()
    }

    /// The arrays after the stores, and the reduced registers, tile by tile.
    fn run<T: Real>(&self, isa: Isa, arrays: Vec<Vec<T>>) -> (Vec<Vec<T>>, Vec<T>) {
        let Kernel { body, stores, reduced, space, buffers } = self;
        let axes = [Some(0), Some(1)];
        let given = None;
        let is_result = |buffer: &Buffer| matches!(buffer.place, Place::Output(_));
        let past: Vec<bool> = buffers.iter().map(is_result).collect();
        let plan = BodyPlan::new(&BodySpec {
            body,
            stores,
            reduced,
            columns: &[],
            axes,
            planes: false,
            space,
            whole_rows: false,
            given,
            isa,
            past: &past,
            buffers,
        });
        let mut lined: Vec<Aligned<T>> = arrays.iter().map(|x| Aligned::new(x.len())).collect();
        lined.iter_mut().zip(&arrays).for_each(|(to, from)| to.copy_from_slice(from));
        let bases: Vec<*mut u8> = lined.iter_mut().map(|x| x.address().cast()).collect();
        // SAFETY: each array is as long as its buffer.
        let memory = unsafe { Memory::new(buffers, &bases) };
        let mut scratch = plan.scratch();
        // SAFETY: as above.
        unsafe { plan.begin(&memory, &mut scratch) };
        let mut seen = vec![T::from_f64(f64::NAN); space[0] * space[1]];
        for row in (0..space[0]).step_by(plan.rows) {
            for column in (0..space[1]).step_by(plan.cols) {
                let rows = plan.rows.min(space[0] - row);
                let cols = plan.cols.min(space[1] - column);
                let tile = Tile { index: &[row, column], planes: 1, rows, cols };
                // SAFETY: the tile lies in the space; nobody else uses the arrays.
                let found = unsafe {
                    plan.run(&tile, None, &memory, &mut scratch);
                    plan.tile(&scratch, reduced[0], tile.len())
                };
                for (i, found) in found.chunks(cols).enumerate() {
                    let at = (row + i) * space[1] + column;
                    seen[at..at + cols].copy_from_slice(found);
                }
            }
        }
        settle();
        (lined.iter().map(|array| array.to_vec()).collect(), seen)
    }

    /// The same, one element and one operation after the other.
    fn one_by_one<T: Real>(&self, arrays: &[Vec<T>]) -> (Vec<Vec<T>>, Vec<T>) {
        let mut after = arrays.to_vec();
        let mut seen = Vec::new();
        for row in 0..self.space[0] {
            for column in 0..self.space[1] {
                let index = [row, column];
                let load = |load: &Access| arrays[load.buffer.0 as usize][element(load, &index)];
                let mut registers: Vec<T> = self.body.loads.iter().map(load).collect();
                for inst in &self.body.insts {
                    let Inst::Op { op, args } = inst else { unreachable!() };
                    let [x, y, _] = args.map(|arg| registers[arg.0 as usize].to_f64());
                    registers.push(T::from_f64(match op {
                        Op::Add(_) => x + y,
                        Op::Sub(_) => x - y,
                        Op::Mul(_) => x * y,
                        Op::Div(_) => x / y,
                        Op::Sqrt(_) => x.sqrt(),
                        Op::Abs(_) => x.abs(),
                        Op::Maximum(_) if x.is_nan() || y.is_nan() => f64::NAN,
                        Op::Maximum(_) => x.max(y),
                        _ => unreachable!(),
                    }));
                }
                for Store { reg, to } in &self.stores {
                    after[to.buffer.0 as usize][element(to, &index)] = registers[reg.0 as usize];
                }
                seen.push(registers[self.reduced[0].0 as usize]);
            }
        }
        (after, seen)
    }
}

/// Chains of rounded operations give what each alone would, however their results are kept, and what is
/// updated in place is read before.
fn check<T: Real>() {
    let mut rng = Rng::new(7);
    for round in 0..200 {
        for space in SPACES {
            let kernel = Kernel::random::<T>(&mut rng, space);
            let arrays = kernel.arrays::<T>(&mut rng);
            let (want, want_seen) = kernel.one_by_one(&arrays);
            for isa in Isa::available() {
                let (found, seen) = kernel.run(isa, arrays.clone());
                let same = |a: &[T], b: &[T]| {
                    a.iter().zip(b).all(|(x, y)| {
                        let (x, y) = (x.to_f64(), y.to_f64());
                        x == y || x.is_nan() && y.is_nan()
                    })
                };
                let what = || {
                    let Kernel { body, stores, reduced, .. } = &kernel;
                    format!("round {round}, {isa:?}, {space:?}: {body:#?} {stores:?} {reduced:?}")
                };
                for (number, (found, want)) in found.iter().zip(&want).enumerate() {
                    assert!(same(found, want), "array {number}, {}", what());
                }
                assert!(same(&seen, &want_seen), "reduced, {}", what());
            }
        }
    }
}

#[test]
fn random_bodies_give_what_each_operation_alone_gives() {
    check::<f32>();
    check::<f64>();
}

/// Numbers that are all alike round alike: the error of their sum is that of a run, not of the whole row.
#[test]
fn sums_of_long_rows_are_added_up_in_runs() {
    let mut links = [Link::new(Exact::Mul, [0, 0], [false; 2], 1)];
    links[0].sum();
    chain::connect(&mut links, |_| 1);
    for width in [1 << 16, (1 << 16) + 77] {
        let (x, mut squares, mut sum) = (vec![0.3f32; width], vec![0.0f32; width], 0.0);
        let want = f64::from(0.3f32 * 0.3) * width as f64;
        for isa in Isa::available() {
            let ahead = moves::Stretches::none();
            let rows = chain::Rows { count: 1, width, sums: &raw mut sum, ahead, past: false };
            let tiles = [x.as_ptr(), squares.as_mut_ptr().cast_const()];
            // SAFETY: the machine has the instruction set; the tiles are as long as the row.
            unsafe { <f32 as chain::Real>::run_links(isa)(&links, &tiles, &rows) };
            let error = (f64::from(sum) - want).abs() / want;
            // A run, the runs of a lane, what is behind them and the lanes: each number takes part in so many sums.
            let sums = 256 + width / (256 * 16) + 16 + 16;
            let bound = sums as f64 * f64::from(f32::EPSILON) / 2.0;
            assert!(error <= bound, "{isa:?} {width}: {error:e} > {bound:e}");
        }
    }
}
