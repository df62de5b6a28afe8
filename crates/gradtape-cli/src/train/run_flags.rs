//! [`RunFlags`]: how a training runs, beside what it trains.

use clap::Args;

use super::flags::count;

/// How a training runs.
#[derive(Args, Debug, Default)]
pub(crate) struct RunFlags {
    /// How many perceptrons are trained, each with other first weights and other rows to validate, to
    /// answer together: their outputs are averaged [default: 1, for a table with fewer than 20,000 rows 4,
    /// if nothing else is chosen of network and training]
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Network")]
    pub(super) members: Option<usize>,
}
