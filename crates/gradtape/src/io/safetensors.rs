//! The safetensors format: a length, a header in JSON, the numbers.
//!
//! `tests/safetensors.rs` holds this against the format's own library.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::Path;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::write::{failed, write_pieces};
use crate::tensor::{DType, Error, Kind, Result, Shape, Tensor};

/// What a safetensors file holds.
#[derive(Clone, Debug, Default)]
pub struct SafeTensors {
    /// The tensors by name, in the order of their numbers in the file.
    pub tensors: Vec<(String, Tensor)>,
    /// Texts by name.
    pub metadata: BTreeMap<String, String>,
}

/// Reads a safetensors file with tensors of the element types F16, BF16, F32, F64, I64 and BOOL, each of which
/// keeps its type and bits.
///
/// Whatever is wrong with the file is an error that names it: a header that is truncated, too long or
/// no JSON, the same name twice, another element type, offsets that overlap, leave gaps, lie beyond the
/// end or do not fit the shape. No more memory is asked for than the file is long.
pub fn read_safetensors(path: impl AsRef<Path>) -> Result<SafeTensors> {
    let path = path.as_ref();
    let bytes = fs::read(path).map_err(|error| failed(path, "cannot be read", &error))?;
    parse(&bytes).map_err(|error| error.context(path.display()))
}

impl SafeTensors {
    /// As [`read_safetensors`], from the bytes of a file that is in memory already.
    ///
    /// ```
    /// use gradtape::io::SafeTensors;
    /// let header = br#"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    /// let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    /// bytes.extend_from_slice(header);
    /// bytes.extend_from_slice(&1.5f32.to_le_bytes());
    /// assert_eq!(SafeTensors::from_bytes(&bytes)?.tensors[0].1.to_vec::<f32>()?, [1.5]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn from_bytes(bytes: &[u8]) -> Result<SafeTensors> {
        parse(bytes)
    }
}

/// Writes tensors and texts to a safetensors file, whole or not at all.
///
/// ```
/// use gradtape::{Tensor, io};
/// let path = std::env::temp_dir().join(format!("gradtape-{}.safetensors", std::process::id()));
/// let tensors = [("x".to_string(), Tensor::from([1.5f32, -2.0]))];
/// io::write_safetensors(&path, &tensors, &Default::default())?;
/// let read = io::read_safetensors(&path)?;
/// assert_eq!(read.tensors[0].1.to_vec::<f32>()?, [1.5, -2.0]);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), gradtape::Error>(())
/// ```
///
/// Fails when a name comes twice or is `__metadata__`, and when the file cannot be written.
pub fn write_safetensors(
    path: impl AsRef<Path>,
    tensors: &[(String, Tensor)],
    metadata: &BTreeMap<String, String>,
) -> Result<()> {
    let path = path.as_ref();
    let told = |error: Error| error.context(path.display());
    let pieces = pieces(tensors, metadata).map_err(told)?;
    write_pieces(path, pieces.map(|piece| piece.map_err(told)))
}

/// The bytes of a safetensors file.
pub(super) fn safetensors_bytes(
    tensors: &[(String, Tensor)],
    metadata: &BTreeMap<String, String>,
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for piece in pieces(tensors, metadata)? {
        bytes.extend(piece?);
    }
    Ok(bytes)
}

/// The name in the header under which the texts stand.
const METADATA: &str = "__metadata__";

/// Headers beyond this are refused, as by the format's own library.
const LONGEST_HEADER: u64 = 100_000_000;

/// Where a tensor's numbers are.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

#[derive(Default)]
struct Header {
    entries: Vec<(String, Entry)>,
    metadata: BTreeMap<String, String>,
}

