//! `amlstm inspect`: what is in a model file.

mod named_weights;

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    export::AlignedBytes,
    fit_notes::{FitNotes, title},
};
use amlstm_core::{
    arithmetic::ArithmeticKind, artifact::ModelFile, cumulative_interval::HORIZON_MONTHS,
    input::Input, model::Network, sizes::AttentionKind,
};
use anyhow::Context;
use serde_json::{Value, json};

use self::named_weights::named_weights;
use super::{
    output::{Output, OutputError},
    summary::broken,
    table::{self, LEFT, RIGHT, number},
};

/// The equations that the weights belong to, for somebody who computes them elsewhere.
const EQUATIONS: [&str; 12] = [
    "x^k = (level_m^k - offset_m^k) / scale_m^k for every aquifer layer k, then with changes (level_m^k - level_m^k of the month before - offset_m of the change) / scale_m of the change; h and C start at zero",
    "(8) alpha^k = V^k' tanh(W [h; C] + U^k x^k + B^k); U, V, B have one column for all inputs or one for each",
    "(9) beta = softmax of alpha over the inputs that are known: a level, and a change from a known level to a known level",
    "(10) e^k = beta^k x^k; 0 for an input that is not known, as its x in the skip; without attention e = x",
    "gates = gate_weights [h; e] + gate_bias, rows f, i, candidate, o of hidden units each",
    "(2) f = sigmoid(rows f)",
    "(3) i = sigmoid(rows i)",
    "(4) candidate = tanh(rows candidate)",
    "(5) C = f C + i candidate",
    "(6) o = sigmoid(rows o)",
    "(7) h = o tanh(C)",
    "increment_mm = (output_weights' h + output_bias + skip' x) target.scale_mm + target.offset_mm; subsidence_mm adds them up",
];

/// Show what is in a model file.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm inspect holly.amlm
  amlstm inspect holly.amlm --json > holly.json   all weights by name and shape, and the equations")]
