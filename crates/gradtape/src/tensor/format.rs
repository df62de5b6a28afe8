//! How tensors are printed: NumPy's layout.

use std::fmt;

use super::Tensor;
use super::storage::Storage;

/// More elements than this are summarised,
const SUMMARISE_ABOVE: usize = 1000;
/// by so many at each end of an axis.
const ENDS: usize = 3;
/// Digits behind the point, at most.
const PRECISION: usize = 8;
const LINE_WIDTH: usize = 75;

/// As NumPy prints an array: nested brackets, columns aligned, as many digits as are needed to tell
/// a value, up to 8 behind the point; by exponent where numbers are very large, very small or very
/// unlike; three elements at each end of an axis where there are more than 1000. A precision (`{:.3}`) asks for exactly so
/// many digits. A scalar is printed as the number it is, in full.
///
/// ```
/// use gradtape::{DType, Tensor};
/// let x = Tensor::from([[1.5f32, -2.0], [0.25, 100.0]]);
/// assert_eq!(x.to_string(), "[[  1.5   -2.  ]\n [  0.25 100.  ]]");
/// assert_eq!(format!("{x:.1}"), "[[  1.5  -2.0]\n [  0.2 100.0]]");
/// assert_eq!(Tensor::arange(0.0, 2000.0, 1.0, DType::I64)?.to_string(), "[   0    1    2 ... 1997 1998 1999]");
/// # Ok::<(), gradtape::Error>(())
/// ```
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.elements() == 0 {
            return f.write_str("[]");
        }
        if self.rank() == 0 {
            let at = self.offset;
            return match &*self.storage {
                Storage::F32(data) if data[at].is_nan() => f.write_str("nan"),
                Storage::F64(data) if data[at].is_nan() => f.write_str("nan"),
                Storage::F32(data) => fmt::Debug::fmt(&data[at], f),
                Storage::F64(data) => fmt::Debug::fmt(&data[at], f),
                Storage::I64(data) => fmt::Display::fmt(&data[at], f),
                Storage::Bool(data) => fmt::Display::fmt(&data[at], f),
            };
        }
        let summarise = self.elements() > SUMMARISE_ABOVE;
        let shown =
            self.shape.iter().map(|&size| Shown { size, cut: summarise && size > 2 * ENDS });
        let axes: Vec<Shown> = shown.collect();
        let at = shown_positions(self, &axes);
        let cells = match &*self.storage {
            Storage::F32(data) => float_cells(at.map(|at| data[at]).collect(), f.precision()),
            Storage::F64(data) => float_cells(at.map(|at| data[at]).collect(), f.precision()),
            Storage::I64(data) => aligned(at.map(|at| data[at].to_string()).collect()),
            Storage::Bool(data) => aligned(at.map(|at| data[at].to_string()).collect()),
        };
        f.write_str(&block(&axes, &mut cells.iter(), 1, LINE_WIDTH))
    }
}

/// Element type and shape, then the values as `Display` shows them.
///
/// ```
/// assert_eq!(format!("{:?}", gradtape::Tensor::from([1i64, 2])), "Tensor i64 [2] [1 2]");
/// ```
impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let between = if self.rank() > 1 { "\n" } else { " " };
        write!(f, "Tensor {} {}{between}", self.dtype(), self.shape)?;
        fmt::Display::fmt(self, f)
    }
}

/// What is shown of an axis: all of it, or its two ends.
#[derive(Clone, Copy)]
struct Shown {
    size: usize,
    cut: bool,
}

impl Shown {
    fn count(self) -> usize {
        if self.cut { 2 * ENDS } else { self.size }
    }

    fn index(self, i: usize) -> usize {
        if self.cut && i >= ENDS { self.size - 2 * ENDS + i } else { i }
    }
}

/// The places in memory of the elements shown, in row-major order.
fn shown_positions<'a>(tensor: &'a Tensor, axes: &'a [Shown]) -> impl Iterator<Item = usize> + 'a {
    let total: usize = axes.iter().map(|axis| axis.count()).product();
    (0..total).map(move |number| {
        let (mut rest, mut at) = (number, tensor.offset);
        for (axis, stride) in axes.iter().zip(&tensor.strides).rev() {
            at += axis.index(rest % axis.count()) * stride;
            rest /= axis.count();
        }
        at
    })
}

