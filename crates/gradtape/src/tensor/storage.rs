//! The memory behind tensors: one vector of one element type.

use super::DType;
use super::dtype::element_types;

macro_rules! storages {
    ($($variant:ident($type:ty))*) => {
        /// Elements of one type, shared by the tensors that view them.
        #[derive(Clone, Debug)]
        pub enum Storage {
            $($variant(Vec<$type>),)*
        }

        impl Storage {
            pub(crate) fn dtype(&self) -> DType {
                match self {
                    $(Storage::$variant(_) => DType::$variant,)*
                }
            }
        }

        /// Elements of one type that lie elsewhere, to be read.
        #[derive(Clone, Copy, Debug)]
        pub enum Slice<'a> {
            $($variant(&'a [$type]),)*
        }

        impl Slice<'_> {
            pub(crate) fn dtype(&self) -> DType {
                match self {
                    $(Slice::$variant(_) => DType::$variant,)*
                }
            }
        }

        /// Elements of one type that lie elsewhere, to be written.
        #[derive(Debug)]
        pub enum SliceMut<'a> {
            $($variant(&'a mut [$type]),)*
        }

        impl SliceMut<'_> {
            pub(crate) fn dtype(&self) -> DType {
                match self {
                    $(SliceMut::$variant(_) => DType::$variant,)*
                }
            }
        }
    };
}

element_types!(storages);

/// Runs `$body` with `$data` bound to the vector inside a storage, whatever its element type.
macro_rules! with_storage {
    ($storage:expr, $data:ident => $body:expr) => {{
        let storage: &$crate::tensor::storage::Storage = $storage;
        $crate::tensor::with_type!(storage.dtype(), T => {
            let $data = <T as $crate::tensor::dtype::sealed::Sealed>::slice(storage).unwrap_or_default();
            $body
        })
    }};
}
pub(crate) use with_storage;
