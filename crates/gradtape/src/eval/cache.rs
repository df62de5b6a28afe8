//! The cache of plans: a recording that was seen before runs at once.

use std::cell::RefCell;

use super::extract::{Extraction, Want};
use crate::engine::{Engine, Prepared};
use crate::tape::Recording;
use crate::tensor::Result;

/// A plan, with what it was last run for.
struct Plan {
    hash: u64,
    extraction: Extraction,
    prepared: Prepared,
}

impl Plan {
    /// Whether it is an engine's plan of what was extracted, which has this hash.
    fn is(
        &self,
        engine: Engine,
        hash: u64,
        extraction: &Extraction,
        recording: &Recording,
    ) -> bool {
        let same = self.hash == hash && self.prepared.engine() == engine;
        same && extraction.equals(self.prepared.graph(), recording)
    }
}

/// Plans that were made on this thread, most recently used first.
#[derive(Default)]
struct Plans {
    list: Vec<Plan>,
    /// Memory for the next extraction.
    spare: Extraction,
}

/// Plans kept, and bytes of their memory, so that it stays bounded whatever a program records. The plan in
/// use is kept however large it is.
const MOST_PLANS: usize = 64;
const MOST_BYTES: usize = 1 << 30;

thread_local! {
    static PLANS: RefCell<Plans> = RefCell::default();
}

/// Calls `run` with an engine's plan of what is asked of a recording (see [`Extraction::extract`]), planning it
/// if it was never seen.
///
/// A recording that repeats the last one, which the tape has compared node by node, is known by its
/// edition. Of any other the hash narrows the search, and the structure is compared in full.
pub(crate) fn with_plan<T>(
    engine: Engine,
    recording: &Recording,
    asked: &[Want],
    costly: bool,
    run: impl FnOnce(&Extraction, &mut Prepared) -> Result<T>,
) -> Result<T> {
    PLANS.with_borrow_mut(|Plans { list, spare }| {
        let repeated = list.iter().position(|plan| {
            plan.prepared.engine() == engine && plan.extraction.is_of(recording, asked, costly)
        });
        let place = match repeated {
            Some(place) => place,
            None => {
                let hash = spare.extract(recording, asked, costly);
                let known = list.iter().position(|plan| plan.is(engine, hash, spare, recording));
                let place = match known {
                    Some(place) => place,
                    None => {
                        let prepared = engine.prepare(spare.graph(recording))?;
                        make_room(list, prepared.bytes());
                        list.push(Plan { hash, extraction: Extraction::default(), prepared });
                        list.len() - 1
                    }
                };
                std::mem::swap(&mut list[place].extraction, spare);
                place
            }
        };
        list[..=place].rotate_right(1);
        let Plan { extraction, prepared, .. } = &mut list[0];
        run(extraction, prepared)
    })
}

/// Forgets the plans that were not used for longest, until one more of this many bytes may be kept.
fn make_room(list: &mut Vec<Plan>, mut bytes: usize) {
    let kept = list.iter().take(MOST_PLANS - 1).take_while(|plan| {
        bytes = bytes.saturating_add(plan.prepared.bytes());
        bytes <= MOST_BYTES
    });
    list.truncate(kept.count());
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A plan whose result takes this many bytes, of which none are touched.
    fn plan_of(bytes: usize) -> Plan {
        let text = format!(
            "%0 = input {{dtype: f32; shape: []}} : f32[]
             %1 = broadcast(%0) {{shape: [{0}]}} : f32[{0}]
             return %1",
            bytes / size_of::<f32>()
        );
        let prepared = Engine::Cpu.prepare(text.parse().unwrap()).unwrap();
        Plan { hash: 0, extraction: Extraction::default(), prepared }
    }

    #[test]
    fn plans_kept_are_few_and_their_memory_is_bounded() {
        let mut list = Vec::new();
        let mut add = |bytes: usize| {
            let plan = plan_of(bytes);
            make_room(&mut list, plan.prepared.bytes());
            list.insert(0, plan);
            let sizes = list.iter().map(|plan: &Plan| plan.prepared.bytes());
            (list.len(), sizes.sum::<usize>())
        };
        for more in 0..100 {
            let (count, bytes) = add((200 << 20) + more);
            assert!(count == 5.min(more + 1) && bytes <= MOST_BYTES, "{count} of {bytes} bytes");
        }
        assert_eq!(add(MOST_BYTES + 4).0, 1, "one that is too large is alone");
        assert_eq!(add(4).0, 1);
        assert_eq!((0..100).map(|_| add(4).0).max(), Some(MOST_PLANS));
    }
}
