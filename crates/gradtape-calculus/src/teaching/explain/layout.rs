//! Where the boxes and lines of a drawn graph go.
//!
//! The method is that of Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical
//! system structures" (1981): nodes in columns by their longest path, long lines led through every
//! column that they cross, columns ordered by barycentres so that few lines cross, then heights that
//! keep lines straight. All lines that leave one node share their way as long as they can.

/// A line from a node to one that uses it.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Room for its label, in pixels.
    pub(super) label: f64,
}

/// What is drawn where, in pixels from the upper left corner.
pub(super) struct Layout {
    pub(super) width: f64,
    pub(super) height: f64,
    /// The upper left corner of each node's box.
    pub(super) corners: Vec<(f64, f64)>,
    /// For each edge, the points of its way: pieces from an even to the following odd point are curves
    /// between columns, the others run straight across a column.
    pub(super) ways: Vec<Vec<(f64, f64)>>,
}

/// The least space between two boxes of a column, and between a box and a line.
const APART: f64 = 22.0;
/// The least space between two columns.
const GAP: f64 = 64.0;
/// How often the columns are ordered anew.
const SWEEPS: usize = 24;

/// Lays out a graph whose edges lead from earlier to later nodes.
pub(super) fn layout(sizes: &[(f64, f64)], edges: &[Edge]) -> Layout {
    let columns = columns(sizes.len(), edges);
    let mut grid = Grid::new(sizes, edges, &columns);
    grid.order();
    let middles = grid.heights();
    grid.place(edges, &columns, &middles)
}

/// The column of each node: its longest way from an input. A node with more users than operands moves
/// as near to its first user as it can, which shortens more lines than it lengthens.
fn columns(nodes: usize, edges: &[Edge]) -> Vec<usize> {
    let mut columns = vec![0; nodes];
    let mut balance = vec![0i64; nodes];
    let mut operands: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); nodes];
    for edge in edges {
        operands[edge.to].push(edge.from);
        users[edge.from].push(edge.to);
        balance[edge.from] += 1;
        balance[edge.to] -= 1;
    }
    for node in 0..nodes {
        columns[node] = operands[node].iter().map(|&from| columns[from] + 1).max().unwrap_or(0);
    }
    for node in (0..nodes).rev() {
        let first = users[node].iter().map(|&to| columns[to] - 1).min();
        if let (Some(first), true) = (first, balance[node] > 0) {
            columns[node] = first;
        }
    }
    columns
}

/// A place in a column: a node, or a line that passes.
#[derive(Clone, Copy)]
struct Item {
    /// The node, or the node that the line comes from.
    node: usize,
    passes: bool,
    height: f64,
}

/// The columns from left to right, each from top to bottom.
struct Grid {
    sizes: Vec<(f64, f64)>,
    items: Vec<Item>,
    columns: Vec<Vec<usize>>,
    /// Neighbours to the left and to the right, with the pull that keeps the line straight.
    left: Vec<Vec<(usize, f64)>>,
    right: Vec<Vec<(usize, f64)>>,
    /// For each node, its own item and those of the line that leaves it.
    chains: Vec<Vec<usize>>,
}

impl Grid {
    fn new(sizes: &[(f64, f64)], edges: &[Edge], columns: &[usize]) -> Grid {
        let count = columns.iter().max().map_or(0, |last| last + 1);
        let mut furthest = columns.to_vec();
        for edge in edges {
            furthest[edge.from] = furthest[edge.from].max(columns[edge.to] - 1);
        }
        let mut grid = Grid {
            sizes: sizes.to_vec(),
            items: Vec::new(),
            columns: vec![Vec::new(); count],
            left: Vec::new(),
            right: Vec::new(),
            chains: Vec::new(),
        };
        for node in 0..sizes.len() {
            let mut chain = Vec::new();
            for column in columns[node]..=furthest[node] {
                let passes = column > columns[node];
                let height = if passes { 0.0 } else { sizes[node].1 };
                chain.push(grid.items.len());
                grid.columns[column].push(grid.items.len());
                grid.items.push(Item { node, passes, height });
            }
            grid.chains.push(chain);
        }
        grid.left = vec![Vec::new(); grid.items.len()];
        grid.right = vec![Vec::new(); grid.items.len()];
        for node in 0..sizes.len() {
            for pair in grid.chains[node].clone().windows(2) {
                grid.link(pair[0], pair[1]);
            }
        }
        for edge in edges {
            let before = grid.chains[edge.from][columns[edge.to] - 1 - columns[edge.from]];
            grid.link(before, grid.chains[edge.to][0]);
        }
        let reached = grid.reached();
        for column in &mut grid.columns {
            column.sort_by_key(|&item| reached[grid.items[item].node]);
        }
        grid
    }

