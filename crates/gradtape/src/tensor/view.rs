//! Other views of the same elements: reshape, transpose, slice, split, broadcast, add and drop axes.

use smallvec::SmallVec;

use super::{Dims, Error, IntoRange, Kind, Place, Result, Shape, Tensor};

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

    /// A range of places along an axis, as in `x.slice(0, 1..3)` or `x.slice(-1, -2..)`: a negative
    /// axis or place counts from the end. A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([0i64, 1, 2, 3, 4]);
    /// assert_eq!(x.slice(0, 1..3)?.to_string(), "[1 2]");
    /// assert_eq!(x.slice(0, -2..)?.to_string(), "[3 4]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn slice(&self, axis: isize, range: impl IntoRange) -> Result<Tensor> {
        let at = self.shape.axis(axis).map_err(|error| error.context("slice"))?;
        let (start, stop) = self.shape.range(at, range).map_err(|error| error.context("slice"))?;
        self.slice_step(axis, start, stop, 1)
    }

    /// Elements `start`, `start + step`, … before `stop` along an axis; a negative axis counts from the
    /// end. A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([0i64, 1, 2, 3, 4]);
    /// assert_eq!(x.slice_step(0, 1, 5, 2)?.to_string(), "[1 3]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn slice_step(
        &self,
        axis: isize,
        start: usize,
        stop: usize,
        step: usize,
    ) -> Result<Tensor> {
        let axis = self.shape.axis(axis).map_err(|error| error.context("slice"))?;
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

    /// Parts of these sizes one after another along an axis, whose size they add up to. Views.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let parts = Tensor::from([1i64, 2, 3, 4, 5]).split(0, &[2, 3])?;
    /// assert_eq!(parts[1].to_string(), "[3 4 5]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn split(&self, axis: isize, sizes: &[usize]) -> Result<Vec<Tensor>> {
        let at = self.shape.axis(axis).map_err(|error| error.context("split"))?;
        let starts = self.shape.parts(at, sizes).map_err(|error| error.context("split"))?;
        let part = |(start, size): (usize, &usize)| self.slice_step(axis, start, start + size, 1);
        starts.into_iter().zip(sizes).map(part).collect()
    }

    /// `N` parts of equal size along an axis. Views.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let [head, tail] = Tensor::from([1i64, 2, 3, 4]).chunk(0)?;
    /// assert_eq!((head.to_string(), tail.to_string()), ("[1 2]".into(), "[3 4]".into()));
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn chunk<const N: usize>(&self, axis: isize) -> Result<[Tensor; N]> {
        let at = self.shape.axis(axis).map_err(|error| error.context("chunk"))?;
        let size = self.shape.part(at, N).map_err(|error| error.context("chunk"))?;
        let mut parts = std::array::from_fn(|_| self.clone());
        for (i, part) in parts.iter_mut().enumerate() {
            *part = self.slice_step(axis, i * size, (i + 1) * size, 1)?;
        }
        Ok(parts)
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
            return Err(Error::new(Kind::Shape, message).hint("index() picks one of many"));
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

    /// The part at a place of an axis, without that axis; a negative axis or place counts from the end.
    /// A view.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4]]);
    /// assert_eq!(x.index(0, 1)?.to_string(), "[3 4]");
    /// assert_eq!(x.index(-1, -2)?.to_string(), "[1 3]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn index(&self, axis: isize, place: impl Place) -> Result<Tensor> {
        let at = self.shape.axis(axis).map_err(|error| error.context("index"))?;
        let place = self.shape.place(at, place.number()).map_err(|error| error.context("index"))?;
        let mut out = self.without_axis(at);
        if out.elements() > 0 {
            out.offset += place * self.strides[at];
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
mod tests;
