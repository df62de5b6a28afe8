//! IDX files, packed and not: `cargo fuzz run idx`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(tensor) = gradtape::data::idx_from_bytes(bytes, "fuzz") {
        assert_eq!(tensor.to_f64_vec().len(), tensor.elements());
    }
});
