//! [`Turns`]: which of several networks are trained, and which of them count.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use gradtape::train::{History, Stopped};

/// The numbers of networks that are trained, one after the other or side by side. After one that is stopped or fails no other
/// begins.
///
/// ```
/// use gradtape_tables::Turns;
/// let turns = Turns::new(1..4);
/// assert_eq!((turns.next(), turns.next()), (Some(1), Some(2)));
/// turns.end();
/// assert_eq!(turns.next(), None);
/// ```
#[derive(Debug)]
pub struct Turns {
    next: AtomicUsize,
    end: usize,
}

impl Turns {
    /// Of networks of these numbers.
    pub fn new(numbers: Range<usize>) -> Turns {
        Turns { next: AtomicUsize::new(numbers.start), end: numbers.end }
    }

    /// The number of the next network, if there is one. Several threads may ask.
    pub fn next(&self) -> Option<usize> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.end).then_some(number)
    }

    /// Lets no other begin.
    pub fn end(&self) {
        self.next.fetch_max(self.end, Ordering::Relaxed);
    }

    /// Takes note of what the network of a number came to, and tells whether it counts: a later one that came to nothing
    /// does not.
    pub fn came(&self, number: usize, history: &History) -> bool {
        if matches!(history.stopped, Stopped::Requested) {
            self.end();
        }
        number == 0 || history.kept_epoch > 0
    }
}
