//! A real browser: Chromium without a window.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Folder;

/// Where it is; tells where it is not installed.
pub(crate) fn chromium() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let names = ["chromium", "google-chrome"];
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = found.into_iter().find(|path| path.is_file());
    if found.is_none() {
        eprintln!("Chromium is not installed: the pictures are not opened in a browser");
    }
    found
}

/// The document of a file after its scripts have run. Nothing may be told on the console.
pub(crate) fn opened(chromium: &Path, folder: &Folder, file: &str, fragment: &str) -> String {
    let address = format!("file://{}{fragment}", folder.path(file).display());
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--enable-logging=stderr", "--timeout=60000"])
        .arg("--allow-file-access-from-files")
        .arg(format!("--user-data-dir={}", folder.path("profile").display()))
        .args(["--dump-dom", &address])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let console: Vec<&str> = told.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(console.is_empty(), "{console:?}");
    String::from_utf8(output.stdout).unwrap()
}
