//! Skill over time: every model on the same unseen months, near and far, with levels known and forecast.
//!
//! - **Split** in order, as [`crate::split`] divides a directly measured series: nothing of the test months is seen by a fit.
//! - **Simulation**: levels are known to the month that is predicted. **Forecast**: from each month on, levels go on as the fitted months' mean changes say.
//! - **Horizons**: the change of the ground over 1 to 24 months from every observed month on (rolling origin; models are fitted once).
//! - **Seeds**: networks are fitted for each; a figure is the median, with the range beside it.
//! - **Ratio**: root mean square error of the increments over that of the primary model, with its 90 % interval from blocks of twelve months.
//! - **Interval**: split conformal, from validation windows of a model that was fitted to the training part alone; its coverage is that of the test windows.
//!
//! Networks and physics are run as a logger runs them: the exported file, and the beds of [`amlstm_core::physics`].

mod error;
mod fitted;
mod horizon;
mod model;
mod own_past;
mod seeds;
mod tables;

use amlstm_core::cumulative_interval::HORIZON_MONTHS;
use amlstm_core::estimate::Primary;
use serde::Serialize;

pub use self::error::EvaluationError;
use self::fitted::Fitted;
pub use self::horizon::Horizon;
pub use self::model::{Kind, Model};
pub use self::seeds::Seeds;
pub use self::tables::summary;
use crate::baseline::PreparedWell;
use crate::choice::{Choice, Ratio, choose, ratio};
use crate::config::{Config, SplitConfig, SplitKind};
use crate::metric::{Score, score};
use crate::series::WellSeries;
use crate::split::{Part, Split};

/// One model at one well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub model: Kind,
    /// Increments of the validation months by a model that never saw them, mm; nothing where the validation part chose the epoch, or nothing.
    pub validation_rmse_mm: Option<Seeds>,
    /// Increments of the test months, simulated, mm.
    pub rmse_mm: Seeds,
    /// Mean absolute error.
    pub mae_mm: Seeds,
    /// Efficiency.
    pub r2: Seeds,
    /// Root mean square error of the free-run cumulative subsidence, mm.
    pub cumulative_rmse_mm: Seeds,
    /// The same over that of month climatology.
    pub cumulative_ratio: f64,
    /// Increment errors over those of the primary model.
    pub ratio_to_primary: Option<Ratio>,
    /// Further ahead.
    pub horizons: Vec<Horizon>,
}

/// All models at one well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Well id.
    pub well: String,
    /// Made by the generator.
    pub synthetic: bool,
    /// Increments scored in the test part.
    pub increments: usize,
    /// The estimator that a logger trusts.
    pub primary: Kind,
    /// Why, in a sentence.
    pub reason: String,
    /// From the simplest model on.
    pub rows: Vec<Row>,
}

