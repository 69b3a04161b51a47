//! Help and error texts as they are printed. `TRYCMD=overwrite cargo test --test command` writes them anew.

use assert_cmd::cargo::cargo_bin;

#[test]
fn help_and_errors_are_as_in_their_snapshots() {
    trycmd::TestCases::new()
        .register_bin("amlstm", cargo_bin!("amlstm"))
        .env("COLUMNS", "100")
        .case("tests/command/snapshots/*.trycmd");
}
