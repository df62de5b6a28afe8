//! [`Spare`]: memory that one step leaves to the next.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Memory of earlier messages and buckets. Asked for anew each time, megabytes would be cleared by the system first.
#[derive(Default)]
pub(super) struct Spare {
    bytes: Mutex<Vec<Vec<u8>>>,
    numbers: Mutex<Vec<Vec<f32>>>,
}

/// How many of each are kept.
const MOST: usize = 32;

impl Spare {
    /// So many bytes, whatever they are.
    pub(super) fn bytes(&self, length: usize) -> Vec<u8> {
        taken(&self.bytes, length)
    }

    pub(super) fn keep_bytes(&self, bytes: Vec<u8>) {
        keep(&self.bytes, bytes);
    }

    /// So many numbers, whatever they are.
    pub(super) fn numbers(&self, length: usize) -> Vec<f32> {
        taken(&self.numbers, length)
    }

    pub(super) fn keep_numbers(&self, numbers: Vec<f32>) {
        keep(&self.numbers, numbers);
    }
}

/// The one of the kept that fits best, as it was left.
fn taken<T: Copy + Default>(kept: &Mutex<Vec<Vec<T>>>, length: usize) -> Vec<T> {
    let mut kept = locked(kept);
    let fits = kept.iter().enumerate().filter(|(_, own)| own.capacity() >= length);
    let best = fits.min_by_key(|(_, own)| own.capacity()).map(|(at, _)| at);
    let mut own = best.map(|at| kept.swap_remove(at)).unwrap_or_default();
    drop(kept);
    own.resize(length, T::default());
    own
}

fn keep<T>(kept: &Mutex<Vec<Vec<T>>>, own: Vec<T>) {
    let mut kept = locked(kept);
    if own.capacity() > 0 && kept.len() < MOST {
        kept.push(own);
    }
}

fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is in it is never half done.
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Spare;

    #[test]
    fn memory_is_used_again() {
        let spare = Spare::default();
        let first = spare.numbers(100);
        let place = first.as_ptr();
        assert_eq!(first, vec![0.0; 100]);
        spare.keep_numbers(first);
        spare.keep_numbers(vec![1.0; 1000]);
        let again = spare.numbers(90);
        assert_eq!((again.as_ptr(), again.len()), (place, 90));
        assert_eq!(spare.numbers(500), vec![1.0; 500], "as it was left");
        assert!(spare.bytes(0).is_empty());
    }
}
