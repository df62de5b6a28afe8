//! Engines: what runs programs. The only room with `unsafe` code.
//!
//! [`reference`] runs a graph operation by operation and defines every result; faster engines are
//! compared with it.

pub mod interpret;
