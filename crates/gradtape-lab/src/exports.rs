//! The functions of the module. A page writes a question to [`lab_input`], calls [`lab_answer`], and reads what it gives at
//! [`lab_output`].
//!
//! Each that answers a number answers 0 where it went well, and 1 where the output is the text of an error.

use std::cell::RefCell;
use std::panic;

#[derive(Default)]
struct Desk {
    input: Vec<u8>,
    output: Vec<u8>,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::default());
    /// What a panic says; the page reads it after the trap.
    static LAST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for so many bytes of input and gives their place.
#[unsafe(no_mangle)]
pub extern "C" fn lab_input(length: usize) -> *mut u8 {
    DESK.with_borrow_mut(|desk| {
        desk.input.clear();
        desk.input.resize(length, 0);
        desk.input.as_mut_ptr()
    })
}

/// Where the output of the last call is.
#[unsafe(no_mangle)]
pub extern "C" fn lab_output() -> *const u8 {
    DESK.with_borrow(|desk| desk.output.as_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn lab_output_length() -> usize {
    DESK.with_borrow(|desk| desk.output.len())
}

/// Where the text of the panic is that ended the last call in a trap.
#[unsafe(no_mangle)]
pub extern "C" fn lab_panic() -> *const u8 {
    LAST.with_borrow(|text| text.as_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn lab_panic_length() -> usize {
    LAST.with_borrow(|text| text.len())
}

/// Called once: panics leave their text.
#[unsafe(no_mangle)]
pub extern "C" fn lab_begin() -> i32 {
    panic::set_hook(Box::new(|info| {
        LAST.with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = info.to_string().into_bytes();
            }
        });
    }));
    0
}

/// Answers the question in the input, as JSON; see [`answer`](crate::answer).
#[unsafe(no_mangle)]
pub extern "C" fn lab_answer() -> i32 {
    DESK.with_borrow_mut(|desk| {
        let question = String::from_utf8_lossy(&desk.input);
        match crate::answer(&question) {
            Ok(parts) => {
                desk.output = parts.into_bytes();
                0
            }
            Err(error) => {
                desk.output = error.to_string().into_bytes();
                1
            }
        }
    })
}
