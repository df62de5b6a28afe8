use gradtape::op::scalar::Scalar;
use gradtape::op::{Cost, Declared, Elementwise, Operands, Sample};

fn takes_an_operation<O: gradtape::op::Operation>() {}

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

impl Elementwise for Half {
    fn operands(&self) -> Operands {
        Operands::floats(1)
    }

    fn cost(&self) -> Cost {
        Cost::Cheap
    }

    fn formula<S: Scalar>(&self, [x, ..]: [S; 3]) -> S {
        x * S::constant(0.5)
    }

    fn samples() -> Vec<Sample<Self>> {
        vec![]
    }
}

fn main() {
    takes_an_operation::<Half>();
}
