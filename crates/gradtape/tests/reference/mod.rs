//! Reading the reference data of `tests/data`, and comparing with it.
#![allow(dead_code, reason = "each test uses a part of it")]

use gradtape::{DType, Tensor};
use serde_json::Value;

/// A file of `tests/data`.
pub(crate) fn read(name: &str) -> Value {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The cases of a file.
pub(crate) fn cases(file: &Value) -> &[Value] {
    let cases = file["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

/// A list of numbers, where those that are not finite are strings.
pub(crate) fn numbers(list: &Value) -> Vec<f64> {
    let number = |value: &Value| match value.as_str() {
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        Some("nan") => f64::NAN,
        _ => value.as_f64().unwrap(),
    };
    list.as_array().unwrap().iter().map(number).collect()
}

/// An array with its shape.
pub(crate) fn tensor(value: &Value) -> Tensor {
    let shape: Vec<usize> =
        value["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    let data = numbers(&value["data"]);
    match value["dtype"].as_str() {
        Some("i64") => Tensor::from_vec(data.iter().map(|&v| v as i64).collect(), shape),
        Some("bool") => Tensor::from_vec(data.iter().map(|&v| v != 0.0).collect(), shape),
        _ => Tensor::from_vec(data, shape),
    }
    .unwrap()
}

/// An array of the element type given, where it holds numbers with a point.
pub(crate) fn tensor_of(value: &Value, dtype: DType) -> Tensor {
    let tensor = tensor(value);
    if tensor.dtype().is_float() { tensor.cast(dtype) } else { tensor }
}

/// `|got - want| <= absolute + relative * max |want|`; what is not finite must be the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tolerance {
    pub(crate) relative: f64,
    pub(crate) absolute: f64,
}

impl Tolerance {
    /// The tolerance of a case, or else of its file.
    pub(crate) fn of(file: &Value, case: &Value) -> Tolerance {
        let get = |own: &str, default: &str| {
            case.get(own).or(file.get(default)).and_then(Value::as_f64).unwrap_or(0.0)
        };
        Tolerance { relative: get("rtol", "default_rtol"), absolute: get("atol", "default_atol") }
    }

    /// The tolerance of a case for a computation in f64; in f32 a relative one, which each test states.
    pub(crate) fn for_type(file: &Value, case: &Value, dtype: DType, single: f64) -> Tolerance {
        match dtype {
            DType::F32 => Tolerance { relative: single, absolute: single },
            _ => Tolerance::of(file, case),
        }
    }

    /// Panics, naming `what`, when two lists differ by more.
    #[track_caller]
    pub(crate) fn check(self, what: &str, got: &[f64], want: &[f64]) {
        assert_eq!(got.len(), want.len(), "{what}");
        let largest = want.iter().filter(|v| v.is_finite()).fold(0.0f64, |a, b| a.max(b.abs()));
        let allowed = self.absolute + self.relative * largest;
        for (i, (&got_one, &want_one)) in got.iter().zip(want).enumerate() {
            let fits = match want_one.is_finite() {
                true => (got_one - want_one).abs() <= allowed,
                false => {
                    got_one.to_bits() == want_one.to_bits() || got_one.is_nan() && want_one.is_nan()
                }
            };
            assert!(
                fits,
                "{what}: element {i} is {got_one}, not {want_one} ± {allowed:e}\n{got:?}\n{want:?}"
            );
        }
    }
}

/// As in the scripts that write samples of PyTorch: numbers of which no two are close, with the same bits.
pub(crate) fn spread(count: usize, seed: u64, low: f64, high: f64) -> Vec<f64> {
    let number = |i: usize| {
        let place = (i + 1 + 7919 * seed as usize) as f64;
        (place * 0.618_033_988_749_895) % 1.0 * (high - low) + low
    };
    (0..count).map(number).collect()
}

pub(crate) fn spread_tensor(shape: &[usize], seed: u64) -> Tensor {
    Tensor::from_vec(spread(shape.iter().product(), seed, -1.5, 1.5), shape).unwrap()
}

/// Whether numbers are those of a sample of PyTorch: all of them, or the first and some sums.
pub(crate) fn check(what: &str, got: &[f64], want: &Value) {
    let near = Tolerance { relative: 1e-9, absolute: 1e-10 };
    if want.is_array() {
        return near.check(what, got, &numbers(want));
    }
    assert_eq!(got.len(), want["count"].as_u64().unwrap() as usize, "{what}");
    let first = numbers(&want["first"]);
    near.check(what, &got[..first.len()], &first);
    for (place, want) in numbers(&want["sums"]).into_iter().enumerate() {
        let weights = spread(got.len(), place as u64 + 3, -1.5, 1.5);
        let (mut sum, mut size) = (0.0, 0.0);
        for (got, weight) in got.iter().zip(weights) {
            sum += got * weight;
            size += (got * weight).abs();
        }
        assert!(
            (sum - want).abs() <= 1e-10 * (1.0 + size),
            "{what}: sum {place} is {sum}, not {want}"
        );
    }
}
