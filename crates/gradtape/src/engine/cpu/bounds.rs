//! Whether a program is sound. What kernels read and write they do not check again, so nothing is run that
//! was not seen here to stay in its buffers and to read nothing that is being written.

use super::memory::overlap;
use crate::plan::{
    Access, Body, Buffer, BufferId, Contract, Host, Inst, Kernel, Loop, Place, Program, Reduction,
    Store, Tiled,
};
use crate::tensor::{DType, Error, Kind, Result};

/// Fails for a program of which a kernel would read or write beyond a buffer, read what is not computed yet,
/// or write what is read at another index.
pub(in crate::engine) fn check(program: &Program) -> Result<()> {
    let buffers = &program.buffers;
    for (number, buffer) in buffers.iter().enumerate() {
        let Place::Arena(offset) = buffer.place else { continue };
        let end =
            buffer.len.checked_mul(buffer.dtype.size()).and_then(|len| len.checked_add(offset));
        if end.is_none_or(|end| end > program.arena) || offset % buffer.dtype.size() != 0 {
            return Err(unsound(&format!("buffer {number} does not lie in the arena")));
        }
    }
    let mut updated = vec![false; buffers.len()];
    for output in &program.outputs {
        if let Some(updated) = updated.get_mut(output.0 as usize) {
            *updated = true;
        }
    }
    for (number, kernel) in program.kernels.iter().enumerate() {
        if !fits_kernel(kernel, buffers) {
            return Err(unsound(&format!("kernel {number} reads or writes beyond a buffer")));
        }
        let keeps = match kernel {
            Kernel::Tiled(tiled) => tiled.keeps_rows(buffers) && tiled.is_of_one_type(),
            single => !uses_scratch(single, buffers),
        };
        if !keeps {
            return Err(unsound(&format!("kernel {number} uses of other rows what is of a tile")));
        }
        if !is_apart(kernel, buffers) {
            return Err(unsound(&format!("kernel {number} writes what it reads elsewhere")));
        }
        let mut spared = true;
        kernel.each_access(|buffer, written| {
            let number = buffer.0 as usize;
            let input = matches!(buffers[number].place, Place::Input(_));
            spared &= !(written && input) || updated[number];
        });
        if !spared {
            return Err(unsound(&format!("kernel {number} writes an input that is not updated")));
        }
    }
    Ok(())
}

fn unsound(what: &str) -> Error {
    Error::new(Kind::Shape, format!("the plan is not sound: {what}"))
        .hint("this is an error of gradtape; please report the recording that led to it")
}

fn fits_kernel(kernel: &Kernel, buffers: &[Buffer]) -> bool {
    match kernel {
        Kernel::Loop(plain) => fits_loop(plain, buffers),
        Kernel::Contract(product) => fits_product(product, buffers),
        Kernel::Host(host) => fits_host(host, buffers),
        Kernel::Tiled(tiled) => tiled.kernels.iter().all(|own| fits_kernel(own, buffers)),
    }
}

fn is_apart(kernel: &Kernel, buffers: &[Buffer]) -> bool {
    match kernel {
        Kernel::Loop(plain) => is_apart_loop(plain, buffers),
        Kernel::Contract(product) => is_apart_product(product, buffers),
        Kernel::Host(host) => is_apart_host(host, buffers),
        Kernel::Tiled(tiled) => {
            tiled.kernels.iter().all(|own| is_apart(own, buffers)) && is_apart_tiled(tiled, buffers)
        }
    }
}

fn uses_scratch(kernel: &Kernel, buffers: &[Buffer]) -> bool {
    let mut uses = false;
    kernel.each_access(|buffer, _| {
        uses |= matches!(buffers[buffer.0 as usize].place, Place::Scratch(_));
    });
    uses
}

