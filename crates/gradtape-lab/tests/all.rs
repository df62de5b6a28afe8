//! The tests of pages that answer, as one program.

mod answers;
mod module;
#[path = "../../gradtape-play/tests/sources.rs"]
mod sources;
