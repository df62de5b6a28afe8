//! Tensors put together from tensors, and rows picked out of one.

use super::storage::{Storage, with_storage};
use super::tensor::allocate;
use super::{DType, Dims, Element, Error, Kind, Result, Shape, Tensor};

impl Tensor {
    /// Tensors joined along an existing axis; a negative axis counts from the end. All must have one
    /// element type and the same sizes along the other axes.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let (a, b) = (Tensor::from([[1i64, 2]]), Tensor::from([[3i64, 4]]));
    /// assert_eq!(Tensor::concat(&[a.clone(), b.clone()], 0)?.to_string(), "[[1 2]\n [3 4]]");
    /// assert_eq!(Tensor::concat(&[a, b], -1)?.to_string(), "[[1 2 3 4]]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn concat(tensors: &[Tensor], axis: isize) -> Result<Tensor> {
        let first = tensors
            .first()
            .ok_or_else(|| Error::new(Kind::Shape, "concat needs at least one tensor"))?;
        let at = first.shape().axis(axis).map_err(|error| error.context("concat"))?;
        let mut dims = Dims::from_slice(first.shape());
        dims[at] = 0;
        for (i, tensor) in tensors.iter().enumerate() {
            let differs =
                |axis: &usize| *axis != at && tensor.shape()[*axis] != first.shape()[*axis];
            let problem = if tensor.rank() != first.rank() {
                "the number of axes differs".to_string()
            } else if let Some(axis) = (0..first.rank()).find(differs) {
                format!("the sizes along axis {axis} differ")
            } else if tensor.dtype() != first.dtype() {
                "the element types differ".to_string()
            } else {
                dims[at] = dims[at].saturating_add(tensor.shape()[at]);
                continue;
            };
            let message = format!(
                "concat along axis {axis}: tensor {i} is {} {} and tensor 0 is {} {}: {problem}",
                tensor.dtype(),
                tensor.shape(),
                first.dtype(),
                first.shape()
            );
            return Err(Error::new(Kind::Shape, message));
        }
        fn join<T: Element>(tensors: &[Tensor], at: usize, shape: Shape) -> Result<Tensor> {
            let mut data: Vec<T> = allocate(&shape)?;
            let parts: Vec<Tensor> = tensors.iter().map(Tensor::contiguous).collect();
            let outer: usize = shape[..at].iter().product();
            for block in 0..outer {
                for part in parts.iter().filter_map(Tensor::as_slice::<T>) {
                    let size = part.len() / outer;
                    data.extend_from_slice(&part[block * size..(block + 1) * size]);
                }
            }
            Tensor::from_vec(data, shape)
        }
        let shape = Shape::from(dims);
        shape.checked_elements()?;
        match first.dtype() {
            DType::F32 => join::<f32>(tensors, at, shape),
            DType::F64 => join::<f64>(tensors, at, shape),
            DType::I64 => join::<i64>(tensors, at, shape),
            DType::Bool => join::<bool>(tensors, at, shape),
        }
    }

    /// Tensors of one shape joined along a new axis; a negative axis counts from the end of the
    /// result.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let rows = [Tensor::from([1i64, 2]), Tensor::from([3i64, 4])];
    /// assert_eq!(Tensor::stack(&rows, 0)?.to_string(), "[[1 2]\n [3 4]]");
    /// assert_eq!(Tensor::stack(&rows, -1)?.to_string(), "[[1 3]\n [2 4]]");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn stack(tensors: &[Tensor], axis: isize) -> Result<Tensor> {
        let grown: Result<Vec<Tensor>> = tensors.iter().map(|t| t.unsqueeze(axis)).collect();
        Tensor::concat(&grown.map_err(|error| error.context("stack"))?, axis)
            .map_err(|error| error.context("stack"))
    }

    /// The rows (parts along axis 0) of the given numbers, in that order; a number may repeat.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([[1i64, 2], [3, 4], [5, 6]]);
    /// assert_eq!(x.take_rows(&[2, 0])?.to_string(), "[[5 6]\n [1 2]]");
    /// assert_eq!(
    ///     x.take_rows(&[0, 3]).unwrap_err().message(),
    ///     "take_rows of shape [3, 2]: row 3 (number 1 in the list) is beyond the 3 rows",
    /// );
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn take_rows(&self, rows: &[usize]) -> Result<Tensor> {
        let Some(&count) = self.shape.first() else {
            return Err(Error::new(Kind::Shape, "take_rows of a scalar: it has no rows"));
        };
        if let Some((i, row)) = rows.iter().enumerate().find(|&(_, &row)| row >= count) {
            let message = format!(
                "take_rows of shape {}: row {row} (number {i} in the list) is beyond the {count} rows",
                self.shape
            );
            return Err(Error::new(Kind::Shape, message));
        }
        let mut dims = Dims::from_slice(&self.shape);
        dims[0] = rows.len();
        let shape = Shape::from(dims);
        fn pick<T: Element>(
            from: &Tensor,
            data: &[T],
            rows: &[usize],
            shape: Shape,
        ) -> Result<Storage> {
            let mut out: Vec<T> = allocate(&shape)?;
            if shape.elements() == 0 {
                return Ok(T::wrap(out));
            }
            let mut row = from.select(0, 0)?;
            let size = row.elements();
            for &number in rows {
                let start = from.offset + number * from.strides[0];
                row.offset = start;
                match row.is_contiguous() {
                    true => out.extend_from_slice(&data[start..start + size]),
                    false => row.append_to(data, &mut out),
                }
            }
            Ok(T::wrap(out))
        }
        let storage = with_storage!(&*self.storage, data => pick(self, data, rows, shape.clone()))?;
        Ok(Tensor::from_storage(storage, shape))
    }
}
