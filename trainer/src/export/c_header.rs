//! A model as a C99 header: its numbers, a step of plain C, and golden months that show whether a compiler keeps every bit.
//!
//! The step is [`amlstm_core`]'s, operation by operation, networks and physics, for 32-bit floating point. Fixed point, flags for levels outside the trained
//! range and saved states are not there: a logger has them.

use std::fmt::Write as _;

use amlstm_core::{
    artifact::{ModelFile, Physics, Start},
    basis::{COLUMNS, DECAY_MONTHS, LayerBeds},
    bed::Cell,
    bridge::CALENDAR_MONTHS,
    estimate::{Primary, Subsidence},
    estimator::Estimator,
    input::Input,
    month::Month,
};

use super::c_text::{comment, float, list, literal, matrix};
use super::plain_weights::PlainWeights;

/// Months from the file's state on whose outputs stand in the header.
const GOLDEN_MONTHS: usize = 24;

/// The numbers of a network, its inputs and its memory.
const WEIGHTS: &str = include_str!("weights.h");

/// The month of a network: attention, LSTM and output.
const NETWORK: &str = include_str!("network.h");

/// The month of physics.
const BEDS: &str = include_str!("beds.h");

/// The month of all networks and of physics, the state and the golden check.
const MONTH: &str = include_str!("month.h");

/// The header of a floating-point model; nothing if the model is in fixed point.
pub fn c_header(file: &ModelFile) -> Option<String> {
    let networks: Option<Vec<PlainWeights>> = (file.members())
        .map(|member| PlainWeights::of(file, &member.model))
        .collect();
    let networks = networks?;
    let mut header = preamble(file);
    header.push_str(&constants(file, networks.first()?));
    header.push_str(WEIGHTS);
    header.push_str(&network_tables(&networks));
    header.push_str(&tables(file));
    if file.record().sees_changes() {
        header.push_str(&change_tables(file));
    }
    if let Some(physics) = file.physics() {
        header.push_str(&physics_tables(physics));
    }
    header.push_str(&golden(file));
    for part in [NETWORK, MONTH] {
        header.push('\n');
        header.push_str(part);
    }
    header.push_str("\n#endif\n");
    Some(header)
}

fn preamble(file: &ModelFile) -> String {
    let record = file.record();
    let start = file.start().month;
    let data = if record.synthetic {
        "SYNTHETIC"
    } else {
        "measured"
    };
    format!(
        "/* Land subsidence at well {well}: a model of amlstm {version} (file CRC-32 {crc:08x}), {data} data, trained {from} to {until}.
 *
 * Goes on with the month after {start}:
 *
 *     struct amlstm_state state;
 *     amlstm_start(&state);
 *     if (amlstm_check() != 0) {{ ... the compiler does not keep the bits; see below ... }}
 *     struct amlstm_month month = amlstm_step(&state, level_m);
 *
 * The same bits as amlstm on any machine with IEEE single precision, if products and sums are not fused (-ffp-contract=off) and not
 * reordered (no -ffast-math). amlstm_check says whether that is so. Include it in one C file per model; C99, no library but <math.h>'s macros.
 *
 * Not in here: fixed point, flags for levels outside the trained range, a saved state's checks. */
#ifndef AMLSTM_MODEL_H
#define AMLSTM_MODEL_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error \"the model needs float arithmetic in single precision: on x86 compile with -msse2 -mfpmath=sse\"
#endif
#ifdef __FAST_MATH__
#error \"the model needs IEEE arithmetic: compile without -ffast-math\"
#endif
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

",
        well = comment(record.well),
        version = env!("CARGO_PKG_VERSION"),
        crc = file.crc(),
        from = record.trained_from,
        until = record.trained_until,
    )
}

