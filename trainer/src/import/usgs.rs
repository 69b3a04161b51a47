//! Parameter codes and rules of the USGS water services.
//!
//! Codes: <https://help.waterdata.usgs.gov/parameter_cd?group_cd=PHY>. Statistics: 00003 is the daily mean, 00008 the median.

use super::{Imported, Level, Options, Stamp, unit::LengthUnit, unit::Quantity};

/// What a parameter code measures, for those of groundwater levels.
pub(super) fn parameter(code: &str) -> Option<(Quantity, LengthUnit)> {
    Some(match code {
        "72019" | "61055" | "72230" => (Quantity::Depth, LengthUnit::Ft),
        "30210" | "72231" => (Quantity::Depth, LengthUnit::M),
        "62610" | "62611" | "72020" | "72150" => (Quantity::Level, LengthUnit::Ft),
        "62612" | "62613" => (Quantity::Level, LengthUnit::M),
        _ => return None,
    })
}

/// The statistic to take of several: the mean before the median before any other.
pub(super) fn rank(statistic: &str) -> u8 {
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
    pub(super) stamp: Stamp,
    /// `None` where the service has none.
    pub(super) number: Option<f64>,
    pub(super) approval: &'a str,
}

/// Takes a value into the import, or counts it.
pub(super) fn take(imported: &mut Imported, value: &Value, options: &Options) {
    let Some((quantity, unit)) = parameter(value.parameter) else {
        imported.leave_out(format!(
            "not a groundwater level (parameter {})",
            value.parameter
        ));
        return;
    };
    let Some(number) = value.number else {
        imported.leave_out("without a value");
        return;
    };
    imported.convert(quantity.in_words(unit, options.zero_m));
    let level = Level {
        stamp: value.stamp,
        level_m: quantity.level_m(number, unit, options.zero_m),
        days: None,
        approval: value.approval.to_owned(),
    };
    let site = value.site.strip_prefix("USGS-").unwrap_or(value.site);
    imported.add_level(site, level);
}
