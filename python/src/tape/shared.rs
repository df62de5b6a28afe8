//! A tape that many values of Python share, and who may use it when.
//!
//! A tape is used by one thread at a time, and a `Var` cannot outlive it. In Python values live as long as
//! someone has them, in any thread. So they hold their tape and a number, and whatever is done with them is done
//! between two ends of a lock. While the lock is waited for, and while numbers are computed, other threads of Python run.
//!
//! No lock is held while a function of Python runs, which might wait for another thread that wants it: what is recorded
//! is lent for as long to a tape with a lock of its own (see [`On::calling`]), on which the function records, and who else
//! has values.

use std::cell::{Cell, Ref, RefCell};
use std::sync::Arc;
use std::time::Duration;

use gradtape::Tape;
use parking_lot::{Mutex, ReentrantMutex};
use pyo3::prelude::*;

use super::line;
use super::on::On;
use super::operand::new_tape;
use crate::error::{raised_in_python, told};

/// A tape and who it belongs to.
pub(crate) struct Shared {
    own: Arc<Level>,
    /// Where what is recorded is while functions of Python run, the last of them.
    lent: Mutex<Vec<Arc<Level>>>,
}

type Level = ReentrantMutex<Kept>;

struct Kept {
    tape: RefCell<Tape>,
    /// How often it was reset, by which values of before are known.
    generation: Cell<u64>,
    /// Whether its `with` block ended.
    closed: Cell<bool>,
}

/// How long a lock is waited for before it is asked whether it is still the one, and whether Ctrl-C was pressed.
const A_WHILE: Duration = Duration::from_millis(5);

thread_local! {
    /// The tapes that this thread records on, for functions that are called meanwhile.
    static ENTERED: RefCell<Vec<Arc<Shared>>> = const { RefCell::new(Vec::new()) };
}

impl Shared {
    pub(crate) fn new(tape: Tape) -> Arc<Shared> {
        Arc::new(Shared { own: Kept::level(tape, 0), lent: Mutex::new(Vec::new()) })
    }

    /// Records on the tape on behalf of the line of Python that runs.
    pub(crate) fn enter<R>(
        self: &Arc<Self>,
        py: Python<'_>,
        f: impl for<'t> FnOnce(&On<'t>) -> PyResult<R>,
    ) -> PyResult<R> {
        self.with(py, |kept| {
            let tape = kept.borrow(None)?;
            let line = line::current(py);
            let _line = tape.told(&line);
            f(&On { tape: &tape, shared: self, generation: kept.generation.get() })
        })
    }

    /// As [`Shared::enter`], where the library may call functions of Python meanwhile.
    pub(crate) fn enter_calling<R>(
        self: &Arc<Self>,
        py: Python<'_>,
        f: impl for<'t> FnOnce(&On<'t>) -> PyResult<R>,
    ) -> PyResult<R> {
        let _entered = Entered::new(self);
        let done = self.enter(py, f);
        raised_in_python().map_or(done, Err)
    }

    /// Computes on the tape while other threads of Python run.
    pub(crate) fn compute<R: Send>(
        self: &Arc<Self>,
        py: Python<'_>,
        generation: u64,
        f: impl Send + FnOnce(&Tape) -> gradtape::Result<R>,
    ) -> PyResult<R> {
        let line = line::current(py);
        let told_line = line.clone();
        let done = py.detach(|| {
            let _entered = Entered::new(self);
            loop {
                let level = self.level();
                if let Some(kept) = level.try_lock_for(A_WHILE) {
                    if self.is_level(&level) {
                        let tape = kept.borrow(Some(generation))?;
                        let _line = tape.told(&told_line);
                        return Ok::<_, PyErr>(f(&tape));
                    }
                } else {
                    Python::attach(|py| py.check_signals())?;
                }
            }
        })?;
        match raised_in_python() {
            Some(raised) => Err(raised),
            None => done.map_err(|error| told(error, &line)),
        }
    }

    /// Forgets what was recorded, and with `close` all memory of it. How layers behave and how values are computed stays.
    pub(crate) fn reset(self: &Arc<Self>, py: Python<'_>, close: bool) -> PyResult<()> {
        self.with(py, |kept| {
            let Ok(mut tape) = kept.tape.try_borrow_mut() else { return Err(busy()) };
            if !self.lent.lock().is_empty() {
                return Err(busy());
            }
            match close {
                true => {
                    let next = new_tape(tape.is_training());
                    next.set_mode(tape.mode());
                    *tape = next;
                }
                false => tape.reset(),
            }
            kept.closed.set(close);
            kept.generation.set(kept.generation.get() + 1);
            Ok(())
        })
    }

    /// Lends what is recorded on a tape of the library to Python: `f` is given a tape that has it for as long.
    pub(crate) fn lend<R>(tape: &Tape, f: impl FnOnce(&Arc<Shared>) -> R) -> R {
        let known =
            ENTERED.with_borrow(|all| all.iter().rev().find(|shared| shared.is(tape)).cloned());
        if let Some(shared) = known {
            return f(&shared);
        }
        let shared = Shared::new(Tape::new());
        let _back = Back::lent(&shared, shared.own.clone(), tape);
        f(&shared)
    }

    /// Lends what is recorded on a level of this tape to whoever has values, until what is returned is dropped.
    pub(super) fn lend_level<'a>(self: &'a Arc<Self>, tape: &'a Tape, generation: u64) -> Back<'a> {
        let level = Kept::level(Tape::new(), generation);
        let back = Back::lent(self, level.clone(), tape);
        self.lent.lock().push(level);
        back
    }

    /// Whether it holds this very tape.
    fn is(&self, tape: &Tape) -> bool {
        let level = self.level();
        let Some(kept) = level.try_lock() else { return false };
        kept.tape.try_borrow().is_ok_and(|own| std::ptr::eq(&*own, tape))
    }

    /// Where what is recorded is now.
    fn level(&self) -> Arc<Level> {
        self.lent.lock().last().unwrap_or(&self.own).clone()
    }

    fn is_level(&self, level: &Arc<Level>) -> bool {
        Arc::ptr_eq(self.lent.lock().last().unwrap_or(&self.own), level)
    }

    fn with<R>(&self, py: Python<'_>, f: impl FnOnce(&Kept) -> PyResult<R>) -> PyResult<R> {
        loop {
            let level = self.level();
            let Some(kept) = level.try_lock() else {
                py.check_signals()?;
                py.detach(|| drop(level.try_lock_for(A_WHILE)));
                continue;
            };
            if self.is_level(&level) {
                return f(&kept);
            }
        }
    }
}

