//! Prints what inference costs on each core, as measured in QEMU: `tests/cost`, or `tests/cost --json` for programs.

use std::process::ExitCode;

use amlstm_core::arithmetic::ArithmeticKind;
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
    let mut rows = Vec::new();
    for arithmetic in cost::ARITHMETICS {
        let block = cost::block(arithmetic);
        let both = cost::block_with_physics(arithmetic);
        for board in BOARDS {
            // The reason stands on stderr.
            let measured = || {
                Some(Row {
                    core: board.core,
                    arithmetic,
                    cost: cost::measure(board, arithmetic, &block)?,
                    with_physics: cost::measure(board, arithmetic, &both)?.instructions_a_step,
                    bare: cost::measure_bare(board, arithmetic, &block)?,
                })
            };
            let Some(row) = measured() else {
                return ExitCode::FAILURE;
            };
            rows.push(row);
        }
    }
    if json {
        print_json(&rows);
    } else {
        print_table(&rows);
    }
    ExitCode::SUCCESS
}

/// The cost of a model of this arithmetic on this core.
struct Row {
    core: &'static str,
    arithmetic: ArithmeticKind,
    cost: Cost,
    /// Instructions of a month with physics beside the network.
    with_physics: u32,
    /// The network alone: no model file, no physics, no estimator.
    bare: Cost,
}

fn print_table(rows: &[Row]) {
    println!("{}", cost::MODEL);
    println!();
    println!(
        "                        instructions                               flash without    static   state   stack of   stack of"
    );
    println!(
        "core        arithmetic        a step  with physics       to load           model       RAM     RAM     a step    loading"
    );
    for Row {
        core,
        arithmetic,
        cost,
        with_physics,
        ..
    } in rows
    {
        println!(
            "{core:<12}{:<12}{:>12}{with_physics:>14}{:>14}{:>14} B{:>8} B{:>6} B{:>9} B{:>9} B",
            cost::name(*arithmetic),
            cost.instructions_a_step,
            cost.instructions_to_load,
            cost.flash,
            cost.static_ram,
            cost.state_ram,
            cost.step_stack,
            cost.load_stack
        );
    }
    println!();
    println!(
        "network alone           instructions a step         flash    state    stack of a step"
    );
    for Row {
        core,
        arithmetic,
        bare,
        ..
    } in rows
    {
        println!(
            "{core:<12}{:<12}{:>19}{:>12} B{:>7} B{:>17} B",
            cost::name(*arithmetic),
            bare.instructions_a_step,
            bare.flash,
            bare.state_ram,
            bare.step_stack
        );
    }
}

fn print_json(rows: &[Row]) {
    let rows: Vec<String> = rows.iter().map(json_row).collect();
    println!("[\n{}\n]", rows.join(",\n"));
}

/// Names and numbers only, so nothing needs escaping.
fn json_row(
    Row {
        core,
        arithmetic,
        cost,
        with_physics,
        bare,
    }: &Row,
) -> String {
    format!(
        "  {{\"core\":\"{core}\",\"arithmetic\":\"{}\",\"instructions_a_step\":{},\"instructions_with_physics\":{with_physics},\"instructions_to_load\":{},\"flash_bytes\":{},\"static_ram_bytes\":{},\"state_ram_bytes\":{},\"step_stack_bytes\":{},\"load_stack_bytes\":{},\"bare_instructions_a_step\":{},\"bare_flash_bytes\":{},\"bare_state_ram_bytes\":{},\"bare_step_stack_bytes\":{}}}",
        cost::name(*arithmetic),
        cost.instructions_a_step,
        cost.instructions_to_load,
        cost.flash,
        cost.static_ram,
        cost.state_ram,
        cost.step_stack,
        cost.load_stack,
        bare.instructions_a_step,
        bare.flash,
        bare.state_ram,
        bare.step_stack
    )
}
