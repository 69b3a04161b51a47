//! Which aquifer layer drives the ground, by several methods side by side, and what they disagree about.
//!
//! None of them is an explanation of the ground. Attention is an inner quantity of the network: with the paper's shared weights it is one function of the
//! standardised level and does not know which layer it looks at. Permutation importance says what the network uses. Physics shares say what fitted beds would do.
//! Levels of neighbouring layers rise and fall together, so even a perfect method has little to go by. Only synthetic wells know the truth.

use std::fmt;

use amlstm_core::artifact::ModelFile;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::baseline::{Curve, PreparedWell};
use crate::metric::{Simulation, interval_rate};
use crate::series::WellSeries;
use crate::split::Part;
use crate::spread::Spread;

/// Permutations of one aquifer layer's months.
const PERMUTATIONS: usize = 20;
/// Seeds disagree when fewer than this share of them put the same aquifer layer first.
const AGREEMENT: f64 = 0.8;

/// Levels of each month, `[months][aquifer layers]`, m above datum, `None` where not measured.
pub type Levels = [Vec<Option<f32>>];

/// How shares are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Mean attention over the observed months.
    Attention,
    /// How much worse the network becomes when one aquifer layer's months are shuffled.
    #[serde(rename = "permutation-importance")]
    Permutation,
    /// Shares of the fitted compaction beds.
    #[serde(rename = "physics-nnls")]
    Physics,
    /// True shares, known of synthetic wells only.
    Truth,
}

/// The name in files.
impl fmt::Display for Method {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.serialize(formatter)
    }
}

impl Method {
    /// Name in sentences.
    pub fn title(self) -> &'static str {
        match self {
            Self::Attention => "attention",
            Self::Permutation => "permutation importance",
            Self::Physics => "the physics basis",
            Self::Truth => "the truth (SYNTHETIC)",
        }
    }
}

/// Shares of the aquifer layers by one method.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribution {
    /// How they were found.
    pub method: Method,
    /// `[seeds][aquifer layers]`; one entry if the method needs no seed.
    pub shares: Vec<Vec<f64>>,
}

impl Attribution {
    /// Spread over the seeds for each aquifer layer.
    pub fn spread(&self) -> Vec<Spread> {
        let layers = self.shares.first().map_or(0, Vec::len);
        (0..layers)
            .map(|layer| Spread::of(self.shares.iter().map(|shares| shares[layer])))
            .collect()
    }

    /// The aquifer layer with the largest median share.
    pub fn top(&self) -> usize {
        top(&self
            .spread()
            .iter()
            .map(|spread| spread.median)
            .collect::<Vec<_>>())
    }

    /// How many seeds put that aquifer layer first.
    pub fn seeds_that_agree(&self) -> usize {
        let first = self.top();
        self.shares
            .iter()
            .filter(|shares| top(shares) == first)
            .count()
    }
}

/// Index of the largest share; the first of equals.
pub fn top(shares: &[f64]) -> usize {
    (0..shares.len())
        .rev()
        .max_by(|&i, &j| shares[i].total_cmp(&shares[j]))
        .unwrap_or(0)
}

/// All methods' shares at one well.
#[derive(Debug, Clone, PartialEq)]
pub struct WellAttribution {
    /// Well id.
    pub well: String,
    /// Names of the aquifer layers.
    pub aquifer_layers: Vec<String>,
    /// One entry a method.
    pub methods: Vec<Attribution>,
}

