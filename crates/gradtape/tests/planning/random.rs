//! Random graphs of every kind of kernel.

use gradtape::op::{
    Bits, NodeId, Op, binary, compare, control, index, linear, reduce, shape, source, unary,
};
use gradtape::tape::Graph;
use gradtape::tensor::{DType, Dims, Shape, Tensor};

use super::{Build, numbers};

/// Extents of nothing at all, that fill no vector, end within one, at and beside the limits of tiles of 512
/// and their halves, and beyond several chunks.
pub(crate) const EXTENTS: [[usize; 2]; 22] = [
    [0, 3],
    [5, 0],
    [4, 7],
    [255, 257],
    [256, 64],
    [257, 16],
    [511, 33],
    [512, 31],
    [16, 1024],
    [129, 127],
    [1, 1],
    [1, 513],
    [2, 63],
    [63, 2],
    [63, 63],
    [513, 1],
    [513, 2],
    [63, 513],
    [513, 63],
    [2, 40_000],
    [40_000, 1],
    [40_000, 2],
];

/// The most elements of a node, and of multiplications of a product.
const MOST: [usize; 2] = [100_000, 3_000_000];

/// A graph in which each choice adds a node; the last one and some others are outputs, and some update
/// an input in place. Floats are of `dtype`, and the inputs' are exact in every type.
pub(crate) fn random_graph(
    choices: &[u32],
    [m, n]: [usize; 2],
    dtype: DType,
) -> (Graph, Vec<Tensor>) {
    let mut build = Build::default();
    let mut nodes: Vec<NodeId> = Vec::new();
    for (salt, dims) in
        [&[m, n][..], &[n, m], &[n], &[], &[2, m.min(512), n], &[m * n], &[2, n, m.min(512)]]
            .iter()
            .enumerate()
    {
        nodes.push(build.input(numbers(*dims, salt).cast(dtype)));
    }
    let leaves = nodes.len();
    let counter = build.input(Tensor::from_slice(&[3i64], ()).unwrap());
    let labels = build.input(Tensor::from_slice(&[1i64, 0, 2], [3]).unwrap());
    let scalar = nodes[3];
    let mut picker = Picker { build, counter, labels, scalar, dtype, beside: Vec::new() };
    let mut updated = Vec::new();
    for &choice in choices {
        let pick = |salt: u32| nodes[(choice.rotate_right(salt) >> 3) as usize % nodes.len()];
        let leaf = |salt: u32| nodes[(choice.rotate_right(salt) >> 3) as usize % leaves];
        let Some(next) = picker.add(choice, [pick(5), pick(13)], [leaf(5), leaf(13)]) else {
            continue;
        };
        nodes.push(next);
        let beside = std::mem::take(&mut picker.beside);
        let build = &mut picker.build;
        for id in beside {
            nodes.push(id);
            build.output(id);
        }
        if choice & 0x7000_0000 == 0 {
            build.output(next);
        }
        let target = nodes[(choice >> 7) as usize % leaves];
        if choice & 0xC00 == 0
            && build.shape(target) == build.shape(next)
            && !updated.contains(&target)
        {
            updated.push(target);
            build.updates.push((next, target));
        }
    }
    let mut build = picker.build;
    build.output(nodes[nodes.len() - 1]);
    for (node, into) in std::mem::take(&mut build.updates) {
        build.update(node, into);
    }
    (build.graph, build.values)
}

struct Picker {
    build: Build,
    counter: NodeId,
    labels: NodeId,
    /// One number.
    scalar: NodeId,
    dtype: DType,
    /// Nodes beside the one that was added, which are wanted too.
    beside: Vec<NodeId>,
}

