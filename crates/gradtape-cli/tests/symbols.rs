//! The built program has no vector instruction and no inner step of a kernel out of line.
//!
//! What the compiler leaves out of line there is compiled without the caller's instruction set: its operands go
//! through memory, and a product takes ten times as long, without a wrong number anywhere. The program is the one
//! of these tests' profile, so that `cargo test --release --test symbols` reads the program that is installed.

use object::{Object, ObjectSymbol, SymbolKind};
use rustc_demangle::demangle;

/// Rooms all of whose code belongs into the functions that are stamped for an instruction set.
const INLINED: [&str; 6] = [
    "gradtape::engine::cpu::simd::",
    "gradtape::engine::cpu::math::",
    "gradtape::engine::cpu::gemm::micro::",
    "gradtape::engine::cpu::gemm::pack::",
    "gradtape::engine::cpu::body::chain::",
    "gradtape::engine::cpu::lane::",
];

/// The functions that are stamped, and those that make kernels ready and are not part of them.
const ENTRIES: [&str; 20] = [
    // Tiles, inner products, panels and the loop on registers.
    "packed",
    "placed",
    "pointed",
    "direct",
    "dots",
    "gather",
    "gather_panels",
    "gather_places",
    "flows",
    // Operands that lie in runs.
    "vectors",
    "summed",
    "folded",
    "put_apart",
    // Chains, and loops over an operation's formula.
    "stamped",
    "run",
    "with_avx2",
    "with_avx512",
    // Made ready before a run.
    "run_links",
    "connect",
    "arithmetic",
];

/// A name without the generic arguments that some manglings end it with, as in `packed::<14, 1>`.
fn plain(name: &str) -> &str {
    match name.ends_with('>') {
        true => name.rfind("::<").map_or(name, |end| &name[..end]),
        false => name,
    }
}

/// Whether the function of this name should be a part of another one.
fn is_out_of_line(name: &str) -> bool {
    if name.contains("core_arch") {
        return name.contains("_mm256_") || name.contains("_mm512_");
    }
    // The formula of an operation, as a loop over numbers reads it.
    if name.contains("engine::cpu::lane::Task") {
        return true;
    }
    // Destructors and the like name types of these rooms as well.
    let own = name.trim_start_matches('<');
    let inside =
        INLINED.iter().any(|room| own.starts_with(room) || name.contains(&format!(" as {room}")));
    let last = plain(name).rsplit("::").next().unwrap_or(name);
    inside && !ENTRIES.contains(&last)
}

/// The names of the program's functions; with Microsoft's tools they stand in a file of their own.
#[cfg(not(target_env = "msvc"))]
fn functions() -> Vec<String> {
    let path = env!("CARGO_BIN_EXE_gradtape");
    let bytes = std::fs::read(path).unwrap();
    let file = object::File::parse(&*bytes).unwrap();
    let functions = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
    functions.map(|symbol| format!("{:#}", demangle(symbol.name().unwrap()))).collect()
}

#[cfg(not(target_env = "msvc"))]
#[test]
fn kernels_stand_in_one_piece() {
    let functions = functions();
    // The crate of decompositions, where it is built in, has vector code of its own. The release build is without it.
    let foreign = functions.iter().any(|name| name.contains("faer::"));
    let ours = |name: &&String| !(foreign && name.contains("core_arch"));
    let apart: Vec<_> = functions.iter().filter(|name| is_out_of_line(name)).filter(ours).collect();
    assert!(apart.is_empty(), "{} functions are out of line: {apart:#?}", apart.len());
}

#[cfg(not(target_env = "msvc"))]
#[test]
fn kernels_are_seen_for_each_instruction_set() {
    let functions = functions();
    let has = |name: &str| functions.iter().any(|function| plain(function).ends_with(name));
    let stamped = |isa: &str| {
        ["f32", "f64"].into_iter().all(|of| has(&format!("gemm::micro::{isa}_{of}::packed")))
    };
    assert!(stamped("portable"), "the program has symbols");
    if cfg!(target_arch = "x86_64") {
        assert!(stamped("avx2") && stamped("avx512"));
        assert!(has("lane::with_avx2") && has("lane::with_avx512"));
    }
}

#[test]
fn what_is_out_of_line_is_told() {
    for name in [
        "core::core_arch::x86::fma::_mm256_fmadd_ps",
        "core::core_arch::x86::avx512f::_mm512_loadu_pd",
        "gradtape::engine::cpu::gemm::micro::tile::{{closure}}",
        "gradtape::engine::cpu::gemm::micro::tile",
        "<gradtape::engine::cpu::simd::x86::Avx2<f32> as gradtape::engine::cpu::simd::Simd>::fma",
        "gradtape::engine::cpu::math::single::exp",
        "gradtape::engine::cpu::gemm::pack::rows",
        "<gradtape::engine::cpu::tile::Map<O,T> as gradtape::engine::cpu::lane::Task<T>>::run",
        "gradtape::engine::cpu::body::chain::block",
    ] {
        assert!(is_out_of_line(name), "{name}");
    }
    for name in [
        "core::core_arch::x86::pclmulqdq::_mm_clmulepi64_si128",
        "gradtape::engine::cpu::gemm::micro::avx2_f32::packed",
        "gradtape::engine::cpu::gemm::micro::avx2_f32::packed::<6, 2>",
        "gradtape::engine::cpu::lane::with_avx512",
        "<f32 as gradtape::engine::cpu::body::chain::Real>::run_links::stamped",
        "gradtape::engine::cpu::pool::Pool::run",
    ] {
        assert!(!is_out_of_line(name), "{name}");
    }
}
