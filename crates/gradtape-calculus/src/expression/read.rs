//! Numbers from a tape.

use gradtape::{Mode, Tape, Var, evaluate};

use crate::report::{Error, Result};

/// A tape for numbers that are read once: planning would take longer than computing.
pub(crate) fn reading_tape() -> Tape {
    let tape = Tape::new();
    tape.set_mode(Mode::Eager);
    tape
}

/// The numbers of several scalars, computed together.
pub(crate) fn read(vars: &[Var<'_>]) -> Result<Vec<f64>> {
    let numbers = || -> gradtape::Result<Vec<f64>> {
        evaluate(vars)?;
        vars.iter().map(|var| var.item()).collect()
    };
    numbers().map_err(|error| Error::new(error.to_string()))
}

/// All elements of several values, computed together.
pub(crate) fn read_all(vars: &[Var<'_>]) -> Result<Vec<Vec<f64>>> {
    let numbers = || -> gradtape::Result<Vec<Vec<f64>>> {
        evaluate(vars)?;
        vars.iter().map(|var| Ok(var.value()?.to_f64_vec())).collect()
    };
    numbers().map_err(|error| Error::new(error.to_string()))
}
