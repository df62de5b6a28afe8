//! [`Embedding`]: a vector for each number.

use serde::{Deserialize, Serialize};

use super::fit::{check_float, setting};
use super::spec::float;
use super::{Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng, Tensor};

/// A table of vectors: each number of the input, an i64 from 0 to `count - 1`, is replaced by the row of that number,
/// `[…]` to `[…, width]`. Bengio, Ducharme, Vincent and Jauvin 2003.
///
/// ```
/// use gradtape::nn::Embedding;
/// use gradtape::{Rng, Tape};
/// let layer = Embedding::new(10, 3, &mut Rng::new(1));
/// let tape = Tape::new();
/// let y = layer.forward(tape.constant([[4i64, 0], [4, 9]])).value()?;
/// assert_eq!(y.shape()[..], [2, 2, 3]);
/// assert_eq!(y.to_f64_vec()[..3], layer.weight.value().to_f64_vec()[12..15]);
///
/// let error = layer.forward(tape.constant([10i64])).value().unwrap_err();
/// assert!(error.message().contains("10, out of range for 10"), "{error}");
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[count, width]`.
    pub weight: Parameter,
    padding: Option<usize>,
}

/// What [`Embedding::with`] can be told; the default is what [`Embedding::new`] does, and PyTorch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EmbeddingOptions {
    /// The number that stands for nothing: its row starts with zeros and has no gradient (default: none);
    /// PyTorch's `padding_idx`.
    pub padding: Option<usize>,
    /// How the table starts (default: normal with mean 0 and standard deviation 1).
    pub init: Init,
    /// The element type of the vectors, f32 (default) or f64.
    pub dtype: DType,
}

impl EmbeddingOptions {
    /// Those of a table that a model file tells of: its numbers start as by default, or as zeros.
    pub(super) fn told(
        padding: Option<usize>,
        dtype: &str,
        init: Init,
    ) -> Result<EmbeddingOptions> {
        let mut options =
            EmbeddingOptions { padding, dtype: float(dtype)?, ..EmbeddingOptions::default() };
        if init == Init::Zeros {
            options.init = init;
        }
        Ok(options)
    }
}

impl Default for EmbeddingOptions {
    fn default() -> EmbeddingOptions {
        let init = Init::Normal { mean: 0.0, std: 1.0 };
        EmbeddingOptions { padding: None, init, dtype: DType::F32 }
    }
}

impl Embedding {
    /// A table of `count` vectors of `width` numbers in f32, normal with mean 0 and standard deviation 1.
    ///
    /// A table of more numbers than memory can hold has zeros, and its first use is an error.
    pub fn new(count: usize, width: usize, rng: &mut Rng) -> Embedding {
        let options = EmbeddingOptions::default();
        Embedding::with(count, width, options, rng).unwrap_or_else(|_| Embedding {
            weight: Parameter::new(Tensor::zeros([count, width], DType::F32)),
            padding: None,
        })
    }

    /// A table with other [`EmbeddingOptions`]. Fails for a padding that is no number of the table, for an element
    /// type that is no float, for a rule of nonsense numbers, and for sizes that memory cannot hold.
    ///
    /// ```
    /// use gradtape::nn::{Embedding, EmbeddingOptions};
    /// use gradtape::{Rng, Tape};
    /// let options = EmbeddingOptions { padding: Some(0), ..EmbeddingOptions::default() };
    /// let layer = Embedding::with(10, 3, options, &mut Rng::new(1))?;
    /// let y = layer.forward(Tape::new().constant([0i64])).value()?;
    /// assert_eq!(y.to_f64_vec(), [0.0, 0.0, 0.0]);
    /// # Ok::<(), gradtape::Error>(())
    /// ```
    pub fn with(
        count: usize,
        width: usize,
        options: EmbeddingOptions,
        rng: &mut Rng,
    ) -> Result<Embedding> {
        let EmbeddingOptions { padding, init, dtype } = options;
        let name = format!("an embedding of {count} numbers");
        check_float(&name, dtype)?;
        if let Some(padding) = padding
            && padding >= count
        {
            let rule = format!("padding is {padding}, but must be one of them, below {count}");
            return Err(setting(name, rule));
        }
        let made = init.fill([count, width], count as f64, width as f64, dtype, rng);
        let mut weight = made.map_err(|error| error.context(&name))?;
        if let Some(padding) = padding {
            // 1 but for the row of the padding.
            let row = Tensor::arange(0.0, count as f64, 1.0, DType::F64)?.to_f64_vec();
            let kept = row.iter().map(|&row| f64::from(u8::from(row != padding as f64))).collect();
            let kept = Tensor::from_vec::<f64>(kept, [count, 1])?.cast(dtype);
            weight = (&weight * &kept)?;
        }
        Ok(Embedding { weight: Parameter::new(weight), padding })
    }

    /// How many vectors there are.
    pub fn count(&self) -> usize {
        self.weight.read().shape().first().copied().unwrap_or(0)
    }

    /// The width of a vector.
    pub fn width(&self) -> usize {
        self.weight.read().shape().get(1).copied().unwrap_or(0)
    }

    /// The number that stands for nothing.
    pub fn padding(&self) -> Option<usize> {
        self.padding
    }

    /// Records the rows of the numbers `x`, which are i64 and of any shape. A number that the table does not have is
    /// an error when it is computed.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("Embedding"));
        let weight = tape.parameter(&self.weight);
        let input = x.meta();
        if x.check().is_ok() && input.dtype != DType::I64 {
            let message = format!(
                "embedding: the layer takes numbers of rows in i64, but the input is {input}"
            );
            let hint = "write 3i64, or cast(DType::I64) the input";
            return x.failed(Error::new(Kind::Shape, message).hint(hint), &[x, weight]);
        }
        let rows = weight.index_select(0, x);
        match self.padding {
            Some(padding) => {
                let padded = x.equal(padding as f64).unsqueeze(-1);
                padded.select(rows.stop_gradient(), rows)
            }
            None => rows,
        }
    }
}

impl Module for Embedding {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("weight", &self.weight);
    }

    fn kind(&self) -> String {
        format!("Embedding({}, {})", self.count(), self.width())
    }
}

impl Layer for Embedding {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        Embedding::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let (count, width, padding) = (self.count(), self.width(), self.padding);
        let dtype = self.weight.read().dtype().to_string();
        Some(EmbeddingSpec { count, width, padding, dtype }.into())
    }
}

/// An [`Embedding`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingSpec {
    /// How many vectors there are.
    pub count: usize,
    /// The width of a vector.
    pub width: usize,
    /// As [`EmbeddingOptions::padding`].
    pub padding: Option<usize>,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for EmbeddingSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = EmbeddingOptions::told(self.padding, &self.dtype, init)?;
        Ok(Box::new(Embedding::with(self.count, self.width, options, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let meta = Meta::new(float(&self.dtype)?, [self.count, self.width]);
        Ok(vec![Kept::parameter("weight", meta)])
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |padding, dtype: &str| {
            (EmbeddingSpec { count: 5, width: 3, padding, dtype: dtype.into() }, vec![2, 4])
        };
        vec![sample(None, "f32"), sample(Some(1), "f64")]
    }
}
