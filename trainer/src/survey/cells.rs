//! The cells of a survey's tables as people read them: `amlstm check` prints them and the report shows them.

use amlstm_core::month_mean::MonthRule;

use super::{GroundSurvey, LayerSurvey};

/// A column: its name, and whether it is of numbers.
pub type Column = (&'static str, bool);

/// Columns of [`LayerSurvey::as_read`].
pub const AS_READ: [Column; 8] = [
    ("layer", false),
    ("from to", false),
    ("count", true),
    ("months", true),
    ("missing", true),
    ("longest gap", true),
    ("days read", true),
    ("left out", false),
];

/// Columns of [`LayerSurvey::values`], m, up positive.
pub const VALUES: [Column; 4] = [
    ("layer", false),
    ("lowest", false),
    ("highest", false),
    ("largest step", false),
];

/// Columns of [`GroundSurvey::movement`], mm, sinking positive.
pub const MOVEMENT: [Column; 8] = [
    ("from to", false),
    ("first", true),
    ("last", true),
    ("least", true),
    ("most", true),
    ("per year", true),
    ("", false),
    ("largest change", false),
];

/// Columns of [`GroundSurvey::its_use`].
pub const USE: [Column; 7] = [
    ("kind", false),
    ("points", true),
    ("observations", true),
    ("outside levels", true),
    ("increments used", true),
    ("lost", true),
    ("left out", false),
];

impl LayerSurvey {
    /// How much there is of it.
    pub fn as_read(&self) -> [String; AS_READ.len()] {
        let days_read = format!("{:.0} %", 100.0 * self.days_share);
        [
            self.layer.clone(),
            format!("{} {}", self.first, self.last),
            self.readings.to_string(),
            self.months.to_string(),
            self.missing_months.to_string(),
            format!("{} d", self.longest_gap_days),
            match self.month_rule {
                MonthRule::AnyDay => days_read,
                MonthRule::MostDays => format!("{days_read}, 80 wanted"),
            },
            self.left_out.clone(),
        ]
    }

    /// What its values are.
    pub fn values(&self) -> [String; VALUES.len()] {
        let step_on = self.largest_step_on.map_or_else(String::new, |day| {
            let shared = if self.step_is_shared {
                ", all layers"
            } else {
                ""
            };
            format!(" on {day}{shared}")
        });
        [
            self.layer.clone(),
            format!("{:.2} on {}", self.lowest_m, self.lowest_on),
            format!("{:.2} on {}", self.highest_m, self.highest_on),
            format!("{:+.2}{step_on}", self.largest_step_m),
        ]
    }
}

impl GroundSurvey {
    /// What the ground did.
    pub fn movement(&self) -> [String; MOVEMENT.len()] {
        [
            format!("{} {}", self.first, self.last),
            format!("{:.1}", self.first_mm),
            format!("{:.1}", self.last_mm),
            format!("{:.1}", self.lowest_mm),
            format!("{:.1}", self.highest_mm),
            format!("{:+.1}", self.mm_per_year),
            self.verdict.to_string(),
            match self.largest_change_on {
                Some(day) => format!("{:+.1} on {day}", self.largest_change_mm),
                None => format!("{:+.1}", self.largest_change_mm),
            },
        ]
    }

    /// What training makes of it.
    pub fn its_use(&self) -> [String; USE.len()] {
        [
            self.kind.clone(),
            self.points.to_string(),
            self.observations.to_string(),
            self.outside_levels.to_string(),
            self.increments_used.to_string(),
            self.increments_lost.to_string(),
            self.left_out.clone(),
        ]
    }
}
