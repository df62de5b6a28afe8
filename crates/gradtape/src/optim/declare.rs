//! What an optimiser declares of itself in its file, and what follows from it: the struct with its builder
//! methods, the check of ranges, settings by name, and a row of [`OPTIMIZERS`](super::OPTIMIZERS).

use std::fmt;

use super::hyper::{Hyper, HyperValue};
use super::{Base, Optimizer, Rule};
use crate::tensor::{Error, Kind, Result, nearest};

/// What an optimiser declares of itself.
#[derive(Clone, Copy, Debug)]
pub struct OptimizerInfo {
    /// The name, as [`by_name`](super::by_name()) knows it.
    pub name: &'static str,
    /// The documentation, line by line.
    pub doc: &'static [&'static str],
    /// What the length of its steps follows.
    pub pace: Pace,
    /// What can be set, the learning rate first.
    pub hyperparameters: &'static [Hyperparameter],
    /// Further names, each for some settings of it.
    pub presets: &'static [Preset],
    /// Makes one from what all optimisers share and from settings.
    pub(super) make: fn(Base, &Hyper) -> Result<Box<dyn Optimizer>>,
}

/// A number, a pair of numbers or a choice that an optimiser lets its user set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hyperparameter {
    /// The name, as in PyTorch.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What it is where it is not set.
    pub default: HyperValue,
    /// What is allowed of a number, or of both numbers of a pair.
    pub range: Interval,
}

/// The numbers from one on to below another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// The smallest one that is allowed.
    pub least: f64,
    /// The smallest one that is too large; infinite for all finite numbers.
    pub below: f64,
    /// Whether only whole numbers are allowed.
    pub whole: bool,
}

/// A name for some settings of an optimiser.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    /// The name.
    pub name: &'static str,
    /// The settings that differ from the optimiser's defaults.
    pub settings: &'static [(&'static str, HyperValue)],
}

/// What the length of an optimiser's steps follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The gradient: twice as large, it makes a step twice as long.
    Gradient,
    /// The learning rate: however large the gradient is, a step is about as long as the rate.
    Rate,
    /// The learning rate over a root of the steps taken, however large the gradient is.
    Falling,
    /// Its own steps so far, however large the gradient is; the learning rate scales them and is 1 in
    /// the paper.
    Own,
    /// The learning rate times the norm of the parameter, however large the gradient is.
    Norm,
    /// A search, which looks at the loss several times and takes the learning rate as its first guess. Such
    /// an optimiser needs [`Optimizer::minimize`].
    Search,
}

impl Hyperparameter {
    /// The learning rate, with an optimiser's default.
    pub const fn lr(default: f64) -> Hyperparameter {
        let (default, range) = (HyperValue::Number(default), Interval::FROM_0);
        Hyperparameter { name: "lr", doc: "The learning rate.", default, range }
    }

    /// Fails unless a value is of the kind of the default and in range.
    ///
    /// ```
    /// use gradtape::optim::{Hyperparameter, HyperValue};
    /// let lr = Hyperparameter::lr(0.01);
    /// assert!(lr.check(HyperValue::Number(0.5)).is_ok());
    /// let error = lr.check(HyperValue::Number(-0.5)).unwrap_err();
    /// assert_eq!(error.message(), "lr is -0.5, but must be a finite number of at least 0");
    /// let error = lr.check(HyperValue::Flag(true)).unwrap_err();
    /// assert_eq!(error.message(), "lr is true, but must be a finite number of at least 0");
    /// ```
    pub fn check(&self, value: HyperValue) -> Result<()> {
        use HyperValue::{Flag, Number, Pair};
        match (self.default, value) {
            (Number(_), Number(number)) => self.range.check(self.name, number),
            (Pair(..), Pair(first, second)) => {
                self.range.check(&format!("the first of {}", self.name), first)?;
                self.range.check(&format!("the second of {}", self.name), second)
            }
            (Flag(_), Flag(_)) => Ok(()),
            _ => Err(bad(self.name, value, &self.allowed())),
        }
    }

