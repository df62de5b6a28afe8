//! Shapes: how many elements along each axis.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;

use smallvec::SmallVec;

use super::{Error, Kind, Result};

/// A short list of sizes, strides or axes; up to four need no allocation.
pub type Dims = SmallVec<[usize; 4]>;

/// The number of elements along each axis; a scalar has none. Derefs to `[usize]`.
///
/// ```
/// use gradtape::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!(shape.to_string(), "[2, 3]");
/// assert_eq!((shape.len(), shape.elements()), (2, 6));
/// ```
#[derive(Eq, PartialOrd, Ord, Default)]
pub struct Shape(Dims);

/// Copies a short shape as it lies; recording clones shapes for every node.
impl Clone for Shape {
    #[inline]
    fn clone(&self) -> Shape {
        if self.0.spilled() {
            return Shape(self.0.clone());
        }
        let mut sizes = [0; 4];
        sizes.iter_mut().zip(&self.0).for_each(|(to, size)| *to = *size);
        Shape(SmallVec::from_buf_and_len(sizes, self.0.len()))
    }
}

/// Compares in place, without a call; recording compares shapes for every node.
impl PartialEq for Shape {
    #[inline]
    fn eq(&self, other: &Shape) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a == b)
    }
}

impl Hash for Shape {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Shape {
    /// The shape of a scalar: no axes, one element.
    pub fn scalar() -> Shape {
        Shape::default()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// The product of the sizes; 1 for a scalar. `usize::MAX` where it does not fit.
    pub fn elements(&self) -> usize {
        if self.0.contains(&0) {
            return 0;
        }
        self.0.iter().fold(1, |n, &size| n.saturating_mul(size))
    }

    /// The product of the sizes, or an error where it does not fit in memory addressing.
    ///
    /// The limit also holds without the axes of size 0, so that strides fit too.
    pub fn checked_elements(&self) -> Result<usize> {
        let fits = |n: usize, &size: &usize| n.checked_mul(size.max(1));
        self.0
            .iter()
            .try_fold(1, fits)
            .filter(|&n| n <= isize::MAX as usize / 8)
            .map(|_| self.elements())
            .ok_or_else(|| {
                Error::new(Kind::Shape, format!("shape {self} has too many elements"))
                    .hint("no memory holds more than 2^60")
            })
    }

    /// Row-major strides in elements.
    pub fn strides(&self) -> Dims {
        let mut strides: Dims = SmallVec::from_elem(1, self.rank());
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis].saturating_mul(self.0[axis].max(1));
        }
        strides
    }

    /// An axis counted from the end when negative, checked against the rank.
    pub fn axis(&self, axis: isize) -> Result<usize> {
        let rank = self.rank() as isize;
        let from_start = if axis < 0 { axis + rank } else { axis };
        if (0..rank).contains(&from_start) {
            return Ok(from_start as usize);
        }
        let message = format!("axis {axis} is out of range for shape {self}");
        Err(Error::new(Kind::Shape, message).hint(match rank {
            0 => "a scalar has no axes".to_string(),
            _ => format!("axes go from 0 to {}, or from -1 back to -{rank}", rank - 1),
        }))
    }

    /// The shape both broadcast to by NumPy's rule: aligned at the last axis, sizes equal or 1.
    ///
    /// On failure the axis of the first mismatch, counted from the end (-1 is the last).
    pub fn broadcast(&self, other: &Shape) -> Result<Shape, isize> {
        let rank = self.rank().max(other.rank());
        let size = |s: &Shape, from_end: usize| match s.rank().checked_sub(from_end) {
            Some(axis) => s.0[axis],
            None => 1,
        };
        let mut dims: Dims = SmallVec::from_elem(1, rank);
        for from_end in 1..=rank {
            dims[rank - from_end] = match (size(self, from_end), size(other, from_end)) {
                (a, b) if a == b => a,
                (1, b) => b,
                (a, 1) => a,
                _ => return Err(-(from_end as isize)),
            };
        }
        Ok(Shape(dims))
    }

    /// Whether this shape broadcasts to `target` without `target` changing.
    pub fn broadcasts_to(&self, target: &Shape) -> bool {
        let mut ends = self.0.iter().rev().zip(target.0.iter().rev());
        self.rank() <= target.rank() && ends.all(|(&own, &size)| own == size || own == 1)
    }
}