/// Judges all models at a well, networks with each seed; `done` is called after each fit.
///
/// # Errors
///
/// [`EvaluationError`] says what is missing.
pub fn evaluate(
    series: &WellSeries,
    config: &Config,
    seeds: &[u64],
    done: &(dyn Fn() + Sync),
) -> Result<Evaluation, EvaluationError> {
    let in_order = SplitConfig {
        kind: SplitKind::Time,
        ..config.split.clone()
    };
    let split = Split::new(series, &in_order, config.seed)?;
    let no_level = || EvaluationError::NoLevel {
        well: series.well.clone(),
    };
    let prepared = PreparedWell::new(series, &split, config.seed).ok_or_else(no_level)?;
    let mut fitted = Vec::new();
    for kind in Kind::ALL {
        fitted.push(Fitted::new(kind, &prepared, config, seeds, done)?);
    }
    let of_kind = |kind: Kind| fitted.iter().find(|fitted| fitted.kind == kind);
    let climatology =
        of_kind(Kind::MonthClimatology).map(|fitted| fitted.cumulative_rmse_mm(&prepared).median);
    let early = |kind: Kind| of_kind(kind).map_or(&[][..], |fitted| &fitted.early);
    let Choice { primary, reason } = choose(
        series,
        &split,
        early(Kind::PretrainedAmLstm),
        early(Kind::Physics),
    );
    let primary = match primary {
        Primary::Network => Kind::PretrainedAmLstm,
        Primary::Physics => Kind::Physics,
    };
    let squares_of_primary = of_kind(primary)
        .map(|fitted| fitted.squares(&prepared))
        .unwrap_or_default();
    let rows = fitted.iter().map(|fitted| {
        let scores = fitted.scores(&prepared);
        let of =
            |value: fn(&Score) -> f64| Seeds::of(&scores.iter().map(value).collect::<Vec<_>>());
        let cumulative_rmse_mm = fitted.cumulative_rmse_mm(&prepared);
        Row {
            model: fitted.kind,
            validation_rmse_mm: fitted.validation_rmse_mm(&prepared),
            rmse_mm: of(|score| score.rmse_mm),
            mae_mm: of(|score| score.mae_mm),
            r2: of(|score| score.r2),
            cumulative_ratio: cumulative_rmse_mm.median / climatology.unwrap_or(f64::NAN),
            cumulative_rmse_mm,
            ratio_to_primary: ratio(&fitted.squares(&prepared), &squares_of_primary),
            horizons: HORIZON_MONTHS
                .map(|months| Horizon::new(&prepared, fitted, months.into()))
                .into(),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let test = prepared.constant(0.0);
    Ok(Evaluation {
        well: series.well.clone(),
        synthetic: series.synthetic,
        increments: score(series, &split, &test, Part::Test).count,
        primary,
        reason,
        rows,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{in_order, levels, well};
    use crate::physics;

    /// Ten years at a well whose beds are those of the basis, with noise of 0.3 mm.
    fn noisy_well() -> WellSeries {
        let levels = levels();
        let basis = physics::basis(&levels);
        let noise = |t: usize| 0.3 * ((t * 7919 % 101) as f64 / 50.0 - 1.0);
        well(&levels, |t| {
            8.0 * basis[(t, 4)] + 3.0 * basis[(t, 9)] + noise(t)
        })
    }

    #[test]
    fn physics_beats_climatology_where_beds_made_the_ground_move() {
        let series = noisy_well();
        let mut config = Config::default();
        config.split.train_until = Some(series.months[71]);
        config.split.validate_until = Some(series.months[95]);
        let found = evaluate(&series, &config, &[1, 2], &|| ()).unwrap();
        assert_eq!(found.rows.len(), Kind::ALL.len());
        let row = |kind| found.rows.iter().find(|row| row.model == kind).unwrap();
        let physics = row(Kind::Physics);
        assert!(physics.rmse_mm.median < 0.7 * row(Kind::MonthClimatology).rmse_mm.median);
        assert!(physics.cumulative_ratio < 0.5, "{physics:?}");
        assert!(row(Kind::PretrainedAmLstm).rmse_mm.high < row(Kind::AmLstm).rmse_mm.high);
        // Noise of 0.3 mm is in both parts; from scratch the validation part chose the epoch.
        let of_validation = physics.validation_rmse_mm.unwrap().median;
        assert!(of_validation > 0.0 && of_validation < 2.0 * physics.rmse_mm.median);
        assert_eq!(row(Kind::AmLstm).validation_rmse_mm, None);
        // 24 validation months carry an interval for a month, not for two years.
        assert!(physics.horizons[0].coverage.unwrap() > 0.5);
        assert_eq!(physics.horizons[4].half_width_mm, None);
        // A forecast knows less than a simulation.
        let year = &physics.horizons[3];
        assert!(year.forecast_rmse_mm.median > year.simulation_rmse_mm.median);
        assert!(found.increments == 23 && !found.reason.is_empty());
    }

    #[test]
    fn a_forecast_does_not_see_levels_or_ground_after_its_origin() {
        let series = noisy_well();
        let mut later = series.clone();
        for month in 101..120 {
            later.level_m[month] = vec![Some(-30.0), Some(-30.0)];
            later.points[0].increment_mm[month - 1] = Some(99.0);
        }
        let split = in_order(&series);
        let curves = |series| {
            let prepared = PreparedWell::new(series, &split, 1).unwrap();
            let levels = prepared.forecast_levels(101, 6);
            [
                Kind::OwnPast,
                Kind::LaggedRidge,
                Kind::DriverRidge,
                Kind::Physics,
            ]
            .map(|kind| Model::fit(kind, &prepared).unwrap().curve(&levels, 100)[..107].to_vec())
        };
        assert_eq!(curves(&series), curves(&later));
    }
}
