//! gradtape's models from C: what stands in `include/gradtape.h`.
//!
//! Nothing that C gives is trusted beyond what the header asks of it, and no panic crosses to C.

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};

use gradtape::data::{CsvOptions, Table};
use gradtape::train::{Answers, Predictor};
use gradtape::{Error, Kind, Result};

/// A model with its names as C reads them.
#[allow(non_camel_case_types, reason = "the name in C")]
pub struct gradtape_model {
    predictor: Predictor,
    target: CString,
    columns: Vec<CString>,
    classes: Vec<CString>,
}

thread_local! {
    static LAST: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// A text for C; a 0 within it ends it.
fn text(words: &str) -> CString {
    let end = words.find('\0').unwrap_or(words.len());
    CString::new(&words[..end]).unwrap_or_default()
}

/// Runs something whose error is told by [`gradtape_error`]; a panic is one too.
fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(Error::new(Kind::Model, "the library failed; this is a fault of gradtape's"))
    });
    let (value, error) = match outcome {
        Ok(value) => (Some(value), None),
        Err(error) => (None, Some(text(&error.to_string()))),
    };
    LAST.with(|last| *last.borrow_mut() = error);
    value
}

fn wrong(message: &str) -> Error {
    Error::new(Kind::Value, message)
}

/// The version of the library.
#[unsafe(no_mangle)]
pub extern "C" fn gradtape_version() -> *const c_char {
    const VERSION: &CStr =
        match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}

/// Why the last function that failed on this thread did.
#[unsafe(no_mangle)]
pub extern "C" fn gradtape_error() -> *const c_char {
    LAST.with(|last| last.borrow().as_ref().map_or(std::ptr::null(), |error| error.as_ptr()))
}

/// Reads a model file.
///
/// # Safety
/// `path` is NULL or a text that ends in a 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_load(path: *const c_char) -> *mut gradtape_model {
    let load = || -> Result<Box<gradtape_model>> {
        if path.is_null() {
            return Err(wrong("gradtape_load: the path is NULL"));
        }
        // SAFETY: it is not NULL, and the header asks for a text that ends in a 0.
        let path = unsafe { CStr::from_ptr(path) };
        let path = path.to_str().map_err(|_| wrong("gradtape_load: the path is no UTF-8"))?;
        let predictor = Predictor::load(path)?;
        Ok(Box::new(gradtape_model {
            target: text(predictor.target()),
            columns: predictor.columns().into_iter().map(text).collect(),
            classes: predictor
                .classes()
                .unwrap_or_default()
                .iter()
                .map(|name| text(name))
                .collect(),
            predictor,
        }))
    };
    guarded(load).map_or(std::ptr::null_mut(), Box::into_raw)
}

/// Frees a model.
///
/// # Safety
/// `model` is NULL or came from [`gradtape_load`] and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_free(model: *mut gradtape_model) {
    if !model.is_null() {
        // SAFETY: it came from `Box::into_raw` and is freed once, as the header asks.
        let model = unsafe { Box::from_raw(model) };
        guarded(|| {
            drop(model);
            Ok(())
        });
    }
}

/// The model behind a pointer, if there is one.
///
/// # Safety
/// It is NULL or came from [`gradtape_load`] and was not freed.
unsafe fn model<'m>(model: *const gradtape_model) -> Option<&'m gradtape_model> {
    // SAFETY: as above; models are never changed.
    unsafe { model.as_ref() }
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}

/// The column that is predicted.
///
/// # Safety
/// `own` is NULL or a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_target(own: *const gradtape_model) -> *const c_char {
    // SAFETY: the header asks for it.
    pointer(unsafe { model(own) }.map(|own| &own.target))
}

/// How many columns the model reads.
///
/// # Safety
/// `own` is NULL or a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_columns(own: *const gradtape_model) -> usize {
    // SAFETY: the header asks for it.
    unsafe { model(own) }.map_or(0, |own| own.columns.len())
}

/// The name of a column.
///
/// # Safety
/// `own` is NULL or a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_column(
    own: *const gradtape_model,
    place: usize,
) -> *const c_char {
    // SAFETY: the header asks for it.
    pointer(unsafe { model(own) }.and_then(|own| own.columns.get(place)))
}

/// How many numbers there are for a row.
///
/// # Safety
/// `own` is NULL or a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_outputs(own: *const gradtape_model) -> usize {
    // SAFETY: the header asks for it.
    unsafe { model(own) }.map_or(0, |own| own.classes.len().max(1))
}

/// The name of a class.
///
/// # Safety
/// `own` is NULL or a model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_class(own: *const gradtape_model, place: usize) -> *const c_char {
    // SAFETY: the header asks for it.
    pointer(unsafe { model(own) }.and_then(|own| own.classes.get(place)))
}

