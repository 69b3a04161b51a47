//! Inference stays within its limits of time, flash, RAM and stack on every core, and its image cannot panic.

use amlstm_core::arithmetic::ArithmeticKind::{self, F32, Q15};
use amlstm_tests::board::{BOARDS, Board, CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};
use amlstm_tests::cost::{self, ARITHMETICS, Cost, probe};
use amlstm_tests::image::{Image, Recipe};
use amlstm_tests::replay::Block;

/// What the cost of a core may not exceed.
struct Limits {
    instructions_a_step: u32,
    flash: u64,
    state_ram: u32,
    step_stack: u32,
    load_stack: u32,
}

/// Counts repeat exactly with one compiler; the limits lie up to a tenth above them, so that another compiler's counts pass too.
fn cost_is_within(board: Board, arithmetic: ArithmeticKind, limits: &Limits) {
    let block = cost::block(arithmetic);
    if let Some(cost) = cost::measure(board, arithmetic, &block) {
        let name = format!("{} {}", board.core, cost::name(arithmetic));
        is_within(&name, &cost, &block, limits);
    }
}

/// Whether the steps over a block are the host's and cost no more than this.
fn is_within(name: &str, cost: &Cost, block: &Block, limits: &Limits) {
    println!("{name}: {cost:?}");
    let host = block.subsidence_bits();
    assert_eq!(
        cost.subsidence_bits, host,
        "{name}: the steps are not the host's"
    );
    for (what, found, limit) in [
        (
            "instructions a step",
            u64::from(cost.instructions_a_step),
            u64::from(limits.instructions_a_step),
        ),
        ("bytes of flash without the model", cost.flash, limits.flash),
        (
            "bytes of state",
            u64::from(cost.state_ram),
            u64::from(limits.state_ram),
        ),
        (
            "bytes of stack in a step",
            u64::from(cost.step_stack),
            u64::from(limits.step_stack),
        ),
        (
            "bytes of stack while loading",
            u64::from(cost.load_stack),
            u64::from(limits.load_stack),
        ),
    ] {
        assert!(
            found <= limit,
            "{name}: {found} {what}, at most {limit} are allowed"
        );
    }
}

#[test]
fn a_step_on_a_cortex_m4f_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 10_000,
        flash: 38_400,
        state_ram: 276,
        step_stack: 1_040,
        load_stack: 12_700,
    };
    cost_is_within(CORTEX_M4F, F32, &limits);
    let limits = Limits {
        instructions_a_step: 12_800,
        flash: 48_700,
        state_ram: 276,
        step_stack: 1_010,
        load_stack: 12_700,
    };
    cost_is_within(CORTEX_M4F, Q15, &limits);
}

#[test]
fn a_step_on_a_cortex_m33_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 10_000,
        flash: 38_100,
        state_ram: 276,
        step_stack: 1_040,
        load_stack: 12_700,
    };
    cost_is_within(CORTEX_M33, F32, &limits);
    let limits = Limits {
        instructions_a_step: 20_000,
        flash: 48_800,
        state_ram: 276,
        step_stack: 1_010,
        load_stack: 12_700,
    };
    cost_is_within(CORTEX_M33, Q15, &limits);
}

#[test]
fn a_step_on_a_cortex_m3_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 430_000,
        flash: 46_600,
        state_ram: 276,
        step_stack: 1_300,
        load_stack: 13_000,
    };
    cost_is_within(CORTEX_M3, F32, &limits);
    let limits = Limits {
        instructions_a_step: 20_000,
        flash: 51_500,
        state_ram: 276,
        step_stack: 970,
        load_stack: 12_600,
    };
    cost_is_within(CORTEX_M3, Q15, &limits);
}

#[test]
fn a_step_on_a_cortex_m0_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 770_000,
        flash: 46_900,
        state_ram: 276,
        step_stack: 1_360,
        load_stack: 13_100,
    };
    cost_is_within(CORTEX_M0, F32, &limits);
    let limits = Limits {
        instructions_a_step: 29_700,
        flash: 51_300,
        state_ram: 276,
        step_stack: 1_090,
        load_stack: 12_900,
    };
    cost_is_within(CORTEX_M0, Q15, &limits);
}

