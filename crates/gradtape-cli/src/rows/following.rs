//! [`following`]: whether the columns of a table are prepared as for the model of `--start`, whose first layer then means
//! the same, or in their own way, and why.

use gradtape::data::TransformChoice;
use gradtape::data::{Feature, PreprocessOptions, Preprocessing, Table, Target, Transform};

use super::TableWishes;

/// The preprocessing with the inputs that are to be taken over, where they can be and nothing that the user says of the
/// columns is against it. Adds a note on what is done. `options` are those that the preprocessing was fitted with.
pub(crate) fn following(
    own: Preprocessing,
    wishes: &TableWishes,
    options: &PreprocessOptions,
    table: &Table,
    notes: &mut Vec<String>,
) -> Preprocessing {
    let Some(other) = &wishes.inputs_of else { return own };
    let why = other.features().iter().find_map(|feature| against(feature, wishes, options));
    if let Some(why) = why.or_else(|| against_scale(&own, other, options)) {
        notes.push(format!(
            "the columns are not prepared as for the model of --start: {why}; what its first layer learned of them does \
             not hold"
        ));
        return own;
    }
    let Some(following) = own.clone().with_inputs_of(other, table) else {
        notes.push(
            "the columns are others than those of the model of --start: what its first layer learned of them does not hold"
                .to_string(),
        );
        return own;
    };
    let is_new = |feature: &&Feature| {
        following.features().iter().all(|known| known.column() != feature.column())
    };
    let new: Vec<String> = own
        .features()
        .iter()
        .filter(is_new)
        .map(|feature| format!("{:?}", feature.column()))
        .collect();
    let shown = new[..new.len().min(SHOWN)].join(", ");
    notes.push(match new.len() {
        0 => "the columns are prepared as for the model of --start".to_string(),
        1..=SHOWN => {
            format!("the columns are prepared as for the model of --start; not used: {shown}")
        }
        all => format!(
            "the columns are prepared as for the model of --start; not used: {shown} and {} more",
            all - SHOWN
        ),
    });
    following
}

/// So many names are told.
const SHOWN: usize = 6;

/// What the user says that is against the way in which the other model took a column.
fn against(feature: &Feature, wishes: &TableWishes, options: &PreprocessOptions) -> Option<String> {
    let name = feature.column();
    let named = |names: &[String]| names.iter().any(|own| own == name);
    let what = match feature {
        Feature::Number { .. } => "a number",
        Feature::Category { .. } => "a category",
        Feature::Time { .. } => "a date",
        Feature::Words { .. } => "words",
    };
    match () {
        () if named(&options.ignore) && wishes.division.group() == Some(name) => {
            Some(format!("that one uses {name:?}, the groups by which rows are held out here"))
        }
        () if named(&options.ignore) => Some(format!("that one uses {name:?} (--ignore)")),
        () if named(&options.categories) && !matches!(feature, Feature::Category { .. }) => {
            Some(format!("{name:?} is {what} there (--categories)"))
        }
        () if named(&options.numbers) && !matches!(feature, Feature::Number { .. }) => {
            Some(format!("{name:?} is {what} there (--numbers)"))
        }
        () => None,
    }
}

/// What the user says that is against the way in which the other model took the same number to predict.
fn against_scale(
    own: &Preprocessing,
    other: &Preprocessing,
    options: &PreprocessOptions,
) -> Option<String> {
    let asked = options.transform;
    let (Target::Number { column, .. }, Target::Number { column: same, transform, .. }) =
        (own.target(), other.target())
    else {
        return None;
    };
    let there = match transform {
        Transform::None => TransformChoice::None,
        Transform::Log { .. } => TransformChoice::Log,
        Transform::Asinh { .. } => TransformChoice::Asinh,
    };
    (column == same && asked != TransformChoice::Auto && asked != there)
        .then(|| format!("that one learned {same:?} with --target-transform {there}, not {asked}"))
}
