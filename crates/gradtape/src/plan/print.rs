//! Programs in text form, for people.

use std::fmt::{self, Display, Formatter};

use super::program::{
    Access, Body, Buffer, BufferId, Contract, Inst, Kernel, Loop, Place, Program, Reduction, Reg,
    Store, Tiled,
};

/// The buffers, then the kernels with their loads, instructions and stores.
impl Display for Program {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "program: {} kernels, {} bytes in and out of memory, arena of {} bytes",
            self.kernels.len(),
            self.traffic(),
            self.arena
        )?;
        for (number, buffer) in self.buffers.iter().enumerate() {
            writeln!(f, "  {} = {buffer}", BufferId(number as u32))?;
        }
        for check in &self.checks {
            writeln!(
                f,
                "  check: input {} holds labels of {} classes",
                check.input, check.classes
            )?;
        }
        self.kernels.iter().try_for_each(|kernel| write!(f, "{kernel}"))
    }
}

impl Program {
    /// Bytes that the kernels read and write, each element of each array once a kernel: the passes over memory.
    pub fn traffic(&self) -> usize {
        self.kernels.iter().map(|kernel| self.traffic_of(kernel)).sum()
    }

    /// Floating-point operations of a run: two for each product that a contraction sums, one for each instruction of a
    /// loop or an epilogue at each of its elements, whatever it costs.
    pub fn operations(&self) -> f64 {
        self.kernels.iter().map(Kernel::operations).sum()
    }

    /// What a plan keeps in memory at once beyond inputs and outputs, and what each kernel does.
    pub fn explain(&self) -> String {
        self.to_string()
    }

    /// Bytes that a kernel of the program reads and writes.
    pub(crate) fn traffic_of(&self, kernel: &Kernel) -> usize {
        let mut written: Vec<BufferId> = Vec::new();
        let mut bytes = 0;
        for kernel in kernel.parts() {
            let used = kernel.used();
            for Used { buffer, is_written, count } in &used {
                let Buffer { dtype, len, place } = &self.buffers[buffer.0 as usize];
                // What was written for the same tile is in the cache.
                let near =
                    matches!(place, Place::Scratch(_)) || !is_written && written.contains(buffer);
                bytes += if near { 0 } else { dtype.size() * len.min(count) };
            }
            written.extend(used.iter().filter(|used| used.is_written).map(|used| used.buffer));
        }
        bytes
    }
}

/// How much of an array a kernel reads or writes.
struct Used {
    buffer: BufferId,
    is_written: bool,
    /// The most elements that one of its accesses has; more than there are where that is not known.
    count: usize,
}

impl Access {
    /// How many indices of a space have an element of their own.
    fn reach(&self, space: &[usize]) -> usize {
        let moving = self.strides.iter().zip(space).filter(|(stride, _)| **stride != 0);
        moving.map(|(_, size)| size).product()
    }
}

impl Kernel {
    /// The arrays that it uses, each once for reading and once for writing.
    fn used(&self) -> Vec<Used> {
        let mut used: Vec<Used> = Vec::new();
        let mut visit = |buffer: BufferId, is_written: bool, count: usize| {
            let same = |known: &&mut Used| (known.buffer, known.is_written) == (buffer, is_written);
            match used.iter_mut().find(same) {
                Some(known) => known.count = known.count.max(count),
                None => used.push(Used { buffer, is_written, count }),
            }
        };
        match self {
            Kernel::Loop(Loop { space, reduced, body, stores, reductions, across }) => {
                let (kept, last) = space.split_at(space.len() - reduced);
                body.loads.iter().for_each(|load| visit(load.buffer, false, load.reach(space)));
                stores.iter().for_each(|Store { to, .. }| visit(to.buffer, true, to.reach(space)));
                reductions.iter().for_each(|Reduction { to, .. }| {
                    visit(to.buffer, true, to.reach(kept));
                });
                across.iter().for_each(|Reduction { to, .. }| {
                    visit(to.buffer, true, to.reach(last));
                });
            }
            _ => self.each_access(|buffer, written| visit(buffer, written, usize::MAX)),
        }
        used
    }

    /// Its floating-point operations; see [`Program::operations`].
    pub(crate) fn operations(&self) -> f64 {
        let product = |sizes: &[usize]| sizes.iter().map(|&size| size as f64).product::<f64>();
        match self {
            Kernel::Loop(own) => {
                let each = own.body.insts.len() + own.reductions.len() + own.across.len();
                product(&own.space) * each as f64
            }
            Kernel::Contract(own) => {
                let each = 2.0 * product(&own.summed) + own.epilogue.insts.len() as f64;
                product(&own.space()) * each
            }
            Kernel::Host(_) => 0.0,
            Kernel::Tiled(own) => own.kernels.iter().map(Kernel::operations).sum(),
        }
    }

    /// What it is, in a line.
    pub(crate) fn title(&self) -> String {
        let text = self.to_string();
        text.lines().next().unwrap_or_default().trim().to_string()
    }

    /// Calls `visit` for each buffer that the kernel uses and whether it is written, reads first.
    pub fn each_access(&self, mut visit: impl FnMut(BufferId, bool)) {
        self.each_access_of(&mut visit);
    }

