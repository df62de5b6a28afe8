//! Bits of whole numbers. They have no gradient, so they are computed at once.

use gradtape::{Error, Kind, Result, Tensor};

use super::Table;
use crate::call::{Call, Outputs, one, unsupported};
use crate::elem::Elem;
use crate::tensor::{decode, encode};
use crate::value::Array;

pub(super) const TABLE: Table = &[
    ("BitCast", bit_cast),
    ("BitShift", shift),
    ("BitwiseAnd", |c| bitwise(c, |x, y| x & y)),
    ("BitwiseNot", |c| {
        let x = c.x(0)?;
        let numbers = x.whole()?.into_iter().map(|number| !number).collect();
        one(x.like(c.of_whole(numbers, &x.shape())?.var))
    }),
    ("BitwiseOr", |c| bitwise(c, |x, y| x | y)),
    ("BitwiseXor", |c| bitwise(c, |x, y| x ^ y)),
];

fn bitwise<'t>(c: &Call<'_, 't>, f: impl Fn(i64, i64) -> i64) -> Outputs<'t> {
    let (x, y) = (c.x(0)?, c.x(1)?);
    // Any operation of both has their common shape.
    let shape = x.var.equal(y.var).shape();
    let (a, b) = (x.var.broadcast_to(&shape), y.var.broadcast_to(&shape));
    let (a, b) = (a.value()?.to_vec::<i64>()?, b.value()?.to_vec::<i64>()?);
    let numbers = a.into_iter().zip(b).map(|(x, y)| f(x, y)).collect();
    one(x.like(c.of_whole(numbers, &shape)?.var))
}

fn shift<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let left = c.text("direction")? == Some("LEFT");
    bitwise(c, |x, by| {
        let by = u32::try_from(by).unwrap_or(u32::MAX);
        let x = x.cast_unsigned();
        let shifted = if left { x.checked_shl(by) } else { x.checked_shr(by) };
        shifted.unwrap_or(0).cast_signed()
    })
}

/// The same bytes as another type of the same size.
fn bit_cast<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let Some(to) = c.elem("to")? else { return Err(unsupported("casts to no type")) };
    if to.bytes() != x.elem.bytes() {
        let message = format!("from {} bytes an element to {}", x.elem.bytes(), to.bytes());
        return Err(Error::new(Kind::Shape, message));
    }
    one(same_bytes(c, x, to)?)
}

fn same_bytes<'t>(c: &Call<'_, 't>, x: Array<'t>, to: Elem) -> Result<Array<'t>> {
    let mut proto = encode("", x.elem, &x.var.value()?)?;
    proto.data_type = to.number();
    let (elem, tensor): (Elem, Tensor) = decode(&proto, None)?;
    Ok(Array { var: c.tape.constant(tensor), elem })
}
