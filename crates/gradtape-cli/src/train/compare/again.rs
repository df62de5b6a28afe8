//! Going on with a comparison that was stopped: what is done stays as it is, what has a checkpoint goes on from it.

use std::path::{Path, PathBuf};

use gradtape::shell_word;
use gradtape::train::Checkpoints;

use super::known::Kept;
use super::log::{Head, NAME, Read};
use super::{Comparison, is_in};
use crate::error::{Failure, Outcome};
use crate::output::Output;
use crate::report::of;
use crate::train::files::named;
use crate::train::resume::within;
use crate::words::{Given, TELLING, Words};

/// A comparison that goes on.
pub(super) struct Again {
    pub(super) folder: PathBuf,
    pub(super) read: Read,
    /// What is said of it now.
    pub(super) told: Words,
    /// Whether it goes on also where the data or the version is another.
    insists: bool,
}

impl Comparison {
    /// The comparison of the folder of `--resume`, if it is one that was stopped; `None` where there is none, or where the
    /// folder has the checkpoints of one training, which is to go on.
    pub(super) fn again(own: &Words) -> Outcome<Option<Comparison>> {
        let mut values = own.iter().filter_map(Given::value);
        let path = values.find(|(flag, _)| *flag == "--resume").map(|(_, path)| Path::new(path));
        // Its file stands for the folder.
        let path = path.map(|path| match path.parent() {
            Some(folder) if path.ends_with(NAME) && path.is_file() => {
                match folder.as_os_str().is_empty() {
                    true => Path::new("."),
                    false => folder,
                }
            }
            _ => path,
        });
        let Some(folder) = path.filter(|path| is_in(path)) else { return Ok(None) };
        let is_one = || Checkpoints::latest(folder).is_ok();
        let read = match Read::of(folder) {
            Some(read) if !read.ended || !is_one() => read,
            None if !is_one() => return Err(damaged(folder)),
            _ => return Ok(None),
        };
        let told = own.clone().without(&["--resume", "--insist", "--out"]);
        let others = own.iter().filter_map(Given::value).filter(|(flag, _)| *flag == "--out");
        let place = |path: &Path| path.canonicalize().ok();
        if let Some((_, other)) = { others }.find(|own| place(Path::new(own.1)) != place(folder)) {
            return Err(Failure::usage(format!(
                "--out {other}: trainings that were compared go on where they are, in {}",
                folder.display()
            )));
        }
        let saved = read.head.words();
        let shown = shell_word(&folder.display().to_string());
        let more = told.clone().behind(&Words::default()).without(&TELLING);
        if !more.is_empty() {
            let more = more.quoted();
            return Err(Failure::usage(format!(
                "--resume {shown}: these are several trainings, which go on as they began, without {more}\n  hint: one training \
                 goes on with other flags by the name of its folder in {shown}"
            )));
        }
        let under = match told.has_plain() {
            true => saved.clone().behind(&told),
            false => saved.clone(),
        };
        let out = Words::of([format!("--out={}", folder.display())]);
        let words = under.and(told.clone()).and(out);
        let Some(mut comparison) = Comparison::of_words(&words)? else {
            return if is_one() { Ok(None) } else { Err(damaged(folder)) };
        };
        if !told.has_plain() {
            comparison.words = saved;
        }
        let insists = own.has("--insist");
        comparison.again = Some(Again { folder: folder.to_path_buf(), read, told, insists });
        Ok(Some(comparison))
    }
}

/// Where the file of a comparison does not say of what it is.
fn damaged(folder: &Path) -> Failure {
    let failure = Failure::usage(format!(
        "--resume {}: {} is damaged, and does not say which trainings are compared\n  hint: the command with which they began \
         begins anew with another --out",
        shell_word(&folder.display().to_string()),
        named(folder, NAME).display()
    ));
    within(folder).into_iter().fold(failure, Failure::note)
}

impl Again {
    /// Fails where it would be another comparison.
    pub(super) fn check(&self, head: &Head) -> Outcome {
        match head.differs(&self.read.head).filter(|_| !self.insists) {
            Some(what) => Err(Failure::usage(format!(
                "--resume {}: {what}\n  hint: --insist goes on nevertheless, and what is done stays as it is; or compare anew, \
                 with another --out",
                shell_word(&self.folder.display().to_string())
            ))),
            None => Ok(()),
        }
    }

    /// The training of a number, where it is done.
    pub(super) fn done(&mut self, number: usize) -> Option<Kept> {
        let kept = &mut self.read.kept;
        let place = kept.iter().position(|own| own.number == number && own.is_done())?;
        Some(kept.swap_remove(place))
    }

    /// Tells how much of so many trainings is done.
    pub(super) fn tell(&self, all: usize, output: &Output) {
        let done = self.read.kept.iter().filter(|kept| kept.is_done()).count();
        let shown = self.folder.display();
        output.note(format_args!("goes on in {shown}: {done} of {} are done", of(all, "training")));
    }

    /// A failure to find the data, with what helps.
    pub(super) fn moved(&self, failure: Failure) -> Failure {
        failure.note(format!(
            "hint: where the data was moved, or the folder is another than that in which the trainings began: gradtape train \
             DATA --resume {}",
            shell_word(&self.folder.display().to_string())
        ))
    }

    /// What the command line of one of them is, beside what its checkpoint remembers.
    pub(super) fn words(&self, out: &Path) -> Words {
        let own = [format!("--out={}", out.display()), "--quiet".to_string()];
        // The page is of all.
        self.told.clone().without(&["--report"]).and(Words::of(own))
    }

    pub(super) fn insists(&self) -> bool {
        self.insists
    }
}
