//! Between which ends numbers lie.

/// The least and the greatest of the finite values; `None` if there are none.
///
/// ```
/// use gradtape_chart::extent;
/// assert_eq!(extent([2.0, f64::NAN, -1.0, f64::INFINITY]), Some((-1.0, 2.0)));
/// assert_eq!(extent([]), None);
/// ```
pub fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite.map(|value| (value, value)).reduce(|(low, high), (a, b)| (low.min(a), high.max(b)))
}

/// The ends of the finite values, without the outermost that would flatten everything else: what lies
/// more than one and a half times as far outside of the inner nine tenths as those are wide (after
/// Tukey). `None` if there are none.
///
/// ```
/// use gradtape_chart::extent_without_outliers;
/// let poles = (1..=100).map(|x| 1.0 / (f64::from(x) - 50.1));
/// let (low, high) = extent_without_outliers(poles).unwrap();
/// assert!(-2.0 < low && high < 2.0, "1 / -0.1 is left out");
/// ```
pub fn extent_without_outliers(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (&low, &high) = (sorted.first()?, sorted.last()?);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (inner_low, inner_high) = (at(0.05), at(0.95));
    let reach = 1.5 * (inner_high - inner_low);
    Some(match reach > 0.0 {
        true => (low.max(inner_low - reach), high.min(inner_high + reach)),
        false => (low, high),
    })
}
