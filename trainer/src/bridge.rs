//! Which aquifer layer's level can be told by the levels of the others, for months in which its transducer is dead.
//!
//! A least-squares regression on the other layers' levels and one wave per year, on the months in which all layers were measured. It is judged on the last quarter
//! of these months by a fit to the months before, and used only where it is good there: where a layer is a slow trend unlike the others, a regression runs away
//! from it, and the last level held is much better. The ground is not looked at.
//!
//! What a level that stands in does to the beds stands at [`LayerBeds::stand_in`](amlstm_core::basis::LayerBeds::stand_in).

use std::f64::consts::TAU;

use amlstm_core::bridge::{self, CALENDAR_MONTHS};
use amlstm_core::month::Month;
use nalgebra::{DMatrix, DVector};

use crate::standardised::Standardised;

/// Least share of the level's variance that the regression must explain in the months that judge it.
const GOOD_R2: f64 = 0.8;
/// Strength of the ridge for each row, on standardised columns: layers that move as one leave a direction that no data constrain.
const RIDGE: f64 = 1e-6;
/// Fewest months that judge; three times as many are fitted then.
const FEWEST_JUDGED: usize = 12;
/// Months for which a level is held at most where the regression is compared with that: the usual time until a transducer is replaced.
const HELD_MONTHS: i32 = 6;

/// How well the others tell a layer's level, in months that the fit had not seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// How many.
    pub months: usize,
    /// Efficiency of Nash and Sutcliffe about the months' own mean.
    pub r2: f64,
    /// Root mean square error, m.
    pub rmse_m: f64,
    /// The same of a level held for one to six months, m.
    pub held_rmse_m: f64,
}

impl Judged {
    /// Whether the regression is to be used.
    fn is_good(&self) -> bool {
        self.r2 >= GOOD_R2 && self.rmse_m < self.held_rmse_m
    }
}

/// Regressions of a well's aquifer layers on one another, in the precision in which they are shipped.
#[derive(Clone, Debug, PartialEq)]
pub struct Bridges {
    of_month_m: Vec<[f32; CALENDAR_MONTHS]>,
    per_m: Vec<f32>,
    /// For each layer; nothing where too few months were measured in all layers, or there is one layer alone.
    pub judged: Vec<Option<Judged>>,
}

impl Bridges {
    /// No regression of any layer: levels are held.
    pub fn none(layers: usize) -> Self {
        Self {
            of_month_m: vec![[0.0; CALENDAR_MONTHS]; layers],
            per_m: vec![0.0; layers * layers],
            judged: vec![None; layers],
        }
    }

    /// Judges each layer's regression and fits those that are good to all these months; `level_m` is `[months][aquifer layers]`, m above datum.
    pub fn fit(months: &[Month], level_m: &[Vec<Option<f32>>]) -> Self {
        let rows = rows(months, level_m);
        let layers = level_m.first().map_or(0, Vec::len);
        let mut bridges = Self::none(layers);
        for layer in 0..layers {
            bridges.judged[layer] = judged(&rows, layer);
            if bridges.judged[layer].is_some_and(|judged| judged.is_good()) {
                bridges.put(layer, &Regression::fit(&rows, layer));
            }
        }
        bridges
    }

    /// The same layers' regressions fitted to other months.
    #[must_use]
    pub fn refitted(&self, months: &[Month], level_m: &[Vec<Option<f32>>]) -> Self {
        let rows = rows(months, level_m);
        let mut refitted = self.clone();
        for layer in (0..self.judged.len()).filter(|layer| self.tells(*layer)) {
            refitted.put(layer, &Regression::fit(&rows, layer));
        }
        refitted
    }

    /// Whether a layer's level is computed from those of the others where it is missing.
    pub fn tells(&self, layer: usize) -> bool {
        self.borrow().has(layer)
    }