    /// What is allowed, as in "momentum must be …".
    pub fn allowed(&self) -> String {
        match self.default {
            HyperValue::Number(_) => self.range.to_string(),
            HyperValue::Pair(..) => format!("two numbers, each {}", self.range),
            HyperValue::Flag(_) => "true or false".to_string(),
        }
    }
}

impl Interval {
    /// All finite numbers from 0 on.
    pub const FROM_0: Interval = Interval { least: 0.0, below: f64::INFINITY, whole: false };

    /// From 0 to below 1.
    pub const SHARE: Interval = Interval { least: 0.0, below: 1.0, whole: false };

    /// Whether a number is one of them; NaN never is.
    pub fn contains(&self, number: f64) -> bool {
        (self.least..self.below).contains(&number) && (!self.whole || number.fract() == 0.0)
    }

    /// Fails for a number that is not allowed, by its name.
    pub(super) fn check(&self, name: &str, number: f64) -> Result<()> {
        match self.contains(number) {
            true => Ok(()),
            false => Err(bad(name, number, &self.to_string())),
        }
    }
}

/// As in "must be …".
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = if self.whole { "a whole number of " } else { "" };
        match self.below.is_finite() {
            true => write!(f, "{whole}at least {} and below {}", self.least, self.below),
            false if self.whole => write!(f, "{whole}at least {}", self.least),
            false => write!(f, "a finite number of at least {}", self.least),
        }
    }
}

/// A setting outside its range.
pub(super) fn bad(name: &str, value: impl fmt::Display, range: &str) -> Error {
    Error::new(Kind::Value, format!("{name} is {value}, but must be {range}"))
}

/// What [`optimizer!`] makes of a declaration.
pub(super) trait Declared: Optimizer + Sized + 'static {
    /// The declaration.
    const INFO: OptimizerInfo;

    /// With every setting at its default.
    fn new_from(base: Base) -> Self;

    /// Sets what is not the learning rate. A name or a kind of value that it does not have changes nothing.
    fn set(&mut self, name: &str, value: HyperValue);

    /// The settings beside the learning rate, in the order of the declaration.
    fn values(&self) -> Vec<HyperValue>;
}

/// An optimiser with settings. Fails for one that it does not have or that is out of range.
pub(super) fn make<O: Declared>(base: Base, hyper: &Hyper) -> Result<Box<dyn Optimizer>> {
    let mut made = O::new_from(base);
    for (name, value) in hyper.iter().filter(|(name, _)| *name != "lr") {
        let known = O::INFO.hyperparameter(name)?;
        known.check(value).map_err(|error| error.context(O::INFO.name))?;
        made.set(name, value);
    }
    Ok(Box::new(made))
}

/// An optimiser's rule with some settings changed, for a group of parameters.
pub(super) fn varied<O: Declared>(own: &O, hyper: &Hyper) -> Result<Box<dyn Rule>> {
    let mut made = O::new_from(Base::empty());
    own.settings().into_iter().for_each(|(known, value)| made.set(known.name, value));
    for (name, value) in hyper.iter() {
        if name == "lr" {
            let error = Error::new(Kind::Value, "lr is the optimiser's, for all groups");
            return Err(error.hint("lr_scale gives a group a multiple of it"));
        }
        // A group has settings of its own, and a share of the one rate.
        let names = || O::INFO.names().filter(|name| *name != "lr").chain(["lr_scale"]);
        let known = O::INFO.find(name).ok_or_else(|| O::INFO.unknown(name, names().collect()))?;
        known.check(value)?;
        made.set(name, value);
    }
    made.check()?;
    Ok(Box::new(made))
}

