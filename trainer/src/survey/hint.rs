//! What looks wrong with a well's files.

use std::collections::HashMap;

use amlstm_core::month_mean::MonthRule;

use super::{
    GroundSurvey, LayerSurvey,
    ground::{Verdict, monthly},
    layer::year_of,
    trend::{Trend, median},
};
use crate::{
    level::LayerReadings,
    ps::{PsPoint, WellPoints},
    read::{Ground, Reading, WellReadings},
    spread::mean_and_deviation,
    table::listed,
};

/// Levels whose trend explains less than this of them have no direction to speak of.
const CLEAR_TREND_R2: f64 = 0.25;
/// Change of a level along its trend that is worth a hint, m.
const CLEAR_TREND_M: f64 = 0.5;
/// Observations below which a series is too short to be judged.
const ENOUGH: usize = 12;
/// A number that comes so often and far from all others is no accident.
const REPEATED: usize = 3;
/// A step so many times the usual one is one of the instrument.
const UNUSUAL: f64 = 8.0;
/// Smallest step of the ground that is worth a hint, mm.
const LEAST_STEP_MM: f64 = 10.0;
/// Smallest step of a level that is worth a hint, m.
const LEAST_STEP_M: f64 = 0.5;
/// Series that stay within this may be increments of a month, mm.
const LARGEST_INCREMENT_MM: f64 = 50.0;
/// Pause in a record that is worth a hint, days.
const LONG_PAUSE_DAYS: i32 = 3653;

/// Every hint about a well.
pub(super) fn all(
    well: &WellReadings,
    layers: &[LayerSurvey],
    ground: Option<&GroundSurvey>,
) -> Vec<String> {
    let mut hints = Vec::new();
    hints.extend(respelled_layers(layers));
    for layer in &well.layers {
        hints.extend(two_datums(layer));
        hints.extend(repeated(layer).or_else(|| outlier(layer)));
    }
    hints.extend(shared_step(well, layers));
    hints.extend(layers.iter().filter_map(long_pause));
    hints.extend(layers.iter().filter_map(incomplete_months));
    if let Some(ground) = ground {
        hints.extend(against_the_levels(well, ground));
        hints.extend(outside_levels(ground));
        hints.extend(unusual_change(ground));
        hints.extend(lost_increments(ground));
    }
    match &well.ground {
        Ground::Direct(readings) => hints.extend(wrong_quantity(readings)),
        Ground::Points(points) => hints.extend(strange_points(points)),
    }
    hints
}

/// Layers whose names differ by case, spaces and punctuation alone.
fn respelled_layers(layers: &[LayerSurvey]) -> Vec<String> {
    let plain = |name: &str| -> String {
        let letters = name.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect()
    };
    let mut hints = Vec::new();
    for (number, layer) in layers.iter().enumerate() {
        let twin = |other: &&LayerSurvey| plain(&other.layer) == plain(&layer.layer);
        if let Some(twin) = layers[..number].iter().find(twin) {
            hints.push(format!(
                "layers \"{}\" and \"{}\" differ by their spelling alone: are they one layer?",
                twin.layer, layer.layer
            ));
        }
    }
    hints
}

/// Pairs of readings within a day that differ by about the same: two measuring points or two instruments in one layer.
fn two_datums(layer: &LayerReadings) -> Option<String> {
    let pairs = layer
        .readings
        .windows(2)
        .filter(|pair| pair[1].time.duration_since(pair[0].time).as_hours() < 24);
    let differences: Vec<f64> = pairs
        .map(|pair| f64::from((pair[1].level_m - pair[0].level_m).abs()))
        .collect();
    let usual = median(differences.iter().copied())?;
    let spread = median(
        differences
            .iter()
            .map(|difference| (difference - usual).abs()),
    )?;
    let is_offset = differences.len() >= 5 && usual >= 0.1 && spread <= 0.2 * usual;
    is_offset.then(|| {
        format!(
            "layer {}: {} times two readings within a day differ by about {usual:.2} m: two measuring points or datums?",
            layer.aquifer_layer,
            differences.len()
        )
    })
}

/// One number again and again, far from all others: "no reading" as no list knows it.
fn repeated(layer: &LayerReadings) -> Option<String> {
    let mut levels: Vec<f32> = layer
        .readings
        .iter()
        .map(|reading| reading.level_m)
        .collect();
    levels.sort_by(f32::total_cmp);
    let (lowest, highest) = (*levels.first()?, *levels.last()?);
    let far = (0.25 * f64::from(highest - lowest)).max(LEAST_STEP_M);
    let is_one = |end: f32, next: Option<&f32>, count: usize| {
        let is_far = next.is_some_and(|next| f64::from((next - end).abs()) > far);
        (is_far && count >= REPEATED && 2 * count <= levels.len()).then_some((end, count))
    };
    let low = levels.iter().take_while(|level| **level == lowest).count();
    let high = levels
        .iter()
        .rev()
        .take_while(|level| **level == highest)
        .count();
    let (value, count) = is_one(lowest, levels.get(low), low)
        .or_else(|| is_one(highest, levels.iter().rev().nth(high), high))?;
    let first = layer
        .readings
        .iter()
        .find(|reading| reading.level_m == value)?;
    Some(format!(
        "layer {}: {count} readings are exactly {value} m (line {}), far from all others: \"no reading\"? Then name its number in no_data",
        layer.aquifer_layer, first.line
    ))
}

