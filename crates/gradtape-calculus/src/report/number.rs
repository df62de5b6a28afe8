//! Numbers and ordered maps for JSON, and numbers for people.

pub(crate) use gradtape_chart::text::{digits, short};
use serde::{Serialize, Serializer};

/// A number; those that are not finite become `"nan"`, `"inf"` and `"-inf"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number(pub f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_nan() => serializer.serialize_str("nan"),
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            x => serializer.serialize_f64(x),
        }
    }
}

/// A value for each name, in order; an object in JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T>(pub Vec<(String, T)>);

impl<T> Named<T> {
    /// Pairs names with values.
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        values: impl IntoIterator<Item = T>,
    ) -> Named<T> {
        Named(names.into_iter().map(str::to_string).zip(values).collect())
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// The values in order.
    pub fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().map(|(_, value)| value)
    }
}

impl Named<Number> {
    /// The values for people, as in `a = 2, b = 1`.
    pub(crate) fn equations(&self) -> String {
        let all = self.0.iter().map(|(name, value)| format!("{name} = {}", short(value.0)));
        all.collect::<Vec<_>>().join(", ")
    }
}

impl<T: Serialize> Serialize for Named<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A number as a factor, as [`short`] gives it: negative ones in parentheses.
pub(crate) fn factor(value: f64) -> String {
    if value < 0.0 { format!("({})", short(value)) } else { short(value) }
}

/// The shortest digits that read back to the same number.
pub(crate) fn exact(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_string();
    }
    let plain = value == 0.0 || (1e-5..1e16).contains(&value.abs());
    if plain { value.to_string() } else { format!("{value:e}") }
}

/// A count with what is counted.
pub(crate) fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_keep_their_order() {
        let map = Named::new(["b", "a"], [1.0, f64::INFINITY].map(Number));
        assert_eq!(serde_json::to_string(&map).unwrap(), r#"{"b":1.0,"a":"inf"}"#);
        let numbers = [f64::NEG_INFINITY, f64::NAN].map(Number);
        assert_eq!(serde_json::to_string(&numbers).unwrap(), r#"["-inf","nan"]"#);
    }
}
