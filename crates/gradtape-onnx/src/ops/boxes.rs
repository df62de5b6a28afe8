//! Boxes around what was found in images.

use super::Table;
use crate::call::{Call, Outputs, one};
use crate::tensor::broken;

pub(super) const TABLE: Table = &[("NonMaxSuppression", suppress)];

/// The likeliest boxes of each class that do not overlap with a likelier one of it: image, class and box of each.
fn suppress<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let (boxes, scores) = (c.x(0)?, c.x(1)?);
    let ([images, count, 4], [_, classes, _]) = (&boxes.shape()[..], &scores.shape()[..]) else {
        return Err(broken(format!(
            "boxes of {:?}, scores of {:?}",
            boxes.shape(),
            scores.shape()
        )));
    };
    let (images, count, classes) = (*images, *count, *classes);
    if scores.shape() != [images, classes, count] {
        return Err(broken(format!("{count} boxes, scores of {:?}", scores.shape())));
    }
    let most = c.whole(2)?.and_then(|all| all.first().copied()).unwrap_or(0);
    let most = usize::try_from(most).unwrap_or(0);
    let overlap = c.number(3)?.unwrap_or(0.0);
    let least = c.number(4)?.unwrap_or(f64::NEG_INFINITY);
    let centred = c.flag("center_point_box", false)?;
    let corners = corners(&boxes.numbers()?, centred);
    let scores = scores.numbers()?;
    let mut found: Vec<i64> = Vec::new();
    for image in 0..images {
        let own = &corners[image * count..(image + 1) * count];
        for class in 0..classes {
            let start = (image * classes + class) * count;
            let scores = &scores[start..start + count];
            let mut order: Vec<usize> = (0..count).filter(|&at| scores[at] > least).collect();
            order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
            let mut kept: Vec<usize> = Vec::new();
            for at in order {
                if kept.len() >= most {
                    break;
                }
                if kept.iter().all(|&other| shared(own[at], own[other]) <= overlap) {
                    kept.push(at);
                }
            }
            found.extend(kept.iter().flat_map(|&at| [image as i64, class as i64, at as i64]));
        }
    }
    let rows = found.len() / 3;
    one(c.of_whole(found, &[rows, 3])?)
}

/// The least and the greatest coordinates of boxes, which are given by two corners or by their centre and size.
fn corners(numbers: &[f64], centred: bool) -> Vec<[f64; 4]> {
    let of = |own: &[f64]| match (centred, own) {
        (true, &[x, y, width, height]) => {
            [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
        }
        (false, &[a, b, c, d]) => [a.min(c), b.min(d), a.max(c), b.max(d)],
        _ => [0.0; 4],
    };
    numbers.chunks_exact(4).map(of).collect()
}

/// The share of two boxes that is in both.
fn shared(a: [f64; 4], b: [f64; 4]) -> f64 {
    let area = |of: [f64; 4]| (of[2] - of[0]) * (of[3] - of[1]);
    let width = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0);
    let height = (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let both = width * height;
    match both > 0.0 {
        true => both / (area(a) + area(b) - both),
        false => 0.0,
    }
}
