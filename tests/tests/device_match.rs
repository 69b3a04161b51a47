//! What a device computes is, bit for bit, what the host computes: increments, cumulative subsidence, attention and states, month by month.

use std::fs;
use std::time::Duration;

use amlstm::config::{Config, Inputs};
use amlstm::read::read_folders;
use amlstm::run::WellRun;
use amlstm::series::WellSeries;
use amlstm_core::sizes::{AttentionKind, MAX_MEMBERS, Sizes};
use amlstm_measure::replay::Start;
use amlstm_tests::board::{BOARDS, Board, CORTEX_M0, CORTEX_M3, CORTEX_M4F, CORTEX_M33};
use amlstm_tests::host::{BUILDS, Program};
use amlstm_tests::image::{Image, Recipe};
use amlstm_tests::measured;
use amlstm_tests::qemu::Machine;
use amlstm_tests::replay::{Block, Series};
use amlstm_tests::sample::{self, PAPER};

/// Twenty years take seconds, on a busy machine a minute.
const LIMIT: Duration = Duration::from_mins(5);

/// Odd sizes, so that no block of rows comes out even.
const ODD: Sizes = Sizes {
    inputs: 5,
    hidden: 19,
    attention: 11,
};

/// The largest network a model file may hold.
const LARGEST: Sizes = Sizes {
    inputs: 8,
    hidden: 32,
    attention: 32,
};

/// Levels and changes of three layers.
const CHANGES: Sizes = Sizes { inputs: 6, ..PAPER };

const PLAIN: Sizes = Sizes {
    inputs: 2,
    hidden: 16,
    attention: 0,
};

/// Blocks that cover every kind of model of so many networks, from sizes up to the limits, cold and from the end of training.
fn blocks(most_members: usize) -> Vec<(String, Block)> {
    let mut blocks = vec![with_physics()];
    for (kind, sizes, start, layers, members) in [
        (AttentionKind::Shared, PAPER, Start::TrainingEnd, 3, 1),
        (AttentionKind::PerLayer, PAPER, Start::Cold, 3, 1),
        (AttentionKind::None, PLAIN, Start::TrainingEnd, 2, 1),
        (AttentionKind::Shared, ODD, Start::Cold, 5, 1),
        (AttentionKind::PerLayer, LARGEST, Start::TrainingEnd, 8, 1),
        (AttentionKind::Shared, PAPER, Start::TrainingEnd, 3, 3),
        // With the changes of the layers.
        (AttentionKind::PerLayer, CHANGES, Start::TrainingEnd, 3, 1),
        (AttentionKind::PerLayer, LARGEST, Start::Cold, 4, 1),
        (AttentionKind::None, PLAIN, Start::TrainingEnd, 1, 1),
        (AttentionKind::PerLayer, CHANGES, Start::TrainingEnd, 3, 3),
    ] {
        if members > most_members {
            continue;
        }
        let model = if layers < sizes.inputs {
            sample::model_file_with_changes(kind, sizes, 7, members)
        } else {
            sample::model_file_with(kind, sizes, 7, members, None)
        };
        let series = sample::series(layers, start);
        let fixed = sample::fixed_point(&model, &series);
        for (arithmetic, model) in [("f32", model), ("q15", fixed)] {
            blocks.push((
                format!(
                    "{arithmetic} {kind:?} {sizes:?} {layers} layers {start:?}, {members} networks"
                ),
                Block::new(&model, &series),
            ));
        }
    }
    blocks
}

/// A network with physics, most of whose missing levels are told by the other layers.
fn with_physics() -> (String, Block) {
    let physics = sample::physics();
    let model = sample::model_file_with(AttentionKind::Shared, PAPER, 7, 1, Some(&physics));
    let series = sample::series(PAPER.inputs, Start::Cold);
    ("physics".to_owned(), Block::new(&model, &series))
}

/// What the device logs for a block.
fn device_lines(image: &Image, block: &Block) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    fs::write(&file, block.bytes()).expect("a temporary file is writable");
    let finished = Machine::new(image).input(file.path()).run(LIMIT);
    let lines = finished.log();
    assert!(
        finished.status.success(),
        "{}: {}\n{lines:?}",
        finished.status,
        finished.standard_error
    );
    lines
}

