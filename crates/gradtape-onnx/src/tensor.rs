//! Tensors as files have them.

use std::path::{Component, Path};

use gradtape::{Bf16, DType, Error, F16, Kind, Result, Shape, Tensor};

use crate::elem::Elem;
use crate::proto::TensorProto;
use crate::value::Texts;

/// Reads a tensor of a file. `folder` is where files lie that hold its elements apart; without one they are refused.
pub(crate) fn decode(proto: &TensorProto, folder: Option<&Path>) -> Result<(Elem, Tensor)> {
    let name = match proto.name.as_str() {
        "" => "a tensor without a name".to_string(),
        name => format!("tensor {name:?}"),
    };
    decode_named(proto, folder).map_err(|error| error.context(name))
}

fn decode_named(proto: &TensorProto, folder: Option<&Path>) -> Result<(Elem, Tensor)> {
    let elem = Elem::numbered(proto.data_type).map_err(|what| {
        broken(format!("{what} are not read")).hint(
            "gradtape has floating-point numbers of 16 to 64 bits, whole numbers and truth values",
        )
    })?;
    let shape = shape(&proto.dims)?;
    let count = elements(&shape)?;
    let apart;
    let raw = match proto.data_location {
        0 => &proto.raw_data,
        1 => {
            apart = external(proto, folder, count * elem.bytes())?;
            &apart
        }
        other => return Err(broken(format!("its elements are at a place of kind {other}"))),
    };
    let tensor = match raw.is_empty() {
        false => from_bytes(elem, raw, count)?,
        true => from_fields(elem, proto, count)?,
    };
    Ok((elem, tensor.reshape(shape)?))
}

/// Reads a tensor of texts.
pub(crate) fn decode_texts(proto: &TensorProto) -> Result<Texts> {
    let shape = shape(&proto.dims)?.to_vec();
    let texts = proto.string_data.iter().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let texts: Vec<String> = texts.collect();
    let count = shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    match count == Some(texts.len()) {
        true => Ok(Texts { texts, shape }),
        false => Err(broken(format!(
            "tensor {:?} has {} texts, its shape is {shape:?}",
            proto.name,
            texts.len()
        ))),
    }
}

/// Whether a tensor's elements are texts.
pub(crate) fn is_texts(proto: &TensorProto) -> bool {
    proto.data_type == TEXTS
}

/// How that type is called.
pub(crate) const TEXTS_NAME: &str = "STRING";

/// The number of the type of texts in files.
pub(crate) const TEXTS: i32 = 8;

/// A tensor for a file, its elements in little-endian order.
pub(crate) fn encode(name: &str, elem: Elem, tensor: &Tensor) -> Result<TensorProto> {
    let mut raw = Vec::with_capacity(tensor.elements().saturating_mul(elem.bytes()));
    match tensor.dtype() {
        DType::F32 => tensor.to_vec::<f32>()?.iter().for_each(|x| raw.extend(x.to_le_bytes())),
        DType::F64 => tensor.to_vec::<f64>()?.iter().for_each(|x| raw.extend(x.to_le_bytes())),
        DType::F16 => {
            tensor.to_vec::<F16>()?.iter().for_each(|x| raw.extend(x.to_bits().to_le_bytes()));
        }
        DType::BF16 => {
            tensor.to_vec::<Bf16>()?.iter().for_each(|x| raw.extend(x.to_bits().to_le_bytes()));
        }
        DType::I64 => tensor
            .to_vec::<i64>()?
            .iter()
            .for_each(|x| raw.extend_from_slice(&x.to_le_bytes()[..elem.bytes()])),
        DType::Bool => raw.extend(tensor.to_vec::<bool>()?.iter().map(|&x| u8::from(x))),
    }
    Ok(TensorProto {
        dims: tensor.shape().iter().map(|&size| size as i64).collect(),
        data_type: elem.number(),
        name: name.to_string(),
        raw_data: raw,
        ..TensorProto::default()
    })
}

