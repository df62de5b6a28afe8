//! Derivatives as expressions.
//!
//! One walk backward through the expression applies the chain rule; directed rules then bring the
//! result into a normal form: sums with collected terms, products with collected powers, fractions kept
//! exact. Each rule is an equation that holds wherever its left side is a number, so that a simplified
//! expression is defined wherever the original was. The time is bounded: sums and products longer than
//! 64 terms are not opened inside larger ones.
//!
//! This works on static expressions only: a program with loops and branches has no expression to
//! differentiate. That is what a tape is for.

mod derive;
mod emit;
mod form;
mod number;
mod simplify;

use crate::expression::{Builder, Expr, Id, no_variable};
use crate::report::Result;

impl Expr {
    /// The derivative in one variable, simplified.
    ///
    /// ```
    /// use gradtape_calculus::Expr;
    /// let e = Expr::parse("(a+b)*(b+1)")?;
    /// assert_eq!(e.derivative("b")?.to_string(), "a + 2*b + 1");
    /// # Ok::<(), gradtape_calculus::Error>(())
    /// ```
    ///
    /// At kinks it follows the conventions of the tape: `abs` and `relu` have slope 0 at 0, and at a tie
    /// of `max` or `min` each argument gets half.
    ///
    /// # Errors
    /// A name that is not a variable of the expression; a derivative of more than about a million nodes.
    pub fn derivative(&self, variable: &str) -> Result<Expr> {
        let position = self.variables().position(|name| name == variable);
        let Some(position) = position else {
            return Err(no_variable(&self.variables().collect::<Vec<_>>(), variable));
        };
        let mut all = self.derivatives();
        all.swap_remove(position)
    }

    /// The derivatives in all variables, in the order of [`Expr::variables`], from one walk.
    pub fn derivatives(&self) -> Vec<Result<Expr>> {
        self.each_derivative().collect()
    }

    /// As [`Expr::derivatives`], each written out when it is asked for: the expressions of many variables
    /// are long together.
    pub(crate) fn each_derivative(&self) -> impl Iterator<Item = Result<Expr>> {
        let mut builder = Builder::from(self);
        let found = derive::derive(&mut builder, self);
        let zero = builder.number(0.0);
        let targets: Vec<Id> = found.into_iter().map(|id| id.unwrap_or(zero)).collect();
        simplified(self, builder, &targets)
    }

    /// The same function in normal form, defined at least wherever this is. Equal factors are gathered as powers, which
    /// may overflow where the factors one by one do not.
    ///
    /// # Errors
    /// A result of more than about a million nodes.
    pub fn simplified(&self) -> Result<Expr> {
        let mut all = simplified(self, Builder::from(self), &[self.root()]);
        all.next().unwrap_or_else(|| Ok(self.clone()))
    }
}

fn simplified(
    expr: &Expr,
    builder: Builder,
    targets: &[Id],
) -> impl Iterator<Item = Result<Expr>> + use<> {
    let mut store = form::Store::default();
    let forms = simplify::forms(&mut store, builder.nodes(), targets);
    let names: Vec<String> = expr.variables().map(str::to_string).collect();
    let pairs: Vec<_> = forms.into_iter().zip(targets.to_vec()).collect();
    pairs.into_iter().map(move |(form, target)| match store.overflowed {
        // A coefficient left the range of f64: the derivative as the chain rule gave it is right.
        true => builder.part(target),
        false => emit::Emitter::new(&store, &names).expression(form),
    })
}
