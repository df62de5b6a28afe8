//! [`Name`]: where in a network something stands.

use std::sync::{Arc, PoisonError, RwLock};

/// The dotted path under which a network listed a part of it, for messages.
///
/// A part can be listed alone too, under a shorter path; the longer one tells more and is kept.
#[derive(Default)]
pub(crate) struct Name(RwLock<Option<Arc<str>>>);

impl Name {
    /// The path, if it was listed.
    pub(crate) fn get(&self) -> Option<Arc<str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes a path over, unless a longer one is known.
    pub(crate) fn learn(&self, path: &str) {
        let depth = |path: &str| path.split('.').filter(|part| !part.is_empty()).count();
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| depth(known) <= depth(path) && **known != *path) {
            *known = Some(path.into());
        }
    }
}

/// The copy of a part stands nowhere until a network lists it.
impl Clone for Name {
    fn clone(&self) -> Name {
        Name::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_is_kept_and_the_latest_of_equals() {
        let name = Name::default();
        let mut seen = Vec::new();
        for path in ["", "weight", "net.weight", "weight", "", "out.weight"] {
            name.learn(path);
            seen.push(name.get().unwrap().to_string());
        }
        assert_eq!(seen, ["", "weight", "net.weight", "net.weight", "net.weight", "out.weight"]);
        assert_eq!(name.clone().get(), None);
    }
}
