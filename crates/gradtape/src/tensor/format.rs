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
/// a value, up to 8 behind the point; very large or small numbers by exponent; three elements at
/// each end of an axis where there are more than 1000. A precision (`{:.3}`) asks for exactly so
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
fn float_cells<T>(values: Vec<T>, precision: Option<usize>) -> Vec<String>
where
    T: Copy + fmt::Display + fmt::LowerExp + Into<f64>,
{
    let size = |x: &T| -> f64 { (*x).into().abs() };
    let finite = || values.iter().map(size).filter(|x| x.is_finite() && *x > 0.0);
    let (smallest, largest) =
        (finite().fold(f64::INFINITY, f64::min), finite().fold(0.0, f64::max));
    let by_exponent = largest >= 1e8 || smallest < 1e-4 || largest / smallest > 1000.0;
    let by_exponent = by_exponent && largest > 0.0;
    let split = |x: &T| -> Number {
        let finite: f64 = (*x).into();
        if !finite.is_finite() {
            let word = if finite.is_nan() {
                "nan"
            } else if finite > 0.0 {
                "inf"
            } else {
                "-inf"
            };
            return Number { word: Some(word), ..Number::default() };
        }
        if by_exponent { scientific(x, precision) } else { positional(x, precision) }
    };
    let numbers: Vec<Number> = values.iter().map(split).collect();
    let longest = |part: fn(&Number) -> usize| numbers.iter().map(part).max().unwrap_or(0);
    let fraction = longest(|n| n.fraction.len());
    let exponent = longest(|n| n.exponent.map_or(0, |e| e.abs().to_string().len().max(2)));
    let texts = numbers.iter().map(|number| {
        let Number { word, whole, fraction: digits, exponent: power } = number;
        match (word, power) {
            (Some(word), _) => word.to_string(),
            (None, None) => {
                let point = if precision == Some(0) { "" } else { "." };
                format!("{whole}{point}{digits:<fraction$}")
            }
            (None, Some(power)) => {
                let sign = if *power < 0 { '-' } else { '+' };
                format!("{whole}.{digits:0<fraction$}e{sign}{:0exponent$}", power.abs())
            }
        }
    });
    aligned(texts.collect())
}

/// The parts of a printed number, or the word for one that is not finite.
#[derive(Default)]
struct Number {
    word: Option<&'static str>,
    whole: String,
    fraction: String,
    exponent: Option<i32>,
}

fn positional<T: fmt::Display>(x: &T, precision: Option<usize>) -> Number {
    let text = digits(precision, format!("{x}"), |digits| format!("{x:.digits$}"));
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = trimmed(fraction, precision);
    Number { whole: whole.to_string(), fraction, ..Number::default() }
}

fn scientific<T: fmt::LowerExp>(x: &T, precision: Option<usize>) -> Number {
    let text = digits(precision, format!("{x:e}"), |digits| format!("{x:.digits$e}"));
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = trimmed(fraction, precision);
    Number { whole: whole.to_string(), fraction, exponent: power.parse().ok(), word: None }
}

/// The text with the digits asked for, or else the shortest that tells the value from its
/// neighbours, but no more than [`PRECISION`] digits of it.
fn digits(precision: Option<usize>, shortest: String, cut: impl Fn(usize) -> String) -> String {
    let fraction = shortest.split_once('.').map_or("", |(_, rest)| rest);
    match precision {
        Some(digits) => cut(digits),
        None if fraction.bytes().take_while(u8::is_ascii_digit).count() > PRECISION => {
            cut(PRECISION)
        }
        None => shortest,
    }
}

fn trimmed(fraction: &str, precision: Option<usize>) -> String {
    let zeros = if precision.is_none() { "0" } else { "" };
    fraction.trim_end_matches(|c| zeros.contains(c)).to_string()
}

/// Right-aligned to the longest.
fn aligned(texts: Vec<String>) -> Vec<String> {
    let width = texts.iter().map(String::len).max().unwrap_or(0);
    texts.into_iter().map(|text| format!("{text:>width$}")).collect()
}
