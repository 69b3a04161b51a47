//! The study as tidy CSV for figures and other programs.

use std::collections::BTreeMap;

use crate::metric::Score;
use crate::spread::Spread;

use super::{NETWORKS, Scored, Setting, Study, paper_table_3};

/// A tidy table: a row an observation, units in the column names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tidy {
    /// File name.
    pub file: &'static str,
    /// CSV with a header line.
    pub csv: String,
}

impl Study {
    /// The tidy tables, as files of the run folder's `study/`.
    pub fn tidy(&self) -> Vec<Tidy> {
        vec![
            self.runs_csv(),
            self.comparisons_csv(),
            self.baselines_csv(),
            self.epochs_csv(),
            self.attribution_csv(),
        ]
    }

    fn well(&self, well: usize) -> String {
        self.subjects[well].series.well.clone()
    }

    fn runs_csv(&self) -> Tidy {
        let header = "well,setting,model,seed,train_rmse_mm_per_month,validate_rmse_mm_per_month,test_rmse_mm_per_month,test_mae_mm_per_month,test_bias_mm_per_month,test_r2,\
                      floor_rmse_mm_per_month,forecast_rmse_mm_per_month,free_run_rmse_mm,best_epoch";
        let rows = self.runs.iter().map(|run| {
            let mut cells = vec![
                self.well(run.well),
                run.setting.name(),
                run.network.title().into(),
                run.seed.to_string(),
            ];
            match run.scored() {
                Some(scored) => {
                    let Scored {
                        train,
                        validate,
                        test,
                        ..
                    } = scored;
                    cells.extend(
                        [
                            train.rmse_mm,
                            validate.rmse_mm,
                            test.rmse_mm,
                            test.mae_mm,
                            test.bias_mm,
                            test.r2,
                            scored.floor_rmse_mm,
                            scored.forecast_rmse_mm,
                            scored.free_run_rmse_mm,
                        ]
                        .map(number),
                    );
                    cells.push(scored.best_epoch.to_string());
                }
                None => cells.extend(std::iter::repeat_n(String::new(), 10)),
            }
            cells
        });
        tidy("runs.csv", header, rows)
    }

    fn comparisons_csv(&self) -> Tidy {
        let header = "well,setting,lstm_rmse_mm_per_month,lstm_low_mm_per_month,lstm_high_mm_per_month,am_lstm_rmse_mm_per_month,am_lstm_low_mm_per_month,am_lstm_high_mm_per_month,\
                      am_lstm_over_floor,gain_percent,gain_low_percent,gain_high_percent,wins,pairs,diverged,paper_lstm_rmse_mm,paper_am_lstm_rmse_mm";
        let rows = self.comparisons().into_iter().map(|comparison| {
            let [lstm, am_lstm] = comparison.rmse_mm;
            let mut cells = vec![self.well(comparison.well), comparison.setting.name()];
            let gain = comparison.gain_percent;
            cells.extend(
                [
                    lstm.median,
                    lstm.low,
                    lstm.high,
                    am_lstm.median,
                    am_lstm.low,
                    am_lstm.high,
                    comparison.over_floor[1].median,
                    gain.mean,
                    gain.low,
                    gain.high,
                ]
                .map(number),
            );
            let diverged = comparison.diverged.iter().sum::<usize>();
            cells.extend(
                [comparison.wins, comparison.pairs, diverged].map(|count| count.to_string()),
            );
            let paper = paper_table_3(&self.subjects[comparison.well].series)
                .filter(|_| comparison.setting == Setting::Configured);
            cells.extend(paper.unwrap_or([f64::NAN; 2]).map(number));
            cells
        });
        tidy("comparisons.csv", header, rows)
    }

