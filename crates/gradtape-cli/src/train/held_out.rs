//! Whether the rows of `--test` are others than those that are trained on.

use std::path::Path;

use gradtape::data::Dataset;

use super::TEST_TABLE;
use crate::deal::Fingerprint;
use crate::error::{Failure, Outcome};
use crate::report::{of, thousands};
use crate::rows::Prepared;
use crate::source::{Source, present};

/// Fails where the table of `--test` is not there, or is the file that is trained on, by whatever name.
pub(super) fn check(source: &Source, test: &Path) -> Outcome {
    present(test).map_err(|failure| {
        let failure = Failure::usage(format!("--test {}", failure.message()));
        match failure.message().contains("hint: ") {
            true => failure,
            false => failure.note(
                "hint: --test FILE names a table beside DATA whose rows are held out; without it a share of DATA is \
                 (--test-fraction)",
            ),
        }
    })?;
    let Source::Table(path) = source else { return Ok(()) };
    match (path.canonicalize(), test.canonicalize()) {
        (Ok(own), Ok(other)) if own == other => Err(Failure::usage(format!(
            "--test {}: this is the file that is trained on: {TEST_TABLE} has other rows, which tell how good the network is \
             on what it has not seen\n  hint: leave out --test, and some rows of the file are held out",
            test.display()
        ))),
        _ => Ok(()),
    }
}

/// How many rows of the table of `--test` are also among those to train and to validate, as they are prepared; nothing
/// where none is. Of data that is read in pieces, those that are kept in memory are looked at.
pub(super) fn in_both(path: &Path, test: &Dataset, prepared: &Prepared) -> Outcome<Option<String>> {
    let mut known = Vec::new();
    for part in [&prepared.split.train, &prepared.split.validation] {
        known.extend(prints(part)?);
    }
    known.sort_unstable();
    let own = prints(test)?;
    let both = own.iter().filter(|print| known.binary_search(print).is_ok()).count();
    let at_least = if prepared.stream.is_some() { "at least " } else { "" };
    Ok((both > 0).then(|| {
        format!(
            "{}: {at_least}{} of {} also stand among those that are trained on or validated on, with the same target",
            path.display(),
            thousands(both),
            of(own.len(), "row")
        )
    }))
}

/// A number for each row, the same for the same inputs and target.
fn prints(data: &Dataset) -> Outcome<Vec<u64>> {
    if data.is_empty() {
        return Ok(Vec::new());
    }
    let inputs = data.inputs().to_vec::<f32>()?;
    let targets = data.targets().to_f64_vec();
    let [wide, narrow] = [inputs.len(), targets.len()].map(|all| (all / data.len()).max(1));
    let rows = inputs.chunks_exact(wide).zip(targets.chunks_exact(narrow));
    let print = |(inputs, targets): (&[f32], &[f64])| {
        let mut print = Fingerprint::default();
        let inputs = inputs.iter().map(|input| u64::from(input.to_bits()));
        print.row(0, inputs.chain(targets.iter().map(|target| target.to_bits())));
        print.number()
    };
    Ok(rows.map(print).collect())
}
