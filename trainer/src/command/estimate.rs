//! `amlstm estimate`: runs a model file over levels, as a logger does.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{export::AlignedBytes, fit_notes::title};
use amlstm_core::{
    artifact::ModelFile,
    bridge::LevelSource,
    estimate::{Estimate, MAX_MONTHS_WITHOUT_LEVELS, Primary, layer_shares},
    estimator::Estimator,
    input::InputState,
    month::Month,
};
use anyhow::Context;
use serde_json::{Value, json};

use super::{
    levels::{Levels, LevelsArgs},
    output::{Output, OutputError},
    summary::broken,
    table::{self, LEFT, RIGHT},
    title,
};

/// Run a model file over water levels, bit for bit as a logger does.
///
/// Continues with the month after the last one whose levels the model knows; months without a level in between are stepped as missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm estimate holly.amlm levels.csv
  amlstm estimate holly.amlm levels.csv --json > estimate.json
  amlstm estimate holly.amlm scenario.csv --cold   from an empty state, at the file's first month")]
pub struct Args {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    #[command(flatten)]
    levels: LevelsArgs,
    /// Start with an empty state and no subsidence at the file's first month.
    #[arg(long)]
    cold: bool,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Levels of one month, one an aquifer layer, and what the model says.
struct Step {
    level_m: Vec<Option<f32>>,
    estimate: Estimate,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let shown_path = || args.model.display().to_string();
    let bytes = AlignedBytes::read(&args.model)?;
    let file = ModelFile::parse(&bytes).with_context(shown_path)?;
    let levels = args.levels.read(&file)?;
    let steps = steps(args, &file, &levels)?;
    if args.json {
        output.json(&to_json(args, &file, &levels.layers, &steps))?;
    } else {
        print(args, &file, &levels.layers, &steps, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn steps(args: &Args, file: &ModelFile, levels: &Levels) -> anyhow::Result<Vec<Step>> {
    let (mut estimator, months): (Estimator, Vec<Month>) = if args.cold {
        (Estimator::cold(file), levels.months().collect())
    } else {
        let advice = "add later ones or start anew with --cold";
        let months = levels.months_after_start(file, advice)?.collect();
        (Estimator::at_start(file), months)
    };
    let mut without_levels = 0;
    let step = |month| {
        let level_m = levels.at(month);
        let mut estimate = estimator.step_across_gap(month, &level_m);
        without_levels += u16::from(estimate.is_without_levels());
        if without_levels > MAX_MONTHS_WITHOUT_LEVELS {
            estimate.half_width_mm = None;
            estimate.subsidence_half_width_mm = None;
        }
        Step { level_m, estimate }
    };
    Ok(months.into_iter().map(step).collect())
}

fn print(
    args: &Args,
    file: &ModelFile,
    layers: &[String],
    steps: &[Step],
    output: &mut Output,
) -> Result<(), OutputError> {
    writeln!(
        output,
        "{}, version {}",
        title::of_model(file),
        file.record().model_version
    )?;
    if args.cold {
        writeln!(
            output,
            "from an empty state: the first year or more is less reliable; subsidence counts from the first month"
        )?;
    } else {
        writeln!(
            output,
            "trained until {}, continues from {}, up to which it knows the levels, at {:.1} mm",
            file.record().trained_until,
            file.start().month,
            file.start().subsidence_mm
        )?;
    }
    if let Some(physics) = file.physics() {
        writeln!(
            output,
            "increment and subsidence: by {}, the estimate to be trusted",
            title(physics.primary)
        )?;
    }
    let mut columns = vec![
        ("month", LEFT),
        ("increment mm", RIGHT),
        ("± 90 %", RIGHT),
        ("subsidence mm", RIGHT),
    ];
    let other = file.physics().map(|physics| match physics.primary {
        Primary::Network => "physics mm",
        Primary::Physics => "network mm",
    });
    columns.extend(other.map(|name| (name, RIGHT)));
    let has_attention = steps.iter().any(|step| !step.estimate.attention.is_empty());
    let shares: Vec<String> = layers
        .iter()
        .map(|layer| format!("attention {layer}"))
        .collect();
    if has_attention {
        columns.extend(shares.iter().map(|share| (share.as_str(), RIGHT)));
    }
    let mut table = table::new(&columns);
    for Step { estimate, .. } in steps {
        let mut cells = vec![
            estimate.month.to_string(),
            format!("{:.2}", estimate.increment_mm),
            or_dash(estimate.half_width_mm),
            format!("{:.1}", estimate.subsidence_mm),
        ];
        if file.physics().is_some() {
            cells.push(or_dash(estimate.other_increment_mm()));
        }
        cells.extend(estimate.attention.iter().map(|share| format!("{share:.2}")));
        table.add_row(cells);
    }
    writeln!(output, "\n{}", table.trim_fmt())?;
    if let Some((estimate, half_width_mm)) = steps
        .last()
        .and_then(|Step { estimate, .. }| Some((estimate, estimate.subsidence_half_width_mm?)))
    {
        writeln!(
            output,
            "subsidence at the end of {}: {:.1} ± {half_width_mm:.1} mm (90 %)",
            estimate.month, estimate.subsidence_mm
        )?;
    }
    if let Some((month, physics)) = steps
        .last()
        .and_then(|Step { estimate, .. }| Some((estimate.month, estimate.physics.as_ref()?)))
    {
        let of_layers = physics.layer_mm.iter().zip(layer_shares(&physics.layer_mm));
        let of_layers: Vec<String> = (layers.iter().zip(of_layers))
            .map(|(layer, (mm, share))| format!("{layer} {mm:.2} mm ({:.0} %)", 100.0 * share))
            .collect();
        let line = format!("{month} by physics: {}", of_layers.join(", "));
        writeln!(output, "{}", broken(&line))?;
    }
    let remarked: Vec<(Month, String)> = (steps.iter())
        .map(|Step { estimate, .. }| (estimate.month, remarks(layers, estimate)))
        .collect();
    // Months of which the same is to be said, in one line.
    for alike in remarked.chunk_by(|a, b| a.1 == b.1) {
        let ((first, remarks), (last, _)) = (&alike[0], &alike[alike.len() - 1]);
        if remarks.is_empty() {
            continue;
        }
        let months = if first == last {
            first.to_string()
        } else {
            format!("{first} to {last}")
        };
        writeln!(output, "{}", broken(&format!("{months}  {remarks}")))?;
    }
    Ok(())
}

fn or_dash(mm: Option<f32>) -> String {
    mm.map_or("-".to_owned(), |mm| format!("{mm:.2}"))
}

/// What is to be said about a month, in words.
fn remarks(layers: &[String], estimate: &Estimate) -> String {
    let flags = &estimate.inputs;
    let mut remarks: Vec<String> = Vec::new();
    if estimate.disagree {
        remarks.push("network and physics disagree".to_owned());
    }
    if estimate.is_without_levels() {
        remarks.push("no level at all".to_owned());
        return remarks.join("; ");
    }
    let source = |input: usize| estimate.physics.as_ref()?.source.get(input);
    let remark = |(input, (layer, flag)): (usize, (&String, &InputState))| match flag {
        InputState::Trained => None,
        InputState::Missing => Some(match source(input) {
            None => format!("{layer}: no level"),
            Some(LevelSource::OtherLayers) => format!(
                "{layer}: no level, left out by the network, told by the other layers for physics"
            ),
            Some(_) => format!("{layer}: no level, left out by the network, held by physics"),
        }),
        InputState::Below { by_m } => {
            Some(format!("{layer}: {by_m:.2} m below all levels trained on"))
        }
        InputState::Above { by_m } => {
            Some(format!("{layer}: {by_m:.2} m above all levels trained on"))
        }
        InputState::ChangeBelow { by_m } => Some(format!(
            "{layer}: fell {by_m:.2} m more in the month than in any trained on"
        )),
        InputState::ChangeAbove { by_m } => Some(format!(
            "{layer}: rose {by_m:.2} m more in the month than in any trained on"
        )),
    };
    remarks.extend(layers.iter().zip(flags).enumerate().filter_map(remark));
    remarks.join("; ")
}

fn to_json(args: &Args, file: &ModelFile, layers: &[String], steps: &[Step]) -> Value {
    let record = file.record();
    let months: Vec<Value> = steps
        .iter()
        .map(|Step { level_m, estimate }| {
            let inputs: Vec<Value> = (0..layers.len())
                .map(|layer| {
                    let (flag, by_m) = match estimate.inputs.get(layer) {
                        Some(InputState::Trained) => ("ok", None),
                        Some(InputState::Below { by_m }) => ("below_trained", Some(*by_m)),
                        Some(InputState::Above { by_m }) => ("above_trained", Some(*by_m)),
                        Some(InputState::ChangeBelow { by_m }) => {
                            ("change_below_trained", Some(*by_m))
                        }
                        Some(InputState::ChangeAbove { by_m }) => {
                            ("change_above_trained", Some(*by_m))
                        }
                        Some(InputState::Missing) | None => ("missing", None),
                    };
                    json!({
                        "layer": layers[layer],
                        "level_m": level_m[layer],
                        "attention": estimate.attention.get(layer),
                        "flag": flag,
                        "by_m": by_m,
                    })
                })
                .collect();
            json!({
                "month": estimate.month.to_string(),
                "increment_mm": estimate.increment_mm,
                "half_width_mm": estimate.half_width_mm,
                "subsidence_half_width_mm": estimate.subsidence_half_width_mm,
                "subsidence_mm": estimate.subsidence_mm,
                "primary": estimate.primary,
                "disagree": estimate.disagree,
                "network": estimate.network,
                "physics": estimate.physics,
                "inputs": inputs,
            })
        })
        .collect();
    json!({
        "well": record.well,
        "synthetic": record.synthetic,
        "model_crc32": format!("{:08x}", file.crc()),
        "model_version": record.model_version,
        "start": if args.cold { "cold" } else { "file" },
        "levels_until": file.start().month.to_string(),
        "months": months,
    })
}
