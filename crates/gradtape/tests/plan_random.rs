//! Random graphs: plans keep values, buffers that live at the same time never overlap, the text form prints
//! and parses; and the CPU engine computes what the graph means, at every instruction set, with the same
//! bits on any number of threads.

use crate::planning::engine::check_engine_for;
use crate::planning::random::{EXTENTS, random_graph};
use crate::planning::{cases, check_for};
use gradtape::Rng;
use gradtape::plan::{BufferId, Kernel, Place, Program, Target, plan, plan_for};
use gradtape::tape::Graph;
use gradtape::tensor::DType;
use proptest::prelude::*;

/// The usual machine, or one on which rows are computed in tiles however few they are.
fn target(choices: &[u32]) -> Target {
    match choices[0] & 1 {
        0 => Target::default(),
        _ => Target {
            tiled: 0,
            tile_bytes: (choices[0] >> 8) as usize & 0xFFFF,
            ..Target::default()
        },
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn plans_keep_values(choices in prop::collection::vec(any::<u32>(), 4..40)) {
        let (graph, values) = random_graph(&choices, [3, 4], DType::F64);
        let program = check_for(&target(&choices), &graph, &values, 1e-12);
        assert_apart(&program);
        for dtype in [DType::F32, DType::F16] {
            let graph = random_graph(&choices, [3, 4], dtype).0;
            assert_apart(&plan_for(&graph, &target(&choices)));
        }
        prop_assert_eq!(graph.to_string().parse::<Graph>().unwrap(), graph);
    }
}

proptest! {
    #![proptest_config(cases(160))]

    #[test]
    fn the_engine_computes_what_a_graph_means(
        choices in prop::collection::vec(any::<u32>(), 4..24),
        extents in 0..EXTENTS.len(),
    ) {
        let types = [DType::F64, DType::F32, DType::F16, DType::BF16];
        let graph = |dtype| random_graph(&choices, EXTENTS[extents], dtype);
        check_engine_for(&target(&choices), &types, graph);
    }
}

/// The random graphs reach the loops that reduce rows and columns of the same elements.
#[test]
fn random_graphs_have_columns_beside_rows() {
    let mut rng = Rng::new(3);
    let loops = (0..300).flat_map(|_| {
        let choices: Vec<u32> = (0..12).map(|_| rng.next_u64() as u32).collect();
        plan(&random_graph(&choices, [63, 63], DType::F32).0).kernels
    });
    let across = loops.filter(|kernel| match kernel {
        Kernel::Loop(own) => !own.across.is_empty(),
        _ => false,
    });
    assert!(across.count() > 20);
}

/// Buffers of the arena that hold numbers at the same time lie apart, except where a kernel writes what it
/// read at the same index for the last time.
fn assert_apart(program: &Program) {
    let spans: Vec<Option<(usize, usize)>> =
        (0..program.buffers.len()).map(|number| life(program, BufferId(number as u32))).collect();
    for (i, a) in program.buffers.iter().enumerate() {
        let Place::Arena(start) = a.place else { continue };
        let end = start + a.len * a.dtype.size();
        assert_eq!(start % 64, 0, "{program}");
        assert!(end <= program.arena, "{program}");
        for (j, b) in program.buffers.iter().enumerate().skip(i + 1) {
            let Place::Arena(other) = b.place else { continue };
            let apart = end <= other || other + b.len * b.dtype.size() <= start;
            let (Some((from, to)), Some((other_from, other_to))) = (spans[i], spans[j]) else {
                continue;
            };
            let in_place = start == other && (to == other_from || other_to == from);
            let at_times = to < other_from || other_to < from;
            assert!(apart || at_times || in_place, "b{i} and b{j} overlap in\n{program}");
        }
    }
}

fn life(program: &Program, buffer: BufferId) -> Option<(usize, usize)> {
    let uses = |kernel: &Kernel| {
        let mut found = false;
        kernel.each_access(|used, _| found |= used == buffer);
        found
    };
    let first = program.kernels.iter().position(uses)?;
    Some((first, program.kernels.iter().rposition(uses)?))
}
