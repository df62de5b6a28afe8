//! Kernels compute in one floating-point type each: truth values and results of the other one stay what they
//! mean.

use crate::planning::{Build, check, numbers};
use gradtape::op::{NodeId, binary, compare, control, linear, unary};
use gradtape::tensor::{DType, Tensor};

/// Numbers that are all 1 in f32.
fn near_one() -> Tensor {
    Tensor::from([1.0 - 1e-12, 1.0, 1.0 + 1e-12])
}

fn below_one(build: &mut Build) -> NodeId {
    let (x, one) = (build.input(near_one()), build.input(Tensor::scalar(1.0)));
    let one = build.broadcast(one, &[3].into());
    build.push(compare::Less {}, &[x, one])
}

#[test]
fn truth_values_are_compared_in_the_type_of_what_they_come_from() {
    let mut build = Build::default();
    let below = below_one(&mut build);
    let not = build.input(Tensor::from([0.0; 3]).cast(DType::Bool));
    let not = build.push(compare::Equal {}, &[below, not]);
    build.output(not);
    check(&build.graph, &build.values, 0.0);
}

#[test]
fn values_of_one_type_are_chosen_by_numbers_of_the_other() {
    let mut build = Build::default();
    let below = below_one(&mut build);
    let x = build.input(numbers([3], 1).cast(DType::F32));
    let y = build.push(unary::Neg {}, &[x]);
    let chosen = build.push(control::Select {}, &[below, x, y]);
    build.output(chosen);
    // Sums that differ in f64 alone.
    let tiny = build.input(Tensor::full([3], 1e-10, DType::F32));
    let one = build.input(Tensor::full([3], 1.0, DType::F32));
    let sum = build.push(binary::Add {}, &[one, tiny]);
    let above = build.push(compare::Less {}, &[one, sum]);
    let (x, y) = (build.input(numbers([3], 2)), build.input(numbers([3], 3)));
    let chosen = build.push(control::Select {}, &[above, x, y]);
    build.output(chosen);
    check(&build.graph, &build.values, 0.0);
}

#[test]
fn a_product_is_kept_in_the_other_type_beside_what_is_made_of_it() {
    for size in [3, 130] {
        let mut build = Build::default();
        let [a, b, other] =
            [1, 2, 3].map(|salt| build.input(numbers([size, size], salt).cast(DType::F32)));
        let product = build.push(linear::Contract { batch: 0, summed: 1 }, &[a, b]);
        let most = build.push(binary::Maximum {}, &[product, other]);
        let wide = build.push(control::Cast { dtype: DType::F64 }, &[product]);
        build.output(wide);
        build.output(most);
        check(&build.graph, &build.values, 1e-5);
    }
}