impl Picker {
    /// Adds the node that a choice stands for, if it can be made of these operands. What jumps with its
    /// operands is only made of leaves, which are the same numbers in every type.
    fn add(
        &mut self,
        choice: u32,
        [x, y]: [NodeId; 2],
        [leaf, other]: [NodeId; 2],
    ) -> Option<NodeId> {
        let of_x = self.build.shape(x);
        let rank = of_x.rank();
        let axis = (choice >> 20) as usize % rank.max(1);
        let build = &mut self.build;
        Some(match choice % 53 {
            0 => build.push(unary::Neg {}, &[x]),
            1 => build.push(unary::Tanh {}, &[x]),
            2 => build.push(unary::Relu {}, &[x]),
            3 => build.push(unary::Sigmoid {}, &[x]),
            4 => self.pair(binary::Add {}, x, y)?,
            5 => self.pair(binary::Sub {}, x, y)?,
            6 => self.pair(binary::Mul {}, x, y)?,
            7 => self.pair(binary::Maximum {}, x, y)?,
            8 if choice & 0x1000 == 0 => {
                let [x, y] = self.same(x, y)?;
                let mask = self.build.push(compare::Less {}, &[x, y]);
                self.build.push(control::Select {}, &[mask, y, x])
            }
            8 => {
                let mask = self.pair(compare::Less {}, leaf, other)?;
                self.build.push(control::Cast { dtype: self.dtype }, &[mask])
            }
            9 if of_x.elements() * 2 <= MOST[0] => {
                let shape = Shape::from([&[2], &of_x[..]].concat());
                build.broadcast(x, &shape)
            }
            10 => {
                let shape = Shape::from([of_x.elements()]);
                build.push(shape::Reshape { shape }, &[x])
            }
            11 if of_x.elements().is_multiple_of(3) => {
                let shape = Shape::from([3, of_x.elements() / 3]);
                build.push(shape::Reshape { shape }, &[x])
            }
            12 | 13 if rank >= 2 => {
                let mut order: Dims = (0..rank).collect();
                order.rotate_left(1);
                build.push(shape::Transpose { order }, &[x])
            }
            14 if rank >= 1 && of_x[axis] >= 2 => {
                let step = 1 + (choice as usize >> 9) % 2;
                build.push(shape::Slice { axis, start: 1, stop: of_x[axis], step }, &[x])
            }
            15 | 16 if rank >= 1 => {
                build.push(reduce::Sum { axes: Dims::from_slice(&[axis]) }, &[x])
            }
            17 if rank >= 1 => build.push(reduce::Max { axes: (0..rank).collect() }, &[x]),
            18 if rank >= 1 => {
                build.push(reduce::LogSumExp { axes: Dims::from_slice(&[axis]) }, &[x])
            }
            19 if rank >= 2 => {
                build.push(reduce::Sum { axes: (axis.min(1)..rank).collect() }, &[x])
            }
            20 | 21 => self.product(x, y)?,
            22 if choice & 0x1000 == 0 => {
                let dtype = self.dtype.computed();
                let random = source::Random { key: 7, shape: of_x, dtype };
                let random = build.push(random, &[self.counter]);
                build.push(control::Cast { dtype: self.dtype }, &[random])
            }
            22 => build.push(index::OneHot { classes: 4, dtype: self.dtype }, &[self.labels]),
            23 if rank >= 1 => {
                let reverse = choice & 0x1000 == 0;
                build.push(reduce::CumSum { axis, reverse }, &[x])
            }
            24 if rank >= 1 && of_x.elements() * 2 < MOST[0] => {
                let (start, step) = ((choice >> 9) as usize % 3, 1 + (choice >> 11) as usize % 2);
                let size = start + of_x[axis] * step;
                build.push(shape::Pad { axis, start, step, size }, &[x])
            }
            25 if rank >= 1 && of_x.elements() * 3 < MOST[0] => {
                let turned = build.push(unary::Neg {}, &[x]);
                build.push(shape::Concat { axis }, &[x, turned, x])
            }
            26 if rank >= 1 && of_x[axis] > 3 => {
                build.push(index::IndexSelect { axis }, &[x, self.labels])
            }
            26 if rank >= 1 && of_x[axis] == 3 => {
                build.push(index::IndexAdd { axis, size: 4 }, &[x, self.labels])
            }
            27 => {
                // Integers, made from the labels, as floats.
                let sum = build.push(binary::Add {}, &[self.labels, self.labels]);
                let product = build.push(binary::Mul {}, &[sum, self.labels]);
                build.push(control::Cast { dtype: self.dtype }, &[product])
            }
            28 if build.shape(leaf).first().is_some_and(|&size| size > 0) => {
                let places = build.push(reduce::ArgMax { axis: 0 }, &[leaf]);
                build.push(control::Cast { dtype: self.dtype }, &[places])
            }
            29 if rank >= 1 => build.push(reduce::Min { axes: Dims::from_slice(&[axis]) }, &[x]),
            30 if rank >= 1 => build.push(reduce::Max { axes: Dims::from_slice(&[axis]) }, &[x]),
            31 => self.product(x, y)?,
            32 => {
                // A mask that rounding cannot change, from other operands than what it chooses between.
                let mask = self.pair(compare::LessEqual {}, leaf, other)?;
                let shape = self.build.shape(mask);
                let [x, y] = [x, y].map(|x| {
                    self.build.shape(x).broadcast(&shape).is_ok_and(|s| s == shape).then_some(x)
                });
                let [x, y] = [self.build.broadcast(x?, &shape), self.build.broadcast(y?, &shape)];
                self.build.push(control::Select {}, &[mask, x, y])
            }
            33 => {
                // Truth values compared with each other, and counted in whole numbers.
                let below = self.pair(compare::Less {}, leaf, other)?;
                let equal = self.pair(compare::Equal {}, other, leaf)?;
                let both = self.build.push(control::Select {}, &[below, equal, below]);
                let whole = self.build.push(control::Cast { dtype: DType::I64 }, &[both]);
                let axes = (0..self.build.shape(whole).rank()).skip(1).collect();
                let count = self.build.push(reduce::Sum { axes }, &[whole]);
                self.build.push(control::Cast { dtype: self.dtype }, &[count])
            }
            34 if rank >= 1 && of_x[axis] >= 3 => {
                // Elements picked along one axis, and added where others were.
                let mut few = of_x.to_vec();
                few[axis] = 3;
                let mut places = vec![1; rank];
                places[axis] = 3;
                let labels = Shape::from(places);
                let labels = build.push(shape::Reshape { shape: labels }, &[self.labels]);
                let index = build.broadcast(labels, &Shape::from(few));
                let picked = build.push(index::Gather { axis }, &[x, index]);
                match choice & 0x1000 == 0 {
                    true => build.push(index::ScatterAdd { axis, shape: of_x }, &[picked, index]),
                    false => picked,
                }
            }
            35 if rank >= 3 => {
                let mut order: Dims = (0..rank).collect();
                order.swap(1, 2);
                build.push(shape::Transpose { order }, &[x])
            }
            36 if rank >= 1 && of_x[axis] >= 2 && of_x[axis].is_multiple_of(2) => {
                let mut parts = of_x.to_vec();
                parts[axis] /= 2;
                parts.insert(axis, 2);
                build.push(shape::Reshape { shape: Shape::from(parts) }, &[x])
            }
            37 => {
                // Leaves in order, all or the first of each row.
                let axis = build.shape(leaf).rank().checked_sub(1)?;
                let size = build.shape(leaf)[axis];
                let count = if choice & 0x1000 == 0 { size } else { size.div_ceil(2) };
                let sort = index::ArgSort { descending: choice & 0x2000 == 0, count };
                let places = build.push(sort, &[leaf]);
                build.push(index::Gather { axis }, &[leaf, places])
            }
            38 | 39 => self.contract(choice >> 6, x, y)?,
            40 | 41 => self.window(choice, x)?,
            42 if rank >= 2 && choice & 0x1000 == 0 => {
                let same = |(i, j): &(usize, usize)| of_x[*i] == of_x[*j];
                let pairs = (0..rank).flat_map(|j| (0..j).map(move |i| (i, j)));
                let (axis, other) = pairs.into_iter().find(same)?;
                build.push(shape::Diagonal { axis, other }, &[x])
            }
            42 if rank >= 1 => build.push(shape::Flip { axis }, &[x]),
            43 | 44 if rank >= 1 => self.nested(choice, axis, x)?,
            45 => self.uniform(choice, &of_x),
            46 | 51 | 52 => self.stacked(choice, x, y)?,
            47 | 48 => self.finer(choice, x, y)?,
            49 | 50 => self.attention(choice, x, y)?,
            _ => return None,
        })
    }

