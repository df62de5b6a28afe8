//! The tests of the playground, as one program.

mod learning;
mod module;
mod program;
mod settings;
