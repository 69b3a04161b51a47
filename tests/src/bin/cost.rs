//! Prints what inference costs on each core, as measured in QEMU: `tests/cost`, or `tests/cost --json` for programs.

use std::process::ExitCode;

use amlstm_tests::board::BOARDS;
use amlstm_tests::cost::{self, Cost};

fn main() -> ExitCode {
    let json = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--json") => true,
        Some(_) => {
            eprintln!("usage: tests/cost [--json]");
            return ExitCode::from(2);
        }
    };
    let block = cost::block();
    let mut rows = Vec::new();
    for board in BOARDS {
        // The reason stands on stderr.
        let Some(cost) = cost::measure(board, &block) else {
            return ExitCode::FAILURE;
        };
        rows.push((board.core, cost));
    }
    if json {
        print_json(&rows);
    } else {
        print_table(&rows);
    }
    ExitCode::SUCCESS
}

fn print_table(rows: &[(&str, Cost)]) {
    println!("{}", cost::MODEL);
    println!();
    println!(
        "                        instructions                 flash without    static   state   stack of   stack of"
    );
    println!(
        "core        arithmetic        a step       to load           model       RAM     RAM     a step    loading"
    );
    for (core, cost) in rows {
        println!(
            "{core:<12}{:<12}{:>12}{:>14}{:>14} B{:>8} B{:>6} B{:>9} B{:>9} B",
            "f32",
            cost.instructions_a_step,
            cost.instructions_to_load,
            cost.flash,
            cost.static_ram,
            cost.state_ram,
            cost.step_stack,
            cost.load_stack
        );
    }
}

fn print_json(rows: &[(&str, Cost)]) {
    let rows: Vec<String> = rows
        .iter()
        .map(|(core, cost)| json_row(core, cost))
        .collect();
    println!("[\n{}\n]", rows.join(",\n"));
}

/// Names and numbers only, so nothing needs escaping.
fn json_row(core: &str, cost: &Cost) -> String {
    format!(
        "  {{\"core\":\"{core}\",\"arithmetic\":\"f32\",\"instructions_a_step\":{},\"instructions_to_load\":{},\"flash_bytes\":{},\"static_ram_bytes\":{},\"state_ram_bytes\":{},\"step_stack_bytes\":{},\"load_stack_bytes\":{}}}",
        cost.instructions_a_step,
        cost.instructions_to_load,
        cost.flash,
        cost.static_ram,
        cost.state_ram,
        cost.step_stack,
        cost.load_stack
    )
}