    fn same(&mut self, x: NodeId, y: NodeId) -> Option<[NodeId; 2]> {
        let shape = self.build.shape(x).broadcast(&self.build.shape(y)).ok()?;
        let small = shape.elements() <= MOST[0];
        small.then(|| [x, y].map(|x| self.build.broadcast(x, &shape)))
    }

    fn pair(&mut self, op: impl Into<Op>, x: NodeId, y: NodeId) -> Option<NodeId> {
        let [x, y] = self.same(x, y)?;
        Some(self.build.push(op, &[x, y]))
    }

    /// The product of two matrices, or of two rows of matrices, one of them turned where that makes them
    /// fit.
    fn product(&mut self, x: NodeId, y: NodeId) -> Option<NodeId> {
        let [of_x, of_y] = [x, y].map(|x| self.build.shape(x));
        let rank = of_x.rank();
        if rank != of_y.rank() || !(2..=3).contains(&rank) || of_x[..rank - 2] != of_y[..rank - 2] {
            return None;
        }
        let (rows, columns) = (rank - 2, rank - 1);
        let side = |turned: bool| if turned { rows } else { columns };
        let fits = [(false, false), (false, true), (true, false), (true, true)];
        let (left, right) =
            fits.into_iter().find(|&(left, right)| of_x[side(left)] == of_y[side(!right)])?;
        let sizes = of_x.elements() * of_y[side(right)];
        let batch: usize = of_x[..rows].iter().product();
        let out = batch * of_x[side(!left)] * of_y[side(right)];
        if sizes > MOST[1] || out > MOST[0] {
            return None;
        }
        let mut order: Dims = (0..rank).collect();
        order.swap(rows, columns);
        let mut turned = |x: NodeId, turned: bool| match turned {
            true => self.build.push(shape::Transpose { order: order.clone() }, &[x]),
            false => x,
        };
        let (x, y) = (turned(x, left), turned(y, right));
        Some(self.build.push(linear::Contract { batch: rank - 2, summed: 1 }, &[x, y]))
    }

