//! Shape rules that many operations share.

use super::{Broken, Meta};
use crate::tensor::{DType, Shape};

/// The shape rule of an elementwise operation: operands of one shape, which the result has too.
///
/// ```
/// use gradtape::DType;
/// use gradtape::op::{Meta, Op, Operands, compare};
/// assert_eq!(Operands::numbers(2).giving(DType::Bool).count(), 2);
/// let less: Op = compare::Less {}.into();
/// let x = Meta::new(DType::F32, [3]);
/// assert_eq!(less.infer(&[&x, &x]).unwrap(), Meta::new(DType::Bool, [3]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operands {
    count: usize,
    takes: Takes,
    gives: Option<DType>,
}

/// What the operands of an elementwise operation are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    /// Of one type, whatever it is.
    Anything,
    /// Of one type, not truth values.
    Numbers,
    /// Of one floating-point type.
    Floats,
    /// Truth values, and two others of one type.
    Choice,
}

impl Operands {
    /// This many operands of one type, whatever it is; the result is like them.
    pub const fn anything(count: usize) -> Operands {
        Operands { count, takes: Takes::Anything, gives: None }
    }

    /// This many operands of one type of numbers; the result is like them.
    pub const fn numbers(count: usize) -> Operands {
        Operands { count, takes: Takes::Numbers, gives: None }
    }

    /// This many operands of one floating-point type; the result is like them.
    pub const fn floats(count: usize) -> Operands {
        Operands { count, takes: Takes::Floats, gives: None }
    }

    /// Truth values, and two operands of one type, which the result is like.
    pub const fn choice() -> Operands {
        Operands { count: 3, takes: Takes::Choice, gives: None }
    }

    /// The same with a result of this type.
    #[must_use]
    pub const fn giving(self, dtype: DType) -> Operands {
        Operands { gives: Some(dtype), ..self }
    }

    /// How many operands it takes.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The result's element type and shape, or the rule that the operands break.
    #[inline]
    pub(super) fn infer(self, x: &[&Meta]) -> Result<Meta, Broken> {
        arity(x, self.count)?;
        let values = match self.takes {
            Takes::Choice => &x[1..],
            _ => x,
        };
        if let Takes::Choice = self.takes {
            truth(x[0])?;
        }
        for other in &values[1..] {
            same(values[0], other)?;
        }
        match self.takes {
            Takes::Anything => {}
            Takes::Numbers => numeric(values[0])?,
            Takes::Floats => float(values[0])?,
            Takes::Choice if x[0].shape == values[0].shape => {}
            Takes::Choice => {
                let (mask, values) = (&x[0].shape, &values[0].shape);
                return Err(Broken::new(format!("the mask has shape {mask}, the values {values}"))
                    .hint("broadcast_to() brings both to one shape"));
            }
        }
        match self.gives {
            Some(dtype) => Ok(values[0].with_dtype(dtype)),
            None => Ok(values[0].clone()),
        }
    }
}

/// Exactly this many inputs.
pub(crate) fn arity(x: &[&Meta], count: usize) -> Result<(), Broken> {
    if x.len() == count {
        return Ok(());
    }
    Err(Broken::new(format!("takes {count} inputs, not {}", x.len()))
        .hint("the methods of values and tapes give each operation its inputs"))
}

/// One floating-point input; the result is like it.
pub(crate) fn float_unary(x: &[&Meta]) -> Result<Meta, Broken> {
    arity(x, 1)?;
    float(x[0])?;
    Ok(x[0].clone())
}

/// A floating-point input.
pub(crate) fn float(x: &Meta) -> Result<(), Broken> {
    if x.dtype.is_float() {
        return Ok(());
    }
    Err(Broken::new(format!("needs floating-point numbers, not {}", x.dtype))
        .hint("cast the operand to a floating-point type first"))
}

/// An input that is not a truth value.
pub(crate) fn numeric(x: &Meta) -> Result<(), Broken> {
    if x.dtype != DType::Bool {
        return Ok(());
    }
    Err(Broken::new("needs numbers, not truth values").hint("cast the mask to f32 first"))
}

/// An input of truth values.
pub(crate) fn truth(x: &Meta) -> Result<(), Broken> {
    if x.dtype == DType::Bool {
        return Ok(());
    }
    Err(Broken::new(format!("the mask is {}, not truth values", x.dtype))
        .hint("compare it first, as in x.greater(y)"))
}

/// Two inputs of one shape and one type.
pub(crate) fn same(x: &Meta, y: &Meta) -> Result<(), Broken> {
    same_type(x, y)?;
    if x.shape != y.shape {
        return Err(Broken::new(format!("shapes differ: {} and {}", x.shape, y.shape))
            .hint("broadcast_to() brings both to one shape"));
    }
    Ok(())
}

/// Two inputs of one type.
pub(crate) fn same_type(x: &Meta, y: &Meta) -> Result<(), Broken> {
    if x.dtype == y.dtype {
        return Ok(());
    }
    let rule = format!("element types differ: {} and {}", x.dtype, y.dtype);
    Err(Broken::new(rule).hint(cast_hint(x.dtype, y.dtype)))
}

/// What mends two element types that differ.
pub(crate) fn cast_hint(x: DType, y: DType) -> &'static str {
    match matches!((x, y), (DType::F32, DType::F64) | (DType::F64, DType::F32)) {
        // Who writes [1.0, 2.0] need not know that Rust takes it for f64.
        true => {
            "numbers like 1.0 are f64 in Rust: write 1.0f32, or cast(DType::F32) the f64 operand"
        }
        false => "cast one operand to the type of the other",
    }
}

/// The size of an axis that the input must have.
pub(crate) fn size_along(axis: usize, x: &Meta) -> Result<usize, Broken> {
    x.shape.get(axis).copied().ok_or_else(|| {
        let rank = x.shape.rank();
        Broken::new(format!("axis {axis} is not one of {x}, which has {rank}")).hint(match rank {
            0 => "a scalar has no axes: unsqueeze() adds one".to_owned(),
            _ => format!("axes go from 0 to {}", rank - 1),
        })
    })
}

/// A result whose elements can be counted.
pub(crate) fn countable(out: Meta) -> Result<Meta, Broken> {
    out.shape.checked_elements().map_err(Broken::from)?;
    Ok(out)
}

/// An input of places.
pub(crate) fn index(x: &Meta) -> Result<(), Broken> {
    whole("an index is", x)
}

/// An input of labels.
pub(crate) fn labels(x: &Meta) -> Result<(), Broken> {
    whole("labels are", x)
}

fn whole(what: &str, x: &Meta) -> Result<(), Broken> {
    if x.dtype == DType::I64 {
        return Ok(());
    }
    Err(Broken::new(format!("{what} i64, not {}", x.dtype))
        .hint("cast whole numbers with cast(DType::I64)"))
}

/// An index of as many axes as the shape that is nowhere longer, except along the axis.
pub(crate) fn index_fits(axis: usize, index: &Shape, shape: &Shape) -> Result<(), Broken> {
    if index.rank() != shape.rank() {
        let rule = format!("the index has shape {index}, the elements {shape}");
        return Err(Broken::new(rule).hint("both need equally many axes"));
    }
    let longer = |&k: &usize| k != axis && index[k] > shape[k];
    match (0..shape.rank()).find(longer) {
        Some(k) => {
            let rule = format!("the index {index} is longer along axis {k} than {shape}");
            Err(Broken::new(rule).hint(format!("only along axis {axis} may it be")))
        }
        None => Ok(()),
    }
}
