//! The method of Levenberg and Marquardt on residuals with a known Jacobian.

/// Where the sum of squares is least.
pub(super) struct Solved {
    pub(super) at: Vec<f64>,
    pub(super) squares: f64,
    /// What the Jacobian at the end says of each parameter.
    pub(super) spread: Spread,
    /// The share of its largest size so far that each column of the Jacobian has left at the end.
    pub(super) left: Vec<f64>,
    pub(super) iterations: usize,
    pub(super) converged: bool,
}

/// Steps shorter than this, relative to the parameters, end the search.
const SHORT: f64 = 1e-11;

/// Less damping than this is none.
const LEAST_DAMPING: f64 = 1e-20;

/// A full step that promises less than this share of the sum of squares is far shorter than the
/// parameters' standard errors.
const USELESS: f64 = 1e-14;

/// A pivot below this share of the largest is rounding: its column depends on those before it.
const NOTHING: f64 = 1e-12;

/// Less than this share of a direction is not part of it.
const NO_PART: f64 = 1e-6;

/// How far the residuals spread the parameters.
pub(super) struct Spread {
    /// The roots of the diagonal of (J'J)⁻¹; `None` for parameters that the residuals do not determine.
    pub(super) roots: Vec<Option<f64>>,
    /// The parameters without a root, those together that can make up for each other.
    pub(super) groups: Vec<Vec<usize>>,
    /// How many directions the residuals determine.
    pub(super) rank: usize,
}

/// Starts at `at`. The residuals are what is wanted less the model, and come with the columns of the
/// model's Jacobian; `size` is the length of what is wanted, which their rounding errors are a share of.
/// `None` when they are not finite at the start, or cannot be computed.
pub(super) fn solve(
    mut residuals: impl FnMut(&[f64]) -> Option<(Vec<f64>, Vec<Vec<f64>>)>,
    at: &[f64],
    size: f64,
    most: usize,
) -> Option<Solved> {
    let mut at = at.to_vec();
    let (mut rest, mut jacobian) = residuals(&at)?;
    let mut squares = sum_of_squares(&rest);
    let finite = |squares: f64, jacobian: &[Vec<f64>]| {
        squares.is_finite() && jacobian.iter().flatten().all(|entry| entry.is_finite())
    };
    if !finite(squares, &jacobian) {
        return None;
    }
    let mut largest = vec![0.0_f64; at.len()];
    let mut linear = Linear::new(&jacobian, &rest, &mut largest);
    let mut damping = 1e-3;
    let mut raise = 2.0;
    let mut converged = false;
    let mut iterations = 0;
    while iterations < most {
        iterations += 1;
        let (step, promised) = linear.step(damping);
        let moved: Vec<f64> = at.iter().zip(&step).map(|(a, s)| a + s).collect();
        let close = at.iter().zip(&step).all(|(a, s)| s.abs() <= SHORT * (a.abs() + SHORT));
        let (new_rest, new_jacobian) = residuals(&moved)?;
        let new_squares = sum_of_squares(&new_rest);
        let gain = (squares - new_squares) / promised.max(f64::MIN_POSITIVE);
        let taken = finite(new_squares, &new_jacobian) && new_squares <= squares;
        if taken {
            (at, rest, jacobian, squares) = (moved, new_rest, new_jacobian, new_squares);
            linear = Linear::new(&jacobian, &rest, &mut largest);
            damping *= (1.0 - (2.0 * gain.min(1.0) - 1.0).powi(3)).clamp(0.1, 10.0);
            damping = damping.max(LEAST_DAMPING);
            raise = 2.0;
        } else {
            damping *= raise;
            raise = (raise * 2.0_f64).min(1e6);
        }
        if taken && !close {
            continue;
        }
        // Is the step short or useless because the minimum is near, or because the damping is strong?
        let (plain, promised) = linear.step(0.0);
        let near = at.iter().zip(&plain).all(|(a, s)| s.abs() <= 1e-9 * (a.abs() + SHORT));
        // Sums of squares this close cannot be told apart.
        let noise = 2.0 * f64::EPSILON * size * squares.sqrt();
        if near || promised <= USELESS * squares + noise {
            converged = true;
            // The sum of squares is flat to rounding here; the Jacobian still knows the way.
            let last: Vec<f64> = at.iter().zip(&plain).map(|(a, s)| a + s).collect();
            let (new_rest, new_jacobian) = residuals(&last)?;
            let new_squares = sum_of_squares(&new_rest);
            if finite(new_squares, &new_jacobian) && new_squares <= squares * (1.0 + 1e-12) + noise
            {
                (at, jacobian, squares) = (last, new_jacobian, new_squares);
            }
        }
        if converged {
            break;
        }
        if !close {
            continue;
        }
        // The damping is what keeps the step short: the full one either helps or nothing does.
        let moved: Vec<f64> = at.iter().zip(&plain).map(|(a, s)| a + s).collect();
        let (new_rest, new_jacobian) = residuals(&moved)?;
        let new_squares = sum_of_squares(&new_rest);
        if !(finite(new_squares, &new_jacobian) && new_squares < squares) {
            break;
        }
        (at, rest, jacobian, squares) = (moved, new_rest, new_jacobian, new_squares);
        linear = Linear::new(&jacobian, &rest, &mut largest);
        (damping, raise) = (LEAST_DAMPING, 2.0);
    }
    let spread = spread(&jacobian);
    let share = |(column, largest): (&Vec<f64>, &f64)| sum_of_squares(column).sqrt() / largest;
    let left = jacobian.iter().zip(&largest).map(share).collect();
    Some(Solved { at, squares, spread, left, iterations, converged })
}

