//! ONNX's element types, and how their numbers are kept here.

use std::fmt;

use gradtape::DType;

/// The element type of a value in a file.
///
/// gradtape computes whole numbers in i64. Narrower types keep their range: what an operation gives is brought
/// back into it as two's complement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "the names of the types say it")]
pub enum Elem {
    F16,
    BF16,
    F32,
    F64,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    Bool,
}

/// Every type with its number in files and its name in ONNX's documents.
const TYPES: [(Elem, i32, &str); 13] = [
    (Elem::F32, 1, "FLOAT"),
    (Elem::U8, 2, "UINT8"),
    (Elem::I8, 3, "INT8"),
    (Elem::U16, 4, "UINT16"),
    (Elem::I16, 5, "INT16"),
    (Elem::I32, 6, "INT32"),
    (Elem::I64, 7, "INT64"),
    (Elem::Bool, 9, "BOOL"),
    (Elem::F16, 10, "FLOAT16"),
    (Elem::F64, 11, "DOUBLE"),
    (Elem::U32, 12, "UINT32"),
    (Elem::U64, 13, "UINT64"),
    (Elem::BF16, 16, "BFLOAT16"),
];

/// Types of files that there is nothing for here.
const OTHERS: [(i32, &str); 13] = [
    (8, "STRING"),
    (14, "COMPLEX64"),
    (15, "COMPLEX128"),
    (17, "FLOAT8E4M3FN"),
    (18, "FLOAT8E4M3FNUZ"),
    (19, "FLOAT8E5M2"),
    (20, "FLOAT8E5M2FNUZ"),
    (21, "UINT4"),
    (22, "INT4"),
    (23, "FLOAT4E2M1"),
    (24, "FLOAT8E8M0"),
    (25, "UINT2"),
    (26, "INT2"),
];

impl Elem {
    /// The type with this number in files, or what the number stands for.
    pub(crate) fn numbered(number: i32) -> Result<Elem, String> {
        if let Some((elem, ..)) = TYPES.iter().find(|(_, other, _)| *other == number) {
            return Ok(*elem);
        }
        Err(match OTHERS.iter().find(|(other, _)| *other == number) {
            Some((_, name)) => format!("elements of type {name}"),
            None => format!("elements of type number {number}"),
        })
    }

    /// Its number in files.
    pub(crate) fn number(self) -> i32 {
        TYPES.iter().find(|(elem, ..)| *elem == self).map_or(0, |(_, number, _)| *number)
    }

    /// The type in which its numbers are kept here.
    pub fn dtype(self) -> DType {
        match self {
            Elem::F16 => DType::F16,
            Elem::BF16 => DType::BF16,
            Elem::F32 => DType::F32,
            Elem::F64 => DType::F64,
            Elem::Bool => DType::Bool,
            _ => DType::I64,
        }
    }

    /// The type of a tensor of this library.
    pub fn of(dtype: DType) -> Elem {
        match dtype {
            DType::F16 => Elem::F16,
            DType::BF16 => Elem::BF16,
            DType::F32 => Elem::F32,
            DType::F64 => Elem::F64,
            DType::I64 => Elem::I64,
            DType::Bool => Elem::Bool,
        }
    }

    /// Whether it has fractions.
    pub(crate) fn is_float(self) -> bool {
        self.dtype().is_float()
    }

    /// Bytes of one element in a file.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Elem::I8 | Elem::U8 | Elem::Bool => 1,
            Elem::F16 | Elem::BF16 | Elem::I16 | Elem::U16 => 2,
            Elem::F32 | Elem::I32 | Elem::U32 => 4,
            Elem::F64 | Elem::I64 | Elem::U64 => 8,
        }
    }

    /// Whether a whole number cannot be below 0.
    pub(crate) fn is_unsigned(self) -> bool {
        matches!(self, Elem::U8 | Elem::U16 | Elem::U32 | Elem::U64)
    }

    /// The bits of a whole number; `None` for others.
    pub(crate) fn bits(self) -> Option<u32> {
        let whole = self.dtype() == DType::I64;
        whole.then(|| 8 * self.bytes() as u32)
    }

    /// The least and the greatest whole number, as far as i64 goes.
    pub(crate) fn range(self) -> Option<(i64, i64)> {
        Some(match self {
            Elem::I8 => (i8::MIN.into(), i8::MAX.into()),
            Elem::I16 => (i16::MIN.into(), i16::MAX.into()),
            Elem::I32 => (i32::MIN.into(), i32::MAX.into()),
            Elem::U8 => (0, u8::MAX.into()),
            Elem::U16 => (0, u16::MAX.into()),
            Elem::U32 => (0, u32::MAX.into()),
            Elem::I64 | Elem::U64 => (i64::MIN, i64::MAX),
            _ => return None,
        })
    }

    /// The least and the greatest whole number, of truth values 0 and 1; `None` for numbers with fractions.
    pub fn limits(self) -> Option<(i128, i128)> {
        match self {
            Elem::Bool => Some((0, 1)),
            Elem::U64 => Some((0, u64::MAX.into())),
            _ => self.range().map(|(least, greatest)| (least.into(), greatest.into())),
        }
    }
}

/// As ONNX writes it: `FLOAT`, `INT64`.
impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = TYPES.iter().find(|(elem, ..)| elem == self).map_or("?", |(.., name)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_types_belong_together() {
        for (elem, number, name) in TYPES {
            assert_eq!(Elem::numbered(number), Ok(elem));
            assert_eq!((elem.number(), elem.to_string().as_str()), (number, name));
        }
        assert_eq!(Elem::numbered(8).unwrap_err(), "elements of type STRING");
        assert_eq!(Elem::numbered(-3).unwrap_err(), "elements of type number -3");
    }
}