#[test]
fn a_step_of_a_network_that_sees_changes_stays_within_its_limits() {
    for (board, arithmetic, instructions_a_step, flash, step_stack, load_stack) in [
        (CORTEX_M4F, F32, 12_800, 38_400, 1_190, 12_900),
        (CORTEX_M4F, Q15, 16_200, 48_700, 1_160, 12_800),
        (CORTEX_M0, Q15, 39_300, 51_300, 1_260, 13_100),
    ] {
        let block = cost::block_with_changes(arithmetic);
        let Some(cost) = cost::measure(board, arithmetic, &block) else {
            return;
        };
        let limits = Limits {
            instructions_a_step,
            flash,
            state_ram: 276,
            step_stack,
            load_stack,
        };
        let name = format!("{} {} changes", board.core, cost::name(arithmetic));
        is_within(&name, &cost, &block, &limits);
    }
}

#[test]
fn a_step_of_four_networks_stays_within_its_limits() {
    for (arithmetic, instructions_a_step, flash, step_stack, load_stack) in [
        (F32, 40_100, 39_000, 1_040, 14_400),
        (Q15, 51_100, 49_000, 1_010, 14_600),
    ] {
        let block = cost::block_of_members(arithmetic);
        let Some(cost) = cost::measure_members(CORTEX_M4F, arithmetic, &block) else {
            return;
        };
        let limits = Limits {
            instructions_a_step,
            flash,
            state_ram: 4 * 276,
            step_stack,
            load_stack,
        };
        let name = format!("four networks {}", cost::name(arithmetic));
        is_within(&name, &cost, &block, &limits);
    }
}

/// Instructions a step, flash and stack of the network alone, up to a tenth above what they are.
#[test]
fn the_network_alone_stays_within_its_limits() {
    for (board, arithmetic, instructions_a_step, flash, step_stack) in [
        (CORTEX_M4F, F32, 9_600, 15_500, 860),
        (CORTEX_M4F, Q15, 11_500, 16_900, 620),
        (CORTEX_M0, Q15, 25_500, 18_600, 750),
    ] {
        let block = cost::block(arithmetic);
        let Some(cost) = cost::measure_bare(board, arithmetic, &block) else {
            return;
        };
        let name = format!("{} {}", board.core, cost::name(arithmetic));
        println!("{name}: {cost:?}");
        assert_eq!(cost.subsidence_bits, block.subsidence_bits(), "{name}");
        assert!(cost.instructions_a_step <= instructions_a_step, "{name}");
        assert!(cost.flash <= flash, "{name}");
        assert!(cost.step_stack <= step_stack, "{name}");
    }
}

fn every_board_and_arithmetic() -> impl Iterator<Item = (Board, ArithmeticKind)> {
    BOARDS
        .into_iter()
        .flat_map(|board| ARITHMETICS.map(|arithmetic| (board, arithmetic)))
}

/// Symbols that an image has only if something in it can panic.
fn panicking_symbols(image: &Image) -> Vec<String> {
    let signs = [
        "panicking",
        "panic_fmt",
        "panic_bounds_check",
        "unwrap_failed",
        "expect_failed",
        "slice_index_fail",
        "len_mismatch_fail",
        "begin_unwind",
    ];
    let names = image.symbols().into_iter().map(|symbol| symbol.name);
    names
        .filter(|name| signs.iter().any(|sign| name.contains(sign)))
        .collect()
}

#[test]
fn no_instruction_of_the_inference_image_can_panic() {
    for (board, arithmetic) in every_board_and_arithmetic() {
        let Some(image) = Image::build(board, probe(arithmetic)) else {
            return;
        };
        assert!(
            !image.symbols().is_empty(),
            "{}: symbols were stripped",
            board.core
        );
        let found = panicking_symbols(&image);
        assert!(found.is_empty(), "{} {arithmetic:?}: {found:?}", board.core);
    }
}

#[test]
fn an_index_that_can_panic_is_found_in_the_image() {
    let recipe = Recipe {
        features: "f32,probe-panics",
        ..probe(F32)
    };
    for board in BOARDS {
        let Some(image) = Image::build(board, recipe) else {
            return;
        };
        assert!(!panicking_symbols(&image).is_empty(), "{}", board.core);
    }
}

#[test]
fn a_loaded_model_takes_ram_for_its_state_alone() {
    for (board, arithmetic) in every_board_and_arithmetic() {
        let Some(image) = Image::build(board, probe(arithmetic)) else {
            return;
        };
        let in_ram: Vec<_> = image
            .symbols()
            .into_iter()
            .filter(|symbol| symbol.address >= 0x2000_0000 && symbol.size > 0)
            .collect();
        let [estimator] = &in_ram[..] else {
            panic!("{}: {in_ram:?}", board.core)
        };
        assert!(
            estimator.name.contains("ESTIMATOR"),
            "{}: {estimator:?}",
            board.core
        );
    }
}
