//! Random functions of values on a tape.
#![allow(dead_code, reason = "each test uses a part")]

use gradtape::{Result, Tensor, Var};

/// Sizes below, at and above those at which the engine changes its way.
pub(crate) const SIZES: [[usize; 3]; 6] =
    [[2, 3, 4], [1, 5, 1], [7, 16, 33], [3, 255, 2], [40, 40, 40], [2, 513, 9]];

pub(crate) fn numbers(dims: &[usize], salt: usize) -> Result<Tensor> {
    let count = dims.iter().product::<usize>();
    let value = |i: usize| ((i * 37 + salt * 11 + 5) % 101) as f64 / 128.0 - 0.4;
    Tensor::from_vec((0..count).map(value).collect(), dims)
}

/// The next value from one or two earlier ones; `x` where they do not fit.
fn next<'t>(choice: u32, x: Var<'t>, y: Var<'t>) -> Var<'t> {
    let (of_x, of_y) = (x.shape(), y.shape());
    let rank = of_x.rank();
    let axis = (choice >> 16) as usize % rank.max(1);
    let fits = of_x.broadcast(&of_y).is_ok_and(|shape| shape.elements() <= 5_000);
    match choice % 20 {
        0 => x.tanh(),
        1 => x.sigmoid(),
        2 => (x * 0.5).exp(),
        3 => (x.square() + 1.0).log(),
        4 => x.atan(),
        5 if fits => x + y,
        6 if fits => x * y,
        7 if fits => x / (y.square() + 1.0),
        8 if fits => x.less(y).select(x * 0.5, y.tanh()),
        9 | 10 if rank == 2 && of_y.rank() == 2 => {
            let turn = |x: Var<'t>, turned: bool| if turned { x.t() } else { x };
            for turned in 0..4 {
                let (a, b) = (turn(x, turned & 1 == 1), turn(y, turned & 2 == 2));
                if a.shape()[1] == b.shape()[0] {
                    return a.matmul(b) * 0.1;
                }
            }
            x
        }
        11 if rank == 3 && of_y.rank() == 3 && of_x == of_y => {
            x.matmul(y.swap_axes(1, 2)).matmul(x) * 0.01
        }
        12 if rank >= 1 => x.sum_keepdims([axis as isize]) * 0.1 + x,
        13 if rank >= 1 => x - x.mean_keepdims([axis as isize]),
        14 if rank >= 1 => x.softmax(axis as isize),
        15 if rank >= 1 => x.logsumexp([axis as isize]),
        16 if rank >= 1 && of_x[axis] > 1 => x
            .slice(axis as isize, 1..of_x[axis])
            .concat(&[x.slice(axis as isize, 0..1)], axis as isize),
        17 if rank >= 2 => x.swap_axes(axis as isize, ((axis + 1) % rank) as isize),
        18 if rank >= 1 => x.cumsum(axis as isize) * 0.1,
        19 if rank >= 1 && of_x[axis] > 2 => {
            let places = x.tape().constant(Tensor::from([1i64, 0, 2, 1]));
            x.index_select(axis as isize, places)
        }
        _ => x,
    }
}

/// The six shapes of the values that a function starts from, given three sizes.
pub(crate) fn shapes([a, b, c]: [usize; 3]) -> [Vec<usize>; 6] {
    [vec![a, b], vec![b, c], vec![a, b, c], vec![b], vec![], vec![c, b]]
}

/// These values and one more for each choice, made from those before.
pub(crate) fn grown<'t>(choices: &[u32], leaves: &[Var<'t>]) -> Vec<Var<'t>> {
    let mut vars = leaves.to_vec();
    for &choice in choices {
        let pick = |turn: u32| vars[(choice.rotate_right(turn) >> 3) as usize % vars.len()];
        vars.push(next(choice, pick(5), pick(13)));
    }
    vars
}

/// A number made of the last of these values. Of large ones as exact as of small ones, which a sine is not.
pub(crate) fn loss<'t>(vars: &[Var<'t>]) -> Var<'t> {
    let last = vars.iter().rev().take(3).map(|x| (x.square() + 1.0).log().mean(()));
    last.reduce(|a, b| a + b).unwrap_or(vars[0])
}
