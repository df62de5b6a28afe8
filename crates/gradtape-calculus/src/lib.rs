//! Expressions in text: parse, differentiate, explain.
