use std::sync::Arc;

use super::*;
use crate::tensor::{DType, Rng};

fn count_up(shape: &[usize]) -> Tensor {
    let elements = shape.iter().product::<usize>() as f64;
    Tensor::arange(0.0, elements, 1.0, DType::I64).unwrap().reshape(shape).unwrap()
}

#[track_caller]
fn fails(result: Result<Tensor>, expected: &str) {
    assert_eq!(result.unwrap_err().message(), expected);
}

/// What a view should hold, kept as plain values.
struct Model {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Model {
    /// The model whose element at an index is this one's element at `source(index)`.
    fn map(&self, shape: Vec<usize>, source: impl Fn(&[usize]) -> Vec<usize>) -> Model {
        let value = |mut number: usize| {
            let mut index = vec![0; shape.len()];
            for (i, size) in index.iter_mut().zip(&shape).rev() {
                (*i, number) = (number % size, number / size);
            }
            let at = source(&index);
            self.values[at.iter().zip(&self.shape).fold(0, |at, (i, size)| at * size + i)]
        };
        let values = (0..shape.iter().product()).map(value).collect();
        Model { shape, values }
    }

    #[track_caller]
    fn check(&self, view: &Tensor) {
        assert_eq!(view.shape()[..], self.shape[..]);
        assert_eq!(view.to_f64_vec(), self.values);
        let data = view.as_strided::<i64>().unwrap().0;
        assert!(view.positions().map(|at| data[at] as f64).eq(self.values.iter().copied()));
        let copied: Vec<f64> = view.to_vec::<i64>().unwrap().iter().map(|&x| x as f64).collect();
        assert_eq!(copied, self.values);
        let slice = view.as_slice::<i64>();
        assert_eq!(slice.is_some(), view.is_contiguous());
        assert!(slice.is_none_or(|slice| slice == view.to_vec::<i64>().unwrap()));
        assert!(view.contiguous().as_slice::<i64>().is_some() && view.contiguous().equals(view));
        assert!(view.cast(DType::F32).cast(DType::I64).equals(view));
        if let Some(&last) = self.values.last() {
            let index: Vec<usize> = self.shape.iter().map(|size| size - 1).collect();
            assert_eq!(view.get(&index).unwrap(), last);
        }
    }
}

#[test]
fn chains_of_views_hold_the_right_elements() {
    let mut rng = Rng::new(1);
    for round in 0..300 {
        let shape: Vec<usize> = (0..round % 8)
            .map(|_| [1, 2, 2, 3, 3, 4, 0][rng.below(6 + usize::from(round % 9 == 0))])
            .collect();
        let mut view = count_up(&shape);
        let mut model = Model { values: view.to_f64_vec(), shape };
        for _ in 0..6 {
            (view, model) = step(&view, &model, &mut rng);
            model.check(&view);
        }
    }
}

/// One random operation on a view and on its model.
fn step(view: &Tensor, model: &Model, rng: &mut Rng) -> (Tensor, Model) {
    let (shape, rank) = (&model.shape, model.shape.len());
    let axis = rng.below(rank);
    match rng.below(6) {
        0 => {
            let order = rng.permutation(rank);
            let new = order.iter().map(|&axis| shape[axis]).collect();
            let source = |index: &[usize]| {
                let mut at = vec![0; rank];
                order.iter().zip(index).for_each(|(&axis, &i)| at[axis] = i);
                at
            };
            (view.transpose(&order).unwrap(), model.map(new, source))
        }
        1 if rank > 0 => {
            let (start, step) = (rng.below(shape[axis] + 1), 1 + rng.below(3));
            let stop = start + rng.below(shape[axis] + 1 - start);
            let mut new = shape.clone();
            new[axis] = (stop - start).div_ceil(step);
            let source = |index: &[usize]| {
                let mut at = index.to_vec();
                at[axis] = start + at[axis] * step;
                at
            };
            (view.slice_step(axis as isize, start, stop, step).unwrap(), model.map(new, source))
        }
        2 if rank > 0 && shape[axis] > 0 => {
            let pick = rng.below(shape[axis]);
            let mut new = shape.clone();
            new.remove(axis);
            let source = |index: &[usize]| {
                let mut at = index.to_vec();
                at.insert(axis, pick);
                at
            };
            (view.index(axis as isize, pick).unwrap(), model.map(new, source))
        }
        3 if rank < 7 => {
            let at = rng.below(rank + 1);
            let mut new = shape.clone();
            new.insert(at, 1);
            let grown = view.unsqueeze(at as isize).unwrap();
            assert!(grown.squeeze(at as isize).unwrap().equals(view));
            (grown, Model { shape: new, values: model.values.clone() })
        }
        4 if rank < 7 => {
            let mut new = shape.clone();
            new.iter_mut().filter(|size| **size == 1).for_each(|size| *size = 2);
            new.insert(0, 2);
            if new.iter().product::<usize>() > 2000 {
                return (view.clone(), model.map(shape.clone(), <[usize]>::to_vec));
            }
            let source = |index: &[usize]| {
                index[1..]
                    .iter()
                    .zip(shape)
                    .map(|(&i, &size)| if size == 1 { 0 } else { i })
                    .collect()
            };
            (view.broadcast_to(&new).unwrap(), model.map(new.clone(), source))
        }
        _ => {
            let mut new = shape.clone();
            if rank > 1 {
                let at = rng.below(rank - 1);
                new[at] *= new.remove(at + 1);
            } else {
                new.insert(rng.below(rank + 1), 1);
            }
            let flat = view.reshape([model.values.len()]).unwrap();
            assert_eq!(flat.to_f64_vec(), model.values);
            (view.reshape(&new).unwrap(), Model { shape: new, values: model.values.clone() })
        }
    }
}

#[test]
fn reshape_is_a_view_wherever_strides_allow() {
    let check = |view: &Tensor, shape: &[usize], shared: bool| {
        let reshaped = view.reshape(shape).unwrap();
        assert_eq!(reshaped.to_f64_vec(), view.to_f64_vec(), "{shape:?}");
        assert_eq!(Arc::ptr_eq(&reshaped.storage, &view.storage), shared, "{shape:?}");
    };
    let x = count_up(&[4, 6, 5]);
    check(&x, &[2, 2, 1, 30], true);
    let rows = x.slice_step(0, 1, 4, 2).unwrap();
    check(&rows, &[2, 30], true);
    check(&rows, &[2, 3, 2, 1, 5], true);
    check(&rows, &[60], false);
    let tail = x.slice_step(0, 2, 4, 1).unwrap();
    check(&tail, &[60], true);
    let turned = x.transpose(&[2, 0, 1]).unwrap();
    check(&turned, &[5, 24], true);
    check(&turned, &[5, 8, 3], true);
    check(&turned, &[20, 6], false);
    let every_other = x.reshape([120]).unwrap().slice_step(0, 1, 120, 2).unwrap();
    check(&every_other, &[3, 4, 5], true);
    let repeated = count_up(&[3]).broadcast_to([4, 2, 3]).unwrap();
    check(&repeated, &[8, 3], true);
    check(&repeated, &[2, 2, 2, 3], true);
    check(&repeated, &[24], false);
    check(&count_up(&[3, 0]).transpose(&[1, 0]).unwrap(), &[7, 0, 2], true);
    check(&count_up(&[]), &[1, 1, 1, 1, 1, 1, 1], true);
}

#[test]
fn slices_of_empty_tensors_stay_inside_the_memory() {
    let x = count_up(&[3, 0]);
    let view = x.slice_step(0, 2, 3, 1).unwrap().index(0, 0).unwrap();
    assert_eq!((view.shape().to_string(), view.as_slice::<i64>()), ("[0]".into(), Some(&[][..])));
    let end = count_up(&[3]).slice_step(0, 3, 3, 1).unwrap();
    assert_eq!(end.as_slice::<i64>(), Some(&[][..]));
    let one = count_up(&[3]).slice_step(0, 2, 3, usize::MAX).unwrap();
    assert_eq!(one.as_slice::<i64>(), Some(&[2][..]));
}

#[test]
fn what_does_not_fit_is_an_error_that_says_why() {
    let x = count_up(&[2, 3]);
    fails(x.reshape([7]), "reshape from [2, 3] (6 elements) to [7] (7 elements)");
    fails(x.reshape([usize::MAX, 2]), &format!("shape [{}, 2] has too many elements", usize::MAX));
    fails(x.transpose(&[0]), "transpose of shape [2, 3] by [0]");
    fails(x.transpose(&[0, 0]), "transpose of shape [2, 3] by [0, 0]");
    fails(x.transpose(&[0, 2]), "transpose of shape [2, 3] by [0, 2]");
    fails(x.slice_step(2, 0, 1, 1), "slice: axis 2 is out of range for shape [2, 3]");
    fails(x.slice_step(1, 0, 4, 1), "slice 0..4 step 1 of axis 1 of shape [2, 3]");
    fails(x.slice_step(1, 2, 1, 1), "slice 2..1 step 1 of axis 1 of shape [2, 3]");
    fails(x.slice_step(1, 0, 1, 0), "slice 0..1 step 0 of axis 1 of shape [2, 3]");
    assert!(x.slice_step(isize::MAX, 0, 1, 1).is_err());
    fails(x.broadcast_to([2, 4]), "shape [2, 3] does not broadcast to [2, 4]");
    fails(x.broadcast_to([3]), "shape [2, 3] does not broadcast to [3]");
    assert!(x.broadcast_to([usize::MAX, 2, 3]).is_err());
    fails(x.squeeze(0), "squeeze of axis 0 of shape [2, 3]: its size is not 1");
    fails(x.squeeze(-3), "squeeze: axis -3 is out of range for shape [2, 3]");
    fails(x.unsqueeze(3), "unsqueeze: axis 3 is out of range for shape [2, 3]");
    fails(x.unsqueeze(-4), "unsqueeze: axis -4 is out of range for shape [2, 3]");
    assert!(x.unsqueeze(isize::MAX).is_err() && x.unsqueeze(isize::MIN).is_err());
    fails(x.index(2, 0), "index: axis 2 is out of range for shape [2, 3]");
    fails(x.index(-1, 3), "index: place 3 is out of range for axis 1 of shape [2, 3]");
    fails(x.index(-1, -4), "index: place -4 is out of range for axis 1 of shape [2, 3]");
    fails(
        x.index(0, usize::MAX),
        &format!("index: place {} is out of range for axis 0 of shape [2, 3]", isize::MAX),
    );
    fails(x.slice(1, -4..), "slice: place -4 is before the first of axis 1 of shape [2, 3]");
    fails(x.slice(1, 1..=3), "slice 1..4 step 1 of axis 1 of shape [2, 3]");
    let no_parts =
        |parts: Result<Vec<Tensor>>, expected| fails(parts.map(|parts| parts[0].clone()), expected);
    no_parts(x.split(2, &[1]), "split: axis 2 is out of range for shape [2, 3]");
    no_parts(
        x.split(1, &[1, 1]),
        "split: parts of [1, 1] add up to 2, but axis 1 of shape [2, 3] has 3",
    );
    assert!(x.split(1, &[usize::MAX, 4]).is_err() && x.split(1, &[]).is_err());
    no_parts(
        x.chunk::<2>(1).map(Vec::from),
        "chunk: axis 1 of shape [2, 3] has size 3, which is not 2 equal parts",
    );
    no_parts(
        x.chunk::<0>(1).map(Vec::from),
        "chunk: axis 1 of shape [2, 3] has size 3, which is not 0 equal parts",
    );
    for index in [&[0][..], &[0, 0, 0], &[2, 0], &[0, 3], &[usize::MAX, 0]] {
        let error = x.get(index).unwrap_err();
        assert_eq!(error.message(), format!("index {index:?} names no element of shape [2, 3]"));
    }
    assert!(count_up(&[0]).get(&[0]).is_err());
    assert_eq!(count_up(&[]).get(&[]).unwrap(), 0.0);
}

#[test]
fn parts_are_the_slices_that_they_stand_for() {
    let x = count_up(&[2, 6]);
    let parts = x.split(-1, &[1, 0, 5]).unwrap();
    let sizes: Vec<usize> = parts.iter().map(|part| part.shape()[1]).collect();
    assert_eq!(sizes, [1, 0, 5]);
    assert!(Tensor::concat(&parts, 1).unwrap().equals(&x));
    let [a, b, c] = x.chunk(1).unwrap();
    for (i, part) in [a, b, c].iter().enumerate() {
        assert!(part.equals(&x.slice(1, 2 * i..2 * i + 2).unwrap()));
        assert!(Arc::ptr_eq(&part.storage, &x.storage));
    }
    assert_eq!(x.index(-1, -1).unwrap().to_f64_vec(), [5.0, 11.0]);
}
