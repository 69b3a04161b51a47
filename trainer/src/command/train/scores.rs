//! What a run prints: scores on the test part, and which estimate is to be trusted.

use amlstm::{
    config::{Config, Selection},
    fit_notes::{self, FitNotes},
    results::read_model,
    run::{BASELINES, ModelKind, RunFolder, WELLS_IN_FULL},
};

use crate::command::{
    output::Output,
    summary::broken,
    table::{self, LEFT, RIGHT, number},
};

/// What a well's exported model says about its fit.
fn notes(folder: &RunFolder, well: &str) -> anyhow::Result<Option<FitNotes>> {
    match folder.model_path(well, folder.network()) {
        Some(path) if path.is_file() => Ok(read_model(&path, FitNotes::of)?),
        _ => Ok(None),
    }
}

/// RMSE on the test part, wells down and models across, beside what a network has to beat.
pub fn print(
    folder: &RunFolder,
    synthetic: bool,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let test = folder.test_scores()?;
    let title = if synthetic { "SYNTHETIC wells: " } else { "" };
    writeln!(
        output,
        "{title}RMSE on the test part, which none of these models had seen, mm per month"
    )?;
    if config.training.selection == Selection::Test {
        writeln!(
            output,
            "The epoch was chosen on the test part itself (the paper's protocol): these scores flatter the networks."
        )?;
    }
    let models: Vec<ModelKind> = [ModelKind::AM_LSTM, ModelKind::LSTM]
        .into_iter()
        .chain(BASELINES.map(ModelKind::Baseline))
        .collect();
    let baselines = BASELINES.map(|baseline| baseline.to_string().replace('-', " "));
    let mut columns = vec![("well", LEFT), ("AM-LSTM", RIGHT), ("LSTM", RIGHT)];
    columns.extend(baselines.iter().map(|name| (name.as_str(), RIGHT)));
    columns.push(("scored", RIGHT));
    let mut table = table::new(&columns);
    let mut verdicts: Vec<(String, Vec<String>)> = Vec::new();
    for of_well in test.chunk_by(|a, b| a.well == b.well) {
        let row = |model: ModelKind| of_well.iter().find(|row| row.model == model);
        let mut cells = vec![of_well[0].well.clone()];
        cells.extend(
            models
                .iter()
                .map(|model| number(row(*model).map_or(f64::NAN, |row| row.rmse_mm_per_month), 2)),
        );
        cells.push(
            row(ModelKind::AM_LSTM)
                .map_or(0, |row| row.increments)
                .to_string(),
        );
        if let Some(notes) = notes(folder, &of_well[0].well)? {
            let trusted = fit_notes::title(notes.primary);
            let verdict = format!(
                "{trusted} is trusted; {}: {}",
                notes.verdict, notes.verdict_reason
            );
            let well = of_well[0].well.clone();
            match verdicts.iter_mut().find(|(of, _)| *of == verdict) {
                Some((_, wells)) => wells.push(well),
                None => verdicts.push((verdict, vec![well])),
            }
        }
        table.add_row(cells);
    }
    writeln!(output, "\n{}\n", table.trim_fmt())?;
    for (verdict, wells) in verdicts {
        writeln!(
            output,
            "{}",
            broken(&format!("{}: {verdict}", wells.join(", ")))
        )?;
    }
    writeln!(output)?;
    if folder.identity().wells.len() > WELLS_IN_FULL {
        writeln!(
            output,
            "The first {WELLS_IN_FULL} wells are shown; metrics.csv has them all."
        )?;
    }
    Ok(())
}
