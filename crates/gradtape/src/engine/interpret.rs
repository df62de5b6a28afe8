//! The engine that runs programs without haste: index by index, number by number, in safe code.
//!
//! It tells a wrong plan from a wrong engine: what it computes from a program must be what
//! [`super::reference`] computes from the graph.

use super::cpu::check_bounds;
use super::{Slot, check_labels, ill_fitting};
use crate::op::scalar::Scalar;
use crate::op::{Op, Reduce, set_index};
use crate::plan::{
    Access, Body, Buffer, BufferId, Contract, Inst, Kernel, Loop, Place, Program, Reg,
};
use crate::tensor::{
    DType, Element, Result, Shape, Tensor, sealed::Sealed, uniform_at, unit_f32, unit_f64,
    with_type,
};

/// Runs a program. `results` holds a tensor for each output that updates nothing in place, in order.
pub fn run(program: &Program, slots: &mut [Slot<'_>], results: &mut [Tensor]) -> Result<()> {
    check_bounds(program)?;
    check(program, slots, results)?;
    let mut machine = Machine::new(program, slots)?;
    // No result tells of tiles: each of the kernels of a tiled one runs as a whole.
    for kernel in program.kernels.iter().flat_map(Kernel::parts) {
        match kernel {
            Kernel::Tiled(_) => {}
            Kernel::Loop(plain) => machine.run_loop(plain)?,
            Kernel::Contract(product) => machine.run_product(product)?,
            Kernel::Host(host) => {
                let read = |(id, meta): &(BufferId, crate::op::Meta)| {
                    machine.tensor(*id)?.reshape(&meta.shape)
                };
                let inputs = host.inputs.iter().map(read).collect::<Result<Vec<_>>>()?;
                let value = host.op.eval(&inputs, &host.output.1).map_err(|e| e.at(host.at))?;
                machine.fill(host.output.0, &value)?;
            }
        }
    }
    for (number, buffer) in program.buffers.iter().enumerate() {
        let id = BufferId(number as u32);
        match buffer.place {
            Place::Output(output) => {
                let value = machine.tensor(id)?.reshape(results[output].shape())?;
                results[output] = value;
            }
            Place::Input(input) => {
                if let Some(Slot::Write(tensor)) = slots.get_mut(input) {
                    let value = machine.tensor(id)?.reshape(tensor.shape())?;
                    **tensor = value;
                }
            }
            Place::Arena(_) | Place::Scratch(_) => {}
        }
    }
    Ok(())
}

/// Each slot and each result must hold as many elements as its buffer, of its type, what is updated must be
/// given to be written, and labels must be those of a class.
fn check(program: &Program, slots: &[Slot<'_>], results: &[Tensor]) -> Result<()> {
    for (number, buffer) in program.buffers.iter().enumerate() {
        let &Buffer { dtype, len, place } = buffer;
        let holds = |tensor: &Tensor| tensor.dtype() == dtype && tensor.elements() == len;
        let updated = || program.outputs.contains(&BufferId(number as u32));
        let fits = match place {
            Place::Arena(_) | Place::Scratch(_) => true,
            Place::Output(output) => results.get(output).is_some_and(holds),
            Place::Input(input) => match slots.get(input) {
                Some(Slot::Read(tensor)) => holds(tensor) && !updated(),
                Some(Slot::Write(tensor)) => holds(tensor),
                Some(Slot::Scalar(_)) => len == 1 && !updated(),
                None => false,
            },
        };
        if !fits {
            return Err(ill_fitting(buffer));
        }
    }
    check_labels(program, slots)
}

/// The memory of a run. Numbers are kept by the byte in the arena, so that buffers which overlap by
/// mistake destroy each other as they would in an engine.
struct Machine<'p> {
    program: &'p Program,
    arena: Vec<u8>,
    outside: Vec<Vec<u8>>,
}

impl<'p> Machine<'p> {
    fn new(program: &'p Program, slots: &[Slot<'_>]) -> Result<Machine<'p>> {
        let mut outside = vec![Vec::new(); program.buffers.len()];
        for (number, buffer) in program.buffers.iter().enumerate() {
            let bytes = buffer.len * buffer.dtype.size();
            outside[number] = match buffer.place {
                Place::Arena(_) => continue,
                Place::Output(_) | Place::Scratch(_) => vec![0xAA; bytes],
                Place::Input(input) => match &slots[input] {
                    Slot::Read(tensor) => bytes_of(tensor)?,
                    Slot::Write(tensor) => bytes_of(tensor)?,
                    Slot::Scalar(value) => bytes_of(&value.full(&Shape::scalar(), buffer.dtype))?,
                },
            };
        }
        Ok(Machine { program, arena: vec![0xAA; program.arena], outside })
    }

    fn bytes(&mut self, id: BufferId) -> (&mut [u8], usize) {
        match self.program.buffers[id.0 as usize].place {
            Place::Arena(offset) => (&mut self.arena, offset),
            _ => (&mut self.outside[id.0 as usize], 0),
        }
    }

    fn get(&mut self, id: BufferId, element: usize) -> f64 {
        let buffer = &self.program.buffers[id.0 as usize];
        assert!(element < buffer.len, "element {element} of buffer {id:?}: {buffer:?}");
        let (bytes, start) = self.bytes(id);
        let size = buffer.dtype.size();
        let at = start + element * size;
        let mut word = [0; 8];
        word[..size].copy_from_slice(&bytes[at..at + size]);
        let word = u64::from_le_bytes(word);
        with_type!(buffer.dtype, T => T::from_word(word).map_or(f64::NAN, T::to_f64))
    }

    fn set(&mut self, id: BufferId, element: usize, value: f64) {
        let buffer = &self.program.buffers[id.0 as usize];
        assert!(element < buffer.len, "element {element} of buffer {id:?}: {buffer:?}");
        let word = with_type!(buffer.dtype, T => T::from_f64(value).to_word());
        let size = buffer.dtype.size();
        let (bytes, start) = self.bytes(id);
        let at = start + element * size;
        bytes[at..at + size].copy_from_slice(&word.to_le_bytes()[..size]);
    }

    fn tensor(&mut self, id: BufferId) -> Result<Tensor> {
        let buffer = &self.program.buffers[id.0 as usize];
        let (len, dtype) = (buffer.len, buffer.dtype);
        if dtype == DType::I64 {
            let (bytes, start) = self.bytes(id);
            let words = bytes[start..start + len * 8].chunks_exact(8);
            let numbers = words.map(|w| i64::from_le_bytes(w.try_into().unwrap_or_default()));
            return Tensor::from_vec(numbers.collect(), [len]);
        }
        let values: Vec<f64> = (0..len).map(|element| self.get(id, element)).collect();
        Ok(Tensor::from_vec(values, [len])?.cast(dtype))
    }

    fn fill(&mut self, id: BufferId, value: &Tensor) -> Result<()> {
        let new = bytes_of(value)?;
        let (bytes, start) = self.bytes(id);
        bytes[start..start + new.len()].copy_from_slice(&new);
        Ok(())
    }

    /// The registers of a body at each index of a row: for each register, its numbers.
    fn body(&mut self, body: &Body, row: &[Vec<usize>], product: Option<f64>) -> Vec<Vec<f64>> {
        let mut regs: Vec<Vec<f64>> = product.into_iter().map(|sum| vec![sum]).collect();
        for load in &body.loads {
            let numbers = row.iter().map(|index| self.get(load.buffer, place(load, index)));
            regs.push(numbers.map(|number| round(number, body.dtype)).collect());
        }
        for inst in &body.insts {
            let numbers = match inst {
                Inst::Op { op, args } => {
                    (0..row.len()).map(|at| apply(op, args, &regs, at, body.dtype)).collect()
                }
                Inst::Reduce { kind, reg } => {
                    let number = reduce(*kind, &regs[reg.0 as usize]);
                    vec![round(number, body.dtype); row.len()]
                }
                Inst::Constant { value } => vec![round(value.value(), body.dtype); row.len()],
                Inst::Index { offset, strides } => {
                    row.iter().map(|index| dot(*offset, strides, index) as f64).collect()
                }
                Inst::Random { key, counter, offset, strides } => {
                    let counter = self.get(*counter, 0) as i64;
                    let position = |index: &Vec<usize>| dot(*offset, strides, index);
                    row.iter()
                        .map(|index| random(*key, counter, position(index), body.dtype))
                        .collect()
                }
            };
            regs.push(numbers);
        }
        regs
    }

    fn run_loop(&mut self, plain: &Loop) -> Result<()> {
        let (kept, reduced) = plain.space.split_at(plain.space.len() - plain.reduced);
        let mut columns = vec![vec![Vec::new(); reduced.iter().product()]; plain.across.len()];
        for outer in indices(kept) {
            let row: Vec<Vec<usize>> =
                indices(reduced).map(|inner| [&outer[..], &inner[..]].concat()).collect();
            let regs = self.body(&plain.body, &row, None);
            for store in &plain.stores {
                for (index, &number) in row.iter().zip(&regs[store.reg.0 as usize]) {
                    self.set(store.to.buffer, place(&store.to, index), number);
                }
            }
            for reduction in &plain.reductions {
                let value = reduce(reduction.kind, &regs[reduction.reg.0 as usize]);
                self.set(reduction.to.buffer, place(&reduction.to, &outer), value);
            }
            for (columns, reduction) in columns.iter_mut().zip(&plain.across) {
                let numbers = columns.iter_mut().zip(&regs[reduction.reg.0 as usize]);
                numbers.for_each(|(column, &number)| column.push(number));
            }
        }
        for (columns, reduction) in columns.iter().zip(&plain.across) {
            for (column, index) in columns.iter().zip(indices(reduced)) {
                let value = reduce(reduction.kind, column);
                self.set(reduction.to.buffer, place(&reduction.to, &index), value);
            }
        }
        Ok(())
    }

    fn run_product(&mut self, product: &Contract) -> Result<()> {
        for outer in indices(&product.batch) {
            let cells = [&product.rows[..], &product.columns[..]].concat();
            for cell in indices(&cells) {
                let (row, column) = cell.split_at(product.rows.len());
                let mut sum = 0.0;
                for term in indices(&product.summed) {
                    let left = [&outer[..], row, &term[..]].concat();
                    let right = [&outer[..], &term[..], column].concat();
                    let a = self.get(product.a.buffer, place(&product.a, &left));
                    let b = self.get(product.b.buffer, place(&product.b, &right));
                    sum += a * b;
                }
                let index = [&outer[..], &cell[..]].concat();
                let sum = round(sum, product.epilogue.dtype);
                let regs = self.body(&product.epilogue, std::slice::from_ref(&index), Some(sum));
                for store in &product.stores {
                    let number = regs[store.reg.0 as usize][0];
                    self.set(store.to.buffer, place(&store.to, &index), number);
                }
            }
        }
        Ok(())
    }
}

