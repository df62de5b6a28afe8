//! Text in, text out.

use super::simplify;
use crate::plan::Target;
use crate::tape::Graph;

/// A graph over inputs `%0` and `%1` of f32[4, 3] and `%2` of f32[].
fn check(body: &str, expected: &str) {
    let whole = |body: &str| {
        let mut text = String::new();
        for (number, shape) in ["[4, 3]", "[4, 3]", "[]"].iter().enumerate() {
            text += &format!("%{number} = input {{dtype: f32; shape: {shape}}} : f32{shape}\n");
        }
        body.lines().for_each(|line| text += &format!("{}\n", line.trim()));
        text
    };
    let graph: Graph = whole(body).parse().unwrap();
    let simple = simplify(&graph, &Target::default());
    simple.verify().unwrap();
    assert_eq!(simple.to_string(), whole(expected));
    assert_eq!(simplify(&simple, &Target::default()), simple, "what is simple stays as it is");
}

#[test]
fn neutral_numbers_vanish() {
    let with = |value: &str, op: &str| {
        format!(
            "%3 = constant {{value: {value}; dtype: f32}} : f32[]
             %4 = broadcast(%3) {{shape: [4, 3]}} : f32[4, 3]
             %5 = {op}(%0, %4) : f32[4, 3]
             return %5"
        )
    };
    for (value, op) in
        [("1.0", "mul"), ("1.0", "div"), ("1.0", "pow"), ("0.0", "sub"), ("-0.0", "add")]
    {
        check(&with(value, op), "return %0");
    }
    // These change the sign of a zero, or what is not finite.
    for (value, op) in [("0.0", "add"), ("-0.0", "sub"), ("0.0", "mul"), ("0.5", "pow")] {
        check(&with(value, op), &with(value, op));
    }
    check(&with("-1.0", "mul"), "%3 = neg(%0) : f32[4, 3]\nreturn %3");
    check(&with("2.0", "pow"), "%3 = mul(%0, %0) : f32[4, 3]\nreturn %3");
    check(&with("2.0", "div"), &with("0.5", "mul"));
}

#[test]
fn zero_is_neutral_to_what_is_never_negative_zero() {
    check(
        "%3 = constant {value: 0.0; dtype: f32} : f32[]
         %4 = broadcast(%3) {shape: [4, 3]} : f32[4, 3]
         %5 = exp(%0) : f32[4, 3]
         %6 = add(%5, %4) : f32[4, 3]
         return %6",
        "%3 = exp(%0) : f32[4, 3]\nreturn %3",
    );
}

#[test]
fn signs_cancel() {
    check("%3 = neg(%0) : f32[4, 3]\n%4 = neg(%3) : f32[4, 3]\nreturn %4", "return %0");
    check(
        "%3 = neg(%0) : f32[4, 3]\n%4 = add(%3, %1) : f32[4, 3]\nreturn %4",
        "%3 = sub(%1, %0) : f32[4, 3]\nreturn %3",
    );
    check(
        "%3 = neg(%0) : f32[4, 3]\n%4 = sub(%1, %3) : f32[4, 3]\nreturn %4",
        "%3 = add(%0, %1) : f32[4, 3]\nreturn %3",
    );
}

#[test]
fn views_compose() {
    check(
        "%3 = reshape(%0) {shape: [12]} : f32[12]
         %4 = reshape(%3) {shape: [4, 3]} : f32[4, 3]
         %5 = transpose(%4) {order: [1, 0]} : f32[3, 4]
         %6 = transpose(%5) {order: [1, 0]} : f32[4, 3]
         return %6",
        "return %0",
    );
    check(
        "%3 = broadcast(%2) {shape: [2]} : f32[2]
         %4 = broadcast(%3) {shape: [3, 2]} : f32[3, 2]
         %5 = reshape(%4) {shape: [6]} : f32[6]
         return %5",
        "%3 = broadcast(%2) {shape: [6]} : f32[6]\nreturn %3",
    );
}

#[test]
fn work_on_repeated_numbers_is_done_once() {
    check(
        "%3 = broadcast(%2) {shape: [4, 3]} : f32[4, 3]
         %4 = exp(%3) : f32[4, 3]
         %5 = mul(%4, %3) : f32[4, 3]
         %6 = add(%0, %5) : f32[4, 3]
         return %6",
        "%3 = exp(%2) : f32[]
         %4 = mul(%2, %3) : f32[]
         %5 = broadcast(%4) {shape: [4, 3]} : f32[4, 3]
         %6 = add(%0, %5) : f32[4, 3]
         return %6",
    );
}

