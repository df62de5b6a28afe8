//! Tensors from numbers, arrays, slices and vectors, and back.

use super::{Element, Error, Kind, Result, Shape, Tensor};

/// A scalar.
impl<T: Element> From<T> for Tensor {
    fn from(value: T) -> Tensor {
        Tensor::scalar(value)
    }
}

/// One axis.
impl<T: Element> From<Vec<T>> for Tensor {
    fn from(data: Vec<T>) -> Tensor {
        let shape = Shape::from([data.len()]);
        Tensor::from_storage(T::wrap(data), shape)
    }
}

/// One axis.
impl<T: Element> From<&[T]> for Tensor {
    fn from(data: &[T]) -> Tensor {
        Tensor::from(data.to_vec())
    }
}

/// One axis.
impl<T: Element> From<&Vec<T>> for Tensor {
    fn from(data: &Vec<T>) -> Tensor {
        Tensor::from(data.clone())
    }
}

/// One axis.
impl<T: Element, const N: usize> From<[T; N]> for Tensor {
    fn from(data: [T; N]) -> Tensor {
        Tensor::from(data.to_vec())
    }
}

/// One axis.
impl<T: Element, const N: usize> From<&[T; N]> for Tensor {
    fn from(data: &[T; N]) -> Tensor {
        Tensor::from(data.to_vec())
    }
}

/// Rows of a matrix.
impl<T: Element, const N: usize, const M: usize> From<[[T; N]; M]> for Tensor {
    fn from(rows: [[T; N]; M]) -> Tensor {
        Tensor::from_storage(T::wrap(rows.as_flattened().to_vec()), Shape::from([M, N]))
    }
}

/// Rows of a matrix, copied.
impl<T: Element, const N: usize> From<&[[T; N]]> for Tensor {
    fn from(rows: &[[T; N]]) -> Tensor {
        let shape = Shape::from([rows.len(), N]);
        Tensor::from_storage(T::wrap(rows.as_flattened().to_vec()), shape)
    }
}

/// Three axes.
impl<T: Element, const N: usize, const M: usize, const K: usize> From<[[[T; N]; M]; K]> for Tensor {
    fn from(blocks: [[[T; N]; M]; K]) -> Tensor {
        let data = blocks.as_flattened().as_flattened().to_vec();
        Tensor::from_storage(T::wrap(data), Shape::from([K, M, N]))
    }
}

/// A tensor of the same elements; a cheap copy that shares memory.
impl From<&Tensor> for Tensor {
    fn from(tensor: &Tensor) -> Tensor {
        tensor.clone()
    }
}

/// Rows of a matrix. Fails where a row has another length than the first.
impl<T: Element> TryFrom<Vec<Vec<T>>> for Tensor {
    type Error = Error;

    fn try_from(rows: Vec<Vec<T>>) -> Result<Tensor> {
        let width = rows.first().map_or(0, Vec::len);
        if let Some((i, row)) = rows.iter().enumerate().find(|(_, row)| row.len() != width) {
            let message =
                format!("row {i} has {} elements, but row 0 has {width}: not a matrix", row.len());
            return Err(Error::new(Kind::Shape, message));
        }
        Tensor::from_vec(rows.concat(), [rows.len(), width])
    }
}

/// The elements in row-major order, as [`Tensor::to_vec`].
impl<T: Element> TryFrom<&Tensor> for Vec<T> {
    type Error = Error;

    fn try_from(tensor: &Tensor) -> Result<Vec<T>> {
        tensor.to_vec()
    }
}