impl OptimizerInfo {
    /// The hyperparameter of a name. Fails where there is none, with those that there are.
    pub fn hyperparameter(&self, name: &str) -> Result<&'static Hyperparameter> {
        self.find(name).ok_or_else(|| self.unknown(name, self.names().collect()))
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.hyperparameters.iter().map(|known| known.name)
    }

    fn find(&self, name: &str) -> Option<&'static Hyperparameter> {
        self.hyperparameters.iter().find(|known| known.name == name)
    }

    /// That there is no setting of a name, but these.
    fn unknown(&self, name: &str, names: Vec<&str>) -> Error {
        let has = format!("it has {}", names.join(", "));
        let error = Error::new(Kind::Value, format!("{} has no setting {name}", self.name));
        match nearest(name, names) {
            Some(close) => error.hint(format!("did you mean {close}? {has}")),
            None => error.hint(has),
        }
    }
}

/// Conversion to the type of a field.
pub(super) trait Setting: Into<HyperValue> + Copy {
    /// The value, where it is of this kind.
    fn read(value: HyperValue) -> Option<Self>;
}

impl Setting for f64 {
    fn read(value: HyperValue) -> Option<f64> {
        if let HyperValue::Number(number) = value { Some(number) } else { None }
    }
}

impl Setting for usize {
    fn read(value: HyperValue) -> Option<usize> {
        if let HyperValue::Number(number) = value { Some(number as usize) } else { None }
    }
}

impl Setting for (f64, f64) {
    fn read(value: HyperValue) -> Option<(f64, f64)> {
        if let HyperValue::Pair(first, second) = value { Some((first, second)) } else { None }
    }
}

impl Setting for bool {
    fn read(value: HyperValue) -> Option<bool> {
        if let HyperValue::Flag(flag) = value { Some(flag) } else { None }
    }
}

