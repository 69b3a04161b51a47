//! What a model file says about its fit, for people: how it was judged, which estimate is to be trusted and why, what a careful colleague would look at, and
//! whether it is worth leaving at the well.
//!
//! The notes go into the model file as JSON ([`amlstm_core::artifact::Tag::FIT`]). No estimate depends on them.

use std::fmt;

use amlstm_core::artifact::ModelFile;
use amlstm_core::basis::{COLUMNS, TAU_YEARS};
use amlstm_core::estimate::Primary;
use amlstm_core::month::Month;
use serde::{Deserialize, Serialize};

use crate::baseline::{Curve, PhysicsFit, Problem, naive};
use crate::config::month_text;
use crate::evaluate::{Choice, errors_mm};
use crate::export::FittedPhysics;
use crate::metric::{Score, Simulation, cumulative_rmse_mm, score};
use crate::physics::{Weights, basis};
use crate::series::{DAYS_PER_MONTH, WellSeries};
use crate::split::{Part, Split};
use crate::spread::correlation;

/// Share of the compaction by physics that may come from beds slower than the record is long.
const SLOW_SHARE: f64 = 0.5;
/// Correlation of successive errors that is looked at, if it is not chance.
const CORRELATION: f64 = 0.3;
/// Share of the test months that the 90 % interval should hold.
const COVERAGE: std::ops::RangeInclusive<f64> = 0.85..=0.97;
/// Range of a layer's level over that of the layer with the largest one, below which it is odd that the layer drives the ground.
const SMALL_RANGE: f64 = 0.1;
/// Fewest test increments that carry a verdict: a year.
const TEST_INCREMENTS: usize = 12;

/// Whether a model is worth leaving at its well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// On unseen months it beats what needs no model.
    Usable,
    /// It was not tried on enough unseen months.
    NotJudged,
    /// On unseen months it is no better than what needs no model.
    DoNotFlash,
}

/// The verdict in words.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(match self {
            Self::Usable => "usable",
            Self::NotJudged => "not judged",
            Self::DoNotFlash => "do not flash",
        })
    }
}

/// The name of an estimate for people.
pub fn title(primary: Primary) -> &'static str {
    match primary {
        Primary::Network => "the network",
        Primary::Physics => "physics",
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// What was found, in words.
    pub finding: String,
    /// Nothing to worry about.
    pub is_fine: bool,
}

/// Months that judged a model; the parts of a split by points share theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// Last month of the training part.
    #[serde(with = "month_text")]
    pub trained_until: Month,
    /// Last month of the validation part.
    #[serde(with = "month_text")]
    pub validated_until: Month,
    /// Last month of the test part.
    #[serde(with = "month_text")]
    pub tested_until: Month,
}

/// What a model file says about its fit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FitNotes {
    /// The scores are of weights that were fitted to the training and validation parts. The file's own weights are those where this is false, otherwise ones
    /// fitted in the same way to everything observed.
    pub is_refitted: bool,
    /// The months that the scores are of.
    pub judged: Judged,
    /// The estimate to be trusted.
    pub primary: Primary,
    /// Why.
    pub reason: String,
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Whether it is worth leaving at the well.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub verdict_reason: String,
}

/// What the notes are made from.
#[derive(Clone, Copy)]
pub struct Fit<'a> {
    /// The well with its split.
    pub problem: &'a Problem<'a>,
    /// Physics, where there is one.
    pub physics: Option<&'a FittedPhysics>,
    /// The model file that was scored, of the network alone.
    pub network: &'a ModelFile<'a>,
    /// Half the width of its 90 % interval in mm; NaN where there is none.
    pub network_half_width_mm: f64,
    /// The estimate to be trusted.
    pub choice: &'a Choice,
}

impl FitNotes {
    /// Looks at a fit.
    pub fn new(fit: &Fit, is_refitted: bool) -> Self {
        let series = fit.problem.series;
        let (curve, half_width_mm) = fit.trusted();
        let mut checks = Vec::new();
        if matches!(fit.problem.split, Split::Time(_)) {
            let errors = errors_mm(series, fit.problem.split, &curve, Part::Test);
            let errors: Vec<f64> = errors.into_iter().flatten().collect();
            checks.extend(coverage(&errors, half_width_mm));
            checks.extend(successive(&errors));
            checks.push(fit.lost_layers(&curve));
        }
        if let Some(physics) = fit.physics {
            let basis = basis(fit.problem.level_m());
            let observed = fit.problem.observed_rows();
            let rows = basis.rows(observed.start, observed.len()).into_owned();
            checks.push(memory(&physics.weights, &rows));
            checks.push(bounds(series, &physics.weights));
            checks.push(layers(fit.problem, &physics.weights.layer_shares(&rows)));
        }
        let (verdict, verdict_reason) = verdict(fit, &curve);
        Self {
            is_refitted,
            judged: judged(series, fit.problem.split),
            primary: fit.choice.primary,
            reason: fit.choice.reason.clone(),
            checks,
            verdict,
            verdict_reason,
        }
    }

