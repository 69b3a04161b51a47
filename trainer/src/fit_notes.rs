//! What a model file says about its fit, for people: how it was judged, which estimate is to be trusted and why, what a careful colleague would look at, and
//! whether it is worth leaving at the well.
//!
//! The notes go into the model file as JSON ([`amlstm_core::artifact::Tag::FIT`]). No estimate depends on them.

mod check;
mod verdict;

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimate::Primary;
use amlstm_core::month::Month;
use serde::{Deserialize, Serialize};

pub use self::check::Check;
pub use self::verdict::Verdict;
use crate::baseline::{Curve, PreparedWell};
use crate::choice::{Choice, errors_mm};
use crate::config::month_text;
use crate::fitted_physics::FittedPhysics;
use crate::metric::{Simulation, score};
use crate::series::WellSeries;
use crate::split::{Part, Split};

/// The name of an estimate for people.
pub fn title(primary: Primary) -> &'static str {
    match primary {
        Primary::Network => "the network",
        Primary::Physics => "physics",
    }
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
    pub prepared: &'a PreparedWell<'a>,
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
        let series = fit.prepared.series;
        let (curve, half_width_mm) = fit.trusted();
        let mut checks = Vec::new();
        if matches!(fit.prepared.split, Split::Time(_)) {
            let errors = errors_mm(series, fit.prepared.split, &curve, Part::Test);
            let errors: Vec<f64> = errors.into_iter().flatten().collect();
            checks.extend(check::coverage(&errors, half_width_mm));
            checks.extend(check::successive(&errors));
            checks.push(fit.lost_layers());
        }
        if let Some(physics) = fit.physics {
            checks.push(check::bridges(series, &physics.fit.bridges));
            checks.extend(check::of_physics(fit.prepared, &physics.fit.weights));
        }
        let (verdict, verdict_reason) = Verdict::of(fit.prepared, &curve);
        Self {
            is_refitted,
            judged: judged(series, fit.prepared.split),
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
                physics.fit.curve(self.prepared),
                physics.interval_half_width_mm,
            ),
            _ => (
                Simulation::new(self.network, self.prepared.series).curve(),
                self.network_half_width_mm,
            ),
        }
    }

    /// What the estimates are worth where a layer's transducer is dead throughout the test months, the one to be trusted first.
    fn lost_layers(&self) -> Check {
        let with_all = &self.prepared.series.level_m;
        let of = |primary: Primary| -> Option<String> {
            let layers = self.prepared.series.aquifer_layers.iter().enumerate();
            let of_layers: Option<Vec<String>> = layers
                .map(|(layer, name)| {
                    Some(format!(
                        "{name} {}",
                        self.error(primary, &self.without(layer))?
                    ))
                })
                .collect();
            Some(format!(
                "{}: {} mm; {} mm with all",
                title(primary),
                of_layers?.join(", "),
                self.error(primary, with_all)?
            ))
        };
        let other = match self.choice.primary {
            Primary::Network => Primary::Physics,
            Primary::Physics => Primary::Network,
        };
        let findings = [self.choice.primary, other].into_iter().filter_map(of);
        let findings: Vec<String> = findings.collect();
        Check {
            name: "a dead transducer".to_owned(),
            finding: format!(
                "test error without the level of a layer by {}",
                findings.join("; by ")
            ),
            is_fine: true,
        }
    }

    /// The well's levels without those of a layer in the test months.
    fn without(&self, layer: usize) -> Vec<Vec<Option<f32>>> {
        let mut level_m = self.prepared.series.level_m.clone();
        for levels in &mut level_m[self.prepared.test_steps().start + 1..] {
            levels[layer] = None;
        }
        level_m
    }

    /// The test error of an estimate under these levels in mm, and beside it that of physics if it held missing levels instead of taking them from the others.
    fn error(&self, primary: Primary, level_m: &[Vec<Option<f32>>]) -> Option<String> {
        let error = format!(
            "{:.2}",
            self.test_rmse_mm(&self.simulated(primary, level_m)?)
        );
        let fit = self.physics.map(|physics| &physics.fit);
        let Some(fit) = fit.filter(|_| primary == Primary::Physics) else {
            return Some(error);
        };
        let held = self.test_rmse_mm(&as_curve(fit.weights.simulate(level_m)));
        let held = format!("{held:.2}");
        Some(if held == error {
            error
        } else {
            format!("{error} (held {held})")
        })
    }

    /// Rates of an estimate as it was scored, under other levels of the months; nothing of physics where there is none.
    fn simulated(&self, primary: Primary, level_m: &[Vec<Option<f32>>]) -> Option<Curve> {
        let months = &self.prepared.series.months;
        match primary {
            Primary::Network => Some(Simulation::of(self.network, months, level_m).curve()),
            Primary::Physics => {
                let physics = self.physics?;
                Some(as_curve(physics.fit.simulate(months, level_m)))
            }
        }
    }

    fn test_rmse_mm(&self, curve: &Curve) -> f64 {
        score(self.prepared.series, self.prepared.split, curve, Part::Test).rmse_mm
    }
}

fn as_curve(increments: Vec<Option<f32>>) -> Curve {
    let increments = increments.into_iter();
    increments.map(|mm| mm.map(f64::from)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::PhysicsFit;
    use crate::baseline::example::{levels, well};
    use crate::config::Config;
    use crate::export::{Beside, model_file};
    use crate::physics::basis;
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
        let prepared = PreparedWell::new(series, split, 1).unwrap();
        let physics = FittedPhysics::new(&prepared, &PhysicsFit::new(&prepared)).unwrap();
        let fit = Fit {
            prepared: &prepared,
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
}
