//! [`Models`]: what is served, in the order in which it was given.

use crate::batch::Queue;

/// Models by name, the first of which answers where none is named.
#[derive(Default)]
pub(crate) struct Models(pub(crate) Vec<(String, Queue)>);

impl Models {
    /// The model of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Queue> {
        self.all().find(|(own, _)| *own == name).map(|(_, queue)| queue)
    }

    /// The model that answers where none is named.
    pub(crate) fn first(&self) -> Option<&Queue> {
        self.0.first().map(|(_, queue)| queue)
    }

    /// All, by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &Queue)> {
        self.0.iter().map(|(name, queue)| (&**name, queue))
    }
}