    /// The notes of a model file; nothing where it has none that this program understands.
    pub fn of(file: &ModelFile) -> Option<Self> {
        serde_json::from_slice(file.fit()?).ok()
    }

    /// As they go into a model file.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Fit<'_> {
    /// The estimate to be trusted as it was scored: its rates, and half the width of its interval.
    fn trusted(&self) -> (Curve, f64) {
        match (self.choice.primary, self.physics) {
            (Primary::Physics, Some(physics)) => (
                PhysicsFit(physics.weights.clone()).curve(self.problem),
                physics.interval_half_width_mm,
            ),
            _ => (
                Simulation::new(self.network, self.problem.series).curve(),
                self.network_half_width_mm,
            ),
        }
    }

    /// What the estimate to be trusted is worth where a layer's transducer is dead throughout the test months.
    fn lost_layers(&self, curve: &Curve) -> Check {
        let (series, split) = (self.problem.series, self.problem.split);
        let first_unseen = self.problem.test_steps().start + 1;
        let rmse_mm = |curve: &Curve| score(series, split, curve, Part::Test).rmse_mm;
        let without = |layer: usize| {
            let mut level_m = series.level_m.clone();
            for levels in &mut level_m[first_unseen..] {
                levels[layer] = None;
            }
            match (self.choice.primary, self.physics) {
                (Primary::Physics, Some(physics)) => {
                    let increments = physics.weights.simulate(&level_m).into_iter();
                    increments.map(|mm| mm.map(f64::from)).collect()
                }
                _ => Simulation::of(self.network, &series.months, &level_m).curve(),
            }
        };
        let listed: Vec<String> = (series.aquifer_layers.iter().enumerate())
            .map(|(layer, name)| format!("{name} {:.2}", rmse_mm(&without(layer))))
            .collect();
        Check {
            name: "a dead transducer".to_owned(),
            finding: format!(
                "test error without the level of {} mm; {:.2} mm with all",
                listed.join(", "),
                rmse_mm(curve)
            ),
            is_fine: true,
        }
    }
}

fn judged(series: &WellSeries, split: &Split) -> Judged {
    let last = |part| {
        let of_part =
            |i: &usize| (0..series.points.len()).any(|point| split.part(point, *i) == part);
        let last = (0..series.intervals.len()).rev().find(of_part);
        let step = last.map_or(0, |last| series.intervals[last].to);
        series.months[step]
    };
    Judged {
        trained_until: last(Part::Train),
        validated_until: last(Part::Validate),
        tested_until: last(Part::Test),
    }
}

fn coverage(errors_mm: &[f64], half_width_mm: f64) -> Option<Check> {
    if errors_mm.is_empty() || half_width_mm.is_nan() {
        return None;
    }
    let inside = errors_mm
        .iter()
        .filter(|error| error.abs() <= half_width_mm);
    let (inside, count) = (inside.count(), errors_mm.len());
    Some(Check {
        name: "interval".to_owned(),
        finding: format!(
            "{inside} of {count} test months lie within the 90 % interval of +- {half_width_mm:.2} mm"
        ),
        is_fine: COVERAGE.contains(&(inside as f64 / count as f64)),
    })
}

fn successive(errors_mm: &[f64]) -> Option<Check> {
    let pairs: Vec<(f64, f64)> = errors_mm
        .windows(2)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    let correlation = correlation(&pairs)?;
    // Beyond chance at about 5 % (Bartlett).
    let by_chance = 2.0 / (pairs.len() as f64).sqrt();
    Some(Check {
        name: "errors of successive months".to_owned(),
        finding: format!(
            "correlation {correlation:.2}; where it is high, errors add up in the cumulative subsidence"
        ),
        is_fine: correlation < CORRELATION.max(by_chance),
    })
}

