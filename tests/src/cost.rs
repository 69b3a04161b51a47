//! What inference costs on each core: runs the images `probe` and `network` in QEMU and reads their figures.

use std::fs;
use std::time::Duration;

use amlstm_core::arithmetic::{Arithmetic, ArithmeticKind};
use amlstm_core::artifact::{ModelFile, Physics};
use amlstm_core::model::Network;
use amlstm_core::network::Weights;
use amlstm_core::sizes::{AttentionKind, MAX_MEMBERS, Sizes};
use amlstm_measure::replay::{Replay, Start};

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

/// The same with room for the networks of the largest model.
pub const fn probe_of_members(arithmetic: ArithmeticKind) -> Recipe {
    Recipe {
        program: Program::Measure("probe"),
        features: match arithmetic {
            ArithmeticKind::F32 => "f32,members",
            ArithmeticKind::Q15 => "q15,members",
        },
    }
}

/// The image of the network alone, without model file, physics and estimator.
pub const fn bare(arithmetic: ArithmeticKind) -> Recipe {
    Recipe {
        program: Program::Measure("network"),
        features: name(arithmetic),
    }
}

/// Software floating point on the slowest core takes some seconds, on a busy machine a minute.
const LIMIT: Duration = Duration::from_mins(5);

/// `CONTROL_TURNS` of `tests/measure/src/bin/meter.rs`, two instructions each.
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
    run(board, probe(arithmetic), block.bytes())
}

/// [`measure`] with room for the networks of the largest model.
pub fn measure_members(board: Board, arithmetic: ArithmeticKind, block: &Block) -> Option<Cost> {
    run(board, probe_of_members(arithmetic), block.bytes())
}

/// Measures the cost of the network alone, of the model in a block.
pub fn measure_bare(board: Board, arithmetic: ArithmeticKind, block: &Block) -> Option<Cost> {
    run(board, bare(arithmetic), &bare_block(block))
}

fn run(board: Board, recipe: Recipe, input: &[u8]) -> Option<Cost> {
    let image = Image::build(board, recipe)?;
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(&file, input).expect("a temporary file is writable");
    let finished = Machine::new(&image)
        .input(file.path())
        .counting_instructions()
        .run(LIMIT);
    assert!(
        finished.status.success(),
        "{:?} on {}: {}",
        recipe.program,
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
            "{:?} on {}: wrote {} words, expected 8",
            recipe.program,
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

/// Number of months, then network and levels as in [`amlstm_measure::bare_network`].
fn bare_block(block: &Block) -> Vec<u8> {
    let replay = Replay::parse(block.bytes()).expect("the block was made here");
    let file = ModelFile::parse(replay.model()).expect("the model was made here");
    let model = file.model();
    let mut bytes = replay.head().months.to_le_bytes().to_vec();
    for input in model.inputs() {
        bytes.extend(bytemuck::bytes_of(&input.to_numbers()));
    }
    bytes.extend(bytemuck::bytes_of(&[
        model.target.offset,
        model.target.scale,
    ]));
    match &model.network {
        Network::F32(weights) => extend_with_weights(&mut bytes, weights),
        Network::Q15(weights) => extend_with_weights(&mut bytes, weights),
    }
    bytes.extend(replay.levels().as_flattened());
    bytes
}

fn extend_with_weights<A: Arithmetic>(bytes: &mut Vec<u8>, weights: &Weights<A>) {
    let attention = weights.attention.as_ref().expect("the model has attention");
    bytes.extend(bytemuck::bytes_of(&weights.scales));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(attention.w.tiles));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(attention.u));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(attention.b));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(attention.v));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(weights.gates.weights.tiles));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(weights.gates.biases.as_flattened()));
    bytes.extend::<&[u8]>(bytemuck::cast_slice(weights.output));
    bytes.extend(bytemuck::bytes_of(&weights.output_bias));
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

/// [`block`] with physics beside the network, which is what a logger runs.
pub fn block_with_physics(arithmetic: ArithmeticKind) -> Block {
    block_with(arithmetic, Some(&sample::physics()))
}

/// [`block`] of a network of the same three layers that sees their changes, too, with an attention for each of its six inputs, as `amlstm train` makes it.
pub fn block_with_changes(arithmetic: ArithmeticKind) -> Block {
    let sizes = Sizes {
        inputs: 2 * PAPER.inputs,
        ..PAPER
    };
    let model = sample::model_file_with_changes(AttentionKind::PerLayer, sizes, 7, 1);
    block_of(arithmetic, model)
}

/// [`block`] of as many networks as a model may have.
pub fn block_of_members(arithmetic: ArithmeticKind) -> Block {
    let model = sample::model_file_with(AttentionKind::Shared, PAPER, 7, MAX_MEMBERS, None);
    block_of(arithmetic, model)
}

fn block_with(arithmetic: ArithmeticKind, physics: Option<&Physics>) -> Block {
    let model = sample::model_file_with(AttentionKind::Shared, PAPER, 7, 1, physics);
    block_of(arithmetic, model)
}

/// A model of three layers and its series.
fn block_of(arithmetic: ArithmeticKind, model: Vec<u8>) -> Block {
    let mut series = sample::series(PAPER.inputs, Start::Cold);
    for level in series.level_m.iter_mut().flatten() {
        level.get_or_insert(-34.0);
    }
    let model = match arithmetic {
        ArithmeticKind::F32 => model,
        ArithmeticKind::Q15 => sample::fixed_point(&model, &series),
    };
    Block::new(&model, &series)
}