    fn link(&mut self, left: usize, right: usize) {
        let pull = match (self.items[left].passes, self.items[right].passes) {
            (true, true) => 8.0,
            (true, false) | (false, true) => 2.0,
            (false, false) => 1.0,
        };
        self.left[right].push((left, pull));
        self.right[left].push((right, pull));
    }

    /// When each node is reached from the last one, depth first: a tree is drawn without crossings.
    fn reached(&self) -> Vec<usize> {
        let mut when = vec![usize::MAX; self.sizes.len()];
        let mut todo: Vec<usize> = (0..self.sizes.len()).collect();
        let mut clock = 0;
        while let Some(node) = todo.pop() {
            if when[node] != usize::MAX {
                continue;
            }
            when[node] = clock;
            clock += 1;
            let own = self.chains[node][0];
            todo.extend(self.left[own].iter().rev().map(|&(item, _)| self.items[item].node));
        }
        when
    }

    /// Orders the columns so that few lines cross: the best of several sweeps.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            let forward = sweep % 2 == 0;
            for step in 1..self.columns.len() {
                let column = if forward { step } else { self.columns.len() - 1 - step };
                let beside = if forward { column - 1 } else { column + 1 };
                let places = self.places(beside);
                let neighbours = if forward { &self.left } else { &self.right };
                let centre = |item: usize, own: usize| -> f64 {
                    let all = &neighbours[item];
                    if all.is_empty() {
                        return own as f64;
                    }
                    all.iter().map(|&(other, _)| places[other] as f64).sum::<f64>()
                        / all.len() as f64
                };
                let mut keyed: Vec<(f64, usize)> = self.columns[column]
                    .iter()
                    .enumerate()
                    .map(|(own, &item)| (centre(item, own), item))
                    .collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                self.columns[column] = keyed.into_iter().map(|(_, item)| item).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// The place of each item of a column; 0 for others.
    fn places(&self, column: usize) -> Vec<usize> {
        let mut places = vec![0; self.items.len()];
        for (place, &item) in self.columns[column].iter().enumerate() {
            places[item] = place;
        }
        places
    }

    /// How many pairs of lines cross: inversions, counted with a Fenwick tree.
    fn crossings(&self) -> usize {
        let mut count = 0;
        for column in 1..self.columns.len() {
            let places = self.places(column);
            let mut tree = vec![0usize; self.columns[column].len() + 1];
            let mut seen = 0;
            for &item in &self.columns[column - 1] {
                let mut ends: Vec<usize> =
                    self.right[item].iter().map(|&(end, _)| places[end]).collect();
                ends.sort_unstable();
                for &end in &ends {
                    let mut at = end + 1;
                    let mut before = 0;
                    while at > 0 {
                        before += tree[at];
                        at -= at & at.wrapping_neg();
                    }
                    count += seen - before;
                }
                for end in ends {
                    let mut at = end + 1;
                    while at < tree.len() {
                        tree[at] += 1;
                        at += at & at.wrapping_neg();
                    }
                    seen += 1;
                }
            }
        }
        count
    }

    /// The middle of each item: columns take turns in moving towards their neighbours.
    fn heights(&self) -> Vec<f64> {
        let mut middles = vec![0.0; self.items.len()];
        for column in &self.columns {
            let wish = vec![0.0; column.len()];
            self.settle(column, &wish, &vec![1.0; column.len()], &mut middles);
        }
        for sweep in 0..SWEEPS {
            for step in 0..self.columns.len() {
                let forward = sweep % 2 == 0;
                let number = if forward { step } else { self.columns.len() - 1 - step };
                let column = &self.columns[number];
                let (mut wishes, mut pulls) = (Vec::new(), Vec::new());
                for &item in column {
                    // The last sweeps look to both sides.
                    let both = sweep + 6 >= SWEEPS;
                    let left = self.left[item].iter().filter(|_| both || forward);
                    let right = self.right[item].iter().filter(|_| both || !forward);
                    let (mut sum, mut pull) = (0.0, 0.0);
                    for &(other, weight) in left.chain(right) {
                        sum += weight * middles[other];
                        pull += weight;
                    }
                    wishes.push(if pull > 0.0 { sum / pull } else { middles[item] });
                    pulls.push(if pull > 0.0 { pull } else { 0.01 });
                }
                self.settle(column, &wishes, &pulls, &mut middles);
            }
        }
        middles
    }

    /// The places nearest to the wishes in least squares that keep order and distance: isotonic
    /// regression by pooling neighbours.
    fn settle(&self, column: &[usize], wishes: &[f64], pulls: &[f64], middles: &mut [f64]) {
        let mut offset = 0.0;
        let mut offsets = Vec::with_capacity(column.len());
        for (place, &item) in column.iter().enumerate() {
            if place > 0 {
                let above = &self.items[column[place - 1]];
                offset += 0.5 * (above.height + self.items[item].height) + APART;
            }
            offsets.push(offset);
        }
        // Blocks that stand together: the place of the first, the pull of all, how many.
        let mut blocks: Vec<(f64, f64, usize)> = Vec::new();
        for place in 0..column.len() {
            let mut block = (wishes[place] - offsets[place], pulls[place], 1);
            while let Some(&(at, pull, count)) = blocks.last() {
                if at <= block.0 {
                    break;
                }
                blocks.pop();
                let all = pull + block.1;
                block = ((at * pull + block.0 * block.1) / all, all, count + block.2);
            }
            blocks.push(block);
        }
        let starts = blocks.iter().flat_map(|&(at, _, count)| std::iter::repeat_n(at, count));
        for ((&item, offset), start) in column.iter().zip(&offsets).zip(starts) {
            middles[item] = start + offset;
        }
    }

    fn place(&self, edges: &[Edge], columns: &[usize], middles: &[f64]) -> Layout {
        let top = |item: usize| middles[item] - 0.5 * self.items[item].height;
        let all = || 0..self.items.len();
        let highest = all().map(top).fold(f64::INFINITY, f64::min);
        let height = all().map(|item| top(item) + self.items[item].height - highest);
        let height = height.fold(0.0, f64::max);

        // Room for the widest label, and more where many have to find a place.
        let mut widest = vec![0f64; self.columns.len()];
        let mut labels = vec![0.0; self.columns.len()];
        for edge in edges {
            let gap = columns[edge.to];
            widest[gap] = widest[gap].max(edge.label);
            labels[gap] += 1.0;
        }
        let gap =
            |column: usize| GAP.max(widest[column] + 44.0) + f64::min(labels[column], 12.0) * 5.0;
        let mut lefts = Vec::new();
        let mut rights = Vec::new();
        let mut x = 0.0;
        for (number, column) in self.columns.iter().enumerate() {
            x += if number > 0 { gap(number) } else { 0.0 };
            lefts.push(x);
            let own = column.iter().filter(|&&item| !self.items[item].passes);
            x += own.map(|&item| self.sizes[self.items[item].node].0).fold(0.0, f64::max);
            rights.push(x);
        }
        let corners: Vec<(f64, f64)> = (0..self.sizes.len())
            .map(|node| {
                let column = columns[node];
                let room = rights[column] - lefts[column] - self.sizes[node].0;
                (lefts[column] + 0.5 * room, top(self.chains[node][0]) - highest)
            })
            .collect();
        let way = |edge: &Edge| {
            let chain = &self.chains[edge.from];
            let from = corners[edge.from];
            let size = self.sizes[edge.from];
            let mut way = vec![(from.0 + size.0, from.1 + 0.5 * size.1)];
            for (step, &item) in chain.iter().enumerate().skip(1) {
                let column = columns[edge.from] + step;
                if column >= columns[edge.to] {
                    break;
                }
                let y = middles[item] - highest;
                way.extend([(lefts[column], y), (rights[column], y)]);
            }
            let to = corners[edge.to];
            way.push((to.0, to.1 + 0.5 * self.sizes[edge.to].1));
            way
        };
        let mut ways: Vec<Vec<(f64, f64)>> = edges.iter().map(way).collect();
        self.spread(edges, &corners, &mut ways);
        Layout { width: x, height, corners, ways }
    }

    /// Lines that arrive at one node end one below the other, in the order in which they come.
    fn spread(&self, edges: &[Edge], corners: &[(f64, f64)], ways: &mut [Vec<(f64, f64)>]) {
        let mut arriving: Vec<Vec<usize>> = vec![Vec::new(); self.sizes.len()];
        for (number, edge) in edges.iter().enumerate() {
            arriving[edge.to].push(number);
        }
        for (node, mut lines) in arriving.into_iter().enumerate() {
            let before =
                |line: &usize| ways[*line].iter().rev().nth(1).map_or(0.0, |point| point.1);
            lines.sort_by(|a, b| before(a).total_cmp(&before(b)));
            let count = lines.len();
            for (place, line) in lines.into_iter().enumerate() {
                if let Some(end) = ways[line].last_mut() {
                    let share = (place + 1) as f64 / (count + 1) as f64;
                    end.1 = corners[node].1 + share * self.sizes[node].1;
                }
            }
        }
    }
}
