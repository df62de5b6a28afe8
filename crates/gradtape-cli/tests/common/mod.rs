//! Runs the built program.

#![allow(dead_code, reason = "each file of tests uses a part")]

pub(crate) mod access;
pub(crate) mod chromium;
pub(crate) mod devtools;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{fs, process};

use serde_json::Value;

/// What a run of the program came to.
pub(crate) struct Run {
    pub(crate) status: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `gradtape` with arguments separated by spaces, in a folder.
pub(crate) fn run_in(folder: &Path, arguments: &str) -> Run {
    let output = command(folder, arguments).output().unwrap();
    Run::of(output)
}

pub(crate) fn run(arguments: &str) -> Run {
    run_in(Path::new(env!("CARGO_TARGET_TMPDIR")), arguments)
}

pub(crate) fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gradtape"));
    command.args(arguments.split_whitespace()).current_dir(folder).stdin(Stdio::null());
    command
}

/// Kills a process after some time. Tells whether it had ended before, which is to be well.
#[track_caller]
pub(crate) fn ended_before(mut process: Child, after: Duration) -> bool {
    let begin = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            let told = process.wait_with_output().unwrap().stderr;
            assert!(status.success(), "{}", String::from_utf8_lossy(&told));
            return true;
        }
        if begin.elapsed() > after {
            process.kill().unwrap();
            process.wait().unwrap();
            return false;
        }
        sleep(Duration::from_millis(1));
    }
}

impl Run {
    pub(crate) fn of(output: Output) -> Run {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let status = output.status.code().expect("ended by itself");
        Run { status, stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// The run when it succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Run {
        assert_eq!(self.status, 0, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Asserts a failure of a status that says each of the words on standard error.
    #[track_caller]
    pub(crate) fn fails(self, status: i32, words: &[&str]) {
        let Run { status: actual, stdout, stderr } = self;
        assert_eq!(actual, status, "stdout: {stdout}\nstderr: {stderr}");
        assert!(stderr.starts_with("error: "), "{stderr}");
        assert!(!stderr.contains("panicked"), "{stderr}");
        for word in words {
            assert!(stderr.contains(word), "{word:?} is not in: {stderr}");
        }
    }

    /// Standard output read as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}", self.stdout))
    }
}

/// Asserts that a text has each of some parts.
#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
}

/// A table of a header and of rows made from their numbers.
pub(crate) fn table(header: &str, rows: usize, row: impl Fn(usize) -> String) -> String {
    let rows: Vec<String> = (0..rows).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// Flags of a training that is soon done.
pub(crate) const QUICK: &str = "--epochs 2 --hidden 4";

/// An empty folder for one test, removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Folder {
        static FOLDERS: AtomicUsize = AtomicUsize::new(0);
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let name = format!("{name}-{}-{number}", process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Writes images of 8 x 8 as IDX files into the folder `idx`, each with a bright row at the number of its class.
    pub(crate) fn write_idx(&self, count: u32, class: impl Fn(u32) -> u32) {
        let side = 8u32;
        let header = |kind: u8, sizes: &[u32]| {
            let sizes = sizes.iter().flat_map(|size| size.to_be_bytes());
            [0, 0, 8, kind].into_iter().chain(sizes).collect::<Vec<u8>>()
        };
        let pixel = |image: u32, at: u32| match at / side == class(image) {
            true => 200 + (at % 50) as u8,
            false => ((image * 31 + at * 17) % 120) as u8,
        };
        let images = (0..count).flat_map(|image| (0..side * side).map(move |at| (image, at)));
        let images: Vec<u8> = images.map(|(image, at)| pixel(image, at)).collect();
        let labels: Vec<u8> = (0..count).map(|image| class(image) as u8).collect();
        fs::create_dir(self.path("idx")).unwrap();
        let whole = [header(3, &[count, side, side]), images].concat();
        self.write("idx/train-images-idx3-ubyte", whole);
        self.write("idx/train-labels-idx1-ubyte", [header(1, &[count]), labels].concat());
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// The names of the files, sorted.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, arguments: &str) -> Run {
        run_in(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