/// Declares an optimiser: its name, the default of the learning rate, its [`Pace`], and a row for each
/// hyperparameter with its documentation, type, range and default; then what it keeps beside slots, and the
/// presets, if it has any.
/// [`declared!`] completes its [`Rule`](super::Rule).
macro_rules! optimizer {
    (
        $(#[doc = $text:tt])*
        pub struct $Name:ident($name:literal, lr = $lr:literal, pace = $pace:ident) {
            $(
                $(#[doc = $doc:tt])*
                $field:ident: $type:tt $(in $least:literal.. $($below:literal)?)? = $default:tt,
            )*
        }
        $(own $own:ident: $Own:ty;)?
        $(preset $preset:literal { $($set:ident = $to:expr),* })*
    ) => {
        $(#[doc = $text])*
        pub struct $Name {
            base: $crate::optim::Base,
            $($field: $type,)*
            $($own: $Own,)?
        }

        impl $Name {
            /// For the floating-point parameters of a module, with a learning rate. The rest has its default:
            ///
            $(#[doc = concat!("- `", stringify!($field), "` ", stringify!($default))])*
            pub fn new(
                module: &(impl $crate::nn::Module + ?Sized),
                learning_rate: f64,
            ) -> $Name {
                let base = $crate::optim::Base::new(module, learning_rate);
                <$Name as $crate::optim::declare::Declared>::new_from(base)
            }

            $($crate::optim::declare::optimizer! {
                @builder $(#[doc = $doc])*
                $field: $type $(in $least.. $($below)?)? = $default
            })*
        }

        impl $crate::optim::declare::Declared for $Name {
            const INFO: $crate::optim::OptimizerInfo = $crate::optim::OptimizerInfo {
                name: $name,
                doc: &[$($text),*],
                pace: $crate::optim::Pace::$pace,
                hyperparameters: &[
                    $crate::optim::Hyperparameter::lr($lr),
                    $($crate::optim::Hyperparameter {
                        name: stringify!($field),
                        doc: concat!($($doc),*).trim_ascii(),
                        default: $crate::optim::declare::optimizer!(@value $type = $default),
                        range: $crate::optim::declare::optimizer!(@range $type $($least.. $($below)?)?),
                    },)*
                ],
                presets: &[$($crate::optim::Preset {
                    name: $preset,
                    settings: &[$((stringify!($set), $to)),*],
                },)*],
                make: $crate::optim::declare::make::<$Name>,
            };

            fn new_from(base: $crate::optim::Base) -> $Name {
                $Name { base, $($field: $default,)* $($own: Default::default(),)? }
            }

            fn set(&mut self, name: &str, value: $crate::optim::HyperValue) {
                $(if name == stringify!($field)
                    && let Some(value) = $crate::optim::declare::Setting::read(value)
                {
                    self.$field = value;
                })*
            }

            fn values(&self) -> Vec<$crate::optim::HyperValue> {
                vec![$(self.$field.into()),*]
            }
        }
    };
    (@builder $(#[doc = $doc:tt])* $field:ident: bool = $default:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!("By default `", stringify!($default), "`.")]
        #[must_use]
        pub fn $field(self, $field: bool) -> Self {
            Self { $field, ..self }
        }
    };
    (@builder $(#[doc = $doc:tt])* $field:ident: f64 in $least:literal.. $($below:literal)? = $default:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!(
            "At least ", $least, $(" and below ", $below,)? "; ", stringify!($default), " by default."
        )]
        #[must_use]
        pub fn $field(self, $field: f64) -> Self {
            Self { $field, ..self }
        }
    };
    (@builder $(#[doc = $doc:tt])* $field:ident: usize in $least:literal.. $($below:literal)? = $default:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!(
            "At least ", $least, $(" and below ", $below,)? "; ", stringify!($default), " by default."
        )]
        #[must_use]
        pub fn $field(self, $field: usize) -> Self {
            Self { $field, ..self }
        }
    };
    (@builder $(#[doc = $doc:tt])* $field:ident: (f64, f64) in $least:literal.. $($below:literal)? = $default:tt) => {
        $(#[doc = $doc])*
        #[doc = concat!(
            "Each at least ", $least, $(" and below ", $below,)? "; ", stringify!($default), " by default."
        )]
        #[must_use]
        pub fn $field(self, first: f64, second: f64) -> Self {
            Self { $field: (first, second), ..self }
        }
    };
    (@value bool = $default:tt) => { $crate::optim::HyperValue::Flag($default) };
    (@value f64 = $default:tt) => { $crate::optim::HyperValue::Number($default) };
    (@value usize = $default:tt) => { $crate::optim::HyperValue::Number($default as f64) };
    (@value (f64, f64) = ($first:tt, $second:tt)) => {
        $crate::optim::HyperValue::Pair($first, $second)
    };
    (@range $type:tt) => { $crate::optim::Interval::FROM_0 };
    (@range $type:tt $least:literal..) => {
        $crate::optim::Interval {
            least: $least as f64,
            below: f64::INFINITY,
            whole: $crate::optim::declare::optimizer!(@whole $type),
        }
    };
    (@range $type:tt $least:literal.. $below:literal) => {
        $crate::optim::Interval {
            least: $least as f64,
            below: $below as f64,
            whole: $crate::optim::declare::optimizer!(@whole $type),
        }
    };
    (@whole usize) => { true };
    (@whole $type:tt) => { false };
}
pub(super) use optimizer;

/// What of a [`Rule`](super::Rule) follows from the declaration.
macro_rules! declared {
    () => {
        fn base(&self) -> &$crate::optim::Base {
            &self.base
        }

        fn base_mut(&mut self) -> &mut $crate::optim::Base {
            &mut self.base
        }

        fn name(&self) -> &'static str {
            <Self as $crate::optim::declare::Declared>::INFO.name
        }

        fn settings(&self) -> Vec<($crate::optim::Hyperparameter, $crate::optim::HyperValue)> {
            let known = <Self as $crate::optim::declare::Declared>::INFO.hyperparameters;
            let values = $crate::optim::declare::Declared::values(self);
            known[1..].iter().copied().zip(values).collect()
        }

        fn varied(
            &self,
            hyper: &$crate::optim::Hyper,
        ) -> $crate::tensor::Result<Box<dyn $crate::optim::Rule>> {
            $crate::optim::declare::varied(self, hyper)
        }
    };
}
pub(super) use declared;
