//! What must not compile: a loss that outlives its tape, an operation without a gradient. And what must
//! run as a user builds it: programs outside this workspace have cargo's own profiles, and debug builds of
//! theirs no optimisation.
//!
//! They stand here, where the library is tested without the crates that its own tests need.

#[test]
fn misuse_does_not_compile_and_a_debug_build_of_a_users_program_runs() {
    // All together, as what is to run must be built, and what was built need not be checked once more.
    let cases = trybuild::TestCases::new();
    cases.pass("tests/user/*.rs");
    cases.compile_fail("tests/compile_fail/*.rs");
}