    /// A contraction over any groups of axes that fit, in any order.
    fn contract(&mut self, choice: u32, x: NodeId, y: NodeId) -> Option<NodeId> {
        let [of_x, of_y] = [x, y].map(|x| self.build.shape(x));
        let (mut batch, mut summed) = (Vec::new(), Vec::new());
        for (i, size) in of_x.iter().enumerate() {
            let free = |j: &usize| {
                of_y[*j] == *size && !batch.iter().chain(&summed).any(|&(_, taken)| taken == *j)
            };
            let Some(j) = (0..of_y.rank()).find(free) else { continue };
            match choice.rotate_right(i as u32) & 3 {
                0 => batch.push((i, j)),
                1 | 2 => summed.push((i, j)),
                _ => {}
            }
        }
        let named = || batch.iter().chain(&summed);
        let rows: Dims = (0..of_x.rank()).filter(|i| named().all(|(own, _)| own != i)).collect();
        let columns: Dims = (0..of_y.rank()).filter(|j| named().all(|(_, own)| own != j)).collect();
        let count = |shape: &Shape, axes: &[usize]| axes.iter().map(|&axis| shape[axis]).product();
        let (m, n): (usize, usize) = (count(&of_x, &rows), count(&of_y, &columns));
        let shared: usize = batch.iter().map(|&(i, _)| of_x[i]).product();
        let k: usize = summed.iter().map(|&(i, _)| of_x[i]).product();
        if [m, n, shared].iter().product::<usize>() > MOST[0]
            || [m, n, k, shared].iter().product::<usize>() > MOST[1]
        {
            return None;
        }
        let left = |pairs: &[(usize, usize)]| pairs.iter().map(|pair| pair.0).collect::<Vec<_>>();
        let right = |pairs: &[(usize, usize)]| pairs.iter().map(|pair| pair.1).collect::<Vec<_>>();
        let order = [left(&batch), rows.to_vec(), left(&summed)].concat();
        let x = self.build.push(shape::Transpose { order: order.into_iter().collect() }, &[x]);
        let order = [right(&batch), right(&summed), columns.to_vec()].concat();
        let y = self.build.push(shape::Transpose { order: order.into_iter().collect() }, &[y]);
        let contract = linear::Contract { batch: batch.len(), summed: summed.len() };
        Some(self.build.push(contract, &[x, y]))
    }

    /// What is put together of parts, some of which are put together themselves, where others read it too: whole, as a
    /// kernel of its own does, or through views.
    fn nested(&mut self, choice: u32, axis: usize, x: NodeId) -> Option<NodeId> {
        let bit = |place: u32| choice >> place & 1 == 1;
        if self.build.shape(x).elements() * 6 > MOST[0] {
            return None;
        }
        let build = &mut self.build;
        let part = build.push(unary::Tanh {}, &[x]);
        let other = if bit(9) { build.push(unary::Neg {}, &[part]) } else { part };
        let pair = build.push(shape::Concat { axis }, &[part, other]);
        let parts = if bit(10) { [pair, x] } else { [x, pair] };
        let all = build.push(shape::Concat { axis }, &parts);
        let turned = build.push(unary::Sigmoid {}, &[all]);
        let whole = match bit(11) {
            true => build.push(shape::Concat { axis }, &[all, turned]),
            false => {
                // As a stack.
                let shape = Shape::from([&[1], &build.shape(all)[..]].concat());
                let own = [all, turned]
                    .map(|id| build.push(shape::Reshape { shape: shape.clone() }, &[id]));
                build.push(shape::Concat { axis: 0 }, &own)
            }
        };
        let of_all = build.shape(all);
        let read = |build: &mut Build, id: NodeId| match choice >> 12 & 3 {
            0 => build.push(reduce::CumSum { axis, reverse: bit(14) }, &[id]),
            1 if of_all[axis] > 3 => build.push(index::IndexSelect { axis }, &[id, self.labels]),
            2 => build.push(shape::Flip { axis }, &[id]),
            _ => build.push(reduce::Sum { axes: Dims::from_slice(&[axis]) }, &[id]),
        };
        let first = if bit(15) { pair } else { all };
        if build.shape(first)[axis] > 3 || choice >> 12 & 3 != 1 {
            self.beside.push(read(build, first));
        }
        Some(whole)
    }

