//! [`Log`]: what is known of a comparison, in a file with which it goes on after a stop.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

use gradtape::{io, shell_word};
use serde::{Deserialize, Serialize};

use super::known::Kept;
use crate::error::{Failure, Outcome};
use crate::source::Source;
use crate::train::files::named;
use crate::words::Words;

/// The name of the file, in the folder of all trainings.
pub(super) const NAME: &str = "compare.jsonl";

/// What a comparison is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    version: String,
    /// The command line, without the verb.
    words: Vec<String>,
    /// Of the data and of tables of `--test`, in the order of the command line: how many bytes they have and what tells these
    /// from others; of data without files no bytes and its name.
    files: Vec<(u64, String)>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Line {
    Comparison(Head),
    Training(Box<Kept>),
    End,
}

/// What a file tells.
pub(super) struct Read {
    pub(super) head: Head,
    /// The trainings that were done, each as it was done last.
    pub(super) kept: Vec<Kept>,
    /// Whether all were.
    pub(super) ended: bool,
}

/// The file, open to be written on; no other writes to it.
pub(super) struct Log {
    path: PathBuf,
    file: File,
    /// Its first line.
    head: String,
    /// Whether there is something to go on with.
    has_any: bool,
}

impl Head {
    /// Of a command line that reads data and tables of `--test`.
    pub(super) fn of<'a>(
        words: &Words,
        source: &Source,
        tests: impl IntoIterator<Item = &'a Path>,
    ) -> Outcome<Head> {
        let mut files = vec![match &source.files()?[..] {
            [] => (0, source.name()),
            own => print(own)?,
        }];
        for test in tests {
            files.push(print(&[test.to_path_buf()])?);
        }
        Ok(Head { version: env!("CARGO_PKG_VERSION").to_string(), words: words.list(), files })
    }

    pub(super) fn words(&self) -> Words {
        Words::of(self.words.iter().cloned())
    }

    /// What is other now than it was then.
    pub(super) fn differs(&self, then: &Head) -> Option<String> {
        if self.version != then.version {
            let [now, then] = [&self.version, &then.version];
            return Some(format!("it began with gradtape {then}, and this is {now}"));
        }
        let both = self.files.iter().zip(&then.files);
        both.enumerate().find(|(_, (now, then))| now != then).map(|(place, (now, then))| {
            let what = if place == 0 { "the data" } else { "the table of --test" };
            match now.0 == then.0 {
                true if now.0 == 0 => {
                    format!("the data is not what it was: {}, and now {}", then.1, now.1)
                }
                true => {
                    format!("{what} is not what it was: other bytes or names, though as many bytes")
                }
                false => format!("{what} is not what it was: {} bytes then, {} now", then.0, now.0),
            }
        })
    }
}

impl Read {
    /// What the file of a folder tells; `None` where there is no comparison.
    pub(super) fn of(folder: &Path) -> Option<Read> {
        let bytes = fs::read(named(folder, NAME)).ok()?;
        // Of what is damaged, a line is lost and not all.
        let text = String::from_utf8_lossy(&bytes);
        // A line that was being written when the program was killed is the last one.
        let mut lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
        let Line::Comparison(head) = serde_json::from_str(lines.next()?).ok()? else { return None };
        let mut read = Read { head, kept: Vec::new(), ended: false };
        // What a damaged line told is trained again.
        for line in lines.filter_map(|line| serde_json::from_str(line).ok()) {
            match line {
                Line::Training(kept) if kept.is_whole() => {
                    read.kept.retain(|other| other.number != kept.number);
                    read.kept.push(*kept);
                }
                Line::Training(_) => {}
                Line::End => read.ended = true,
                Line::Comparison(_) => break,
            }
        }
        Some(read)
    }
}

impl Log {
    /// Begins the file of a folder, or goes on with one.
    pub(super) fn open(folder: &Path, head: &Head, before: Option<&Read>) -> Outcome<Log> {
        let path = named(folder, NAME);
        // Of several that begin at once, one is first.
        let beginning = File::open(folder).ok();
        locked(beginning.as_ref(), folder)?;
        // What another writes to is not put away.
        let known = File::open(&path).ok();
        locked(known.as_ref(), folder)?;
        let head = text(&Line::Comparison(head.clone()))?;
        let mut text = head.clone();
        for kept in before.iter().flat_map(|before| &before.kept) {
            text += &line_of(kept)?;
        }
        let file = begun(&path, &text)?;
        locked(Some(&file), folder)?;
        let has_any = before.is_some_and(|before| before.kept.iter().any(Kept::is_done));
        Ok(Log { path, file, head, has_any })
    }

    /// Notes a training.
    pub(super) fn add(&mut self, kept: &Kept) -> Outcome {
        self.has_any |= kept.is_done();
        let line = line_of(kept)?;
        self.write(&line)
    }

    /// Notes that all are done.
    pub(super) fn end(&mut self) -> Outcome {
        let line = text(&Line::End)?;
        self.write(&line)
    }

    /// Has it stay, since a training was stopped that can be gone on with.
    pub(super) fn keep(&mut self) {
        self.has_any = true;
    }

    /// Takes the file away, where there is nothing to go on with.
    pub(super) fn forget_nothing(&self) {
        if !self.has_any {
            drop(fs::remove_file(&self.path));
        }
    }