impl Deref for Shape {
    type Target = [usize];

    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, size) in self.0.iter().enumerate() {
            write!(f, "{}{size}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<&[usize]> for Shape {
    fn from(dims: &[usize]) -> Shape {
        Shape(SmallVec::from_slice(dims))
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(dims: [usize; N]) -> Shape {
        Shape::from(&dims[..])
    }
}

impl<const N: usize> From<&[usize; N]> for Shape {
    fn from(dims: &[usize; N]) -> Shape {
        Shape::from(&dims[..])
    }
}

impl From<Vec<usize>> for Shape {
    fn from(dims: Vec<usize>) -> Shape {
        Shape::from(&dims[..])
    }
}

impl From<&Vec<usize>> for Shape {
    fn from(dims: &Vec<usize>) -> Shape {
        Shape::from(&dims[..])
    }
}

impl From<Dims> for Shape {
    fn from(dims: Dims) -> Shape {
        Shape(dims)
    }
}

impl From<&Shape> for Shape {
    fn from(shape: &Shape) -> Shape {
        shape.clone()
    }
}

/// One axis.
impl From<usize> for Shape {
    fn from(size: usize) -> Shape {
        Shape::from([size])
    }
}

/// A scalar.
impl From<()> for Shape {
    fn from((): ()) -> Shape {
        Shape::scalar()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_overflow_are_errors_not_panics() {
        for dims in [&[usize::MAX, 2][..], &[usize::MAX, 2, 0], &[0, usize::MAX, usize::MAX]] {
            let shape = Shape::from(dims);
            let error = shape.checked_elements().unwrap_err();
            let told = format!(
                "shape {shape} has too many elements\n  hint: no memory holds more than 2^60"
            );
            assert_eq!(error.to_string(), told);
            assert_eq!(shape.strides().len(), dims.len());
        }
        assert_eq!(Shape::from([usize::MAX, 2]).elements(), usize::MAX);
        assert_eq!(Shape::from([usize::MAX, 2, 0]).elements(), 0);
        assert_eq!(Shape::from([3, 0, 5]).checked_elements().unwrap(), 0);
    }

    #[test]
    fn strides_are_row_major() {
        assert_eq!(Shape::from([2, 3, 4]).strides().as_slice(), [12, 4, 1]);
        assert_eq!(Shape::from([2, 0, 4]).strides().as_slice(), [4, 4, 1]);
        assert!(Shape::scalar().strides().is_empty());
    }

    #[test]
    fn axes_count_from_both_ends() {
        let shape = Shape::from([2, 3, 4]);
        assert_eq!((shape.axis(0).unwrap(), shape.axis(-1).unwrap()), (0, 2));
        for axis in [3, -4, isize::MIN, isize::MAX] {
            let text = shape.axis(axis).unwrap_err().to_string();
            assert_eq!(
                text,
                format!(
                    "axis {axis} is out of range for shape [2, 3, 4]\n  \
                     hint: axes go from 0 to 2, or from -1 back to -3"
                )
            );
        }
        assert!(Shape::scalar().axis(0).unwrap_err().to_string().contains("no axes"));
    }

    #[test]
    fn broadcasting_follows_numpy() {
        let check = |a: &[usize], b: &[usize], expected: Result<&[usize], isize>| {
            let (a, b) = (Shape::from(a), Shape::from(b));
            assert_eq!(a.broadcast(&b), expected.map(Shape::from), "{a} {b}");
            assert_eq!(b.broadcast(&a), expected.map(Shape::from), "{b} {a}");
        };
        check(&[], &[], Ok(&[]));
        check(&[2, 3], &[], Ok(&[2, 3]));
        check(&[2, 1, 4], &[3, 1], Ok(&[2, 3, 4]));
        check(&[0, 3], &[1, 3], Ok(&[0, 3]));
        check(&[2, 3], &[2], Err(-1));
        check(&[2, 3], &[3, 3], Err(-2));
        check(&[0], &[2], Err(-1));
        assert!(Shape::from([3]).broadcasts_to(&[2, 3].into()));
        assert!(!Shape::from([2, 3]).broadcasts_to(&[3].into()));
        assert!(!Shape::from([2, 3]).broadcasts_to(&[1, 3].into()));
    }
}
