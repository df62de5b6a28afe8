//! Normal forms: sums with collected terms and products with collected powers, each stored once.

use std::collections::BTreeMap;

use super::number::Number;
use crate::expression::Function;

/// The place of a form in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FormId(u32);

impl FormId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Number(Number),
    Variable(usize),
    /// Forms times their coefficients, and a constant. Never one term alone with coefficient 1.
    Sum(Vec<(FormId, Number)>, Number),
    /// Forms to the power of numbers that are not 0. Never one factor alone with exponent 1.
    Product(Vec<(FormId, Number)>),
    /// A power whose exponent is not a number.
    Power(FormId, FormId),
    Call(Function, FormId),
    Call2(Function, FormId, FormId),
}

/// A sum or product longer than this is one term or factor of a larger one; it bounds the time.
const LONGEST: usize = 64;

/// The largest exponent that is multiplied out over a product.
const LARGEST: i64 = 8;

/// All forms, each once, operands before what uses them.
#[derive(Default)]
pub(super) struct Store {
    forms: Vec<Form>,
    known: BTreeMap<Form, FormId>,
    /// A coefficient overflowed: what was made since is not to be used.
    pub(super) overflowed: bool,
}

impl Store {
    pub(super) fn get(&self, id: FormId) -> &Form {
        &self.forms[id.index()]
    }

    pub(super) fn intern(&mut self, form: Form) -> FormId {
        if let Some(&id) = self.known.get(&form) {
            return id;
        }
        let id = FormId(self.forms.len() as u32);
        self.forms.push(form.clone());
        self.known.insert(form, id);
        id
    }

    pub(super) fn number(&mut self, value: Number) -> FormId {
        self.intern(Form::Number(value))
    }

    /// The number that a form is, if it is one.
    pub(super) fn as_number(&self, id: FormId) -> Option<Number> {
        match self.get(id) {
            Form::Number(value) => Some(*value),
            _ => None,
        }
    }

    fn keep(&mut self, value: Option<Number>) -> Number {
        value.unwrap_or_else(|| {
            self.overflowed = true;
            Number::ONE
        })
    }

    /// c1 x1 + c2 x2 + …, nested sums opened, like terms collected.
    pub(super) fn sum(&mut self, parts: &[(FormId, Number)]) -> FormId {
        let mut terms: BTreeMap<FormId, Number> = BTreeMap::new();
        let mut constant = Number::ZERO;
        for &(part, scale) in parts {
            let (inner, plus) = match self.get(part) {
                Form::Number(value) => (Vec::new(), *value),
                Form::Sum(inner, plus) if inner.len() <= LONGEST || parts.len() == 1 => {
                    (inner.clone(), *plus)
                }
                _ => (vec![(part, Number::ONE)], Number::ZERO),
            };
            let plus = self.keep(plus.mul(scale));
            constant = self.keep(constant.add(plus));
            for (term, coefficient) in inner {
                let coefficient = self.keep(coefficient.mul(scale));
                let before = terms.get(&term).copied().unwrap_or(Number::ZERO);
                let total = self.keep(before.add(coefficient));
                terms.insert(term, total);
            }
        }
        let terms: Vec<_> = terms.into_iter().filter(|(_, c)| !c.is_zero()).collect();
        match (terms.as_slice(), constant.is_zero()) {
            ([], _) => self.number(constant),
            ([(term, Number::ONE)], true) => *term,
            _ => self.intern(Form::Sum(terms, constant)),
        }
    }

