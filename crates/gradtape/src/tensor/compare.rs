//! Whether two tensors are the same, exactly or nearly.

use super::{Dims, Element, Shape, Tensor, with_type};

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
        let (this, other) = &self.distinct(other);
        fn same<T: Element>(a: &Tensor, b: &Tensor) -> bool {
            let eq = |a: T, b: T| a.to_word() == b.to_word();
            if let (Some(a), Some(b)) = (a.as_slice::<T>(), b.as_slice::<T>()) {
                return a.iter().zip(b).all(|(&a, &b)| eq(a, b));
            }
            let (Some(x), Some(y)) = (T::slice(&a.storage), T::slice(&b.storage)) else {
                return false;
            };
            a.positions().zip(b.positions()).all(|(i, j)| eq(x[i], y[j]))
        }
        this.dtype() == other.dtype() && with_type!(this.dtype(), T => same::<T>(this, other))
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
        if self.shape != other.shape {
            return false;
        }
        let (this, other) = self.distinct(other);
        this.positions().zip(other.positions()).all(|(i, j)| near((this.at(i), other.at(j))))
    }

    /// This and another of the same shape, without the repetitions of axes along which both repeat:
    /// views of few numbers are compared at once, however many elements they have.
    fn distinct(&self, other: &Tensor) -> (Tensor, Tensor) {
        let mut dims = Dims::from_slice(&self.shape);
        for (axis, size) in dims.iter_mut().enumerate() {
            if self.strides[axis] == 0 && other.strides[axis] == 0 {
                *size = (*size).min(1);
            }
        }
        let once = |tensor: &Tensor| Tensor { shape: Shape::from(&dims[..]), ..tensor.clone() };
        (once(self), once(other))
    }
}

/// A number that tells tensors from others: their shapes and numbers, those of f32 and all that f64 holds.
pub(crate) fn fingerprint<'t>(tensors: impl IntoIterator<Item = &'t Tensor>) -> u64 {
    // FNV-1a, a word at a time.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut add = |word: u64| hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    for tensor in tensors {
        tensor.shape().iter().for_each(|&size| add(size as u64));
        match tensor.as_slice::<f32>() {
            Some(numbers) => numbers.iter().for_each(|number| add(number.to_bits().into())),
            None => tensor.to_f64_vec().iter().for_each(|number| add(number.to_bits())),
        }
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType;

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
    fn what_repeats_is_compared_once() {
        let endless = |x: &Tensor| x.broadcast_to([1 << 40, 2]).unwrap();
        let (x, y) = (Tensor::from([1.0, f64::NAN]), Tensor::from([1.0, 2.0]));
        assert!(endless(&x).equals(&endless(&x)) && !endless(&x).equals(&endless(&y)));
        assert!(endless(&y).all_close(&endless(&y), 0.0, 0.0));
        assert!(!endless(&x).all_close(&endless(&y), 1.0, 1.0));
        // Where one alone repeats, the other's elements all count.
        let (one, some) =
            (Tensor::ones([3, 2], DType::F64), Tensor::from([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]]));
        assert!(!one.equals(&some) && !some.equals(&one) && !one.all_close(&some, 0.0, 0.5));
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
