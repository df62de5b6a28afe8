//! [`EmbeddingBag`]: one vector for several numbers.

use serde::{Deserialize, Serialize};

use super::spec::float;
use super::{Embedding, EmbeddingOptions, Init, Kept, Layer, LayerSpec, Module, Spec, Visitor};
use crate::op::Meta;
use crate::tape::{Parameter, Part, Var};
use crate::tensor::{DType, Error, Kind, Result, Rng};

/// A table of vectors of which those of several numbers are taken together: bags of numbers `[n, size]`, i64 from 0 to
/// `count - 1`, to `[n, width]`. It is an [`Embedding`] and a sum, mean or maximum; an empty bag has zeros.
///
/// ```
/// use gradtape::nn::{BagMode, EmbeddingBag, EmbeddingOptions};
/// use gradtape::{Rng, Tape};
/// let options = EmbeddingOptions { padding: Some(0), ..EmbeddingOptions::default() };
/// let layer = EmbeddingBag::with(10, 3, BagMode::Mean, options, &mut Rng::new(1))?;
/// let tape = Tape::new();
/// // The second bag has one number, the rest of it is padding.
/// let y = layer.forward(tape.constant([[4i64, 7], [4, 0]])).value()?;
/// assert_eq!(y.shape()[..], [2, 3]);
/// assert_eq!(y.to_f64_vec()[3..], layer.weight.value().to_f64_vec()[12..15]);
/// // The same bags one behind another, which begin at these places.
/// let same = layer.bags(tape.constant([4i64, 7, 4]), tape.constant([0i64, 2])).value()?;
/// assert_eq!(same.to_f64_vec(), y.to_f64_vec());
/// # Ok::<(), gradtape::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmbeddingBag {
    /// `[count, width]`.
    pub weight: Parameter,
    padding: Option<usize>,
    mode: BagMode,
}

/// How an [`EmbeddingBag`] takes the vectors of a bag together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BagMode {
    /// Their sum.
    Sum,
    /// Their mean, as PyTorch's default.
    #[default]
    Mean,
    /// The greatest, number by number.
    Max,
}

impl EmbeddingBag {
    /// A table of `count` vectors of `width` numbers, and how those of a bag are taken together. The
    /// [`EmbeddingOptions`] are those of an [`Embedding`]; a padding is left out of the bags. Fails as
    /// [`Embedding::with`] does.
    pub fn with(
        count: usize,
        width: usize,
        mode: BagMode,
        options: EmbeddingOptions,
        rng: &mut Rng,
    ) -> Result<EmbeddingBag> {
        let Embedding { weight, .. } = Embedding::with(count, width, options, rng)?;
        Ok(EmbeddingBag { weight, padding: options.padding, mode })
    }

    /// How it takes the vectors of a bag together.
    pub fn mode(&self) -> BagMode {
        self.mode
    }

    /// The number that stands for nothing.
    pub fn padding(&self) -> Option<usize> {
        self.padding
    }

    /// How many vectors there are, and their width.
    fn sizes(&self) -> [usize; 2] {
        let weight = self.weight.read();
        [0, 1].map(|axis| weight.shape().get(axis).copied().unwrap_or(0))
    }

    /// Records the vectors of bags of one size, `[n, size]` in i64. A number that the table does not have is an error when
    /// it is computed.
    #[track_caller]
    pub fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("EmbeddingBag"));
        let weight = tape.parameter(&self.weight);
        if let Err(error) = whole("the layer", "bags of [n, size]", 2, x) {
            return x.failed(error, &[x, weight]);
        }
        let rows = weight.index_select(0, x);
        let size = x.shape()[1];
        let Some(kept) = self.kept(x) else {
            return match self.mode {
                BagMode::Max if size > 0 => rows.max(1),
                BagMode::Mean => rows.sum(1) / size.max(1) as f64,
                _ => rows.sum(1),
            };
        };
        let count = kept.cast(weight.dtype()).sum(1);
        match self.mode {
            BagMode::Max if size > 0 => {
                let greatest = kept.select(rows, f64::NEG_INFINITY).max(1);
                count.greater(0.0).select(greatest, 0.0)
            }
            BagMode::Mean => kept.select(rows, 0.0).sum(1) / count.maximum(1.0),
            _ => kept.select(rows, 0.0).sum(1),
        }
    }

    /// Records the vectors of bags of any size, which stand one behind another in `x` `[total]`, i64: bag `i` begins at the
    /// place `offsets[i]`, and the last one reaches to the end. Offsets are i64, the first is 0 and none is below the
    /// one before it; where they are a constant or watched, others are an error at once.
    #[track_caller]
    pub fn bags<'t>(&self, x: Var<'t>, offsets: Var<'t>) -> Var<'t> {
        let tape = x.tape();
        let _layer = tape.within(Part::Layer("EmbeddingBag"));
        let weight = tape.parameter(&self.weight);
        let fits = whole("bags()", "numbers [total]", 1, x)
            .and_then(|()| whole("bags()", "offsets [n]", 1, offsets))
            .and_then(|()| check_offsets(&x.meta(), offsets));
        if let Err(error) = fits {
            return x.failed(error, &[x, offsets]);
        }
        let (total, n) = (x.shape()[0], offsets.shape()[0]);
        let bag = offsets.searchsorted_right(tape.iota(total, 0, DType::I64)) - 1;
        let rows = weight.index_select(0, x);
        let kept = self.kept(x);
        let or = |other: f64| kept.map_or(rows, |kept| kept.select(rows, other));
        let ones = match kept {
            Some(kept) => kept.cast(weight.dtype()),
            None => x.unsqueeze(-1).cast(weight.dtype()).full_like(1.0),
        };
        let count = ones.index_add(0, bag, n);
        let sum = || or(0.0).index_add(0, bag, n);
        match self.mode {
            BagMode::Sum => sum(),
            BagMode::Mean => sum() / count.maximum(1.0),
            BagMode::Max => {
                let greatest = or(f64::NEG_INFINITY).index_max(0, bag, n);
                count.greater(0.0).select(greatest, 0.0)
            }
        }
    }

    /// Which numbers count, `[…, 1]`; all if none stands for nothing.
    #[track_caller]
    fn kept<'t>(&self, x: Var<'t>) -> Option<Var<'t>> {
        self.padding.map(|padding| x.not_equal(padding as f64).unsqueeze(-1))
    }
}

