//! Whether a model is worth leaving at its well.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::baseline::{Curve, PreparedWell, naive};
use crate::metric::{Score, cumulative_rmse_mm, score};
use crate::series::{DAYS_PER_MONTH, WellSeries};
use crate::split::{Part, Split};

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

impl Verdict {
    /// The verdict on rates of all months, and why, in a sentence.
    pub fn of(prepared: &PreparedWell, curve: &Curve) -> (Self, String) {
        let (series, split) = (prepared.series, prepared.split);
        if let Split::Points(_) = split {
            return (
                Self::NotJudged,
                "points were held out, not months: nothing says yet how it does in months to come; amlstm evaluate does".to_owned(),
            );
        }
        let of = |curve: &Curve| score(series, split, curve, Part::Test);
        let (trusted, climatology) = (of(curve), naive::month_climatology(prepared));
        let simple = [
            ("month climatology", of(&climatology)),
            ("no change", of(&prepared.constant(0.0))),
        ];
        if trusted.count < TEST_INCREMENTS {
            return (
                Self::NotJudged,
                format!(
                    "{} test increments, fewer than {TEST_INCREMENTS}",
                    trusted.count
                ),
            );
        }
        let better = |simple: &(&str, Score)| simple.1.rmse_mm <= trusted.rmse_mm;
        if let Some((name, simple)) = simple.iter().find(|simple| better(simple)) {
            return (
                Self::DoNotFlash,
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
            Self::Usable,
            format!(
                "error {:.2} mm in {} test months, of month climatology {:.2} mm{drift}",
                trusted.rmse_mm, trusted.count, simple[0].1.rmse_mm
            ),
        )
    }
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

/// How long the test part is.
fn test_years(series: &WellSeries, split: &Split) -> f64 {
    let intervals = series.intervals.iter().enumerate();
    let days = intervals
        .filter(|(i, _)| split.part(0, *i) == Part::Test)
        .map(|(_, interval)| interval.days);
    days.sum::<f64>() / DAYS_PER_MONTH / 12.0
}
