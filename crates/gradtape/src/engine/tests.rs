//! What engines are given must be what the program was made for.

use super::cpu::{Isa, Workspace, run, run_graph};
use super::{Slot, interpret, reference};
use crate::op::Bits;
use crate::plan::plan;
use crate::tape::Graph;
use crate::tensor::{DType, Result, Tensor};

fn graph() -> Graph {
    "%0 = input {dtype: f32; shape: [64]} : f32[64]
     %1 = input {dtype: f32; shape: []} : f32[]
     %2 = broadcast(%1) {shape: [64]} : f32[64]
     %3 = add(%0, %2) : f32[64]
     %4 = exp(%3) : f32[64]
     return %3 -> %0, %4"
        .parse()
        .unwrap()
}

/// Runs the graph by every engine on slots made anew for each.
fn run_all<'a>(slots: impl Fn() -> Vec<Slot<'a>>, result: &Tensor) -> Vec<Result<()>> {
    let (graph, program) = (graph(), plan(&graph()));
    let results = || {
        let mut result = result.clone();
        result.make_writable();
        vec![result]
    };
    let mut workspace = Workspace::new(&program).unwrap();
    vec![
        run(&program, &mut workspace, &mut slots(), &mut results()),
        interpret::run(&program, &mut slots(), &mut results()),
        run_graph(&graph, Isa::best(), &mut slots(), &mut Vec::new()),
        reference::run(&graph, &mut slots(), &mut Vec::new(), &mut |_, _| Ok(())),
    ]
}

#[test]
fn inputs_that_are_not_those_of_the_program_are_refused_by_every_engine() {
    let right = || Slot::Write(Box::leak(Box::new(Tensor::zeros([64], DType::F32).contiguous())));
    let leak = |tensor: Tensor| Slot::Read(Box::leak(Box::new(tensor)));
    let number = || Slot::Scalar(Bits::new(2.0));
    let result = Tensor::zeros([64], DType::F32);
    let short = || Slot::Write(Box::leak(Box::new(Tensor::zeros([63], DType::F32).contiguous())));
    let other = || Slot::Write(Box::leak(Box::new(Tensor::zeros([64], DType::I64).contiguous())));
    for done in run_all(|| vec![right(), number()], &result) {
        done.unwrap();
    }
    let wrong: [&dyn Fn() -> Vec<Slot<'static>>; 8] = [
        &|| vec![number(), number()],
        &|| vec![short(), number()],
        &|| vec![other(), number()],
        &|| vec![right(), right()],
        &|| vec![right(), leak(Tensor::from(1.0f64))],
        &|| vec![leak(Tensor::zeros([64], DType::F32).contiguous()), number()],
        &|| vec![right()],
        &Vec::new,
    ];
    for (case, slots) in wrong.iter().enumerate() {
        for (engine, done) in run_all(slots, &result).into_iter().enumerate() {
            assert!(done.is_err(), "case {case}, engine {engine}");
        }
    }
    for result in [Tensor::zeros([63], DType::F32), Tensor::zeros([64], DType::F64)] {
        for done in &run_all(|| vec![right(), number()], &result)[..2] {
            assert!(done.is_err());
        }
    }
}

#[test]
fn a_scalar_is_laid_out_as_its_element_type() {
    for (dtype, number) in [
        (DType::F16, Bits::new(0.1)),
        (DType::BF16, Bits::new(0.1)),
        (DType::F32, Bits::new(-2.5)),
        (DType::F64, Bits::new(0.1)),
        (DType::I64, Bits::whole((1 << 53) + 1)),
        (DType::Bool, Bits::new(1.0)),
    ] {
        let text = format!(
            "%0 = input {{dtype: {dtype}; shape: []}} : {dtype}[]
             %1 = reshape(%0) {{shape: [1]}} : {dtype}[1]
             return %1"
        );
        let mut results = Vec::new();
        let graph: Graph = text.parse().unwrap();
        run_graph(&graph, Isa::best(), &mut [Slot::Scalar(number)], &mut results).unwrap();
        let want = number.full(&[1].into(), dtype);
        match dtype {
            DType::I64 => {
                let got = results[0].to_vec::<i64>().unwrap();
                assert_eq!(got, [(1 << 53) + 1]);
                assert_eq!(got, want.to_vec::<i64>().unwrap());
            }
            _ => assert_eq!(results[0].to_f64_vec(), want.to_f64_vec(), "{dtype}"),
        }
    }
}