#[test]
fn sums_of_repeated_numbers_are_products() {
    check(
        "%3 = reshape(%2) {shape: [1, 1]} : f32[1, 1]
         %4 = broadcast(%3) {shape: [4, 3]} : f32[4, 3]
         %5 = sum(%4) {axes: [0, 1]} : f32[]
         return %5",
        "%3 = constant {value: 12.0; dtype: f32} : f32[]
         %4 = mul(%2, %3) : f32[]
         return %4",
    );
    check(
        "%3 = broadcast(%0) {shape: [2, 4, 3]} : f32[2, 4, 3]
         %4 = max(%3) {axes: [0, 2]} : f32[4]
         return %4",
        "%3 = max(%0) {axes: [1]} : f32[4]\nreturn %3",
    );
}

#[test]
fn equal_nodes_become_one_and_unused_ones_vanish() {
    check(
        "%3 = mul(%0, %1) : f32[4, 3]
         %4 = mul(%1, %0) : f32[4, 3]
         %5 = tanh(%0) : f32[4, 3]
         %6 = sub(%3, %4) : f32[4, 3]
         return %6",
        "%3 = mul(%0, %1) : f32[4, 3]
         %4 = sub(%3, %3) : f32[4, 3]
         return %4",
    );
}

#[test]
fn numbers_of_the_program_are_computed_when_planning() {
    check(
        "%3 = constant {value: 3.0; dtype: f32} : f32[]
         %4 = constant {value: 0.5; dtype: f32} : f32[]
         %5 = div(%4, %3) : f32[]
         %6 = less(%5, %4) : bool[]
         %7 = select(%6, %5, %3) : f32[]
         %8 = broadcast(%7) {shape: [4, 3]} : f32[4, 3]
         %9 = add(%0, %8) : f32[4, 3]
         return %9",
        "%3 = constant {value: 0.1666666716337204; dtype: f32} : f32[]
         %4 = broadcast(%3) {shape: [4, 3]} : f32[4, 3]
         %5 = add(%0, %4) : f32[4, 3]
         return %5",
    );
}

#[test]
fn casts_and_identities_are_looked_through() {
    check(
        "%3 = cast(%0) {dtype: f64} : f64[4, 3]
         %4 = cast(%3) {dtype: f32} : f32[4, 3]
         %5 = stop_gradient(%4) : f32[4, 3]
         return %5",
        "return %0",
    );
    // Here numbers are rounded on the way.
    let rounded = "%3 = cast(%0) {dtype: i64} : i64[4, 3]
         %4 = cast(%3) {dtype: f32} : f32[4, 3]
         return %4";
    check(rounded, rounded);
}

#[test]
fn contrary_choices_change_sides() {
    check(
        "%3 = less(%0, %1) : bool[4, 3]
         %4 = constant {value: 0.0; dtype: bool} : bool[]
         %5 = broadcast(%4) {shape: [4, 3]} : bool[4, 3]
         %6 = equal(%3, %5) : bool[4, 3]
         %7 = select(%6, %0, %1) : f32[4, 3]
         return %7",
        "%3 = less(%0, %1) : bool[4, 3]
         %4 = select(%3, %1, %0) : f32[4, 3]
         return %4",
    );
}

#[test]
fn what_was_rounded_is_not_rounded_again() {
    check(
        "%3 = reduce_precision(%0) {dtype: bf16} : f32[4, 3]
         %4 = relu(%3) : f32[4, 3]
         %5 = transpose(%4) {order: [1, 0]} : f32[3, 4]
         %6 = reduce_precision(%5) {dtype: bf16} : f32[3, 4]
         return %6",
        "%3 = reduce_precision(%0) {dtype: bf16} : f32[4, 3]
         %4 = relu(%3) : f32[4, 3]
         %5 = transpose(%4) {order: [1, 0]} : f32[3, 4]
         return %5",
    );
    // Of more digits, or of larger numbers: 65504 of f16 is 65536 in bf16, and inf in f16 again.
    let again = "%3 = reduce_precision(%0) {dtype: bf16} : f32[4, 3]
         %4 = add(%3, %3) : f32[4, 3]
         %5 = reduce_precision(%4) {dtype: bf16} : f32[4, 3]
         %6 = reduce_precision(%3) {dtype: f16} : f32[4, 3]
         %7 = cast(%6) {dtype: bf16} : bf16[4, 3]
         %8 = cast(%7) {dtype: f32} : f32[4, 3]
         %9 = reduce_precision(%8) {dtype: f16} : f32[4, 3]
         return %5, %9";
    check(again, again);
}

