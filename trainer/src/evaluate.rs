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

mod bootstrap;
mod model;
mod own_past;
mod primary;
mod tables;
mod track;

use amlstm_core::estimate::Primary;
use serde::Serialize;

pub use self::bootstrap::Ratio;
use self::bootstrap::ratio;
pub use self::model::{Kind, Model};
pub(crate) use self::primary::errors_mm;
pub use self::primary::{Choice, choose};
pub use self::tables::summary;
use self::track::Window;
use crate::baseline::{Curve, PhysicsFit, Problem, weights};
use crate::config::{Config, NetworkKind, SplitConfig, SplitKind};
use crate::export::{Beside, ExportError, model_file};
use crate::metric::{Score, cumulative_rmse_mm, score};
use crate::pretrain;
use crate::series::WellSeries;
use crate::split::{Part, Split, SplitError};
use crate::spread::Spread;
use crate::train::observation::half_width_mm;
use crate::train::{TrainError, TrainedWell, train_well};

/// Months ahead.
pub const HORIZONS: [usize; 5] = [1, 3, 6, 12, 24];

/// Median over seeds, lowest and highest; all the same without seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Seeds {
    /// Median.
    pub median: f64,
    /// Lowest.
    pub low: f64,
    /// Highest.
    pub high: f64,
}

impl Seeds {
    fn of(values: &[f64]) -> Self {
        Self {
            median: Spread::of(values.iter().copied()).median,
            low: values.iter().copied().fold(f64::INFINITY, f64::min),
            high: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        }
    }
}

/// Errors over windows of some months.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Horizon {
    /// Months.
    pub months: usize,
    /// Test windows.
    pub windows: usize,
    /// Root mean square error of the change in mm where levels are known.
    pub simulation_rmse_mm: Seeds,
    /// The same where levels are forecast.
    pub forecast_rmse_mm: Seeds,
    /// Half width in mm of the 90 % interval of the simulated change; nothing with too few validation windows or for a model without one.
    pub half_width_mm: Option<f64>,
    /// Share of the test windows inside it.
    pub coverage: Option<f64>,
}

/// One model at one well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub model: Kind,
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

/// Why a well cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Its months cannot be divided.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// A network cannot be fitted.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// A network cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A layer has no level at all.
    #[error("well {well}: an aquifer layer was never measured; leave it out of levels.csv")]
    NoLevel {
        /// Well id.
        well: String,
    },
}

/// Models of one kind: those that are scored, and those of the training part alone for the interval and the choice of the primary one.
struct Fitted {
    kind: Kind,
    models: Vec<Model>,
    early: Vec<Model>,
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
    let problem = Problem::new(series, &split, config.seed).ok_or_else(no_level)?;
    let mut fitted = Vec::new();
    for kind in Kind::ALL {
        fitted.push(fit(kind, &problem, config, seeds, done)?);
    }
    let climatology = fitted
        .iter()
        .find(|fitted| fitted.kind == Kind::MonthClimatology)
        .map(|fitted| cumulative(&problem, fitted).median);
    let (primary, reason) = choose_primary(&problem, &fitted);
    let squares_of_primary = fitted
        .iter()
        .find(|fitted| fitted.kind == primary)
        .map(|fitted| squares(&problem, &fitted.models, Part::Test))
        .unwrap_or_default();
    let rows = fitted.iter().map(|fitted| {
        let scores: Vec<Score> = fitted
            .models
            .iter()
            .map(|model| score(series, &split, &model.next_months(&problem), Part::Test))
            .collect();
        let of =
            |value: fn(&Score) -> f64| Seeds::of(&scores.iter().map(value).collect::<Vec<_>>());
        let cumulative_rmse_mm = cumulative(&problem, fitted);
        let squares = squares(&problem, &fitted.models, Part::Test);
        Row {
            model: fitted.kind,
            rmse_mm: of(|score| score.rmse_mm),
            mae_mm: of(|score| score.mae_mm),
            r2: of(|score| score.r2),
            cumulative_ratio: cumulative_rmse_mm.median / climatology.unwrap_or(f64::NAN),
            cumulative_rmse_mm,
            ratio_to_primary: ratio(&squares, &squares_of_primary),
            horizons: HORIZONS
                .map(|months| horizon(&problem, fitted, months))
                .into(),
        }
    });
    let rows: Vec<Row> = rows.collect();
    let test = problem.constant(0.0);
    Ok(Evaluation {
        well: series.well.clone(),
        synthetic: series.synthetic,
        increments: score(series, &split, &test, Part::Test).count,
        primary,
        reason,
        rows,
    })
}

fn fit(
    kind: Kind,
    problem: &Problem,
    config: &Config,
    seeds: &[u64],
    done: &(dyn Fn() + Sync),
) -> Result<Fitted, EvaluationError> {
    let mut fitted = Fitted {
        kind,
        models: Vec::new(),
        early: Vec::new(),
    };
    if let Some(model) = Model::fit(kind, problem) {
        if kind == Kind::Physics {
            let early = PhysicsFit(weights(problem, &[Part::Train]));
            fitted.early.push(Model::Physics(early));
        }
        fitted.models.push(model);
        return Ok(fitted);
    }
    let mut config = config.clone();
    config.network.kind = NetworkKind::AmLstm;
    let (series, split) = (problem.series, problem.split);
    for seed in seeds {
        let export = |trained: &TrainedWell, models: &mut Vec<Model>| {
            let file = model_file(
                trained,
                series,
                split,
                config.model_version,
                Beside::default(),
            )?;
            models.push(Model::Network(file));
            Ok::<(), EvaluationError>(())
        };
        if kind == Kind::PretrainedAmLstm {
            let (early, last) = pretrain::train_twice(series, split, &config, *seed)?;
            export(&early, &mut fitted.early)?;
            export(&last, &mut fitted.models)?;
        } else {
            let trained = train_well(series, split, &config, *seed)?;
            export(&trained, &mut fitted.models)?;
        }
        done();
    }
    Ok(fitted)
}