fn parse(bytes: &[u8]) -> Result<SafeTensors> {
    let truncated = |what: &str| damaged(format!("the file ends within {what}"));
    let (length, rest) =
        bytes.split_first_chunk::<8>().ok_or_else(|| truncated("its first number"))?;
    let length = u64::from_le_bytes(*length);
    if length > LONGEST_HEADER {
        return Err(damaged(format!("a header of {length} bytes"))
            .hint("this is probably not a safetensors file"));
    }
    let (header, data) =
        rest.split_at_checked(length as usize).ok_or_else(|| truncated("its header"))?;
    let header: Header = serde_json::from_slice(header)
        .map_err(|error| damaged(format!("the header cannot be read: {error}")))?;
    let Header { mut entries, metadata } = header;
    entries.sort_by_key(|(_, entry)| entry.data_offsets);
    let mut at = 0;
    let mut tensors = Vec::with_capacity(entries.len());
    for (name, entry) in entries {
        let [start, end] = entry.data_offsets;
        let tensor = (|| {
            if start != at {
                let what = if start < at { "overlap others" } else { "leave a gap before them" };
                return Err(damaged(format!("its bytes {start} to {end} {what}")));
            }
            let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
            let bytes = range.and_then(|(start, end)| data.get(start..end)).ok_or_else(|| {
                let most = data.len();
                damaged(format!("its bytes {start} to {end} are not all there, only {most}"))
            })?;
            tensor(&entry, bytes)
        })();
        tensors.push((name.clone(), tensor.map_err(|e| e.context(format!("tensor {name:?}")))?));
        at = end;
    }
    if at != data.len() as u64 {
        let more = data.len() as u64 - at;
        return Err(damaged(format!("{more} bytes at the end belong to no tensor")));
    }
    Ok(SafeTensors { tensors, metadata })
}

fn tensor(entry: &Entry, bytes: &[u8]) -> Result<Tensor> {
    let Some(&(dtype, _)) = TYPES.iter().find(|(_, name)| *name == entry.dtype) else {
        let names = TYPES.map(|(_, name)| name).join(", ");
        let message = format!("its element type is {:?}, only {names} are read", entry.dtype);
        return Err(Error::new(Kind::Model, message).hint("convert it before saving it"));
    };
    let sizes = entry.shape.iter().map(|&size| usize::try_from(size).ok());
    let sizes: Option<Vec<usize>> = sizes.collect();
    let length = sizes.as_ref().and_then(|sizes| {
        sizes.iter().try_fold(dtype.size(), |product, &size| product.checked_mul(size))
    });
    let (Some(sizes), Some(length)) = (sizes, length) else {
        return Err(damaged(format!("its shape {:?} is too large", entry.shape)));
    };
    if length != bytes.len() {
        return Err(damaged(format!(
            "its shape {sizes:?} of {} takes {length} bytes, it has {}",
            entry.dtype,
            bytes.len()
        )));
    }
    let shape = Shape::from(&sizes[..]);
    Tensor::from_bytes(bytes, shape, dtype).map_err(|error| damaged(error.message()))
}

/// The bytes of a file: the header, then the numbers of one tensor after the other, so that no more than one
/// is in memory twice.
fn pieces(
    tensors: &[(String, Tensor)],
    metadata: &BTreeMap<String, String>,
) -> Result<impl Iterator<Item = Result<Vec<u8>>>> {
    let mut names = BTreeSet::new();
    if let Some((name, _)) =
        tensors.iter().find(|(name, _)| name == METADATA || !names.insert(name))
    {
        let message = format!("the name {name:?} is taken, a tensor cannot have it");
        return Err(Error::new(Kind::Value, message));
    }
    // The widest first, so that all are aligned.
    let mut sorted: Vec<&(String, Tensor)> = tensors.iter().collect();
    sorted.sort_by_key(|(_, tensor)| std::cmp::Reverse(tensor.dtype().size()));
    let mut header = serde_json::Map::new();
    if !metadata.is_empty() {
        header.insert(METADATA.to_string(), json(metadata)?);
    }
    let mut start = 0;
    for (name, tensor) in &sorted {
        let (shape, dtype) = (tensor.shape(), tensor.dtype());
        let shape: Vec<u64> = shape.iter().map(|&size| size as u64).collect();
        let length =
            shape.iter().try_fold(dtype.size() as u64, |length, &size| length.checked_mul(size));
        let end = length.and_then(|length| length.checked_add(start)).ok_or_else(|| {
            Error::new(Kind::Value, format!("tensor {name:?} of {shape:?} is too large for a file"))
        })?;
        let known = TYPES.iter().find(|(known, _)| *known == dtype);
        let dtype = known.map_or("", |(_, name)| name).to_string();
        header.insert(name.clone(), json(&Entry { dtype, shape, data_offsets: [start, end] })?);
        start = end;
    }
    let header = json(&header)?.to_string().into_bytes();
    let length = header.len().next_multiple_of(8);
    let mut first = (length as u64).to_le_bytes().to_vec();
    first.extend(header);
    first.resize(8 + length, b' ');
    let numbers = sorted.into_iter().map(|(_, tensor)| {
        let mut data = Vec::new();
        tensor.append_bytes_to(&mut data)?;
        Ok(data)
    });
    Ok(std::iter::once(Ok(first)).chain(numbers))
}

