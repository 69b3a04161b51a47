//! Plausible level histories of a well: its record continued, or others like it, with seasons, anomalies, slopes and droughts drawn anew.

use super::random::Random;
use super::record::Record;

/// Length of the sequences beyond the record, and its bounds, in months.
const BEYOND_THE_RECORD: usize = 60;
const SHORTEST: usize = 120;
const LONGEST: usize = 400;

/// Recovery of the level towards its reference, per month.
const RECOVERY: [f64; 3] = [0.02, 0.05, 0.1];
/// Probability that a drought begins in a month without one.
const DROUGHT_STARTS: [f64; 3] = [0.0, 1.0 / 60.0, 1.0 / 120.0];
/// Approach of a drought's depth, and what is left of it from one month to the next when it is over.
const DROUGHT_APPROACH: f64 = 0.08;
const DROUGHT_DECAY: f64 = 0.95;
/// Probability that one layer's transducer hangs from a random month on.
const HELD: f64 = 0.1;

/// A level history, `[months][aquifer layers]`, m above datum.
pub type History = Vec<Vec<f64>>;

/// Months of the histories for a record of so many.
pub fn months(record: usize) -> usize {
    (record + BEYOND_THE_RECORD).clamp(SHORTEST, LONGEST)
}

/// Draws a history of `months` months that begins in the record's first calendar month: with probability one half the record and what might follow,
/// else a history like it from the first month on.
pub fn history(record: &Record, months: usize, random: &mut Random) -> History {
    let layers = record.layers();
    let continued = random.chance(0.5);
    let mut history: History = if continued {
        record.level_m.iter().take(months).cloned().collect()
    } else {
        let shift = random.normal();
        let start = (0..layers).map(|layer| {
            let deviation = record.level[layer].deviation;
            record.level_m[0][layer] + (0.5 * shift + 0.3 * random.normal()) * deviation
        });
        vec![start.collect()]
    };
    let factor = |random: &mut Random| -> Vec<f64> {
        let common = 0.3 * random.normal();
        (0..layers)
            .map(|_| libm::exp(common + 0.2 * random.normal()))
            .collect()
    };
    let (season_factor, anomaly_factor) = (factor(random), factor(random));
    let recovery = RECOVERY[random.below(RECOVERY.len())];
    let slope_m = slope(record, random);
    let reference_m = if continued {
        history[history.len() - 1].clone()
    } else {
        record.level_m[random.below(record.months())].clone()
    };
    let mut anomalies = Anomalies::default();
    let mut drought = Drought::new(layers, DROUGHT_STARTS[random.below(DROUGHT_STARTS.len())]);
    let start = history.len();
    for month in start..months {
        let source = anomalies.next(record, month, random);
        drought.next(record, random);
        let elapsed = (month + 1 - start) as f64;
        let levels = (0..layers).map(|layer| {
            let before = history[month - 1][layer];
            let season = record.season_m[layer][record.calendar_month(month)];
            let anomaly = source.map_or(0.0, |source| record.anomaly_m(source, layer));
            let target = reference_m[layer] + slope_m[layer] * elapsed + drought.depth_m[layer];
            before
                + season_factor[layer] * season
                + anomaly_factor[layer] * anomaly
                + slope_m[layer]
                - recovery * (before - target)
        });
        let levels = levels.collect();
        history.push(levels);
    }
    if random.chance(HELD) {
        let (layer, from) = (random.below(layers), random.below(months));
        let held = history[from][layer];
        for levels in &mut history[from..] {
            levels[layer] = held;
        }
    }
    history
}

/// Change of each layer per month besides season and anomalies, m.
fn slope(record: &Record, random: &mut Random) -> Vec<f64> {
    let drawn = random.chance(0.7);
    let common = 0.7 * random.normal();
    let slope: Vec<f64> = record
        .level
        .iter()
        .map(|level| (common + 0.7 * random.normal()) * level.deviation / 60.0)
        .collect();
    if random.chance(0.3) {
        record.change.iter().map(|change| change.mean).collect()
    } else if drawn {
        slope
    } else {
        vec![0.0; record.layers()]
    }
}

/// Months of the record whose anomalies come next, in blocks that keep their calendar months.
#[derive(Default)]
struct Anomalies {
    next: usize,
    end: usize,
}

impl Anomalies {
    /// The month of the record for a month of the history; nothing where the record has no such calendar month.
    fn next(&mut self, record: &Record, month: usize, random: &mut Random) -> Option<usize> {
        if self.next == self.end {
            let calendar = record.calendar_month(month);
            let starts: Vec<usize> = (1..record.months())
                .filter(|&start| record.calendar_month(start) == calendar)
                .collect();
            let length = 6 + random.below(19);
            if starts.is_empty() {
                return None;
            }
            self.next = starts[random.below(starts.len())];
            self.end = (self.next + length).min(record.months());
        }
        self.next += 1;
        Some(self.next - 1)
    }
}

/// Years in which levels sink below their reference.
struct Drought {
    starts: f64,
    months_left: usize,
    deepest_m: Vec<f64>,
    depth_m: Vec<f64>,
}

impl Drought {
    fn new(layers: usize, starts: f64) -> Self {
        Self {
            starts,
            months_left: 0,
            deepest_m: vec![0.0; layers],
            depth_m: vec![0.0; layers],
        }
    }

    fn next(&mut self, record: &Record, random: &mut Random) {
        if self.months_left == 0 && random.chance(self.starts) {
            self.months_left = 6 + random.below(42);
            let common = random.uniform(0.5, 2.5);
            for (deepest_m, level) in self.deepest_m.iter_mut().zip(&record.level) {
                *deepest_m = -common * random.uniform(0.3, 1.0) * level.deviation;
            }
        }
        let active = self.months_left > 0;
        self.months_left = self.months_left.saturating_sub(1);
        for (depth_m, deepest_m) in self.depth_m.iter_mut().zip(&self.deepest_m) {
            if active {
                *depth_m += DROUGHT_APPROACH * (deepest_m - *depth_m);
            } else {
                *depth_m *= DROUGHT_DECAY;
            }
        }
    }
}
