//! Parameter codes and rules of the USGS water services.
//!
//! Codes: <https://help.waterdata.usgs.gov/parameter_cd?group_cd=PHY>. Statistics: 00003 is the daily mean, 00008 the median.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Imported, LengthUnit, Options, Quantity, Stamp, Terms, WrittenLevel};

/// Parameter codes of groundwater levels: what is measured, then what services compute from it. All of a field measurement come together, as if they were
/// several measurements.
const PARAMETERS: [(&str, Quantity, LengthUnit); 11] = [
    ("72019", Quantity::Depth, LengthUnit::Ft),
    ("61055", Quantity::Depth, LengthUnit::Ft),
    ("72230", Quantity::Depth, LengthUnit::Ft),
    ("30210", Quantity::Depth, LengthUnit::M),
    ("72231", Quantity::Depth, LengthUnit::M),
    ("62611", Quantity::Level, LengthUnit::Ft),
    ("62610", Quantity::Level, LengthUnit::Ft),
    ("72150", Quantity::Level, LengthUnit::Ft),
    ("72020", Quantity::Level, LengthUnit::Ft),
    ("62613", Quantity::Level, LengthUnit::M),
    ("62612", Quantity::Level, LengthUnit::M),
];

/// Whether a parameter code is one of groundwater levels.
pub(super) fn is_level(code: &str) -> bool {
    PARAMETERS.iter().any(|(known, ..)| *known == code)
}

/// The statistic to take of several: the mean before the median before any other.
fn rank(statistic: &str) -> u8 {
    match statistic {
        "00003" => 0,
        "00008" => 1,
        "" | "00011" => 2,
        _ => 3,
    }
}

/// One value of a series.
pub(super) struct Value<'a> {
    pub(super) site: &'a str,
    pub(super) parameter: &'a str,
    /// Code of the statistic of a day; empty for none.
    pub(super) statistic: &'a str,
    /// Number of the sensor, where a file has several for one parameter.
    pub(super) sensor: usize,
    pub(super) stamp: Stamp,
    /// `None` where the service has none.
    pub(super) number: Option<f64>,
    pub(super) approval: &'a str,
}

/// A series of a site: its parameter, statistic and sensor.
type Key = (String, String, usize);

/// The values of a file, from which one series is taken for each site: a depth, the same above two datums and the extremes of its days are not one record.
#[derive(Default)]
pub(super) struct Sites {
    series: BTreeMap<String, BTreeMap<Key, Vec<WrittenLevel>>>,
}

impl Sites {
    /// Keeps a value; one of another quantity is counted as left out.
    pub(super) fn add(&mut self, value: &Value, imported: &mut Imported) {
        if !is_level(value.parameter) {
            let parameter = crate::table::quoted(value.parameter.as_bytes());
            imported.leave_out(format!("not a groundwater level (parameter {parameter})"));
            return;
        }
        let site = value.site.strip_prefix("USGS-").unwrap_or(value.site);
        let key = (
            value.parameter.to_owned(),
            value.statistic.to_owned(),
            value.sensor,
        );
        let of_site = self.series.entry(site.to_owned()).or_default();
        of_site.entry(key).or_default().push(WrittenLevel {
            approval: value.approval.to_owned(),
            ..WrittenLevel::new(value.stamp, value.number)
        });
    }

    /// Takes one series of each site: the best statistic, then the most values, then what was measured before what was computed from it.
    pub(super) fn take(self, imported: &mut Imported, options: &Options) {
        for (site, of_site) in self.series {
            let place = |code: &str| PARAMETERS.iter().position(|(known, ..)| *known == code);
            let count = |readings: &[WrittenLevel]| {
                let has_number = |level: &&WrittenLevel| level.value.is_some();
                readings.iter().filter(has_number).count()
            };
            let best = of_site
                .iter()
                .min_by_key(|((code, statistic, sensor), readings)| {
                    let values = Reverse(count(readings));
                    (rank(statistic), values, place(code), *sensor)
                });
            let Some(taken) = best.map(|(key, _)| key.clone()) else {
                continue;
            };
            for (key, readings) in of_site {
                if key == taken {
                    take_series(imported, &site, &key.0, readings, options);
                    continue;
                }
                let reason = if key.0 != taken.0 {
                    format!("another parameter of the same site ({})", key.0)
                } else if key.1 != taken.1 {
                    "another statistic of the same day".to_owned()
                } else {
                    "another sensor of the same site".to_owned()
                };
                *imported.left_out.entry(reason).or_default() += readings.len() as u64;
            }
        }
    }
}

fn take_series(
    imported: &mut Imported,
    site: &str,
    parameter: &str,
    readings: Vec<WrittenLevel>,
    options: &Options,
) {
    let known = PARAMETERS.iter().find(|(known, ..)| *known == parameter);
    let Some((_, quantity, unit)) = known else {
        return;
    };
    let terms = Terms {
        quantity: *quantity,
        unit: *unit,
        zero_m: options.zero_m,
    };
    for reading in readings {
        imported.add(site, terms, reading);
    }
}