fn constants(file: &ModelFile, weights: &PlainWeights) -> String {
    let record = file.record();
    let start = file.start();
    let (primary, half_width_mm) = match file.physics() {
        Some(physics) if physics.primary == Primary::Physics => {
            ("PHYSICS", physics.interval_half_width_mm)
        }
        _ => ("NETWORK", record.interval_half_width_mm),
    };
    let mut text = String::new();
    let mut define = |name: &str, value: String| {
        let _ = writeln!(text, "#define AMLSTM_{name} {value}");
    };
    define("WELL", literal(record.well));
    let layers = record.aquifer_layers.len();
    define("INPUTS", layers.to_string());
    define("NETWORKS", file.member_count().to_string());
    define("CHANGES", u8::from(record.sees_changes()).to_string());
    define("SEEN", weights.inputs.to_string());
    define("HIDDEN", weights.hidden.to_string());
    define("ATTENTION", weights.units.to_string());
    define("ATTENTION_COLUMNS", weights.columns.to_string());
    define("PHYSICS", u8::from(file.physics().is_some()).to_string());
    define("BY_NETWORK", "0".to_owned());
    define("BY_PHYSICS", "1".to_owned());
    define("PRIMARY", format!("AMLSTM_BY_{primary}"));
    define("START", literal(&start.month.to_string()));
    define("START_CALENDAR", (start.month.month() - 1).to_string());
    define("START_NETWORK_MM", float(start.subsidence_mm));
    if let Some(physics) = file.physics() {
        let months = physics
            .state
            .months
            .map_or(-1, |months| i32::try_from(months).unwrap_or(i32::MAX));
        define("START_MONTHS", months.to_string());
        define("START_PHYSICS_MM", float(physics.subsidence_mm));
    }
    define("TARGET_OFFSET_MM", float(file.model().target.offset));
    define("TARGET_SCALE_MM", float(file.model().target.scale));
    if half_width_mm.is_finite() {
        text.push_str("/* Half the width of the 90 % interval around a month's increment by the estimate to be trusted. */\n");
        let _ = writeln!(text, "#define AMLSTM_INTERVAL_MM {}", float(half_width_mm));
    }
    let _ = writeln!(text, "#define AMLSTM_GOLDEN_MONTHS {GOLDEN_MONTHS}\n");
    text
}

/// The weights of all networks.
fn network_tables(networks: &[PlainWeights]) -> String {
    let networks: Vec<String> = networks.iter().map(network_table).collect();
    format!(
        "
/* All networks, whose mean is the estimate. */
static const struct amlstm_network amlstm_networks[AMLSTM_NETWORKS] = {{{}}};
",
        networks.join(",\n")
    )
}

/// The weights of a network, in the order of the fields in `weights.h`.
fn network_table(weights: &PlainWeights) -> String {
    let PlainWeights {
        hidden,
        inputs,
        columns,
        ..
    } = *weights;
    let mut fields = Vec::new();
    if weights.units > 0 {
        fields.push(("W", matrix(&weights.w, 2 * hidden)));
        fields.push(("U", matrix(&weights.u, columns)));
        fields.push(("B", matrix(&weights.b, columns)));
        fields.push(("V", matrix(&weights.v, columns)));
    }
    let rows = weights
        .gates_of_hidden
        .chunks(hidden)
        .zip(weights.gates_of_inputs.chunks(inputs));
    let gates: Vec<f32> = rows
        .flat_map(|(of_h, of_e)| [of_h, of_e].concat())
        .collect();
    let of_gates: Vec<String> = gates
        .chunks(hidden * (hidden + inputs))
        .map(|gate| matrix(gate, hidden + inputs))
        .collect();
    fields.push(("gates", format!("{{{}}}", of_gates.join(",\n"))));
    fields.push(("their biases", matrix(&weights.gate_bias, hidden)));
    fields.push(("w_o", list(&weights.output)));
    fields.push(("b_o", float(weights.output_bias)));
    if !weights.skip.is_empty() {
        fields.push(("s", list(&weights.skip)));
    }
    let fields: Vec<String> = (fields.into_iter())
        .map(|(name, numbers)| format!("/* {name} */ {numbers}"))
        .collect();
    format!("{{{}}}", fields.join(",\n"))
}

