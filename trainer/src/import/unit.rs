//! Units of lengths, and what a value is measured from.

use serde::Deserialize;

/// Metres of a foot (international, exact).
const FOOT_M: f64 = 0.3048;

/// Metres of water column of a kilopascal, psi, millibar: 1 / (998.2 kg/m3 at 20 degrees * 9.80665 m/s2).
const KILOPASCAL_M: f64 = 1000.0 / (998.2 * 9.80665);

/// A unit of length, or of pressure as the water column that it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    /// Metres.
    M,
    /// Centimetres, of water too.
    Cm,
    /// Millimetres.
    Mm,
    /// Feet.
    Ft,
    /// Inches.
    In,
    /// Kilopascals of water column at 20 degrees.
    Kpa,
    /// Pounds per square inch, likewise.
    Psi,
    /// Millibars or hectopascals, likewise.
    Mbar,
}

impl LengthUnit {
    /// Reads a unit as files write it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text
            .trim()
            .trim_matches(['(', ')', '[', ']'])
            .to_lowercase();
        // "m, local datum" and "m H2O" are metres.
        let first = text.split([' ', ',', '_']).next().unwrap_or_default();
        Some(match first {
            "m" | "meter" | "meters" | "metre" | "metres" | "mh2o" => Self::M,
            "cm" | "cmh2o" | "centimeter" | "centimeters" => Self::Cm,
            "mm" | "mmh2o" => Self::Mm,
            "ft" | "feet" | "foot" | "fth2o" => Self::Ft,
            "in" | "inch" | "inches" | "inh2o" => Self::In,
            "kpa" => Self::Kpa,
            "psi" | "psia" | "psig" => Self::Psi,
            "mbar" | "hpa" => Self::Mbar,
            _ => return None,
        })
    }

    /// Metres of one.
    pub fn metres(self) -> f64 {
        match self {
            Self::M => 1.0,
            Self::Cm => 0.01,
            Self::Mm => 0.001,
            Self::Ft => FOOT_M,
            Self::In => FOOT_M / 12.0,
            Self::Kpa => KILOPASCAL_M,
            Self::Psi => 6.894757 * KILOPASCAL_M,
            Self::Mbar => 0.1 * KILOPASCAL_M,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::M => "m",
            Self::Cm => "cm",
            Self::Mm => "mm",
            Self::Ft => "ft",
            Self::In => "in",
            Self::Kpa => "kPa of water",
            Self::Psi => "psi of water",
            Self::Mbar => "mbar of water",
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// Up from a datum.
    Level,
    /// Down from a measuring point.
    Depth,
    /// Up from a transducer.
    Submergence,
}

impl Quantity {
    /// Level above the datum, m, of a value in a unit; `zero_m` is the height of its zero.
    pub(super) fn level_m(self, value: f64, unit: LengthUnit, zero_m: f64) -> f64 {
        let metres = value * unit.metres();
        match self {
            Self::Level | Self::Submergence => zero_m + metres,
            Self::Depth => zero_m - metres,
        }
    }

    /// How such values become levels, in words.
    pub(super) fn in_words(self, unit: LengthUnit, zero_m: f64) -> String {
        let unit = unit.name();
        match self {
            Self::Level if zero_m == 0.0 => format!("levels in {unit} to m"),
            Self::Level => format!("levels in {unit} to m, raised by {zero_m} m"),
            Self::Depth => format!(
                "depths in {unit} to levels in m: {zero_m} m (the measuring point) less the depth"
            ),
            Self::Submergence => format!(
                "water above the transducer in {unit} to levels in m: {zero_m} m (the transducer) and the water"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_metres_above_the_datum() {
        assert_eq!(LengthUnit::parse("[m, NAP]"), Some(LengthUnit::M));
        assert_eq!(LengthUnit::parse("furlongs"), None);
        // 100 ft are 30.48 m.
        let level = Quantity::Depth.level_m(100.0, LengthUnit::Ft, 50.0);
        assert!((level - 19.52).abs() < 1e-12);
        assert_eq!(
            Quantity::Submergence.level_m(250.0, LengthUnit::Cm, 10.0),
            12.5
        );
        // A psi is 6.894757 kPa, which carry 0.7043 m of water at 20 degrees.
        assert!((LengthUnit::Psi.metres() - 0.7043).abs() < 1e-4);
    }
}
