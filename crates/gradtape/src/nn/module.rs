//! [`Module`]: something with named parameters, and state beside them.

use std::sync::Arc;

use super::assign::{Origin, assign_from, named, named_buffers};
use crate::tape::{Buffer, Dial, Generator, Name, Parameter};
use crate::tensor::Result;

/// Something with parameters: a layer, a network, a parameter itself, or a collection of these.
///
/// For a struct, derive it: `#[derive(Module)]`. What a module computes is its own business; most have
/// a method `forward`, and those that map one value to one value implement [`Layer`](super::Layer).
///
/// ```
/// use gradtape::nn::{Linear, Module};
/// use gradtape::Rng;
///
/// #[derive(Module)]
/// struct Net {
///     hidden: Vec<Linear>,
///     out: Option<Linear>,
/// }
///
/// let mut rng = Rng::new(7);
/// let hidden = vec![Linear::new(4, 8, &mut rng), Linear::new(8, 8, &mut rng)];
/// let net = Net { hidden, out: Some(Linear::new(8, 2, &mut rng)) };
/// let (name, weight) = &net.named_parameters()[2];
/// assert_eq!(name, "hidden.1.weight");
/// assert_eq!(weight.value().shape()[..], [8, 8]);
/// assert_eq!(net.parameter_count(), 4 * 8 + 8 + 8 * 8 + 8 + 8 * 2 + 2);
/// ```
///
/// What a module keeps is of three kinds, each a field that is visited by itself and copied by a clone:
///
/// | field | what it is | optimisers | [`io::save`], [`io::Model`], [`load_from`], [`Ema`] | [`Checkpoint`] |
/// |---|---|---|---|---|
/// | [`Parameter`] | a tensor that is trained | change it | yes | yes |
/// | [`Buffer`] | a tensor that the recording changes: running statistics | leave it | yes | yes |
/// | [`Dial`], [`Generator`] | a count that the program turns: how many masks a dropout drew | leave it | no | yes |
///
/// So the files of a network hold all that its predictions are made of; where its random numbers stand
/// matters to a training that goes on, whose checkpoint has it.
///
/// [`io::save`]: crate::io::save
/// [`io::Model`]: crate::io::Model
/// [`load_from`]: Module::load_from
/// [`Ema`]: crate::optim::Ema
/// [`Checkpoint`]: crate::io::Checkpoint
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a module",
    label = "not a module",
    note = "derive it with `#[derive(Module)]`, or leave the field out with `#[module(skip)]`"
)]
pub trait Module: Send + Sync {
    /// Shows the visitor every parameter, every buffer and every module inside, in a fixed order.
    fn visit(&self, visitor: &mut Visitor<'_>);

    /// What it is, in a word or two: the name of the type.
    fn kind(&self) -> String {
        let path = std::any::type_name::<Self>();
        let plain = path.split('<').next().unwrap_or(path);
        plain.rsplit("::").next().unwrap_or(plain).to_string()
    }

    /// The parameters with their dotted paths (`hidden.weight`), in order. A parameter that is used in
    /// several places appears once, under the first of its names.
    ///
    /// An optimiser and the reader of a model file list them too. From then on errors call the parameters,
    /// and the layers that they belong to, by these paths.
    #[doc(alias = "state_dict")]
    fn named_parameters(&self) -> Vec<(String, Parameter)> {
        let named = named(self).into_iter();
        named.map(|(mut names, parameter)| (names.swap_remove(0), parameter)).collect()
    }

    /// The buffers with their dotted paths (`1.running_mean`), each once, in order: the tensors that are
    /// saved and loaded beside the parameters and that no optimiser changes.
    ///
    /// ```
    /// use gradtape::nn::{BatchNorm1d, Module};
    /// let layer = BatchNorm1d::new(3);
    /// let names = |named: Vec<(String, _)>| named.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    /// assert_eq!(names(layer.named_buffers()), ["running_mean", "running_var", "num_batches_tracked"]);
    /// assert_eq!(layer.parameter_count(), 6);
    /// ```
    #[doc(alias = "state_dict")]
    fn named_buffers(&self) -> Vec<(String, Buffer)> {
        let named = named_buffers(self).into_iter();
        named.map(|(mut names, buffer)| (names.swap_remove(0), Buffer::of(&buffer))).collect()
    }

    /// The dials with their dotted paths (`1.masks`), in order: what else changes while training goes on,
    /// such as how often a dropout was used.
    fn named_dials(&self) -> Vec<(String, Dial)> {
        let mut found = Vec::new();
        self.visit(&mut Visitor::new(&mut |seen| {
            if let Seen::Dial { path, dial } = seen {
                found.push((path.to_string(), dial.share()));
            }
        }));
        found
    }

    /// Gives every parameter and every buffer the numbers of the one of the same name in another module,
    /// which stay there too: for a target network that follows another.
    ///
    /// ```
    /// use gradtape::Rng;
    /// use gradtape::nn::{Activation, Module, Sequential};
    /// let online = Sequential::mlp(&[4, 8, 2], Activation::Relu, 0.0, &mut Rng::new(1))?;
    /// let target = online.clone();
    /// // Train `online`; every thousand steps:
    /// target.load_from(&online)?;
    ///
    /// let wider = Sequential::mlp(&[4, 9, 2], Activation::Relu, 0.0, &mut Rng::new(1))?;
    /// let error = target.load_from(&wider).unwrap_err();
    /// assert!(error.message().contains("\"0.weight\" is f32[9, 4]"), "{error}");
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    ///
    /// A parameter that stands in several places of one of the two (tied weights) goes by all its names, so
    /// that a network gives its numbers to its clone, which has two parameters there, and takes them back.
    ///
    /// Fails, and changes nothing, where the names, shapes or element types of the two differ, and where
    /// tied weights would have to take different numbers at once.
    fn load_from(&self, other: &dyn Module) -> Result<()> {
        assign_from(self, other, &OTHER)
    }

    /// The parameters, each once, in order.
    fn parameters(&self) -> Vec<Parameter> {
        self.named_parameters().into_iter().map(|(_, parameter)| parameter).collect()
    }

    /// The number of numbers in all parameters; `usize::MAX` where it does not fit.
    fn parameter_count(&self) -> usize {
        let counts = self.parameters().into_iter().map(|own| own.meta().shape.elements());
        counts.fold(0, usize::saturating_add)
    }
}

/// What errors say of tensors from another module.
const OTHER: Origin = Origin {
    own: "the network",
    place: "the other module",
    hint: "give a module of the same layers",
};

/// What walks through a [`Module`] and keeps the path.
pub struct Visitor<'v> {
    path: String,
    /// Whether parameters are shown as buffers.
    untrained: bool,
    see: &'v mut dyn FnMut(Seen<'_>),
}

