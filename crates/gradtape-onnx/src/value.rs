//! What passes between the nodes of a graph.

use gradtape::{DType, Result, Var};

use crate::elem::Elem;
use crate::tensor::broken;

/// A value on a tape with the element type that the file gives it.
#[derive(Clone, Copy)]
pub struct Array<'t> {
    /// The value; whole numbers of every type are i64.
    pub var: Var<'t>,
    /// The type in the file.
    pub elem: Elem,
}

/// An array of texts, in row-major order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// The texts.
    pub texts: Vec<String>,
    /// The sizes of the axes.
    pub shape: Vec<usize>,
}

/// Numbers by the names of their columns, as `ZipMap` gives the shares of classes.
#[derive(Clone)]
pub struct Columns<'t> {
    /// The names; those that are whole numbers in the file are written out.
    pub names: Vec<String>,
    /// The numbers, `[rows, columns]`.
    pub values: Array<'t>,
}

/// What a node reads or gives.
#[derive(Clone)]
pub enum Value<'t> {
    /// An array of numbers.
    Array(Array<'t>),
    /// An array of texts. They are no part of a recording: what is made of them is computed at once.
    Texts(Texts),
    /// A list of arrays.
    Sequence(Vec<Array<'t>>),
    /// A map of numbers for each row, all with the same names.
    Columns(Columns<'t>),
    /// An optional value that is not there.
    Nothing,
}

impl<'t> Array<'t> {
    /// A value with the file's type that is the same as its own.
    pub fn of(var: Var<'t>) -> Array<'t> {
        Array { var, elem: Elem::of(var.dtype()) }
    }

    /// Another value of the same type; whole numbers beyond its range come back into it.
    pub(crate) fn like(self, var: Var<'t>) -> Array<'t> {
        Array { var: wrapped(var, self.elem), elem: self.elem }
    }

    /// This value as another type: fractions are cut off, whole numbers wrap, anything but 0 is true.
    pub(crate) fn cast(self, elem: Elem) -> Array<'t> {
        if elem == self.elem {
            return self;
        }
        let var = match (self.elem, elem.dtype()) {
            // Above 2^63 an unsigned number is kept as a negative one.
            (Elem::U64, dtype) if dtype.is_float() => {
                let high = self.var.less(0).cast(DType::F64) * 18_446_744_073_709_551_616.0;
                (self.var.cast(DType::F64) + high).cast(dtype)
            }
            (_, dtype) => self.var.cast(dtype),
        };
        Array { var: wrapped(var, elem), elem }
    }

    /// Its numbers as whole numbers, read at once: shapes, axes, places.
    pub(crate) fn whole(self) -> Result<Vec<i64>> {
        match self.elem.bits() {
            Some(_) => self.var.value()?.to_vec::<i64>(),
            None => Err(broken(format!("whole numbers were expected, not {}", self.elem))),
        }
    }

    /// Its numbers, read at once.
    pub(crate) fn numbers(self) -> Result<Vec<f64>> {
        Ok(self.var.value()?.to_f64_vec())
    }

    /// Sizes of its axes.
    pub(crate) fn shape(self) -> Vec<usize> {
        self.var.shape().to_vec()
    }

    pub(crate) fn rank(self) -> usize {
        self.var.shape().rank()
    }
}

impl<'t> From<Array<'t>> for Value<'t> {
    fn from(array: Array<'t>) -> Value<'t> {
        Value::Array(array)
    }
}

/// Whole numbers brought into the range of their type as two's complement does.
fn wrapped<'t>(var: Var<'t>, elem: Elem) -> Var<'t> {
    let Some(bits) = elem.bits().filter(|&bits| bits < 64) else { return var };
    if var.dtype() != DType::I64 {
        return var;
    }
    let round = (1i64 << bits) as f64;
    // Division cuts towards 0, so the rest has the sign of the number.
    let rest = var - var / round * round;
    let rest = rest.less(0).select(rest + round, rest);
    match elem.is_unsigned() {
        true => rest,
        false => rest.greater_equal(round / 2.0).select(rest - round, rest),
    }
}

/// Numbers as they stand beside a value of so many axes, one for each place along one of them.
pub(crate) fn along(numbers: Var<'_>, axis: usize, rank: usize) -> Var<'_> {
    let mut shape = vec![1; rank];
    if let Some(size) = shape.get_mut(axis) {
        *size = numbers.shape().elements();
    }
    numbers.reshape(shape)
}

/// Axes counted from the end where they are below 0.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize> {
    let place = if axis < 0 { axis + rank as i64 } else { axis };
    match usize::try_from(place).ok().filter(|&place| place < rank) {
        Some(place) => Ok(place),
        None => Err(broken(format!("axis {axis} of a value of {rank} axes"))),
    }
}
