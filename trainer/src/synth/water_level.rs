//! Monthly water levels of one aquifer layer since 1970: long decline, season, weather and single events.
//!
//! All shapes are assumed; only the decline rates and ranges resemble the Beijing plain.

use super::well::{AquiferLayer, LevelParameters};
use jiff::civil::Date;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// First year of the simulation: the clay remembers decades of decline.
pub const FIRST_YEAR: i32 = 1970;

/// Months from January of the first year to December 2017.
const MONTHS: usize = 48 * 12;

/// Standard deviation of one reading, m.
const READING_ERROR_M: f64 = 0.03;

/// Standard deviation of a year's seasonal amplitude, relative.
const AMPLITUDE_SPREAD: f64 = 0.25;

/// Correlation of the weather from month to month.
const WEATHER_MEMORY: f64 = 0.75;

/// Decimal year of a date.
pub fn decimal_year(date: Date) -> f64 {
    let days = if date.in_leap_year() { 366.0 } else { 365.0 };
    f64::from(date.year()) + (f64::from(date.day_of_year()) - 0.5) / days
}

/// True monthly levels of one aquifer layer; the level of a month holds at its middle.
#[derive(Debug, Clone, PartialEq)]
pub struct WaterLevel {
    level_m: Vec<f64>,
}

impl WaterLevel {
    /// Draws the levels of a layer.
    pub fn draw(parameters: &LevelParameters, layer: AquiferLayer, random: &mut impl Rng) -> Self {
        let mut normal = || -> f64 { StandardNormal.sample(random) };
        let mut level_m = Vec::with_capacity(MONTHS);
        let mut weather_m = parameters.weather_sd_m * normal();
        let mut amplitude = 1.0;
        for month in 0..MONTHS {
            if month % 12 == 0 {
                amplitude = 1.0 + AMPLITUDE_SPREAD * normal();
            }
            let innovation = (1.0 - WEATHER_MEMORY * WEATHER_MEMORY).sqrt();
            weather_m =
                WEATHER_MEMORY * weather_m + innovation * parameters.weather_sd_m * normal();
            let year = f64::from(FIRST_YEAR) + (month as f64 + 0.5) / 12.0;
            level_m.push(
                long_term_m(parameters, year)
                    + season_m(parameters, year, amplitude)
                    + event_m(parameters, layer, year)
                    + weather_m,
            );
        }
        Self { level_m }
    }

    /// Level, m, at a decimal year; straight lines between the middles of months.
    pub fn at(&self, year: f64) -> f64 {
        let month = ((year - f64::from(FIRST_YEAR)) * 12.0 - 0.5)
            .clamp(0.0, (self.level_m.len() - 1) as f64);
        let before = (month as usize).min(self.level_m.len() - 2);
        let share = month - before as f64;
        self.level_m[before] * (1.0 - share) + self.level_m[before + 1] * share
    }

    /// What an observer reads in month 1..=12 of a year, m: the level with a reading error.
    pub fn reading(&self, year: i32, month: u8, random: &mut impl Rng) -> f64 {
        let index = (year - FIRST_YEAR) as usize * 12 + usize::from(month) - 1;
        let error: f64 = StandardNormal.sample(random);
        self.level_m[index] + READING_ERROR_M * error
    }
}

/// The decline without season or weather, m: straight lines between knots, the last slope going on.
///
/// Water from the south reached Beijing at the end of 2014; the slope turns within half a year.
fn long_term_m(parameters: &LevelParameters, year: f64) -> f64 {
    let LevelParameters {
        level_2010_m,
        decline_to_1999_m,
        decline_to_2010_m,
        trend_m_per_year,
        late_trend_m_per_year,
        ..
    } = *parameters;
    let turning = f64::midpoint(trend_m_per_year, late_trend_m_per_year);
    let in_1999 = level_2010_m + decline_to_2010_m;
    let in_1978 = in_1999 + decline_to_1999_m * (1.0 - EARLY_SHARE);
    let at_arrival = level_2010_m + trend_m_per_year * (2014.96 - 2010.79);
    let turned = at_arrival + turning * (2015.6 - 2014.96);
    let knots = [
        (1970.0, in_1999 + decline_to_1999_m),
        (1978.0, in_1978),
        (1999.0, in_1999),
        (2010.79, level_2010_m),
        (2014.96, at_arrival),
        (2015.6, turned),
        (2017.1, turned + late_trend_m_per_year * (2017.1 - 2015.6)),
    ];
    let after = knots[1..knots.len() - 1]
        .iter()
        .position(|(knot, _)| year < *knot)
        .map_or(knots.len() - 1, |position| position + 1);
    let ((from, from_m), (to, to_m)) = (knots[after - 1], knots[after]);
    from_m + (to_m - from_m) * (year - from) / (to - from)
}