impl Kept {
    fn level(tape: Tape, generation: u64) -> Arc<Level> {
        let (tape, generation) = (RefCell::new(tape), Cell::new(generation));
        Arc::new(ReentrantMutex::new(Kept { tape, generation, closed: Cell::new(false) }))
    }

    /// The tape, for values of a generation.
    fn borrow(&self, generation: Option<u64>) -> PyResult<Ref<'_, Tape>> {
        if self.closed.get() {
            return Err(super::wrong(
                "the tape was closed when its `with` block ended",
                "read values inside of the block, with .numpy() or float(); or record on a new gt.Tape()",
            ));
        }
        if generation.is_some_and(|generation| generation != self.generation.get()) {
            return Err(forgotten());
        }
        self.tape.try_borrow().map_err(|_| busy())
    }
}

/// Gives what was lent back, also where a panic passes.
pub(super) struct Back<'a> {
    shared: &'a Shared,
    level: Arc<Level>,
    tape: &'a Tape,
}

impl<'a> Back<'a> {
    /// Lends what is recorded on a tape to a level that nobody else has yet.
    fn lent(shared: &'a Shared, level: Arc<Level>, tape: &'a Tape) -> Back<'a> {
        level.lock().tape.borrow().exchange(tape);
        Back { shared, level, tape }
    }
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        loop {
            if let Some(kept) = self.level.try_lock() {
                // Who waits for this level sees that it is none any more.
                self.shared.lent.lock().retain(|level| !Arc::ptr_eq(level, &self.level));
                kept.tape.borrow().exchange(self.tape);
                kept.closed.set(true);
                kept.generation.set(kept.generation.get() + 1);
                return;
            }
            Python::attach(|py| py.detach(|| drop(self.level.try_lock_for(A_WHILE))));
        }
    }
}

struct Entered;

impl Entered {
    fn new(shared: &Arc<Shared>) -> Entered {
        ENTERED.with_borrow_mut(|all| all.push(shared.clone()));
        Entered
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        drop(ENTERED.with_borrow_mut(Vec::pop));
    }
}

/// The error of a value whose tape was reset.
pub(super) fn forgotten() -> PyErr {
    super::wrong(
        "the value was recorded before its tape was reset, which forgot it",
        "read it before tape.reset(), with .numpy() or float()",
    )
}

fn busy() -> PyErr {
    super::wrong(
        "the tape is reset while a function records on it",
        "call reset() when vmap, compile or the step is done",
    )
}