fn apply(op: &Op, args: &[Reg; 3], regs: &[Vec<f64>], at: usize, dtype: DType) -> f64 {
    let x = args.map(|reg| regs[reg.0 as usize][at]);
    match dtype {
        DType::F32 => op.formula(x.map(|x| x as f32)).map_or(f64::NAN, f64::from),
        _ => op.formula(x).unwrap_or(f64::NAN),
    }
}

fn round(value: f64, dtype: DType) -> f64 {
    if dtype == DType::F32 { f64::from(f32::constant(value)) } else { value }
}

fn random(key: u64, counter: i64, position: usize, dtype: DType) -> f64 {
    let bits = uniform_at(key, counter as u64, position as u64);
    if dtype == DType::F32 { f64::from(unit_f32(bits)) } else { unit_f64(bits) }
}

fn reduce(kind: Reduce, column: &[f64]) -> f64 {
    let extreme = |start: f64, better: fn(f64, f64) -> bool| {
        let pick = |a: f64, &b: &f64| if b.is_nan() || better(b, a) { b } else { a };
        let any_nan = column.iter().any(|x| x.is_nan());
        if any_nan { f64::NAN } else { column.iter().fold(start, pick) }
    };
    match kind {
        // Not `sum`, which starts at -0.
        Reduce::Sum => column.iter().fold(0.0, |sum, x| sum + x),
        Reduce::Max => extreme(f64::NEG_INFINITY, |b, a| b > a),
        Reduce::Min => extreme(f64::INFINITY, |b, a| b < a),
        Reduce::LogSumExp => {
            let top = extreme(f64::NEG_INFINITY, |b, a| b > a);
            if top.is_infinite() || top.is_nan() {
                return top;
            }
            top + column.iter().map(|x| (x - top).exp()).sum::<f64>().ln()
        }
        Reduce::LogSumExpRest => {
            let top = extreme(f64::NEG_INFINITY, |b, a| b > a);
            let top = if top.is_infinite() { 0.0 } else { top };
            column.iter().map(|x| (x - top).exp()).sum::<f64>().ln()
        }
    }
}

fn dot(offset: usize, strides: &[isize], index: &[usize]) -> usize {
    assert_eq!(strides.len(), index.len(), "an access has a stride for each axis");
    let steps = strides.iter().zip(index).map(|(stride, &i)| stride * i as isize);
    offset.checked_add_signed(steps.sum()).expect("an access lies in its buffer")
}

fn place(access: &Access, index: &[usize]) -> usize {
    dot(access.offset, &access.strides, index)
}

/// All indices of a space in row-major order.
fn indices(space: &[usize]) -> impl Iterator<Item = Vec<usize>> {
    let space = space.to_vec();
    let count: usize = space.iter().product();
    (0..count).map(move |number| {
        let mut index = vec![0; space.len()];
        set_index(&mut index, &space, number);
        index
    })
}

fn bytes_of(tensor: &Tensor) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    tensor.append_bytes_to(&mut bytes)?;
    Ok(bytes)
}