/// A reading far from all others of its layer.
fn outlier(layer: &LayerReadings) -> Option<String> {
    let levels = || {
        layer
            .readings
            .iter()
            .map(|reading| f64::from(reading.level_m))
    };
    if layer.readings.len() < ENOUGH {
        return None;
    }
    let middle = median(levels())?;
    let spread = median(levels().map(|level| (level - middle).abs()))?;
    let limit = 20.0 * spread.max(0.05) + LEAST_STEP_M;
    let far = |level: f64| (level - middle).abs() > limit;
    let count = levels().filter(|level| far(*level)).count();
    let first = layer
        .readings
        .iter()
        .find(|reading| far(f64::from(reading.level_m)))?;
    (20 * count <= layer.readings.len()).then(|| {
        let more = match count {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        format!(
            "layer {}: {:.2} m on {} (line {}){more} lies far from all other readings around {middle:.2} m: is it one?",
            layer.aquifer_layer,
            first.level_m,
            first.time.date(),
            first.line
        )
    })
}

/// All layers step on one day, and by far more than they usually do.
fn shared_step(well: &WellReadings, layers: &[LayerSurvey]) -> Option<String> {
    let shared = layers.first().filter(|layer| layer.step_is_shared)?;
    let is_unusual = |(readings, layer): (&LayerReadings, &LayerSurvey)| {
        let steps = readings.readings.windows(2);
        let usual = median(steps.map(|pair| f64::from((pair[1].level_m - pair[0].level_m).abs())));
        let step = f64::from(layer.largest_step_m.abs());
        step >= LEAST_STEP_M && usual.is_some_and(|usual| step > UNUSUAL * usual)
    };
    let all = well.layers.iter().zip(layers).all(is_unusual);
    let day = shared.largest_step_on?;
    all.then(|| {
        format!("all layers step on {day}, by far more than usually: a change of the datum?")
    })
}

fn long_pause(layer: &LayerSurvey) -> Option<String> {
    (layer.longest_gap_days > LONG_PAUSE_DAYS).then(|| {
        format!(
            "layer {}: {:.0} years without a reading between {} and {}: is a date wrong?",
            layer.layer,
            f64::from(layer.longest_gap_days) / 365.25,
            layer.first,
            layer.last
        )
    })
}

fn incomplete_months(layer: &LayerSurvey) -> Option<String> {
    let incomplete = layer.month_rule == MonthRule::MostDays && layer.missing_months > 0;
    incomplete.then(|| {
        format!(
            "layer {}: {} of {} months do not count: fewer than 80 % of their days have a reading",
            layer.layer,
            layer.missing_months,
            layer.months + layer.missing_months
        )
    })
}

/// The ground sinks while levels rise, or rises while they fall.
fn against_the_levels(well: &WellReadings, ground: &GroundSurvey) -> Option<String> {
    let clear = |layer: &&LayerReadings| level_trend(layer).is_some();
    let clear: Vec<&LayerReadings> = well.layers.iter().filter(clear).collect();
    let trends = clear.iter().filter_map(|layer| level_trend(layer));
    let rates: Vec<f64> = trends.map(|trend| trend.per_year).collect();
    let names: Vec<&str> = clear
        .iter()
        .map(|layer| layer.aquifer_layer.as_str())
        .collect();
    let layers = listed(&names);
    let rate = rates.first()?;
    if ground.verdict == Verdict::Sinks && rates.iter().all(|rate| *rate > 0.0) {
        Some(format!(
            "the ground sinks while the level rises by {rate:.2} m a year ({layers}): is it a depth to water, or is subsidence_mm up positive?"
        ))
    } else if ground.verdict == Verdict::Rises && rates.iter().all(|rate| *rate < 0.0) {
        Some(format!(
            "the ground rises while the level falls by {:.2} m a year ({layers}): is subsidence up positive?",
            -rate
        ))
    } else {
        None
    }
}

/// The trend of a layer's levels where it is clear.
fn level_trend(layer: &LayerReadings) -> Option<Trend> {
    let points: Vec<(f64, f64)> = layer
        .readings
        .iter()
        .map(|reading| (year_of(reading.time.date()), f64::from(reading.level_m)))
        .collect();
    Trend::of(&points)
        .filter(|trend| trend.r2 >= CLEAR_TREND_R2 && trend.total.abs() >= CLEAR_TREND_M)
}

fn outside_levels(ground: &GroundSurvey) -> Option<String> {
    (ground.outside_levels > 0).then(|| {
        format!(
            "{} of {} observations of the ground lie outside the months with levels and are not used",
            ground.outside_levels, ground.observations
        )
    })
}

fn unusual_change(ground: &GroundSurvey) -> Option<String> {
    let size = ground.largest_change_mm.abs();
    let day = ground.largest_change_on?;
    let is_unusual = size >= LEAST_STEP_MM && size > UNUSUAL * ground.usual_change_mm;
    is_unusual.then(|| {
        format!(
            "the ground moves by {:.1} mm up to {day}, usually by {:.1} mm: a new instrument or antenna?",
            ground.largest_change_mm, ground.usual_change_mm
        )
    })
}

fn lost_increments(ground: &GroundSurvey) -> Option<String> {
    let all = ground.increments_used + ground.increments_lost;
    (4 * ground.increments_lost > all).then(|| {
        format!(
            "{} of {all} increments are lost, because a point was not observed at both ends",
            ground.increments_lost
        )
    })
}

/// Signs that a series is not cumulative millimetres.
fn wrong_quantity(readings: &[Reading]) -> Option<String> {
    if readings.len() < ENOUGH {
        return None;
    }
    let values = || readings.iter().map(|reading| reading.subsidence_mm);
    let [lowest, highest] = [
        values().fold(f64::INFINITY, f64::min),
        values().fold(f64::NEG_INFINITY, f64::max),
    ];
    let (mean, deviation) = mean_and_deviation(&values().collect::<Vec<f64>>());
    let observed: Vec<_> = readings
        .iter()
        .map(|reading| (reading.date, reading.subsidence_mm))
        .collect();
    let months = monthly(&observed);
    let total: f64 = months.iter().map(|(_, value)| value).sum();
    let changes = || months.windows(2).map(|pair| pair[1].1 - pair[0].1);
    let to_and_fro: f64 = changes().map(f64::abs).sum();
    let net = changes().sum::<f64>().abs();
    // Months that all sink by a little, more and less: on the whole they come to far more than their range.
    let never_accumulates = highest - lowest < LARGEST_INCREMENT_MM
        && mean.abs() > deviation
        && readings[0].subsidence_mm.abs() <= highest - lowest
        && to_and_fro > 3.0 * net
        && total.abs() > 10.0 * (highest - lowest);
    if never_accumulates {
        return Some(format!(
            "subsidence never accumulates: it stays between {lowest:.2} and {highest:.2} mm around {mean:.2} mm: are these increments (their sum is {total:.0} mm)?"
        ));
    }
    (highest - lowest < 1.0).then(|| {
        format!(
            "all subsidence lies within {:.4} mm: are these metres?",
            highest - lowest
        )
    })
}

/// Points that do not move, and points that repeat others.
fn strange_points(points: &WellPoints) -> Vec<String> {
    let mut hints = Vec::new();
    let mut still: Vec<&str> = Vec::new();
    let mut first_of: HashMap<Vec<u32>, &str> = HashMap::new();
    let mut repeated: Vec<String> = Vec::new();
    for point in &points.points {
        let observed: Vec<f32> = point.subsidence_mm.iter().copied().flatten().collect();
        if observed.len() > 2 && observed.windows(2).all(|pair| pair[0] == pair[1]) {
            still.push(&point.id);
            continue;
        }
        let bits = |value: &Option<f32>| value.map_or(u32::MAX, f32::to_bits);
        let key = point.subsidence_mm.iter().map(bits).collect();
        match first_of.get(&key) {
            Some(first) if observed.len() > 2 => repeated.push(format!("{} = {first}", point.id)),
            _ => {
                first_of.insert(key, &point.id);
            }
        }
    }
    let zeros: usize = points.points.iter().map(zeros_between).sum();
    if zeros > 0 {
        hints.push(format!(
            "{zeros} values of points are exactly 0 between others that are far from it: masked scenes? Name 0 in no_data if 0 is never measured"
        ));
    }
    if !still.is_empty() {
        hints.push(format!(
            "{} of {} points never move ({}): masked pixels? Remove them",
            still.len(),
            points.points.len(),
            listed(&still)
        ));
    }
    if !repeated.is_empty() {
        hints.push(format!(
            "{} of {} points have the values of another one in every scene ({}): are they copies?",
            repeated.len(),
            points.points.len(),
            listed(&repeated)
        ));
    }
    hints
}

/// Values that are exactly 0 though the nearest others before and after are at least [`LEAST_STEP_MM`] away.
fn zeros_between(point: &PsPoint) -> usize {
    let observed: Vec<f32> = point.subsidence_mm.iter().copied().flatten().collect();
    let far =
        |value: Option<&f32>| value.is_some_and(|value| f64::from(value.abs()) >= LEAST_STEP_MM);
    let is_zero_between = |place: &usize| {
        let other = |value: &&f32| **value != 0.0;
        let before = observed[..*place].iter().rfind(other);
        let after = observed[place + 1..].iter().find(other);
        observed[*place] == 0.0 && far(before) && far(after)
    };
    (0..observed.len()).filter(is_zero_between).count()
}
