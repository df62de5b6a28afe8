//! Einstein's notation for sums of products: reading it, and laying a pair of operands out as a contraction.

use smallvec::SmallVec;

use crate::op::Broken;
use crate::tensor::{Dims, Shape};

/// The letter of an axis, or the number of one that `...` stands for, from its last on.
pub(crate) type Label = u32;

/// The labels of an operand's axes.
pub(crate) type Labels = SmallVec<[Label; 6]>;

/// Labels for the axes of what an ellipsis stands for start here.
const ELLIPSIS: Label = 1 << 24;

/// Subscripts that were read.
pub(crate) struct Einsum {
    /// Each operand's labels.
    pub(crate) operands: Vec<Labels>,
    /// The result's.
    pub(crate) out: Labels,
}

impl Einsum {
    /// Reads subscripts, as in `ij,jk->ik`, for operands of these shapes.
    pub(crate) fn parse(subscripts: &str, shapes: &[Shape]) -> Result<Einsum, Broken> {
        let wrong = |rule: String| Err(explain(subscripts, shapes, rule));
        let plain: String = subscripts.chars().filter(|c| !c.is_whitespace()).collect();
        let (left, right) = match plain.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (&plain[..], None),
        };
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != shapes.len() {
            return wrong(format!("{} subscripts for {} operands", terms.len(), shapes.len()));
        }
        let mut operands = Vec::new();
        let mut most = 0;
        for (number, (term, shape)) in terms.iter().zip(shapes).enumerate() {
            let (before, after, open) =
                letters(term).map_err(|rule| explain(subscripts, shapes, rule))?;
            let named = before.len() + after.len();
            if named > shape.rank() || (!open && named < shape.rank()) {
                let rank = shape.rank();
                return wrong(format!("operand {number} has {rank} axes, {term:?} names {named}"));
            }
            let hidden = shape.rank() - named;
            most = most.max(hidden);
            let hidden = (0..hidden).rev().map(|place| ELLIPSIS + place as Label);
            operands.push(before.into_iter().chain(hidden).chain(after).collect::<Labels>());
        }
        let mut out = Labels::new();
        match right {
            Some(right) => {
                let (before, after, open) =
                    letters(right).map_err(|rule| explain(subscripts, shapes, rule))?;
                out.extend(before);
                if open {
                    out.extend((0..most).rev().map(|place| ELLIPSIS + place as Label));
                }
                out.extend(after);
            }
            // Without an arrow: the axes of the ellipsis, then letters that stand once, in their order.
            None => {
                out.extend((0..most).rev().map(|place| ELLIPSIS + place as Label));
                let all = || operands.iter().flatten();
                let mut once: Labels = all()
                    .copied()
                    .filter(|l| *l < ELLIPSIS && all().filter(|m| *m == l).count() == 1)
                    .collect();
                once.sort_unstable();
                out.extend(once);
            }
        }
        for (place, label) in out.iter().enumerate() {
            if out[..place].contains(label) {
                return wrong(format!("the result names {} twice", name(*label)));
            }
            if !operands.iter().any(|labels| labels.contains(label)) {
                return wrong(format!("no operand has the axis {} of the result", name(*label)));
            }
        }
        let read = Einsum { operands, out };
        read.sizes(shapes).map_err(|rule| explain(subscripts, shapes, rule))?;
        Ok(read)
    }

    /// Whether axes of one label have one size; a size of 1 goes with every other.
    fn sizes(&self, shapes: &[Shape]) -> Result<(), String> {
        let axes = || {
            let each = self.operands.iter().zip(shapes).enumerate();
            each.flat_map(|(number, (labels, shape))| {
                labels.iter().zip(shape.iter()).map(move |(label, size)| (number, *label, *size))
            })
        };
        for (number, label, size) in axes() {
            let other = axes().find(|&(other, same, other_size)| {
                let apart = other != number;
                same == label && other_size != size && !(apart && (size == 1 || other_size == 1))
            });
            if let Some((other, _, other_size)) = other {
                return Err(format!(
                    "{} is {size} in operand {number} and {other_size} in operand {other}",
                    name(label)
                ));
            }
        }
        Ok(())
    }
}

