//! The programs of the course in `docs/book`, run as tests.

macro_rules! chapters {
    ($($name:ident: $file:literal;)*) => {
        $(#[doc = include_str!(concat!("../../../docs/book/src/", $file))]
        pub struct $name;)*
    };
}

chapters! {
    Gradients: "gradients.md";
    ThreeWays: "three-ways.md";
    Tape: "tape.md";
    OwnTape: "own-tape.md";
    Backpropagation: "backpropagation.md";
    Batches: "batches.md";
    Leak: "leak.md";
    Losses: "losses.md";
    Softmax: "softmax.md";
    Watching: "watching.md";
}
