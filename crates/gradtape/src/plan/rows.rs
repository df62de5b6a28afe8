//! Which kernels compute rows that others can take up one by one, and whether a tiled kernel is made of such.

use super::program::{Access, Buffer, BufferId, Contract, Inst, Kernel, Place, Tiled};
use crate::tensor::{DType, Dims};

/// A buffer that a kernel over rows uses.
struct RowUse<'k> {
    buffer: BufferId,
    /// The elements over the axes of the rows and those of one row; none where each row may use all.
    access: Option<(&'k Access, &'k [usize])>,
}

impl RowUse<'_> {
    /// Whether each of the rows, which are numbered along these axes, uses elements of its own, `width` of them one
    /// after another.
    fn is_by_row(&self, rows: &[usize], width: usize) -> bool {
        let Some((Access { offset, strides, .. }, inner)) = self.access else { return false };
        let mut covered = 1;
        for (&size, &stride) in rows.iter().zip(strides).rev().filter(|(size, _)| **size != 1) {
            if stride != (width * covered) as isize {
                return false;
            }
            covered *= size;
        }
        let inner = inner.iter().zip(strides.iter().skip(rows.len()));
        let far = inner.map(|(size, stride)| size.saturating_sub(1) as isize * stride);
        let (back, ahead) =
            far.fold(
                (0, 0),
                |(back, ahead), far| {
                    if far < 0 { (back + far, ahead) } else { (back, ahead + far) }
                },
            );
        *offset as isize + back >= 0 && *offset as isize + ahead < width as isize
    }
}

impl Kernel {
    /// The kernels that a tiled one is made of; another one itself.
    pub(crate) fn parts(&self) -> &[Kernel] {
        match self {
            Kernel::Tiled(tiled) => &tiled.kernels,
            single => std::slice::from_ref(single),
        }
    }

    /// The type that it computes in, a tiled one that of its first kernel; none where an operation is run by its own
    /// meaning.
    pub(crate) fn dtype(&self) -> Option<DType> {
        match self {
            Kernel::Loop(plain) => Some(plain.body.dtype),
            Kernel::Contract(product) => Some(product.epilogue.dtype),
            Kernel::Tiled(tiled) => tiled.kernels.first().and_then(Kernel::dtype),
            Kernel::Host(_) => None,
        }
    }

    /// The axes of a kernel's rows, if some rows of one index of all axes but the last can be computed for themselves.
    pub(crate) fn row_axes(&self) -> Option<Dims> {
        match self {
            Kernel::Loop(plain) => {
                let mut insts = plain.body.insts.iter();
                let whole = plain.reduced == 1
                    && plain.across.is_empty()
                    && insts.any(|inst| matches!(inst, Inst::Reduce { .. }));
                let kept = plain.space.split_last().map_or(&[][..], |(_, kept)| kept);
                (whole && !kept.is_empty()).then(|| Dims::from_slice(kept))
            }
            Kernel::Contract(Contract { batch, rows, .. }) if rows.len() == 1 => {
                Some(batch.iter().chain(rows).copied().collect())
            }
            _ => None,
        }
    }

    /// What a kernel that has [rows](Kernel::row_axes) uses.
    fn row_uses(&self) -> Vec<RowUse<'_>> {
        let (body, stores, inner, rest) = match self {
            Kernel::Loop(plain) => {
                let inner = plain.space.last().map_or(&[][..], std::slice::from_ref);
                let reductions = plain.reductions.iter().map(|reduction| &reduction.to);
                let rest = reductions.map(|to| (to.buffer, Some((to, &[][..]))));
                (&plain.body, &plain.stores, inner, rest.collect::<Vec<_>>())
            }
            Kernel::Contract(product) => {
                let Contract { columns, summed, a, b, epilogue, stores, .. } = product;
                let operands = vec![(a.buffer, Some((a, &summed[..]))), (b.buffer, None)];
                (epilogue, stores, &columns[..], operands)
            }
            Kernel::Host(_) | Kernel::Tiled(_) => return Vec::new(),
        };
        let loads = body.loads.iter().map(|load| (load.buffer, Some((load, inner))));
        let counters = body.insts.iter().filter_map(|inst| match inst {
            Inst::Random { counter, .. } => Some((*counter, None)),
            _ => None,
        });
        let stores = stores.iter().map(|store| (store.to.buffer, Some((&store.to, inner))));
        let all = rest.into_iter().chain(loads).chain(counters).chain(stores);
        all.map(|(buffer, access)| RowUse { buffer, access }).collect()
    }
}

impl Tiled {
    /// Whether all kernels compute in one type.
    pub(crate) fn is_of_one_type(&self) -> bool {
        let mut dtypes = self.kernels.iter().map(Kernel::dtype);
        let first = dtypes.next().flatten();
        first.is_some() && dtypes.all(|dtype| dtype == first)
    }

    /// Whether the kernels have the rows that are said, and use of what one of them writes and another one uses, and of
    /// what is in scratch memory, the elements of a row for that row alone.
    pub(crate) fn keeps_rows(&self, buffers: &[Buffer]) -> bool {
        if self.axes().is_none() {
            return false;
        }
        let mut used: Vec<(BufferId, usize, bool)> = Vec::new();
        for (number, kernel) in self.kernels.iter().enumerate() {
            kernel.each_access(|buffer, written| used.push((buffer, number, written)));
        }
        used.iter().all(|&(buffer, number, written)| {
            let Some(Buffer { len, place, .. }) = buffers.get(buffer.0 as usize) else {
                return false;
            };
            let shared = matches!(place, Place::Scratch(_))
                || used.iter().any(|&(other, of, writes)| {
                    other == buffer && of != number && (written || writes)
                });
            !shared || self.uses_by_row(buffer, *len)
        })
    }

    /// Whether the kernels use of a buffer that is as long the elements of a row for that row alone.
    pub(crate) fn uses_by_row(&self, buffer: BufferId, len: usize) -> bool {
        let Some(axes) = self.axes() else { return false };
        let total = self.items * self.rows;
        len.is_multiple_of(total)
            && self.kernels.iter().zip(axes).all(|(kernel, axes)| {
                let uses = kernel.row_uses();
                let mut own = uses.iter().filter(|own| own.buffer == buffer);
                own.all(|own| own.is_by_row(&axes, len / total))
            })
    }

    /// The axes of the rows of each kernel, if these are those that are said.
    fn axes(&self) -> Option<Vec<Dims>> {
        let Tiled { items, rows, tile, kernels } = self;
        items.checked_mul(*rows).filter(|total| *total > 0 && *tile > 0)?;
        let fits = |axes: &Dims| {
            axes.split_last().is_some_and(|(last, outer)| {
                let outer = outer.iter().try_fold(1usize, |all, &size| all.checked_mul(size));
                last == rows && outer == Some(*items)
            })
        };
        kernels.iter().map(|kernel| kernel.row_axes().filter(fits)).collect()
    }
}
