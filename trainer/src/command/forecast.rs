//! `amlstm forecast`: what the ground will do if levels go on in some way.

mod json;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use amlstm::{
    export::AlignedBytes,
    figure,
    forecast::{
        ALL_LAYERS, Climatology, Forecast, Forecaster, Passing, RateShift, Scenario, layer,
    },
    run::write_atomically,
};
use amlstm_core::artifact::ModelFile;
use anyhow::{Context as _, anyhow, bail};

use super::{
    levels::{self, NoDataArgs},
    output::{Output, OutputError},
    table::{self, LEFT, RIGHT},
    title,
};

/// Forecast subsidence under levels to come, year by year.
///
/// Goes on from the model's last month, under levels of a file or of scenarios. The numbers are those of the model's physics, which extrapolates because none of
/// its weights is negative; the network is shown beside it and does not. A model without physics is refused.
///
/// Scenarios, parts of which are joined by commas: `hold` keeps the levels of the last month; `climatology` repeats the mean changes of each calendar month
/// (--past has the levels that they are taken from), and with them the mean trend; `LAYER=+1m` adds to a layer from the first month on, `LAYER=-0.5m/a` adds a
/// trend, and `all` stands for every layer.
///
/// The interval of a year is that of the errors of validation over as many months, that of the total the same over the months since the ground was last observed; beyond
/// the longest stretch that validation holds it grows with the root of the months. Both are around the levels as given, and wider where these lie outside the
/// levels trained on. A file without such errors gives the root of the sum of squares of the months', which is rather too narrow, and none of the total.
#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("future").required(true).multiple(true).args(["levels", "scenario"]))]
#[command(after_help = "Examples:
  amlstm forecast holly.amlm --levels future.csv
  amlstm forecast holly.amlm --scenario hold --scenario Lower=+1m/a --threshold 300
  amlstm forecast holly.amlm --scenario climatology --past levels.csv --rate 2 --layer Lower
  amlstm forecast holly.amlm --scenario climatology,all=-0.5m/a --past levels.csv --figure dry.svg")]
pub struct Args {
    /// Model file.
    #[arg(value_name = "MODEL")]
    model: PathBuf,
    /// CSV of levels to come, with the columns layer, date, level_m, and well where it has several; up to its last month.
    #[arg(long, value_name = "FUTURE.csv")]
    levels: Option<PathBuf>,
    /// How levels go on; several are compared.
    #[arg(long, value_name = "SCENARIO")]
    scenario: Vec<String>,
    /// CSV of levels up to the model's last month, for climatology.
    #[arg(long, value_name = "PAST.csv")]
    past: Option<PathBuf>,
    /// Years of scenarios, each to its December, after the year of the model's last month.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    years: u16,
    /// Say when the cumulative subsidence passes so many mm.
    #[arg(long, value_name = "MM", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Say at which levels no twelve months subside by more than so many mm.
    #[arg(long, value_name = "MM_PER_YEAR", allow_negative_numbers = true)]
    rate: Option<f64>,
    /// The layer whose levels are shifted for --rate.
    #[arg(long, value_name = "LAYER", default_value = ALL_LAYERS, requires = "rate")]
    layer: String,
    /// Draw the scenarios as an .svg or .png file.
    #[arg(long, value_name = "FILE")]
    figure: Option<PathBuf>,
    #[command(flatten)]
    no_data: NoDataArgs,
    /// Print JSON, months included.
    #[arg(long)]
    json: bool,
}

/// Levels to come.
struct Future {
    /// The scenario, or the file.
    name: String,
    /// `[months][aquifer layers]` after the model's last month.
    level_m: Vec<Vec<Option<f32>>>,
}

