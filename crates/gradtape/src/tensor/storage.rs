//! The memory behind tensors: one vector of one element type.

use super::DType;

/// Elements of one type, shared by the tensors that view them.
#[derive(Clone, Debug)]
pub enum Storage {
    F32(Vec<f32>),
    F64(Vec<f64>),
    I64(Vec<i64>),
    Bool(Vec<bool>),
}

impl Storage {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Storage::F32(_) => DType::F32,
            Storage::F64(_) => DType::F64,
            Storage::I64(_) => DType::I64,
            Storage::Bool(_) => DType::Bool,
        }
    }
}

/// Elements of one type that lie elsewhere, to be read.
#[derive(Clone, Copy, Debug)]
pub enum Slice<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
    I64(&'a [i64]),
    Bool(&'a [bool]),
}

impl Slice<'_> {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Slice::F32(_) => DType::F32,
            Slice::F64(_) => DType::F64,
            Slice::I64(_) => DType::I64,
            Slice::Bool(_) => DType::Bool,
        }
    }
}

/// Elements of one type that lie elsewhere, to be written.
#[derive(Debug)]
pub enum SliceMut<'a> {
    F32(&'a mut [f32]),
    F64(&'a mut [f64]),
    I64(&'a mut [i64]),
    Bool(&'a mut [bool]),
}

impl SliceMut<'_> {
    pub(crate) fn dtype(&self) -> DType {
        match self {
            SliceMut::F32(_) => DType::F32,
            SliceMut::F64(_) => DType::F64,
            SliceMut::I64(_) => DType::I64,
            SliceMut::Bool(_) => DType::Bool,
        }
    }
}

/// Runs `$body` with `$data` bound to the vector inside a storage, whatever its element type.
macro_rules! with_storage {
    ($storage:expr, $data:ident => $body:expr) => {
        match $storage {
            $crate::tensor::storage::Storage::F32($data) => $body,
            $crate::tensor::storage::Storage::F64($data) => $body,
            $crate::tensor::storage::Storage::I64($data) => $body,
            $crate::tensor::storage::Storage::Bool($data) => $body,
        }
    };
}
pub(crate) use with_storage;