/// What a [`Visitor`] meets.
pub(super) enum Seen<'a> {
    /// A module, before what is inside it.
    Module { path: &'a str, kind: String },
    /// A parameter.
    Parameter { path: &'a str, parameter: &'a Parameter },
    /// A buffer.
    Buffer { path: &'a str, buffer: &'a Buffer },
    /// A dial.
    Dial { path: &'a str, dial: &'a Dial },
    /// The name of the module that is being visited, by which its parts are known.
    Name { path: &'a str, name: &'a Name },
}

impl<'v> Visitor<'v> {
    pub(super) fn new(see: &'v mut dyn FnMut(Seen<'_>)) -> Visitor<'v> {
        Visitor { path: String::new(), untrained: false, see }
    }

    /// Visits a module that belongs to this one under a name.
    pub fn child<M: Module + ?Sized>(&mut self, name: &str, module: &M) {
        let end = self.path.len();
        if end > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        (self.see)(Seen::Module { path: &self.path, kind: module.kind() });
        module.visit(self);
        self.path.truncate(end);
    }

    /// Has the name of the module that is being visited take its dotted path over.
    pub(super) fn name(&mut self, name: &Name) {
        name.learn(&self.path);
        (self.see)(Seen::Name { path: &self.path, name });
    }

    /// Visits what is inside a module, which stands in the place of this one, and shows its parameters as
    /// buffers: no optimiser is to change them from here.
    pub(crate) fn untrained(&mut self, module: &(impl Module + ?Sized)) {
        let before = std::mem::replace(&mut self.untrained, true);
        module.visit(self);
        self.untrained = before;
    }
}

impl Module for Parameter {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        let path = &visitor.path;
        match visitor.untrained {
            false => (visitor.see)(Seen::Parameter { path, parameter: self }),
            true => (visitor.see)(Seen::Buffer { path, buffer: &Buffer::of(self) }),
        }
    }
}

/// It has no parameters, and is saved and loaded beside them.
impl Module for Buffer {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        (visitor.see)(Seen::Buffer { path: &visitor.path, buffer: self });
    }
}

/// What it shows is saved with a [`Checkpoint`](crate::io::Checkpoint); it has no parameters.
impl Module for Dial {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        (visitor.see)(Seen::Dial { path: &visitor.path, dial: self });
    }
}

/// How far it was drawn from is saved with a [`Checkpoint`](crate::io::Checkpoint); it has no parameters.
impl Module for Generator {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.counter().visit(visitor);
    }
}

impl<M: Module + ?Sized> Module for &M {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        (**self).visit(visitor);
    }

    fn kind(&self) -> String {
        (**self).kind()
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        (**self).visit(visitor);
    }

    fn kind(&self) -> String {
        (**self).kind()
    }
}