    fn each_access_of(&self, visit: &mut dyn FnMut(BufferId, bool)) {
        let (body, stores) = match self {
            Kernel::Loop(plain) => (&plain.body, &plain.stores),
            Kernel::Contract(product) => {
                visit(product.a.buffer, false);
                visit(product.b.buffer, false);
                (&product.epilogue, &product.stores)
            }
            Kernel::Host(host) => {
                host.inputs.iter().for_each(|(buffer, _)| visit(*buffer, false));
                return visit(host.output.0, true);
            }
            Kernel::Tiled(tiled) => {
                return tiled.kernels.iter().for_each(|kernel| kernel.each_access_of(visit));
            }
        };
        body.loads.iter().for_each(|load| visit(load.buffer, false));
        for inst in &body.insts {
            if let Inst::Random { counter, .. } = inst {
                visit(*counter, false);
            }
        }
        stores.iter().for_each(|store| visit(store.to.buffer, true));
        if let Kernel::Loop(plain) = self {
            let reductions = plain.reductions.iter().chain(&plain.across);
            reductions.for_each(|reduction| visit(reduction.to.buffer, true));
        }
    }
}

impl Display for Kernel {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Kernel::Loop(plain) => {
                let (kept, reduced) = plain.space.split_at(plain.space.len() - plain.reduced);
                match plain.reduced {
                    0 => writeln!(f, "loop {kept:?}")?,
                    _ => writeln!(f, "loop {kept:?} reducing {reduced:?}")?,
                }
                body(f, &plain.body, &plain.stores, 0)?;
                for reduction in &plain.reductions {
                    let (kind, reg, to) = (reduction.kind, reduction.reg, &reduction.to);
                    writeln!(f, "    {to} = {kind} {reg}")?;
                }
                for Reduction { kind, reg, to } in &plain.across {
                    writeln!(f, "    {to} = {kind} {reg} of the column")?;
                }
                Ok(())
            }
            Kernel::Contract(product) => {
                let Contract { batch, rows, columns, summed, .. } = product;
                match [rows, columns, summed].iter().all(|group| group.len() <= 1) {
                    true => {
                        let (m, n, k) = (product.m(), product.n(), product.k());
                        write!(f, "matmul [{m}, {k}] x [{k}, {n}]")?;
                    }
                    false => write!(f, "contract {rows:?} x {columns:?} over {summed:?}")?,
                }
                if !batch.is_empty() {
                    write!(f, " for each of {:?}", &batch[..])?;
                }
                writeln!(f, "\n    r0 = {} x {}", product.a, product.b)?;
                body(f, &product.epilogue, &product.stores, 1)
            }
            Kernel::Host(host) => {
                write!(f, "host {}(", host.op.name())?;
                for (i, (buffer, meta)) in host.inputs.iter().enumerate() {
                    write!(f, "{}{buffer}: {meta}", if i == 0 { "" } else { ", " })?;
                }
                writeln!(f, ") -> {}: {}", host.output.0, host.output.1)
            }
            Kernel::Tiled(tiled) => {
                let Tiled { items, rows, tile, kernels } = tiled;
                write!(f, "tiles of {tile} of {rows} rows")?;
                if *items != 1 {
                    write!(f, " for each of {items}")?;
                }
                writeln!(f)?;
                for kernel in kernels {
                    for line in kernel.to_string().lines() {
                        writeln!(f, "    {line}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

fn body(f: &mut Formatter<'_>, body: &Body, stores: &[Store], first: u32) -> fmt::Result {
    let mut reg = first;
    for load in &body.loads {
        writeln!(f, "    {} = {load}", Reg(reg))?;
        reg += 1;
    }
    for inst in &body.insts {
        write!(f, "    {} = ", Reg(reg))?;
        match inst {
            Inst::Op { op, args: [a, b, c] } => {
                let args = [a, b, c].into_iter().take(op.operands().unwrap_or(3));
                write!(f, "{}", op.name())?;
                args.into_iter().try_for_each(|arg| write!(f, " {arg}"))?;
                writeln!(f)?;
            }
            Inst::Constant { value } => writeln!(f, "{value:?}")?,
            Inst::Reduce { kind, reg } => writeln!(f, "{kind} {reg} of the row")?,
            Inst::Index { offset, strides } => writeln!(f, "index {}", line(*offset, strides))?,
            Inst::Random { key, counter, offset, strides } => {
                writeln!(f, "random {key:#x} {counter} {}", line(*offset, strides))?;
            }
        }
        reg += 1;
    }
    stores.iter().try_for_each(|store| writeln!(f, "    {} = {}", store.to, store.reg))
}

fn line(offset: usize, strides: &[isize]) -> String {
    match offset {
        0 => format!("{strides:?}"),
        _ => format!("{offset} + {strides:?}"),
    }
}

impl Display for Access {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.offset {
            0 => write!(f, "{}{:?}", self.buffer, self.strides),
            offset => write!(f, "{}+{offset}{:?}", self.buffer, self.strides),
        }
    }
}

impl Display for Buffer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} x {} in ", self.len, self.dtype)?;
        match self.place {
            Place::Input(number) => write!(f, "input {number}"),
            Place::Output(number) => write!(f, "output {number}"),
            Place::Arena(offset) => write!(f, "the arena at {offset}"),
            Place::Scratch(number) => write!(f, "scratch {number}, a tile at a time"),
        }
    }
}

impl Display for BufferId {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "b{}", self.0)
    }
}

impl Display for Reg {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}
