//! Text in, text out: what each pass makes of a graph.

use super::passes;
use crate::tape::Graph;

fn check(graph: &str, pass: &str, expected: &str) {
    let graph: Graph = graph.parse().unwrap();
    let all = passes(&graph);
    let found = all.iter().find(|(name, _)| *name == pass).map_or("", |(_, text)| text);
    let plain = |text: &str| -> String {
        text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(plain(found), plain(expected), "{pass} of\n{graph}");
}

/// A layer with a transposed weight, its activation, and the sum of what it gives.
const LAYER: &str = "
    %0 = input {dtype: f32; shape: [8, 6]} : f32[8, 6]
    %1 = input {dtype: f32; shape: [5, 6]} : f32[5, 6]
    %2 = input {dtype: f32; shape: [5]} : f32[5]
    %3 = transpose(%1) {order: [1, 0]} : f32[6, 5]
    %4 = contract(%0, %3) {batch: 0; summed: 1} : f32[8, 5]
    %5 = broadcast(%2) {shape: [8, 5]} : f32[8, 5]
    %6 = add(%4, %5) : f32[8, 5]
    %7 = tanh(%6) : f32[8, 5]
    %8 = sum(%7) {axes: [0]} : f32[5]
    return %7, %8 -> %2
";

#[test]
fn each_node_gets_a_role() {
    check(
        LAYER,
        "classify",
        "%0 = input: input 0
         %1 = input: input 1
         %2 = input: input 2
         %3 = transpose: view
         %4 = contract: contract reads %0*, %1*
         %5 = broadcast: view
         %6 = add: body reads %4, %2*
         %7 = tanh: body reads %6
         %8 = sum: reduce by sum reads %7",
    );
}

#[test]
fn elementwise_work_joins_the_contraction() {
    check(LAYER, "fuse", "%4 %6 %7 over [8, 5]\n%8 over [8, 5] reducing [0]");
}

#[test]
fn an_input_is_updated_after_its_last_reader() {
    let updates = "
        %0 = input {dtype: f32; shape: [4]} : f32[4]
        %1 = input {dtype: f32; shape: [4, 4]} : f32[4, 4]
        %2 = exp(%0) : f32[4]
        %3 = broadcast(%0) {shape: [4, 4]} : f32[4, 4]
        %4 = mul(%1, %3) : f32[4, 4]
        return %4, %2 -> %0
    ";
    check(updates, "fuse", "%2 over [4]\n%4 over [4, 4]");
    check(updates, "schedule", "%4 over [4, 4]\n%2 over [4]");
}

#[test]
fn what_a_softmax_makes_of_a_product_is_summed_in_tiles() {
    let attention = "
        %0 = input {dtype: f32; shape: [4, 640, 32]} : f32[4, 640, 32]
        %1 = input {dtype: f32; shape: [4, 500, 32]} : f32[4, 500, 32]
        %2 = transpose(%1) {order: [0, 2, 1]} : f32[4, 32, 500]
        %3 = contract(%0, %2) {batch: 1; summed: 1} : f32[4, 640, 500]
        %4 = logsumexp(%3) {axes: [2]} : f32[4, 640]
        %5 = reshape(%4) {shape: [4, 640, 1]} : f32[4, 640, 1]
        %6 = broadcast(%5) {shape: [4, 640, 500]} : f32[4, 640, 500]
        %7 = sub(%3, %6) : f32[4, 640, 500]
        %8 = exp(%7) : f32[4, 640, 500]
        %9 = contract(%8, %1) {batch: 1; summed: 1} : f32[4, 640, 32]
        return %9
    ";
    check(
        attention,
        "lower",
        "program: 3 kernels, 21647360 bytes in and out of memory, arena of 5120576 bytes
         b0 = 81920 x f32 in input 0
         b1 = 64000 x f32 in input 1
         b2 = 1280000 x f32 in the arena at 576
         b3 = 1280000 x f32 in the arena at 576
         b4 = 81920 x f32 in output 0
         matmul [640, 32] x [32, 500] for each of [4]
         r0 = b0[20480, 32, 1] x b1[16000, 1, 32]
         b2[320000, 500, 1] = r0
         loop [2560] reducing [500]
         r0 = b2[500, 1]
         r1 = logsumexp r0 of the row
         r2 = sub r0 r1
         r3 = exp r2
         b3[500, 1] = r3
         matmul [640, 500] x [500, 32] for each of [4]
         r0 = b3[320000, 500, 1] x b1[16000, 32, 1]
         b4[20480, 32, 1] = r0",
    );
    check(
        attention,
        "tile",
        "program: 1 kernels, 1167360 bytes in and out of memory, arena of 0 bytes
         b0 = 81920 x f32 in input 0
         b1 = 64000 x f32 in input 1
         b2 = 1280000 x f32 in scratch 0, a tile at a time
         b3 = 1280000 x f32 in scratch 0, a tile at a time
         b4 = 81920 x f32 in output 0
         tiles of 64 of 640 rows for each of 4
         matmul [640, 32] x [32, 500] for each of [4]
         r0 = b0[20480, 32, 1] x b1[16000, 1, 32]
         b2[320000, 500, 1] = r0
         loop [4, 640] reducing [500]
         r0 = b2[320000, 500, 1]
         r1 = logsumexp r0 of the row
         r2 = sub r0 r1
         r3 = exp r2
         b3[320000, 500, 1] = r3
         matmul [640, 500] x [500, 32] for each of [4]
         r0 = b3[320000, 500, 1] x b1[16000, 32, 1]
         b4[20480, 32, 1] = r0",
    );
}

#[test]
fn what_is_padded_twice_is_spread_once() {
    let padded = "
        %0 = input {dtype: f32; shape: [3, 4]} : f32[3, 4]
        %1 = exp(%0) : f32[3, 4]
        %2 = pad(%1) {axis: 0; start: 1; step: 1; size: 5} : f32[5, 4]
        %3 = pad(%2) {axis: 1; start: 2; step: 1; size: 6} : f32[5, 6]
        return %3
    ";
    check(
        padded,
        "classify",
        "%0 = input: input 0
         %1 = exp: body reads %0
         %2 = pad: passed on
         %3 = pad: spread reads %1",
    );
    check(padded, "fuse", "%1 %3 over [3, 4]");
    check(
        padded,
        "lower",
        "program: 2 kernels, 216 bytes in and out of memory, arena of 0 bytes
         b0 = 12 x f32 in input 0
         b1 = 30 x f32 in output 0
         loop [30]
         r0 = 0.0
         b1[1] = r0
         loop [3, 4]
         r0 = b0[4, 1]
         r1 = exp r0
         b1+8[6, 1] = r1",
    );
}