/// The labels before and after an ellipsis, and whether there is one.
fn letters(term: &str) -> Result<(Labels, Labels, bool), String> {
    let (before, after) = match term.split_once("...") {
        Some((before, after)) => (before, Some(after)),
        None => (term, None),
    };
    let read = |part: &str| -> Result<Labels, String> {
        let label = |c: char| match c.is_alphabetic() {
            true => Ok(c as Label),
            false => Err(format!("{c:?} is no letter")),
        };
        part.chars().map(label).collect()
    };
    Ok((read(before)?, read(after.unwrap_or(""))?, after.is_some()))
}

fn name(label: Label) -> String {
    match char::from_u32(label).filter(|_| label < ELLIPSIS) {
        Some(letter) => letter.to_string(),
        None => format!("axis {} of the ellipsis", -1 - (label - ELLIPSIS) as isize),
    }
}

/// What is wrong with the subscripts, with each operand's shape under its own.
fn explain(subscripts: &str, shapes: &[Shape], rule: String) -> Broken {
    let left = subscripts.split("->").next().unwrap_or(subscripts);
    let (mut first, mut second) = (String::new(), String::new());
    let terms: Vec<&str> = left.split(',').collect();
    for number in 0..terms.len().max(shapes.len()) {
        let term = terms.get(number).map_or("", |term| term.trim());
        let shape = shapes.get(number).map_or(String::new(), Shape::to_string);
        let width = term.chars().count().max(shape.len()) + 2;
        first += &format!("{term:<width$}");
        second += &format!("{shape:<width$}");
    }
    let first = first.trim_end();
    let arrow =
        subscripts.split_once("->").map_or(String::new(), |(_, out)| format!(" -> {}", out.trim()));
    Broken::new(format!("{rule}\n  {first}{arrow}\n  {}", second.trim_end()))
        .hint("each operand's axes are named by letters, as in \"ij,jk->ik\"; \"...\" stands for the others")
}

/// How two operands are laid out for a contraction.
#[derive(Debug, PartialEq)]
pub(crate) struct Pair {
    /// Whether the second operand comes first.
    pub(crate) swap: bool,
    /// For each axis that the first operand of the contraction has, the axis of what is given, or the label
    /// along which it repeats.
    pub(crate) x: Layout,
    /// The same of the second.
    pub(crate) y: Layout,
    pub(crate) batch: usize,
    pub(crate) summed: usize,
    /// The order of the result's axes, where it is not the one that is asked for.
    pub(crate) out: Option<Dims>,
}

/// The axes of an operand that is laid out.
pub(crate) type Layout = SmallVec<[Result<usize, Label>; 6]>;

