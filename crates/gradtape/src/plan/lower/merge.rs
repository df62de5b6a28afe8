//! Merging axes of a kernel's space that every access walks through as one.

use crate::plan::program::{Body, Contract, Inst, Loop, Store, Strides};
use crate::tensor::Dims;

/// The loop over as few axes as possible.
pub(in crate::plan) fn plain(mut plain: Loop) -> Loop {
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

/// The contraction with as few axes in each group as possible.
pub(in crate::plan) fn contract(mut product: Contract) -> Contract {
    for group in [AxisGroup::Batch, AxisGroup::Rows, AxisGroup::Columns, AxisGroup::Summed] {
        let mut axis = product.sizes(group).len();
        while axis > 0 {
            axis -= 1;
            let size = product.sizes(group)[axis];
            if size == 1 {
                product.drop_axis(group, axis);
                continue;
            }
            if axis + 1 == product.sizes(group).len() {
                continue;
            }
            let inner = product.sizes(group)[axis + 1];
            let mut one = true;
            product.each_strides(group, |strides, first| {
                one &= strides[first + axis] == strides[first + axis + 1] * inner as isize;
            });
            if one {
                product.sizes(group)[axis + 1] *= size;
                product.drop_axis(group, axis);
            }
        }
    }
    product
}

/// Cuts the last axis that a loop keeps in two of which the inner one has so many indices, where it consists of such.
pub(in crate::plan) fn split_rows(plain: &mut Loop, rows: usize) {
    let Some(axis) = (plain.space.len() - plain.reduced).checked_sub(1) else { return };
    let size = plain.space[axis];
    if rows == 0 || size == rows || !size.is_multiple_of(rows) {
        return;
    }
    plain.space[axis] = rows;
    plain.space.insert(axis, size / rows);
    each_strides(plain, |strides| {
        if let Some(&stride) = strides.get(axis) {
            strides.insert(axis, stride * rows as isize);
        }
    });
}

#[derive(Clone, Copy)]
enum AxisGroup {
    Batch,
    Rows,
    Columns,
    Summed,
}

impl Contract {
    fn sizes(&mut self, group: AxisGroup) -> &mut Dims {
        match group {
            AxisGroup::Batch => &mut self.batch,
            AxisGroup::Rows => &mut self.rows,
            AxisGroup::Columns => &mut self.columns,
            AxisGroup::Summed => &mut self.summed,
        }
    }

    fn drop_axis(&mut self, group: AxisGroup, axis: usize) {
        self.sizes(group).remove(axis);
        self.each_strides(group, |strides, first| {
            strides.remove(first + axis);
        });
    }

    /// Calls `each` with the strides of everything that walks along a group, and the place of its first axis
    /// among them.
    fn each_strides(&mut self, group: AxisGroup, mut each: impl FnMut(&mut Strides, usize)) {
        // Where the group's axes start in the left operand, in the right one and in the result.
        let (batch, rows, summed) = (self.batch.len(), self.rows.len(), self.summed.len());
        let [left, right, result] = match group {
            AxisGroup::Batch => [Some(0); 3],
            AxisGroup::Rows => [Some(batch), None, Some(batch)],
            AxisGroup::Columns => [None, Some(batch + summed), Some(batch + rows)],
            AxisGroup::Summed => [Some(batch + rows), Some(batch), None],
        };
        left.into_iter().for_each(|first| each(&mut self.a.strides, first));
        right.into_iter().for_each(|first| each(&mut self.b.strides, first));
        if let Some(first) = result {
            each_of_body(&mut self.epilogue, &mut self.stores, |strides| each(strides, first));
        }
    }
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
    each_of_body(&mut plain.body, &mut plain.stores, &mut change);
    plain.reductions.iter_mut().for_each(|reduction| change(&mut reduction.to.strides));
}

/// The strides of everything that walks along the space of a body.
fn each_of_body(body: &mut Body, stores: &mut [Store], mut change: impl FnMut(&mut Strides)) {
    body.loads.iter_mut().for_each(|load| change(&mut load.strides));
    stores.iter_mut().for_each(|store| change(&mut store.to.strides));
    for inst in &mut body.insts {
        if let Inst::Index { strides, .. } | Inst::Random { strides, .. } = inst {
            change(strides);
        }
    }
}
