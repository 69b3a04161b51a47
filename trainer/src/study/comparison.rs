//! LSTM against AM-LSTM under one setting at one well, and what the paper reports.

use crate::config::NetworkKind;
use crate::spread::{PairedMean, Spread};

use super::{NETWORKS, Run, Scored, Setting, Study};

/// Test RMSE in mm of LSTM and AM-LSTM at the paper's wells (Cao et al. 2022, Table 3).
pub const PAPER_TABLE_3: [(&str, [f64; 2]); 6] = [
    ("A", [2.23, 1.75]),
    ("B", [1.20, 1.10]),
    ("C", [2.62, 2.31]),
    ("D", [1.65, 1.49]),
    ("E", [0.38, 0.35]),
    ("F", [1.38, 1.23]),
];

/// Test RMSE in mm of the AM-LSTM with batch 8, 16, 32, 64 and 128 at two of the paper's wells (Cao et al. 2022, Table 2).
pub const PAPER_TABLE_2: [(&str, [f64; 5]); 2] = [
    ("A", [1.75, 2.46, 2.47, 3.60, 4.22]),
    ("C", [2.31, 2.99, 2.75, 4.02, 5.71]),
];

/// The paper's LSTM and AM-LSTM at a synthetic well that stands for one of its own.
pub fn paper_table_3(series: &crate::series::WellSeries) -> Option<[f64; 2]> {
    let paper = PAPER_TABLE_3
        .iter()
        .find(|(well, _)| *well == series.well)?;
    series.synthetic.then_some(paper.1)
}

/// Both networks over the same seeds.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Index of the well.
    pub well: usize,
    /// In what the trainings differ from the configured one.
    pub setting: Setting,
    /// Test RMSE of LSTM and AM-LSTM, mm per month.
    pub rmse_mm: [Spread; 2],
    /// Test RMSE over the same split's floor, LSTM and AM-LSTM; NaN when months are held out.
    pub over_floor: [Spread; 2],
    /// How much lower the AM-LSTM's test RMSE is, in percent of the LSTM's, paired by seed; positive means the AM-LSTM is better.
    pub gain_percent: PairedMean,
    /// Seeds with which the AM-LSTM was better.
    pub wins: usize,
    /// Seeds with which neither diverged.
    pub pairs: usize,
    /// Trainings that diverged, LSTM and AM-LSTM.
    pub diverged: [usize; 2],
}

impl Comparison {
    /// What the interval of the gain allows one to say.
    pub fn verdict(&self) -> &'static str {
        match self.gain_percent.excludes_zero() {
            true if self.gain_percent.mean > 0.0 => "AM-LSTM better",
            true => "LSTM better",
            false => "no difference shown",
        }
    }
}

impl Study {
    /// One comparison for each well and setting, in the order of the runs.
    pub fn comparisons(&self) -> Vec<Comparison> {
        let mut comparisons: Vec<Comparison> = Vec::new();
        for run in &self.runs {
            if comparisons
                .last()
                .is_none_or(|last| (last.well, last.setting) != (run.well, run.setting))
            {
                comparisons.push(self.comparison(run.well, run.setting));
            }
        }
        comparisons
    }

    fn comparison(&self, well: usize, setting: Setting) -> Comparison {
        let runs = |network: NetworkKind| -> Vec<&Run> {
            self.runs
                .iter()
                .filter(|run| (run.well, run.setting, run.network) == (well, setting, network))
                .collect()
        };
        let both = NETWORKS.map(runs);
        let pairs: Vec<[f64; 2]> = both[0]
            .iter()
            .zip(&both[1])
            .filter_map(|(lstm, am_lstm)| {
                Some([lstm.scored()?.test.rmse_mm, am_lstm.scored()?.test.rmse_mm])
            })
            .collect();
        let gains: Vec<f64> = pairs
            .iter()
            .map(|[lstm, am_lstm]| 100.0 * (lstm - am_lstm) / lstm)
            .collect();
        let spread = |value: fn(&Scored) -> f64| {
            [0, 1].map(|i: usize| {
                Spread::of(both[i].iter().filter_map(|run| run.scored().map(value)))
            })
        };
        Comparison {
            well,
            setting,
            rmse_mm: spread(|scored| scored.test.rmse_mm),
            over_floor: spread(|scored| scored.test.rmse_mm / scored.floor_rmse_mm),
            gain_percent: PairedMean::of(&gains),
            wins: gains.iter().filter(|gain| **gain > 0.0).count(),
            pairs: pairs.len(),
            diverged: [0, 1]
                .map(|i: usize| both[i].iter().filter(|run| run.scored().is_none()).count()),
        }
    }
}
