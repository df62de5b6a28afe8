//! [`Tensor`]: an array of numbers, shared and strided.

use std::sync::Arc;

use smallvec::SmallVec;

use super::storage::{Storage, with_storage};
use super::{DType, Dims, Element, Error, Kind, Result, Shape, with_type};

/// Numbers of one [`DType`] in a [`Shape`].
///
/// A tensor is a view of shared memory: cloning, transposing, slicing and broadcasting copy nothing.
/// It is never changed in place while it is shared, so a view stays what it was.
///
/// ```
/// use gradtape::Tensor;
/// let x = Tensor::from([[1.0f32, 2.5], [3.0, 4.0]]);
/// assert_eq!(x.shape().to_string(), "[2, 2]");
/// assert_eq!(x.to_string(), "[[1.  2.5]\n [3.  4. ]]");
/// assert_eq!(x.get(&[0, 1])?, 2.5);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone)]
pub struct Tensor {
    pub(super) storage: Arc<Storage>,
    pub(super) shape: Shape,
    pub(super) strides: Dims,
    /// The place of the first element in the storage; within it even when there are no elements.
    pub(super) offset: usize,
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

    /// The elements of a storage in row-major order; as many as the shape has.
    pub(super) fn from_storage(storage: Storage, shape: Shape) -> Tensor {
        let strides = shape.strides();
        Tensor { storage: Arc::new(storage), shape, strides, offset: 0 }
    }

    /// As many elements as the shape has, from a place of `data` on.
    fn from_aligned<T: Element>(data: Vec<T>, offset: usize, shape: Shape) -> Tensor {
        Tensor { offset, ..Tensor::from_storage(T::wrap(data), shape) }
    }

    /// A tensor of the elements that `fill` appends to a vector, as many as the shape has; of many, the first starts
    /// a line of the cache. An error where memory has no room.
    pub(super) fn filled<T: Element>(
        shape: Shape,
        fill: impl FnOnce(&mut Vec<T>),
    ) -> Result<Tensor> {
        let mut data = allocate_with(&shape, spare::<T>(shape.checked_elements()?))?;
        let offset = line_start(&data, shape.elements());
        data.resize(offset, T::default());
        fill(&mut data);
        Ok(Tensor::from_aligned(data, offset, shape))
    }

    /// The same number for each element, as [`Tensor::filled`].
    pub(super) fn repeated<T: Element>(shape: Shape, value: T) -> Result<Tensor> {
        let spare = spare::<T>(shape.checked_elements()?);
        // The probe is given back at once: `vec!` below gets zeroed pages without writing them.
        drop(allocate_with::<T>(&shape, spare)?);
        let data = vec![value; shape.elements() + spare];
        let offset = line_start(&data, shape.elements());
        Ok(Tensor::from_aligned(data, offset, shape))
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
        if self.elements() == 0 {
            return true;
        }
        let mut expected = 1;
        for (&size, &stride) in self.shape.iter().zip(&self.strides).rev() {
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

    /// The whole memory behind this tensor, when nothing else views it and `T` is its type.
    pub(crate) fn into_numbers<T: Element>(self) -> Option<Vec<T>> {
        T::unstore(Arc::try_unwrap(self.storage).ok()?)
    }

    /// The whole memory behind this tensor, the offset of its first element and its strides, for
    /// code that walks strided elements itself. `None` when `T` is not the element type.
    pub fn as_strided<T: Element>(&self) -> Option<(&[T], usize, &[usize])> {
        Some((T::slice(&self.storage)?, self.offset, &self.strides))
    }

    /// A copy of the elements in row-major order. Fails when `T` is not their type (see
    /// [`Tensor::cast`]) or when they are more than memory can hold (a view can have any shape).
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>> {
        let data = T::slice(&self.storage).ok_or_else(|| {
            let message =
                format!("elements of a {} tensor were asked for as {}", self.dtype(), T::DTYPE);
            Error::new(Kind::Shape, message).hint(format!("use cast(DType::{:?}) first", T::DTYPE))
        })?;
        self.copied(data)
    }

    /// The elements in row-major order as f64, whatever their type.
    ///
    /// # Panics
    /// When memory cannot hold them, as any `Vec`.
    pub fn to_f64_vec(&self) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.elements());
        self.append_f64_to(&mut out);
        out
    }

    /// As [`Tensor::to_f64_vec`]; an error where memory cannot hold them.
    pub(crate) fn checked_f64_vec(&self) -> Result<Vec<f64>> {
        let mut out = allocate(&self.shape)?;
        self.append_f64_to(&mut out);
        Ok(out)
    }