/// Whether what a kernel of a tiled one writes shares no memory with another buffer that one of them uses, as while a
/// tile is written, another one may be read; or both have the same rows in the same places. Scratch memory is a worker's
/// own.
fn is_apart_tiled(tiled: &Tiled, buffers: &[Buffer]) -> bool {
    let mut uses: Vec<(BufferId, bool)> = Vec::new();
    let whole = |buffer: BufferId| !matches!(buffers[buffer.0 as usize].place, Place::Scratch(_));
    tiled.kernels.iter().for_each(|kernel| {
        kernel.each_access(|buffer, written| {
            if whole(buffer) {
                uses.push((buffer, written));
            }
        });
    });
    uses.iter().filter(|(_, written)| *written).all(|&(buffer, _)| {
        uses.iter().all(|&(other, _)| {
            let [own, its] = [buffer, other].map(|id| &buffers[id.0 as usize]);
            let alike =
                (own.len, own.place, own.dtype.size()) == (its.len, its.place, its.dtype.size());
            let by_row = || [buffer, other].iter().all(|&id| tiled.uses_by_row(id, own.len));
            buffer == other || !overlap(buffers, buffer, other) || alike && by_row()
        })
    })
}

fn fits_loop(plain: &Loop, buffers: &[Buffer]) -> bool {
    let Loop { space, reduced, body, stores, reductions, across } = plain;
    let Some((kept, last)) = space.len().checked_sub(*reduced).map(|kept| space.split_at(kept))
    else {
        return false;
    };
    let registers = body.loads.len() + body.insts.len();
    let rows = body.insts.iter().any(|inst| matches!(inst, Inst::Reduce { .. }));
    (!rows || *reduced == 1)
        && (reductions.is_empty() || *reduced > 0)
        && fits_body(body, 0, space, buffers)
        && stores.iter().all(|store| fits_store(store, registers, space, buffers))
        && reductions.iter().all(|reduction| {
            (reduction.reg.0 as usize) < registers && fits(&reduction.to, kept, buffers)
        })
        && (across.is_empty() || *reduced == 1)
        && across.iter().all(|reduction| {
            (reduction.reg.0 as usize) < registers && fits(&reduction.to, last, buffers)
        })
}

fn fits_product(product: &Contract, buffers: &[Buffer]) -> bool {
    let Contract { batch, rows, columns, summed, a, b, epilogue, stores } = product;
    let of = |first: &[usize], second: &[usize]| [&batch[..], first, second].concat();
    let space = product.space();
    let operand = |access: &Access, space: &[usize]| {
        access.strides.len() == space.len()
            && dtype(access.buffer, buffers) == Some(epilogue.dtype)
            && fits(access, space, buffers)
    };
    let registers = 1 + epilogue.loads.len() + epilogue.insts.len();
    operand(a, &of(rows, summed))
        && operand(b, &of(summed, columns))
        && fits_body(epilogue, 1, &space, buffers)
        && stores.iter().all(|store| fits_store(store, registers, &space, buffers))
}

fn fits_host(host: &Host, buffers: &[Buffer]) -> bool {
    host.inputs.iter().chain([&host.output]).all(|(buffer, meta)| {
        let buffer = buffers.get(buffer.0 as usize);
        buffer.is_some_and(|b| b.dtype == meta.dtype && b.len >= meta.shape.elements())
    })
}

fn fits_store(store: &Store, registers: usize, space: &[usize], buffers: &[Buffer]) -> bool {
    (store.reg.0 as usize) < registers
        && store.to.strides.len() == space.len()
        && fits(&store.to, space, buffers)
}

/// `given` registers come before the loads.
fn fits_body(body: &Body, given: usize, space: &[usize], buffers: &[Buffer]) -> bool {
    let first = given + body.loads.len();
    body.loads.iter().all(|load| fits(load, space, buffers))
        && body.insts.iter().enumerate().all(|(number, inst)| match inst {
            Inst::Op { args, .. } => args.iter().all(|arg| (arg.0 as usize) < first + number),
            // An epilogue has no rows of its own.
            Inst::Reduce { reg, .. } => given == 0 && (reg.0 as usize) < first + number,
            Inst::Random { counter, .. } => {
                let one = buffers.get(counter.0 as usize).is_some_and(|buffer| buffer.len > 0);
                one && dtype(*counter, buffers) == Some(DType::I64)
            }
            Inst::Constant { .. } | Inst::Index { .. } => true,
        })
}

