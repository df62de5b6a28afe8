//! [`Residual`]: a layer added to what it is given.

use serde::{Deserialize, Serialize};

use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::tape::{Name, Part, Var};
use crate::tensor::{Error, Kind, Result, Rng};

/// What a layer computes of its input, added to the input: `x + inner(x)`, which has the shape of `x`. He, Zhang, Ren
/// and Sun 2015. The parameters are named as those of the layer, behind `inner.`.
///
/// ```
/// use gradtape::nn::{Linear, Module, Relu, Residual, Sequential};
/// use gradtape::{Rng, Tape};
/// let rng = &mut Rng::new(1);
/// let block = Residual::new(
///     Sequential::new().add(Linear::new(2, 8, rng)).add(Relu).add(Linear::new(8, 2, rng)),
/// );
/// assert_eq!(block.named_parameters()[0].0, "inner.0.weight");
/// assert_eq!(block.forward(Tape::new().constant([[1.0f32, 2.0]])).shape()[..], [1, 2]);
///
/// let wider = Residual::new(Linear::new(2, 3, rng));
/// let error = wider.forward(Tape::new().constant([[1.0f32, 2.0]])).value().unwrap_err();
/// assert!(error.message().contains("f32[1, 2], but what is added to it f32[1, 3]"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("skip", "shortcut"))]
#[derive(Clone)]
pub struct Residual {
    inner: Box<dyn Layer>,
    name: Name,
}

impl Residual {
    /// A layer with a way around it.
    pub fn new(inner: impl Layer + 'static) -> Residual {
        Residual { inner: Box::new(inner), name: Name::default() }
    }

    /// The layer.
    pub fn inner(&self) -> &dyn Layer {
        &*self.inner
    }

    /// Records `x + inner(x)`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _list = x.tape().within(Part::List(self.name.get()));
        let y = (*self.inner).forward(x);
        let (input, output) = (x.meta(), y.meta());
        if input != output && x.check().is_ok() && y.check().is_ok() {
            let message =
                format!("residual: the input is {input}, but what is added to it {output}");
            let hint = "the layer inside must give what it takes; a Linear or a Conv2d behind it brings it there";
            return x.failed(Error::new(Kind::Shape, message).hint(hint), &[x, y]);
        }
        x + y
    }
}

impl Module for Residual {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.name.learn(visitor.path());
        visitor.child("inner", &self.inner);
    }
}

impl Layer for Residual {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Residual::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        Some(ResidualSpec { inner: Box::new(self.inner.spec()?) }.into())
    }

    fn is_static(&self) -> bool {
        self.inner.is_static()
    }
}

/// A [`Residual`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualSpec {
    /// The layer.
    pub inner: Box<LayerSpec>,
}

impl Spec for ResidualSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let inner = self.inner.build_with(init, rng)?;
        Ok(Box::new(Residual { inner, name: Name::default() }))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let inner = self.inner.tensors()?.into_iter();
        Ok(inner.map(|kept| kept.inside("inner")).collect())
    }

    #[cfg(test)]
    fn samples() -> Vec<(Self, Vec<usize>)> {
        let inner = |spec: LayerSpec| ResidualSpec { inner: Box::new(spec) };
        let linear = super::Linear::new(3, 3, &mut Rng::new(1)).spec().unwrap();
        let nested = inner(inner(linear).into());
        vec![(inner(super::Relu.into()), vec![2, 3]), (nested, vec![2, 3])]
    }
}