    fn append_f64_to(&self, out: &mut Vec<f64>) {
        with_storage!(&self.storage, data => {
            self.for_each_run(|start, count, stride| match stride {
                1 => out.extend(data[start..start + count].iter().map(|x| x.to_f64())),
                _ => out.extend((0..count).map(|i| data[start + i * stride].to_f64())),
            });
        })
    }

    /// Adds the bytes of the elements, in row-major order, the lowest of each first. Fails where memory cannot
    /// hold them.
    pub(crate) fn append_bytes_to(&self, out: &mut Vec<u8>) -> Result<()> {
        fn append<T: Element>(tensor: &Tensor, out: &mut Vec<u8>) -> Result<()> {
            let copy;
            let elements = match tensor.as_slice::<T>() {
                Some(elements) => elements,
                None => {
                    copy = tensor.to_vec::<T>()?;
                    &copy[..]
                }
            };
            let (start, size) = (out.len(), T::DTYPE.size());
            out.resize(start + elements.len() * size, 0);
            for (bytes, x) in out[start..].chunks_exact_mut(size).zip(elements) {
                bytes.copy_from_slice(&x.to_word().to_le_bytes()[..size]);
            }
            Ok(())
        }
        with_type!(self.dtype(), T => append::<T>(self, out))
    }

    /// A tensor of elements of a type whose bytes follow each other, the lowest of each first, as many as the
    /// shape has. Fails where bytes are no element's.
    pub(crate) fn from_bytes(bytes: &[u8], shape: Shape, dtype: DType) -> Result<Tensor> {
        fn read<T: Element>(bytes: &[u8], shape: Shape) -> Result<Tensor> {
            let size = T::DTYPE.size();
            let mut elements = Vec::with_capacity(bytes.len() / size);
            for bytes in bytes.chunks_exact(size) {
                let mut word = [0; 8];
                word[..size].copy_from_slice(bytes);
                let word = u64::from_le_bytes(word);
                elements.push(T::from_word(word).ok_or_else(|| {
                    Error::new(Kind::Value, format!("a truth value is {word}, not 0 or 1"))
                })?);
            }
            Tensor::from_vec(elements, shape)
        }
        with_type!(dtype, T => read::<T>(bytes, shape))
    }

    /// The element at a place in memory.
    pub(super) fn at(&self, place: usize) -> f64 {
        with_storage!(&self.storage, data => data[place].to_f64())
    }

    /// The only element as f64. Fails when there is not exactly one.
    pub fn item(&self) -> Result<f64> {
        if self.elements() != 1 {
            let message = format!("item() needs one element, but the shape is {}", self.shape);
            return Err(Error::new(Kind::Shape, message).hint("use sum(()), mean(()) or to_vec()"));
        }
        Ok(with_storage!(&self.storage, data => data[self.offset].to_f64()))
    }

    /// The same elements with another element type: rounded to floating-point types (what is too large for
    /// f16 to infinity), truncated towards zero for i64 (NaN becomes 0, what is too large the nearest i64),
    /// `!= 0` for bool. Copies unless the type is the same.
    pub fn cast(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype() {
            return self.clone();
        }
        fn convert<A: Element, B: Element>(tensor: &Tensor, data: &[A]) -> Tensor {
            let cast =
                |data: &[A]| B::wrap(data.iter().map(|&x| B::from_f64(x.to_f64())).collect());
            match tensor.as_slice::<A>() {
                Some(slice) => Tensor::from_storage(cast(slice), tensor.shape.clone()),
                None => match tensor.copied(data) {
                    Ok(copy) => Tensor::from_storage(cast(&copy), tensor.shape.clone()),
                    Err(_) => Tensor { storage: Arc::new(cast(data)), ..tensor.clone() },
                },
            }
        }
        with_storage!(&self.storage, data => with_type!(dtype, To => convert::<_, To>(self, data)))
    }

    /// The same tensor with its elements one after another in row-major order. Copies only if
    /// needed. A view of more elements than memory can hold is returned as it is.
    pub fn contiguous(&self) -> Tensor {
        if self.is_contiguous() {
            return self.clone();
        }
        fn copy<T: Element>(tensor: &Tensor, data: &[T]) -> Tensor {
            let fill = |out: &mut Vec<T>| tensor.append_to(data, out);
            Tensor::filled(tensor.shape.clone(), fill).unwrap_or_else(|_| tensor.clone())
        }
        with_storage!(&self.storage, data => copy(self, data))
    }

