//! The baselines of the study: the same splits, the same scores.

use rayon::prelude::*;

use crate::baseline::{Baseline, PreparedWell};
use crate::config::Config;
use crate::metric::{Score, cumulative_rmse_mm, score};
use crate::series::WellSeries;
use crate::split::{Part, Split, SplitError};

use super::{StudyError, Subject};

/// A baseline's scores on the test part, one entry a seed.
#[derive(Debug, Clone)]
pub struct BaselineRun {
    /// Index of the subject.
    pub well: usize,
    /// Which baseline.
    pub baseline: Baseline,
    /// Whether months are held out rather than points.
    pub chronological: bool,
    /// Test scores; one entry where neither split nor baseline depends on the seed.
    pub test: Vec<Score>,
    /// RMSE of the cumulative free run over the test months, mm; empty when points are held out or the baseline needs last month's measurement.
    pub free_run_rmse_mm: Vec<f64>,
    /// RMSE when the levels of the month itself are not known yet, mm per month.
    pub forecast_rmse_mm: Option<f64>,
}

/// One split a seed where points are held out; where months are, the split is the same for all.
pub(super) fn splits(
    series: &WellSeries,
    config: &Config,
    seeds: &[u64],
) -> Result<Vec<Split>, SplitError> {
    seeds
        .iter()
        .map(|&seed| Split::new(series, &config.split, seed))
        .collect()
}

pub(super) fn prepared_wells<'a>(
    series: &'a WellSeries,
    splits: &'a [Split],
    seeds: &[u64],
) -> Result<Vec<PreparedWell<'a>>, StudyError> {
    let prepared = |(split, &seed)| {
        PreparedWell::new(series, split, seed).ok_or_else(|| StudyError::NoLevels {
            well: series.well.clone(),
        })
    };
    splits.iter().zip(seeds).map(prepared).collect()
}

/// Scores of every baseline that applies, by well; `done` is called after each.
pub(super) fn baselines(
    subjects: &[Subject],
    config: &Config,
    seeds: &[u64],
    done: &(dyn Fn() + Sync),
) -> Result<Vec<BaselineRun>, StudyError> {
    let work: Vec<(usize, Baseline)> = (0..subjects.len())
        .flat_map(|well| Baseline::ALL.map(|baseline| (well, baseline)))
        .collect();
    let run = |&(well, baseline): &(usize, Baseline)| {
        let series = &subjects[well].series;
        let splits = splits(series, config, seeds)?;
        let wells = prepared_wells(series, &splits, seeds)?;
        let run = baseline_run(well, baseline, &wells);
        done();
        Ok(run)
    };
    let runs: Result<Vec<Option<BaselineRun>>, StudyError> = work.par_iter().map(run).collect();
    Ok(runs?.into_iter().flatten().collect())
}

/// `None` if the baseline does not apply.
fn baseline_run(well: usize, baseline: Baseline, wells: &[PreparedWell]) -> Option<BaselineRun> {
    let first = wells.first()?;
    if !baseline.applies_to(first) {
        return None;
    }
    let distinct = if first.is_chronological() && !baseline.is_seeded() {
        &wells[..1]
    } else {
        wells
    };
    let curves = baseline.fit(distinct);
    let test = distinct
        .iter()
        .zip(&curves)
        .map(|(prepared, curve)| score(prepared.series, prepared.split, curve, Part::Test))
        .collect();
    let free_run = distinct
        .iter()
        .zip(&curves)
        .filter_map(|(prepared, curve)| cumulative_rmse_mm(prepared.series, prepared.split, curve));
    let free_run_rmse_mm = if baseline == Baseline::Persistence {
        Vec::new()
    } else {
        free_run.collect()
    };
    let forecast = if first.is_chronological() {
        baseline.forecast(first)
    } else {
        None
    };
    let forecast_rmse_mm =
        forecast.map(|curve| score(first.series, first.split, &curve, Part::Test).rmse_mm);
    Some(BaselineRun {
        well,
        baseline,
        chronological: first.is_chronological(),
        test,
        free_run_rmse_mm,
        forecast_rmse_mm,
    })
}
