//! What loops and branches of a program did, in words.

use crate::report::plural;

/// What became of a loop or a branch, which may stand in another loop.
pub(super) struct Told {
    said: String,
    is_branch: bool,
    /// How often it was come to.
    visits: usize,
    /// How often its body was run.
    times: usize,
}

impl Told {
    /// One that was not come to yet, in the words of the program.
    pub(super) fn new(said: &str, is_branch: bool) -> Told {
        Told { said: said.to_string(), is_branch, visits: 0, times: 0 }
    }

    /// It was come to, and its body was run so many times.
    pub(super) fn come_to(&mut self, times: usize) {
        self.visits += 1;
        self.times += times;
    }

    /// That a program without an expression at its end is about what it assigns last.
    pub(super) fn result(name: &str) -> Told {
        let said = format!("the result is `{name}`, which the last piece gives a value");
        Told { said, is_branch: false, visits: 0, times: 0 }
    }

    pub(super) fn text(&self) -> String {
        let Told { said, is_branch, visits, times } = self;
        if *visits == 0 {
            return said.clone();
        }
        match (is_branch, visits) {
            (true, 1) => format!("`{said}` was {}", *times == 1),
            (true, _) => format!("`{said}` was true {} of {visits}", plural(*times, "time")),
            (false, 1) => format!("`{said}` ran {}", plural(*times, "time")),
            (false, _) => {
                format!(
                    "`{said}` was begun {visits} times and ran {} in all",
                    plural(*times, "time")
                )
            }
        }
    }
}
