//! What Ctrl-C and the signals that end a program do: where somebody looks, they ask for the end; else they end the program,
//! and what it had begun to write is taken away.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, OnceLock, PoisonError};

use gradtape::io;

/// Whether somebody looks at the flag.
static IS_LOOKED_AT: AtomicBool = AtomicBool::new(false);

/// Folders that were made, each before those that it is in; they go while they are empty.
static MADE: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// From now on what is not written to its end is taken away at an interruption.
pub(crate) fn tidies() {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // Without a handler Ctrl-C ends the program at once, as it does everywhere.
        drop(ctrlc::set_handler(interrupted));
    });
}

/// A flag that is set at the first interruption from now on; the second one ends the program.
pub(crate) fn flag() -> Arc<AtomicBool> {
    static FLAG: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    tidies();
    Arc::clone(FLAG.get_or_init(Arc::default))
}

/// As [`flag`], which is looked at from now on.
pub(crate) fn asked() -> Arc<AtomicBool> {
    let flag = flag();
    IS_LOOKED_AT.store(true, Ordering::Relaxed);
    requeues(&flag);
    flag
}

/// Has the signal by which clusters tell a job that its time is nearly over ask for the end, too.
fn requeues(flag: &Arc<AtomicBool>) {
    #[cfg(unix)]
    {
        static HANDLER: Once = Once::new();
        // Without it the signal ends the program, as it does everywhere.
        HANDLER.call_once(|| {
            drop(signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(flag)));
        });
    }
    #[cfg(not(unix))]
    let _ = flag;
}

/// Whether the end was asked for.
pub(crate) fn is_asked() -> bool {
    flag().load(Ordering::Relaxed)
}

/// A folder for what comes, which is gone again if it was made and nothing is in it.
pub(crate) struct Made(Vec<PathBuf>);

impl Made {
    pub(crate) fn folder(folder: &Path) -> std::io::Result<Made> {
        make_folder(folder).map(Made)
    }

    /// Leaves it as it is, also empty: others have begun to write there.
    pub(crate) fn keep(mut self) {
        let folders = std::mem::take(&mut self.0);
        made().retain(|folder| !folders.contains(folder));
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        remove_empty(&self.0);
    }
}

/// Makes a folder and those that it is in. Those that were made, the innermost first, go at an interruption while they are
/// empty.
fn make_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    tidies();
    let missing = folder.ancestors().take_while(|above| !above.as_os_str().is_empty());
    let missing: Vec<PathBuf> =
        missing.take_while(|above| !above.exists()).map(Path::to_path_buf).collect();
    let mut made = made();
    made.extend(missing.iter().cloned());
    fs::create_dir_all(folder)?;
    Ok(missing)
}

/// Takes away the folders that were made and are empty, the innermost first.
fn remove_empty(folders: &[PathBuf]) {
    // Only empty folders can be removed.
    let gone = |folder: &&PathBuf| fs::remove_dir(folder).is_ok();
    folders.iter().take_while(gone).for_each(drop);
    made().retain(|folder| !folders.contains(folder));
}

fn made() -> MutexGuard<'static, Vec<PathBuf>> {
    MADE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn interrupted() {
    let again = flag().swap(true, Ordering::Relaxed);
    if IS_LOOKED_AT.load(Ordering::Relaxed) && !again {
        return;
    }
    // Nothing begins any more: what would be made between taking files away and the end would stay, with its folder.
    let made = made();
    io::with_unfinished(|files| {
        for path in files {
            drop(fs::remove_file(path));
        }
        for folder in made.iter() {
            drop(fs::remove_dir(folder));
        }
        process::exit(130)
    })
}
