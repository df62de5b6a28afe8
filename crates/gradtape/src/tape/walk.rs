//! Gradients of a recording that repeats the last one.
//!
//! What a reverse walk records follows from the nodes before it alone. Where these are those of the last
//! recording, so are the walk's, and they need not be recorded again.

use std::panic::Location;

use super::Recording;
use crate::op::NodeId;

/// What a walk is asked, apart from its nodes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Question {
    /// How many of the nodes are outputs, and how many of those that follow cotangents, if any are given:
    /// the rest are the values whose gradients are asked for.
    pub(crate) outputs: usize,
    pub(crate) cotangents: Option<usize>,
    /// Whether a value that no gradient comes to is told apart.
    pub(crate) connected: bool,
    /// The line that asks.
    pub(crate) at: &'static Location<'static>,
}

/// A walk that was recorded.
pub(crate) struct Walk {
    question: Question,
    /// Outputs, cotangents, and the values whose gradients are asked for.
    asked: Vec<NodeId>,
    /// The number of nodes before it and after it.
    start: usize,
    end: usize,
    /// The gradients.
    answers: Vec<Option<NodeId>>,
}

impl Walk {
    /// The gradient of value number `i`.
    pub(crate) fn answer(&self, i: usize) -> Option<NodeId> {
        self.answers.get(i).copied().flatten()
    }
}

impl Recording {
    /// Has the nodes of a walk follow, if it was asked at this place before; gives its number.
    pub(crate) fn repeat_walk(
        &mut self,
        question: Question,
        asked: impl Iterator<Item = NodeId> + Clone,
    ) -> Option<usize> {
        let same = |walk: &Walk| {
            walk.start == self.len()
                && walk.question == question
                && walk.asked.iter().copied().eq(asked.clone())
        };
        let known = self.walks.iter().position(same).filter(|_| self.spent.is_none())?;
        self.advance(self.walks[known].end);
        Some(known)
    }

    /// Keeps a walk that started when there were `start` nodes. One that asked a user's own gradient rule
    /// depends on more than nodes, and one that failed is to fail again.
    pub(crate) fn keep_walk(
        &mut self,
        question: Question,
        asked: impl Iterator<Item = NodeId>,
        start: usize,
        answers: impl Iterator<Item = Option<NodeId>>,
    ) {
        if !self.rules.is_empty() {
            return;
        }
        let (asked, answers, end) = (asked.collect(), answers.collect::<Vec<_>>(), self.len());
        if !answers.iter().flatten().any(|id| id.is_failed()) {
            self.walks.push(Walk { question, asked, start, end, answers });
        }
    }
}
