//! Whether two tensors are the same, exactly or nearly.

use super::storage::Storage;
use super::{Element, Tensor};

impl Tensor {
    /// Whether shapes, element types and all values are the same, bit for bit: NaN equals the same
    /// NaN, and 0 does not equal -0. How they lie in memory does not matter.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let x = Tensor::from([1.0f32, f32::NAN]);
    /// assert!(x.equals(&x.contiguous()));
    /// assert!(!Tensor::from([0.0f32]).equals(&Tensor::from([-0.0f32])));
    /// assert!(!Tensor::from([1.0f32]).equals(&Tensor::from([1.0f64])));
    /// ```
    pub fn equals(&self, other: &Tensor) -> bool {
        if self.shape != other.shape {
            return false;
        }
        fn same<T: Element>(
            a: (&Tensor, &[T]),
            b: (&Tensor, &[T]),
            eq: fn(&T, &T) -> bool,
        ) -> bool {
            match (a.0.as_slice::<T>(), b.0.as_slice::<T>()) {
                (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| eq(a, b)),
                _ => a.0.positions().zip(b.0.positions()).all(|(i, j)| eq(&a.1[i], &b.1[j])),
            }
        }
        match (&*self.storage, &*other.storage) {
            (Storage::F32(a), Storage::F32(b)) => {
                same((self, a), (other, b), |a, b| a.to_bits() == b.to_bits())
            }
            (Storage::F64(a), Storage::F64(b)) => {
                same((self, a), (other, b), |a, b| a.to_bits() == b.to_bits())
            }
            (Storage::I64(a), Storage::I64(b)) => same((self, a), (other, b), |a, b| a == b),
            (Storage::Bool(a), Storage::Bool(b)) => same((self, a), (other, b), |a, b| a == b),
            _ => false,
        }
    }

    /// Whether the shapes are the same and every value `a` is near its `b` in `other`:
    /// `|a - b| <= atol + rtol * |b|`, as in NumPy's `allclose`.
    ///
    /// Infinities must be the same; NaN is near nothing. Element types may differ.
    ///
    /// ```
    /// use gradtape::Tensor;
    /// let (x, y) = (Tensor::from([1.0f32, 2.0]), Tensor::from([1.0f64, 2.0001]));
    /// assert!(x.all_close(&y, 1e-3, 0.0));
    /// assert!(!x.all_close(&y, 0.0, 1e-6));
    /// ```
    pub fn all_close(&self, other: &Tensor, rtol: f64, atol: f64) -> bool {
        let near = |(a, b): (f64, f64)| {
            a == b || (b.is_finite() && (a - b).abs() <= atol + rtol * b.abs())
        };
        let values = |tensor: &Tensor| tensor.to_f64_vec().into_iter();
        self.shape == other.shape && values(self).zip(values(other)).all(near)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_is_bit_for_bit_whatever_the_strides() {
        let x = Tensor::from([[1.0f64, f64::NAN], [-0.0, 2.0]]);
        let turned = x.transpose(&[1, 0]).unwrap();
        assert!(
            turned.equals(&turned.contiguous()) && turned.transpose(&[1, 0]).unwrap().equals(&x)
        );
        assert!(!turned.equals(&x));
        assert!(!Tensor::from([f64::NAN]).equals(&Tensor::from([-f64::NAN])));
        assert!(!Tensor::from([1i64]).equals(&Tensor::from(1i64)));
        assert!(!Tensor::from([1i64, 0]).equals(&Tensor::from([true, false])));
        assert!(!Tensor::from([true, false]).equals(&Tensor::from([true, true])));
        let (a, b) = (i64::MAX, i64::MAX - 1);
        assert!(!Tensor::from(a).equals(&Tensor::from(b)));
        let empty: [f32; 0] = [];
        assert!(Tensor::from(empty).equals(&Tensor::from([[0.0f32; 0]; 1]).index(0, 0).unwrap()));
    }

    #[test]
    fn close_is_relative_to_the_second_and_never_nan() {
        let close =
            |a: f64, b: f64, rtol, atol| Tensor::from(a).all_close(&Tensor::from(b), rtol, atol);
        assert!(close(100.0, 110.0, 0.095, 0.0) && !close(110.0, 100.0, 0.095, 0.0));
        assert!(close(0.0, 1e-9, 0.0, 1e-9) && !close(0.0, 1.1e-9, 0.0, 1e-9));
        assert!(close(f64::INFINITY, f64::INFINITY, 0.0, 0.0));
        assert!(
            !close(f64::INFINITY, f64::NEG_INFINITY, 1.0, 1.0)
                && !close(1.0, f64::INFINITY, 1.0, 1.0)
        );
        assert!(!close(f64::INFINITY, 1.0, 1.0, 1.0) && !close(f64::NAN, f64::NAN, 1.0, 1.0));
        assert!(!Tensor::from([1.0f32]).all_close(&Tensor::from([1.0f32, 1.0]), 1.0, 1.0));
        assert!(!Tensor::from([1.0f32, 2.0]).all_close(&Tensor::from([1.0f32, 3.0]), 0.1, 0.0));
    }
}