/// What the residuals would be if the model were linear, in units of the scales, so that parameters of
/// very different size are treated alike. Householder's triangle stands for the Jacobian: the normal
/// equations would lose half of the digits.
struct Linear {
    triangle: Triangle,
    scale: Vec<f64>,
}

impl Linear {
    /// Raises the largest sizes so far of the Jacobian's columns, which are the scales.
    fn new(jacobian: &[Vec<f64>], rest: &[f64], largest: &mut [f64]) -> Linear {
        for (column, largest) in jacobian.iter().zip(largest.iter_mut()) {
            *largest = largest.max(sum_of_squares(column).sqrt());
        }
        // Where nothing has changed with a parameter yet, rounding is all that its step is made of.
        let scale: Vec<f64> =
            largest.iter().map(|&size| if size > 0.0 { size } else { 1.0 }).collect();
        let unit = |(column, scale): (&Vec<f64>, &f64)| -> Vec<f64> {
            column.iter().map(|entry| entry / scale).collect()
        };
        let columns = jacobian.iter().zip(&scale).map(unit).collect();
        Linear { triangle: Triangle::new(columns, rest.to_vec()), scale }
    }

    /// The step s that makes |J s - r|² + damping |D s|² least for scales D, and what it takes off the
    /// sum of squares: |r|² - |r - J s|².
    fn step(&self, damping: f64) -> (Vec<f64>, f64) {
        let Triangle { columns, order, right, rank } = &self.triangle;
        let (rank, count) = (*rank, columns.len());
        let damped = |(place, column): (usize, &Vec<f64>)| {
            let mut long = column[..rank].to_vec();
            long.resize(rank + count, 0.0);
            long[rank + place] = damping.sqrt();
            long
        };
        let mut long = right[..rank].to_vec();
        long.resize(rank + count, 0.0);
        let by_place = match damping > 0.0 {
            true => {
                let small = Triangle::new(columns.iter().enumerate().map(damped).collect(), long);
                small.solve(|row| small.right[row])
            }
            false => {
                let step = self.triangle.solve(|row| right[row]);
                order.iter().map(|&parameter| step[parameter]).collect()
            }
        };
        let promised = (0..rank).map(|row| {
            let product: f64 =
                (row..count).map(|place| columns[place][row] * by_place[place]).sum();
            product * (2.0 * right[row] - product)
        });
        let promised = promised.sum();
        let mut step = vec![0.0; count];
        for (place, &parameter) in order.iter().enumerate() {
            step[parameter] = by_place[place] / self.scale[parameter];
        }
        (step, promised)
    }
}

pub(super) fn sum_of_squares(values: &[f64]) -> f64 {
    dot(values, values)
}

/// The sum of products, in eight parts that a processor can add side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut parts = [0.0; 8];
    let (a_chunks, b_chunks) = (a.chunks_exact(8), b.chunks_exact(8));
    let rest: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in a_chunks.zip(b_chunks) {
        for (part, (a, b)) in parts.iter_mut().zip(a.iter().zip(b)) {
            *part += a * b;
        }
    }
    parts.iter().sum::<f64>() + rest
}

