//! An evaluation as tables for people.

use amlstm_core::cumulative_interval::HORIZON_MONTHS;

use super::{Evaluation, Horizon, Row};
use crate::study::{Summary, Table, number};

impl Evaluation {
    /// What the test months say, and what holds further ahead.
    pub fn tables(&self) -> [Table; 2] {
        let well = if self.synthetic {
            format!("{} (SYNTHETIC)", self.well)
        } else {
            self.well.clone()
        };
        [
            Table {
                title: format!("{well}: unseen months"),
                caption: format!(
                    "{} test increments with levels known to the month (simulation), mm; cumulative: free-run error over that of month climatology; ratio: \
                     increment error over that of the estimate to be trusted, with its 90 % interval. Networks: median over seeds and range. Trusted: {}, {}.",
                    self.increments,
                    self.primary.title(),
                    self.reason
                ),
                header: ["model", "RMSE", "range", "R2", "cumulative", "ratio"]
                    .map(String::from)
                    .to_vec(),
                rows: self.rows.iter().map(of_months).collect(),
            },
            Table {
                title: format!("{well}: further ahead"),
                caption: "RMSE of the change of the ground over so many months, mm: simulation / forecast of the levels by the mean changes of their calendar \
                          months; half width of the 90 % interval and, in brackets, the share of the test windows within it."
                    .to_owned(),
                header: ["model".to_owned()]
                    .into_iter()
                    .chain(HORIZON_MONTHS.map(|months| format!("{months} mo")))
                    .collect(),
                rows: (self.rows.iter())
                    .map(|row| {
                        let model = row.model.title().to_owned();
                        let cells = row.horizons.iter().map(of_horizon);
                        [model].into_iter().chain(cells).collect()
                    })
                    .collect(),
            },
        ]
    }
}

/// What people read of the evaluation of several wells.
pub fn summary(evaluations: &[Evaluation]) -> Summary {
    Summary {
        tables: evaluations.iter().flat_map(Evaluation::tables).collect(),
        sentences: Vec::new(),
    }
}

fn of_months(row: &Row) -> Vec<String> {
    let range = if row.model.is_seeded() {
        format!(
            "{} to {}",
            number(row.rmse_mm.low, 2),
            number(row.rmse_mm.high, 2)
        )
    } else {
        String::new()
    };
    let ratio = row.ratio_to_primary.map_or_else(String::new, |ratio| {
        format!("{:.2} [{:.2}, {:.2}]", ratio.ratio, ratio.low, ratio.high)
    });
    vec![
        row.model.title().to_owned(),
        number(row.rmse_mm.median, 2),
        range,
        number(row.r2.median, 2),
        number(row.cumulative_ratio, 2),
        ratio,
    ]
}

fn of_horizon(horizon: &Horizon) -> String {
    let errors = format!(
        "{} / {}",
        number(horizon.simulation_rmse_mm.median, 1),
        number(horizon.forecast_rmse_mm.median, 1)
    );
    match horizon.half_width_mm.zip(horizon.coverage) {
        Some((width, coverage)) => format!("{errors}; {width:.1} ({:.0} %)", 100.0 * coverage),
        None => errors,
    }
}
