use gradtape::op::{Broken, Cost, Cotangent, Declared, Form, Meta, Operation, Sample, Term};

fn takes_an_operation<O: Operation>() {}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Half;

impl Declared for Half {
    const NAME: &'static str = "half";
    const DOC: &'static [&'static str] = &[];

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![]
    }

    fn from_attributes(_: &mut dyn FnMut(&str) -> Option<String>) -> Option<Self> {
        Some(Half)
    }
}

impl From<Half> for gradtape::op::Op {
    fn from(_: Half) -> Self {
        gradtape::op::unary::Neg {}.into()
    }
}

impl Operation for Half {
    fn infer(&self, x: &[&Meta]) -> Result<Meta, Broken> {
        Ok(x[0].clone())
    }

    fn form(&self) -> Form<'_> {
        Form::Formula(Cost::Cheap)
    }

    fn vjp<'r>(&self, _: usize, _: &[Term<'r>], _: Term<'r>, g: Term<'r>) -> Cotangent<'r> {
        (g * 0.5).into()
    }

    fn samples() -> Vec<Sample<Self>> {
        vec![]
    }
}

fn main() {
    takes_an_operation::<Half>();
}