#[test]
fn windows_are_gathered_only_where_the_zeros_between_them_are_few() {
    let fold = |stride: usize, size: usize| {
        format!(
            "%3 = fold(%0) {{axis: 0; size: {size}; stride: {stride}; dilation: 1}} : f32[{size}]
             return %3"
        )
    };
    check(
        &fold(2, 9),
        "%3 = pad(%0) {axis: 0; start: 2; step: 2; size: 11} : f32[11, 3]
         %4 = window(%3) {axis: 0; size: 3; stride: 1; dilation: 1} : f32[9, 3, 3]
         %5 = flip(%4) {axis: 2} : f32[9, 3, 3]
         %6 = diagonal(%5) {axis: 1; other: 2} : f32[9, 3]
         %7 = sum(%6) {axes: [1]} : f32[9]
         return %7",
    );
    check(&fold(16, 51), &fold(16, 51));
    // Few windows of many places.
    let long = "%3 = broadcast(%2) {shape: [2, 100]} : f32[2, 100]
         %4 = fold(%3) {axis: 0; size: 101; stride: 1; dilation: 1} : f32[101]
         return %4";
    check(long, long);
}

#[test]
fn windows_of_strides_are_put_together_phase_by_phase() {
    check(
        "%3 = transpose(%1) {order: [1, 0]} : f32[3, 4]
         %4 = contract(%0, %3) {batch: 0; summed: 1} : f32[4, 4]
         %5 = fold(%4) {axis: 0; size: 11; stride: 2; dilation: 1} : f32[11]
         return %5",
        "%3 = reshape(%1) {shape: [2, 2, 3]} : f32[2, 2, 3]
         %4 = transpose(%3) {order: [2, 0, 1]} : f32[3, 2, 2]
         %5 = pad(%0) {axis: 0; start: 1; step: 1; size: 6} : f32[6, 3]
         %6 = window(%5) {axis: 0; size: 2; stride: 1; dilation: 1} : f32[5, 3, 2]
         %7 = flip(%6) {axis: 2} : f32[5, 3, 2]
         %8 = contract(%7, %4) {batch: 0; summed: 2} : f32[5, 2]
         %9 = reshape(%8) {shape: [10]} : f32[10]
         %10 = pad(%9) {axis: 0; start: 0; step: 1; size: 11} : f32[11]
         return %10",
    );
}

#[test]
fn windows_that_do_not_overlap_are_put_together_without_sums() {
    check(
        "%3 = fold(%0) {axis: 0; size: 13; stride: 3; dilation: 1} : f32[13]
         return %3",
        "%3 = reshape(%0) {shape: [12]} : f32[12]
         %4 = pad(%3) {axis: 0; start: 0; step: 1; size: 13} : f32[13]
         return %4",
    );
    check(
        "%3 = reshape(%0) {shape: [1, 12]} : f32[1, 12]
         %4 = fold(%3) {axis: 0; size: 14; stride: 5; dilation: 1} : f32[14]
         return %4",
        "%3 = reshape(%0) {shape: [12]} : f32[12]
         %4 = pad(%3) {axis: 0; start: 0; step: 1; size: 14} : f32[14]
         return %4",
    );
}

#[test]
fn a_product_is_summed_over_a_batch_axis_at_once_unless_something_else_needs_it() {
    let body = |result: &str| {
        format!(
            "%3 = contract(%0, %1) {{batch: 1; summed: 0}} : f32[4, 3, 3]
             %4 = sum(%3) {{axes: [0]}} : f32[3, 3]
             return {result}"
        )
    };
    check(
        &body("%4"),
        "%3 = transpose(%0) {order: [1, 0]} : f32[3, 4]
         %4 = contract(%3, %1) {batch: 0; summed: 1} : f32[3, 3]
         return %4",
    );
    check(&body("%3, %4"), &body("%3, %4"));
}

#[test]
fn numbers_of_the_program_are_folded_under_any_shape() {
    check(
        "%3 = constant {value: 0.5; dtype: f32} : f32[]
         %4 = reshape(%3) {shape: [1, 1]} : f32[1, 1]
         %5 = neg(%4) : f32[1, 1]
         %6 = reshape(%5) {shape: []} : f32[]
         %7 = mul(%2, %6) : f32[]
         return %7",
        "%3 = constant {value: -0.5; dtype: f32} : f32[]
         %4 = mul(%2, %3) : f32[]
         return %4",
    );
}

