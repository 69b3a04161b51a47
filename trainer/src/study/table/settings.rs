//! What other batch sizes, scalings of the levels and protocols change, and how the networks learn.

use crate::spread::Spread;

use super::{Table, gain, millimetres, row, wins};
use crate::study::{BATCHES, Comparison, NETWORKS, PAPER_TABLE_2, Run, Scored, Setting, Study};
use crate::train::Epoch;

/// Epochs at which the training curves are shown.
const EPOCHS: [usize; 8] = [1, 2, 5, 10, 20, 50, 100, 200];

impl Study {
    /// How the networks learn, of the paper's Fig. 7 what a table can hold.
    pub(super) fn training_table(&self) -> Table {
        let mut rows = Vec::new();
        let mut last = 0;
        for (well, subject) in self.subjects.iter().enumerate() {
            for network in NETWORKS {
                let configured = |run: &&Run| {
                    (run.well, run.setting, run.network) == (well, Setting::Configured, network)
                };
                let scored: Vec<&Scored> = self
                    .runs
                    .iter()
                    .filter(configured)
                    .filter_map(Run::scored)
                    .collect();
                last = scored
                    .iter()
                    .map(|scored| scored.epochs.len())
                    .fold(last, usize::max);
                let rmse = |epoch: usize, of: fn(&Epoch) -> f64| {
                    let at = |scored: &&Scored| scored.epochs.get(epoch - 1).map(of);
                    millimetres(Spread::of(scored.iter().filter_map(at)).median)
                };
                let curve = EPOCHS.map(|epoch| {
                    let train = rmse(epoch, |epoch| epoch.train_rmse_mm);
                    format!("{train} / {}", rmse(epoch, |epoch| epoch.validate_rmse_mm))
                });
                let Spread {
                    low, median, high, ..
                } = Spread::of(scored.iter().map(|scored| scored.best_epoch as f64));
                let kept = format!("{median:.0} [{low:.0}, {high:.0}]");
                let names = [subject.series.well.clone(), network.title().into()];
                rows.push(names.into_iter().chain([kept]).chain(curve).collect());
            }
        }
        let shown = EPOCHS.iter().filter(|epoch| **epoch <= last).count();
        let header = ["well", "network", "kept epoch"].map(str::to_owned);
        let epochs = EPOCHS.map(|epoch| format!("epoch {epoch}"));
        for row in &mut rows {
            Vec::truncate(row, header.len() + shown);
        }
        Table {
            title: "Training curves".into(),
            caption: "RMSE on the training part / on the validation part after some epochs, mm per month, median over seeds, and the epoch that was kept: median [quartiles]. \
                      All epochs of all seeds stand in epochs.csv."
                .into(),
            header: header.into_iter().chain(epochs.into_iter().take(shown)).collect(),
            rows,
        }
    }

    /// The batch sweep; `None` if no well has more than one point.
    pub(super) fn batch_table(&self, comparisons: &[Comparison]) -> Option<Table> {
        let mut rows = Vec::new();
        for (well, subject) in self.subjects.iter().enumerate() {
            let sweep: Vec<&Comparison> = comparisons
                .iter()
                .filter(|comparison| {
                    comparison.well == well && matches!(comparison.setting, Setting::Batch(_))
                })
                .collect();
            if sweep.is_empty() {
                continue;
            }
            for (i, network) in NETWORKS.iter().enumerate() {
                let cells = sweep
                    .iter()
                    .map(|comparison| millimetres(comparison.rmse_mm[i].median));
                rows.push(row(
                    &format!("{} {}", subject.series.well, network.title()),
                    cells,
                ));
            }
            if let Some((_, paper)) = PAPER_TABLE_2
                .iter()
                .find(|(name, _)| subject.series.synthetic && *name == subject.series.well)
            {
                rows.push(row(
                    &format!("{} paper's AM-LSTM", subject.series.well),
                    paper.iter().map(|rmse| millimetres(*rmse)),
                ));
            }
        }
        let header = std::iter::once("well, network".to_owned())
            .chain(BATCHES.map(|batch| batch.to_string()))
            .collect();
        let caption = "Test RMSE, mm per month, by batch size (median over seeds). A batch larger than a well's training points is all of them, so those columns are equal; the paper's are not, \
                       which speaks against whole series as its samples."
            .to_owned();
        (!rows.is_empty()).then_some(Table {
            title: "Batch size".into(),
            caption,
            header,
            rows,
        })
    }

    pub(super) fn scaling_table(&self, comparisons: &[Comparison]) -> Table {
        let of_scaling = |comparison: &&Comparison| {
            matches!(
                comparison.setting,
                Setting::Configured | Setting::Scaling(_)
            )
        };
        let caption = "LSTM / AM-LSTM test RMSE (median, mm per month) and gain of the AM-LSTM (mean [95 % interval]). With unscaled levels the gates of a plain LSTM \
                       may saturate and attention may act as a rescaler (not measured here); scaling the levels helps both."
            .to_owned();
        self.settings_table(
            "Scaling of the levels",
            comparisons.iter().filter(of_scaling),
            caption,
        )
    }

    pub(super) fn protocol_table(&self, comparisons: &[Comparison]) -> Table {
        let of_protocol = |comparison: &&Comparison| {
            matches!(
                comparison.setting,
                Setting::Configured | Setting::TestSelection | Setting::SceneSteps
            )
        };
        let caption = "LSTM / AM-LSTM test RMSE (median, mm per month) and gain of the AM-LSTM (mean [95 % interval]). Choosing the epoch on the test part is the paper's way and \
                       flatters the test score; it is shown to be compared, never used."
            .to_owned();
        self.settings_table("Protocol", comparisons.iter().filter(of_protocol), caption)
    }

    /// A row a well and setting.
    fn settings_table<'a>(
        &self,
        title: &str,
        comparisons: impl Iterator<Item = &'a Comparison>,
        caption: String,
    ) -> Table {
        let rows = comparisons.map(|comparison| {
            let [lstm, am_lstm] = comparison.rmse_mm.map(|spread| millimetres(spread.median));
            let diverged: usize = comparison.diverged.iter().sum();
            let note = if diverged > 0 {
                format!("{} ({diverged} diverged)", comparison.verdict())
            } else {
                comparison.verdict().into()
            };
            vec![
                self.subjects[comparison.well].series.well.clone(),
                comparison.setting.name(),
                lstm,
                am_lstm,
                gain(comparison),
                wins(comparison),
                note,
            ]
        });
        let header = [
            "well",
            "setting",
            "LSTM",
            "AM-LSTM",
            "gain of AM-LSTM",
            "wins",
            "verdict",
        ];
        Table {
            title: title.into(),
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }
    }
}
