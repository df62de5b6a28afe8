//! Normal forms back to expressions, in the order in which people write.

use super::form::{Form, FormId, Store};
use super::number::Number;
use crate::expression::{Builder, Expr, Function, Id, Operator};
use crate::report::Result;

/// Writes forms as expressions in a builder.
pub(super) struct Emitter<'a> {
    store: &'a Store,
    names: &'a [String],
    builder: Builder,
    written: Vec<Option<Id>>,
    traits: Vec<Option<Trait>>,
}

/// What decides where a form stands among others.
#[derive(Clone, Debug)]
struct Trait {
    /// The degree as a polynomial; functions count as constants.
    degree: f64,
    /// Constants, variables, sums, powers, functions.
    rank: u8,
    /// The beginning of its text, near enough.
    key: String,
}

impl<'a> Emitter<'a> {
    pub(super) fn new(store: &'a Store, names: &'a [String]) -> Emitter<'a> {
        Emitter { store, names, builder: Builder::new(), written: Vec::new(), traits: Vec::new() }
    }

    /// The expression of a form.
    pub(super) fn expression(mut self, root: FormId) -> Result<Expr> {
        let count = root.index() + 1;
        let mut used = vec![false; count];
        used[root.index()] = true;
        let mut order = Vec::new();
        let mut todo = vec![root];
        while let Some(id) = todo.pop() {
            order.push(id);
            for operand in operands(self.store.get(id)) {
                if !std::mem::replace(&mut used[operand.index()], true) {
                    todo.push(operand);
                }
            }
        }
        order.sort_unstable();
        self.written = vec![None; count];
        self.traits = vec![None; count];
        for id in order {
            let found = self.find_trait(id);
            self.traits[id.index()] = Some(found);
            let written = self.write(id);
            self.written[id.index()] = Some(written);
        }
        let root = self.at(root);
        self.builder.finish(root)
    }

    fn at(&mut self, id: FormId) -> Id {
        match self.written.get(id.index()).copied().flatten() {
            Some(written) => written,
            None => self.builder.number(f64::NAN),
        }
    }

    fn write(&mut self, id: FormId) -> Id {
        match self.store.get(id) {
            Form::Number(value) => self.term(*value, None),
            Form::Variable(variable) => self.builder.variable(&self.names[*variable]),
            Form::Sum(terms, constant) => self.sum(terms, *constant),
            Form::Product(_) => self.term(Number::ONE, Some(id)),
            Form::Power(x, y) => {
                let (x, y) = (self.at(*x), self.at(*y));
                self.builder.binary(Operator::Pow, x, y)
            }
            Form::Call(function, x) => {
                let x = self.at(*x);
                self.builder.call(*function, x)
            }
            Form::Call2(function, x, y) => {
                let (x, y) = (self.at(*x), self.at(*y));
                self.builder.call2(*function, x, y)
            }
        }
    }

    /// High degrees first, the constant last, but a term without a minus before all others.
    fn sum(&mut self, terms: &[(FormId, Number)], constant: Number) -> Id {
        let mut terms: Vec<(Option<FormId>, Number)> =
            terms.iter().map(|&(term, coefficient)| (Some(term), coefficient)).collect();
        terms.sort_by(|(a, _), (b, _)| match (a, b) {
            (Some(a), Some(b)) => {
                let (x, y) = (&self.traits[a.index()], &self.traits[b.index()]);
                let degree = |t: &Option<Trait>| t.as_ref().map_or(0.0, |t| t.degree);
                let key = |t: &Option<Trait>| t.as_ref().map(|t| t.key.clone());
                degree(y).total_cmp(&degree(x)).then_with(|| key(x).cmp(&key(y))).then(a.cmp(b))
            }
            _ => a.cmp(b),
        });
        if !constant.is_zero() {
            terms.push((None, constant));
        }
        if let Some(first) = terms.iter().position(|(_, c)| !c.is_negative()) {
            terms[..=first].rotate_right(1);
        }
        let (first, coefficient) = terms[0];
        let mut sum = self.term(coefficient, first);
        for &(term, coefficient) in &terms[1..] {
            let (operator, size) = match coefficient.is_negative() {
                true => (Operator::Sub, coefficient.neg()),
                false => (Operator::Add, coefficient),
            };
            let term = self.term(size, term);
            sum = self.builder.binary(operator, sum, term);
        }
        sum
    }

    /// A coefficient times a form, as a fraction: numbers, constants, variables, sums, functions.
    fn term(&mut self, coefficient: Number, core: Option<FormId>) -> Id {
        let mut factors: Vec<(FormId, Number)> = match core.map(|core| (core, self.store.get(core)))
        {
            Some((_, Form::Product(factors))) => factors.clone(),
            Some((core, _)) => vec![(core, Number::ONE)],
            None => Vec::new(),
        };
        factors.sort_by_key(|(factor, _)| {
            let known = self.traits[factor.index()].as_ref();
            (known.map(|t| (t.rank, t.key.clone())), *factor)
        });
        let (size, below) = match coefficient {
            Number::Fraction(p, q) => (p.unsigned_abs() as f64, q as f64),
            Number::Float(bits) => (f64::from_bits(bits).abs(), 1.0),
        };
        let mut top = Vec::new();
        let mut bottom = Vec::new();
        if below != 1.0 {
            bottom.push(self.builder.number(below));
        }
        for (factor, exponent) in factors {
            if exponent.is_negative() {
                let power = self.factor(factor, exponent.neg());
                bottom.push(power);
            } else {
                let power = self.factor(factor, exponent);
                top.push(power);
            }
        }
        if size != 1.0 || top.is_empty() {
            top.insert(0, self.builder.number(size));
        }
        if coefficient.is_negative() {
            top[0] = self.builder.neg(top[0]);
        }
        let top = self.chain(&top);
        if bottom.is_empty() {
            return top;
        }
        let bottom = self.chain(&bottom);
        self.builder.binary(Operator::Div, top, bottom)
    }

    fn chain(&mut self, factors: &[Id]) -> Id {
        let mut product = factors[0];
        for &factor in &factors[1..] {
            product = self.builder.binary(Operator::Mul, product, factor);
        }
        product
    }

    fn factor(&mut self, base: FormId, exponent: Number) -> Id {
        let base = self.at(base);
        match exponent {
            Number::ONE => base,
            Number::HALF => self.builder.call(Function::Sqrt, base),
            exponent => {
                let exponent = self.term(exponent, None);
                self.builder.binary(Operator::Pow, base, exponent)
            }
        }
    }

    fn find_trait(&self, id: FormId) -> Trait {
        let of = |id: &FormId| {
            let none = Trait { degree: 0.0, rank: 0, key: String::new() };
            self.traits[id.index()].clone().unwrap_or(none)
        };
        let call = |name: &str, x: Trait| Trait {
            degree: 0.0,
            rank: if x.rank == 0 { 0 } else { 5 },
            key: beginning(format!("{name}({}", x.key)),
        };
        match self.store.get(id) {
            Form::Number(_) => Trait { degree: 0.0, rank: 0, key: String::new() },
            Form::Variable(variable) => {
                Trait { degree: 1.0, rank: 1, key: beginning(self.names[*variable].clone()) }
            }
            Form::Sum(terms, _) => {
                let parts = || terms.iter().map(|(term, _)| of(term));
                let constant = parts().all(|part| part.rank == 0);
                let key = parts().map(|part| part.key).min().unwrap_or_default();
                let degree = parts().fold(f64::NEG_INFINITY, |most, part| most.max(part.degree));
                Trait {
                    degree,
                    rank: if constant { 0 } else { 2 },
                    key: beginning(format!("({key}")),
                }
            }
            Form::Product(factors) => {
                let parts = || factors.iter().map(|(factor, exponent)| (of(factor), *exponent));
                let constant = parts().all(|(part, _)| part.rank == 0);
                let mut keys: Vec<String> = parts().map(|(part, _)| part.key).collect();
                keys.sort_unstable();
                keys.truncate(8);
                let degree = parts().map(|(part, exponent)| part.degree * exponent.value()).sum();
                Trait { degree, rank: if constant { 0 } else { 3 }, key: beginning(keys.concat()) }
            }
            Form::Power(x, y) => {
                let (x, y) = (of(x), of(y));
                let constant = x.rank == 0 && y.rank == 0;
                let key = beginning(format!("{}^{}", x.key, y.key));
                Trait { degree: 0.0, rank: if constant { 0 } else { 4 }, key }
            }
            Form::Call(function, x) => call(function.name(), of(x)),
            Form::Call2(function, x, y) => {
                let (x, y) = (of(x), of(y));
                let rank = x.rank.max(y.rank);
                call(function.name(), Trait { degree: 0.0, rank, key: x.key + &y.key })
            }
        }
    }
}

fn operands(form: &Form) -> Vec<FormId> {
    match form {
        Form::Number(_) | Form::Variable(_) => Vec::new(),
        Form::Sum(parts, _) | Form::Product(parts) => parts.iter().map(|&(part, _)| part).collect(),
        Form::Call(_, x) => vec![*x],
        Form::Power(x, y) | Form::Call2(_, x, y) => vec![*x, *y],
    }
}

fn beginning(mut key: String) -> String {
    key.truncate(key.floor_char_boundary(24));
    key
}