fn cumulative(problem: &Problem, fitted: &Fitted) -> Seeds {
    let start = problem.test_steps().start;
    let rmse = fitted.models.iter().map(|model| {
        // Free run: what was observed after the last fitted month is not fed back.
        let curve = model.curve(problem, before_test(problem).unwrap_or(start));
        cumulative_rmse_mm(problem.series, problem.split, &curve).unwrap_or(f64::NAN)
    });
    Seeds::of(&rmse.collect::<Vec<_>>())
}

/// Step of the last observation before the test part.
fn before_test(problem: &Problem) -> Option<usize> {
    let windows = Window::of_part(problem.series, problem.split, Part::Test, 1);
    let first = windows.first()?.first;
    Some(problem.series.intervals[first].from)
}

/// Squared errors of the scored increments of a part, in order, each the mean over the models.
fn squares(problem: &Problem, models: &[Model], part: Part) -> Vec<f64> {
    primary::squares(
        problem.series,
        problem.split,
        &curves(problem, models),
        part,
    )
}

/// Rates of all months by each model, with the ground measured up to the month before.
fn curves(problem: &Problem, models: &[Model]) -> Vec<Curve> {
    models
        .iter()
        .map(|model| model.next_months(problem))
        .collect()
}

/// The estimate that a logger would trust.
fn choose_primary(problem: &Problem, fitted: &[Fitted]) -> (Kind, String) {
    let early = |kind: Kind| {
        let fitted = fitted.iter().find(|fitted| fitted.kind == kind);
        fitted.map_or_else(Vec::new, |fitted| curves(problem, &fitted.early))
    };
    let (network, physics) = (early(Kind::PretrainedAmLstm), early(Kind::Physics));
    let Choice { primary, reason } = choose(problem.series, problem.split, &network, &physics);
    let kind = match primary {
        Primary::Network => Kind::PretrainedAmLstm,
        Primary::Physics => Kind::Physics,
    };
    (kind, reason)
}

fn horizon(problem: &Problem, fitted: &Fitted, months: usize) -> Horizon {
    let (series, split) = (problem.series, problem.split);
    let windows = Window::of_part(series, split, Part::Test, months);
    let errors = |curve: &dyn Fn(&Window) -> Curve| -> Vec<f64> {
        let of_window = |window: &Window| {
            let (observed, predicted) = window.change_mm(series, &curve(window))?;
            Some(predicted - observed)
        };
        windows.iter().filter_map(of_window).collect()
    };
    let rmse = |errors: &Vec<f64>| {
        (errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64).sqrt()
    };
    // Models that look at the ground see it up to the window's beginning; for the others one curve serves all windows.
    let simulated = |model: &Model| {
        if let Model::OwnPast(_) = model {
            errors(&|window| model.curve(problem, series.intervals[window.first].from))
        } else {
            let curve = model.curve(problem, 0);
            errors(&|_| curve.clone())
        }
    };
    let forecast = |model: &Model| {
        errors(&|window| {
            let from = series.intervals[window.first].from;
            let levels = problem.forecast_levels(from + 1, months);
            model.curve(&levels, from)
        })
    };
    let simulation: Vec<Vec<f64>> = fitted.models.iter().map(simulated).collect();
    let forecast: Vec<Vec<f64>> = fitted.models.iter().map(forecast).collect();
    let widths = fitted
        .early
        .iter()
        .map(|model| half_width(problem, model, months))
        .collect::<Option<Vec<f64>>>();
    let widths = widths.filter(|widths| !widths.is_empty());
    let covered = |widths: &Vec<f64>| {
        let inside = simulation.iter().zip(widths).map(|(errors, width)| {
            let inside = errors.iter().filter(|error| error.abs() <= *width).count();
            inside as f64 / errors.len() as f64
        });
        Spread::of(inside).median
    };
    Horizon {
        months,
        windows: simulation.first().map_or(0, Vec::len),
        simulation_rmse_mm: Seeds::of(&simulation.iter().map(rmse).collect::<Vec<_>>()),
        forecast_rmse_mm: Seeds::of(&forecast.iter().map(rmse).collect::<Vec<_>>()),
        coverage: widths.as_ref().map(covered),
        half_width_mm: widths.map(|widths| Spread::of(widths).median),
    }
}

/// Half width in mm of the interval around the change over so many months, see [`half_width_mm`]. Windows overlap, so far ahead they are fewer than they seem.
fn half_width(problem: &Problem, model: &Model, months: usize) -> Option<f64> {
    let windows = Window::of_part(problem.series, problem.split, Part::Validate, months);
    let curve = model.curve(problem, 0);
    let errors: Vec<f64> = windows
        .iter()
        .filter_map(|window| window.change_mm(problem.series, &curve))
        .map(|(observed, predicted)| (predicted - observed).abs())
        .collect();
    let width = half_width_mm(errors);
    width.is_finite().then_some(width)
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
            let problem = Problem::new(series, &split, 1).unwrap();
            let levels = problem.forecast_levels(101, 6);
            [
                Kind::OwnPast,
                Kind::LaggedRidge,
                Kind::DriverRidge,
                Kind::Physics,
            ]
            .map(|kind| Model::fit(kind, &problem).unwrap().curve(&levels, 100)[..107].to_vec())
        };
        assert_eq!(curves(&series), curves(&later));
    }
}