    /// As they go into a model file: nothing where all levels are held.
    pub fn shipped(&self) -> Option<bridge::Bridges<'_>> {
        let tells_any = (0..self.judged.len()).any(|layer| self.tells(layer));
        tells_any.then(|| self.borrow())
    }

    /// As a logger holds them.
    pub fn borrow(&self) -> bridge::Bridges<'_> {
        bridge::Bridges {
            of_month_m: &self.of_month_m,
            per_m: &self.per_m,
        }
    }

    fn put(&mut self, layer: usize, regression: &Regression) {
        let layers = self.judged.len();
        self.of_month_m[layer] =
            std::array::from_fn(|month| (regression.start_m + regression.season_m(month)) as f32);
        for (place, per_m) in self.per_m[layer * layers..]
            .iter_mut()
            .zip(&regression.weights)
        {
            *place = *per_m as f32;
        }
    }
}

/// A month in which all layers were measured.
struct Row {
    month: Month,
    level_m: Vec<f64>,
}

impl Row {
    /// 0 for January.
    fn calendar(&self) -> usize {
        usize::from(self.month.month()) - 1
    }
}

fn rows(months: &[Month], level_m: &[Vec<Option<f32>>]) -> Vec<Row> {
    let row = |(month, levels): (&Month, &Vec<Option<f32>>)| {
        let levels: Option<Vec<f64>> = levels.iter().map(|level| level.map(f64::from)).collect();
        Some(Row {
            month: *month,
            level_m: levels?,
        })
    };
    months.iter().zip(level_m).filter_map(row).collect()
}

/// A layer's level as a sum of what the others and the season say.
struct Regression {
    /// While the others stand at 0, without the season.
    start_m: f64,
    sine_m: f64,
    cosine_m: f64,
    /// Of each layer's level; zero for the layer itself.
    weights: Vec<f64>,
}

impl Regression {
    fn fit(rows: &[Row], layer: usize) -> Self {
        let layers = rows.first().map_or(0, |row| row.level_m.len());
        let others: Vec<usize> = (0..layers).filter(|other| *other != layer).collect();
        let column = |row: &Row, index: usize| match index.checked_sub(others.len()) {
            None => row.level_m[others[index]],
            Some(0) => wave(row.calendar()).0,
            Some(_) => wave(row.calendar()).1,
        };
        let columns = others.len() + 2;
        let matrix = DMatrix::from_fn(rows.len(), columns, |i, j| column(&rows[i], j));
        let count = rows.len().max(1) as f64;
        let Standardised {
            columns: scaled,
            mean,
            scale,
        } = Standardised::new(&matrix);
        let own = DVector::from_iterator(rows.len(), rows.iter().map(|row| row.level_m[layer]));
        let own_mean = own.sum() / count;
        let mut gram = scaled.tr_mul(&scaled);
        for j in 0..columns {
            gram[(j, j)] += RIDGE * count;
        }
        let weights = gram
            .cholesky()
            .expect("the ridge makes every principal minor positive")
            .solve(&scaled.tr_mul(&own.add_scalar(-own_mean)));
        let weight = |j: usize| weights[j] / scale[j];
        let mut of_layers = vec![0.0; layers];
        for (j, other) in others.iter().enumerate() {
            of_layers[*other] = weight(j);
        }
        Self {
            start_m: own_mean - (0..columns).map(|j| weight(j) * mean[j]).sum::<f64>(),
            sine_m: weight(others.len()),
            cosine_m: weight(others.len() + 1),
            weights: of_layers,
        }
    }

    fn season_m(&self, calendar: usize) -> f64 {
        let (sine, cosine) = wave(calendar);
        self.sine_m * sine + self.cosine_m * cosine
    }

    fn level_m(&self, row: &Row) -> f64 {
        let of_others = row.level_m.iter().zip(&self.weights);
        let of_others: f64 = of_others.map(|(level_m, weight)| level_m * weight).sum();
        self.start_m + self.season_m(row.calendar()) + of_others
    }
}

/// Sine and cosine of a calendar month, 0 for January; the same bits on every machine.
fn wave(calendar: usize) -> (f64, f64) {
    libm::sincos(TAU * calendar as f64 / CALENDAR_MONTHS as f64)
}

