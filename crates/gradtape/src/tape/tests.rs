//! Ids that are not those of the tape they are used with, an error and never a panic; batching rules without
//! inputs.

use std::panic::Location;

use super::Tape;
use crate::op::{Examples, Meta, NodeId, Op, Recorder, Sample, Term, binary, control, unary};
use crate::tensor::{DType, Error, Kind};

/// Ids that a tape of two nodes does not have.
fn foreign() -> Vec<NodeId> {
    let index = [2, 7, (1 << 31) - 1, 1 << 31, u32::MAX as usize, usize::MAX];
    index.into_iter().flat_map(|index| [NodeId::new(index), NodeId::failed(index)]).collect()
}

#[test]
fn an_id_that_the_tape_does_not_have_is_an_error() {
    let tape = Tape::new();
    let at = Location::caller();
    let (x, y) = (tape.constant(1.0), tape.constant(2.0));
    let text_of = |id: NodeId| {
        assert!(id.is_failed());
        // What is computed from a failed node passes its error on.
        let next = tape.record(unary::Exp {}.into(), &[id], at);
        assert!(next.is_failed());
        let wrong = tape.apply(unary::Neg {}, &[]);
        assert!(wrong.value().is_err());
    };
    for id in foreign() {
        for inputs in [[id, x.id()], [x.id(), id], [id, id]] {
            text_of(tape.record(binary::Add {}.into(), &inputs, at));
        }
        text_of(tape.fail(Error::new(Kind::Value, "mine"), &[id, y.id()]));
        assert_eq!(tape.meta(id), tape.meta(NodeId::failed(0)));
        assert_eq!(tape.dtype(id), DType::F32);
        assert!(!tape.has_shape(id, &[2].into()));
        let _ = tape.same_shape(id, x.id());
        let term = Term::new(&tape, id, at);
        text_of((term * term + term.sum(0)).id());
        text_of(tape.custom_rule(0, 0, &[id], x.id(), y.id()));
        text_of(tape.custom_rule(0, 0, &[x.id()], id, id));
    }
    text_of(tape.record(control::Custom { rule: 9 }.into(), &[], at));
    let custom = tape.custom_gradient(&[x], y, |_, _, g| vec![g]);
    text_of(tape.custom_rule(0, 5, &[x.id()], custom.id(), y.id()));
    assert_eq!((x + y).item().unwrap(), 3.0);
}

#[test]
fn an_id_of_before_a_reset_is_an_error() {
    let mut tape = Tape::new();
    let at = Location::caller();
    let old = (tape.constant(1.0) + 3.0).id();
    tape.reset();
    let x = tape.constant(1.0);
    assert!(tape.record(binary::Add {}.into(), &[x.id(), old], at).is_failed());
    assert!(x.exp().value().is_ok());
}

#[test]
fn an_operation_without_inputs_gives_all_examples_the_same() {
    let count = 3;
    for Sample { op, inputs, .. } in Op::samples() {
        if !inputs.is_empty() {
            continue;
        }
        let tape = Tape::new();
        let all = op.batch(&Examples::new(&tape, Location::caller(), count, &[])).meta();
        let one = tape.apply(op.clone(), &[]).meta();
        assert_eq!(all, Meta::new(one.dtype, [&[count], &one.shape[..]].concat()), "{op:?}");
    }
}