/// Our element types and their names in the format.
const TYPES: [(DType, &str); DType::ALL.len()] = [
    (DType::F16, "F16"),
    (DType::BF16, "BF16"),
    (DType::F32, "F32"),
    (DType::F64, "F64"),
    (DType::I64, "I64"),
    (DType::Bool, "BOOL"),
];

fn json(value: &impl Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|error| Error::new(Kind::Value, error.to_string()))
}

fn damaged(what: impl Into<String>) -> Error {
    Error::new(Kind::Model, what)
}

/// A name that comes twice is an error; a map would keep one of them.
impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header::default();
                let mut names = BTreeSet::new();
                while let Some(name) = map.next_key::<String>()? {
                    if !names.insert(name.clone()) {
                        return Err(A::Error::custom(format!("the name {name:?} comes twice")));
                    }
                    match name == METADATA {
                        true => header.metadata = map.next_value()?,
                        false => header.entries.push((name, map.next_value()?)),
                    }
                }
                Ok(header)
            }
        }

        deserializer.deserialize_map(Names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), data].concat()
    }

    use super::safetensors_bytes as print;

    #[track_caller]
    fn refused(bytes: &[u8], word: &str) {
        let text = parse(bytes).unwrap_err().to_string();
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }

    #[test]
    fn what_is_written_is_read_back() {
        let bools = Tensor::from_slice(&[true, false, true], [3]).unwrap();
        let tensors = [
            ("a".to_string(), bools),
            ("b.weight".to_string(), Tensor::from([1.5f32, f32::NAN, -0.0, 1e-40])),
            ("c".to_string(), Tensor::scalar(i64::MIN)),
            ("é \"quoted\"".to_string(), Tensor::zeros([2, 0, 3], DType::F64)),
            ("d".to_string(), Tensor::from([[1.0, 2.0], [3.0, 4.0]]).transpose(&[1, 0]).unwrap()),
            ("e".to_string(), Tensor::from([65504.0, 6e-8, -0.1]).cast(DType::F16)),
            ("f".to_string(), Tensor::from([3e38, 1e-40, -0.1]).cast(DType::BF16)),
        ];
        let metadata = BTreeMap::from([("k".to_string(), "v\n\"".to_string())]);
        let bytes = print(&tensors, &metadata).unwrap();
        let read = parse(&bytes).unwrap();
        assert_eq!(read.metadata, metadata);
        assert_eq!(read.tensors.len(), tensors.len());
        for (name, tensor) in &tensors {
            let (_, found) = read.tensors.iter().find(|(other, _)| other == name).unwrap();
            assert_eq!((found.shape(), found.dtype()), (tensor.shape(), tensor.dtype()));
            let bits = |t: &Tensor| t.to_f64_vec().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(found), bits(tensor), "{name}");
        }
        assert_eq!(print(&read.tensors, &metadata).unwrap(), bytes);
        let start = 8 + u64::from_le_bytes(*bytes.first_chunk().unwrap());
        assert!(start.is_multiple_of(8));
        let empty = print(&[], &BTreeMap::new()).unwrap();
        assert!(parse(&empty).unwrap().tensors.is_empty());
    }

    #[test]
    fn damaged_files_are_refused() {
        let one = |fields: &str| format!("{{\"a\":{{{fields}}}}}");
        let good = one(r#""dtype":"F32","shape":[2],"data_offsets":[0,8]"#);
        assert!(parse(&file(&good, &[0; 8])).is_ok());
        let whole = file(&good, &[0; 8]);
        for end in 0..whole.len() {
            assert!(parse(&whole[..end]).is_err(), "truncated to {end}");
        }
        refused(&[0xff; 20], "a header of 18446744073709551615 bytes");
        refused(&file(&good, &[0; 9]), "1 bytes at the end");
        refused(
            &file(&good.replace("F32", "F8_E4M3"), &[0; 8]),
            "\"F8_E4M3\", only F16, BF16, F32",
        );
        for half in ["F16", "BF16"] {
            let good = good.replace("F32", half).replace("0,8", "0,4");
            assert!(parse(&file(&good, &[0; 4])).is_ok());
            refused(&file(&good, &[0; 5]), "1 bytes at the end");
            refused(&file(&good, &[0; 3]), "not all there");
            refused(&file(&good.replace("[2]", "[3]"), &[0; 4]), "takes 6 bytes, it has 4");
            refused(&file(&good.replace("0,4", "0,8"), &[0; 8]), "takes 4 bytes, it has 8");
        }
        refused(&file(&good.replace("[2]", "[3]"), &[0; 8]), "takes 12 bytes, it has 8");
        refused(&file(&good.replace("[2]", "[4294967296,4294967296]"), &[0; 8]), "too large");
        refused(&file(&good.replace("[2]", "[-2]"), &[0; 8]), "header cannot be read");
        refused(&file(&good.replace("[2]", "[1e3]"), &[0; 8]), "header cannot be read");
        refused(&file(&good.replace("0,8", "8,16"), &[0; 16]), "leave a gap");
        refused(&file(&good.replace("0,8", "0,18446744073709551615"), &[0; 8]), "not all there");
        refused(&file(&good.replace("0,8", "8,0"), &[0; 8]), "leave a gap");
        refused(&file(&good.replace("\"shape\"", "\"shap\""), &[0; 8]), "header cannot be read");
        let bools = one(r#""dtype":"BOOL","shape":[2],"data_offsets":[0,2]"#);
        refused(&file(&bools, &[1, 2]), "a truth value is 2");
        let entry = r#"{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#;
        refused(&file(&format!(r#"{{"a":{entry},"a":{entry}}}"#), &[0; 8]), "comes twice");
        refused(&file(&format!(r#"{{"a":{entry},"b":{entry}}}"#), &[0; 8]), "overlap");
        refused(&file(r#"{"__metadata__":{"a":1}}"#, &[]), "header cannot be read");
        refused(&file(&"[".repeat(100_000), &[]), "header cannot be read");
        refused(&file("{}x", &[]), "header cannot be read");
    }

    #[test]
    fn tensors_beyond_memory_are_refused() {
        for shape in [[1 << 50, 2], [usize::MAX, 2]] {
            let tensors = [("x".to_string(), Tensor::zeros(shape, DType::F32))];
            assert!(print(&tensors, &BTreeMap::new()).is_err());
        }
    }

    #[test]
    fn names_must_differ() {
        let tensor = || Tensor::scalar(1.0);
        for names in [["a", "a"], ["a", "__metadata__"]] {
            let tensors = names.map(|name| (name.to_string(), tensor()));
            let text = print(&tensors, &BTreeMap::new()).unwrap_err().to_string();
            assert!(text.contains(names[1]), "{text}");
        }
    }
}
