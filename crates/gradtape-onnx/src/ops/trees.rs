//! Ensembles of trees (`ai.onnx.ml`): every row walks down all trees at once, one comparison for each level.

use std::collections::BTreeMap;

use gradtape::{DType, Result, Tensor, Var};

use super::Table;
use super::score::{Classes, Pair, classified, transformed};
use super::table::rows;
use crate::call::{Call, Outputs, fits, one, unsupported};
use crate::elem::Elem;
use crate::graph::Attribute;
use crate::tensor::broken;
use crate::value::Array;

pub(super) const TABLE: Table =
    &[("TreeEnsembleClassifier", classify), ("TreeEnsembleRegressor", regress)];

fn classify<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let classes = Classes::of(c, "classlabels_int64s")?;
    let ids = c.ints("class_ids")?.unwrap_or_default();
    let weights = numbers(c, "class_weights")?.unwrap_or_default();
    // Weights of one class alone are those of a score for two.
    let alone = classes.len() == 2 && ids.windows(2).all(|pair| pair[0] == pair[1]);
    let count = if alone { 1 } else { classes.len() };
    let positive = weights.iter().all(|&weight| weight >= 0.0);
    let ids = if alone { vec![0; ids.len()] } else { ids };
    let scores = Forest::of(c)?.scores(c, "class", ids, weights, count, 1.0)?;
    let pair = Pair { above: if positive { 0.5 } else { 0.0 }, shares: positive };
    classified(c, &classes, scores, &pair)
}

fn regress<'t>(c: &Call<'_, 't>) -> Outputs<'t> {
    let forest = Forest::of(c)?;
    let share = match c.text_or("aggregate_function", "SUM")? {
        "SUM" => 1.0,
        "AVERAGE" => 1.0 / forest.roots.len() as f64,
        other => return Err(unsupported(format!("trees put together by {other}"))),
    };
    let Ok(targets) = usize::try_from(c.int_or("n_targets", 1)?) else {
        return Err(broken("`n_targets` is below 0"));
    };
    let ids = c.ints("target_ids")?.unwrap_or_default();
    let weights = numbers(c, "target_weights")?.unwrap_or_default();
    let scores = forest.scores(c, "target", ids, weights, targets, share)?;
    one(Array { var: transformed(c, scores)?, elem: Elem::F32 })
}

/// Numbers of an attribute, or of the tensor that may stand for it.
fn numbers(c: &Call<'_, '_>, name: &str) -> Result<Option<Vec<f64>>> {
    match c.attribute(&format!("{name}_as_tensor")) {
        Some(Attribute::Tensor(_, tensor)) => Ok(Some(tensor.to_f64_vec())),
        _ => c.floats(name),
    }
}

/// The nodes of all trees one behind the other.
struct Forest {
    /// The place of a node by the numbers of its tree and of itself.
    places: BTreeMap<(i64, i64), usize>,
    columns: Vec<i64>,
    thresholds: Vec<f64>,
    modes: Vec<String>,
    /// Where a row goes on; a leaf goes on at itself.
    yes: Vec<i64>,
    no: Vec<i64>,
    /// Whether what is missing counts as a yes.
    missing: Vec<bool>,
    /// The first node of each tree.
    roots: Vec<i64>,
    depth: usize,
}