fn shape(dims: &[i64]) -> Result<Shape> {
    let sizes = dims.iter().map(|&size| usize::try_from(size));
    let sizes: Result<Vec<usize>, _> = sizes.collect();
    match sizes {
        Ok(sizes) => Ok(Shape::from(sizes)),
        Err(_) => Err(broken(format!("its shape {dims:?} has a size below 0"))),
    }
}

/// The number of elements, which must be one that memory can have.
fn elements(shape: &Shape) -> Result<usize> {
    let count = shape.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
    match count
        .filter(|count| count.checked_mul(8).is_some_and(|bytes| bytes < isize::MAX as usize))
    {
        Some(count) => Ok(count),
        None => Err(broken(format!("its shape {shape} has more elements than memory"))),
    }
}

fn from_bytes(elem: Elem, raw: &[u8], count: usize) -> Result<Tensor> {
    let bytes = elem.bytes();
    if raw.len() != count * bytes {
        return Err(broken(format!(
            "it has {} bytes, {count} elements of type {elem} are {}",
            raw.len(),
            count * bytes
        )));
    }
    fn each<const N: usize>(raw: &[u8]) -> impl Iterator<Item = [u8; N]> {
        raw.as_chunks().0.iter().copied()
    }
    let whole = |numbers: Vec<i64>| Tensor::from_vec(numbers, [count]);
    match elem {
        Elem::F32 => Tensor::from_vec(each(raw).map(f32::from_le_bytes).collect(), [count]),
        Elem::F64 => Tensor::from_vec(each(raw).map(f64::from_le_bytes).collect(), [count]),
        Elem::F16 => {
            let halves = each(raw).map(|x| F16::from_bits(u16::from_le_bytes(x)));
            Tensor::from_vec(halves.collect(), [count])
        }
        Elem::BF16 => {
            let halves = each(raw).map(|x| Bf16::from_bits(u16::from_le_bytes(x)));
            Tensor::from_vec(halves.collect(), [count])
        }
        Elem::Bool => Tensor::from_vec(raw.iter().map(|&x| x != 0).collect(), [count]),
        Elem::I8 => whole(raw.iter().map(|&x| i64::from(x.cast_signed())).collect()),
        Elem::U8 => whole(raw.iter().map(|&x| i64::from(x)).collect()),
        Elem::I16 => whole(each(raw).map(|x| i64::from(i16::from_le_bytes(x))).collect()),
        Elem::U16 => whole(each(raw).map(|x| i64::from(u16::from_le_bytes(x))).collect()),
        Elem::I32 => whole(each(raw).map(|x| i64::from(i32::from_le_bytes(x))).collect()),
        Elem::U32 => whole(each(raw).map(|x| i64::from(u32::from_le_bytes(x))).collect()),
        Elem::I64 => whole(each(raw).map(i64::from_le_bytes).collect()),
        Elem::U64 => whole(each(raw).map(|x| u64::from_le_bytes(x).cast_signed()).collect()),
    }
}

