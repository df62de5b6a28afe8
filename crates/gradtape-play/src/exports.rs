//! The functions of the module. A page writes bytes to [`input`], calls one, and reads what it gives at [`output`].
//!
//! Each that answers a number answers 0 where it went well, and 1 where the output is the text of an error.

use std::cell::RefCell;
use std::panic;

use gradtape::{Error, Kind, Result};

use super::session::{Session, Show};
use super::settings::Settings;

#[derive(Default)]
struct Desk {
    input: Vec<u8>,
    output: Vec<u8>,
    sessions: Vec<Option<Session>>,
}

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::default());
    /// What a panic says; the page reads it after the trap.
    static LAST: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Makes room for so many bytes of input and gives their place.
#[unsafe(no_mangle)]
pub extern "C" fn play_input(length: usize) -> *mut u8 {
    DESK.with_borrow_mut(|desk| {
        desk.input.clear();
        desk.input.resize(length, 0);
        desk.input.as_mut_ptr()
    })
}

/// Where the output of the last call is.
#[unsafe(no_mangle)]
pub extern "C" fn play_output() -> *const u8 {
    DESK.with_borrow(|desk| desk.output.as_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn play_output_length() -> usize {
    DESK.with_borrow(|desk| desk.output.len())
}

/// Where the text of the panic is that ended the last call in a trap.
#[unsafe(no_mangle)]
pub extern "C" fn play_panic() -> *const u8 {
    LAST.with_borrow(|text| text.as_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn play_panic_length() -> usize {
    LAST.with_borrow(|text| text.len())
}

/// Called once: panics leave their text. Gives what can be chosen.
#[unsafe(no_mangle)]
pub extern "C" fn play_begin() -> i32 {
    panic::set_hook(Box::new(|info| {
        LAST.with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = info.to_string().into_bytes();
            }
        });
    }));
    answer(|desk| {
        desk.output = super::choices().into_bytes();
        Ok(())
    })
}

/// Makes session `number` of the input: the settings, and after so many bytes a table, if there are any more.
#[unsafe(no_mangle)]
pub extern "C" fn play_create(number: usize, settings: usize) -> i32 {
    answer(|desk| {
        let (text, table) = desk.input.split_at(settings.min(desk.input.len()));
        let text = std::str::from_utf8(text).map_err(|error| {
            Error::new(Kind::Value, format!("the settings are no text: {error}"))
        })?;
        let table = (!table.is_empty()).then_some(table);
        let session = Session::new(Settings::read(text)?, table)?;
        let built = serde_json::to_vec(&session.built());
        if desk.sessions.len() <= number {
            desk.sessions.resize_with(number + 1, || None);
        }
        desk.sessions[number] = Some(session);
        desk.output = built.unwrap_or_default();
        Ok(())
    })
}

/// Forgets a session.
#[unsafe(no_mangle)]
pub extern "C" fn play_drop(number: usize) -> i32 {
    answer(|desk| {
        if let Some(place) = desk.sessions.get_mut(number) {
            *place = None;
        }
        Ok(())
    })
}

/// Takes so many steps; gives how many were taken, as text.
#[unsafe(no_mangle)]
pub extern "C" fn play_advance(number: usize, steps: usize) -> i32 {
    on(number, |session| Ok(session.advance(steps)?.to_string().into_bytes()))
}

/// How many steps are left to the end of the epoch, as text.
#[unsafe(no_mangle)]
pub extern "C" fn play_left(number: usize) -> i32 {
    on(number, |session| Ok(session.left().to_string().into_bytes()))
}

/// What stands beside the pictures, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn play_report(number: usize) -> i32 {
    on(number, |session| Ok(serde_json::to_vec(&session.report()).unwrap_or_default()))
}

/// The boundary, as numbers: class and certainty of each cell.
#[unsafe(no_mangle)]
pub extern "C" fn play_boundary(number: usize, side: usize) -> i32 {
    on(number, |session| Ok(bytes(&session.boundary(side)?.cells)))
}

/// The maps of all units, as numbers; of images the weights of the first layer.
#[unsafe(no_mangle)]
pub extern "C" fn play_maps(number: usize, side: usize) -> i32 {
    on(number, |session| match session.images()? {
        Some(images) => Ok(bytes(&images.cells)),
        None => Ok(bytes(&session.maps(side)?.cells)),
    })
}

/// The points, five numbers each.
#[unsafe(no_mangle)]
pub extern "C" fn play_points(number: usize) -> i32 {
    on(number, |session| Ok(bytes(&session.points()?)))
}

/// The losses, as numbers.
#[unsafe(no_mangle)]
pub extern "C" fn play_curves(number: usize) -> i32 {
    on(number, |session| Ok(bytes(&session.curves())))
}

/// Weights (0), gradients (1) or changes (2), as numbers.
#[unsafe(no_mangle)]
pub extern "C" fn play_weights(number: usize, show: usize) -> i32 {
    let show = match show {
        1 => Show::Gradients,
        2 => Show::Changes,
        _ => Show::Weights,
    };
    on(number, |session| Ok(bytes(&session.weights(show)?)))
}

/// The chain rule of a unit, or of the weight of an input if that is not -1, for a point of the next batch, as JSON.
#[unsafe(no_mangle)]
pub extern "C" fn play_chain(
    number: usize,
    stage: usize,
    unit: usize,
    input: i32,
    row: usize,
) -> i32 {
    on(number, |session| {
        let input = usize::try_from(input).ok();
        Ok(serde_json::to_vec(&session.chain(stage, unit, input, row)?).unwrap_or_default())
    })
}

/// What is taken home: the model file (0), the weights as JSON (1), the points as CSV (2), the program (3), the command (4).
#[unsafe(no_mangle)]
pub extern "C" fn play_export(number: usize, what: usize) -> i32 {
    on(number, |session| {
        Ok(match what {
            0 => session.model()?,
            1 => session.json()?.into_bytes(),
            2 => session.table()?.into_bytes(),
            3 => session.rust().into_bytes(),
            _ => {
                let (command, notes) = session.command();
                let notes = notes.into_iter().map(|note| format!("\n# {note}"));
                format!("{command}{}", notes.collect::<String>()).into_bytes()
            }
        })
    })
}

/// The images of digits and what is told of them: see [`Session::points`]; here the pixels, 64 each, those to learn from
/// first.
#[unsafe(no_mangle)]
pub extern "C" fn play_pixels(number: usize) -> i32 {
    on(number, |session| Ok(bytes(&session.pixels()?)))
}

fn on(number: usize, call: impl FnOnce(&mut Session) -> Result<Vec<u8>>) -> i32 {
    answer(|desk| {
        let session = desk.sessions.get_mut(number).and_then(Option::as_mut);
        let session = session
            .ok_or_else(|| Error::new(Kind::Value, format!("there is no session {number}")))?;
        desk.output = call(session)?;
        Ok(())
    })
}

fn answer(call: impl FnOnce(&mut Desk) -> Result<()>) -> i32 {
    DESK.with_borrow_mut(|desk| {
        desk.output.clear();
        match call(desk) {
            Ok(()) => 0,
            Err(error) => {
                desk.output = error.to_string().into_bytes();
                1
            }
        }
    })
}

/// Numbers as a script reads them.
fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}
