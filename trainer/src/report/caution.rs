//! What a reader must know before trusting the figures, found in the data themselves.

use crate::config::{Attention, Config, LevelScaling, Selection};
use crate::figure::number;
use crate::results::{ModelKind, RunResults, WellResults};
use crate::split::Part;

/// Months between observations from which on a gap is mentioned.
const GAP_MONTHS: i32 = 4;
/// Correlation of two layers' levels from which on their contributions cannot be told apart.
const ALIKE: f64 = 0.9;
/// Fewer ps points than this make a test score depend on the split.
const FEW_POINTS: usize = 10;
/// Share of the floor above which a model has not learned what the data hold.
const FAR_FROM_FLOOR: f64 = 1.05;

/// Cautions that the choices of a run call for.
pub(super) fn of_run(config: &Config, results: &RunResults) -> Vec<String> {
    let mut cautions = Vec::new();
    if config.training.selection == Selection::Test {
        cautions.push("The epoch was chosen on the test part (the paper\u{2019}s protocol): the test scores flatter the networks.".to_owned());
    }
    if results
        .wells
        .iter()
        .any(|well| well.months.iter().all(|month| month.part.is_none()))
    {
        cautions.push("Where ps points are divided at random, training and test share every month and every level: the test score measures noise between points, not prediction of the future.".to_owned());
    }
    if matches!(
        config.data.level_scaling,
        LevelScaling::Pooled | LevelScaling::None
    ) {
        cautions.push("Levels are not scaled layer by layer: the attention then follows the size of the numbers, whichever aquifer layer drives the ground.".to_owned());
    }
    if config.network.attention == Attention::Shared {
        cautions.push("With shared attention weights (the paper\u{2019}s) the network cannot know which aquifer layer it looks at: its attention is no evidence of a cause.".to_owned());
    }
    cautions
}

/// Cautions about one well, one sentence each.
pub(super) fn of_well(results: &RunResults, well: &WellResults) -> Vec<String> {
    let mut cautions = Vec::new();
    missing_levels(well, &mut cautions);
    gaps(well, &mut cautions);
    alike(well, &mut cautions);
    scores(results, well, &mut cautions);
    cautions
}

fn missing_levels(well: &WellResults, cautions: &mut Vec<String>) {
    for (layer, name) in well.aquifer_layers.iter().enumerate() {
        let missing = well
            .months
            .iter()
            .filter(|month| month.level_m.get(layer).copied().flatten().is_none())
            .count();
        if missing > 0 {
            cautions.push(format!("{name}: {missing} of {} months have no level; the model leaves the layer out in those months.", well.months.len()));
        }
    }
}

fn gaps(well: &WellResults, cautions: &mut Vec<String>) {
    let seen: Vec<i32> = well
        .months
        .iter()
        .filter(|month| month.observed_mm.is_some())
        .map(|month| month.month)
        .collect();
    let gaps: Vec<i32> = seen
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .filter(|gap| *gap >= GAP_MONTHS)
        .collect();
    if let Some(longest) = gaps.iter().max() {
        cautions.push(format!("{} gaps of {GAP_MONTHS} or more months between observations, the longest {longest} months.", gaps.len()));
    }
    if seen.is_empty() {
        cautions.push("no observed subsidence.".to_owned());
    }
}

fn alike(well: &WellResults, cautions: &mut Vec<String>) {
    let names = &well.aquifer_layers;
    for (one, name) in names.iter().enumerate() {
        for (other, beside) in names.iter().enumerate().skip(one + 1) {
            let pairs: Vec<(f64, f64)> = well
                .months
                .iter()
                .filter_map(|month| {
                    Some(((*month.level_m.get(one)?)?, (*month.level_m.get(other)?)?))
                })
                .collect();
            if let Some(r) = correlation(&pairs).filter(|r| r.abs() >= ALIKE) {
                cautions.push(format!("levels of {name} and {beside} move alike (r = {}): no method can tell their contributions apart well.", number(r, 2)));
            }
        }
    }
}