impl Forest {
    fn of(c: &Call<'_, '_>) -> Result<Forest> {
        let ints = |name: &str| -> Result<Vec<i64>> { Ok(c.ints(name)?.unwrap_or_default()) };
        let (trees, nodes) = (ints("nodes_treeids")?, ints("nodes_nodeids")?);
        let modes = c.texts("nodes_modes")?.unwrap_or_default().to_vec();
        let thresholds = numbers(c, "nodes_values")?.unwrap_or_default();
        let (columns, yes, no) =
            (ints("nodes_featureids")?, ints("nodes_truenodeids")?, ints("nodes_falsenodeids")?);
        let missing = ints("nodes_missing_value_tracks_true")?;
        let missing = if missing.is_empty() { vec![0; nodes.len()] } else { missing };
        let count = nodes.len();
        let lengths = [trees.len(), modes.len(), thresholds.len(), columns.len()];
        let lengths = lengths.into_iter().chain([yes.len(), no.len(), missing.len()]);
        if count == 0 || lengths.clone().any(|length| length != count) {
            return Err(broken(format!(
                "{count} nodes of trees, and lists of {:?} about them",
                lengths.collect::<Vec<_>>()
            )));
        }
        let places: BTreeMap<(i64, i64), usize> =
            trees.iter().copied().zip(nodes).enumerate().map(|(place, key)| (key, place)).collect();
        if places.len() != count {
            return Err(broken("two nodes of a tree have the same number"));
        }
        let on = |place: usize, to: i64| -> Result<i64> {
            match (modes[place].as_str(), places.get(&(trees[place], to))) {
                ("LEAF", _) => Ok(place as i64),
                (_, Some(&next)) => Ok(next as i64),
                (_, None) => Err(broken(format!("tree {} has no node {to}", trees[place]))),
            }
        };
        let all = |to: &[i64]| -> Result<Vec<i64>> {
            to.iter().enumerate().map(|(place, &to)| on(place, to)).collect()
        };
        let (yes, no) = (all(&yes)?, all(&no)?);
        let (roots, depth) = descend(&yes, &no, &trees)?;
        let missing = missing.into_iter().map(|tracks| tracks != 0).collect();
        Ok(Forest { places, columns, thresholds, modes, yes, no, missing, roots, depth })
    }

    /// What the leaves that each row comes to add up to, with the base values: `[rows, count]`.
    fn scores<'t>(
        &self,
        c: &Call<'_, 't>,
        prefix: &str,
        ids: Vec<i64>,
        weights: Vec<f64>,
        count: usize,
        share: f64,
    ) -> Result<Var<'t>> {
        let x = rows(c)?;
        let x = if x.dtype().is_float() { x } else { x.cast(DType::F32) };
        let ints = |name: &str| c.ints(&format!("{prefix}_{name}")).map(Option::unwrap_or_default);
        let (trees, nodes) = (ints("treeids")?, ints("nodeids")?);
        if [trees.len(), nodes.len(), ids.len()] != [weights.len(); 3] {
            return Err(broken(format!(
                "{} weights of leaves, and others about them",
                weights.len()
            )));
        }
        fits(self.yes.len(), count)?;
        fits(x.shape()[0].saturating_mul(self.roots.len()), count)?;
        let mut table = vec![0.0; self.yes.len() * count];
        for (((tree, node), id), weight) in trees.into_iter().zip(nodes).zip(ids).zip(weights) {
            let place = self.places.get(&(tree, node));
            let id = usize::try_from(id).ok().filter(|&id| id < count);
            match (place, id) {
                (Some(place), Some(id)) => table[place * count + id] += weight * share,
                _ => return Err(broken(format!("a weight for node {node} of tree {tree}"))),
            }
        }
        let table = Tensor::from_vec(table, [self.yes.len(), count])?.cast(DType::F32);
        let leaves = self.leaves(c, x)?;
        let (rows, width) = (x.shape()[0], self.roots.len());
        let all = c.tape.constant(table).index_select(0, leaves.reshape([rows * width]));
        let sum = all.reshape([rows, width, count]).sum(1);
        match numbers(c, "base_values")?.filter(|base| !base.is_empty()) {
            None => Ok(sum),
            Some(base) if base.len() == count => {
                Ok(sum + c.tape.constant(Tensor::from_vec(base, [count])?.cast(DType::F32)))
            }
            Some(base) => Err(broken(format!("{} base values for {count} scores", base.len()))),
        }
    }

    /// The leaf of each tree that each row comes to, `[rows, trees]`.
    fn leaves<'t>(&self, c: &Call<'_, 't>, x: Var<'t>) -> Result<Var<'t>> {
        let columns = x.shape()[1];
        let known = |&column: &i64| usize::try_from(column).is_ok_and(|column| column < columns);
        let inner = |place: &usize| self.modes[*place] != "LEAF";
        let asked: Vec<i64> = (0..self.columns.len())
            .map(|place| if inner(&place) { self.columns[place] } else { 0 })
            .collect();
        if let Some(column) = asked.iter().find(|column| !known(column)) {
            return Err(broken(format!("a tree asks for column {column} of {columns}")));
        }
        let whole = |numbers: &[i64]| c.of_whole(numbers.to_vec(), &[numbers.len()]);
        let (asked, yes, no) = (whole(&asked)?.var, whole(&self.yes)?.var, whole(&self.no)?.var);
        let count = self.yes.len();
        let thresholds = Tensor::from_vec(self.thresholds.clone(), [count])?.cast(x.dtype());
        let thresholds = c.tape.constant(thresholds);
        let shape = [x.shape()[0], self.roots.len()];
        let mut place = whole(&self.roots)?.var.broadcast_to(shape);
        let mut modes: Vec<&str> = self.modes.iter().map(String::as_str).collect();
        modes.sort_unstable();
        modes.dedup();
        modes.retain(|&mode| mode != "LEAF");
        let truths = |of: &dyn Fn(usize) -> bool| -> Result<Var<'t>> {
            let truths = (0..count).map(of).collect::<Vec<bool>>();
            Ok(c.tape.constant(Tensor::from_vec(truths, [count])?))
        };
        let of_mode = modes.iter().map(|&mode| truths(&|at| self.modes[at] == mode));
        let of_mode = of_mode.collect::<Result<Vec<_>>>()?;
        let missing = match self.missing.contains(&true) {
            true => Some(truths(&|at| self.missing[at])?),
            false => None,
        };
        for _ in 0..self.depth {
            let flat = place.reshape([shape[0] * shape[1]]);
            let at = |table: Var<'t>| table.index_select(0, flat).reshape(shape);
            let (number, threshold) = (x.gather(1, at(asked)), at(thresholds));
            let mut is_yes: Option<Var<'t>> = None;
            for (mode, of_mode) in modes.iter().zip(&of_mode) {
                let holds = match *mode {
                    "BRANCH_LEQ" => number.less_equal(threshold),
                    "BRANCH_LT" => number.less(threshold),
                    "BRANCH_GTE" => number.greater_equal(threshold),
                    "BRANCH_GT" => number.greater(threshold),
                    "BRANCH_EQ" => number.equal(threshold),
                    "BRANCH_NEQ" => number.not_equal(threshold),
                    other => return Err(unsupported(format!("nodes of trees of kind {other:?}"))),
                };
                is_yes = Some(match is_yes {
                    None => holds,
                    Some(before) => at(*of_mode).select(holds, before),
                });
            }
            let Some(mut is_yes) = is_yes else { break };
            if let Some(missing) = missing {
                is_yes = is_yes.logical_or(number.is_nan().logical_and(at(missing)));
            }
            place = is_yes.select(at(yes), at(no));
        }
        Ok(place)
    }
}

