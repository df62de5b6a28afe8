//! [`methods`]: what users call that is made of operations, and what others call it.

use super::Op;

/// A method or function that records operations, under the name by which users call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method {
    /// Its name.
    pub name: &'static str,
    /// Where it is found: `Var`, `Tape` or `soft`.
    pub of: &'static str,
    /// What others call it.
    aliases: &'static str,
    /// The first sentence of its documentation.
    pub what: &'static str,
}

impl Method {
    /// What other libraries call it.
    pub fn aliases(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.aliases.split(' ').filter(|alias| !alias.is_empty())
    }

    /// Whether it records the operation of its name, and is listed for what others call it.
    pub fn is_operation(&self) -> bool {
        Op::TABLE.iter().any(|info| info.name == self.name)
    }
}

/// The methods and functions that record what is no operation by itself, as `floor` and `cumprod`, and those of operations
/// that others call something else, by name; those of a feature of the crate only where it is there.
///
/// ```
/// use gradtape::op;
/// let methods = op::methods();
/// let floor = methods.iter().find(|method| method.name == "floor").unwrap();
/// assert_eq!((floor.of, floor.is_operation()), ("Var", false));
/// assert!(methods.iter().any(|method| method.aliases().any(|alias| alias == "masked_fill")));
/// ```
pub fn methods() -> Vec<Method> {
    // Made from the documentation by a test, `operations_table.rs`.
    let lines = include_str!("methods.txt").lines();
    let read = |line: &'static str| {
        let mut parts = line.split('\t');
        let mut next = || parts.next().unwrap_or_default();
        let (name, of, feature, aliases, what) = (next(), next(), next(), next(), next());
        let there = feature.is_empty() || cfg!(feature = "linalg");
        there.then_some(Method { name, of, aliases, what })
    };
    lines.filter_map(read).collect()
}