/// How well a fit to the first three quarters tells a layer's level in the last.
fn judged(rows: &[Row], layer: usize) -> Option<Judged> {
    let layers = rows.first()?.level_m.len();
    let months = rows.len() / 4;
    if layers < 2 || months < FEWEST_JUDGED {
        return None;
    }
    let (fitted, judging) = rows.split_at(rows.len() - months);
    let regression = Regression::fit(fitted, layer);
    let own = |row: &Row| row.level_m[layer];
    let mean = judging.iter().map(own).sum::<f64>() / months as f64;
    let (mut squares, mut about_mean, mut held) = (0.0, 0.0, Vec::new());
    for row in judging {
        squares += (own(row) - regression.level_m(row)).powi(2);
        about_mean += (own(row) - mean).powi(2);
        let before = rows.iter().filter(|before| {
            (1..=HELD_MONTHS).contains(&(row.month.index() - before.month.index()))
        });
        held.extend(before.map(|before| (own(row) - own(before)).powi(2)));
    }
    Some(Judged {
        months,
        r2: 1.0 - squares / about_mean,
        rmse_m: (squares / months as f64).sqrt(),
        held_rmse_m: (held.iter().sum::<f64>() / held.len() as f64).sqrt(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Months from March 2000 on.
    fn months(count: i32) -> Vec<Month> {
        let start = Month::new(2000, 3).unwrap();
        (0..count).map(|month| start.offset(month)).collect()
    }

    /// Three layers: one of its own, one that follows it with a season of its own, and a slow trend.
    fn levels(count: usize) -> Vec<Vec<Option<f32>>> {
        let level = |t: usize| {
            let first = (t as f64 * 0.37).sin() * 4.0 + (t as f64 * 0.11).cos() * 2.0;
            let season = (TAU * (t + 2) as f64 / 12.0).sin();
            [
                first,
                3.0 + 0.5 * first + 2.0 * season,
                -0.002 * (t as f64).powf(1.6),
            ]
        };
        (0..count)
            .map(|t| level(t).map(|level| Some(level as f32)).to_vec())
            .collect()
    }

    #[test]
    fn a_layer_that_follows_another_is_found_again_with_its_season() {
        let bridges = Bridges::fit(&months(120), &levels(120));
        assert_eq!(
            [0, 1, 2].map(|layer| bridges.tells(layer)),
            [true, true, false]
        );
        let judged = bridges.judged[1].unwrap();
        assert!(judged.months == 30 && judged.r2 > 0.999, "{judged:?}");
        // June 2010, of which nothing was seen: 3 + 0.5 * 6 + 2 sin(150 degrees) = 7.
        let june = Month::new(2010, 6).unwrap();
        let stand_in_m = bridges
            .borrow()
            .stand_ins(june, &[Some(6.0), None, Some(-1.0)]);
        assert!(
            (stand_in_m[1].unwrap() - 7.0).abs() < 1e-3,
            "{stand_in_m:?}"
        );
        // A trend that the others know nothing of: holding it is better, whatever its regression says.
        let trend = bridges.judged[2].unwrap();
        assert!(
            trend.r2 < 0.0 && trend.held_rmse_m < trend.rmse_m,
            "{trend:?}"
        );
    }

    #[test]
    fn what_judges_is_not_fitted_and_what_is_used_is_fitted_to_all() {
        let mut broken = levels(120);
        for levels in &mut broken[90..] {
            levels[1] = levels[1].map(|level| level + 50.0);
        }
        let bridges = Bridges::fit(&months(120), &broken);
        assert!(!bridges.tells(1) && bridges.judged[1].unwrap().rmse_m > 49.0);
        let good = Bridges::fit(&months(120), &levels(120));
        assert_ne!(good.refitted(&months(120), &broken).per_m, good.per_m);
        assert_eq!(good.refitted(&months(120), &levels(120)), good);
    }

    #[test]
    fn months_with_a_missing_level_do_not_count_and_too_few_or_one_layer_are_not_judged() {
        let mut gaps = levels(120);
        for levels in gaps.iter_mut().step_by(3) {
            levels[2] = None;
        }
        let bridges = Bridges::fit(&months(120), &gaps);
        assert_eq!(bridges.judged[1].unwrap().months, 20);
        assert_eq!(Bridges::fit(&months(47), &levels(47)).judged, [None; 3]);
        assert!(Bridges::fit(&months(48), &levels(48)).judged[0].is_some());
        let alone: Vec<_> = levels(120)
            .iter()
            .map(|levels| levels[..1].to_vec())
            .collect();
        assert_eq!(Bridges::fit(&months(120), &alone), Bridges::none(1));
    }
}
