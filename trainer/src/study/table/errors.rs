//! Errors of the networks beside every baseline and the paper.

use crate::baseline::Baseline;
use crate::spread::Spread;

use super::{Table, gain, millimetres, percent, quartiles, range, ratio, row, wins};
use crate::study::{Comparison, NETWORKS, Run, Scored, Setting, Study, paper_table_3};

impl Study {
    /// Baselines, both networks and the paper; a column a well.
    pub(super) fn error_table(&self, comparisons: &[Comparison]) -> Table {
        let mut rows = Vec::new();
        for baseline in Baseline::ALL {
            let cells: Vec<Option<f64>> = (0..self.subjects.len())
                .map(|well| {
                    let run = self
                        .baselines
                        .iter()
                        .find(|run| run.well == well && run.baseline == baseline)?;
                    Some(Spread::of(run.test.iter().map(|score| score.rmse_mm)).median)
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
                network.title(),
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
        let mut caption = format!(
            "Test RMSE, mm per month, median of {} seeds.",
            self.seeds.len()
        );
        if self
            .baselines
            .iter()
            .any(|run| run.baseline == Baseline::Floor)
        {
            caption.push_str(" The floor is the mean of the training points in the very month: a model that sees only levels can hardly do better.");
        }
        if paper.iter().any(Option::is_some) {
            caption.push_str(" The synthetic wells' noise is fitted to the paper's errors, so agreement with the paper is consistency, not evidence.");
        }
        Table {
            title: "Errors".into(),
            caption,
            header: self.header("model"),
            rows,
        }
    }

    pub(super) fn pair_table(&self, comparisons: &[Comparison]) -> Table {
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
        let mut rows: Vec<Vec<String>> = rows.collect();
        let mut header = vec![
            "well",
            "LSTM",
            "AM-LSTM",
            "gain of AM-LSTM",
            "wins",
            "verdict",
        ];
        let paper = |subject: &crate::study::Subject| paper_table_3(&subject.series).is_some();
        if self.subjects.iter().any(paper) {
            header.push("paper's gain");
        }
        for row in &mut rows {
            row.truncate(header.len());
        }
        let caption = format!(
            "LSTM against AM-LSTM, paired over {} seeds (same split, first weights' stream and batches). RMSE in mm per month: median [quartiles]. Gain in percent of the LSTM's RMSE: mean \
             [95 % interval, Student's t on the pairs]; it speaks of seeds on these data, not of other wells.",
            self.seeds.len()
        );
        Table {
            title: "LSTM against AM-LSTM".into(),
            caption,
            header: header.into_iter().map(str::to_owned).collect(),
            rows,
        }
    }

    /// Only where months are held out.
    pub(super) fn chronological_table(&self, comparisons: &[Comparison]) -> Option<Table> {
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
                let scored: Vec<_> = scored.filter_map(Run::scored).collect();
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
                    network.title().into(),
                    comparison.map_or("-".into(), |comparison| range(comparison.rmse_mm[i])),
                    ratio(spread(|scored| scored.test.r2).median),
                    range(spread(|scored| scored.forecast_rmse_mm)),
                    range(spread(|scored| scored.free_run_rmse_mm)),
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
                       change), and RMSE in mm of the cumulative free run from the last fitted value. Networks: median (lowest to highest) over seeds. Persistence uses last month's measurement."
            .to_owned();
        (!rows.is_empty()).then(|| Table {
            title: "Held-out months".into(),
            caption,
            header: header.map(str::to_owned).to_vec(),
            rows,
        })
    }
}
