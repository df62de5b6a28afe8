//! Model files against the format's own library: each reads what the other writes, and what it refuses
//! is refused.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::{fs, process};

use gradtape::io::{read_safetensors, write_safetensors};
use gradtape::{Bf16, DType, F16, Tensor};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", process::id()))
}

#[test]
fn the_formats_library_reads_what_we_write() {
    let tensors = [
        ("flags".to_string(), Tensor::from([true, false, true])),
        ("weight".to_string(), Tensor::from([[1.5f32, -0.0, f32::NAN], [1e-40, 7.0, -2.0]])),
        ("none".to_string(), Tensor::zeros([2, 0], DType::F64)),
        ("count".to_string(), Tensor::scalar(i64::MIN)),
        ("é \"quoted\"".to_string(), Tensor::from([[1.0, 2.0], [3.0, 4.0]])),
        ("half".to_string(), Tensor::from([0.1f32, -65504.0, 6e-8]).cast(DType::F16)),
        ("brain".to_string(), Tensor::from([0.1f32, f32::NAN, 3e38]).cast(DType::BF16)),
    ];
    let metadata = BTreeMap::from([("note".to_string(), "two\nlines".to_string())]);
    let path = path("ours");
    write_safetensors(&path, &tensors, &metadata).unwrap();
    let bytes = fs::read(&path).unwrap();
    fs::remove_file(path).unwrap();

    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!(header.metadata().as_ref().unwrap()["note"], "two\nlines");
    let read = SafeTensors::deserialize(&bytes).unwrap();
    assert_eq!(read.len(), tensors.len());
    for (name, tensor) in &tensors {
        let view = read.tensor(name).unwrap();
        assert_eq!(view.shape(), &tensor.shape()[..], "{name}");
        let (dtype, expected): (Dtype, Vec<u8>) = match tensor.dtype() {
            DType::F16 => {
                (Dtype::F16, little(tensor.to_vec().unwrap(), |x: F16| x.to_bits().to_le_bytes()))
            }
            DType::BF16 => {
                (Dtype::BF16, little(tensor.to_vec().unwrap(), |x: Bf16| x.to_bits().to_le_bytes()))
            }
            DType::F32 => (Dtype::F32, little(tensor.to_vec().unwrap(), f32::to_le_bytes)),
            DType::F64 => (Dtype::F64, little(tensor.to_vec().unwrap(), f64::to_le_bytes)),
            DType::I64 => (Dtype::I64, little(tensor.to_vec().unwrap(), i64::to_le_bytes)),
            DType::Bool => (Dtype::BOOL, little(tensor.to_vec().unwrap(), |b: bool| [u8::from(b)])),
        };
        assert_eq!((view.dtype(), view.data()), (dtype, &expected[..]), "{name}");
    }
}

#[test]
fn we_read_what_the_formats_library_writes_and_refuse_what_it_refuses() {
    let weight = little(vec![1.5f32, -2.0, 0.25, 8.0, 0.0, -1.0], f32::to_le_bytes);
    let count = little(vec![3i64, -4], i64::to_le_bytes);
    let half = little(vec![0x3c00u16, 0x7e01, 0x8001], u16::to_le_bytes);
    let views = [
        ("weight", TensorView::new(Dtype::F32, vec![2, 3], &weight).unwrap()),
        ("count", TensorView::new(Dtype::I64, vec![2], &count).unwrap()),
        ("flag", TensorView::new(Dtype::BOOL, vec![], &[1]).unwrap()),
        ("half", TensorView::new(Dtype::F16, vec![3], &half).unwrap()),
        ("brain", TensorView::new(Dtype::BF16, vec![3, 1], &half).unwrap()),
    ];
    let bytes = serialize(views, None).unwrap();
    let path = path("theirs");
    let read = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        read_safetensors(&path)
    };
    let tensors: BTreeMap<String, Tensor> = read(&bytes).unwrap().tensors.into_iter().collect();
    assert_eq!(tensors["weight"].shape()[..], [2, 3]);
    assert_eq!(tensors["weight"].to_vec::<f32>().unwrap(), [1.5, -2.0, 0.25, 8.0, 0.0, -1.0]);
    assert_eq!(tensors["count"].to_vec::<i64>().unwrap(), [3, -4]);
    assert_eq!(tensors["flag"].to_vec::<bool>().unwrap(), [true]);
    let bits: Vec<u16> = tensors["half"].to_vec().unwrap().into_iter().map(F16::to_bits).collect();
    assert_eq!(bits, [0x3c00, 0x7e01, 0x8001]);
    let bits: Vec<u16> =
        tensors["brain"].to_vec().unwrap().into_iter().map(Bf16::to_bits).collect();
    assert_eq!(bits, [0x3c00, 0x7e01, 0x8001]);

    // Every byte of the length and the header, replaced by others that mean something there.
    let header = bytes.len() - weight.len() - count.len() - 2 * half.len() - 1;
    let mut refused = 0;
    for place in 0..header {
        for other in *b"\0\x01\xff09:,\"[]{}a-." {
            let mut damaged = bytes.clone();
            damaged[place] = other;
            if SafeTensors::deserialize(&damaged).is_err() {
                let text = String::from_utf8_lossy(&damaged[8..header]).into_owned();
                assert!(read(&damaged).is_err(), "{other:#x} at {place}: {text}");
                refused += 1;
            }
        }
    }
    assert!(refused > header, "only {refused} were refused");
    fs::remove_file(&path).unwrap();
}

fn little<T, const N: usize>(numbers: Vec<T>, bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    numbers.into_iter().flat_map(bytes).collect()
}
