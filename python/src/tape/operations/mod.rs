//! Operations as methods: one table of them for each way in which they are called.

mod activations;
mod arguments;
mod axes;
mod elementwise;
#[cfg(feature = "linalg")]
mod linalg;
mod norm;
mod places;
mod shapes;

/// The names of all operations, which are methods of values and functions of the module.
pub(super) fn names() -> Vec<&'static str> {
    let mut all = Vec::new();
    for part in [
        elementwise::UNARY,
        elementwise::BINARY,
        elementwise::LOGIC,
        elementwise::OTHERS,
        activations::PLAIN,
        activations::NUMBERED,
        axes::REDUCTIONS,
        axes::OTHERS,
        norm::NAMES,
        shapes::NAMES,
        places::NAMES,
    ] {
        all.extend_from_slice(part);
    }
    #[cfg(feature = "linalg")]
    for part in [linalg::UNARY, linalg::BINARY, linalg::OTHERS] {
        all.extend_from_slice(part);
    }
    all
}

/// Stamps operations of one value as methods.
macro_rules! unary {
    ($names:ident: $($(#[$doc:meta])* $name:ident;)*) => {
        pub(super) const $names: &[&str] = &[$(stringify!($name)),*];

        #[pyo3::pymethods]
        impl $crate::tape::PyVar {
            $(
                $(#[$doc])*
                fn $name(&self, py: pyo3::Python<'_>) -> pyo3::PyResult<$crate::tape::PyVar> {
                    self.map(py, |x| x.$name())
                }
            )*
        }
    };
}

/// Stamps operations of two values as methods, the second of which may be a number.
macro_rules! binary {
    ($names:ident: $($(#[$doc:meta])* $name:ident = $record:expr;)*) => {
        pub(super) const $names: &[&str] = &[$(stringify!($name)),*];

        #[pyo3::pymethods]
        impl $crate::tape::PyVar {
            $(
                $(#[$doc])*
                fn $name(
                    &self,
                    other: &pyo3::Bound<'_, pyo3::PyAny>,
                ) -> pyo3::PyResult<$crate::tape::PyVar> {
                    self.beside(other, $record)
                }
            )*
        }
    };
}

/// Stamps operations of two values as methods, the second of which is an array if it is not on the tape.
macro_rules! pairs {
    ($names:ident: $($(#[$doc:meta])* $name:ident;)*) => {
        pub(super) const $names: &[&str] = &[$(stringify!($name)),*];

        #[pyo3::pymethods]
        impl $crate::tape::PyVar {
            $(
                $(#[$doc])*
                fn $name(
                    &self,
                    other: &pyo3::Bound<'_, pyo3::PyAny>,
                ) -> pyo3::PyResult<$crate::tape::PyVar> {
                    self.with(other, |x, y| x.$name(y))
                }
            )*
        }
    };
}

/// Lists methods that are written out.
macro_rules! listed {
    ($names:ident: $($name:ident)*) => {
        pub(super) const $names: &[&str] = &[$(stringify!($name)),*];
    };
}

pub(crate) use {binary, listed, pairs, unary};
