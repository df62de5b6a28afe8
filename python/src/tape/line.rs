//! The line of Python that runs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

/// The text of each line that was asked for, by the address of its file's name, which is kept so that it stays.
type Lines = BTreeMap<(usize, i32), (Py<PyString>, Arc<str>)>;

/// How many lines are remembered: more than programs have that record.
const MOST_LINES: usize = 10_000;

thread_local! {
    static LINES: RefCell<Lines> = const { RefCell::new(BTreeMap::new()) };
}

/// The line that runs, outside of this package, as `train.py:12`.
pub(crate) fn current(py: Python<'_>) -> Arc<str> {
    find(py).unwrap_or_else(|_| Arc::from("a line that Python does not tell"))
}

fn find(py: Python<'_>) -> PyResult<Arc<str>> {
    static FRAME: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let mut frame = FRAME.import(py, "sys", "_getframe")?.call1((0,))?;
    loop {
        let file = frame.getattr(intern!(py, "f_code"))?.getattr(intern!(py, "co_filename"))?;
        let file = file.cast_into::<PyString>()?;
        let number: i32 = frame.getattr(intern!(py, "f_lineno"))?.extract().unwrap_or(0);
        let line = text(py, &file, number)?;
        if !line.is_empty() {
            return Ok(line);
        }
        let outer = frame.getattr(intern!(py, "f_back"))?;
        if outer.is_none() {
            return Ok(Arc::from("gradtape"));
        }
        frame = outer;
    }
}

/// The text of a line; empty for one of this package.
fn text(py: Python<'_>, file: &Bound<'_, PyString>, number: i32) -> PyResult<Arc<str>> {
    let key = (file.as_ptr() as usize, number);
    if let Some(line) = LINES.with_borrow(|lines| lines.get(&key).map(|(_, line)| line.clone())) {
        return Ok(line);
    }
    let name = file.to_string();
    let line: Arc<str> = match is_ours(py, &name)? {
        true => "".into(),
        false => format!("{name}:{number}").into(),
    };
    LINES.with_borrow_mut(|lines| {
        if lines.len() >= MOST_LINES {
            lines.clear();
        }
        lines.insert(key, (file.clone().unbind(), line.clone()));
    });
    Ok(line)
}

/// Whether a file is one of this package or of NumPy, which calls it.
fn is_ours(py: Python<'_>, file: &str) -> PyResult<bool> {
    static FOLDERS: PyOnceLock<Vec<String>> = PyOnceLock::new();
    let folders = FOLDERS.get_or_try_init(py, || {
        let folder = |name| {
            let path = py.import(name)?.getattr("__path__")?.get_item(0)?;
            path.str().map(|path| path.to_string())
        };
        PyResult::Ok(vec![folder("gradtape")?, folder("numpy")?])
    })?;
    let is_in = |folder: &String| file.strip_prefix(folder.as_str());
    Ok(folders.iter().filter_map(is_in).any(|rest| rest.starts_with(['/', '\\'])))
}