fn device_equals_host(board: Board) {
    let Some(image) = Image::build(board, Recipe::ESTIMATE) else {
        return;
    };
    // The 16 KiB of RAM of the Cortex-M0's board have room for one network.
    let most_members = if board == CORTEX_M0 { 1 } else { MAX_MEMBERS };
    for (name, block) in blocks(most_members) {
        let host = block.lines();
        let device = device_lines(&image, &block);
        for (month, (host, device)) in host.iter().zip(&device).enumerate() {
            assert_eq!(device, host, "{name} on {}: line {month}", board.core);
        }
        assert_eq!(device.len(), host.len(), "{name} on {}", board.core);
    }
}

#[test]
fn a_cortex_m4f_computes_the_hosts_bits() {
    device_equals_host(CORTEX_M4F);
}

#[test]
fn a_cortex_m33_computes_the_hosts_bits() {
    device_equals_host(CORTEX_M33);
}

#[test]
fn a_cortex_m3_computes_the_hosts_bits() {
    device_equals_host(CORTEX_M3);
}

#[test]
fn a_cortex_m0_computes_the_hosts_bits() {
    device_equals_host(CORTEX_M0);
}

/// The models that `amlstm train` makes of the measured wells, of networks that see levels only and of others, with the wells' own levels from their first month to their last.
fn trained_blocks() -> Vec<(String, Block)> {
    let Some(folders) = measured::folders() else {
        return Vec::new();
    };
    let levels = Config::default();
    let mut changes = levels.clone();
    changes.network.inputs = Inputs::LevelsAndChange;
    let dataset = read_folders(&folders, &levels.data).expect("the measured wells are sound");
    let mut blocks = Vec::new();
    for (well, config) in
        (dataset.wells.iter()).flat_map(|well| [(well, &levels), (well, &changes)])
    {
        let months = WellSeries::new(well, &config.data).expect("the wells have series");
        let series = Series {
            first: months.months[0],
            level_m: months.level_m,
            start: Start::Cold,
        };
        let run = WellRun::new(well, config).expect("the wells can be trained");
        for model in &run.models {
            let fixed = sample::fixed_point(&model.file, &series);
            for (arithmetic, file) in [("f32", &model.file[..]), ("q15", &fixed)] {
                let inputs = config.network.inputs;
                let name = format!("{} {:?} {inputs:?} {arithmetic}", well.id, model.network);
                blocks.push((name, Block::new(file, &series)));
            }
        }
    }
    blocks
}

#[test]
fn models_trained_on_measured_wells_give_the_hosts_bits_on_every_core() {
    for (name, block) in trained_blocks() {
        let host = block.lines();
        assert!(host.len() > 100, "{name}: {} months", host.len());
        for board in BOARDS {
            let Some(image) = Image::build(board, Recipe::ESTIMATE) else {
                return;
            };
            assert_eq!(
                device_lines(&image, &block),
                host,
                "{name} on {}",
                board.core
            );
        }
    }
}

#[test]
fn every_build_of_the_host_computes_the_same_bits() {
    for build in BUILDS {
        let program = Program::build(build);
        for (name, block) in blocks(MAX_MEMBERS) {
            let lines = block.lines();
            assert_eq!(
                Some(&program.run(&block)),
                lines.last(),
                "{name}, {} build",
                build.name
            );
        }
    }
}

#[test]
fn a_device_refuses_a_model_with_a_flipped_bit() {
    let model = sample::model_file(AttentionKind::Shared, PAPER, 7);
    let series = sample::series(PAPER.inputs, Start::Cold);
    for board in BOARDS {
        let Some(image) = Image::build(board, Recipe::ESTIMATE) else {
            return;
        };
        let mut flipped = model.clone();
        flipped[model.len() / 2] ^= 0x10;
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        fs::write(&file, Block::new(&flipped, &series).bytes())
            .expect("a temporary file is writable");
        let finished = Machine::new(&image).input(file.path()).run(LIMIT);
        let lines = finished.log();
        assert_eq!(finished.status.code(), Some(1), "{}: {lines:?}", board.core);
        assert_eq!(lines.len(), 1, "{}: {lines:?}", board.core);
        assert!(
            lines[0].starts_with("error replay: "),
            "{}: {lines:?}",
            board.core
        );
    }
}