/// Elements that stand in one of the fields of numbers; which, the format fixes for each type.
fn from_fields(elem: Elem, proto: &TensorProto, count: usize) -> Result<Tensor> {
    let fits = |len: usize| match len == count {
        true => Ok(()),
        false => Err(broken(format!("it has {len} elements, its shape is for {count}"))),
    };
    let narrow = &proto.int32_data;
    match elem {
        Elem::F32 => {
            fits(proto.float_data.len())?;
            Tensor::from_slice(&proto.float_data, [count])
        }
        Elem::F64 => {
            fits(proto.double_data.len())?;
            Tensor::from_slice(&proto.double_data, [count])
        }
        Elem::I64 => {
            fits(proto.int64_data.len())?;
            Tensor::from_slice(&proto.int64_data, [count])
        }
        Elem::U32 | Elem::U64 => {
            fits(proto.uint64_data.len())?;
            let numbers = proto.uint64_data.iter().map(|x| x.cast_signed());
            Tensor::from_vec(numbers.collect(), [count])
        }
        Elem::F16 => {
            fits(narrow.len())?;
            Tensor::from_vec(narrow.iter().map(|&x| F16::from_bits(x as u16)).collect(), [count])
        }
        Elem::BF16 => {
            fits(narrow.len())?;
            Tensor::from_vec(narrow.iter().map(|&x| Bf16::from_bits(x as u16)).collect(), [count])
        }
        Elem::Bool => {
            fits(narrow.len())?;
            Tensor::from_vec(narrow.iter().map(|&x| x != 0).collect(), [count])
        }
        Elem::I8 | Elem::I16 | Elem::I32 | Elem::U8 | Elem::U16 => {
            fits(narrow.len())?;
            let (least, greatest) = elem.range().unwrap_or((i64::MIN, i64::MAX));
            let numbers: Vec<i64> = narrow.iter().map(|&x| i64::from(x)).collect();
            match numbers.iter().find(|x| !(least..=greatest).contains(x)) {
                Some(far) => Err(broken(format!("{far} is no number of type {elem}"))),
                None => Tensor::from_vec(numbers, [count]),
            }
        }
    }
}

/// The bytes of a tensor whose elements are in a file of their own, which must lie below the model's folder.
fn external(proto: &TensorProto, folder: Option<&Path>, bytes: usize) -> Result<Vec<u8>> {
    let entry = |key: &str| {
        let found = proto.external_data.iter().find(|entry| entry.key == key);
        found.map(|entry| entry.value.as_str())
    };
    let number = |key: &str| -> Result<Option<usize>> {
        let parsed = entry(key).map(|text| {
            text.parse().map_err(|_| broken(format!("its {key} {text:?} is no number of bytes")))
        });
        parsed.transpose()
    };
    let Some(location) = entry("location") else {
        return Err(broken("its elements are said to be in another file, which is not named"));
    };
    let Some(folder) = folder else {
        return Err(broken(format!("its elements are in {location:?}"))
            .hint("read the model from its file, so that the file beside it is found"));
    };
    let inside = Path::new(location).components().all(|part| matches!(part, Component::Normal(_)));
    let path = folder.join(location);
    // A link may lead outside as well as a name.
    let stays = inside
        && match (path.canonicalize(), folder.canonicalize()) {
            (Ok(path), Ok(folder)) => path.starts_with(folder),
            _ => true,
        };
    if !stays {
        return Err(broken(format!(
            "its elements are in {location:?}, outside of the model's folder"
        ))
        .hint("put that file beside the model"));
    }
    let offset = number("offset")?.unwrap_or(0);
    let length = number("length")?.unwrap_or(bytes);
    if length != bytes {
        return Err(broken(format!(
            "its length is {length} bytes, its shape and type need {bytes}"
        )));
    }
    read_part(&path, offset, length)
}

fn read_part(path: &Path, offset: usize, length: usize) -> Result<Vec<u8>> {
    use std::io::{Read, Seek, SeekFrom};
    let failed = |error: std::io::Error| {
        Error::new(Kind::File, format!("its elements, {}: {error}", path.display()))
    };
    // What is no file, such as a pipe, could have no end.
    let about = std::fs::metadata(path).map_err(failed)?;
    let size = if about.is_file() { about.len() } else { 0 };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let end = (offset as u64).checked_add(length as u64);
    if end.is_none_or(|end| end > size) {
        return Err(broken(format!(
            "its elements are bytes {offset} to {} of {}, which has {size}",
            (offset as u64).saturating_add(length as u64),
            path.display()
        )));
    }
    file.seek(SeekFrom::Start(offset as u64)).map_err(failed)?;
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(length).is_err() {
        return Err(broken(format!("its elements are {length} bytes, which memory does not have")));
    }
    bytes.resize(length, 0);
    file.read_exact(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// An error about a file's contents.
pub(crate) fn broken(message: impl Into<String>) -> Error {
    Error::new(Kind::Data, message)
}