/// Scales of inputs, and what the networks remember at the start.
fn tables(file: &ModelFile) -> String {
    let mut text = String::new();
    let names = file
        .record()
        .aquifer_layers
        .iter()
        .map(|name| literal(name));
    let _ = writeln!(
        text,
        "/* Aquifer layers, in the order of the levels. */\nstatic const char *const amlstm_aquifer_layer[AMLSTM_INPUTS] = {{{}}};",
        names.collect::<Vec<_>>().join(", ")
    );
    let model = file.model();
    let inputs: Vec<Input> = model.inputs().chain(model.changes()).collect();
    let of_inputs = |number: fn(&Input) -> f32| -> Vec<f32> { inputs.iter().map(number).collect() };
    let mut add = |comment: &str, declaration: &str, numbers: String| {
        let _ = writeln!(
            text,
            "/* {comment} */\nstatic const float amlstm_{declaration} = {numbers};"
        );
    };
    add(
        "Range trained on, of levels in m above datum, then, with AMLSTM_CHANGES, of their changes since the month before in m.",
        "lowest_trained_m[AMLSTM_SEEN]",
        list(&of_inputs(|input| input.lowest_trained_m)),
    );
    add(
        "As above.",
        "highest_trained_m[AMLSTM_SEEN]",
        list(&of_inputs(|input| input.highest_trained_m)),
    );
    add(
        "x = (value_m - offset_m) / scale_m",
        "offset_m[AMLSTM_SEEN]",
        list(&of_inputs(|input| input.scaler.offset)),
    );
    add(
        "As above.",
        "scale_m[AMLSTM_SEEN]",
        list(&of_inputs(|input| input.scaler.scale)),
    );
    let bits = |bits: &[u32]| -> Vec<f32> { bits.iter().copied().map(f32::from_bits).collect() };
    let memory = |start: Start| {
        format!(
            "{{{}, {}}}",
            list(&bits(start.hidden)),
            list(&bits(start.cell))
        )
    };
    let memories: Vec<String> = (file.members())
        .map(|member| memory(member.start))
        .collect();
    let _ = writeln!(
        text,
        "/* h and C of each network at the end of AMLSTM_START. */\nstatic const struct amlstm_memory amlstm_start_memory[AMLSTM_NETWORKS] = {{{}}};",
        memories.join(",\n")
    );
    text.push('\n');
    text
}

/// What networks need to see changes.
fn change_tables(file: &ModelFile) -> String {
    format!(
        "/* Levels in AMLSTM_START, NAN where there was none. */
static const float amlstm_start_level_m[AMLSTM_INPUTS] = {};

",
        list(file.start().level_m)
    )
}

/// The weights of physics, its step and its state.
fn physics_tables(physics: &Physics) -> String {
    let weights = &physics.weights;
    let layers = weights.layers.len();
    let beds = physics.state.layers.iter().take(layers);
    let zeros = vec![0.0; layers * CALENDAR_MONTHS.max(layers)];
    let (of_month_m, per_m) = match &physics.bridges {
        Some(bridges) => (bridges.of_month_m.as_flattened(), bridges.per_m),
        None => (
            &zeros[..layers * CALENDAR_MONTHS],
            &zeros[..layers * layers],
        ),
    };
    let beds: Vec<String> = beds.map(|beds| layer_beds(beds.as_ref())).collect();
    format!(
        "/* mm per m of an aquifer layer's elastic skeleton, bed without delay, and four delay beds. */
static const float amlstm_layer_weight[AMLSTM_INPUTS][{COLUMNS}] = {};
/* mm per month that the past before the first level still owes. */
static const float amlstm_decay_weight[{}] = {};
/* What stands in for a missing level: the layer's own in each calendar month while the others stand at 0, m, and m per m of each other
 * layer; all 0 where there is nothing. */
static const float amlstm_month_m[AMLSTM_INPUTS][{CALENDAR_MONTHS}] = {};
static const float amlstm_per_m[AMLSTM_INPUTS][AMLSTM_INPUTS] = {};

{BEDS}/* The beds at the end of AMLSTM_START. */
static const struct amlstm_beds amlstm_start_beds[AMLSTM_INPUTS] = {{{}}};

",
        matrix(weights.layers.as_flattened(), COLUMNS),
        DECAY_MONTHS.len(),
        list(&weights.decay),
        matrix(of_month_m, CALENDAR_MONTHS),
        matrix(per_m, layers),
        beds.join(",\n")
    )
}

