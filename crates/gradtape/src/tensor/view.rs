//! Other views of the same elements: reshape, transpose, slice, broadcast, add and drop axes.

use smallvec::SmallVec;

use super::{Dims, Error, Kind, Result, Shape, Tensor};

impl Tensor {
    /// The same elements in row-major order under another shape. A view wherever memory allows it:
    /// always for a contiguous tensor, and where only axes are split or axes merged that lie in
    /// memory as one. Otherwise a copy.
    ///
    /// ```
    /// use gradtape::{DType, Tensor};
    /// let x = Tensor::arange(0.0, 6.0, 1.0, DType::I64)?;
    /// assert_eq!(x.reshape([2, 3])?.to_string(), "[[0 1 2]\n [3 4 5]]");
    /// let error = x.reshape([4]).unwrap_err();
    /// assert_eq!(error.message(), "reshape from [6] (6 elements) to [4] (4 elements)");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn reshape(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if shape.checked_elements()? != self.elements() {
            let message = format!(
                "reshape from {} ({} elements) to {shape} ({} elements)",
                self.shape,
                self.elements(),
                shape.elements()
            );
            return Err(Error::new(Kind::Shape, message));
        }
        if let Some(strides) = self.strides_as(&shape) {
            return Ok(Tensor { strides, shape, ..self.clone() });
        }
        let base = self.contiguous();
        if !base.is_contiguous() {
            let message = format!("reshape from {} to {shape}: no memory for a copy", self.shape);
            return Err(Error::new(Kind::Shape, message));
        }
        Ok(Tensor { strides: shape.strides(), shape, ..base })
    }

    /// The axes in another order: axis `i` of the result is axis `order[i]` of this tensor. A view.
    pub fn transpose(&self, order: &[usize]) -> Result<Tensor> {
        let mut seen: Dims = SmallVec::from_elem(0, self.rank());
        let valid = order.len() == self.rank()
            && order
                .iter()
                .all(|&axis| axis < self.rank() && std::mem::replace(&mut seen[axis], 1) == 0);
        if !valid {
            let message = format!("transpose of shape {} by {order:?}", self.shape);
            return Err(Error::new(Kind::Shape, message).hint("name every axis exactly once"));
        }
        let pick = |from: &[usize]| order.iter().map(|&axis| from[axis]).collect::<Dims>();
        Ok(Tensor { shape: pick(&self.shape).into(), strides: pick(&self.strides), ..self.clone() })
    }

    /// Elements `start`, `start + step`, … before `stop` along an axis. A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([0i64, 1, 2, 3, 4]);
    /// assert_eq!(x.slice(0, 1, 5, 2)?.to_string(), "[1 3]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn slice(&self, axis: usize, start: usize, stop: usize, step: usize) -> Result<Tensor> {
        let axis = self.shape.axis(isize::try_from(axis).unwrap_or(isize::MAX))?;
        if step == 0 || start > stop || stop > self.shape[axis] {
            let message =
                format!("slice {start}..{stop} step {step} of axis {axis} of shape {}", self.shape);
            return Err(Error::new(Kind::Shape, message).hint(format!(
                "start <= stop <= {} and a step of at least 1 are needed",
                self.shape[axis]
            )));
        }
        let mut out = self.clone();
        let count = (stop - start).div_ceil(step);
        let mut dims = Dims::from_slice(&self.shape);
        dims[axis] = count;
        out.shape = dims.into();
        if out.elements() > 0 {
            out.offset += start * self.strides[axis];
        }
        if count > 1 {
            out.strides[axis] *= step;
        }
        Ok(out)
    }

    /// This tensor repeated along axes of size 1 and along new leading axes. A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let row = Tensor::from([1i64, 2]);
    /// assert_eq!(row.broadcast_to([2, 2])?.to_string(), "[[1 2]\n [1 2]]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if !self.shape.broadcasts_to(&shape) {
            let message = format!("shape {} does not broadcast to {shape}", self.shape);
            return Err(Error::new(Kind::Shape, message).hint(
                "aligned at the last axis, each size must be the same as the target's or 1",
            ));
        }
        shape.checked_elements()?;
        let new = shape.rank() - self.rank();
        let strides = (0..shape.rank())
            .map(|axis| match axis.checked_sub(new) {
                Some(own) if self.shape[own] == shape[axis] => self.strides[own],
                _ => 0,
            })
            .collect();
        Ok(Tensor { shape, strides, ..self.clone() })
    }

    /// Without an axis of size 1; a negative axis counts from the end. A view.
    pub fn squeeze(&self, axis: isize) -> Result<Tensor> {
        let at = self.shape.axis(axis).map_err(|error| error.context("squeeze"))?;
        if self.shape[at] != 1 {
            let message =
                format!("squeeze of axis {axis} of shape {}: its size is not 1", self.shape);
            return Err(Error::new(Kind::Shape, message).hint("select() picks one of many"));
        }
        Ok(self.without_axis(at))
    }

    /// With a new axis of size 1 so that it becomes axis `axis` of the result; a negative axis
    /// counts from the end of the result, so -1 appends it. A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([1.0f32, 2.0, 3.0]);
    /// assert_eq!(x.unsqueeze(0)?.shape().to_string(), "[1, 3]");
    /// assert_eq!(x.unsqueeze(-1)?.shape().to_string(), "[3, 1]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn unsqueeze(&self, axis: isize) -> Result<Tensor> {
        let rank = self.rank() as isize;
        let at = if axis < 0 { axis + rank + 1 } else { axis };
        if !(0..=rank).contains(&at) {
            let message =
                format!("unsqueeze: axis {axis} is out of range for shape {}", self.shape);
            return Err(Error::new(Kind::Shape, message)
                .hint(format!("a new axis goes to 0 to {rank}, or to -1 back to -{}", rank + 1)));
        }
        let insert = |into: &[usize]| {
            let mut dims = Dims::from_slice(into);
            dims.insert(at as usize, 1);
            dims
        };
        let shape = insert(&self.shape).into();
        Ok(Tensor { shape, strides: insert(&self.strides), ..self.clone() })
    }

    /// The part at `index` of an axis, without that axis; a negative axis counts from the end. A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.select(0, 1)?.to_string(), "[3 4]");
    /// assert_eq!(x.select(-1, 0)?.to_string(), "[1 3]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn select(&self, axis: isize, index: usize) -> Result<Tensor> {
        let at = self.shape.axis(axis).map_err(|error| error.context("select"))?;
        if index >= self.shape[at] {
            let message = format!(
                "select of index {index} along axis {axis} of shape {}: the axis has {} elements",
                self.shape, self.shape[at]
            );
            return Err(Error::new(Kind::Shape, message));
        }
        let mut out = self.without_axis(at);
        if out.elements() > 0 {
            out.offset += index * self.strides[at];
        }
        Ok(out)
    }

    /// The element at an index as f64. Fails when the index does not name one element.
    pub fn get(&self, index: &[usize]) -> Result<f64> {
        let inside = index.iter().zip(self.shape.iter()).all(|(&i, &size)| i < size);
        if index.len() != self.rank() || !inside {
            let message = format!("index {index:?} names no element of shape {}", self.shape);
            return Err(Error::new(Kind::Shape, message));
        }
        let steps: usize = index.iter().zip(&self.strides).map(|(&i, &stride)| i * stride).sum();
        let at = Tensor { offset: self.offset + steps, ..self.clone() };
        Tensor { shape: Shape::scalar(), strides: Dims::new(), ..at }.item()
    }

    fn without_axis(&self, axis: usize) -> Tensor {
        let mut out = self.clone();
        out.strides.remove(axis);
        let mut dims = Dims::from_slice(&self.shape);
        dims.remove(axis);
        out.shape = dims.into();
        out
    }

    /// The strides that make this memory read as `shape`, which has as many elements, if there are.
    fn strides_as(&self, shape: &Shape) -> Option<Dims> {
        if self.is_contiguous() {
            return Some(shape.strides());
        }
        let mut strides: Dims = SmallVec::from_elem(1, shape.rank());
        let mut axis = shape.rank();
        for &(size, stride) in self.runs().iter().rev() {
            let (mut left, mut spacing) = (size, stride);
            while left > 1 {
                axis = axis.checked_sub(1)?;
                if left % shape[axis] != 0 {
                    return None;
                }
                strides[axis] = spacing;
                left /= shape[axis];
                spacing *= shape[axis];
            }
        }
        Some(strides)
    }
}