/// Lays out two operands whose labels are all in the result or in both. With `repeat`, a label that the result
/// has first but only one operand may become a batch axis along which the other repeats, so that the result
/// needs no turning.
pub(crate) fn pair(x: &[Label], y: &[Label], out: &[Label], repeat: bool) -> Pair {
    let both = |label: &Label| x.contains(label) && y.contains(label);
    let only_x = |label: &Label| !y.contains(label);
    let only_y = |label: &Label| !x.contains(label);
    let shared = out.iter().filter(|label| both(label)).count();
    let split = |prefix: usize| {
        let (batch, rest) = out.split_at(prefix);
        if batch.iter().filter(|label| both(label)).count() < shared {
            return None;
        }
        let first = rest.first().is_some_and(only_y);
        let own = |label: &Label| if first { only_y(label) } else { only_x(label) };
        let rows = rest.iter().take_while(|label| own(label)).count();
        let apart = rest[rows..].iter().all(|label| !own(label));
        let useful = prefix == shared || (repeat && rows > 0 && rows < rest.len());
        (apart && useful).then(|| (first, Labels::from_slice(batch), rest.to_vec(), rows))
    };
    let asked = (0..=out.len()).find_map(split);
    let summed: Labels = x.iter().copied().filter(|label| !out.contains(label)).collect();
    let turned = asked.is_none();
    let (swap, batch, rest, rows) = asked.unwrap_or_else(|| {
        let batch: Labels = out.iter().copied().filter(both).collect();
        let rest = out.iter().copied().filter(only_x).chain(out.iter().copied().filter(only_y));
        (false, batch, rest.collect(), out.iter().filter(|label| only_x(label)).count())
    });
    let (rows, columns) = rest.split_at(rows);
    let (left, right) = if swap { (y, x) } else { (x, y) };
    let layout = |operand: &[Label], groups: [&[Label]; 3]| -> Layout {
        let place = |label: &Label| operand.iter().position(|own| own == label).ok_or(*label);
        groups.into_iter().flatten().map(place).collect()
    };
    let result = || batch.iter().chain(rows).chain(columns);
    let order = || out.iter().map(|label| result().position(|own| own == label).unwrap_or(0));
    Pair {
        swap,
        x: layout(left, [&batch, rows, &summed]),
        y: layout(right, [&batch, &summed, columns]),
        batch: batch.len(),
        summed: summed.len(),
        out: turned.then(|| order().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        text.chars().map(|c| c as Label).collect()
    }

    /// The layout of a pair as text: the axes of both operands, the result's order.
    fn check(x: &str, y: &str, out: &str, expected: &str) {
        let pair = pair(&labels(x), &labels(y), &labels(out), true);
        let (left, right) = if pair.swap { (y, x) } else { (x, y) };
        let text = |own: &str, layout: &Layout| -> String {
            let letter = |place: &Result<usize, Label>| match *place {
                Ok(axis) => own.chars().nth(axis).unwrap().to_string(),
                Err(label) => format!("({})", name(label)),
            };
            layout.iter().map(letter).collect()
        };
        let order = pair.out.map_or(String::new(), |order| format!(" {:?}", &order[..]));
        let got = format!(
            "{} {} {}+{}{order}",
            text(left, &pair.x),
            text(right, &pair.y),
            pair.batch,
            pair.summed
        );
        assert_eq!(got, expected, "{x},{y}->{out}");
    }

    #[test]
    fn pairs_are_laid_out_so_that_results_lie_as_asked() {
        check("ij", "jk", "ik", "ij jk 0+1");
        check("ij", "jk", "ki", "kj ji 0+1");
        check("bij", "jk", "bik", "bij jk 0+1");
        check("bij", "bjk", "bik", "bij bjk 1+1");
        check("nchwij", "ocij", "nohw", "(n)ocij ncijhw 1+3");
        check("bqhd", "bkhd", "bhqk", "bhqd bhdk 2+1");
        check("bhqk", "bkhd", "bqhd", "bhqk bhkd 2+1 [0, 2, 1, 3]");
        check("i", "j", "ij", "i j 0+0");
        check("ij", "ij", "ij", "ij ij 2+0");
        check("ij", "ij", "", "ij ij 0+2");
        check("ij", "j", "i", "ij j 0+1");
    }

    #[test]
    fn subscripts_name_every_axis() {
        let shapes = [[2, 3], [3, 4]].map(Shape::from);
        let read = Einsum::parse(" ij , jk -> ik", &shapes).unwrap();
        assert_eq!((read.operands[1].clone(), read.out), (labels("jk"), labels("ik")));
        assert_eq!(Einsum::parse("ij,jk", &shapes).unwrap().out, labels("ik"));
        let batched = [[5, 2, 3], [5, 3, 4]].map(Shape::from);
        let read = Einsum::parse("...ij,...jk", &batched).unwrap();
        assert_eq!(read.out.len(), 3);
        let check = |subscripts: &str, expected: &str| {
            let broken = Einsum::parse(subscripts, &shapes).err().unwrap();
            assert_eq!(broken.rule, expected);
        };
        check(
            "ij,ik->jk",
            "i is 2 in operand 0 and 3 in operand 1\n  ij      ik -> jk\n  [2, 3]  [3, 4]",
        );
        check("ij->j", "1 subscripts for 2 operands\n  ij -> j\n  [2, 3]  [3, 4]");
        check("ijk,jk", "operand 0 has 2 axes, \"ijk\" names 3\n  ijk     jk\n  [2, 3]  [3, 4]");
        check("ij,jk->ii", "the result names i twice\n  ij      jk -> ii\n  [2, 3]  [3, 4]");
        check(
            "ij,jk->il",
            "no operand has the axis l of the result\n  ij      jk -> il\n  [2, 3]  [3, 4]",
        );
        check("i1,jk", "'1' is no letter\n  i1      jk\n  [2, 3]  [3, 4]");
        check("ii,jk", "i is 2 in operand 0 and 3 in operand 0\n  ii      jk\n  [2, 3]  [3, 4]");
    }
}