    /// One number at every place of a shape: given, or of the program.
    fn uniform(&mut self, choice: u32, shape: &Shape) -> NodeId {
        let number = match choice >> 9 & 3 {
            0 => {
                let value = Bits::new(f64::from(choice >> 11 & 3) * 0.5);
                self.build.push(source::Constant { value, dtype: self.dtype }, &[])
            }
            1 => self.build.push(unary::Tanh {}, &[self.scalar]),
            _ => self.scalar,
        };
        self.build.broadcast(number, shape)
    }

    /// The sum of several products of the same shape, as a weight's gradient over the steps of a sequence is; some of
    /// them over fewer elements, some of one number everywhere.
    fn stacked(&mut self, choice: u32, x: NodeId, y: NodeId) -> Option<NodeId> {
        let [x, y] = [x, y].map(|id| self.rows(id));
        let [m, k] = self.build.shape(x)[..] else { return None };
        let [n, of_y] = self.build.shape(y)[..] else { return None };
        let most = k.min(of_y);
        let count = 4 + (choice >> 9) as usize % 3;
        if most == 0 || m * n > MOST[0] || m * n * most * count > MOST[1] {
            return None;
        }
        let mut sum: Option<NodeId> = None;
        for place in 0..count {
            let own = choice.rotate_right(3 * place as u32 + 1);
            let length = if own & 4 == 0 { most } else { 1 + own as usize % most };
            let mut part = |id: NodeId, rows: usize, uniform: bool| match uniform {
                true => self.uniform(own, &Shape::from([rows, length])),
                false => {
                    let slice = shape::Slice { axis: 1, start: 0, stop: length, step: 1 };
                    self.build.push(slice, &[id])
                }
            };
            let (left, right) = (part(x, m, own & 8 == 0), part(y, n, own & 24 == 0));
            let right =
                self.build.push(shape::Transpose { order: [1, 0].into_iter().collect() }, &[right]);
            let product = self.build.push(linear::Contract { batch: 0, summed: 1 }, &[left, right]);
            sum = Some(match sum {
                None => product,
                Some(sum) => self.build.push(binary::Add {}, &[sum, product]),
            });
        }
        sum
    }

    /// Sums of rows and of columns, beside something of the same elements whose rows are cut finer.
    fn finer(&mut self, choice: u32, x: NodeId, y: NodeId) -> Option<NodeId> {
        let x = self.rows(x);
        let [rows, columns] = self.build.shape(x)[..] else { return None };
        let parts = [2, 3, 4, 5, 7, 8, 31, 32].into_iter().filter(|&parts| columns % parts == 0);
        let parts: Vec<usize> = parts.collect();
        let &parts = parts.get((choice >> 9) as usize % parts.len().max(1))?;
        let y = self.rows(y);
        let y = if self.build.shape(y) == self.build.shape(x) { y } else { x };
        let both = self.build.push(binary::Mul {}, &[x, y]);
        let shape = Shape::from([rows, parts, columns / parts]);
        let split = self.build.push(shape::Reshape { shape: shape.clone() }, &[x]);
        let factor = match choice >> 13 & 1 {
            0 => self
                .build
                .push(source::Iota { axis: 1, shape: shape.clone(), dtype: self.dtype }, &[]),
            _ => self.uniform(choice, &shape),
        };
        let finer = self.build.push(binary::Mul {}, &[split, factor]);
        let axes = [choice >> 14 & 1, choice >> 15 & 1, choice >> 16 & 1].map(|bit| bit as usize);
        for (id, axis) in [x, both, both].into_iter().zip(axes) {
            let axes = Dims::from_slice(&[axis]);
            self.beside.push(self.build.push(reduce::Sum { axes }, &[id]));
        }
        Some(finer)
    }