/// The brackets and cells of the axes, whose lines after the first start with `indent` spaces.
fn block(
    axes: &[Shown],
    cells: &mut std::slice::Iter<'_, String>,
    indent: usize,
    width: usize,
) -> String {
    let Some((&axis, inner)) = axes.split_first() else {
        return cells.next().cloned().unwrap_or_default();
    };
    let margin = " ".repeat(indent);
    let mut out = String::from("[");
    let mut line_start = 0;
    for i in 0..axis.count() {
        let mut parts = vec![block(inner, cells, indent + 1, width.saturating_sub(1))];
        if axis.cut && i == ENDS {
            parts.insert(0, "...".to_string());
        }
        for part in parts {
            let first = out.len() == 1;
            if inner.is_empty() {
                let column = if line_start == 0 { indent - 1 } else { 0 } + out.len() - line_start;
                if !first && column + 1 + part.len() > width - 1 {
                    out.truncate(out.trim_end_matches(' ').len());
                    out.push('\n');
                    line_start = out.len();
                    out.push_str(&margin);
                } else if !first {
                    out.push(' ');
                }
            } else if !first {
                out.push_str(&"\n".repeat(inner.len()));
                out.push_str(&margin);
            }
            out.push_str(&part);
        }
    }
    out.push(']');
    out
}

/// Floats in columns: the points under each other, spaces where a value needs fewer digits.
fn float_cells<T: Float>(values: Vec<T>, precision: Option<usize>) -> Vec<String> {
    let sizes = || values.iter().map(|&x| x.into().abs()).filter(|x| x.is_finite() && *x > 0.0);
    let (smallest, largest) = (sizes().fold(f64::INFINITY, f64::min), sizes().fold(0.0, f64::max));
    let by_exponent = largest >= T::LARGE || smallest < 1e-4 || largest / smallest > 1000.0;
    let plain = match by_exponent && largest > 0.0 {
        true => scientific(&values, precision),
        false => positional(&values, precision),
    };
    let word = |x: f64| match x {
        _ if x.is_nan() => "nan",
        _ if x > 0.0 => "inf",
        _ => "-inf",
    };
    let texts = values.iter().zip(plain).map(|(&x, text)| match x.into().is_finite() {
        true => text,
        false => word(x.into()).to_string(),
    });
    aligned(texts.collect())
}

trait Float: Copy + fmt::Display + fmt::LowerExp + Into<f64> {
    /// Numbers from here on are printed by exponent: they use up the digits that the type holds.
    const LARGE: f64;
}

impl Float for f32 {
    const LARGE: f64 = 1e6;
}

impl Float for f64 {
    const LARGE: f64 = 1e8;
}

fn positional<T: Float>(values: &[T], precision: Option<usize>) -> Vec<String> {
    if let Some(digits) = precision {
        return values.iter().map(|x| format!("{x:.digits$}")).collect();
    }
    let cut = |x: &T| {
        let text = format!("{x}");
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        match fraction.len() {
            0..=PRECISION => format!("{whole}.{fraction}"),
            _ => format!("{x:.PRECISION$}").trim_end_matches('0').to_string(),
        }
    };
    let texts: Vec<String> = values.iter().map(cut).collect();
    let fraction_len = |x: &T, text: &String| match (*x).into().is_finite() {
        true => text.split_once('.').map_or(0, |(_, fraction)| fraction.len()),
        false => 0,
    };
    let longest = values.iter().zip(&texts).map(|(x, text)| fraction_len(x, text)).max();
    let pad = |(x, text): (&T, &String)| {
        format!("{text}{}", " ".repeat(longest.unwrap_or(0) - fraction_len(x, text)))
    };
    values.iter().zip(&texts).map(pad).collect()
}

/// All with as many digits as the one that needs most.
fn scientific<T: Float>(values: &[T], precision: Option<usize>) -> Vec<String> {
    let needed = |x: &T| {
        let text = format!("{x:e}");
        let fraction = |text: &str| {
            let mantissa = text.split('e').next().unwrap_or_default();
            mantissa.split_once('.').map_or(0, |(_, digits)| digits.trim_end_matches('0').len())
        };
        match fraction(&text) {
            digits @ 0..=PRECISION => digits,
            _ => fraction(&format!("{x:.PRECISION$e}")),
        }
    };
    let digits = precision.or_else(|| values.iter().map(needed).max()).unwrap_or(0);
    let parts = |x: &T| {
        let text = format!("{x:.digits$e}");
        let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if digits == 0 && precision.is_none() { "." } else { "" };
        let (sign, power) = power.strip_prefix('-').map_or(('+', power), |power| ('-', power));
        (format!("{mantissa}{point}e{sign}"), power.to_string())
    };
    let parts: Vec<_> = values.iter().map(parts).collect();
    let width = parts.iter().map(|(_, power)| power.len()).max().unwrap_or(0).max(2);
    parts.into_iter().map(|(start, power)| format!("{start}{power:0>width$}")).collect()
}

/// Right-aligned to the longest.
fn aligned(texts: Vec<String>) -> Vec<String> {
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}
