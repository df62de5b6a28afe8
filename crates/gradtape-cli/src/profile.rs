//! `gradtape profile`: where the time of a training goes.

use std::ffi::OsString;

use clap::Args;

use crate::Verb;
use crate::error::Outcome;
use crate::output::Output;
use crate::train::Train;

/// Measure where the time of a training goes, by layer and by kernel
///
/// Takes the flags of `gradtape train`, trains for at most 200 steps if no --steps are given, writes no files, and
/// prints what layers and kernels of the compiled step took: seconds, their share, billions of bytes read and written
/// and of floating-point operations a second, and the share of the most operations that the cores can do. What is of a
/// gradient stands under `backward of` its layer. A kernel that computes for several layers is shared among them
/// by their operations.
#[derive(Args)]
#[command(after_help = "Examples:
  gradtape profile                                    the network of `gradtape train`
  gradtape profile train digits --network lenet       the words of a command for train
  gradtape profile homes.csv --target price --hidden 256,256 --threads 1
  gradtape profile mnist/ --steps 1000 --format json")]
pub(crate) struct Profile {
    #[command(flatten)]
    train: Train,
}

impl Verb for Profile {
    fn run(self, output: &Output) -> Outcome {
        self.train.profile(output)
    }
}

/// The arguments, where `profile train` means what `profile` does.
pub(crate) fn without_train(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let words: Vec<_> = arguments.iter().skip(1).take(2).map(|word| word.to_str()).collect();
    if words == [Some("profile"), Some("train")] {
        arguments.remove(2);
    }
    arguments
}
