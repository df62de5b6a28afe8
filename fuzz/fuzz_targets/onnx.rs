//! ONNX files, read and run: `cargo fuzz run onnx`.
#![no_main]

use gradtape::{DType, Tape, Tensor};
use gradtape_onnx::{Array, Model, Network, Value};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::from_bytes(bytes) else { return };
    let _ = model.to_string();
    let Ok(network) = Network::new(model) else { return };
    let types = network.types();
    let _ = (network.model().show(&types), network.model().dot(&types));
    // The first bytes tell the shapes of the inputs.
    let sizes: Vec<usize> = bytes.iter().take(4).map(|byte| usize::from(byte % 4)).collect();
    let tape = Tape::inference();
    let names = network.model().inputs();
    let inputs = names.into_iter().enumerate().map(|(place, name)| {
        let shape = &sizes[..place.min(sizes.len())];
        let dtype = if place % 3 == 2 { DType::I64 } else { DType::F32 };
        (name, Value::from(Array::of(tape.constant(Tensor::ones(shape, dtype)))))
    });
    if let Ok(outputs) = network.run(&tape, inputs.collect()) {
        for (_, value) in outputs {
            if let Value::Array(array) = value {
                let _ = array.var.value();
            }
        }
    }
});