/// Predicts rows of numbers.
///
/// # Safety
/// `own` is NULL or a model; `numbers` has `rows` times as many numbers as the model has columns, `out` room for `rows`
/// times as many as it has outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_predict(
    own: *const gradtape_model,
    numbers: *const f64,
    rows: usize,
    out: *mut f64,
) -> c_int {
    let predict = || -> Result<()> {
        // SAFETY: the header asks for it.
        let Some(own) = (unsafe { model(own) }) else {
            return Err(wrong("gradtape_predict: the model is NULL"));
        };
        if rows == 0 {
            return Ok(());
        }
        let count = rows.checked_mul(own.columns.len()).filter(|&count| fits(count));
        let room = rows.checked_mul(own.classes.len().max(1)).filter(|&room| fits(room));
        let (Some(count), Some(room)) = (count, room) else {
            return Err(wrong(&format!("gradtape_predict: {rows} rows are more than memory has")));
        };
        if numbers.is_null() || out.is_null() {
            return Err(wrong("gradtape_predict: the numbers or the room for results are NULL"));
        }
        // SAFETY: it is not NULL, and the header asks for so many.
        let numbers = unsafe { std::slice::from_raw_parts(numbers, count) };
        let rows = match own.predictor.reader().read_numbers(numbers) {
            Some(rows) => rows,
            None => own.predictor.reader().read_table(&table(own, numbers)?)?,
        };
        let answers = own.predictor.answer(&rows.inputs)?;
        // SAFETY: it is not NULL, and the header asks for so much room.
        unsafe { fill(out, room, &answers) }
    };
    guarded(predict).map_or(-1, |()| 0)
}

/// Predicts the rows of a text.
///
/// # Safety
/// `own` is NULL or a model; `words` has `length` bytes, `out` room for `capacity` numbers; `rows` is NULL or points to a
/// size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn gradtape_predict_text(
    own: *const gradtape_model,
    words: *const c_char,
    length: usize,
    out: *mut f64,
    capacity: usize,
    rows: *mut usize,
) -> c_int {
    let predict = || -> Result<()> {
        // SAFETY: the header asks for it.
        let Some(own) = (unsafe { model(own) }) else {
            return Err(wrong("gradtape_predict_text: the model is NULL"));
        };
        if words.is_null() || !fits(length) || !fits(capacity) || out.is_null() && capacity > 0 {
            return Err(wrong(
                "gradtape_predict_text: the text or the room for results are NULL or too large",
            ));
        }
        // SAFETY: it is not NULL, and the header asks for so many bytes.
        let bytes = unsafe { std::slice::from_raw_parts(words.cast::<u8>(), length) };
        let inputs = own.predictor.read(bytes, "the text")?.inputs;
        let count = inputs.shape()[0];
        let room = count.saturating_mul(own.classes.len().max(1));
        if !rows.is_null() {
            // SAFETY: it is not NULL, and the header asks for a size behind it.
            unsafe { rows.write(count) };
        }
        if room > capacity {
            return Err(wrong(&format!(
                "gradtape_predict_text: {count} rows give {room} numbers, there is room for {capacity}"
            )));
        }
        let answers = own.predictor.answer(&inputs)?;
        // SAFETY: there is room for `capacity` numbers, as the header asks, and these are not more.
        unsafe { fill(out, room, &answers) }
    };
    guarded(predict).map_or(-1, |()| 0)
}

/// Whether memory can have so many numbers.
fn fits(count: usize) -> bool {
    count.checked_mul(size_of::<f64>()).is_some_and(|bytes| bytes <= isize::MAX as usize)
}

/// Numbers as the table that the model reads.
fn table(own: &gradtape_model, numbers: &[f64]) -> Result<Table> {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let names: Vec<String> = own.predictor.columns().into_iter().map(quoted).collect();
    let mut csv = names.join(",");
    for row in numbers.chunks_exact(own.columns.len()) {
        let cells = row
            .iter()
            .map(|number| if number.is_nan() { "\"\"".to_string() } else { number.to_string() });
        csv.push('\n');
        csv += &cells.collect::<Vec<_>>().join(",");
    }
    csv.push('\n');
    let options = CsvOptions { delimiter: Some(b','), header: Some(true), ..CsvOptions::default() };
    Table::from_csv(csv.as_bytes(), "the numbers", &options)
}

/// Writes answers where there is room for so many numbers, which may have held nothing before.
///
/// # Safety
/// There is that room.
unsafe fn fill(out: *mut f64, room: usize, answers: &Answers) -> Result<()> {
    let numbers = match answers {
        Answers::Numbers(numbers) => numbers.clone(),
        Answers::Classes { probabilities, .. } => probabilities.to_f64_vec(),
    };
    if numbers.len() != room {
        return Err(wrong(&format!("{} numbers for room of {room}", numbers.len())));
    }
    // SAFETY: the caller vouches for the room; `numbers` is memory of this function alone.
    unsafe { std::ptr::copy_nonoverlapping(numbers.as_ptr(), out, room) };
    Ok(())
}
