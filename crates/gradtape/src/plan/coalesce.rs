//! Merging axes of a loop that every access walks through as one.

use super::program::{Inst, Loop, Strides};

/// The loop over as few axes as possible.
pub(super) fn coalesce(mut plain: Loop) -> Loop {
    let mut axis = plain.space.len();
    while axis > 1 {
        axis -= 1;
        let kept = plain.space.len() - plain.reduced;
        if axis != kept && merges(&plain, axis - 1, kept) {
            let size = plain.space[axis];
            plain.space[axis - 1] *= size;
            each_strides(&mut plain, |strides| {
                // A reduction's target has strides of the kept axes only.
                if axis < strides.len() {
                    strides.remove(axis - 1);
                }
            });
            plain.space.remove(axis);
            plain.reduced -= usize::from(axis > kept);
        }
    }
    if !plain.reductions.is_empty() && plain.reduced == 0 {
        plain.space.push(1);
        plain.reduced = 1;
        plain.body.loads.iter_mut().for_each(|load| load.strides.push(0));
        plain.stores.iter_mut().for_each(|store| store.to.strides.push(0));
        for inst in &mut plain.body.insts {
            if let Inst::Index { strides, .. } | Inst::Random { strides, .. } = inst {
                strides.push(0);
            }
        }
    }
    plain
}

/// Whether axis `outer` and the next are walked through as one by everything.
fn merges(plain: &Loop, outer: usize, kept: usize) -> bool {
    let size = plain.space[outer + 1] as isize;
    let one = |strides: &Strides| strides[outer] == strides[outer + 1] * size;
    plain.body.loads.iter().all(|load| one(&load.strides))
        && plain.stores.iter().all(|store| one(&store.to.strides))
        && plain.body.insts.iter().all(|inst| match inst {
            Inst::Index { strides, .. } | Inst::Random { strides, .. } => one(strides),
            _ => true,
        })
        && plain.reductions.iter().all(|r| outer + 1 >= kept || one(&r.to.strides))
}

fn each_strides(plain: &mut Loop, mut change: impl FnMut(&mut Strides)) {
    plain.body.loads.iter_mut().for_each(|load| change(&mut load.strides));
    plain.stores.iter_mut().for_each(|store| change(&mut store.to.strides));
    plain.reductions.iter_mut().for_each(|reduction| change(&mut reduction.to.strides));
    for inst in &mut plain.body.insts {
        if let Inst::Index { strides, .. } | Inst::Random { strides, .. } = inst {
            change(strides);
        }
    }
}