/// A triangle R with Q R P' = A for columns A, and Q' times a right side.
struct Triangle {
    /// R's columns.
    columns: Vec<Vec<f64>>,
    /// The column of A that stands at each place of R: that which adds most to those before it.
    order: Vec<usize>,
    right: Vec<f64>,
    /// How many columns are independent; they come first.
    rank: usize,
}

impl Triangle {
    /// By reflections.
    fn new(mut columns: Vec<Vec<f64>>, mut right: Vec<f64>) -> Triangle {
        let mut order: Vec<usize> = (0..columns.len()).collect();
        let (mut rank, mut first) = (0, 0.0);
        for place in 0..columns.len().min(right.len()) {
            let sizes = columns[place..].iter().map(|column| sum_of_squares(&column[place..]));
            let Some((largest, square)) = sizes.enumerate().max_by(|a, b| a.1.total_cmp(&b.1))
            else {
                break;
            };
            let size = square.sqrt();
            first = if place == 0 { size } else { first };
            if size <= NOTHING * first {
                break;
            }
            columns.swap(place, place + largest);
            order.swap(place, place + largest);
            rank += 1;
            let mut mirror = columns[place][place..].to_vec();
            mirror[0] += size.copysign(mirror[0]);
            let half = 0.5 * sum_of_squares(&mirror);
            let reflect = |column: &mut [f64]| {
                let share = dot(&mirror, column) / half;
                column.iter_mut().zip(&mirror).for_each(|(c, m)| *c -= share * m);
            };
            for column in columns[place..].iter_mut() {
                reflect(&mut column[place..]);
            }
            reflect(&mut right[place..]);
        }
        Triangle { columns, order, right, rank }
    }

    /// The x with R x = the right side, in the order of A, with 0 for what depends on others.
    fn solve(&self, right: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut by_place = vec![0.0; self.rank];
        let mut x = vec![0.0; self.columns.len()];
        for row in (0..self.rank).rev() {
            let later = row + 1..self.rank;
            let known: f64 = later.map(|place| self.columns[place][row] * by_place[place]).sum();
            by_place[row] = (right(row) - known) / self.columns[row][row];
            x[self.order[row]] = by_place[row];
        }
        x
    }
}

/// The roots of the diagonal of (J'J)⁻¹ = R⁻¹ R⁻ᵀ are the lengths of the rows of R⁻¹. A direction in
/// which the residuals do not change leaves all parameters that have a part in it undetermined.
fn spread(jacobian: &[Vec<f64>]) -> Spread {
    let count = jacobian.len();
    let sizes: Vec<f64> = jacobian.iter().map(|column| sum_of_squares(column).sqrt()).collect();
    let unit = |(column, &size): (&Vec<f64>, &f64)| -> Vec<f64> {
        let size = if size > 0.0 { size } else { 1.0 };
        column.iter().map(|entry| entry / size).collect()
    };
    let columns = jacobian.iter().zip(&sizes).map(unit).collect();
    let triangle = Triangle::new(columns, vec![0.0; jacobian.first().map_or(0, Vec::len)]);
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for place in triangle.rank..count {
        let free = triangle.order[place];
        let mut direction = triangle.solve(|row| -triangle.columns[place][row]);
        direction[free] = 1.0;
        let largest = direction.iter().fold(0.0_f64, |most, part| most.max(part.abs()));
        let has_part = |&p: &usize| p == free || direction[p].abs() > NO_PART * largest;
        let mut group: Vec<usize> = (0..count).filter(has_part).collect();
        // Directions with a parameter in common make one group.
        let (joined, apart) = groups.into_iter().partition(|other: &Vec<usize>| {
            other.iter().any(|parameter| group.contains(parameter))
        });
        groups = apart;
        group.extend(joined.concat());
        group.sort_unstable();
        group.dedup();
        groups.push(group);
    }
    groups.sort();
    let mut squares = vec![0.0; count];
    for row in 0..triangle.rank {
        let inverse = triangle.solve(|other| if other == row { 1.0 } else { 0.0 });
        for (square, entry) in squares.iter_mut().zip(&inverse) {
            *square += entry * entry;
        }
    }
    let root = |parameter: usize| {
        let determined = groups.iter().all(|group| !group.contains(&parameter));
        determined.then(|| squares[parameter].sqrt() / sizes[parameter])
    };
    Spread { roots: (0..count).map(root).collect(), groups, rank: triangle.rank }
}
