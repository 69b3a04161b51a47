//! Inference stays within its limits of time, flash, RAM and stack on every core, and its image cannot panic.

use amlstm_tests::board::{BOARDS, Board, CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};
use amlstm_tests::cost::{self, PROBE};
use amlstm_tests::image::{Image, Recipe};

/// What the cost of a core may not exceed.
struct Limits {
    instructions_a_step: u32,
    flash: u64,
    state_ram: u32,
    step_stack: u32,
    load_stack: u32,
}

/// Counts repeat exactly with one compiler; the limits lie up to a tenth above them, so that another compiler's counts pass too.
fn cost_is_within(board: Board, limits: &Limits) {
    let block = cost::block();
    let Some(cost) = cost::measure(board, &block) else {
        return;
    };
    let host = block.subsidence_bits();
    assert_eq!(
        cost.subsidence_bits, host,
        "{}: the steps are not the host's",
        board.core
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
            "{}: {found} {what}, at most {limit} are allowed",
            board.core
        );
    }
    // All the RAM given at link time is the estimator's: weights stay where the model file lies.
    assert_eq!(cost.static_ram, u64::from(cost.state_ram), "{}", board.core);
}

#[test]
fn a_step_on_a_cortex_m4f_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 13_000,
        flash: 22_500,
        state_ram: 256,
        step_stack: 1_150,
        load_stack: 2_400,
    };
    cost_is_within(CORTEX_M4F, &limits);
}

#[test]
fn a_step_on_a_cortex_m33_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 13_000,
        flash: 23_500,
        state_ram: 256,
        step_stack: 1_150,
        load_stack: 2_400,
    };
    cost_is_within(CORTEX_M33, &limits);
}

#[test]
fn a_step_on_a_cortex_m3_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 475_000,
        flash: 26_000,
        state_ram: 256,
        step_stack: 1_150,
        load_stack: 2_400,
    };
    cost_is_within(CORTEX_M3, &limits);
}

#[test]
fn a_step_on_a_cortex_m0_stays_within_its_limits() {
    let limits = Limits {
        instructions_a_step: 810_000,
        flash: 26_000,
        state_ram: 256,
        step_stack: 1_220,
        load_stack: 2_500,
    };
    cost_is_within(CORTEX_M0, &limits);
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
    for board in BOARDS {
        let Some(image) = Image::build(board, PROBE) else {
            return;
        };
        assert!(
            !image.symbols().is_empty(),
            "{}: symbols were stripped",
            board.core
        );
        let found = panicking_symbols(&image);
        assert!(found.is_empty(), "{}: {found:?}", board.core);
    }
}

#[test]
fn an_index_that_can_panic_is_found_in_the_image() {
    let recipe = Recipe {
        features: "probe-panics",
        ..PROBE
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
    for board in BOARDS {
        let Some(image) = Image::build(board, PROBE) else {
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