    fn write(&mut self, line: &str) -> Outcome {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        if !self.path.exists() {
            // Taken away, with what was done before.
            drop(fs::create_dir_all(folder));
            self.file = begun(&self.path, &self.head)?;
            locked(Some(&self.file), folder)?;
        }
        self.file.write_all(line.as_bytes()).map_err(|error| {
            Failure::failed(format!("{} cannot be written: {error}", self.path.display())).note(
                format!(
                    "hint: once there is room, gradtape train --resume {} goes on with what was done before",
                    shell_word(&folder.display().to_string())
                ),
            )
        })
    }
}

/// Writes a file whole, and opens it to be written on.
fn begun(path: &Path, text: &str) -> Outcome<File> {
    io::write_atomic(path, text.as_bytes())?;
    let file = OpenOptions::new().append(true).open(path);
    file.map_err(|error| Failure::failed(format!("{}: {error}", path.display())))
}

/// A line of a training, which is not copied for it.
fn line_of(kept: &Kept) -> Outcome<String> {
    #[derive(Serialize)]
    #[serde(tag = "event", rename_all = "lowercase")]
    enum Line<'a> {
        Training(&'a Kept),
    }
    Ok(serde_json::to_string(&Line::Training(kept)).map_err(Failure::failed)? + "\n")
}

fn text(line: &Line) -> Outcome<String> {
    Ok(serde_json::to_string(line).map_err(Failure::failed)? + "\n")
}

/// Keeps others away from a file while it is open. Where it cannot be locked there is nothing to keep them away with.
fn locked(file: Option<&File>, folder: &Path) -> Outcome {
    match file.map(File::try_lock) {
        Some(Err(TryLockError::WouldBlock)) => Err(Failure::usage(format!(
            "--out {}: other trainings that are compared write their files there\n  hint: wait for their end, or choose another \
             folder",
            folder.display()
        ))),
        _ => Ok(()),
    }
}

/// The length of files together, and what tells their bytes, and of several their names, from others.
fn print(paths: &[PathBuf]) -> Outcome<(u64, String)> {
    use std::io::Read;

    let (mut bytes, mut length, mut hash) = (vec![0; 1 << 16], 0u64, 0xcbf2_9ce4_8422_2325u64);
    // FNV-1a.
    let add = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    for path in paths {
        if paths.len() > 1 {
            // The folder of a class, and the name; the folder of all may be moved.
            let parts = path.components().rev().take(2);
            let names = parts.flat_map(|part| part.as_os_str().as_encoded_bytes());
            hash = names.fold(hash, add);
        }
        let failed = |error| Failure::failed(format!("{}: {error}", path.display()));
        let mut file = File::open(path).map_err(failed)?;
        loop {
            match file.read(&mut bytes).map_err(failed)? {
                0 => break,
                some => {
                    length += some as u64;
                    hash = bytes[..some].iter().fold(hash, add);
                }
            }
        }
    }
    Ok((length, format!("{hash:016x}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::compare::known::Known;

    fn head() -> Head {
        Head::of(&Words::of(["iris", "--seed", "1..3"]), &Source::Iris, []).unwrap()
    }

    fn kept(number: usize) -> Kept {
        Known::nothing(Failure::failed("it came to nothing")).kept(number, &[0.5]).unwrap()
    }

    fn numbers(folder: &Path) -> Vec<usize> {
        Read::of(folder).unwrap().kept.iter().map(|kept| kept.number).collect()
    }

    #[test]
    fn a_damaged_line_takes_no_others_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut log = Log::open(folder.path(), &head(), None).unwrap();
        (0..3).for_each(|number| log.add(&kept(number)).unwrap());
        let path = folder.path().join(NAME);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replacen("\"number\":1", "\"number\":?", 1)).unwrap();
        assert_eq!(numbers(folder.path()), [0, 2]);
        // Bytes that are no text, and epochs that are none.
        let mut bytes = text.clone().into_bytes();
        bytes[text.find("\"number\":1").unwrap()] = 0xff;
        fs::write(&path, bytes).unwrap();
        assert_eq!(numbers(folder.path()), [0, 2]);
        fs::write(
            &path,
            text.replacen("\"number\":1,\"history\":[", "\"number\":1,\"history\":[7,", 1),
        )
        .unwrap();
        assert_eq!(numbers(folder.path()), [0, 2]);
        fs::write(&path, &text[..text.len() - 5]).unwrap();
        assert_eq!(numbers(folder.path()), [0, 1]);
        fs::write(&path, &text[1..]).unwrap();
        assert!(Read::of(folder.path()).is_none());
    }

    #[test]
    fn what_is_done_after_the_folder_was_taken_away_is_noted() {
        let above = tempfile::tempdir().unwrap();
        let folder = above.path().join("out");
        fs::create_dir(&folder).unwrap();
        let mut log = Log::open(&folder, &head(), None).unwrap();
        log.add(&kept(0)).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        log.add(&kept(1)).unwrap();
        log.add(&kept(2)).unwrap();
        assert_eq!(numbers(&folder), [1, 2]);
        assert!(Log::open(&folder, &head(), None).is_err());
    }
}
