//! Formulas, element by element.

use std::ops::Range;

use super::{Arithmetic, Numbers, NumbersMut};
use crate::op::{
    Cost, Elementwise, Exact, Op, value_error, with_elementwise, with_number, with_type,
};
use crate::tensor::{DType, Element, Error, Kind, Result};

/// Numbers computed at a time.
const TILE: usize = 256;

/// An elementwise operation's formula for every element, computed in the type of the operands or, of those
/// that are only kept, in the wider one.
pub(super) fn run(op: &Op, cost: Cost, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
    let types = x.iter().map(Numbers::dtype).chain([out.dtype()]);
    // Truth values are whole numbers.
    let compute = types.into_iter().find(|&dtype| dtype != DType::Bool).unwrap_or(DType::I64);
    if let (Cost::Exact(Exact::Div), DType::I64) = (cost, compute) {
        check_divisors(op, x[1].elements()?)?;
    }
    with_number!(compute, T => tiles::<T>(op, x, out))
}

/// Whole numbers have no infinity that a division by 0 could give.
fn check_divisors(op: &Op, divisors: &[i64]) -> Result<()> {
    let Some(place) = divisors.iter().position(|&y| y == 0) else { return Ok(()) };
    let message = format!("{}: element {place} of the divisor is 0", op.name());
    Err(Error::new(Kind::Value, message).hint("cast to f32 or f64 first"))
}

fn tiles<T: Arithmetic>(op: &Op, x: &[Numbers<'_>], out: NumbersMut<'_>) -> Result<()> {
    let mut tiles = [[T::default(); TILE]; 3];
    let mut tile = |start: usize, out: &mut [T]| {
        let mut operands = x.iter();
        let range = start..start + out.len();
        let x = tiles.each_mut().map(|tile| read(operands.next(), range.clone(), tile));
        with_elementwise!(op, op => map(op, x, out), else ());
    };
    if op.operands() != Some(x.len()) {
        return Err(value_error(format!("{} has no formula", op.name())));
    }
    if out.dtype() == T::DTYPE {
        let chunks = out.elements()?.chunks_mut(TILE).enumerate();
        chunks.for_each(|(number, out)| tile(number * TILE, out));
        return Ok(());
    }
    let mut results = [T::default(); TILE];
    with_type!(out.dtype(), Out => {
        for (number, out) in out.elements::<Out>()?.chunks_mut(TILE).enumerate() {
            let results = &mut results[..out.len()];
            tile(number * TILE, results);
            convert(results, out);
        }
    });
    Ok(())
}

/// Elements of an operand in the type that is computed in; what a tile holds, where there is no operand.
fn read<'x, T: Element>(
    x: Option<&Numbers<'x>>,
    range: Range<usize>,
    tile: &'x mut [T; TILE],
) -> &'x [T] {
    let tile = &mut tile[..range.len()];
    match x {
        None => {}
        Some(x) => match x.as_slice::<T>() {
            Some(own) => return &own[range],
            None => with_type!(x.dtype(), From => {
                let other = x.as_slice::<From>().unwrap_or_default();
                convert(&other[range], tile);
            }),
        },
    }
    tile
}

fn convert<From: Element, To: Element>(from: &[From], to: &mut [To]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = To::from_f64(from.to_f64()));
}

fn map<T: Arithmetic>(op: &impl Elementwise, x: [&[T]; 3], out: &mut [T]) {
    let [x, y, z] = x.map(|x| &x[..out.len()]);
    for (i, out) in out.iter_mut().enumerate() {
        *out = T::unwrap(op.formula([x[i].wrap(), y[i].wrap(), z[i].wrap()]));
    }
}
