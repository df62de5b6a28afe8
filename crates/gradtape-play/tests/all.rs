//! The tests of the playground, as one program.

mod learning;
mod lessons;
mod module;
mod program;
mod settings;
mod sources;
