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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_source_gives_its_shape_and_order() {
        let check = |tensor: Tensor, shape: &[usize]| {
            assert_eq!(tensor.shape()[..], *shape);
            let counted: Vec<f64> = (0..tensor.elements()).map(|i| i as f64).collect();
            assert_eq!(tensor.to_f64_vec(), counted);
        };
        check(Tensor::from(0i64), &[]);
        check(Tensor::from(vec![0.0f32, 1.0]), &[2]);
        check(Tensor::from(&vec![0.0f32, 1.0]), &[2]);
        check(Tensor::from(&[0.0f64, 1.0, 2.0][..]), &[3]);
        check(Tensor::from([0i64, 1]), &[2]);
        check(Tensor::from(&[0i64, 1]), &[2]);
        check(Tensor::from([[false], [true]]), &[2, 1]);
        check(Tensor::from([[0i64, 1, 2], [3, 4, 5]]), &[2, 3]);
        check(Tensor::from(&[[0i64, 1, 2], [3, 4, 5]][..]), &[2, 3]);
        check(Tensor::from([[[0.0f32], [1.0]], [[2.0], [3.0]], [[4.0], [5.0]]]), &[3, 2, 1]);
        check(Tensor::from([[0.0f32; 0]; 4]), &[4, 0]);
        check(Tensor::try_from(vec![vec![0i64, 1], vec![2, 3]]).unwrap(), &[2, 2]);
        check(Tensor::try_from(Vec::<Vec<i64>>::new()).unwrap(), &[0, 0]);
    }

    #[test]
    fn ragged_rows_are_named() {
        let error = Tensor::try_from(vec![vec![1i64, 2], vec![3]]).unwrap_err();
        assert_eq!(error.message(), "row 1 has 1 elements, but row 0 has 2: not a matrix");
    }

    #[test]
    fn vectors_come_back() {
        let x = Tensor::from([[1i64, 2], [3, 4]]).transpose(&[1, 0]).unwrap();
        assert_eq!(Vec::<i64>::try_from(&x).unwrap(), [1, 3, 2, 4]);
        assert!(Vec::<f32>::try_from(&x).is_err());
    }
}