fn memory(weights: &Weights, rows: &nalgebra::DMatrix<f64>) -> Check {
    let years = rows.nrows() as f64 / 12.0;
    let total = rows.row_sum();
    let columns = total.as_slice().as_chunks::<COLUMNS>().0;
    let (mut slow, mut all) = (0.0, 0.0);
    for (columns, weights) in columns.iter().zip(&weights.layers) {
        for (column, (x, weight)) in columns.iter().zip(weights).enumerate() {
            let mm = (x * f64::from(*weight)).max(0.0);
            all += mm;
            let tau = column.checked_sub(COLUMNS - TAU_YEARS.len());
            if tau.is_some_and(|tau| f64::from(TAU_YEARS[tau]) > years) {
                slow += mm;
            }
        }
    }
    let share = if all > 0.0 { slow / all } else { 0.0 };
    Check {
        name: "memory against record".to_owned(),
        finding: format!(
            "{:.0} % of the compaction by physics is of beds slower than the record of {years:.1} years is long; what these still owe is a guess",
            100.0 * share
        ),
        is_fine: share <= SLOW_SHARE,
    }
}

fn bounds(series: &WellSeries, weights: &Weights) -> Check {
    let all = weights.layers.as_flattened();
    let zeros = all.iter().filter(|weight| **weight == 0.0).count();
    let of_layers = series.aquifer_layers.iter().zip(&weights.layers);
    let without: Vec<&str> = of_layers
        .filter(|(_, weights)| weights.iter().all(|weight| *weight == 0.0))
        .map(|(layer, _)| layer.as_str())
        .collect();
    let layers = if without.is_empty() {
        "every layer has some".to_owned()
    } else {
        format!("none left for {}", without.join(", "))
    };
    Check {
        name: "weights at zero".to_owned(),
        finding: format!("{zeros} of {} weights of physics; {layers}", all.len()),
        is_fine: without.is_empty(),
    }
}

fn layers(problem: &Problem, shares: &[f64]) -> Check {
    let names = &problem.series.aquifer_layers;
    let range_m = |layer: usize| {
        let of_layer = || problem.level_m().iter().map(|levels| levels[layer]);
        of_layer().fold(f64::NEG_INFINITY, f64::max) - of_layer().fold(f64::INFINITY, f64::min)
    };
    let largest_m = (0..names.len()).map(range_m).fold(0.0, f64::max);
    let listed: Vec<String> = names
        .iter()
        .zip(shares)
        .map(|(name, share)| format!("{name} {share:.2}"))
        .collect();
    let main = (0..names.len()).max_by(|a, b| shares[*a].total_cmp(&shares[*b]));
    let is_odd =
        main.is_some_and(|main| shares[main] > 0.0 && range_m(main) < SMALL_RANGE * largest_m);
    let odd = if is_odd {
        "; odd: the level of the layer with the largest share hardly moves"
    } else {
        ""
    };
    Check {
        name: "layers".to_owned(),
        finding: format!(
            "shares of the compaction by physics: {}{odd}",
            listed.join(", ")
        ),
        is_fine: !is_odd,
    }
}

fn verdict(fit: &Fit, curve: &Curve) -> (Verdict, String) {
    let (problem, series) = (fit.problem, fit.problem.series);
    let split = problem.split;
    if let Split::Points(_) = split {
        return (
            Verdict::NotJudged,
            "points were held out, not months: nothing says yet how it does in months to come; amlstm evaluate does".to_owned(),
        );
    }
    let of = |curve: &Curve| score(series, split, curve, Part::Test);
    let (trusted, climatology) = (of(curve), naive::month_climatology(problem));
    let simple = [
        ("month climatology", of(&climatology)),
        ("no change", of(&problem.constant(0.0))),
    ];
    if trusted.count < TEST_INCREMENTS {
        return (
            Verdict::NotJudged,
            format!(
                "{} test increments, fewer than {TEST_INCREMENTS}",
                trusted.count
            ),
        );
    }
    let better = |simple: &(&str, Score)| simple.1.rmse_mm <= trusted.rmse_mm;
    if let Some((name, simple)) = simple.iter().find(|simple| better(simple)) {
        return (
            Verdict::DoNotFlash,
            format!(
                "no better than {name} in {} test months: {:.2} against {:.2} mm",
                trusted.count, trusted.rmse_mm, simple.rmse_mm
            ),
        );
    }
    let cumulative = |curve: &Curve| cumulative_rmse_mm(series, split, curve);
    let drift = match (cumulative(curve), cumulative(&climatology)) {
        (Some(trusted), Some(climatology)) => format!(
            "; cumulative over {:.1} years {trusted:.1} against {climatology:.1} mm{}",
            test_years(series, split),
            if trusted > climatology {
                ": trust months, not sums"
            } else {
                ""
            }
        ),
        _ => String::new(),
    };
    (
        Verdict::Usable,
        format!(
            "error {:.2} mm in {} test months, of month climatology {:.2} mm{drift}",
            trusted.rmse_mm, trusted.count, simple[0].1.rmse_mm
        ),
    )
}

