//! Tensors and networks in files: `cargo fuzz run safetensors`.
#![no_main]

use gradtape::io::{Model, SafeTensors};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(read) = SafeTensors::from_bytes(bytes) {
        let size: usize = read.tensors.iter().map(|(_, t)| t.elements() * t.dtype().size()).sum();
        assert!(size < bytes.len());
        let _ = Model::from_safetensors(read);
    }
});
