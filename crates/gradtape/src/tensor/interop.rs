//! To and from the arrays of the `ndarray` crate, with the feature `ndarray`.

use ndarray::{Array, ArrayBase, ArrayD, ArrayViewD, Data, Dimension, IxDyn, ShapeBuilder};

use super::{Element, Error, Kind, Result, Shape, Tensor};

/// The elements in row-major order; without a copy where the array holds them so.
impl<T: Element, D: Dimension> From<Array<T, D>> for Tensor {
    fn from(array: Array<T, D>) -> Tensor {
        if !array.is_standard_layout() {
            return Tensor::from(&array);
        }
        let shape = Shape::from(array.shape());
        let (count, (data, offset)) = (array.len(), array.into_raw_vec_and_offset());
        let offset = offset.unwrap_or(0);
        let data = match (offset, data.len() == count) {
            (0, true) => data,
            _ => data[offset..offset + count].to_vec(),
        };
        Tensor::from_storage(T::wrap(data), shape)
    }
}

/// A copy of the elements of an array or a view, in row-major order.
impl<T: Element, S: Data<Elem = T>, D: Dimension> From<&ArrayBase<S, D>> for Tensor {
    fn from(array: &ArrayBase<S, D>) -> Tensor {
        let data = array.iter().copied().collect();
        Tensor::from_storage(T::wrap(data), Shape::from(array.shape()))
    }
}

/// A copy of the elements. Fails when `T` is not their type, as [`Tensor::to_vec`].
impl<T: Element> TryFrom<&Tensor> for ArrayD<T> {
    type Error = Error;

    fn try_from(tensor: &Tensor) -> Result<ArrayD<T>> {
        ArrayD::from_shape_vec(IxDyn(tensor.shape()), tensor.to_vec()?)
            .map_err(|error| refused(tensor, &error))
    }
}

/// A view of the same memory, strides included. Fails when `T` is not the element type.
///
/// ```
/// use gradtape::Tensor;
/// use ndarray::{ArrayViewD, array};
/// let x = Tensor::from(array![[1.0f32, 2.0, 3.0], [4.0, 5.0, 6.0]]);
/// let turned = x.transpose(&[1, 0])?;
/// let view = ArrayViewD::<f32>::try_from(&turned)?;
/// assert_eq!((view.shape(), view[[2, 0]]), (&[3, 2][..], 3.0));
/// # Ok::<(), gradtape::Error>(())
/// ```
impl<'a, T: Element> TryFrom<&'a Tensor> for ArrayViewD<'a, T> {
    type Error = Error;

    fn try_from(tensor: &'a Tensor) -> Result<ArrayViewD<'a, T>> {
        let Some((data, offset, strides)) = tensor.as_strided::<T>() else {
            let message =
                format!("a {} tensor was asked for as an array of {}", tensor.dtype(), T::DTYPE);
            return Err(Error::new(Kind::Shape, message)
                .hint(format!("use cast(DType::{:?}) first", T::DTYPE)));
        };
        let shape = IxDyn(tensor.shape());
        let view = match tensor.elements() {
            0 => ArrayViewD::from_shape(shape, &[]),
            _ => ArrayViewD::from_shape(shape.strides(IxDyn(strides)), &data[offset..]),
        };
        view.map_err(|error| refused(tensor, &error))
    }
}

fn refused(tensor: &Tensor, error: &ndarray::ShapeError) -> Error {
    Error::new(Kind::Shape, format!("ndarray refuses shape {}: {error}", tensor.shape()))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array0, Array2, Axis, array, s};

    use super::*;
    use crate::tensor::DType;

    fn check<T: Element, S: Data<Elem = T>, D: Dimension>(array: &ArrayBase<S, D>) {
        let tensor = Tensor::from(array);
        assert_eq!(&tensor.shape()[..], array.shape());
        assert_eq!(ArrayD::<T>::try_from(&tensor).unwrap(), array.to_owned().into_dyn());
        assert_eq!(ArrayViewD::<T>::try_from(&tensor).unwrap(), array.view().into_dyn());
        assert!(Tensor::from(array.to_owned()).equals(&tensor));
    }

    #[test]
    fn arrays_of_any_layout_come_and_go() {
        let array = Array2::from_shape_fn((4, 5), |(i, j)| (10 * i + j) as f64);
        check(&array);
        check(&array.t());
        check(&array.slice(s![1..;2, ..;-1]));
        check(&array.slice(s![.., 2..2]));
        check(&Array0::from_elem((), true));
        check(&array![[[1i64], [2]], [[3], [4]]]);
        let mut cut = array.clone();
        cut.slice_axis_inplace(Axis(0), (1..3).into());
        let values: Vec<f64> = cut.iter().copied().collect();
        assert_eq!(Tensor::from(cut).to_f64_vec(), values);
    }

    #[test]
    fn views_of_a_tensor_share_its_memory() {
        let x = Tensor::arange(0.0, 24.0, 1.0, DType::F32).unwrap().reshape([2, 3, 4]).unwrap();
        let views = [
            x.transpose(&[2, 0, 1]).unwrap(),
            x.slice_step(2, 1, 4, 2).unwrap(),
            x.index(1, 2).unwrap(),
            x.slice_step(0, 1, 1, 1).unwrap(),
            x.index(0, 1).unwrap().broadcast_to([5, 3, 4]).unwrap(),
        ];
        for tensor in views {
            let view = ArrayViewD::<f32>::try_from(&tensor).unwrap();
            assert_eq!(view.shape(), &tensor.shape()[..]);
            assert!(view.iter().copied().eq(tensor.to_vec::<f32>().unwrap()));
        }
    }

    #[test]
    fn another_element_type_is_an_error() {
        let x = Tensor::from([1i64, 2]);
        let error = ArrayViewD::<f32>::try_from(&x).unwrap_err();
        assert!(
            error.to_string().contains("i64 tensor was asked for as an array of f32"),
            "{error}"
        );
        assert!(ArrayD::<f32>::try_from(&x).is_err());
    }
}
