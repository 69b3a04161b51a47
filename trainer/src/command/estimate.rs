//! `amlstm estimate`: runs a model file over levels, as a logger does.

use std::{path::PathBuf, process::ExitCode};

use amlstm::{
    export::AlignedBytes,
    level::MonthlyLevels,
    read::{LevelsOfWell, read_levels_of},
    table::NoData,
};
use amlstm_core::{
    artifact::ModelFile, estimate::Estimate, estimator::Estimator, input::InputState, month::Month,
};
use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::{
    output::{Output, OutputError, complain},
    table::{self, LEFT, RIGHT},
};

/// Run a model file over water levels, bit for bit as a logger does.
///
/// Continues from the end of training with the first month after it; months without a level in between are stepped as missing.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm estimate holly.amlm levels.csv
  amlstm estimate holly.amlm levels.csv --json > estimate.json
  amlstm estimate holly.amlm scenario.csv --cold   from an empty state, at the file's first month")]
pub struct Args {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// CSV with the columns layer, date, level_m, and well where it has several.
    #[arg(value_name = "LEVELS.csv")]
    levels: PathBuf,
    /// Start with an empty state and no subsidence at the file's first month.
    #[arg(long)]
    cold: bool,
    /// Values of the file that mean "no reading", such as -9999.
    #[arg(
        long,
        value_name = "VALUE",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    no_data: Vec<String>,
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
    let bytes = AlignedBytes::read(&args.model).with_context(shown_path)?;
    let file = ModelFile::parse(&bytes).with_context(shown_path)?;
    let layers: Vec<String> = file
        .record()
        .aquifer_layers
        .iter()
        .map(ToString::to_string)
        .collect();
    let no_data: Vec<NoData> = args
        .no_data
        .iter()
        .map(|value| value.as_str().into())
        .collect();
    let levels = read_levels_of(
        &args.levels,
        file.record().well,
        &layers,
        file.months(),
        &no_data,
    )?;
    for (layer, months) in &levels.incomplete {
        complain(format_args!(
            "{}: layer {layer}: {months} months have readings on fewer than 80 % of their days and count as missing, as in training; state days where a level is already a mean",
            args.levels.display()
        ));
    }
    let steps = steps(args, &file, &layers, &levels)?;
    if args.json {
        output.json(&to_json(args, &file, &layers, &steps))?;
    } else {
        print(args, &file, &layers, &steps, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn steps(
    args: &Args,
    file: &ModelFile,
    layers: &[String],
    levels: &LevelsOfWell,
) -> anyhow::Result<Vec<Step>> {
    let (first, last) = (levels.first, levels.last);
    let trained_until = file.record().trained_until;
    let (start, mut estimator): (Month, Estimator) = if args.cold {
        (first, Estimator::cold(file))
    } else if last <= trained_until {
        bail!(
            "{}: levels end in {last}, expected some after the end of training in {trained_until}; add later ones or start anew with --cold",
            args.levels.display()
        );
    } else {
        (trained_until.next(), Estimator::at_training_end(file))
    };
    let at = |month: Month| -> Vec<Option<f32>> {
        let of_layer = |name: &String| {
            let mut layers = levels.layers.iter();
            layers.find(|layer: &&MonthlyLevels| layer.aquifer_layer == *name)
        };
        layers
            .iter()
            .map(|name| of_layer(name)?.at(month))
            .collect()
    };
    let months = (0..=last.index() - start.index()).map(|step| start.offset(step));
    Ok(months
        .map(|month| {
            let level_m = at(month);
            Step {
                estimate: estimator.step_across_gap(month, &level_m),
                level_m,
            }
        })
        .collect())
}

fn print(
    args: &Args,
    file: &ModelFile,
    layers: &[String],
    steps: &[Step],
    output: &mut Output,
) -> Result<(), OutputError> {
    let record = file.record();
    let synthetic = if record.synthetic {
        " (SYNTHETIC data)"
    } else {
        ""
    };
    writeln!(
        output,
        "well {}{synthetic}, model {:08x}, version {}",
        record.well,
        file.crc(),
        record.model_version
    )?;
    if args.cold {
        writeln!(
            output,
            "from an empty state: the first year or more is less reliable; subsidence counts from the first month"
        )?;
    } else {
        writeln!(
            output,
            "continues from the end of training, {}, with {:.1} mm",
            record.trained_until,
            file.start().subsidence_mm
        )?;
    }
    if record.interval_half_width_mm.is_finite() {
        writeln!(
            output,
            "nine of ten months of validation were within {:.1} mm of their estimated increment",
            record.interval_half_width_mm
        )?;
    }
    let mut columns = vec![
        ("month", LEFT),
        ("increment mm", RIGHT),
        ("subsidence mm", RIGHT),
    ];
    let has_attention = steps.iter().any(|step| !step.estimate.attention.is_empty());
    let shares: Vec<String> = layers
        .iter()
        .map(|layer| format!("attention {layer}"))
        .collect();
    if has_attention {
        columns.extend(shares.iter().map(|share| (share.as_str(), RIGHT)));
    }
    columns.push(("remarks", LEFT));
    let mut table = table::new(&columns);
    for Step { estimate, .. } in steps {
        let mut cells = vec![
            estimate.month.to_string(),
            format!("{:.2}", estimate.increment_mm),
            format!("{:.1}", estimate.subsidence_mm),
        ];
        cells.extend(estimate.attention.iter().map(|share| format!("{share:.2}")));
        cells.push(remarks(layers, &estimate.inputs));
        table.add_row(cells);
    }
    writeln!(output, "\n{}", table.trim_fmt())
}

/// What is to be said about a month's levels, in words.
fn remarks(layers: &[String], flags: &[InputState]) -> String {
    if !flags.is_empty() && flags.iter().all(|flag| *flag == InputState::Missing) {
        return "no level at all".to_owned();
    }
    let remark = |(layer, flag): (&String, &InputState)| match flag {
        InputState::Trained => None,
        InputState::Missing => Some(format!("{layer}: no level")),
        InputState::Below { by_m } => {
            Some(format!("{layer}: {by_m:.2} m below all levels trained on"))
        }
        InputState::Above { by_m } => {
            Some(format!("{layer}: {by_m:.2} m above all levels trained on"))
        }
    };
    layers
        .iter()
        .zip(flags)
        .filter_map(remark)
        .collect::<Vec<_>>()
        .join("; ")
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
                "subsidence_mm": estimate.subsidence_mm,
                "inputs": inputs,
            })
        })
        .collect();
    json!({
        "well": record.well,
        "synthetic": record.synthetic,
        "model_crc32": format!("{:08x}", file.crc()),
        "model_version": record.model_version,
        "start": if args.cold { "cold" } else { "training_end" },
        "interval_half_width_mm": record.interval_half_width_mm,
        "months": months,
    })
}