#[cfg(test)]
mod tests {
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
            let copied: Vec<f64> =
                view.to_vec::<i64>().unwrap().iter().map(|&x| x as f64).collect();
            assert_eq!(copied, self.values);
            let slice = view.as_slice::<i64>();
            assert_eq!(slice.is_some(), view.is_contiguous());
            assert!(slice.is_none_or(|slice| slice == view.to_vec::<i64>().unwrap()));
            assert!(
                view.contiguous().as_slice::<i64>().is_some() && view.contiguous().equals(view)
            );
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
                (view.slice(axis, start, stop, step).unwrap(), model.map(new, source))
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
                (view.select(axis as isize, pick).unwrap(), model.map(new, source))
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
        let rows = x.slice(0, 1, 4, 2).unwrap();
        check(&rows, &[2, 30], true);
        check(&rows, &[2, 3, 2, 1, 5], true);
        check(&rows, &[60], false);
        let tail = x.slice(0, 2, 4, 1).unwrap();
        check(&tail, &[60], true);
        let turned = x.transpose(&[2, 0, 1]).unwrap();
        check(&turned, &[5, 24], true);
        check(&turned, &[5, 8, 3], true);
        check(&turned, &[20, 6], false);
        let every_other = x.reshape([120]).unwrap().slice(0, 1, 120, 2).unwrap();
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
        let view = x.slice(0, 2, 3, 1).unwrap().select(0, 0).unwrap();
        assert_eq!(
            (view.shape().to_string(), view.as_slice::<i64>()),
            ("[0]".into(), Some(&[][..]))
        );
        let end = count_up(&[3]).slice(0, 3, 3, 1).unwrap();
        assert_eq!(end.as_slice::<i64>(), Some(&[][..]));
        let one = count_up(&[3]).slice(0, 2, 3, usize::MAX).unwrap();
        assert_eq!(one.as_slice::<i64>(), Some(&[2][..]));
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_says_why() {
        let x = count_up(&[2, 3]);
        fails(x.reshape([7]), "reshape from [2, 3] (6 elements) to [7] (7 elements)");
        fails(
            x.reshape([usize::MAX, 2]),
            &format!("shape [{}, 2] has too many elements", usize::MAX),
        );
        fails(x.transpose(&[0]), "transpose of shape [2, 3] by [0]");
        fails(x.transpose(&[0, 0]), "transpose of shape [2, 3] by [0, 0]");
        fails(x.transpose(&[0, 2]), "transpose of shape [2, 3] by [0, 2]");
        fails(x.slice(2, 0, 1, 1), "axis 2 is out of range for shape [2, 3]");
        fails(x.slice(1, 0, 4, 1), "slice 0..4 step 1 of axis 1 of shape [2, 3]");
        fails(x.slice(1, 2, 1, 1), "slice 2..1 step 1 of axis 1 of shape [2, 3]");
        fails(x.slice(1, 0, 1, 0), "slice 0..1 step 0 of axis 1 of shape [2, 3]");
        assert!(x.slice(usize::MAX, 0, 1, 1).is_err());
        fails(x.broadcast_to([2, 4]), "shape [2, 3] does not broadcast to [2, 4]");
        fails(x.broadcast_to([3]), "shape [2, 3] does not broadcast to [3]");
        assert!(x.broadcast_to([usize::MAX, 2, 3]).is_err());
        fails(x.squeeze(0), "squeeze of axis 0 of shape [2, 3]: its size is not 1");
        fails(x.squeeze(-3), "squeeze: axis -3 is out of range for shape [2, 3]");
        fails(x.unsqueeze(3), "unsqueeze: axis 3 is out of range for shape [2, 3]");
        fails(x.unsqueeze(-4), "unsqueeze: axis -4 is out of range for shape [2, 3]");
        assert!(x.unsqueeze(isize::MAX).is_err() && x.unsqueeze(isize::MIN).is_err());
        fails(x.select(2, 0), "select: axis 2 is out of range for shape [2, 3]");
        fails(
            x.select(-1, 3),
            "select of index 3 along axis -1 of shape [2, 3]: the axis has 3 elements",
        );
        for index in [&[0][..], &[0, 0, 0], &[2, 0], &[0, 3], &[usize::MAX, 0]] {
            let error = x.get(index).unwrap_err();
            assert_eq!(
                error.message(),
                format!("index {index:?} names no element of shape [2, 3]")
            );
        }
        assert!(count_up(&[0]).get(&[0]).is_err());
        assert_eq!(count_up(&[]).get(&[]).unwrap(), 0.0);
    }
}