/// Whether these are whole numbers of so many axes.
fn whole(who: &str, what: &str, rank: usize, x: Var<'_>) -> Result<()> {
    x.check()?;
    let meta = x.meta();
    if meta.dtype == DType::I64 && meta.shape.rank() == rank {
        return Ok(());
    }
    let message = format!("embedding bag: {who} takes {what} in i64, but was given {meta}");
    let hint = match meta.dtype {
        DType::I64 => "bags of one size are [n, size]; bags() takes others one behind another",
        _ => "write 3i64, or cast(DType::I64) it",
    };
    Err(Error::new(Kind::Shape, message).hint(hint))
}

fn check_offsets(input: &Meta, offsets: Var<'_>) -> Result<()> {
    let Some(known) = offsets.known() else { return Ok(()) };
    let total = input.shape[0];
    let mut last = 0.0;
    for (place, offset) in known.checked_f64_vec()?.into_iter().enumerate() {
        if offset < last || offset > total as f64 || (place == 0 && offset != 0.0) {
            let message = format!(
                "embedding bag: offset {place} is {offset}, for {total} numbers in the input {input}"
            );
            let hint = "the first offset is 0, none is below the one before it or above the number of numbers";
            return Err(Error::new(Kind::Value, message).hint(hint));
        }
        last = offset;
    }
    Ok(())
}

impl Module for EmbeddingBag {
    fn visit(&self, visitor: &mut Visitor<'_>) {
        visitor.child("weight", &self.weight);
    }

    fn kind(&self) -> String {
        let [count, width] = self.sizes();
        format!("EmbeddingBag({count}, {width})")
    }
}

impl Layer for EmbeddingBag {
    #[track_caller]
    fn forward<'t>(&self, x: Var<'t>) -> Var<'t> {
        EmbeddingBag::forward(self, x)
    }

    fn spec(&self) -> Option<LayerSpec> {
        let ([count, width], mode) = (self.sizes(), self.mode);
        let (padding, dtype) = (self.padding, self.weight.read().dtype().to_string());
        Some(EmbeddingBagSpec { count, width, mode, padding, dtype }.into())
    }
}

/// An [`EmbeddingBag`] as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingBagSpec {
    /// How many vectors there are.
    pub count: usize,
    /// The width of a vector.
    pub width: usize,
    /// How the vectors of a bag are taken together.
    pub mode: BagMode,
    /// As [`EmbeddingOptions::padding`].
    pub padding: Option<usize>,
    /// The element type, `f32` or `f64`.
    pub dtype: String,
}

impl Spec for EmbeddingBagSpec {
    fn build(&self, init: Init, rng: &mut Rng) -> Result<Box<dyn Layer>> {
        let options = EmbeddingOptions::told(self.padding, &self.dtype, init)?;
        Ok(Box::new(EmbeddingBag::with(self.count, self.width, self.mode, options, rng)?))
    }

    fn tensors(&self) -> Result<Vec<Kept>> {
        let meta = Meta::new(float(&self.dtype)?, [self.count, self.width]);
        Ok(vec![Kept::parameter("weight", meta)])
    }

    fn samples() -> Vec<(Self, Vec<usize>)> {
        let sample = |mode, padding, dtype: &str| {
            let (count, width, dtype) = (5, 3, dtype.to_string());
            (EmbeddingBagSpec { count, width, mode, padding, dtype }, vec![2, 4])
        };
        vec![
            sample(BagMode::Sum, None, "f32"),
            sample(BagMode::Mean, Some(1), "f64"),
            sample(BagMode::Max, Some(2), "f64"),
        ]
    }
}