    /// Makes the elements contiguous and this tensor the only view of them, by a copy if need be.
    pub(crate) fn make_writable(&mut self) {
        fn copy<T: Element>(tensor: &Tensor, data: &[T]) -> Tensor {
            let fill = |out: &mut Vec<T>| tensor.append_to(data, out);
            Tensor::filled(tensor.shape.clone(), fill).unwrap_or_else(|_| {
                let data = tensor.positions().map(|at| data[at]).collect();
                Tensor::from_storage(T::wrap(data), tensor.shape.clone())
            })
        }
        if !self.is_contiguous() || Arc::get_mut(&mut self.storage).is_none() {
            *self = with_storage!(&self.storage, data => copy(self, data));
        }
    }

    /// Takes new memory, with other elements, when something else views this tensor's.
    pub(crate) fn renew_if_shared(&mut self) {
        if Arc::get_mut(&mut self.storage).is_none() {
            *self = Tensor::zeros(&self.shape, self.dtype());
        }
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

    /// The elements in row-major order, copied from the storage's `data`.
    fn copied<T: Element>(&self, data: &[T]) -> Result<Vec<T>> {
        let mut out = allocate(&self.shape)?;
        self.append_to(data, &mut out);
        Ok(out)
    }

    /// Appends the elements in row-major order.
    pub(super) fn append_to<T: Element>(&self, data: &[T], out: &mut Vec<T>) {
        self.for_each_run(|start, count, stride| match stride {
            1 => out.extend_from_slice(&data[start..start + count]),
            0 => out.extend(std::iter::repeat_n(data[start], count)),
            _ => out.extend(data[start..].iter().step_by(stride).take(count)),
        });
    }

    /// The axes as `(size, stride)`, without those of size 1 and with those merged that lie in memory
    /// as one.
    pub(super) fn runs(&self) -> SmallVec<[(usize, usize); 6]> {
        let mut axes: SmallVec<[(usize, usize); 6]> = SmallVec::new();
        for (&size, &stride) in self.shape.iter().zip(&self.strides) {
            match axes.last_mut() {
                _ if size == 1 => {}
                Some(outer) if outer.1 == stride.saturating_mul(size) => {
                    *outer = (outer.0.saturating_mul(size), stride);
                }
                _ => axes.push((size, stride)),
            }
        }
        axes
    }

    /// Calls `visit(start, count, stride)` for runs of evenly spaced elements that together are all
    /// elements in row-major order.
    fn for_each_run(&self, mut visit: impl FnMut(usize, usize, usize)) {
        if self.elements() == 0 {
            return;
        }
        let mut axes = self.runs();
        let (count, stride) = axes.pop().unwrap_or((1, 1));
        let mut index: Dims = SmallVec::from_elem(0, axes.len());
        let mut start = self.offset;
        loop {
            visit(start, count, stride);
            let mut axis = axes.len();
            loop {
                if axis == 0 {
                    return;
                }
                axis -= 1;
                let (size, stride) = axes[axis];
                index[axis] += 1;
                start += stride;
                if index[axis] < size {
                    break;
                }
                start -= stride * size;
                index[axis] = 0;
            }
        }
    }
}

/// Bytes of a cache line: vectors that cross its end cost twice.
const LINE: usize = 64;
/// Bytes from which elements start a line.
const LARGE: usize = 1 << 12;

/// Elements beside this many, so that the first can start a line.
fn spare<T>(elements: usize) -> usize {
    if elements.saturating_mul(size_of::<T>()) < LARGE { 0 } else { LINE / size_of::<T>() }
}

/// The place in the memory of a vector at which that many elements start.
fn line_start<T>(data: &[T], elements: usize) -> usize {
    data.as_ptr().align_offset(LINE).min(spare::<T>(elements))
}

/// An empty vector with room for the elements of a shape, or an error where memory has none.
pub(crate) fn allocate<T>(shape: &Shape) -> Result<Vec<T>> {
    allocate_with(shape, 0)
}

/// As [`allocate`], with room for some more elements.
fn allocate_with<T>(shape: &Shape, spare: usize) -> Result<Vec<T>> {
    let mut out = Vec::new();
    let elements = shape.checked_elements()?;
    out.try_reserve_exact(elements.saturating_add(spare)).map_err(|_| {
        let bytes = elements as f64 * size_of::<T>() as f64;
        let message =
            format!("no memory for shape {shape} ({:.1} GiB)", bytes / f64::from(1 << 30));
        Error::new(Kind::Shape, message)
    })?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::Rng;

    #[test]
    fn the_number_of_elements_must_be_the_shapes() {
        let error = Tensor::from_vec(vec![1i64, 2, 3], [2, 2]).unwrap_err();
        assert_eq!(error.message(), "shape [2, 2] holds 4 elements, but 3 were given");
        assert!(Tensor::from_vec(Vec::<f32>::new(), [usize::MAX, 2]).is_err());
        assert_eq!(Tensor::from_slice(&[] as &[f32], [4, 0]).unwrap().elements(), 0);
        assert_eq!(Tensor::from_slice(&[true], ()).unwrap().rank(), 0);
    }

    #[test]
    fn large_arrays_start_a_line_of_the_cache() {
        let place = |x: &Tensor| x.as_slice::<f32>().unwrap().as_ptr().align_offset(LINE);
        let mut rng = Rng::new(1);
        let made = Tensor::uniform([33, 64], 0.0, 1.0, DType::F32, &mut rng).unwrap();
        let turned = made.transpose(&[1, 0]).unwrap().contiguous();
        let mut own = made.clone();
        own.make_writable();
        for x in [Tensor::zeros([33, 64], DType::F32).contiguous(), made.clone(), turned, own] {
            assert_eq!((place(&x), x.elements()), (0, 33 * 64));
        }
        assert_eq!(
            made.transpose(&[1, 0]).unwrap().to_vec::<f32>().unwrap()[1],
            made.to_f64_vec()[64] as f32
        );
        assert_eq!(Tensor::ones([3], DType::F64).as_strided::<f64>().unwrap().1, 0);
    }

    #[test]
    fn elements_are_asked_for_by_their_type() {
        let x = Tensor::from([1.5f32, -2.5]);
        let error = x.to_vec::<f64>().unwrap_err();
        assert_eq!(error.message(), "elements of a f32 tensor were asked for as f64");
        assert_eq!((x.as_slice::<f64>(), x.as_strided::<i64>()), (None, None));
        assert_eq!(x.to_f64_vec(), [1.5, -2.5]);
        assert_eq!(Tensor::from([true, false]).to_f64_vec(), [1.0, 0.0]);
    }

    #[test]
    fn item_needs_exactly_one_element() {
        assert_eq!(Tensor::from([[7i64]]).item().unwrap(), 7.0);
        assert_eq!(Tensor::from([1i64, 2]).index(0, 1).unwrap().item().unwrap(), 2.0);
        for x in [Tensor::from([1.0f32, 2.0]), Tensor::zeros([0], DType::F32)] {
            let text = x.item().unwrap_err().to_string();
            assert!(text.contains(&format!("the shape is {}", x.shape())), "{text}");
        }
    }

    #[test]
    fn casts_round_truncate_and_saturate() {
        let x = Tensor::from([1.9f64, -1.9, 0.0, f64::NAN, 1e300, f64::NEG_INFINITY]);
        let whole = [1, -1, 0, 0, i64::MAX, i64::MIN];
        assert_eq!(x.cast(DType::I64).to_vec::<i64>().unwrap(), whole);
        let truth = [true, true, false, true, true, true];
        assert_eq!(x.cast(DType::Bool).to_vec::<bool>().unwrap(), truth);
        assert_eq!(Tensor::from(0.1f64).cast(DType::F32).to_vec::<f32>().unwrap(), [0.1]);
        assert_eq!(Tensor::from([true, false]).cast(DType::F32).to_f64_vec(), [1.0, 0.0]);
        let same = x.cast(DType::F64);
        assert!(Arc::ptr_eq(&x.storage, &same.storage));
    }

    #[test]
    fn writing_needs_memory_that_nothing_else_views() {
        let mut x = Tensor::from([[1i64, 2], [3, 4]]);
        x.as_slice_mut::<i64>().unwrap()[3] = 5;
        assert!(x.as_slice_mut::<f32>().is_none());
        let row = x.index(0, 1).unwrap();
        assert!(x.as_slice_mut::<i64>().is_none());
        assert_eq!(row.to_f64_vec(), [3.0, 5.0]);
        drop(x);
        let mut row = row;
        row.as_slice_mut::<i64>().unwrap()[0] = 0;
        assert_eq!(row.to_f64_vec(), [0.0, 5.0]);
        let mut turned = Tensor::from([[1i64, 2], [3, 4]]).transpose(&[1, 0]).unwrap();
        assert!(turned.as_slice_mut::<i64>().is_none());
    }

    #[test]
    fn views_beyond_memory_are_errors_when_read_whole() {
        let huge = Tensor::from([1.5f32]).broadcast_to([1 << 30, 1 << 29]).unwrap();
        let text = huge.to_vec::<f32>().unwrap_err().to_string();
        assert_eq!(text, "no memory for shape [1073741824, 536870912] (2147483648.0 GiB)");
        assert_eq!(huge.cast(DType::F64).get(&[9, 9]).unwrap(), 1.5);
        assert!(huge.contiguous().as_slice::<f32>().is_none());
        assert!(huge.transpose(&[1, 0]).unwrap().reshape([1 << 59]).is_ok());
        assert!(huge.take_rows(&vec![0; 1 << 18]).is_err());
    }
}
