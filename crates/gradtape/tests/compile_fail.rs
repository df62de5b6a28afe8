//! What must not compile: a loss that outlives its tape, an operation without a gradient. And what must
//! run as a user builds it.

#[test]
fn misuse_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}

/// Programs outside this workspace have cargo's own profiles, and debug builds of theirs no optimisation.
#[test]
fn a_debug_build_of_a_users_program_runs() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/user/*.rs");
}