impl WellAttribution {
    /// What a reader must be told before looking at the shares: who puts which aquifer layer first, where methods differ, and where seeds do.
    pub fn verdict(&self) -> Vec<String> {
        let mut sentences = vec![self.who_is_first()];
        for attribution in &self.methods {
            let (agree, seeds) = (attribution.seeds_that_agree(), attribution.shares.len());
            if (agree as f64) < AGREEMENT * seeds as f64 {
                let layer = &self.aquifer_layers[attribution.top()];
                sentences.push(format!(
                    "seeds disagree: {} puts {layer} first in {agree} of {seeds} only",
                    attribution.method.title()
                ));
            }
        }
        if let Some(truth) = self
            .methods
            .iter()
            .find(|attribution| attribution.method == Method::Truth)
        {
            let wrong: Vec<&str> = self
                .methods
                .iter()
                .filter(|attribution| attribution.top() != truth.top())
                .map(|attribution| attribution.method.title())
                .collect();
            if !wrong.is_empty() {
                let layer = &self.aquifer_layers[truth.top()];
                sentences.push(format!(
                    "{layer} truly dominates: missed by {}",
                    wrong.join(" and ")
                ));
            }
        }
        sentences
    }

    /// "all methods put confined2 first", or which methods put which aquifer layer first; the truth is no method.
    fn who_is_first(&self) -> String {
        let claims: Vec<(usize, Vec<&str>)> = (0..self.aquifer_layers.len())
            .map(|layer| {
                let methods = self.methods.iter().filter(|attribution| {
                    attribution.method != Method::Truth && attribution.top() == layer
                });
                (
                    layer,
                    methods
                        .map(|attribution| attribution.method.title())
                        .collect(),
                )
            })
            .filter(|(_, methods): &(usize, Vec<&str>)| !methods.is_empty())
            .collect();
        if let [(layer, _)] = claims[..] {
            return format!("all methods put {} first", self.aquifer_layers[layer]);
        }
        let claims: Vec<String> = claims
            .iter()
            .map(|(layer, methods)| {
                format!(
                    "{} first by {}",
                    self.aquifer_layers[*layer],
                    methods.join(" and ")
                )
            })
            .collect();
        format!("methods disagree: {}", claims.join(", "))
    }
}

/// Runs an exported model from the zero state through a series' months with other levels: the rate of each month in mm per month, down +.
pub fn curve(file: &ModelFile, series: &WellSeries, level_m: &Levels) -> Curve {
    Simulation::of(file, &series.months, level_m).curve()
}

/// Mean attention of each aquifer layer over the observed months; `None` for a plain LSTM.
pub fn attention(simulation: &Simulation, series: &WellSeries) -> Option<Vec<f64>> {
    let observed = series.intervals.first()?.from + 1..=series.intervals.last()?.to;
    let months = &simulation.attention[observed];
    if months.iter().any(Vec::is_empty) {
        return None;
    }
    let mean = |layer: usize| {
        months
            .iter()
            .map(|shares| f64::from(shares[layer]))
            .sum::<f64>()
            / months.len() as f64
    };
    Some((0..series.aquifer_layers.len()).map(mean).collect())
}

/// Permutation importance of one aquifer layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Importance {
    /// Share of the whole, 0 to 1: the mean over the permutations.
    pub share: f64,
    /// What single permutations give, in the same measure; the quartiles may lie below 0 or above 1.
    pub spread: Spread,
}

/// Permutation importance of each aquifer layer as a share (Breiman 2001, doi:10.1023/A:1010933404324): by how much the error of `predict` grows on average
/// when the layer's measured months change places, [`PERMUTATIONS`] times from the seed. A layer without which the error does not grow has no share; all are
/// zero if none matters.
pub fn permutation(
    prepared: &PreparedWell,
    predict: impl Fn(&Levels) -> Curve,
    seed: u64,
) -> Vec<Importance> {
    let series = prepared.series;
    let fitted = prepared.observations(&[Part::Train, Part::Validate]);
    let error = |level_m: &Levels| {
        let curve = predict(level_m);
        let squares = fitted
            .iter()
            .filter_map(|(interval, rate)| Some((interval_rate(&curve, interval)? - rate).powi(2)));
        (squares.sum::<f64>() / fitted.len().max(1) as f64).sqrt()
    };
    let undisturbed = error(&series.level_m);
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut growth = |layer| error(&shuffled(&series.level_m, layer, &mut random)) - undisturbed;
    let growths: Vec<[f64; PERMUTATIONS]> = (0..series.aquifer_layers.len())
        .map(|layer| [(); PERMUTATIONS].map(|()| growth(layer)))
        .collect();
    let mean = |growths: &[f64]| (growths.iter().sum::<f64>() / PERMUTATIONS as f64).max(0.0);
    let sum: f64 = growths.iter().map(|growths| mean(growths)).sum();
    let share = |growth: f64| if sum > 0.0 { growth / sum } else { 0.0 };
    growths
        .iter()
        .map(|growths| Importance {
            share: share(mean(growths)),
            spread: Spread::of(growths.iter().map(|growth| share(*growth))),
        })
        .collect()
}

