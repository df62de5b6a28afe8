//! [`Shared`]: how the work on a batch is shared, and where it cannot be.

use std::ops::Range;

use super::Collective;
use super::tree::Tree;
use crate::tensor::{Error, Kind, Result};
use crate::train::LossScale;
use crate::train::step::Parts;

/// How the work on a batch is shared.
#[derive(Clone, Copy)]
pub(in crate::train) struct Shared<'n> {
    /// Into how many shards a batch is cut.
    pub(in crate::train) shards: usize,
    /// Who else computes some of them.
    pub(in crate::train) ranks: Option<&'n dyn Collective>,
}

impl Shared<'_> {
    pub(super) fn tree(self) -> Tree {
        let (ranks, rank) = self.ranks.map_or((1, 0), |own| (own.ranks(), own.rank()));
        Tree { shards: self.shards, ranks, rank }
    }

    /// The shards that this rank computes.
    pub(in crate::train) fn own(self) -> Range<usize> {
        self.tree().shards_of_rank()
    }

    /// Whether this rank is the one that writes files.
    pub(in crate::train) fn is_first(self) -> bool {
        self.ranks.is_none_or(|own| own.rank() == 0)
    }

    /// Whether a batch is more than one program.
    pub(in crate::train) fn is_cut(self) -> bool {
        self.shards != 1 || self.ranks.is_some()
    }

    /// Fails where shards, ranks and the rows of a batch do not fit, or where a step cannot be cut.
    pub(in crate::train) fn check(self, parts: &Parts<'_, '_>, rows: usize) -> Result<()> {
        let Tree { shards, ranks, .. } = self.tree();
        if shards == 0 {
            return Err(Error::new(Kind::Value, "a batch that is cut into 0 shards")
                .hint("1 leaves it whole; 8 can be shared by up to 8 ranks"));
        }
        if ranks > shards {
            let message =
                format!("{ranks} ranks share the shards of a batch, of which there are {shards}");
            let enough = ranks.next_power_of_two();
            return Err(Error::new(Kind::Value, message).hint(format!(
                "cut it into more, such as {enough}, or start fewer ranks; the number of shards decides the bits of the \
                 result, the number of ranks does not"
            )));
        }
        // Of a rank that never has rows, nobody would hear.
        if self.ranks.is_some() && rows < shards {
            let message = format!(
                "{ranks} ranks share batches of {rows} rows, which are cut into {shards} shards"
            );
            return Err(Error::new(Kind::Value, message)
                .hint("each needs a row at least: take larger batches, or fewer shards"));
        }
        let others = [
            ("takes steps of its own", parts.own.is_some()),
            ("looks at the loss several times in a step", parts.optimizer.searches()),
            ("gathers several batches for a step", parts.accumulate > 1),
            ("scales its loss", LossScale::is_needed(parts.precision)),
        ];
        if let Some((what, _)) = others.iter().find(|(_, asked)| *asked && self.is_cut()) {
            let message = format!("batches are cut into {shards} shards in a training that {what}");
            let hint = if parts.accumulate > 1 {
                "shards are computed one after the other: a larger batch in more shards needs no more memory"
            } else if LossScale::is_needed(parts.precision) {
                "bf16 needs no scale"
            } else {
                "leave one of the two out"
            };
            return Err(Error::new(Kind::Value, message).hint(hint));
        }
        Ok(())
    }
}
