//! Operations that pick elements by number.