    /// Rows of one node that are weighted sums of those of another: the weights are a softmax of products.
    fn attention(&mut self, choice: u32, x: NodeId, y: NodeId) -> Option<NodeId> {
        let bit = |place: u32| choice >> place & 1 == 1;
        let [x, y] = [self.build.shape(x).rank() > 2, self.build.shape(y).rank() > 2]
            .into_iter()
            .zip([x, y])
            .map(|(deep, id)| if deep { id } else { self.rows(id) })
            .collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let y = if self.build.shape(x).rank() == self.build.shape(y).rank() { y } else { x };
        let [of_x, of_y] = [x, y].map(|id| self.build.shape(id));
        let rank = of_x.rank();
        // Keys as long as queries.
        let y = if of_x[..rank - 2] == of_y[..rank - 2] && of_x[rank - 1] == of_y[rank - 1] {
            y
        } else {
            x
        };
        let mut order: Dims = (0..rank).collect();
        order.swap(rank - 2, rank - 1);
        let turned = self.build.push(shape::Transpose { order }, &[y]);
        let scores = self.product_of(rank, x, turned)?;
        let of_scores = self.build.shape(scores);
        let scores = match bit(9) {
            true => {
                let [row, column] = [rank - 2, rank - 1].map(|axis| {
                    let shape = of_scores.clone();
                    self.build.push(source::Iota { axis, shape, dtype: DType::F64 }, &[])
                });
                let seen = self.build.push(compare::LessEqual {}, &[column, row]);
                let hidden = self.uniform(0, &of_scores);
                self.build.push(control::Select {}, &[seen, scores, hidden])
            }
            false => scores,
        };
        let sums = self
            .build
            .push(reduce::LogSumExp { axes: [rank - 1].into_iter().collect() }, &[scores]);
        let mut one = of_scores.to_vec();
        one[rank - 1] = 1;
        let sums = self.build.push(shape::Reshape { shape: Shape::from(one) }, &[sums]);
        let sums = self.build.broadcast(sums, &of_scores);
        let rest = self.build.push(binary::Sub {}, &[scores, sums]);
        // Bounded, as the exponential is here.
        let weights = self.build.push(unary::Tanh {}, &[rest]);
        if bit(10) {
            self.beside.push(if bit(11) { scores } else { weights });
        }
        self.product_of(rank, weights, y)
    }

    /// A product of rows and columns, as it stands.
    fn product_of(&mut self, rank: usize, x: NodeId, y: NodeId) -> Option<NodeId> {
        let [of_x, of_y] = [x, y].map(|id| self.build.shape(id));
        let out = of_x.elements() / of_x[rank - 1].max(1) * of_y[rank - 1];
        let sums = out.saturating_mul(of_x[rank - 1]);
        let fits = out <= MOST[0] && sums <= MOST[1];
        fits.then(|| self.build.push(linear::Contract { batch: rank - 2, summed: 1 }, &[x, y]))
    }

    /// A node as rows of its last axis.
    fn rows(&mut self, x: NodeId) -> NodeId {
        let shape = self.build.shape(x);
        let columns = shape.last().copied().unwrap_or(1);
        let rows = shape[..shape.rank().saturating_sub(1)].iter().product::<usize>();
        match shape.rank() {
            2 => x,
            _ => self.build.push(shape::Reshape { shape: Shape::from([rows, columns]) }, &[x]),
        }
    }

    /// Windows along an axis, or what is made of them.
    fn window(&mut self, choice: u32, x: NodeId) -> Option<NodeId> {
        let shape = self.build.shape(x);
        let axis = (choice >> 20) as usize % shape.rank().max(1);
        let [size, stride, dilation] = [4, 7, 10].map(|bit| 1 + (choice >> bit) as usize % 3);
        let len = *shape.get(axis)?;
        if shape.rank() > 5 || len < (size - 1) * dilation + 1 || shape.elements() * size > MOST[0]
        {
            return None;
        }
        let windows = self.build.push(shape::Window { axis, size, stride, dilation }, &[x]);
        if choice & 0x4000 == 0 {
            return Some(windows);
        }
        let windows = match choice & 0x8000 == 0 {
            true => windows,
            false => self.build.push(unary::Tanh {}, &[windows]),
        };
        Some(self.build.push(shape::Fold { axis, size: len, stride, dilation }, &[windows]))
    }
}
