//! A tape that many values of Python share, and who may use it when.
//!
//! A tape is used by one thread at a time, and a `Var` cannot outlive it. In Python values live as long as
//! someone has them, in any thread. So they hold their tape and a number, and whatever is done with them is done
//! between two ends of a lock, which the same thread may take again: a function that `vmap` calls records on the
//! tape that `vmap` has. While the lock is waited for, and while numbers are computed, other threads of Python run.

use std::cell::{Cell, Ref, RefCell};
use std::sync::Arc;

use gradtape::Tape;
use parking_lot::{ReentrantMutex, ReentrantMutexGuard};
use pyo3::prelude::*;

use super::line;
use super::on::On;
use crate::error::{raised_in_python, told};

/// A tape and who it belongs to.
pub(crate) struct Shared {
    lock: ReentrantMutex<Kept>,
}

struct Kept {
    tape: RefCell<Tape>,
    /// How often it was reset, by which values of before are known.
    generation: Cell<u64>,
    /// Whether its `with` block ended.
    closed: Cell<bool>,
}

thread_local! {
    /// The tapes that this thread records on, for functions that are called meanwhile.
    static ENTERED: RefCell<Vec<Arc<Shared>>> = const { RefCell::new(Vec::new()) };
}

impl Shared {
    pub(crate) fn new(tape: Tape) -> Arc<Shared> {
        let kept =
            Kept { tape: RefCell::new(tape), generation: Cell::new(0), closed: Cell::new(false) };
        Arc::new(Shared { lock: ReentrantMutex::new(kept) })
    }

    /// Records on the tape on behalf of the line of Python that runs.
    pub(crate) fn enter<R>(
        self: &Arc<Self>,
        py: Python<'_>,
        f: impl for<'t> FnOnce(&On<'t>) -> PyResult<R>,
    ) -> PyResult<R> {
        let kept = self.kept(py);
        let tape = kept.borrow(None)?;
        let line = line::current(py);
        let _line = tape.told(&line);
        f(&On { tape: &tape, shared: self, generation: kept.generation.get() })
    }

    /// As [`Shared::enter`], where functions of Python may be called meanwhile.
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
            let kept = self.lock.lock();
            let tape = kept.borrow(Some(generation))?;
            let _line = tape.told(&told_line);
            Ok::<_, PyErr>(f(&tape))
        })?;
        match raised_in_python() {
            Some(raised) => Err(raised),
            None => done.map_err(|error| told(error, &line)),
        }
    }

    /// Forgets what was recorded, and with `close` all memory of it.
    pub(crate) fn reset(self: &Arc<Self>, py: Python<'_>, close: bool) -> PyResult<()> {
        let kept = self.kept(py);
        let Ok(mut tape) = kept.tape.try_borrow_mut() else { return Err(busy()) };
        match close {
            true => *tape = Tape::new(),
            false => tape.reset(),
        }
        kept.closed.set(close);
        kept.generation.set(kept.generation.get() + 1);
        Ok(())
    }

    /// Lends what is recorded on a tape of the library to Python: `f` is given a tape that has it for as long.
    pub(crate) fn lend<R>(tape: &Tape, f: impl FnOnce(&Arc<Shared>) -> R) -> R {
        let known =
            ENTERED.with_borrow(|all| all.iter().rev().find(|shared| shared.is(tape)).cloned());
        if let Some(shared) = known {
            return f(&shared);
        }
        let shared = Shared::new(Tape::new());
        let kept = shared.lock.lock();
        let done = {
            let own = kept.tape.borrow();
            own.exchange(tape);
            let _back = Back { own: &own, lent: tape };
            f(&shared)
        };
        kept.closed.set(true);
        kept.generation.set(kept.generation.get() + 1);
        done
    }

    /// Whether it holds this very tape.
    fn is(&self, tape: &Tape) -> bool {
        let Some(kept) = self.lock.try_lock() else { return false };
        kept.tape.try_borrow().is_ok_and(|own| std::ptr::eq(&*own, tape))
    }

    fn kept(&self, py: Python<'_>) -> ReentrantMutexGuard<'_, Kept> {
        loop {
            if let Some(kept) = self.lock.try_lock() {
                return kept;
            }
            py.detach(|| drop(self.lock.lock()));
        }
    }
}

impl Kept {
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
struct Back<'a> {
    own: &'a Tape,
    lent: &'a Tape,
}

impl Drop for Back<'_> {
    fn drop(&mut self) {
        self.own.exchange(self.lent);
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
        ENTERED.with_borrow_mut(|all| drop(all.pop()));
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