    fn baselines_csv(&self) -> Tidy {
        let header = "well,model,seeds,rmse_mm_per_month,rmse_low_mm_per_month,rmse_high_mm_per_month,mae_mm_per_month,bias_mm_per_month,r2,forecast_rmse_mm_per_month,free_run_rmse_mm";
        let rows = self.baselines.iter().map(|run| {
            let of = |value: fn(&Score) -> f64| Spread::of(run.test.iter().map(value));
            let rmse = of(|score| score.rmse_mm);
            let mut cells = vec![
                self.well(run.well),
                run.baseline.to_string(),
                run.test.len().to_string(),
            ];
            let (mae, bias, r2) = (
                of(|score| score.mae_mm),
                of(|score| score.bias_mm),
                of(|score| score.r2),
            );
            cells.extend(
                [
                    rmse.median,
                    rmse.low,
                    rmse.high,
                    mae.median,
                    bias.median,
                    r2.median,
                ]
                .map(number),
            );
            cells.push(number(run.forecast_rmse_mm.unwrap_or(f64::NAN)));
            cells.push(number(
                Spread::of(run.free_run_rmse_mm.iter().copied()).median,
            ));
            cells
        });
        tidy("baselines.csv", header, rows)
    }

    fn epochs_csv(&self) -> Tidy {
        let header = "well,model,seed,epoch,train_rmse_mm_per_month,validate_rmse_mm_per_month,test_rmse_mm_per_month";
        let rows = self.runs.iter().flat_map(|run| {
            let epochs = run.scored().map_or(&[][..], |scored| &scored.epochs);
            epochs.iter().map(|epoch| {
                let mut cells = vec![
                    self.well(run.well),
                    run.network.title().into(),
                    run.seed.to_string(),
                    epoch.epoch.to_string(),
                ];
                cells.extend(
                    [
                        epoch.train_rmse_mm,
                        epoch.validate_rmse_mm,
                        epoch.test_rmse_mm,
                    ]
                    .map(number),
                );
                cells
            })
        });
        tidy("epochs.csv", header, rows)
    }

    fn attribution_csv(&self) -> Tidy {
        let header = "well,layer,method,share,share_lower_quartile,share_upper_quartile,first,seeds_that_agree,seeds";
        let mut rows = Vec::new();
        for well in &self.attributions {
            for attribution in &well.methods {
                for (layer, share) in attribution.spread().into_iter().enumerate() {
                    let mut cells = vec![
                        well.well.clone(),
                        well.aquifer_layers[layer].clone(),
                        attribution.method.to_string(),
                    ];
                    cells.extend([share.median, share.low, share.high].map(number));
                    cells.push(u8::from(attribution.top() == layer).to_string());
                    cells.extend(
                        [attribution.seeds_that_agree(), attribution.shares.len()]
                            .map(|count| count.to_string()),
                    );
                    rows.push(cells);
                }
            }
        }
        tidy("attribution.csv", header, rows.into_iter())
    }

    /// RMSE medians by well and model, for programs: baselines and both configured networks.
    pub fn medians(&self) -> BTreeMap<String, BTreeMap<String, f64>> {
        let mut medians: BTreeMap<String, BTreeMap<String, f64>> = BTreeMap::new();
        for run in &self.baselines {
            let rmse = Spread::of(run.test.iter().map(|score| score.rmse_mm)).median;
            medians
                .entry(self.well(run.well))
                .or_default()
                .insert(run.baseline.to_string(), rmse);
        }
        for comparison in self
            .comparisons()
            .iter()
            .filter(|comparison| comparison.setting == Setting::Configured)
        {
            for (network, spread) in NETWORKS.iter().zip(comparison.rmse_mm) {
                medians
                    .entry(self.well(comparison.well))
                    .or_default()
                    .insert(network.title().into(), spread.median);
            }
        }
        medians
    }
}

fn tidy(file: &'static str, header: &str, rows: impl Iterator<Item = Vec<String>>) -> Tidy {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(header.split(','))
        .expect("memory takes any row");
    for row in rows {
        writer
            .write_record(&row)
            .expect("every row has the header's length");
    }
    let bytes = writer.into_inner().expect("memory takes any row");
    Tidy {
        file,
        csv: String::from_utf8(bytes).expect("cells are text"),
    }
}

/// Five significant decimals; empty for what was not measured.
fn number(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.5}")
    } else {
        String::new()
    }
}
