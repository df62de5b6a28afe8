//! The text form of graphs, and the planner on what it takes: `cargo fuzz run graph`.
#![no_main]

use gradtape::plan::plan;
use gradtape::tape::Graph;

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(graph) = text.parse::<Graph>() {
        assert_eq!(graph.to_string().parse::<Graph>().unwrap(), graph);
        plan(&graph);
    }
});