#[test]
fn contractions_that_are_added_up_are_one_over_all_of_them() {
    let body = |count: usize| {
        let mut text = String::from(
            "%3 = reshape(%0) {shape: [12, 1]} : f32[12, 1]
             %4 = reshape(%1) {shape: [1, 12]} : f32[1, 12]
             %5 = exp(%4) : f32[1, 12]
             %6 = sin(%4) : f32[1, 12]
             %7 = cos(%4) : f32[1, 12]
            ",
        );
        for at in 0..count {
            let (id, own) = (8 + at, 4 + at);
            text +=
                &format!("%{id} = contract(%3, %{own}) {{batch: 0; summed: 1}} : f32[12, 12]\n");
        }
        for at in 1..count {
            let (id, own) = (7 + count + at, 8 + at);
            let (first, second) = if at == 1 { (8, own) } else { (own, id - 1) };
            text += &format!("%{id} = add(%{first}, %{second}) : f32[12, 12]\n");
        }
        text + &format!("return %{}", 6 + 2 * count)
    };
    check(
        &body(4),
        "%3 = reshape(%0) {shape: [12, 1]} : f32[12, 1]
         %4 = reshape(%1) {shape: [1, 12]} : f32[1, 12]
         %5 = exp(%4) : f32[1, 12]
         %6 = sin(%4) : f32[1, 12]
         %7 = cos(%4) : f32[1, 12]
         %8 = concat(%3, %3, %3, %3) {axis: 1} : f32[12, 4]
         %9 = concat(%4, %5, %6, %7) {axis: 0} : f32[4, 12]
         %10 = contract(%8, %9) {batch: 0; summed: 1} : f32[12, 12]
         return %10",
    );
    // Where copies would be larger than the result, or something else needs one of the products, they stay.
    let small = "%3 = transpose(%1) {order: [1, 0]} : f32[3, 4]
         %4 = exp(%3) : f32[3, 4]
         %5 = sin(%3) : f32[3, 4]
         %6 = cos(%3) : f32[3, 4]
         %7 = contract(%0, %3) {batch: 0; summed: 1} : f32[4, 4]
         %8 = contract(%0, %4) {batch: 0; summed: 1} : f32[4, 4]
         %9 = contract(%0, %5) {batch: 0; summed: 1} : f32[4, 4]
         %10 = contract(%0, %6) {batch: 0; summed: 1} : f32[4, 4]
         %11 = add(%7, %8) : f32[4, 4]
         %12 = add(%9, %11) : f32[4, 4]
         %13 = add(%10, %12) : f32[4, 4]
         return %13";
    check(small, small);
    let needed = body(4).replace("return %14", "return %14, %9");
    check(&needed, &needed);
}

#[test]
fn sums_of_what_is_put_together_in_any_case_are_one() {
    check(
        "%3 = exp(%0) : f32[4, 3]
         %4 = sin(%0) : f32[4, 3]
         %5 = cos(%0) : f32[4, 3]
         %6 = reshape(%0) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %7 = reshape(%3) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %8 = reshape(%4) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %9 = reshape(%5) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %10 = concat(%6, %7, %8, %9) {axis: 1} : f32[4, 4, 3]
         %11 = sum(%5) {axes: [0]} : f32[3]
         %12 = sum(%4) {axes: [0]} : f32[3]
         %13 = sum(%3) {axes: [0]} : f32[3]
         %14 = sum(%0) {axes: [0]} : f32[3]
         %15 = add(%11, %12) : f32[3]
         %16 = add(%15, %13) : f32[3]
         %17 = add(%16, %14) : f32[3]
         return %10, %17",
        "%3 = exp(%0) : f32[4, 3]
         %4 = sin(%0) : f32[4, 3]
         %5 = cos(%0) : f32[4, 3]
         %6 = reshape(%0) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %7 = reshape(%3) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %8 = reshape(%4) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %9 = reshape(%5) {shape: [4, 1, 3]} : f32[4, 1, 3]
         %10 = concat(%6, %7, %8, %9) {axis: 1} : f32[4, 4, 3]
         %11 = reshape(%10) {shape: [16, 3]} : f32[16, 3]
         %12 = sum(%11) {axes: [0]} : f32[3]
         return %10, %12",
    );
}

#[test]
fn what_is_put_together_of_one_part_is_that_part() {
    check("%3 = concat(%0) {axis: 1} : f32[4, 3]\nreturn %3", "return %0");
}
