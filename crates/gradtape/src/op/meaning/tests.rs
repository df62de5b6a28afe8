//! Meanings on memory that is given.

use super::*;
use crate::tensor::{DType, Element};

/// What every operation computes of its samples, into memory that held something else.
fn computed(sample: &crate::op::Sample<Op>, before: f64) -> Tensor {
    let metas: Vec<Meta> = sample.inputs.iter().map(Meta::of).collect();
    let out = sample.op.infer(&metas.iter().collect::<Vec<_>>()).unwrap();
    let numbers: Vec<Numbers<'_>> = sample.inputs.iter().map(|x| Numbers::of(x).unwrap()).collect();
    let walk = sample.op.walk(numbers.first().map(Numbers::shape), &out.shape);
    with_type!(out.dtype, T => {
        let mut data = vec![T::from_f64(before); out.shape.elements()];
        sample.op.run(&walk, &numbers, NumbersMut::new(&out.shape, &mut data)).unwrap();
        Tensor::from_vec(data, &out.shape).unwrap()
    })
}

#[test]
fn every_element_of_a_result_is_written() {
    for sample in Op::samples().iter().filter(|sample| !sample.op.is_input()) {
        let [one, other] = [0.0, 7.0].map(|before| computed(sample, before));
        assert!(one.equals(&other), "{:?}: {one:?} and {other:?}", sample.op);
    }
}

#[test]
fn operands_that_the_shape_rule_refuses_are_an_error() {
    let pad: Op = crate::op::shape::Pad { axis: 0, start: 1, step: 1, size: 3 }.into();
    let out = Meta::new(DType::F64, [3]);
    for (x, what) in [
        (vec![], "takes 1 inputs, not 0"),
        (vec![Tensor::from([1.0, 2.0, 3.0])], "do not fit an axis of 3"),
        (vec![Tensor::from([1.0f32])], "the result is f32[3], not f64[3]"),
    ] {
        let text = pad.eval(&x, &out).unwrap_err().to_string();
        assert!(text.contains(what), "{text}");
    }
}

#[test]
fn views_of_more_elements_than_memory_holds_are_an_error() {
    let huge = Tensor::from([1.0f32]).broadcast_to([1 << 44]).unwrap();
    let op: Op = crate::op::unary::Exp {}.into();
    let error = op.eval(std::slice::from_ref(&huge), &Meta::of(&huge)).unwrap_err();
    assert!(error.message().contains("no memory for shape"), "{error}");
}

#[test]
fn one_element_is_placed_however_far_the_next_would_be() {
    let pad: Op = crate::op::shape::Pad { axis: 0, start: 1, step: usize::MAX, size: 3 }.into();
    let y = pad.eval(&[Tensor::from([5i64])], &Meta::new(DType::I64, [3])).unwrap();
    assert_eq!(y.to_vec::<i64>().unwrap(), [0, 5, 0]);
}
