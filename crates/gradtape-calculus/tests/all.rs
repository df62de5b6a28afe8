//! The tests of the calculus in one program, which is built and linked once.

mod common;
mod damaged_text;
mod descend;
mod differences;
mod drawing;
mod explain;
mod expressions;
mod fit;
mod language;
#[path = "../../gradtape/tests/mutations/mod.rs"]
mod mutations;
mod network;
mod plots;
mod symbolic;
mod tape;
#[path = "../../gradtape-chart/tests/xml/mod.rs"]
mod xml;
