//! The optimiser of a training, by its name or with settings of its own.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::Error;
use clap::{Arg, Command};
use gradtape::optim;

use super::flags::Train;
use crate::error::{Failure, Outcome};
use crate::hyper::with_settings;

/// Reads `NAME` or `NAME:SETTING=VALUE:…`, so that each of a list can have settings of its own.
#[derive(Clone)]
pub(super) struct OptimizerParser;

impl TypedValueParser for OptimizerParser {
    type Value = String;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<String, Error> {
        let text = value.to_string_lossy();
        let name = text.split(':').next().unwrap_or_default();
        PossibleValuesParser::new(optim::NAMES).parse_ref(command, argument, OsStr::new(name))?;
        let read = |text: &str| with_settings(text).map(|_| text.to_string());
        read.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(optim::NAMES.iter().map(PossibleValue::new)))
    }
}

impl Train {
    /// Puts settings that stand behind the name of the optimiser among those of the flags. Fails where a flag says the
    /// same.
    pub(super) fn take_settings(&mut self) -> Outcome {
        let Some(text) = self.optimizer.take() else { return Ok(()) };
        let (name, own) = with_settings(&text).map_err(Failure::usage)?;
        for (setting, value) in own.iter() {
            if self.hyper.is_set(setting) {
                let flag = setting.replace('_', "-");
                return Err(Failure::usage(format!(
                    "--optimizer {text}: {setting} is set here and by --{flag}\n  hint: leave one of them out"
                )));
            }
            self.hyper.set(setting, value);
        }
        self.optimizer = Some(name.to_string());
        Ok(())
    }
}
