//! Prints what inference costs on each core, as measured in QEMU: `tests/cost`, or `tests/cost --json` for programs.

use std::process::ExitCode;

use amlstm_core::arithmetic::ArithmeticKind;
use amlstm_tests::board::{BOARDS, CORTEX_M0, CORTEX_M4F};
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
                    model_bytes: block.model_bytes(),
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
    let Some(other) = other_forms() else {
        return ExitCode::FAILURE;
    };
    if json {
        print_json(&rows, &other);
    } else {
        print_table(&rows);
        print_other_forms(&other);
    }
    ExitCode::SUCCESS
}

/// The cost of a model of this arithmetic on this core.
struct Row {
    core: &'static str,
    arithmetic: ArithmeticKind,
    model_bytes: usize,
    cost: Cost,
    /// Instructions of a month with physics beside the network.
    with_physics: u32,
    /// The network alone: no model file, no physics, no estimator.
    bare: Cost,
}

/// The cost of a model of another form, without physics.
struct OtherForm {
    form: &'static str,
    core: &'static str,
    arithmetic: ArithmeticKind,
    model_bytes: usize,
    cost: Cost,
}

/// A network that sees changes, too, and four networks: in the arithmetic of each core, the latter where there is RAM for them.
fn other_forms() -> Option<Vec<OtherForm>> {
    let cores = [
        (CORTEX_M4F, ArithmeticKind::F32),
        (CORTEX_M4F, ArithmeticKind::Q15),
        (CORTEX_M0, ArithmeticKind::Q15),
    ];
    let mut rows = Vec::new();
    for (board, arithmetic) in cores {
        let block = cost::block_with_changes(arithmetic);
        rows.push(OtherForm {
            form: "levels-and-change",
            core: board.core,
            arithmetic,
            model_bytes: block.model_bytes(),
            cost: cost::measure(board, arithmetic, &block)?,
        });
    }
    for (board, arithmetic) in cores {
        if board == CORTEX_M0 {
            continue;
        }
        let block = cost::block_of_members(arithmetic);
        rows.push(OtherForm {
            form: "four networks",
            core: board.core,
            arithmetic,
            model_bytes: block.model_bytes(),
            cost: cost::measure_members(board, arithmetic, &block)?,
        });
    }
    Some(rows)
}

fn print_other_forms(rows: &[OtherForm]) {
    println!();
    println!(
        "                                         instructions               flash without      model   state   stack of   stack of"
    );
    println!(
        "other forms        core        arithmetic        a step       to load         model       file     RAM     a step    loading"
    );
    for OtherForm {
        form,
        core,
        arithmetic,
        model_bytes,
        cost,
    } in rows
    {
        println!(
            "{form:<19}{core:<12}{:<12}{:>12}{:>14}{:>12} B{model_bytes:>9} B{:>6} B{:>9} B{:>9} B",
            cost::name(*arithmetic),
            cost.instructions_a_step,
            cost.instructions_to_load,
            cost.flash,
            cost.state_ram,
            cost.step_stack,
            cost.load_stack
        );
    }
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

fn print_json(rows: &[Row], other: &[OtherForm]) {
    let rows: Vec<String> = rows.iter().map(json_row).collect();
    let other: Vec<String> = other.iter().map(json_other_form).collect();
    println!(
        "{{\"levels\": [\n{}\n],\n\"other_forms\": [\n{}\n]}}",
        rows.join(",\n"),
        other.join(",\n")
    );
}

/// Names and numbers only, so nothing needs escaping.
fn json_row(
    Row {
        core,
        arithmetic,
        model_bytes,
        cost,
        with_physics,
        bare,
    }: &Row,
) -> String {
    format!(
        "  {{{},\"instructions_with_physics\":{with_physics},\"bare_instructions_a_step\":{},\"bare_flash_bytes\":{},\"bare_state_ram_bytes\":{},\"bare_step_stack_bytes\":{}}}",
        json_fields(core, *arithmetic, *model_bytes, cost),
        bare.instructions_a_step,
        bare.flash,
        bare.state_ram,
        bare.step_stack
    )
}

fn json_other_form(row: &OtherForm) -> String {
    format!(
        "  {{\"form\":\"{}\",{}}}",
        row.form,
        json_fields(row.core, row.arithmetic, row.model_bytes, &row.cost)
    )
}

/// What is known of every form.
fn json_fields(core: &str, arithmetic: ArithmeticKind, model_bytes: usize, cost: &Cost) -> String {
    format!(
        "\"core\":\"{core}\",\"arithmetic\":\"{}\",\"instructions_a_step\":{},\"instructions_to_load\":{},\"flash_bytes\":{},\"model_bytes\":{model_bytes},\"static_ram_bytes\":{},\"state_ram_bytes\":{},\"step_stack_bytes\":{},\"load_stack_bytes\":{}",
        cost::name(arithmetic),
        cost.instructions_a_step,
        cost.instructions_to_load,
        cost.flash,
        cost.static_ram,
        cost.state_ram,
        cost.step_stack,
        cost.load_stack
    )
}