fn layer_beds(beds: Option<&LayerBeds>) -> String {
    let has_begun = u8::from(beds.is_some());
    let beds = beds.copied().unwrap_or(LayerBeds::at_rest(0.0));
    let cells = |number: fn(&Cell<f32>) -> f32| -> String {
        let delay = beds.delay.iter();
        let beds: Vec<String> = delay
            .map(|bed| list(&bed.cells.iter().map(number).collect::<Vec<_>>()))
            .collect();
        format!("{{{}}}", beds.join(", "))
    };
    format!(
        "{{{has_begun}, {}, {}, {}, {}, {}}}",
        float(beds.reference_m),
        float(beds.level_m),
        float(beds.lowest_m),
        cells(|cell| cell.level_m),
        cells(|cell| cell.lowest_m)
    )
}

/// Levels within and somewhat beyond the trained ranges, every seventh missing, and what the estimator makes of them.
fn golden(file: &ModelFile) -> String {
    let inputs: Vec<Input> = file.model().inputs().collect();
    let mut estimator = Estimator::at_start(file);
    let mut month: Month = file.start().month;
    let (mut levels, mut bits) = (Vec::new(), Vec::new());
    for number in 0..GOLDEN_MONTHS {
        let level_m: Vec<Option<f32>> = inputs
            .iter()
            .enumerate()
            .map(|(k, input)| golden_level_m(number, k, input))
            .collect();
        month = month.next();
        let estimate = estimator.step_across_gap(month, &level_m);
        let physics = estimate.physics.map(|physics| physics.subsidence);
        let [network, physics] = [estimate.network, physics.unwrap_or_default()].map(
            |Subsidence {
                 increment_mm,
                 cumulative_mm,
             }| {
                format!(
                    "0x{:08x}, 0x{:08x}",
                    increment_mm.to_bits(),
                    cumulative_mm.to_bits()
                )
            },
        );
        let text = |level_m: &Option<f32>| float(level_m.unwrap_or(f32::NAN));
        levels.push(format!(
            "{{{}}}",
            level_m.iter().map(text).collect::<Vec<_>>().join(", ")
        ));
        bits.push(format!("{{{network}, {physics}}}"));
    }
    format!(
        "/* Golden months after AMLSTM_START, levels in m. */
static const float amlstm_golden_level_m[AMLSTM_GOLDEN_MONTHS][AMLSTM_INPUTS] = {{{}}};
/* Bits of network_mm, network_total_mm, physics_mm, physics_total_mm in these months. */
static const uint32_t amlstm_golden_bits[AMLSTM_GOLDEN_MONTHS][4] = {{{}}};

",
        levels.join(",\n"),
        bits.join(",\n")
    )
}

/// From a tenth of the trained range below it to a tenth above, at places that no two successive months share.
fn golden_level_m(month: usize, input: usize, of: &Input) -> Option<f32> {
    let place = ((month * 7 + input * 5) % 13) as f32 / 12.0 * 1.2 - 0.1;
    let range_m = of.highest_trained_m - of.lowest_trained_m;
    ((month + 2 * input) % 7 != 3).then_some(of.lowest_trained_m + place * range_m)
}