    /// x1^e1 x2^e2 …, nested products opened, powers of one base collected, numbers multiplied.
    pub(super) fn product(&mut self, parts: &[(FormId, Number)]) -> FormId {
        let mut factors: BTreeMap<FormId, Number> = BTreeMap::new();
        let mut coefficient = Number::ONE;
        let mut exponents: Vec<(FormId, Number)> = Vec::new();
        for &(part, exponent) in parts {
            // c x: the number comes out where the exponent is whole.
            let mut core = part;
            if let Some(whole) = exponent.integer().filter(|e| e.abs() <= LARGEST) {
                let scaled = match self.get(part) {
                    Form::Number(value) => Some((None, *value)),
                    Form::Sum(terms, constant) if terms.len() == 1 && constant.is_zero() => {
                        Some((Some(terms[0].0), terms[0].1))
                    }
                    _ => None,
                };
                if let Some((rest, scale)) = scaled
                    && let Some(power) = scale.power(whole)
                {
                    coefficient = self.keep(coefficient.mul(power));
                    match rest {
                        Some(rest) => core = rest,
                        None => continue,
                    }
                }
            }
            let whole = exponent.integer().is_some();
            let inner = match self.get(core) {
                Form::Product(inner) if whole && inner.len() <= LONGEST => inner.clone(),
                _ => vec![(core, Number::ONE)],
            };
            for (base, power) in inner {
                let power = self.keep(power.mul(exponent));
                if let Form::Call(Function::Exp, x) = *self.get(base) {
                    exponents.push((x, power));
                    continue;
                }
                let before = factors.get(&base).copied().unwrap_or(Number::ZERO);
                let total = self.keep(before.add(power));
                factors.insert(base, total);
            }
        }
        if !exponents.is_empty() {
            let exponent = self.sum(&exponents);
            let exp = self.call(Function::Exp, exponent);
            if !matches!(self.get(exp), Form::Call(Function::Exp, _)) {
                // exp(log x) is x, which may stand among the other factors.
                let rest = factors.into_iter().chain([(exp, Number::ONE)]).collect::<Vec<_>>();
                let core = self.product(&rest);
                return self.scaled(core, coefficient);
            }
            factors.insert(exp, Number::ONE);
        }
        // Powers of numbers that collecting made whole, such as sqrt(2) sqrt(2).
        let mut kept = Vec::new();
        for (base, exponent) in factors {
            let power = match (self.as_number(base), exponent.integer()) {
                _ if exponent.is_zero() => Some(Number::ONE),
                (Some(value), Some(whole)) => value.power(whole),
                (Some(value), None) if exponent == Number::HALF => value.root(),
                _ => None,
            };
            match power {
                Some(power) => coefficient = self.keep(coefficient.mul(power)),
                None => kept.push((base, exponent)),
            }
        }
        let core = match kept.as_slice() {
            [] => return self.number(coefficient),
            [(base, Number::ONE)] => *base,
            _ => self.intern(Form::Product(kept)),
        };
        self.scaled(core, coefficient)
    }

    fn scaled(&mut self, core: FormId, coefficient: Number) -> FormId {
        if coefficient == Number::ONE { core } else { self.sum(&[(core, coefficient)]) }
    }

    /// x^y
    pub(super) fn power(&mut self, x: FormId, y: FormId) -> FormId {
        match self.as_number(y) {
            Some(exponent) if exponent.is_zero() => self.number(Number::ONE),
            Some(exponent) => self.product(&[(x, exponent)]),
            None if self.as_number(x) == Some(Number::ONE) => x,
            None => self.intern(Form::Power(x, y)),
        }
    }

    /// A function of one argument.
    pub(super) fn call(&mut self, function: Function, x: FormId) -> FormId {
        if function == Function::Sqrt {
            return self.product(&[(x, Number::HALF)]);
        }
        if let Some(value) = self.as_number(x) {
            let at_zero = matches!(
                function,
                Function::Exp
                    | Function::Sin
                    | Function::Cos
                    | Function::Tan
                    | Function::Tanh
                    | Function::Sinh
                    | Function::Cosh
                    | Function::Atan
                    | Function::Sigmoid
                    | Function::Softsign
                    | Function::Erf
                    | Function::Log1p
                    | Function::Expm1
            );
            let always = matches!(
                function,
                Function::Abs | Function::Sign | Function::Step | Function::Relu
            );
            let log_one = function == Function::Log && value == Number::ONE;
            if always || log_one || (at_zero && value.is_zero()) {
                let value = match function {
                    Function::Sigmoid => Some(Number::HALF),
                    Function::Abs if value.is_negative() => Some(value.neg()),
                    Function::Abs => Some(value),
                    _ => Number::new(function.value(value.value(), 0.0)),
                };
                if let Some(value) = value {
                    return self.number(value);
                }
            }
        }
        // exp(log x) = x and log(exp x) = x wherever the left side is a number.
        match (function, self.get(x)) {
            (Function::Exp, Form::Call(Function::Log, inner))
            | (Function::Log, Form::Call(Function::Exp, inner)) => *inner,
            _ => self.intern(Form::Call(function, x)),
        }
    }

    /// A function of two arguments; a power is made by [`Store::power`].
    pub(super) fn call2(&mut self, function: Function, x: FormId, y: FormId) -> FormId {
        let chooses = matches!(function, Function::Max | Function::Min);
        if chooses && x == y {
            return x;
        }
        if chooses && let (Some(a), Some(b)) = (self.as_number(x), self.as_number(y)) {
            return if function.value(a.value(), b.value()) == a.value() { x } else { y };
        }
        self.intern(Form::Call2(function, x, y))
    }
}
