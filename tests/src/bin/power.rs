//! Prints what the logger draws: the tables of `docs/power.md`.

fn main() {
    print!("{}", amlstm_tests::power::tables());
}
