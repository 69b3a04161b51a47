//! What a reader must know before trusting the figures, found in the data themselves.

use crate::config::{Attention, Config, LevelScaling, Selection};
use crate::figure::number;
use crate::results::{ModelKind, RunResults, WellResults};
use crate::split::Part;
use crate::spread::correlation;

/// Months between observations from which on a gap is mentioned.
const GAP_MONTHS: i32 = 4;
/// Correlation of two layers' levels from which on their contributions cannot be told apart.
const ALIKE: f64 = 0.9;
/// Months with both levels from which on a correlation says anything.
const FEWEST_PAIRS: usize = 3;
/// Wells without a model that are named one by one.
const NAMED_FAILURES: usize = 20;
/// Fewer ps points than this make a test score depend on the split.
const FEW_POINTS: usize = 10;
/// Share of the floor above which a model has not learned what the data hold.
const FAR_FROM_FLOOR: f64 = 1.05;

/// Cautions that the choices of a run call for.
pub(super) fn of_run(config: &Config, results: &RunResults) -> Vec<String> {
    let mut cautions = failures(results);
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

/// Which wells have no model, and why.
fn failures(results: &RunResults) -> Vec<String> {
    let failures = &results.failures;
    let named = failures.iter().take(NAMED_FAILURES);
    let mut cautions: Vec<String> = named
        .map(|failure| format!("No model: {}.", failure.message))
        .collect();
    if failures.len() > NAMED_FAILURES {
        cautions.push(format!(
            "{} more wells have no model: failures.csv.",
            failures.len() - NAMED_FAILURES
        ));
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
            let r = correlation(&pairs).filter(|r| r.abs() >= ALIKE && pairs.len() >= FEWEST_PAIRS);
            if let Some(r) = r {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::Baseline;
    use crate::figure::sample;
    use crate::run::{FailureRow, Stage};

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
    fn a_well_without_a_model_is_named() {
        let mut results = sample::run();
        let failure = FailureRow {
            well: "Z".into(),
            stage: Stage::Series,
            message: "well Z: found no level".into(),
        };
        results.failures = vec![failure; NAMED_FAILURES + 2];
        let cautions = of_run(&Config::default(), &results);
        assert_eq!(cautions[0], "No model: well Z: found no level.");
        assert_eq!(
            cautions[NAMED_FAILURES],
            "2 more wells have no model: failures.csv."
        );
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
}
