//! Operators between handles and numbers.

/// Stamps one operator on a handle type: between two handles, and with numbers on either side.
macro_rules! operators {
    ($handle:ty, $life:lifetime, $trait:ident, $method:ident, $op:expr) => {
        impl<$life> std::ops::$trait for $handle {
            type Output = Self;
            #[track_caller]
            fn $method(self, y: Self) -> Self {
                let (x, y) = self.aligned(y, stringify!($method));
                x.apply($op, &[y])
            }
        }

        impl<$life> std::ops::$trait<f64> for $handle {
            type Output = Self;

            #[track_caller]
            fn $method(self, y: f64) -> Self {
                std::ops::$trait::$method(self, self.literal(y))
            }
        }

        impl<$life> std::ops::$trait<$handle> for f64 {
            type Output = $handle;

            #[track_caller]
            fn $method(self, y: $handle) -> $handle {
                std::ops::$trait::$method(y.literal(self), y)
            }
        }
    };
}
pub(crate) use operators;