fn test_years(series: &WellSeries, split: &Split) -> f64 {
    let intervals = series.intervals.iter().enumerate();
    let days = intervals
        .filter(|(i, _)| split.part(0, *i) == Part::Test)
        .map(|(_, interval)| interval.days);
    days.sum::<f64>() / DAYS_PER_MONTH / 12.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example::{levels, well};
    use crate::config::Config;
    use crate::export::{Beside, model_file};
    use crate::train::train_well;

    /// Ten years of beds with noise of half a millimetre; the last three years test.
    fn noisy_beds() -> WellSeries {
        let levels = levels();
        let basis = basis(&levels);
        let noise = |t: usize| 0.5 * ((t * 7919 % 101) as f64 / 50.0 - 1.0);
        well(&levels, |t| {
            8.0 * basis[(t, 4)] + 3.0 * basis[(t, 9)] + noise(t)
        })
    }

    fn split(series: &WellSeries) -> Split {
        let part = |to| match to {
            ..60 => Part::Train,
            60..84 => Part::Validate,
            _ => Part::Test,
        };
        let parts = series.intervals.iter().map(|interval| part(interval.to));
        Split::Time(parts.collect())
    }

    fn notes_of(series: &WellSeries, split: &Split) -> FitNotes {
        let mut config = Config::default();
        config.training.epochs = 1;
        let trained = train_well(series, split, &config, 1).unwrap();
        let bytes = model_file(&trained, series, split, 1, Beside::default()).unwrap();
        let problem = Problem::new(series, split, 1).unwrap();
        let physics = FittedPhysics::new(&problem).unwrap();
        let fit = Fit {
            problem: &problem,
            physics: Some(&physics),
            network: &ModelFile::parse(&bytes).unwrap(),
            network_half_width_mm: f64::NAN,
            choice: &Choice {
                primary: Primary::Physics,
                reason: "for the test".to_owned(),
            },
        };
        FitNotes::new(&fit, true)
    }

    #[test]
    fn a_model_that_beats_what_needs_none_is_usable_and_its_checks_say_what_was_found() {
        let series = noisy_beds();
        let notes = notes_of(&series, &split(&series));
        assert_eq!(notes.verdict, Verdict::Usable, "{}", notes.verdict_reason);
        assert_eq!(notes.judged.tested_until, *series.months.last().unwrap());
        let check = |name: &str| {
            notes
                .checks
                .iter()
                .find(|check| check.name == name)
                .unwrap()
        };
        assert!(check("interval").finding.contains("of 36 test months"));
        assert!(check("layers").finding.contains("upper 0."));
        let lost = &check("a dead transducer").finding;
        let numbers: Vec<f64> = lost
            .split([' ', ','])
            .filter_map(|word| word.parse().ok())
            .collect();
        // Upper, lower, with all: a lost layer costs.
        assert!(numbers[0] > numbers[2] && numbers[1] > numbers[2], "{lost}");
        let again: FitNotes = serde_json::from_slice(&notes.to_json()).unwrap();
        assert_eq!(again, notes);
    }

    #[test]
    fn a_model_no_better_than_the_season_is_not_to_be_flashed() {
        // The ground follows the calendar, whatever the levels do.
        let series = well(&levels(), |t| {
            2.0 * (t as f64 * std::f64::consts::TAU / 12.0).sin()
        });
        let notes = notes_of(&series, &split(&series));
        assert_eq!(notes.verdict, Verdict::DoNotFlash);
        assert!(
            notes
                .verdict_reason
                .starts_with("no better than month climatology in 36"),
            "{}",
            notes.verdict_reason
        );
    }

    #[test]
    fn points_held_out_are_no_verdict_on_months_to_come() {
        let mut series = noisy_beds();
        series.directly_measured = false;
        let point = series.points[0].clone();
        series.points.extend([point.clone(), point]);
        let split = Split::Points(vec![Part::Train, Part::Validate, Part::Test]);
        let notes = notes_of(&series, &split);
        assert_eq!(notes.verdict, Verdict::NotJudged);
        assert!(notes.checks.iter().all(|check| check.name != "interval"));
    }

    #[test]
    fn successive_errors_that_drift_are_pointed_out() {
        let drift: Vec<f64> = (0..40).map(|month| f64::from(month) * 0.1 - 2.0).collect();
        assert!(!successive(&drift).unwrap().is_fine);
        let noise: Vec<f64> = (0..40)
            .map(|month| f64::from(month * 7919 % 101) / 50.0)
            .collect();
        assert!(successive(&noise).unwrap().is_fine);
        assert_eq!(coverage(&[1.0, 2.0], f64::NAN), None);
        assert!(!coverage(&[1.0, 3.0], 2.0).unwrap().is_fine);
    }
}