/// Whether a loop, whose indices are computed in any order, writes nothing that it reads at another one.
fn is_apart_loop(plain: &Loop, buffers: &[Buffer]) -> bool {
    let Loop { space, body, stores, reductions, across, .. } = plain;
    let all = || reductions.iter().chain(across);
    let clear = |reduction: &Reduction| {
        let used = body.loads.iter().chain(stores.iter().map(|store| &store.to));
        used.chain(all().filter(|other| *other != reduction).map(|other| &other.to))
            .all(|access| !overlap(buffers, access.buffer, reduction.to.buffer))
    };
    are_apart(body, stores, space, buffers) && all().all(clear)
}

/// The same of a product, which reads its operands while blocks of the result are written.
fn is_apart_product(product: &Contract, buffers: &[Buffer]) -> bool {
    let Contract { batch, rows, columns, summed, a, b, epilogue, stores } = product;
    let space = product.space();
    let clear = |store: &Store| {
        let shares = |operand: &Access| overlap(buffers, operand.buffer, store.to.buffer);
        let of = |first: &[usize], second: &[usize]| [&batch[..], first, second].concat();
        let apart = |operand: &Access, its: &[usize]| {
            !shares(operand)
                || (operand.buffer == store.to.buffer
                    && operand.is_apart_from(its, &store.to, &space))
        };
        apart(a, &of(rows, summed)) && apart(b, &of(summed, columns))
    };
    are_apart(epilogue, stores, &space, buffers) && stores.iter().all(clear)
}

fn is_apart_host(host: &Host, buffers: &[Buffer]) -> bool {
    let (output, meta) = &host.output;
    let mut inputs = host.inputs.iter();
    meta.shape.elements() == 0 || !inputs.any(|(input, _)| overlap(buffers, *input, *output))
}

/// Whether stores go to different memory, and to none that is loaded from another element.
fn are_apart(body: &Body, stores: &[Store], space: &[usize], buffers: &[Buffer]) -> bool {
    let same = |load: &Access, to: &Access| {
        let [from, into] = [load, to].map(|access| &buffers[access.buffer.0 as usize]);
        let mut axes = space.iter().zip(load.strides.iter().zip(&to.strides));
        from.place == into.place
            && from.dtype.size() == into.dtype.size()
            && load.offset == to.offset
            && axes.all(|(size, (one, other))| *size <= 1 || one == other)
    };
    let counters = || {
        body.insts.iter().filter_map(|inst| match inst {
            Inst::Random { counter, .. } => Some(*counter),
            _ => None,
        })
    };
    space.contains(&0)
        || stores.iter().enumerate().all(|(number, Store { to, .. })| {
            let shares = |buffer: BufferId| overlap(buffers, buffer, to.buffer);
            // Parts of one buffer may be written and read side by side.
            let apart =
                |other: &Access| other.buffer == to.buffer && other.is_apart_from(space, to, space);
            body.loads.iter().all(|load| !shares(load.buffer) || same(load, to) || apart(load))
                && !counters().any(shares)
                && stores[..number].iter().all(|other| !shares(other.to.buffer) || apart(&other.to))
        })
}

fn dtype(buffer: BufferId, buffers: &[Buffer]) -> Option<DType> {
    buffers.get(buffer.0 as usize).map(|buffer| buffer.dtype)
}

