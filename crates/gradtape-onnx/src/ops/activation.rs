//! Activations.

use super::Table;
use super::elementwise::unary;
use crate::call::{Call, Outputs, one, positions, wide};
use crate::tensor::broken;
use crate::value::{along as along_axis, axis};

use gradtape::{Result, Var};

pub(super) const TABLE: Table = &[
    ("Celu", |c| {
        let alpha = c.float_or("alpha", 1.0)?;
        unary(c, |x| x.celu(alpha))
    }),
    ("Clip", clip),
    ("Elu", |c| {
        let alpha = c.float_or("alpha", 1.0)?;
        unary(c, |x| x.elu(alpha))
    }),
    ("Gelu", |c| match c.text_or("approximate", "none")? {
        "tanh" => unary(c, |x| x.gelu_tanh()),
        _ => unary(c, |x| x.gelu()),
    }),
    ("HardSigmoid", |c| {
        let (alpha, beta) = (c.float_or("alpha", 0.2)?, c.float_or("beta", 0.5)?);
        unary(c, |x| (x * alpha + beta).clamp(0.0, 1.0))
    }),
    ("HardSwish", |c| unary(c, |x| x * (x / 6 + 0.5).clamp(0.0, 1.0))),
    ("Hardmax", hardmax),
    ("LeakyRelu", |c| {
        let alpha = c.float_or("alpha", 0.01)?;
        unary(c, |x| x.leaky_relu(alpha))
    }),
    ("LogSoftmax", |c| along(c, |x, axis| x.log_softmax(axis))),
    ("Mish", |c| unary(c, |x| x.mish())),
    ("PRelu", |c| {
        let (x, mut slope) = (c.x(0)?, c.x(1)?.var);
        if c.version < 7 && slope.shape().rank() == 1 && x.rank() > 2 {
            // One for each channel.
            slope = along_axis(slope, 1, x.rank());
        }
        unary(c, |x| x.less(0).select(x * slope, x))
    }),
    ("Relu", |c| unary(c, |x| x.relu())),
    ("Selu", |c| {
        let alpha = c.float_or("alpha", 1.673_263_192_176_818_8)?;
        let gamma = c.float_or("gamma", 1.050_701_022_148_132_3)?;
        unary(c, |x| x.elu(alpha) * gamma)
    }),
    ("Shrink", |c| {
        let (bias, lambd) = (c.float_or("bias", 0.0)?, c.float_or("lambd", 0.5)?);
        unary(c, |x| {
            let inner = x.greater(lambd).select(x - bias, 0);
            x.less(-lambd).select(x + bias, inner)
        })
    }),
    ("Softmax", |c| along(c, |x, axis| x.softmax(axis))),
    ("Softplus", |c| unary(c, |x| x.softplus())),
    ("Softsign", |c| unary(c, |x| x.softsign())),
    ("Swish", |c| {
        let alpha = c.float_or("alpha", 1.0)?;
        unary(c, |x| x * (x * alpha).sigmoid())
    }),
    ("ThresholdedRelu", |c| {
        let alpha = c.float_or("alpha", 1.0)?;
        unary(c, |x| x.greater(alpha).select(x, 0))
    }),
];

/// Something along one axis; before version 13 along all axes from it on, taken as one.
fn along<'t>(c: &Call<'_, 't>, f: impl FnOnce(Var<'t>, isize) -> Var<'t>) -> Outputs<'t> {
    let x = c.x(0)?;
    let shape = x.shape();
    if c.version >= 13 {
        return one(x.like(f(x.var, c.axis(-1, x.rank())? as isize)));
    }
    let flat = flattened(c, x.var)?;
    one(x.like(f(flat, 1).reshape(shape)))
}

/// A value as a matrix whose columns are the axes from `axis` on.
fn flattened<'t>(c: &Call<'_, 't>, x: Var<'t>) -> Result<Var<'t>> {
    let shape = x.shape();
    let start = axis(c.int_or("axis", 1)?, shape.rank().max(1))?;
    let rows = shape[..start].iter().product::<usize>();
    Ok(x.reshape([rows, shape[start..].iter().product()]))
}

/// 1 at the first of the greatest along an axis, 0 elsewhere.
fn hardmax<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    along(c, |x, axis| {
        let best = x.argmax(axis).unsqueeze(axis);
        let place = positions(x.tape(), &x.shape(), axis as usize);
        place.equal(best).cast(x.dtype())
    })
}

/// Bounds are inputs since version 11; one that is missing does not bound.
fn clip<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let x = c.x(0)?;
    let bound = |place: usize, name: &str| -> Result<Option<Var<'t>>> {
        if c.version < 11 {
            return Ok(c
                .float(name)?
                .map(|number| wide(x.var).literal(number).cast(x.var.dtype())));
        }
        match c.maybe(place)? {
            Some(bound) if bound.var.shape().elements() != 1 => {
                Err(broken(format!("the bound {name:?} is not one number")))
            }
            bound => Ok(bound.map(|bound| bound.var.reshape(()))),
        }
    };
    let mut y = x.var;
    if let Some(least) = bound(1, "min")? {
        y = y.maximum(least);
    }
    if let Some(greatest) = bound(2, "max")? {
        y = y.minimum(greatest);
    }
    one(x.like(y))
}