/// The levels with the measured months of one aquifer layer in another order.
fn shuffled(level_m: &Levels, layer: usize, random: &mut ChaCha8Rng) -> Vec<Vec<Option<f32>>> {
    let measured: Vec<usize> = (0..level_m.len())
        .filter(|&month| level_m[month][layer].is_some())
        .collect();
    let mut order = measured.clone();
    order.shuffle(random);
    let mut shuffled = level_m.to_vec();
    for (&to, &from) in measured.iter().zip(&order) {
        shuffled[to][layer] = level_m[from][layer];
    }
    shuffled
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::example;

    fn by(method: Method, shares: &[[f64; 2]]) -> Attribution {
        Attribution {
            method,
            shares: shares.iter().map(|shares| shares.to_vec()).collect(),
        }
    }

    fn well(methods: Vec<Attribution>) -> WellAttribution {
        WellAttribution {
            well: "A".into(),
            aquifer_layers: vec!["phreatic".into(), "confined1".into()],
            methods,
        }
    }

    #[test]
    fn agreement_is_one_sentence() {
        let well = well(vec![
            by(Method::Attention, &[[0.6, 0.4], [0.7, 0.3]]),
            by(Method::Physics, &[[0.9, 0.1]]),
        ]);
        assert_eq!(well.verdict(), ["all methods put phreatic first"]);
    }

    #[test]
    fn disagreement_of_methods_seeds_and_truth_is_said_in_words() {
        let shares = [[0.6, 0.4], [0.55, 0.45], [0.4, 0.6]];
        let well = well(vec![
            by(Method::Attention, &shares),
            by(Method::Physics, &[[0.2, 0.8]]),
            by(Method::Truth, &[[0.3, 0.7]]),
        ]);
        assert_eq!(
            well.verdict(),
            [
                "methods disagree: phreatic first by attention, confined1 first by the physics basis",
                "seeds disagree: attention puts phreatic first in 2 of 3 only",
                "confined1 truly dominates: missed by attention",
            ]
        );
    }

    #[test]
    fn the_first_of_equal_shares_is_on_top() {
        assert_eq!(top(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(top(&[]), 0);
    }

    #[test]
    fn an_aquifer_layer_that_the_model_does_not_use_has_no_importance() {
        let levels = example::levels();
        let series = example::well(&levels, |t| 2.0 - 0.5 * levels[t][0]);
        let split = example::in_order(&series);
        let prepared = PreparedWell::new(&series, &split, 1).unwrap();
        let upper_only = |levels: &Levels| {
            levels
                .iter()
                .map(|levels| Some(2.0 - 0.5 * f64::from(levels[0].unwrap())))
                .collect()
        };
        let [upper, lower] = permutation(&prepared, upper_only, 1)[..] else {
            panic!("two aquifer layers");
        };
        assert!(
            (upper.share - 1.0).abs() < 1e-12 && lower.share < 1e-12,
            "{upper:?} {lower:?}"
        );
        // The upper layer's share is all there is on average, more or less of it in a single permutation; the lower layer changes nothing in any.
        assert!(upper.spread.low < upper.spread.high && upper.spread.low > 0.0);
        assert_eq!([lower.spread.low, lower.spread.high], [0.0, 0.0]);
        let constant = permutation(&prepared, |levels| vec![Some(2.0); levels.len()], 1);
        assert!(constant.iter().all(|importance| importance.share == 0.0));
    }
}