/// Share of the decline of 1970-1999 that happened before 1978.
const EARLY_SHARE: f64 = 0.15;

/// The yearly and half-yearly wave, m; pumping grew to its present size over twenty years.
fn season_m(parameters: &LevelParameters, year: f64, amplitude: f64) -> f64 {
    let growth = 0.4 + 0.6 * ((year - 1970.0) / 20.0).clamp(0.0, 1.0);
    let lowest = (parameters.lowest_month - 0.5) / 12.0;
    let second = (parameters.lowest_month + 0.8) / 12.0;
    -growth * parameters.amplitude_m * amplitude * (TAU * (year - lowest)).cos()
        - growth * parameters.half_year_amplitude_m * (2.0 * TAU * (year - second)).cos()
}

/// Single events, m, in proportion to the layer's present decline rate.
fn event_m(parameters: &LevelParameters, layer: AquiferLayer, year: f64) -> f64 {
    let rate = parameters.trend_m_per_year.abs();
    let bump = |centre: f64, width: f64| (-((year - centre) / width).powi(2) / 2.0).exp();
    match layer {
        // The storm of 21 July 2012 recharged the phreatic layer; it drained over about a year.
        AquiferLayer::Phreatic => {
            let since = year - 2012.55;
            if since < 0.0 {
                0.0
            } else {
                1.8 * rate * (since / 0.12).min(1.0) * (-since / 1.3).exp()
            }
        }
        // The drought of 2014 and the wet summer of 2012.
        AquiferLayer::Confined1 => rate * (0.3 * bump(2012.7, 0.15) - 0.9 * bump(2014.45, 0.2)),
        // Pumping moved between well fields.
        AquiferLayer::Confined2 => rate * (0.3 * bump(2012.2, 0.25) - 0.35 * bump(2013.5, 0.2)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::well::template;
    use super::*;
    use jiff::civil::date;
    use rand::SeedableRng;
    use rand_chacha::ChaCha12Rng;

    #[test]
    fn the_long_term_level_meets_its_knots() {
        let parameters = &template(2).level[2];
        for (year, expected_m) in [
            (1970.0, 15.0),
            (1999.0, 1.0),
            (2010.79, -19.0),
            (2014.96, -29.842),
        ] {
            assert!(
                (long_term_m(parameters, year) - expected_m).abs() < 1e-9,
                "{year}"
            );
        }
        let late = long_term_m(parameters, 2017.5) - long_term_m(parameters, 2016.5);
        assert!((late + 0.70).abs() < 1e-9);
    }

    #[test]
    fn the_season_is_lowest_in_its_month() {
        let parameters = LevelParameters {
            half_year_amplitude_m: 0.0,
            ..template(0).level[2]
        };
        let lowest = 2012.0 + (parameters.lowest_month - 0.5) / 12.0;
        assert!((season_m(&parameters, lowest, 1.0) + parameters.amplitude_m).abs() < 1e-9);
    }

    #[test]
    fn levels_between_two_month_middles_lie_on_a_line() {
        let mut random = ChaCha12Rng::seed_from_u64(1);
        let level = WaterLevel::draw(&template(0).level[0], AquiferLayer::Phreatic, &mut random);
        let middle = |month: usize| 1970.0 + (month as f64 + 0.5) / 12.0;
        let between = level.at(f64::midpoint(middle(500), middle(501)));
        assert!((between - f64::midpoint(level.level_m[500], level.level_m[501])).abs() < 1e-9);
        assert!((level.at(middle(7)) - level.level_m[7]).abs() < 1e-9);
    }

    #[test]
    fn a_decimal_year_counts_from_the_middle_of_the_day() {
        assert!((decimal_year(date(2011, 1, 1)) - (2011.0 + 0.5 / 365.0)).abs() < 1e-12);
        assert!((decimal_year(date(2012, 12, 31)) - (2013.0 - 0.5 / 366.0)).abs() < 1e-12);
    }
}