/// Whether the element of an access lies in its buffer at every index of a space. One that is the same at
/// every index is read even where there is none.
fn fits(access: &Access, space: &[usize], buffers: &[Buffer]) -> bool {
    let Some(buffer) = buffers.get(access.buffer.0 as usize) else { return false };
    let fixed = access.strides.iter().all(|&stride| stride == 0);
    if space.contains(&0) && !fixed {
        return true;
    }
    // The least and the greatest number of an element.
    let ends = space.iter().zip(&access.strides).try_fold(
        (access.offset, access.offset),
        |(least, last), (size, stride)| {
            let far = size.saturating_sub(1).checked_mul(stride.unsigned_abs())?;
            match *stride < 0 {
                true => Some((least.checked_sub(far)?, last)),
                false => Some((least, last.checked_add(far)?)),
            }
        },
    );
    access.strides.len() <= space.len() && ends.is_some_and(|(_, last)| last < buffer.len)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Target, plan, plan_for};

    #[test]
    fn what_reaches_beyond_a_buffer_is_refused() {
        let graph = "
            %0 = input {dtype: f32; shape: [4, 6]} : f32[4, 6]
            %1 = input {dtype: f32; shape: [6, 5]} : f32[6, 5]
            %2 = contract(%0, %1) {batch: 0; summed: 1} : f32[4, 5]
            %3 = exp(%0) : f32[4, 6]
            %4 = sum(%3) {axes: [1]} : f32[4]
            %5 = cumsum(%3) {axis: 1; reverse: false} : f32[4, 6]
            return %2, %4, %5
        ";
        let program = plan(&graph.parse().unwrap());
        check(&program).unwrap();
        let mut refused = 0;
        for buffer in 0..program.buffers.len() {
            let mut wrong = program.clone();
            wrong.buffers[buffer].len -= 1;
            refused += usize::from(check(&wrong).is_err());
        }
        assert_eq!(refused, program.buffers.len(), "every buffer is used to its end:\n{program}");
        let mut wrong = program.clone();
        wrong.arena -= 64;
        refuses(&wrong, "does not lie in the arena");
    }

    fn refuses(program: &Program, what: &str) {
        let text = check(program).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(text.contains(what), "{text}:\n{program}");
    }

    /// An update in place by a loop, and one in the epilogue of a product.
    fn updates() -> Program {
        let graph = "
            %0 = input {dtype: f32; shape: [4, 4]} : f32[4, 4]
            %1 = input {dtype: f32; shape: [4, 4]} : f32[4, 4]
            %2 = input {dtype: f32; shape: [4, 4]} : f32[4, 4]
            %3 = exp(%0) : f32[4, 4]
            %4 = add(%3, %0) : f32[4, 4]
            %5 = contract(%1, %2) {batch: 0; summed: 1} : f32[4, 4]
            %6 = exp(%5) : f32[4, 4]
            return %4 -> %0, %6
        ";
        let program = plan(&graph.parse().unwrap());
        check(&program).unwrap();
        assert_eq!(program.kernels.len(), 2, "{program}");
        program
    }

    /// A softmax between two products, run a tile of rows at a time.
    fn in_tiles() -> Program {
        let graph = "
            %0 = input {dtype: f32; shape: [3, 40, 8]} : f32[3, 40, 8]
            %1 = input {dtype: f32; shape: [3, 8, 40]} : f32[3, 8, 40]
            %2 = input {dtype: f32; shape: [3, 40, 8]} : f32[3, 40, 8]
            %3 = contract(%0, %1) {batch: 1; summed: 1} : f32[3, 40, 40]
            %4 = logsumexp(%3) {axes: [2]} : f32[3, 40]
            %5 = reshape(%4) {shape: [3, 40, 1]} : f32[3, 40, 1]
            %6 = broadcast(%5) {shape: [3, 40, 40]} : f32[3, 40, 40]
            %7 = sub(%3, %6) : f32[3, 40, 40]
            %8 = exp(%7) : f32[3, 40, 40]
            %9 = contract(%8, %2) {batch: 1; summed: 1} : f32[3, 40, 8]
            return %9
        ";
        let target = Target { tiled: 0, ..Target::default() };
        let program = plan_for(&graph.parse().unwrap(), &target);
        check(&program).unwrap();
        assert!(matches!(program.kernels[..], [Kernel::Tiled(_)]), "{program}");
        program
    }

    #[test]
    fn what_uses_of_other_rows_what_is_of_a_tile_is_refused() {
        let of_other_rows = "uses of other rows what is of a tile";
        let wrongs: [fn(&mut Tiled); 6] = [
            |tiled| tiled.tile = 0,
            |tiled| (tiled.items, tiled.rows) = (6, 20),
            |tiled| tiled.rows = 41,
            |tiled| {
                // All rows of what is in scratch memory, as the right operand.
                if let Kernel::Contract(product) = &mut tiled.kernels[2] {
                    product.b.buffer = product.a.buffer;
                }
            },
            |tiled| {
                // The first row of each item.
                if let Kernel::Loop(plain) = &mut tiled.kernels[1] {
                    plain.body.loads[0].strides[1] = 0;
                }
            },
            |tiled| {
                // A number for each element.
                let kernel = tiled.kernels[1].clone();
                if let Kernel::Loop(mut plain) = kernel {
                    plain.body.insts.clear();
                    plain.stores[0].reg = crate::plan::Reg(0);
                    tiled.kernels[1] = Kernel::Loop(plain);
                }
            },
        ];
        for change in wrongs {
            let mut wrong = in_tiles();
            if let Kernel::Tiled(tiled) = &mut wrong.kernels[0] {
                change(tiled);
            }
            refuses(&wrong, of_other_rows);
        }
        let mut wrong = in_tiles();
        wrong.kernels = wrong.kernels[0].parts().to_vec();
        refuses(&wrong, of_other_rows);
        let mut wrong = in_tiles();
        if let Kernel::Tiled(tiled) = &mut wrong.kernels[0]
            && let Kernel::Loop(plain) = &mut tiled.kernels[1]
        {
            plain.body.dtype = DType::F64;
        }
        refuses(&wrong, of_other_rows);
        // A right operand in the memory of the result; a left one can be there, whose rows are read before.
        let result = in_tiles().outputs[0].0 as usize;
        for (input, is_sound) in [(1, false), (0, true)] {
            let mut wrong = in_tiles();
            let input = wrong.inputs[input].0 as usize;
            wrong.buffers[input].place = wrong.buffers[result].place;
            match is_sound {
                true => check(&wrong).unwrap(),
                false => refuses(&wrong, "writes what it reads elsewhere"),
            }
        }
    }

    #[test]
    fn what_is_read_before_it_is_computed_is_refused() {
        let program = updates();
        let wrongs = program.kernels.iter().enumerate().flat_map(|(at, kernel)| {
            let insts = match kernel {
                Kernel::Loop(plain) => plain.body.insts.len(),
                Kernel::Contract(product) => product.epilogue.insts.len(),
                Kernel::Host(_) | Kernel::Tiled(_) => 0,
            };
            (0..insts).map(move |inst| (at, inst))
        });
        let (mut refused, mut all) = (0, 0);
        for (at, inst) in wrongs {
            let mut wrong = program.clone();
            let (body, given) = match &mut wrong.kernels[at] {
                Kernel::Loop(plain) => (&mut plain.body, 0),
                Kernel::Contract(product) => (&mut product.epilogue, 1),
                Kernel::Host(_) | Kernel::Tiled(_) => continue,
            };
            let own = (given + body.loads.len() + inst) as u32;
            if let Inst::Op { args, .. } = &mut body.insts[inst] {
                args[1] = crate::plan::Reg(own);
            }
            all += 1;
            refused += usize::from(check(&wrong).is_err());
        }
        assert_eq!((refused, all), (3, 3));
    }

    #[test]
    fn writing_what_is_read_elsewhere_is_refused() {
        let elsewhere = "writes what it reads elsewhere";
        let program = updates();
        for (at, kernel) in program.kernels.iter().enumerate() {
            let mut wrong = program.clone();
            match (&mut wrong.kernels[at], kernel) {
                (Kernel::Loop(plain), _) => plain.body.loads[0].strides.fill(0),
                (Kernel::Contract(product), _) => product.stores[0].to.buffer = product.a.buffer,
                _ => {}
            }
            refuses(&wrong, elsewhere);
        }
        let mut wrong = program.clone();
        for kernel in &mut wrong.kernels {
            if let Kernel::Loop(plain) = kernel {
                plain.stores.extend(plain.stores.clone());
            }
        }
        refuses(&wrong, elsewhere);
        let mut wrong = program;
        wrong
            .outputs
            .retain(|output| !matches!(wrong.buffers[output.0 as usize].place, Place::Input(_)));
        refuses(&wrong, "writes an input that is not updated");
    }
}
