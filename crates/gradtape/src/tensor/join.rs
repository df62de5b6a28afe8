//! Tensors put together from tensors, and rows picked out of one.

use super::storage::{Storage, with_storage};
use super::tensor::allocate;
use super::{Dims, Element, Error, Kind, Result, Shape, Tensor, with_type};

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
    #[doc(alias = "cat")]
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
        with_type!(first.dtype(), T => join::<T>(tensors, at, shape))
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
            let mut row = from.index(0, 0)?;
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
        let storage = with_storage!(&self.storage, data => pick(self, data, rows, shape.clone()))?;
        Ok(Tensor::from_storage(storage, shape))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

    fn count_up(shape: &[usize]) -> Tensor {
        let elements = shape.iter().product::<usize>() as f64;
        Tensor::arange(0.0, elements, 1.0, DType::I64).unwrap().reshape(shape).unwrap()
    }

    #[test]
    fn concat_undoes_slicing_along_every_axis() {
        let x = count_up(&[3, 4, 5]).transpose(&[1, 2, 0]).unwrap();
        for axis in 0..3 {
            let size = x.shape()[axis];
            for cut in 0..=size {
                let parts = x.split(axis as isize, &[cut, size - cut]).unwrap();
                for axis in [axis as isize, axis as isize - 3] {
                    assert!(Tensor::concat(&parts, axis).unwrap().equals(&x));
                }
            }
        }
        let empty = Tensor::zeros([0, 2], DType::Bool);
        let joined = Tensor::concat(&[empty.clone(), empty], 1).unwrap();
        assert_eq!((joined.shape().to_string(), joined.dtype()), ("[0, 4]".into(), DType::Bool));
    }

    #[test]
    fn concat_names_the_tensor_that_does_not_fit() {
        let x = count_up(&[2, 3]);
        let check = |other: Tensor, axis: isize, expected: &str| {
            let error = Tensor::concat(&[x.clone(), x.clone(), other], axis).unwrap_err();
            assert_eq!(error.message(), expected);
        };
        check(
            count_up(&[2, 2]),
            0,
            "concat along axis 0: tensor 2 is i64 [2, 2] and tensor 0 is i64 [2, 3]: \
             the sizes along axis 1 differ",
        );
        check(
            count_up(&[6]),
            -1,
            "concat along axis -1: tensor 2 is i64 [6] and tensor 0 is i64 [2, 3]: \
             the number of axes differs",
        );
        check(
            Tensor::zeros([2, 3], DType::F32),
            1,
            "concat along axis 1: tensor 2 is f32 [2, 3] and tensor 0 is i64 [2, 3]: \
             the element types differ",
        );
        check(x.clone(), 2, "concat: axis 2 is out of range for shape [2, 3]");
        assert_eq!(
            Tensor::concat(&[], 0).unwrap_err().message(),
            "concat needs at least one tensor"
        );
        assert!(Tensor::concat(&[Tensor::from(1.0f32)], 0).is_err());
        let huge = Tensor::from([1i64]).broadcast_to([1 << 59]).unwrap();
        assert!(Tensor::concat(&vec![huge; 64], 0).is_err());
    }

    #[test]
    fn stack_undoes_select() {
        let x = count_up(&[2, 3, 4]);
        for axis in -3..3 {
            let size = x.shape()[x.shape().axis(axis).unwrap()];
            let parts: Vec<Tensor> = (0..size).map(|i| x.index(axis, i).unwrap()).collect();
            assert!(Tensor::stack(&parts, axis).unwrap().equals(&x));
        }
        let scalars = [Tensor::from(1.5f32), Tensor::from(2.5f32)];
        assert_eq!(Tensor::stack(&scalars, 0).unwrap().to_f64_vec(), [1.5, 2.5]);
        assert!(Tensor::stack(&scalars, 1).unwrap_err().message().starts_with("stack: unsqueeze"));
        assert!(Tensor::stack(&[], 0).is_err());
    }

    #[test]
    fn rows_are_those_of_select_whatever_the_strides() {
        let x = count_up(&[4, 3, 2]);
        let views = [
            x.clone(),
            x.slice_step(0, 1, 4, 2).unwrap(),
            x.slice_step(2, 1, 2, 1).unwrap(),
            x.transpose(&[2, 1, 0]).unwrap(),
            x.index(2, 1).unwrap().broadcast_to([2, 4, 3]).unwrap(),
            x.slice_step(1, 0, 0, 1).unwrap(),
            count_up(&[5]),
        ];
        for view in views {
            let last = view.shape()[0] - 1;
            let rows = [last, 0, 0, last];
            let parts: Vec<Tensor> = rows.iter().map(|&row| view.index(0, row).unwrap()).collect();
            assert!(view.take_rows(&rows).unwrap().equals(&Tensor::stack(&parts, 0).unwrap()));
            assert_eq!(view.take_rows(&[]).unwrap().shape()[0], 0);
        }
        assert!(Tensor::from(1i64).take_rows(&[]).is_err());
        assert!(count_up(&[0, 2]).take_rows(&[0]).is_err());
        assert!(x.take_rows(&[usize::MAX]).is_err());
    }
}
