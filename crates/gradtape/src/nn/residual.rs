//! [`Residual`]: a layer added to what it is given.

use serde::{Deserialize, Serialize};

use super::layer::part;
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
///
/// // Another layer on the way around brings the input to the other shape.
/// let wider = wider.with_shortcut(Linear::new(2, 3, rng));
/// assert_eq!(wider.forward(Tape::new().constant([[1.0f32, 2.0]])).shape()[..], [1, 3]);
/// # Ok::<(), gradtape::Error>(())
/// ```
#[doc(alias("skip", "shortcut"))]
#[derive(Clone)]
pub struct Residual {
    inner: Box<dyn Layer>,
    shortcut: Option<Box<dyn Layer>>,
    name: Name,
}

impl Residual {
    /// A layer with a way around it.
    pub fn new(inner: impl Layer + 'static) -> Residual {
        Residual { inner: Box::new(inner), shortcut: None, name: Name::default() }
    }

    /// With a layer on the way around: `shortcut(x) + inner(x)`, where the two have another shape than `x`. Its
    /// parameters stand behind `shortcut.`.
    #[must_use]
    pub fn with_shortcut(self, shortcut: impl Layer + 'static) -> Residual {
        Residual { shortcut: Some(Box::new(shortcut)), ..self }
    }

    /// The layer.
    pub fn inner(&self) -> &dyn Layer {
        &*self.inner
    }

    /// The layer on the way around, if there is one.
    pub fn shortcut(&self) -> Option<&dyn Layer> {
        self.shortcut.as_deref()
    }

    /// Records `x + inner(x)`, or `shortcut(x) + inner(x)`.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let _list = x.tape().within(Part::List(self.name.get()));
        let y = part("inner", &*self.inner, x);
        let x = match &self.shortcut {
            Some(shortcut) => part("shortcut", &**shortcut, x),
            None => x,
        };
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
        visitor.name(&self.name);
        visitor.child("inner", &self.inner);
        if let Some(shortcut) = &self.shortcut {
            visitor.child("shortcut", shortcut);
        }
    }
}

impl Layer for Residual {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Residual::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let shortcut = match &self.shortcut {
            Some(shortcut) => Some(Box::new(shortcut.spec()?)),
            None => None,
        };
        Some(ResidualSpec { inner: Box::new(self.inner.spec()?), shortcut }.into())
    }

    fn is_static(&self) -> bool {
        self.inner.is_static() && self.shortcut.as_ref().is_none_or(|own| own.is_static())
    }
}

/// A [`Residual`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualSpec {
    /// The layer.
    pub inner: Box<LayerSpec>,
    /// The layer on the way around, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shortcut: Option<Box<LayerSpec>>,
}

impl Spec for ResidualSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let inner = self.inner.build_with(init, rng)?;
        let shortcut = self.shortcut.as_ref().map(|spec| spec.build_with(init, rng)).transpose()?;
        Ok(Box::new(Residual { inner, shortcut, name: Name::default() }))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let inner = self.inner.tensors()?.into_iter().map(|kept| kept.inside("inner"));
        let mut all: Vec<Kept> = inner.collect();
        if let Some(shortcut) = &self.shortcut {
            all.extend(shortcut.tensors()?.into_iter().map(|kept| kept.inside("shortcut")));
        }
        Ok(all)
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let inner = |spec: LayerSpec| ResidualSpec { inner: Box::new(spec), shortcut: None };
        let linear = |to| super::Linear::new(3, to, &mut Rng::new(1)).spec().unwrap();
        let nested = inner(inner(linear(3)).into());
        let wider = ResidualSpec { shortcut: Some(Box::new(linear(5))), ..inner(linear(5)) };
        vec![(inner(super::Relu.into()), vec![2, 3]), (nested, vec![2, 3]), (wider, vec![2, 3])]
    }
}
