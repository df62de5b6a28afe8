//! The crate's tests, one program.

mod archive;
mod cases;
mod examples;
mod export;
mod hostile;
mod kinds;
mod tables;
mod whole;
mod wire;