impl<M: Module + ?Sized> Module for Arc<M> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        (**self).visit(visitor);
    }

    fn kind(&self) -> String {
        (**self).kind()
    }
}

impl<M: Module> Module for Option<M> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self.iter().for_each(|module| module.visit(visitor));
    }

    fn kind(&self) -> String {
        self.as_ref().map_or(String::from("None"), Module::kind)
    }
}

impl<M: Module> Module for [M] {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        for (number, module) in self.iter().enumerate() {
            visitor.child(&number.to_string(), module);
        }
    }

    fn kind(&self) -> String {
        String::from("list")
    }
}

impl<M: Module> Module for Vec<M> {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self[..].visit(visitor);
    }

    fn kind(&self) -> String {
        self[..].kind()
    }
}

impl<M: Module, const N: usize> Module for [M; N] {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        self[..].visit(visitor);
    }

    fn kind(&self) -> String {
        self[..].kind()
    }
}

/// Stamps [`Module`] on tuples.
macro_rules! tuples {
    ($(($($name:ident $place:tt),+))+) => {$(
        impl<$($name: Module),+> Module for ($($name,)+) {
            fn visit(&self, visitor: &mut Visitor<'_>) {
                $(visitor.child(stringify!($place), &self.$place);)+
            }

            fn kind(&self) -> String {
                String::from("list")
            }
        }
    )+};
}
tuples! { (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::{Linear, Module};
    use crate::tensor::{DType, Rng, Tensor};

    fn parameter() -> Parameter {
        Parameter::new(Tensor::zeros([2, 3], DType::F32))
    }

    fn names(module: &dyn Module) -> Vec<String> {
        module.named_parameters().into_iter().map(|(name, _)| name).collect()
    }

    #[derive(Module)]
    struct Inner<M: Module> {
        r#type: M,
        #[module(skip)]
        #[expect(dead_code, reason = "stands for any field that is no module")]
        width: usize,
    }

    type Call = for<'t> fn(crate::tape::Var<'t>) -> crate::tape::Var<'t>;

    #[derive(Module)]
    #[expect(dead_code, reason = "stands for what a layer keeps beside its parameters")]
    struct Plain<'n, T: Send + Sync> {
        sizes: (usize, [f64; 2], Vec<Option<i64>>),
        names: &'n [String],
        on: bool,
        range: std::ops::Range<usize>,
        activation: Option<fn(f64) -> f64>,
        boxed: Box<dyn Fn(f64) -> f64 + Send + Sync>,
        kind: std::marker::PhantomData<T>,
        #[module(skip)]
        call: Call,
        layer: Linear,
    }

    #[test]
    fn plain_data_is_left_out_by_itself() {
        let plain = Plain::<u8> {
            sizes: (1, [0.5; 2], vec![None]),
            names: &[],
            on: true,
            range: 0..3,
            activation: Some(f64::tanh),
            boxed: Box::new(f64::sin),
            kind: Default::default(),
            call: |x| x.relu(),
            layer: Linear::new(1, 1, &mut Rng::new(0)),
        };
        assert_eq!(names(&plain), ["layer.weight", "layer.bias"]);
    }

    #[derive(Module)]
    struct Pair(Parameter, Inner<Parameter>);

    #[derive(Module)]
    struct Empty;

    #[derive(Module)]
    struct Outer {
        first: Inner<Linear>,
        list: Vec<Pair>,
        maybe: Option<Parameter>,
        missing: Option<Parameter>,
        boxed: Box<dyn Module>,
        array: [Parameter; 2],
        tuple: (Parameter, Empty),
    }

    #[test]
    fn paths_follow_the_fields() {
        let pair = || Pair(parameter(), Inner { r#type: parameter(), width: 1 });
        let outer = Outer {
            first: Inner { r#type: Linear::new(2, 3, &mut Rng::new(0)), width: 2 },
            list: vec![pair(), pair()],
            maybe: Some(parameter()),
            missing: None,
            boxed: Box::new(parameter()),
            array: [parameter(), parameter()],
            tuple: (parameter(), Empty),
        };
        let expected = [
            "first.type.weight",
            "first.type.bias",
            "list.0.0",
            "list.0.1.type",
            "list.1.0",
            "list.1.1.type",
            "maybe",
            "boxed",
            "array.0",
            "array.1",
            "tuple.0",
        ];
        assert_eq!(names(&outer), expected);
        assert_eq!((outer.kind(), outer.first.kind()), ("Outer".into(), "Inner".into()));
        assert_eq!(outer.parameter_count(), 6 + 3 + 9 * 6);
        assert!(names(&Empty).is_empty());
    }

    #[test]
    fn a_shared_parameter_counts_once() {
        let shared = parameter();
        let both = [shared.share(), parameter(), shared];
        assert_eq!(names(&both), ["0", "1"]);
        assert_eq!(both.parameter_count(), 12);
    }
}
