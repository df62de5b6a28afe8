//! Operators between handles and numbers.

/// Stamps one operator on a handle type: between two handles, with a number of any type on the right,
/// and with one of f64 or i32 on the left.
///
/// That one implementation for all [numbers](crate::op::Number) is what lets `(x * 2.0).tanh()` be
/// inferred: with one for each type Rust would have to know the literal's before the result's. On the left
/// this cannot be written, so there is one floating-point type and one of whole numbers.
macro_rules! operators {
    ($handle:ty, $life:lifetime, $trait:ident, $method:ident, $assign:ident, $assign_method:ident, $op:expr) => {
        impl<$life> std::ops::$trait for $handle {
            type Output = Self;
            #[track_caller]
            fn $method(self, y: Self) -> Self {
                let (x, y) = self.aligned(y, stringify!($method));
                x.apply($op, &[y])
            }
        }

        impl<$life> std::ops::$trait<&$handle> for $handle {
            type Output = Self;

            #[track_caller]
            fn $method(self, y: &Self) -> Self {
                std::ops::$trait::$method(self, *y)
            }
        }

        impl<$life, N: $crate::op::Number> std::ops::$trait<N> for $handle {
            type Output = Self;

            #[track_caller]
            fn $method(self, y: N) -> Self {
                std::ops::$trait::$method(self, self.number(y))
            }
        }

        impl<$life> std::ops::$trait<$handle> for f64 {
            type Output = $handle;

            #[track_caller]
            fn $method(self, y: $handle) -> $handle {
                std::ops::$trait::$method(y.literal(self), y)
            }
        }

        impl<$life> std::ops::$trait<$handle> for i32 {
            type Output = $handle;

            #[track_caller]
            fn $method(self, y: $handle) -> $handle {
                std::ops::$trait::$method(y.number(self), y)
            }
        }

        impl<$life, Y> std::ops::$assign<Y> for $handle
        where
            $handle: std::ops::$trait<Y, Output = $handle>,
        {
            #[track_caller]
            fn $assign_method(&mut self, y: Y) {
                *self = std::ops::$trait::$method(*self, y);
            }
        }
    };
}
pub(crate) use operators;