fn scores(results: &RunResults, well: &WellResults, cautions: &mut Vec<String>) {
    let tests: Vec<_> = results
        .scores
        .iter()
        .filter(|score| score.well == well.well && score.part == Part::Test)
        .collect();
    let Some(ours) = tests.iter().find(|score| score.model == ModelKind::AM_LSTM) else {
        return;
    };
    if (2..FEW_POINTS).contains(&ours.points) {
        cautions.push(format!(
            "the test score rests on {} ps points; another random split would change it.",
            ours.points
        ));
    }
    if let Some(floor) = ours
        .floor_mm_per_month
        .filter(|floor| *floor > 0.0 && ours.rmse_mm_per_month > floor * FAR_FROM_FLOOR)
    {
        cautions.push(format!(
            "the AM-LSTM\u{2019}s test error is {} times the floor.",
            number(ours.rmse_mm_per_month / floor, 2)
        ));
    }
    if let Some(better) = tests
        .iter()
        .filter(|score| {
            score.model != ModelKind::FLOOR && score.rmse_mm_per_month < ours.rmse_mm_per_month
        })
        .min_by(|a, b| a.rmse_mm_per_month.total_cmp(&b.rmse_mm_per_month))
    {
        let gap = (ours.rmse_mm_per_month / better.rmse_mm_per_month - 1.0) * 100.0;
        cautions.push(format!(
            "{} does better on the test than the AM-LSTM ({} against {} mm per month, {} %).",
            better.model.title(),
            number(better.rmse_mm_per_month, 3),
            number(ours.rmse_mm_per_month, 3),
            number(gap, 1)
        ));
    }
}

/// Pearson's correlation; `None` for fewer than three pairs or a constant.
pub(super) fn correlation(pairs: &[(f64, f64)]) -> Option<f64> {
    let count = pairs.len() as f64;
    let (mean_x, mean_y) = (
        pairs.iter().map(|pair| pair.0).sum::<f64>() / count,
        pairs.iter().map(|pair| pair.1).sum::<f64>() / count,
    );
    let sum = |product: fn(f64, f64) -> f64| {
        pairs
            .iter()
            .map(|pair| product(pair.0 - mean_x, pair.1 - mean_y))
            .sum::<f64>()
    };
    let spread = (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt();
    (pairs.len() >= 3 && spread > 1e-9).then(|| sum(|x, y| x * y) / spread)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use crate::figure::sample;

    #[test]
    fn missing_levels_and_few_points_are_mentioned() {
        let results = sample::run();
        let cautions = of_well(&results, &results.wells[0]).join("\n");
        // The sample leaves out every seventeenth month of each layer and scores three points.
        assert!(
            cautions.contains("phreatic: 4 of 71 months have no level"),
            "{cautions}"
        );
        assert!(cautions.contains("rests on 3 ps points"), "{cautions}");
    }

    #[test]
    fn a_baseline_that_wins_is_named() {
        let mut results = sample::run();
        results
            .scores
            .iter_mut()
            .filter(|score| score.model == ModelKind::Baseline(Baseline::LaggedRidge))
            .for_each(|score| score.rmse_mm_per_month = 1.0);
        let cautions = of_well(&results, &results.wells[0]).join("\n");
        assert!(cautions.contains("lagged ridge does better on the test than the AM-LSTM (1.000 against 1.720 mm per month, 72.0 %)"), "{cautions}");
    }

    #[test]
    fn correlation_is_pearsons() {
        // Anscombe 1973, first set: r = 0.8164.
        let x = [10.0, 8.0, 13.0, 9.0, 11.0, 14.0, 6.0, 4.0, 12.0, 7.0, 5.0];
        let y = [
            8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68,
        ];
        let r = correlation(&x.into_iter().zip(y).collect::<Vec<_>>()).unwrap();
        assert!((r - 0.8164).abs() < 1e-4);
        assert_eq!(correlation(&[(1.0, 2.0), (1.0, 3.0), (1.0, 4.0)]), None);
    }
}
