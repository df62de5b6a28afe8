use super::*;
use crate::plan::{Body, BufferId, Place, Reg};
use crate::tensor::DType;

#[test]
fn nothing_is_read_between_elements_where_results_are_written() {
    let buffers = [(0, 9), (1, 2000), (2, 33 * 9)].map(|(number, len)| Buffer {
        dtype: DType::F32,
        len,
        place: Place::Output(number),
    });
    let access = |buffer: u32, strides: &[isize]| Access {
        buffer: BufferId(buffer),
        offset: 0,
        strides: Strides::from_slice(strides),
    };
    // A window at each pixel, or at every second one; the result by itself, or where there is room between the pixels.
    for (step, to, along) in [(1, 2, true), (2, 2, true), (1, 1, true), (2, 1, false)] {
        let plan = Contract {
            batch: Dims::new(),
            rows: Dims::from_slice(&[1]),
            columns: Dims::from_slice(&[9, 33]),
            summed: Dims::from_slice(&[3, 3]),
            a: access(0, &[9, 3, 1]),
            b: access(1, &[120, 1, 120, step]),
            epilogue: Body { dtype: DType::F32, loads: Vec::new(), insts: Vec::new() },
            stores: vec![Store { reg: Reg(0), to: access(to, &[0, 120, 1]) }],
        };
        for isa in Isa::available() {
            let ready = ContractPlan::<f32>::new(&plan, isa, &buffers);
            assert_eq!(ready.runs.is_some(), along, "{isa:?}, every {step} into {to}");
        }
    }
}
