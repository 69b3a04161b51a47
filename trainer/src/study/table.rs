//! The study as tables for people.

mod errors;
mod settings;

use serde::{Deserialize, Serialize};

use crate::attribution::Attribution;
use crate::spread::Spread;

use super::{Comparison, Study};

/// A table of text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// A few words.
    pub title: String,
    /// What it shows, how it was measured, and what must be known to read it.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells by row.
    pub rows: Vec<Vec<String>>,
}

/// A number with so many decimals, or a dash where there is none.
pub fn number(value: f64, decimals: usize) -> String {
    if value.is_finite() {
        format!("{value:.decimals$}")
    } else {
        "-".to_owned()
    }
}

/// What people read of a study.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The tables, from the errors to the attribution.
    pub tables: Vec<Table>,
    /// What must be said beside them, by well.
    pub sentences: Vec<String>,
}

impl Summary {
    /// Its file in the folder `study` of a run.
    pub const FILE: &str = "summary.json";
}

impl Study {
    /// What people read of the study.
    pub fn summary(&self) -> Summary {
        Summary {
            tables: self.tables(),
            sentences: self.left_out().into_iter().chain(self.verdicts()).collect(),
        }
    }

    /// The tables for people. Captions say SYNTHETIC where a well is.
    fn tables(&self) -> Vec<Table> {
        let comparisons = self.comparisons();
        let mut tables = vec![
            self.error_table(&comparisons),
            self.pair_table(&comparisons),
        ];
        tables.extend(self.chronological_table(&comparisons));
        tables.push(self.training_table());
        tables.extend(self.batch_table(&comparisons));
        tables.push(self.scaling_table(&comparisons));
        tables.push(self.protocol_table(&comparisons));
        tables.push(self.attribution_table());
        for table in &mut tables {
            if self.subjects.iter().any(|subject| subject.series.synthetic) {
                table.caption.insert_str(0, "SYNTHETIC wells. ");
            }
        }
        tables
    }

    /// What a directly measured well cannot be asked, one sentence a well.
    fn left_out(&self) -> Vec<String> {
        let said = |subject: &&super::Subject| subject.series.directly_measured;
        let sentence = |subject: &super::Subject| {
            format!(
                "{}: measured directly, so it has no floor, no batch sizes and no scenes as steps; those need ps points",
                subject.series.well
            )
        };
        self.subjects.iter().filter(said).map(sentence).collect()
    }

    /// What must be said beside the shares: by well, one sentence each.
    pub fn verdicts(&self) -> Vec<String> {
        let said = |well: &crate::attribution::WellAttribution| {
            well.verdict()
                .iter()
                .map(|sentence| format!("{}: {sentence}", well.well))
                .collect::<Vec<_>>()
        };
        self.attributions.iter().flat_map(said).collect()
    }

    fn wells(&self) -> impl Iterator<Item = String> + '_ {
        self.subjects
            .iter()
            .map(|subject| subject.series.well.clone())
    }

    fn header(&self, first: &str) -> Vec<String> {
        std::iter::once(first.to_owned())
            .chain(self.wells())
            .collect()
    }

    fn attribution_table(&self) -> Table {
        let mut rows = Vec::new();
        for well in &self.attributions {
            for attribution in &well.methods {
                let shares = attribution.spread().into_iter().zip(&well.aquifer_layers);
                let shares: Vec<String> = shares
                    .map(|(share, layer)| {
                        format!("{layer} {}", share_with_quartiles(share, attribution))
                    })
                    .collect();
                let agree = format!(
                    "{} of {}",
                    attribution.seeds_that_agree(),
                    attribution.shares.len()
                );
                rows.push(vec![
                    well.well.clone(),
                    attribution.method.title().into(),
                    shares.join("  "),
                    well.aquifer_layers[attribution.top()].clone(),
                    if attribution.shares.len() > 1 {
                        agree
                    } else {
                        "-".into()
                    },
                ]);
            }
        }
        let header = [
            "well",
            "method",
            "shares: median [quartiles]",
            "first",
            "seeds",
        ];
        let caption = "Which aquifer layer drives the ground. Attention is not an explanation; no method is reliable where levels rise and fall together. Shares over seeds; the last column says how \
                       many seeds put the same layer first."
            .to_owned();
        Table {
            title: "Attribution".into(),
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows,
        }
    }
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
}

fn millimetres(value: f64) -> String {
    if value.is_nan() {
        "-".into()
    } else {
        format!("{value:.2}")
    }
}

fn ratio(value: f64) -> String {
    if value.is_nan() {
        "-".into()
    } else {
        format!("{value:.3}")
    }
}

fn percent(value: f64) -> String {
    format!("{value:+.1} %")
}

fn quartiles(spread: Spread) -> String {
    if spread.median.is_nan() {
        "-".into()
    } else {
        format!(
            "{:.2} [{:.2}, {:.2}]",
            spread.median, spread.low, spread.high
        )
    }
}

fn range(spread: Spread) -> String {
    if spread.median.is_nan() {
        "-".into()
    } else {
        format!(
            "{:.2} ({:.2} to {:.2})",
            spread.median, spread.lowest, spread.highest
        )
    }
}

fn share_with_quartiles(spread: Spread, attribution: &Attribution) -> String {
    if attribution.shares.len() > 1 {
        format!(
            "{:.2} [{:.2}, {:.2}]",
            spread.median, spread.low, spread.high
        )
    } else {
        format!("{:.2}", spread.median)
    }
}

fn gain(comparison: &Comparison) -> String {
    let gain = comparison.gain_percent;
    if gain.mean.is_nan() {
        "-".into()
    } else {
        format!("{:+.1} % [{:+.1}, {:+.1}]", gain.mean, gain.low, gain.high)
    }
}

fn wins(comparison: &Comparison) -> String {
    format!("{} of {}", comparison.wins, comparison.pairs)
}
