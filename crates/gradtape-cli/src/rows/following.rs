//! [`following`]: whether the columns of a table are prepared as for the model of `--start`, whose first layer then means
//! the same, or in their own way, and why.

use gradtape::data::TransformChoice;
use gradtape::data::{Feature, PreprocessOptions, Preprocessing, Table, Target, Transform};

use super::TableWishes;
use crate::measure::short;

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
    notes.extend(other_classes(&own, other));
    let why = other.features().iter().find_map(|feature| against(feature, wishes, options));
    let why = why.or_else(|| against_scale(&own, other, options));
    if let Some(why) = why.or_else(|| far_from(&own, other)) {
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

/// A note where there are as many classes as in the other model, but others.
pub(crate) fn other_classes(own: &Preprocessing, other: &Preprocessing) -> Option<String> {
    let [own, other] = [own, other].map(|known| known.classes().map(|classes| classes.names()));
    let (own, other) = (own?, other?);
    let first = own.iter().zip(other).find(|(own, other)| own != other)?;
    (own.len() == other.len()).then(|| {
        format!(
            "the model of --start is of other classes, {:?} where {:?} is here: its last layer answers for those (--rename \
             leaves it out)",
            first.1, first.0
        )
    })
}

/// What is so much larger or smaller here that a network would see nothing but that.
fn far_from(own: &Preprocessing, other: &Preprocessing) -> Option<String> {
    let size = |feature: &Feature| match *feature {
        Feature::Number { mean, scale, .. } => Some((mean, scale)),
        _ => None,
    };
    own.features().iter().find_map(|feature| {
        let name = feature.column();
        let (mean, scale) = size(feature)?;
        let there = other.features().iter().find(|known| known.column() == name);
        let (other_mean, other_scale) = size(there?)?;
        let times = scale / other_scale;
        let is_far = (mean - other_mean).abs() > FAR * other_scale.max(scale)
            || !(1.0 / FAR..=FAR).contains(&times);
        is_far.then(|| {
            let [here, spread, there, spread_there] =
                [mean, scale, other_mean, other_scale].map(short);
            format!(
                "{name:?} is about {here} ± {spread} here and was {there} ± {spread_there} there"
            )
        })
    })
}

/// How many deviations a column may be away, and how many times wider or narrower it may be.
const FAR: f64 = 20.0;

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