pub struct Args {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// Print everything as JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let shown_path = || args.model.display().to_string();
    let bytes = AlignedBytes::read(&args.model)?;
    let file = ModelFile::parse(&bytes).with_context(shown_path)?;
    if args.json {
        output.json(&to_json(&file))?;
    } else {
        print(&file, bytes.len(), output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn attention_name(kind: AttentionKind) -> &'static str {
    match kind {
        AttentionKind::None => "none",
        AttentionKind::Shared => "shared",
        AttentionKind::PerLayer => "per_layer",
    }
}

fn arithmetic_name(kind: ArithmeticKind) -> &'static str {
    match kind {
        ArithmeticKind::F32 => "f32",
        ArithmeticKind::Q15 => "q15",
    }
}

fn monthly(rmse_mm: f32) -> String {
    format!("{} mm per month", number(rmse_mm.into(), 2))
}

/// What the file says about its model, by name.
fn facts(file: &ModelFile, bytes: usize) -> Vec<(&'static str, String)> {
    let record = file.record();
    let scores = record.scores;
    vec![
        ("well", record.well.to_string()),
        (
            "data",
            if record.synthetic {
                "SYNTHETIC"
            } else {
                "measured"
            }
            .to_owned(),
        ),
        (
            "trained",
            format!(
                "{} to {}, seed {}",
                record.trained_from, record.trained_until, record.seed
            ),
        ),
        ("data fingerprint", format!("{:016x}", record.fingerprint)),
        ("model version", record.model_version.to_string()),
        (
            "file",
            format!(
                "{bytes} bytes, CRC-32 {:08x}, {}",
                file.crc(),
                arithmetic_name(record.arithmetic)
            ),
        ),
        (
            "attention",
            format!(
                "{}, {} units",
                attention_name(record.attention),
                record.sizes.attention
            ),
        ),
        ("hidden units", record.sizes.hidden.to_string()),
        (
            "sees",
            if record.sees_changes() {
                "levels and their monthly changes"
            } else {
                "levels"
            }
            .to_owned(),
        ),
        (
            "weights",
            match file.member_count() {
                1 => record.weights().to_string(),
                count => format!(
                    "{} in each of {count} networks, whose mean is the estimate",
                    record.weights()
                ),
            },
        ),
        ("RMSE train", monthly(scores.train_rmse_mm)),
        ("RMSE validate", monthly(scores.validate_rmse_mm)),
        ("RMSE test", monthly(scores.test_rmse_mm)),
        ("floor test", monthly(scores.floor_rmse_mm)),
        (
            "90 % interval",
            format!(
                "± {} mm of a month's increment",
                number(record.interval_half_width_mm.into(), 2)
            ),
        ),
        ("", cumulative(file)),
        (
            "state",
            format!(
                "{:.1} mm at the end of {}, up to which it knows the levels",
                file.start().subsidence_mm,
                file.start().month
            ),
        ),
        (
            "estimates",
            match file.physics() {
                None => "network alone".to_owned(),
                Some(physics) => format!(
                    "network and physics, of which {} is to be trusted",
                    title(physics.primary)
                ),
            },
        ),
    ]
}

/// How far the cumulative subsidence can be off.
fn cumulative(file: &ModelFile) -> String {
    let after = |months| file.cumulative_intervals()?.after(file.primary(), months);
    match (after(12), after(60)) {
        (Some(year), Some(five_years)) => format!(
            "± {year:.1} mm a year after the last observation, ± {five_years:.1} mm after five"
        ),
        _ => "none of the cumulative value: too few months of validation".to_owned(),
    }
}

fn print(file: &ModelFile, bytes: usize, output: &mut Output) -> Result<(), OutputError> {
    let record = file.record();
    let mut table = table::new(&[("", LEFT), ("", LEFT)]);
    for (name, value) in facts(file, bytes) {
        table.add_row([name.to_owned(), value]);
    }
    writeln!(output, "{}\n", table.trim_fmt().trim_start_matches('\n'))?;
    let mut table = table::new(&[
        ("aquifer layer", LEFT),
        ("trained from m", RIGHT),
        ("to m", RIGHT),
        ("offset m", RIGHT),
        ("scale m", RIGHT),
    ]);
    let layers = &record.aquifer_layers;
    let levels = (layers.iter().map(ToString::to_string)).zip(file.model().inputs());
    let changes = layers.iter().map(|layer| format!("{layer}, change"));
    for (name, input) in levels.chain(changes.zip(file.model().changes())) {
        let numbers = [
            input.lowest_trained_m,
            input.highest_trained_m,
            input.scaler.offset,
            input.scaler.scale,
        ];
        let mut cells = vec![name];
        cells.extend(numbers.map(|value| number(value.into(), 2)));
        table.add_row(cells);
    }
    writeln!(output, "{}", table.trim_fmt())?;
    if let Some(notes) = FitNotes::of(file) {
        print_notes(&notes, output)?;
    }
    Ok(())
}

/// How the model was judged, in words.
fn print_notes(notes: &FitNotes, output: &mut Output) -> Result<(), OutputError> {
    let judged = &notes.judged;
    let weights = if notes.is_refitted {
        "these weights were then fitted in the same way to everything observed"
    } else {
        "these weights are the judged ones"
    };
    let mut lines = vec![
        (
            "judged".to_owned(),
            format!(
                "trained until {}, validated until {}, tested until {}; {weights}",
                judged.trained_until, judged.validated_until, judged.tested_until
            ),
        ),
        (
            "trusted".to_owned(),
            format!("{}: {}", title(notes.primary), notes.reason),
        ),
    ];
    lines.extend(notes.checks.iter().map(|check| {
        let mark = if check.is_fine { "ok" } else { "LOOK" };
        (format!("{mark}, {}", check.name), check.finding.clone())
    }));
    lines.push((
        "verdict".to_owned(),
        format!("{}: {}", notes.verdict, notes.verdict_reason),
    ));
    writeln!(output)?;
    for (name, text) in lines {
        writeln!(output, "{}", broken(&format!("{name}: {text}")))?;
    }
    Ok(())
}

fn to_json(file: &ModelFile) -> Value {
    let record = file.record();
    let scores = record.scores;
    let model = file.model();
    let input = |(layer, input): (&&str, Input)| {
        json!({
            "aquifer_layer": layer,
            "offset_m": input.scaler.offset,
            "scale_m": input.scaler.scale,
            "lowest_trained_m": input.lowest_trained_m,
            "highest_trained_m": input.highest_trained_m,
        })
    };
    let layers = &record.aquifer_layers;
    let inputs: Vec<Value> = layers.iter().zip(model.inputs()).map(input).collect();
    let changes: Vec<Value> = layers.iter().zip(model.changes()).map(input).collect();
    // In fixed point h has 15 fractional bits, the cell 23.
    let numbers = |bits: &[u32]| -> Vec<Value> {
        bits.iter()
            .map(|bits| match record.arithmetic {
                ArithmeticKind::F32 => json!(f32::from_bits(*bits)),
                ArithmeticKind::Q15 => json!(*bits as i32),
            })
            .collect()
    };
    let start = file.start();
    let weights = |network: &Network| match network {
        Network::F32(weights) => named_weights(weights, record.sizes),
        Network::Q15(weights) => named_weights(weights, record.sizes),
    };
    let further = file.members().skip(1).map(|member| {
        json!({
            "start": { "hidden": numbers(member.start.hidden), "cell": numbers(member.start.cell) },
            "golden": { "increment_mm": member.golden.increment_mm },
            "weights": weights(&member.model.network),
        })
    });
    let further: Vec<Value> = further.collect();
    json!({
        "well": record.well,
        "synthetic": record.synthetic,
        "crc32": format!("{:08x}", file.crc()),
        "model_version": record.model_version,
        "arithmetic": arithmetic_name(record.arithmetic),
        "attention": attention_name(record.attention),
        "sizes": { "inputs": record.sizes.inputs, "hidden": record.sizes.hidden, "attention": record.sizes.attention },
        "trained_from": record.trained_from.to_string(),
        "trained_until": record.trained_until.to_string(),
        "seed": record.seed,
        "fingerprint": format!("{:016x}", record.fingerprint),
        "scores": {
            "train_rmse_mm_per_month": scores.train_rmse_mm,
            "validate_rmse_mm_per_month": scores.validate_rmse_mm,
            "test_rmse_mm_per_month": scores.test_rmse_mm,
            "floor_rmse_mm_per_month": scores.floor_rmse_mm,
        },
        "interval_half_width_mm": record.interval_half_width_mm,
        "cumulative_intervals": file.cumulative_intervals().map(|intervals| json!({
            "observed_until": intervals.observed_until.to_string(),
            "months": HORIZON_MONTHS,
            "network_half_width_mm": intervals.network,
            "physics_half_width_mm": intervals.physics,
        })),
        "inputs": inputs,
        "changes": changes,
        "target": { "offset_mm": model.target.offset, "scale_mm": model.target.scale },
        "levels_until": start.month.to_string(),
        "physics": file.physics().map(|physics| json!({
            "primary": physics.primary,
            "layer_weights_mm_per_m": physics.weights.layers,
            "decay_weights_mm_per_month": physics.weights.decay,
            "interval_half_width_mm": physics.interval_half_width_mm,
            "missing_levels": physics.bridges.map(|bridges| json!({
                "of_month_m": bridges.of_month_m,
                "per_m": bridges.per_m.chunks(bridges.of_month_m.len()).collect::<Vec<_>>(),
            })),
            "subsidence_mm": physics.subsidence_mm,
        })),
        "fit": FitNotes::of(file),
        "start": { "subsidence_mm": start.subsidence_mm, "hidden": numbers(start.hidden), "cell": numbers(start.cell), "level_m": start.level_m },
        "golden": { "level_m": file.golden().level_m, "increment_mm": file.golden().increment_mm },
        "equations": EQUATIONS,
        "weights": weights(&model.network),
        "further_networks": further,
    })
}