/// A forecast and what was asked about it.
struct Answer {
    forecast: Forecast,
    passing: Option<Passing>,
    shift: Option<RateShift>,
    /// Mean level of each layer in the last year, m.
    mean_level_m: Vec<f64>,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let shown_path = || args.model.display().to_string();
    let bytes = AlignedBytes::read(&args.model)?;
    let file = ModelFile::parse(&bytes).with_context(shown_path)?;
    let forecaster = Forecaster::new(&file).with_context(shown_path)?;
    for limit in [args.threshold, args.rate].into_iter().flatten() {
        if !limit.is_finite() {
            bail!("--threshold and --rate: found {limit}, expected millimetres");
        }
    }
    let shifted = layer(&args.layer, &file.record().aquifer_layers).map_err(|known| {
        anyhow!(
            "--layer: found \"{}\", expected {known} or {ALL_LAYERS}",
            args.layer
        )
    })?;
    let answers = futures(args, &file, &forecaster)?
        .iter()
        .map(|future| answer(args, &forecaster, shifted, future))
        .collect::<anyhow::Result<Vec<_>>>()?;
    if let Some(path) = &args.figure {
        draw(args, path, &file, &forecaster, &answers)?;
    }
    if args.json {
        output.json(&json::forecasts(args, &file, &forecaster, &answers))?;
    } else {
        print(args, &file, &forecaster, &answers, output)?;
    }
    if let Some(path) = args.figure.as_ref().filter(|_| !args.json) {
        output.note(format_args!("{}: written", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Every future that was asked for.
fn futures(args: &Args, file: &ModelFile, forecaster: &Forecaster) -> anyhow::Result<Vec<Future>> {
    let start = forecaster.start();
    let layers = &file.record().aquifer_layers;
    let mut futures = Vec::new();
    if let Some(path) = &args.levels {
        let levels = levels::read(path, &args.no_data, file)?;
        let months = levels.months_after_start(file, "add the months to come")?;
        futures.push(Future {
            name: path.display().to_string(),
            level_m: months.map(|month| levels.at(month)).collect(),
        });
    }
    let scenarios = args
        .scenario
        .iter()
        .map(|text| Scenario::parse(text, layers))
        .collect::<Result<Vec<_>, _>>()?;
    let climatology = if scenarios.iter().any(Scenario::needs_past) {
        let path = args.past.as_ref().context(
            "scenario climatology: needs the levels that it is taken from: --past PAST.csv",
        )?;
        let past = levels::read(path, &args.no_data, file)?;
        let of_past = Climatology::of(past.of_layers(), layers, start);
        Some(of_past.with_context(|| path.display().to_string())?)
    } else {
        None
    };
    let months = 12 - usize::from(start.month()) + 12 * usize::from(args.years);
    for scenario in scenarios {
        let start_m = forecaster.start_levels_m();
        let level_m = scenario.levels(start, &start_m, climatology.as_ref(), months);
        futures.push(Future {
            name: scenario.name,
            level_m,
        });
    }
    Ok(futures)
}

fn answer(
    args: &Args,
    forecaster: &Forecaster,
    shifted: Option<usize>,
    Future { name, level_m }: &Future,
) -> anyhow::Result<Answer> {
    let forecast = forecaster.run(name, level_m);
    let shift = match args.rate {
        Some(limit_mm) => Some(
            forecaster
                .shift_for_rate(level_m, shifted, limit_mm)
                .with_context(|| {
                    format!(
                        "{name}: found {} months, expected at least 12 for --rate",
                        level_m.len()
                    )
                })?,
        ),
        None => None,
    };
    let mut last_m = forecaster.start_levels_m();
    let mut sums = vec![0.0; last_m.len()];
    let year = level_m.len().saturating_sub(12);
    for (number, levels) in level_m.iter().enumerate() {
        for ((sum, last_m), level_m) in sums.iter_mut().zip(&mut last_m).zip(levels) {
            *last_m = level_m.unwrap_or(*last_m);
            if number >= year {
                *sum += f64::from(*last_m);
            }
        }
    }
    let months = (level_m.len() - year) as f64;
    Ok(Answer {
        passing: args
            .threshold
            .map(|threshold_mm| forecaster.passing(&forecast, threshold_mm)),
        forecast,
        shift,
        mean_level_m: sums.iter().map(|sum| sum / months).collect(),
    })
}

fn draw(
    args: &Args,
    path: &Path,
    file: &ModelFile,
    forecaster: &Forecaster,
    answers: &[Answer],
) -> anyhow::Result<()> {
    let forecasts: Vec<&Forecast> = answers.iter().map(|answer| &answer.forecast).collect();
    let figure = figure::forecast(
        file.record().well,
        file.record().synthetic,
        forecaster,
        &forecasts,
        args.threshold,
    );
    let bytes = match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => figure.svg().into_bytes(),
        Some("png") => figure.png()?,
        _ => bail!(
            "{}: found no known ending, expected .svg or .png",
            path.display()
        ),
    };
    write_atomically(path, &bytes)?;
    Ok(())
}

fn print(
    args: &Args,
    file: &ModelFile,
    forecaster: &Forecaster,
    answers: &[Answer],
    output: &mut Output,
) -> Result<(), OutputError> {
    writeln!(
        output,
        "{}: goes on from {} with {:.1} mm, by physics",
        title::of_model(file),
        forecaster.start(),
        forecaster.start_mm()
    )?;
    match (
        forecaster.change_half_width_mm(12),
        forecaster.half_width_mm(),
    ) {
        (Some(mm), _) => writeln!(
            output,
            "± 90 % by the errors of validation: {mm:.1} mm for a year, for the total since the ground was last\nobserved; wider outside the levels trained on, around the levels as given"
        )?,
        (None, Some(mm)) => writeln!(
            output,
            "± is approximate: {mm:.1} mm for a month (wider outside the levels trained on) times the root\nof the months; too narrow where errors persist"
        )?,
        (None, None) => writeln!(
            output,
            "no intervals: the model has too few months of validation"
        )?,
    }
    writeln!(
        output,
        "the network is beside it for comparison: it does not extrapolate"
    )?;
    for answer in answers {
        writeln!(output, "\n{}\n", answer.forecast.scenario)?;
        writeln!(output, "{}", years(forecaster, &answer.forecast).trim_fmt())?;
        if let (Some(passing), Some(threshold_mm)) = (answer.passing, args.threshold) {
            writeln!(
                output,
                "{}",
                passing_text(passing, threshold_mm, &answer.forecast)
            )?;
        }
        if let (Some(shift), Some(limit_mm)) = (answer.shift, args.rate) {
            writeln!(
                output,
                "{}",
                shift_text(args, file, shift, limit_mm, answer)
            )?;
        }
    }
    Ok(())
}

fn years(forecaster: &Forecaster, forecast: &Forecast) -> table::Table {
    let mut table = table::new(&[
        ("year", LEFT),
        ("months", RIGHT),
        ("mm", RIGHT),
        ("±", RIGHT),
        ("total mm", RIGHT),
        ("±", RIGHT),
        ("(network mm)", RIGHT),
        ("remarks", LEFT),
    ]);
    let width = |mm: Option<f64>| mm.map_or(String::new(), |mm| format!("{mm:.1}"));
    for year in forecaster.years(forecast) {
        let count =
            |months: usize, what: &str| (months > 0).then(|| format!("{months} months {what}"));
        let remarks = [
            count(year.outside, "beyond training"),
            count(year.without_level, "without a level"),
        ];
        table.add_row([
            year.year.to_string(),
            year.months.to_string(),
            format!("{:.1}", year.subsidence_mm),
            width(year.half_width_mm),
            format!("{:.1}", year.cumulative_mm),
            width(year.cumulative_half_width_mm),
            format!("({:.1})", year.network_mm),
            remarks.into_iter().flatten().collect::<Vec<_>>().join("; "),
        ]);
    }
    table
}

fn passing_text(passing: Passing, threshold_mm: f64, forecast: &Forecast) -> String {
    match passing {
        Passing::Before => format!("{threshold_mm} mm: passed already"),
        Passing::In(month) => format!("{threshold_mm} mm: passed in {month}"),
        Passing::Not => {
            let last = forecast.months.last().map(|month| month.month.to_string());
            format!(
                "{threshold_mm} mm: not passed by {}",
                last.unwrap_or_default()
            )
        }
    }
}

fn shift_text(
    args: &Args,
    file: &ModelFile,
    shift: RateShift,
    limit_mm: f64,
    answer: &Answer,
) -> String {
    let asked = format!("at most {limit_mm} mm in any twelve months");
    let who = if args.layer == ALL_LAYERS {
        "all layers".to_owned()
    } else {
        args.layer.clone()
    };
    match shift {
        RateShift::Never(highest_mm) => {
            format!("{asked}: no level of {who} does it; the rest gives {highest_mm:.1} mm")
        }
        RateShift::Always => format!("{asked}: whatever the level of {who}"),
        RateShift::By {
            shift_m,
            mm_per_year,
        } => {
            let levels = shifted_levels(args, file, shift_m, answer);
            let levels: Vec<String> = levels
                .iter()
                .map(|(layer, level_m)| format!("{layer} {level_m:.2} m"))
                .collect();
            let side = if shift_m < 0.0 { "lower" } else { "higher" };
            let least = if shift_m < 0.0 { "at most" } else { "at least" };
            format!(
                "{asked}: {who} {least} {:.2} m {side} from the first month on (then {mm_per_year:.1} mm); mean of the last year: {}",
                shift_m.abs(),
                levels.join(", ")
            )
        }
    }
}

/// The shifted layers and their mean levels in the last year, m.
fn shifted_levels<'a>(
    args: &Args,
    file: &'a ModelFile,
    shift_m: f64,
    answer: &Answer,
) -> Vec<(&'a str, f64)> {
    let layers = file.record().aquifer_layers.iter().copied();
    let levels = answer.mean_level_m.iter().map(|level_m| level_m + shift_m);
    layers
        .zip(levels)
        .filter(|(layer, _)| args.layer == ALL_LAYERS || args.layer == *layer)
        .collect()
}
