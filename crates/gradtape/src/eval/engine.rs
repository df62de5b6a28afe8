//! Which engine runs what a tape records.

use crate::engine::Engine;
use crate::tape::Tape;

impl Tape {
    /// A tape whose values another [`Engine`] computes; see there.
    #[must_use]
    pub fn with_engine(self, engine: Engine) -> Tape {
        let number = Engine::ALL.into_iter().position(|known| known == engine);
        self.set_engine_number(number.unwrap_or(0));
        self
    }

    /// The engine that computes the values of this tape.
    pub fn engine(&self) -> Engine {
        Engine::ALL.get(self.engine_number()).copied().unwrap_or_default()
    }
}
