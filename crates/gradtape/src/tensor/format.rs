//! How tensors are printed: NumPy's layout.

use std::fmt;

use super::sealed::Sealed;
use super::storage::with_storage;
use super::{Tensor, with_float};

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
            return match self.at(self.offset).is_nan() {
                true => f.write_str("nan"),
                false => {
                    with_storage!(&self.storage, data => fmt::Debug::fmt(&data[self.offset], f))
                }
            };
        }
        let summarise = self.elements() > SUMMARISE_ABOVE;
        let shown =
            self.shape.iter().map(|&size| Shown { size, cut: summarise && size > 2 * ENDS });
        let axes: Vec<Shown> = shown.collect();
        let at = shown_positions(self, &axes);
        let cells = with_float!(self.dtype(), T => {
            let data = T::slice(&self.storage).unwrap_or_default();
            float_cells(at.map(|at| data[at]).collect(), f.precision())
        }, else with_storage!(&self.storage, data => {
            aligned(at.map(|at| format!("{:?}", data[at])).collect())
        }));
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
        let between = if self.rank() > 1 && self.elements() > 0 { "\n" } else { " " };
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

pub(super) trait Float: Copy + fmt::Display + fmt::LowerExp + Into<f64> {
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

#[cfg(test)]
mod tests {
    use crate::tensor::{DType, Tensor};

    /// `expected` is what NumPy 2.4 prints.
    #[track_caller]
    fn check(tensor: impl Into<Tensor>, expected: &str) {
        assert_eq!(tensor.into().to_string(), expected);
    }

    fn count_up(shape: &[usize]) -> Tensor {
        let elements = shape.iter().product::<usize>() as f64;
        Tensor::arange(0.0, elements, 1.0, DType::I64).unwrap().reshape(shape).unwrap()
    }

    #[test]
    fn floats_are_aligned_at_the_point() {
        check([1.0f32, 2.0], "[1. 2.]");
        check([0.1f32, -12.25, 3.0], "[  0.1  -12.25   3.  ]");
        check([1.0f64 / 3.0, 2.0], "[0.33333333 2.        ]");
        check([1.0f32 / 3.0], "[0.33333334]");
        check([0.0f32, -0.0], "[ 0. -0.]");
        check([1.5f64, f64::NAN, f64::NEG_INFINITY], "[ 1.5  nan -inf]");
        check([f32::NAN, f32::INFINITY], "[nan inf]");
        check([[1.5f32, -2.0], [0.25, 100.0]], "[[  1.5   -2.  ]\n [  0.25 100.  ]]");
    }

    #[test]
    fn unlike_numbers_are_printed_by_exponent() {
        check([1e10f64, 1.25], "[1.00e+10 1.25e+00]");
        check([1e-7f32], "[1.e-07]");
        check([1e-300f64, 1.0], "[1.e-300 1.e+000]");
        check([0.0f64, 1e-5], "[0.e+00 1.e-05]");
        check([1e8f64, f64::NAN], "[1.e+08    nan]");
        check([1e6f32], "[1.e+06]");
        check([1e6f64], "[1000000.]");
        check([1.0f64 / 3.0, 1000.0], "[3.33333333e-01 1.00000000e+03]");
    }

    #[test]
    fn numbers_of_16_bits_have_the_digits_that_tell_them() {
        let numbers = Tensor::from([0.1f32, 1.0 / 3.0, -2.0]);
        check(numbers.cast(DType::F16), "[ 0.1     0.3333 -2.    ]");
        check(numbers.cast(DType::BF16), "[ 0.1    0.334 -2.   ]");
        check(Tensor::from([1000.0f32]).cast(DType::F16), "[1.e+03]");
        check(Tensor::from([1e6f32, f32::NAN]).cast(DType::F16), "[inf nan]");
        check(Tensor::from(1.0f32 / 3.0).cast(DType::F16), "0.3333");
        check(Tensor::from(f32::NAN).cast(DType::BF16), "nan");
        check(Tensor::from(true).cast(DType::BF16), "1.0");
        let x = Tensor::from([1.0f32, 0.1]).cast(DType::F16);
        assert_eq!(format!("{x:?} {x:.3}"), "Tensor f16 [2] [1.  0.1] [1.000 0.100]");
    }

    #[test]
    fn whole_numbers_and_truths_are_right_aligned() {
        check([1i64, -20, 300], "[  1 -20 300]");
        check([i64::MIN, i64::MAX], "[-9223372036854775808  9223372036854775807]");
        assert_eq!(Tensor::from([true, false]).to_string(), "[ true false]");
    }

    #[test]
    fn brackets_nest_to_any_rank() {
        check(count_up(&[2, 1, 2]), "[[[0 1]]\n\n [[2 3]]]");
        check(count_up(&[1; 7]), "[[[[[[[0]]]]]]]");
        check(count_up(&[2, 1, 1, 1]), "[[[[0]]]\n\n\n [[[1]]]]");
        for shape in [&[0][..], &[2, 0], &[0, 3, 4]] {
            check(count_up(shape), "[]");
        }
        let turned = count_up(&[2, 3]).transpose(&[1, 0]).unwrap();
        check(turned, "[[0 3]\n [1 4]\n [2 5]]");
    }

    #[test]
    fn scalars_are_printed_in_full() {
        check(2.0f32, "2.0");
        check(1.0f64 / 3.0, "0.3333333333333333");
        check(7i64, "7");
        check(true, "true");
        check(f32::NAN, "nan");
        assert_eq!(
            format!("{:.2}|{:8.3}", Tensor::from(1.0f32), Tensor::from(2.0f64)),
            "1.00|   2.000"
        );
    }

    #[test]
    fn long_lines_are_broken_and_large_tensors_cut() {
        let numbers: Vec<String> = (0..30).map(|i| format!("{i:2}")).collect();
        let lines = format!("[{}\n {}]", numbers[..24].join(" "), numbers[24..].join(" "));
        check(count_up(&[30]), &lines);
        check(count_up(&[1001]), "[   0    1    2 ...  998  999 1000]");
        check(
            count_up(&[200, 6]),
            "[[   0    1    2    3    4    5]\n [   6    7    8    9   10   11]\n \
             [  12   13   14   15   16   17]\n ...\n [1182 1183 1184 1185 1186 1187]\n \
             [1188 1189 1190 1191 1192 1193]\n [1194 1195 1196 1197 1198 1199]]",
        );
        assert!(!count_up(&[1000]).to_string().contains("..."));
    }

    #[test]
    fn a_precision_is_exact() {
        let x = Tensor::from([[1.0f32, 2.125], [-3.0, 10.0]]);
        assert_eq!(format!("{x:.2}"), "[[ 1.00  2.12]\n [-3.00 10.00]]");
        assert_eq!(format!("{x:.0}"), "[[ 1  2]\n [-3 10]]");
        assert_eq!(format!("{:.1}", Tensor::from([1e10f64, 1.25])), "[1.0e+10 1.2e+00]");
    }

    #[test]
    fn debug_tells_type_and_shape() {
        assert_eq!(format!("{:?}", Tensor::from([[1i64], [2]])), "Tensor i64 [2, 1]\n[[1]\n [2]]");
        assert_eq!(format!("{:?}", Tensor::from(1.5f32)), "Tensor f32 [] 1.5");
        assert_eq!(format!("{:?}", Tensor::zeros([0, 3], DType::Bool)), "Tensor bool [0, 3] []");
    }
}
