//! What inference costs on each core: runs the image `probe` in QEMU and reads its figures.

use std::fs;
use std::time::Duration;

use amlstm_core::arithmetic::ArithmeticKind;
use amlstm_core::artifact::Physics;
use amlstm_core::sizes::AttentionKind;
use amlstm_measure::replay::Start;

use crate::board::Board;
use crate::image::{Image, Program, Recipe};
use crate::qemu::Machine;
use crate::replay::Block;
use crate::sample::{self, PAPER};

/// The arithmetics whose cost is measured.
pub const ARITHMETICS: [ArithmeticKind; 2] = [ArithmeticKind::F32, ArithmeticKind::Q15];

/// The name of an arithmetic, which is also the feature that brings it into an image.
pub const fn name(arithmetic: ArithmeticKind) -> &'static str {
    match arithmetic {
        ArithmeticKind::F32 => "f32",
        ArithmeticKind::Q15 => "q15",
    }
}

/// The image whose cost is measured: it runs models of one arithmetic and holds no other.
pub const fn probe(arithmetic: ArithmeticKind) -> Recipe {
    Recipe {
        program: Program::Measure("probe"),
        features: name(arithmetic),
    }
}

/// Software floating point on the slowest core takes some seconds, on a busy machine a minute.
const LIMIT: Duration = Duration::from_mins(5);

/// `CONTROL_TURNS` of `tests/measure/src/bin/probe.rs`, two instructions each.
const CONTROL_INSTRUCTIONS: f64 = 2.0 * 100_000.0;

/// The cost of one model on one core.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Instructions of a month, the mean of all, rounded.
    pub instructions_a_step: u32,
    /// Instructions to check the model file and make the estimator.
    pub instructions_to_load: u32,
    /// Bytes of flash: start-up, loader and inference, without the model file.
    pub flash: u64,
    /// Bytes of RAM given at link time, the estimator among them.
    pub static_ram: u64,
    /// Bytes of the estimator: all that a loaded model takes in RAM.
    pub state_ram: u32,
    /// Most bytes of stack in a step.
    pub step_stack: u32,
    /// Most bytes of stack while the model file is checked.
    pub load_stack: u32,
    /// Bits of the cumulative subsidence after all months.
    pub subsidence_bits: u32,
}

/// Measures the cost of a block whose model is of this arithmetic, or says on stderr why that is not possible here and returns `None`.
pub fn measure(board: Board, arithmetic: ArithmeticKind, block: &Block) -> Option<Cost> {
    let image = Image::build(board, probe(arithmetic))?;
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(&file, block.bytes()).expect("a temporary file is writable");
    let finished = Machine::new(&image)
        .input(file.path())
        .counting_instructions()
        .run(LIMIT);
    assert!(
        finished.status.success(),
        "probe on {}: {}",
        board.core,
        finished.status
    );
    let words: Vec<u32> = finished
        .standard_output
        .as_chunks()
        .0
        .iter()
        .map(|word| u32::from_le_bytes(*word))
        .collect();
    let [
        control_ticks,
        load_ticks,
        step_ticks,
        steps,
        load_stack,
        step_stack,
        state_ram,
        subsidence_bits,
    ] = words[..]
    else {
        panic!(
            "probe on {}: wrote {} words, expected 8",
            board.core,
            words.len()
        );
    };
    let nanoseconds = nanoseconds_a_tick(board);
    // The control shows that the clock is the one assumed, and that an instruction is a nanosecond.
    let control = f64::from(control_ticks) * nanoseconds / CONTROL_INSTRUCTIONS;
    assert!(
        (control - 1.0).abs() < 1e-3,
        "{}: control loop off by a factor {control}",
        board.core
    );
    let size = image.size();
    Some(Cost {
        instructions_a_step: (f64::from(step_ticks) * nanoseconds / f64::from(steps)).round()
            as u32,
        instructions_to_load: (f64::from(load_ticks) * nanoseconds).round() as u32,
        flash: size.flash,
        static_ram: size.static_ram,
        state_ram,
        step_stack,
        load_stack,
        subsidence_bits,
    })
}

/// Period of SysTick, which is that of the machine's core clock: 25 MHz (AN385, AN386), 20 MHz (AN505), 16 MHz (nRF51822).
fn nanoseconds_a_tick(board: Board) -> f64 {
    match board.machine {
        "mps2-an505" => 50.0,
        "microbit" => 62.5,
        _ => 40.0,
    }
}

/// What is measured, in words.
pub const MODEL: &str = "one month of an AM-LSTM with 3 inputs, 16 hidden and 16 attention units, mean of 240 months with no level missing";

/// The model and the series that are measured. Both arithmetics' models are one network's.
pub fn block(arithmetic: ArithmeticKind) -> Block {
    block_with(arithmetic, None)
}

/// The same with physics beside the network, which is what a logger runs.
pub fn block_with_physics(arithmetic: ArithmeticKind) -> Block {
    block_with(arithmetic, Some(&sample::physics()))
}

fn block_with(arithmetic: ArithmeticKind, physics: Option<&Physics>) -> Block {
    let mut series = sample::series(PAPER.inputs, Start::Cold);
    for level in series.level_m.iter_mut().flatten() {
        level.get_or_insert(-34.0);
    }
    let model = sample::model_file_with(AttentionKind::Shared, PAPER, 7, physics);
    match arithmetic {
        ArithmeticKind::F32 => Block::new(&model, &series),
        ArithmeticKind::Q15 => Block::new(&sample::fixed_point(&model, &series), &series),
    }
}
