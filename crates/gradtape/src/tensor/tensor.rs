//! [`Tensor`]: an array of numbers, shared and strided.

use std::sync::Arc;

use smallvec::SmallVec;

use super::storage::{Storage, with_storage};
use super::{DType, Dims, Element, Error, Kind, Result, Shape};

/// Numbers of one [`DType`] in a [`Shape`].
///
/// A tensor is a view of shared memory: cloning, transposing, slicing and broadcasting copy nothing.
/// It is never changed in place while it is shared, so a view stays what it was.
#[derive(Clone)]
pub struct Tensor {
    storage: Arc<Storage>,
    shape: Shape,
    strides: Dims,
    offset: usize,
}

impl Tensor {
    /// A tensor of the elements of `data` in row-major order. Fails when their number is not the shape's.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3])?;
    /// assert_eq!(x.transpose(&[1, 0])?.to_vec::<f32>()?, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn from_vec<T: Element>(data: Vec<T>, shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if shape.checked_elements()? != data.len() {
            let message = format!(
                "shape {shape} holds {} elements, but {} were given",
                shape.elements(),
                data.len()
            );
            return Err(Error::new(Kind::Shape, message));
        }
        Ok(Tensor::from_storage(T::wrap(data), shape))
    }

    /// A tensor that holds a copy of `data`, as [`Tensor::from_vec`].
    pub fn from_slice<T: Element>(data: &[T], shape: impl Into<Shape>) -> Result<Tensor> {
        Tensor::from_vec(data.to_vec(), shape)
    }

    /// A tensor without axes.
    pub fn scalar<T: Element>(value: T) -> Tensor {
        Tensor::from_storage(T::wrap(vec![value]), Shape::scalar())
    }

    /// Every element is `value`, converted as by [`Element::from_f64`].
    ///
    /// # Panics
    /// When the shape has more elements than memory can address.
    pub fn full(shape: impl Into<Shape>, value: f64, dtype: DType) -> Tensor {
        let shape = shape.into();
        let len = shape.elements();
        let storage = match dtype {
            DType::F32 => Storage::F32(vec![f32::from_f64(value); len]),
            DType::F64 => Storage::F64(vec![value; len]),
            DType::I64 => Storage::I64(vec![i64::from_f64(value); len]),
            DType::Bool => Storage::Bool(vec![bool::from_f64(value); len]),
        };
        Tensor::from_storage(storage, shape)
    }

    /// Zeros (or `false`).
    pub fn zeros(shape: impl Into<Shape>, dtype: DType) -> Tensor {
        Tensor::full(shape, 0.0, dtype)
    }

    /// Ones (or `true`).
    pub fn ones(shape: impl Into<Shape>, dtype: DType) -> Tensor {
        Tensor::full(shape, 1.0, dtype)
    }

    fn from_storage(storage: Storage, shape: Shape) -> Tensor {
        let strides = shape.strides();
        Tensor { storage: Arc::new(storage), shape, strides, offset: 0 }
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.storage.dtype()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.rank()
    }

    /// The number of elements.
    pub fn elements(&self) -> usize {
        self.shape.elements()
    }

    /// Elements to step over in memory for one step along each axis; 0 along a broadcast axis.
    pub fn strides(&self) -> &[usize] {
        &self.strides
    }

    /// Whether the elements lie in memory one after another in row-major order.
    pub fn is_contiguous(&self) -> bool {
        let mut expected = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
            if size == 0 {
                return true;
            }
            if size != 1 && stride != expected {
                return false;
            }
            expected *= size;
        }
        true
    }

    /// The elements in row-major order, when they lie so in memory and `T` is their type.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        let data = T::slice(&self.storage)?;
        self.is_contiguous().then(|| &data[self.offset..self.offset + self.elements()])
    }

    /// The elements for writing, when they are contiguous, of type `T`, and nothing else views them.
    pub fn as_slice_mut<T: Element>(&mut self) -> Option<&mut [T]> {
        if !self.is_contiguous() {
            return None;
        }
        let range = self.offset..self.offset + self.elements();
        T::slice_mut(Arc::get_mut(&mut self.storage)?).map(|data| &mut data[range])
    }

    /// The whole memory behind this tensor, the offset of its first element and its strides, for
    /// code that walks strided elements itself. `None` when `T` is not the element type.
    pub fn as_strided<T: Element>(&self) -> Option<(&[T], usize, &[usize])> {
        Some((T::slice(&self.storage)?, self.offset, &self.strides))
    }

    /// A copy of the elements in row-major order. Fails when `T` is not their type; see [`Tensor::cast`].
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let data = T::slice(&self.storage).ok_or_else(|| {
            let message =
                format!("elements of a {} tensor were asked for as {}", self.dtype(), T::DTYPE);
            Error::new(Kind::Shape, message).hint(format!("use cast(DType::{:?}) first", T::DTYPE))
        })?;
        Ok(match self.as_slice::<T>() {
            Some(slice) => slice.to_vec(),
            None => self.positions().map(|at| data[at]).collect(),
        })
    }

    /// The elements in row-major order as f64, whatever their type.
    pub fn to_f64_vec(&self) -> Vec<f64> {
        with_storage!(&*self.storage, data => {
            self.positions().map(|at| data[at].to_f64()).collect()
        })
    }

    /// The only element as f64. Fails when there is not exactly one.
    pub fn item(&self) -> Result<f64> {
        if self.elements() != 1 {
            let message = format!("item() needs one element, but the shape is {}", self.shape);
            return Err(Error::new(Kind::Shape, message).hint("use sum(), mean() or to_vec()"));
        }
        Ok(with_storage!(&*self.storage, data => data[self.offset].to_f64()))
    }

    /// The same elements with another element type: rounded to f32, truncated towards zero for i64,
    /// `!= 0` for bool. Copies unless the type is the same.
    pub fn cast(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype() {
            return self.clone();
        }
        fn convert<A: Element, B: Element>(tensor: &Tensor, data: &[A]) -> Tensor {
            let cast = tensor.positions().map(|at| B::from_f64(data[at].to_f64())).collect();
            Tensor::from_storage(B::wrap(cast), tensor.shape.clone())
        }
        with_storage!(&*self.storage, data => match dtype {
            DType::F32 => convert::<_, f32>(self, data),
            DType::F64 => convert::<_, f64>(self, data),
            DType::I64 => convert::<_, i64>(self, data),
            DType::Bool => convert::<_, bool>(self, data),
        })
    }

    /// The same tensor with its elements one after another in row-major order. Copies only if needed.
    pub fn contiguous(&self) -> Tensor {
        if self.is_contiguous() {
            return self.clone();
        }
        let storage = match &*self.storage {
            Storage::F32(data) => Storage::F32(self.positions().map(|at| data[at]).collect()),
            Storage::F64(data) => Storage::F64(self.positions().map(|at| data[at]).collect()),
            Storage::I64(data) => Storage::I64(self.positions().map(|at| data[at]).collect()),
            Storage::Bool(data) => Storage::Bool(self.positions().map(|at| data[at]).collect()),
        };
        Tensor::from_storage(storage, self.shape.clone())
    }

    /// The same elements in row-major order under another shape. A view where the memory allows it.
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
        let base = self.contiguous();
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
    pub fn slice(&self, axis: usize, start: usize, stop: usize, step: usize) -> Result<Tensor> {
        let size =
            *self.shape.get(axis).ok_or_else(|| self.shape.axis(axis as isize).unwrap_err())?;
        if step == 0 || start > stop || stop > size {
            let message =
                format!("slice {start}..{stop} step {step} of axis {axis} of shape {}", self.shape);
            return Err(Error::new(Kind::Shape, message));
        }
        let mut out = self.clone();
        let count = (stop - start).div_ceil(step);
        if count > 0 {
            out.offset += start * self.strides[axis];
        }
        let mut dims = Dims::from_slice(&self.shape);
        dims[axis] = count;
        out.shape = dims.into();
        out.strides[axis] *= step;
        Ok(out)
    }

    /// This tensor repeated along axes of size 1 and along new leading axes. A view.
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Result<Tensor> {
        let shape = shape.into();
        if !self.shape.broadcasts_to(&shape) {
            let message = format!("shape {} does not broadcast to {shape}", self.shape);
            return Err(Error::new(Kind::Shape, message));
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

    /// The place in memory of each element in row-major order.
    pub(crate) fn positions(&self) -> impl Iterator<Item = usize> + '_ {
        let mut index: Dims = SmallVec::from_elem(0, self.rank());
        let mut at = self.offset;
        (0..self.elements()).map(move |_| {
            let here = at;
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                at += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                at -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
            here
        })
    }
}