/// The first node of each tree, which none goes to, and the greatest number of steps down from one.
fn descend(yes: &[i64], no: &[i64], trees: &[i64]) -> Result<(Vec<i64>, usize)> {
    let mut reached = vec![false; yes.len()];
    let next = |place: usize| match yes[place] == place as i64 {
        true => Vec::new(),
        false => vec![yes[place] as usize, no[place] as usize],
    };
    for place in 0..yes.len() {
        for to in next(place) {
            if std::mem::replace(&mut reached[to], true) {
                return Err(broken(format!("two ways lead to a node of tree {}", trees[to])));
            }
        }
    }
    let roots: Vec<usize> = (0..yes.len()).filter(|&place| !reached[place]).collect();
    let mut own: Vec<i64> = roots.iter().map(|&root| trees[root]).collect();
    own.sort_unstable();
    let mut all = trees.to_vec();
    all.sort_unstable();
    all.dedup();
    // Nobody goes to a node twice, so that what no first node leads to goes in circles.
    let (mut level, mut depth, mut seen) = (roots.clone(), 0, roots.len());
    while !level.is_empty() {
        level = level.into_iter().flat_map(next).collect();
        seen += level.len();
        depth += usize::from(!level.is_empty());
    }
    match own == all && seen == yes.len() {
        true => Ok((roots.into_iter().map(|root| root as i64).collect(), depth)),
        false => Err(broken("a tree without a beginning, with several, or with a circle")),
    }
}
