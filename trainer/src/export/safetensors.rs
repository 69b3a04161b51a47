//! A model as tensors with names, for PyTorch and others (<https://github.com/huggingface/safetensors>).
//!
//! The LSTM's tensors have the names, shapes and order of gates of `torch.nn.LSTM`, the output those of a `torch.nn.Linear`. `docs/weights.md` lists all
//! and shows the equations.

use std::collections::HashMap;

use amlstm_core::{
    artifact::{ModelFile, Physics, Start},
    basis::{CELLS, COLUMNS, DECAY_MONTHS, DELAY_BEDS},
    bridge::CALENDAR_MONTHS,
    estimate::Primary,
    input::Input,
};
use safetensors::{Dtype, View, serialize};
use serde_json::json;

use super::plain_weights::PlainWeights;

/// The one entry of the file's metadata: what the tensors belong to, as JSON. One entry, because those of a map have no order, and the same model gives the
/// same bytes.
const METADATA: &str = "amlstm";

/// Numbers with a shape.
struct Tensor {
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

impl View for Tensor {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> std::borrow::Cow<'_, [u8]> {
        bytemuck::cast_slice(&self.numbers).into()
    }

    fn data_len(&self) -> usize {
        size_of_val(&self.numbers[..])
    }
}

/// The bytes of a safetensors file of a floating-point model; nothing if the model is in fixed point.
#[allow(
    clippy::missing_panics_doc,
    reason = "names differ and the lengths are those of the shapes"
)]
pub fn safetensors(file: &ModelFile) -> Option<Vec<u8>> {
    let mut tensors = scales_and_start(file);
    if let Some(of) = file.physics() {
        tensors.extend(physics(of));
    }
    let mut tensors: Vec<(String, Tensor)> = (tensors.into_iter())
        .map(|(name, tensor)| (name.to_owned(), tensor))
        .collect();
    for (index, member) in file.members().enumerate() {
        // The names of the first are those of a model of one network.
        let prefix = match index {
            0 => String::new(),
            _ => format!("network{}.", index + 1),
        };
        let weights = PlainWeights::of(file, &member.model)?;
        let of_network = network(&weights).into_iter().chain(memory(&member.start));
        tensors.extend(of_network.map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    }
    let metadata = HashMap::from([(METADATA.to_owned(), metadata(file))]);
    let bytes = serialize(tensors, Some(metadata));
    Some(bytes.expect("names differ and the lengths are those of the shapes"))
}

fn tensor(
    name: &'static str,
    shape: impl Into<Vec<usize>>,
    numbers: Vec<f32>,
) -> (&'static str, Tensor) {
    let shape = shape.into();
    debug_assert_eq!(shape.iter().product::<usize>(), numbers.len(), "{name}");
    (name, Tensor { shape, numbers })
}

fn network(weights: &PlainWeights) -> Vec<(&'static str, Tensor)> {
    let weights = weights.clone();
    let (inputs, hidden, units, columns) = (
        weights.inputs,
        weights.hidden,
        weights.units,
        weights.columns,
    );
    // f, i, candidate, o here; i, f, candidate, o there.
    let torch_order = |numbers: &[f32]| -> Vec<f32> {
        let gates: Vec<&[f32]> = numbers.chunks(numbers.len() / 4).collect();
        [gates[1], gates[0], gates[2], gates[3]].concat()
    };
    let mut tensors = vec![
        tensor(
            "lstm.weight_ih_l0",
            [4 * hidden, inputs],
            torch_order(&weights.gates_of_inputs),
        ),
        tensor(
            "lstm.weight_hh_l0",
            [4 * hidden, hidden],
            torch_order(&weights.gates_of_hidden),
        ),
        tensor(
            "lstm.bias_ih_l0",
            [4 * hidden],
            torch_order(&weights.gate_bias),
        ),
        // torch.nn.LSTM adds two.
        tensor("lstm.bias_hh_l0", [4 * hidden], vec![0.0; 4 * hidden]),
        tensor("output.weight", [1, hidden], weights.output),
        tensor("output.bias", [1], vec![weights.output_bias]),
    ];
    if !weights.skip.is_empty() {
        tensors.push(tensor("skip.weight", [1, inputs], weights.skip));
    }
    if units > 0 {
        tensors.extend([
            tensor("attention.W", [units, 2 * hidden], weights.w),
            tensor("attention.U", [units, columns], weights.u),
            tensor("attention.B", [units, columns], weights.b),
            tensor("attention.V", [units, columns], weights.v),
        ]);
    }
    tensors
}

/// What a network remembers at the start.
fn memory(start: &Start) -> [(&'static str, Tensor); 2] {
    let of_hidden = |name, bits: &[u32]| {
        let numbers = bits.iter().copied().map(f32::from_bits).collect();
        tensor(name, [bits.len()], numbers)
    };
    [
        of_hidden("start.h", start.hidden),
        of_hidden("start.c", start.cell),
    ]
}

/// What all networks share.
fn scales_and_start(file: &ModelFile) -> Vec<(&'static str, Tensor)> {
    let model = file.model();
    let inputs: Vec<Input> = model.inputs().chain(model.changes()).collect();
    let of_inputs = |name, number: fn(&Input) -> f32| {
        tensor(name, [inputs.len()], inputs.iter().map(number).collect())
    };
    let start = file.start();
    let target = model.target;
    let mut tensors = vec![
        of_inputs("input.offset_m", |input| input.scaler.offset),
        of_inputs("input.scale_m", |input| input.scaler.scale),
        of_inputs("input.lowest_trained_m", |input| input.lowest_trained_m),
        of_inputs("input.highest_trained_m", |input| input.highest_trained_m),
        tensor("target.offset_mm", [1], vec![target.offset]),
        tensor("target.scale_mm", [1], vec![target.scale]),
        tensor("start.subsidence_mm", [1], vec![start.subsidence_mm]),
    ];
    if !start.level_m.is_empty() {
        let level_m = start.level_m.to_vec();
        tensors.push(tensor("start.level_m", [level_m.len()], level_m));
    }
    tensors
}

fn physics(physics: &Physics) -> Vec<(&'static str, Tensor)> {
    let weights = &physics.weights;
    let inputs = weights.layers.len();
    let layers = || physics.state.layers.iter().take(inputs);
    // A layer that has not been measured yet has no levels.
    let levels = layers().flat_map(|beds| {
        beds.map_or([f32::NAN; 3], |beds| {
            [beds.reference_m, beds.level_m, beds.lowest_m]
        })
    });
    let cells = layers().flat_map(|beds| {
        let cells = beds.map(|beds| {
            beds.delay
                .map(|bed| bed.cells.map(|cell| [cell.level_m, cell.lowest_m]))
        });
        cells.unwrap_or([[[f32::NAN; 2]; CELLS]; DELAY_BEDS])
    });
    let cells: Vec<[[f32; 2]; CELLS]> = cells.collect();
    let months = physics.state.months.map_or(-1.0, |months| months as f32);
    let mut tensors = vec![
        tensor(
            "physics.layer_weight",
            [inputs, COLUMNS],
            weights.layers.as_flattened().to_vec(),
        ),
        tensor(
            "physics.decay_weight",
            [DECAY_MONTHS.len()],
            weights.decay.to_vec(),
        ),
        tensor("physics.start.levels_m", [inputs, 3], levels.collect()),
        tensor(
            "physics.start.cells_m",
            [inputs, DELAY_BEDS, CELLS, 2],
            cells.as_flattened().as_flattened().to_vec(),
        ),
        tensor("physics.start.months", [1], vec![months]),
        tensor(
            "physics.start.subsidence_mm",
            [1],
            vec![physics.subsidence_mm],
        ),
    ];
    if let Some(bridges) = physics.bridges {
        tensors.extend([
            tensor(
                "physics.bridge.month_m",
                [inputs, CALENDAR_MONTHS],
                bridges.of_month_m.as_flattened().to_vec(),
            ),
            tensor(
                "physics.bridge.per_m",
                [inputs, inputs],
                bridges.per_m.to_vec(),
            ),
        ]);
    }
    tensors
}

/// What the tensors belong to.
fn metadata(file: &ModelFile) -> String {
    let record = file.record();
    let number = |number: f32| number.is_finite().then_some(number);
    let physics = file.physics();
    let primary = match physics.map(|physics| physics.primary) {
        Some(Primary::Physics) => "physics",
        _ => "network",
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "well": record.well,
        "aquifer_layers": record.aquifer_layers,
        "synthetic": record.synthetic,
        "model_crc32": format!("{:08x}", file.crc()),
        "trained_from": record.trained_from.to_string(),
        "trained_until": record.trained_until.to_string(),
        "start_month": file.start().month.to_string(),
        "networks": file.member_count(),
        "primary": primary,
        "interval_half_width_mm": number(record.interval_half_width_mm),
        "physics_interval_half_width_mm": physics.and_then(|physics| number(physics.interval_half_width_mm)),
    })
    .to_string()
}
