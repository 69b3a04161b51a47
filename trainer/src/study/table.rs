//! The study as tables: for people, and as tidy CSV for figures and other programs.

use std::collections::BTreeMap;

use crate::attribution::Attribution;
use crate::baseline::Baseline;
use crate::metric::Score;
use crate::spread::Spread;

use super::{
    BATCHES, BaselineRun, Comparison, NETWORKS, PAPER_TABLE_2, Scored, Setting, Study,
    network_name, paper_table_3,
};

/// A table of text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows, how it was measured, and what must be known to read it.
    pub caption: String,
    /// Names of the columns.
    pub header: Vec<String>,
    /// Cells by row.
    pub rows: Vec<Vec<String>>,
}

/// A tidy table: a row an observation, units in the column names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tidy {
    /// File name.
    pub file: &'static str,
    /// CSV with a header line.
    pub csv: String,
}

impl Study {
    /// The tables for people. Captions say SYNTHETIC where a well is.
    pub fn tables(&self) -> Vec<Table> {
        let comparisons = self.comparisons();
        let mut tables = vec![
            self.error_table(&comparisons),
            self.pair_table(&comparisons),
        ];
        tables.extend(self.chronological_table(&comparisons));
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

    /// Baselines, both networks and the paper; a column a well.
    fn error_table(&self, comparisons: &[Comparison]) -> Table {
        let mut rows = Vec::new();
        for baseline in Baseline::ALL {
            let cells: Vec<Option<f64>> = (0..self.subjects.len())
                .map(|well| {
                    Some(
                        Spread::of(
                            self.baseline(well, baseline)?
                                .test
                                .iter()
                                .map(|score| score.rmse_mm),
                        )
                        .median,
                    )
                })
                .collect();
            if cells.iter().any(Option::is_some) {
                rows.push(row(
                    baseline.title(),
                    cells
                        .iter()
                        .map(|cell| cell.map_or("-".into(), millimetres)),
                ));
            }
        }
        let configured: Vec<&Comparison> = comparisons
            .iter()
            .filter(|comparison| comparison.setting == Setting::Configured)
            .collect();
        for (i, network) in NETWORKS.iter().enumerate() {
            rows.push(row(
                network_name(*network),
                configured
                    .iter()
                    .map(|comparison| millimetres(comparison.rmse_mm[i].median)),
            ));
        }
        if configured
            .iter()
            .any(|comparison| !comparison.over_floor[1].median.is_nan())
        {
            rows.push(row(
                "AM-LSTM / floor",
                configured
                    .iter()
                    .map(|comparison| ratio(comparison.over_floor[1].median)),
            ));
        }
        let paper: Vec<Option<[f64; 2]>> = self
            .subjects
            .iter()
            .map(|subject| paper_table_3(&subject.series))
            .collect();
        if paper.iter().any(Option::is_some) {
            for (i, name) in ["paper's LSTM", "paper's AM-LSTM"].into_iter().enumerate() {
                rows.push(row(
                    name,
                    paper
                        .iter()
                        .map(|paper| paper.map_or("-".into(), |paper| millimetres(paper[i]))),
                ));
            }
        }
        let seeds = self.seeds.len();
        let caption = format!(
            "Test RMSE, mm per month, median of {seeds} seeds. The floor is the mean of the training points in the very month: a model that sees only levels can hardly do better. \
             The synthetic wells' noise is fitted to the paper's errors, so agreement with the paper is consistency, not evidence."
        );
        Table {
            caption,
            header: self.header("model"),
            rows,
        }
    }

    fn pair_table(&self, comparisons: &[Comparison]) -> Table {
        let rows = comparisons
            .iter()
            .filter(|comparison| comparison.setting == Setting::Configured)
            .map(|comparison| {
                let series = &self.subjects[comparison.well].series;
                let paper = paper_table_3(series).map_or("-".into(), |[lstm, am_lstm]| {
                    percent(100.0 * (lstm - am_lstm) / lstm)
                });
                let [lstm, am_lstm] = comparison.rmse_mm.map(quartiles);
                vec![
                    series.well.clone(),
                    lstm,
                    am_lstm,
                    gain(comparison),
                    wins(comparison),
                    comparison.verdict().into(),
                    paper,
                ]
            });
        let header = [
            "well",
            "LSTM",
            "AM-LSTM",
            "gain of AM-LSTM",
            "wins",
            "verdict",
            "paper's gain",
        ];
        let caption = format!(
            "LSTM against AM-LSTM, paired over {} seeds (same split, first weights' stream and batches). RMSE in mm per month: median [quartiles]. Gain in percent of the LSTM's RMSE: mean \
             [95 % interval, Student's t on the pairs]; it speaks of seeds on these data, not of other wells.",
            self.seeds.len()
        );
        Table {
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }
    }

    /// Only where months are held out.
    fn chronological_table(&self, comparisons: &[Comparison]) -> Option<Table> {
        let mut rows = Vec::new();
        for (well, subject) in self.subjects.iter().enumerate() {
            let name = &subject.series.well;
            for run in self
                .baselines
                .iter()
                .filter(|run| run.well == well && run.chronological)
            {
                let test = Spread::of(run.test.iter().map(|score| score.rmse_mm)).median;
                let r2 = Spread::of(run.test.iter().map(|score| score.r2)).median;
                let free = Spread::of(run.free_run_rmse_mm.iter().copied()).median;
                rows.push(vec![
                    name.clone(),
                    run.baseline.title().into(),
                    millimetres(test),
                    ratio(r2),
                    run.forecast_rmse_mm.map_or("-".into(), millimetres),
                    millimetres(free),
                ]);
            }
            for (i, network) in NETWORKS.iter().enumerate() {
                let scored = self.runs.iter().filter(|run| {
                    run.well == well
                        && run.setting == Setting::Configured
                        && run.network == *network
                });
                let scored: Vec<_> = scored.filter_map(super::Run::scored).collect();
                if scored.iter().all(|scored| scored.free_run_rmse_mm.is_nan()) {
                    continue;
                }
                let comparison = comparisons.iter().find(|comparison| {
                    comparison.well == well && comparison.setting == Setting::Configured
                });
                let spread = |value: fn(&Scored) -> f64| {
                    Spread::of(scored.iter().map(|scored| value(scored)))
                };
                rows.push(vec![
                    name.clone(),
                    network_name(*network).into(),
                    comparison.map_or("-".into(), |comparison| quartiles(comparison.rmse_mm[i])),
                    ratio(spread(|scored| scored.test.r2).median),
                    quartiles(spread(|scored| scored.forecast_rmse_mm)),
                    quartiles(spread(|scored| scored.free_run_rmse_mm)),
                ]);
            }
        }
        let header = [
            "well",
            "model",
            "levels to t",
            "R2",
            "levels to t-1",
            "free run",
        ];
        let caption = "Held-out months: RMSE of the monthly increment in mm, with the month's own levels (simulation) and with a forecast of them (last level plus the calendar month's mean \
                       change), and RMSE in mm of the cumulative free run from the last fitted value. Networks: median [quartiles] over seeds. Persistence uses last month's measurement."
            .to_owned();
        (!rows.is_empty()).then(|| Table {
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows,
        })
    }

    /// The batch sweep; `None` if no well has more than one point.
    fn batch_table(&self, comparisons: &[Comparison]) -> Option<Table> {
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
                    &format!("{} {}", subject.series.well, network_name(*network)),
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
            caption,
            header,
            rows,
        })
    }

    fn scaling_table(&self, comparisons: &[Comparison]) -> Table {
        let of_scaling = |comparison: &&Comparison| {
            matches!(
                comparison.setting,
                Setting::Configured | Setting::Scaling(_)
            )
        };
        let caption = "Scaling of the levels: LSTM / AM-LSTM test RMSE (median, mm per month) and gain of the AM-LSTM (mean [95 % interval]). With unscaled levels the gates of a plain LSTM \
                       may saturate and attention may act as a rescaler (not measured here); scaling the levels helps both."
            .to_owned();
        self.settings_table(comparisons.iter().filter(of_scaling), caption)
    }

    fn protocol_table(&self, comparisons: &[Comparison]) -> Table {
        let of_protocol = |comparison: &&Comparison| {
            matches!(
                comparison.setting,
                Setting::Configured | Setting::TestSelection | Setting::SceneSteps
            )
        };
        let caption = "Protocol: LSTM / AM-LSTM test RMSE (median, mm per month) and gain of the AM-LSTM (mean [95 % interval]). Choosing the epoch on the test points is the paper's way and \
                       flatters the test score; it is shown to be compared, never used."
            .to_owned();
        self.settings_table(comparisons.iter().filter(of_protocol), caption)
    }

    /// A row a well and setting.
    fn settings_table<'a>(
        &self,
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
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows: rows.collect(),
        }
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
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows,
        }
    }

    fn baseline(&self, well: usize, baseline: Baseline) -> Option<&BaselineRun> {
        self.baselines
            .iter()
            .find(|run| run.well == well && run.baseline == baseline)
    }

    /// The tidy tables, as files of the run folder's `study/`.
    ///
    /// # Panics
    ///
    /// Never: text is written to memory.
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
                network_name(run.network).into(),
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
                run.baseline.name().into(),
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
                    network_name(run.network).into(),
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
        let header = "well,method,layer,share,share_low,share_high,first,seeds_that_agree,seeds";
        let mut rows = Vec::new();
        for well in &self.attributions {
            for attribution in &well.methods {
                for (layer, share) in attribution.spread().into_iter().enumerate() {
                    let mut cells = vec![
                        well.well.clone(),
                        attribution.method.name().into(),
                        well.aquifer_layers[layer].clone(),
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
                .insert(run.baseline.name().into(), rmse);
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
                    .insert(network_name(*network).into(), spread.median);
            }
        }
        medians
    }
}

fn row(name: &str, cells: impl Iterator<Item = String>) -> Vec<String> {
    std::iter::once(name.to_owned()).chain(cells).collect()
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
