//! [`Everyone`]: which connections ask for nothing, so that these give way to new ones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;

/// The connections that are open, by number.
pub(crate) struct Everyone {
    start: Instant,
    lives: Mutex<BTreeMap<u64, Arc<Life>>>,
}

/// What a connection does.
pub(crate) struct Life {
    start: Instant,
    /// Since when it asks for nothing, in microseconds from the start; [`BUSY`] while it asks for something.
    idle_since: AtomicU64,
    leave: Notify,
}

const BUSY: u64 = u64::MAX;

/// A connection among everyone, until it is dropped.
pub(crate) struct Own {
    everyone: Arc<Everyone>,
    number: u64,
    life: Arc<Life>,
}

impl Default for Everyone {
    fn default() -> Everyone {
        Everyone { start: Instant::now(), lives: Mutex::default() }
    }
}

impl Everyone {
    /// Adds a connection, which asked for nothing yet.
    pub(crate) fn enter(self: &Arc<Everyone>) -> Own {
        let life =
            Life { start: self.start, idle_since: AtomicU64::new(BUSY), leave: Notify::new() };
        life.rests();
        let life = Arc::new(life);
        let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        let number = lives.last_key_value().map_or(0, |(number, _)| number + 1);
        lives.insert(number, life.clone());
        Own { everyone: self.clone(), number, life }
    }

    /// Tells the connection that asked for nothing for longest to end; none, where all ask for something.
    pub(crate) fn let_one_give_way(&self) {
        let lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = lives.values().map(|life| (life.idle_since.load(Ordering::Relaxed), life));
        if let Some((_, life)) =
            idle.filter(|(since, _)| *since < BUSY).min_by_key(|(since, _)| *since)
        {
            life.leave.notify_one();
        }
    }
}

impl Life {
    /// Something was read: the beginning of a request, or more of it.
    pub(crate) fn asks(&self) {
        self.idle_since.store(BUSY, Ordering::Relaxed);
    }

    /// All that there was to say was written.
    pub(crate) fn rests(&self) {
        let since = self.start.elapsed().as_micros() as u64;
        self.idle_since.store(since, Ordering::Relaxed);
    }

    /// Is done when it is told to end, and asks for nothing.
    pub(crate) async fn gives_way(&self) {
        loop {
            self.leave.notified().await;
            if self.idle_since.load(Ordering::Relaxed) < BUSY {
                return;
            }
        }
    }
}

impl Own {
    pub(crate) fn life(&self) -> &Arc<Life> {
        &self.life
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut lives = self.everyone.lives.lock().unwrap_or_else(PoisonError::into_inner);
        lives.remove(&self.number);
    }
}
