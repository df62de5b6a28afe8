//! [`Log`]: what is known of a search, in a file with which it goes on after a stop.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use gradtape::io;
use serde::{Deserialize, Serialize};

use super::Key;
use crate::error::{Failure, Outcome};
use crate::report::Number;

/// What a search is of: with another one it does not go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) version: String,
    pub(super) seed: u64,
    /// The fingerprint of the rows.
    pub(super) data: String,
    /// The flags of the training, without those that say how it is told.
    pub(super) flags: Vec<String>,
}

/// A trial of one round.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Trial {
    pub(super) trial: usize,
    /// From 1 on.
    pub(super) round: usize,
    pub(super) epochs: usize,
    pub(super) networks: usize,
    /// The mean of the lowest losses on the rows to validate; none where training came to nothing.
    pub(super) loss: Option<f64>,
    pub(super) seconds: f64,
    pub(super) settings: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Search(Head),
    Size { trials: usize },
    Trial(Trial),
}

/// The file, open to be written on.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// How many settings are tried, once that is known.
    pub(super) size: Option<usize>,
    pub(super) trials: BTreeMap<Key, Trial>,
}

impl Log {
    /// Goes on with the search of a folder, or begins one. Fails for a file of another search.
    pub(super) fn open(path: PathBuf, head: &Head) -> Outcome<Log> {
        let shown = path.display();
        let refused = |why: String| Failure::usage(format!("{shown}: {why}"));
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(refused(error.to_string())),
        };
        let (mut size, mut trials) = (None, BTreeMap::new());
        let mut known = text.lines();
        if let Some(first) = known.next() {
            let hint = "hint: choose another --out, or take the file away";
            let Ok(Line::Search(there)) = serde_json::from_str(first) else {
                return Err(refused(format!("this is no search of gradtape\n  {hint}")));
            };
            if let Some(what) = head.differs(&there) {
                return Err(refused(format!("this is a search {what}\n  {hint}")));
            }
        }
        // A line that was being written when the program was killed is the last one.
        for line in known.map_while(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Trial(trial) => drop(trials.insert(trial.key(), trial)),
                Line::Size { trials } => size = Some(trials),
                Line::Search(_) => break,
            }
        }
        let mut whole = Log::text(&Line::Search(head.clone()))?;
        if let Some(trials) = size {
            whole += &Log::text(&Line::Size { trials })?;
        }
        for trial in trials.values() {
            whole += &Log::text(&Line::Trial(trial.clone()))?;
        }
        io::write_atomic(&path, whole.as_bytes())?;
        let file = OpenOptions::new().append(true).open(&path);
        let file = file.map_err(|error| Failure::failed(format!("{}: {error}", path.display())))?;
        Ok(Log { path, file, size, trials })
    }

    /// Notes how many settings are tried.
    pub(super) fn set_size(&mut self, trials: usize) -> Outcome {
        self.size = Some(trials);
        self.write(&Line::Size { trials })
    }

    /// Notes a trial.
    pub(super) fn add(&mut self, trial: Trial) -> Outcome {
        self.write(&Line::Trial(trial.clone()))?;
        self.trials.insert(trial.key(), trial);
        Ok(())
    }

    /// The trial of the lowest loss, of the same the one of the latest round.
    pub(super) fn best(&self) -> Option<&Trial> {
        let all = self.trials.values().rev().filter(|trial| trial.loss.is_some());
        all.min_by(|a, b| a.order().total_cmp(&b.order()))
    }

    /// All trials as a table, by round and loss.
    pub(super) fn csv(&self) -> String {
        let mut flags: Vec<&str> = Vec::new();
        for name in self.trials.values().flat_map(|trial| trial.settings.keys()) {
            if !flags.contains(&name.as_str()) {
                flags.push(name);
            }
        }
        flags.sort_unstable();
        let mut text = String::from("round,trial,epochs,networks,validation_loss,seconds");
        flags.iter().for_each(|flag| text += &format!(",{flag}"));
        text.push('\n');
        let mut all: Vec<&Trial> = self.trials.values().collect();
        all.sort_by(|a, b| a.round.cmp(&b.round).then(a.order().total_cmp(&b.order())));
        for Trial { trial, round, epochs, networks, loss, seconds, settings } in all {
            let loss = loss.map_or(String::new(), |loss| loss.to_string());
            text += &format!("{round},{trial},{epochs},{networks},{loss},{seconds:.3}");
            for flag in &flags {
                let value = settings.get(*flag).map_or("", String::as_str);
                let quote = if value.contains(',') { "\"" } else { "" };
                text += &format!(",{quote}{value}{quote}");
            }
            text.push('\n');
        }
        text
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn text(line: &Line) -> Outcome<String> {
        Ok(serde_json::to_string(line).map_err(Failure::failed)? + "\n")
    }

    fn write(&mut self, line: &Line) -> Outcome {
        let text = Log::text(line)?;
        self.file.write_all(text.as_bytes()).map_err(|error| {
            Failure::failed(format!("{} cannot be written: {error}", self.path.display()))
        })
    }
}

impl Trial {
    pub(super) fn key(&self) -> Key {
        (self.round.saturating_sub(1), self.trial)
    }

    /// As it is called.
    pub(super) fn name(&self) -> String {
        format!("trial {} of round {}", self.trial, self.round)
    }

    /// By what trials are ordered: those that came to nothing are the last.
    pub(super) fn order(&self) -> f64 {
        self.loss.unwrap_or(f64::INFINITY)
    }

    /// The loss for programs.
    pub(super) fn number(&self) -> Option<Number> {
        self.loss.map(Number)
    }
}

impl Head {
    /// What is other in another search.
    fn differs(&self, other: &Head) -> Option<String> {
        let Head { version, seed, data, flags } = other;
        if *flags != self.flags || *seed != self.seed {
            return Some(format!("with other flags: {}", flags.join(" ")));
        }
        if *data != self.data {
            return Some("on other rows".to_string());
        }
        (*version != self.version).then(|| format!("of gradtape {version}"))
    }
}
