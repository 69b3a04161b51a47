//! What a line, a mark or a text stands for, and its colour in each theme.
//!
//! Charts are drawn with inks, never with colours, so the same SVG follows the reader's light or dark theme in the report and carries fixed colours in a file.
//! Hues are Okabe and Ito's and Paul Tol's (both made for colour-blind readers), darkened or lightened until they stand out 3:1 from the page; where two inks share a chart they also differ in dash or shape.

use std::fmt::Write as _;

use plotters::style::RGBColor;

use crate::run::ModelKind;

/// The most aquifer layers with a hue of their own; the model's own limit of inputs.
pub const LAYERS_MAX: u8 = 8;
/// Steps of the sequential ramp of heat maps and rate classes.
pub const RAMP_STEPS: u8 = 32;

/// What something in a chart stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Titles and values.
    Text,
    /// Axis numbers and notes.
    Muted,
    /// Grid lines and frames.
    Grid,
    /// The page behind the chart.
    Paper,
    /// Band between two quantiles, or a part of the record set apart.
    Band,
    /// Observed subsidence.
    Observed,
    /// The LSTM.
    Lstm,
    /// The attention LSTM, AM-LSTM.
    AmLstm,
    /// The floor: no model can be better.
    Floor,
    /// A baseline.
    Baseline,
    /// The test part of a training curve.
    Test,
    /// True shares of a synthetic well, and the word SYNTHETIC.
    Warning,
    /// An aquifer layer, 0 from the top.
    Layer(u8),
    /// A rate class, 0 for the slowest to 4 for the fastest.
    Class(u8),
    /// A step of the sequential ramp, 0 (low) to [`RAMP_STEPS`] - 1 (high).
    Ramp(u8),
}

const FIXED: [(Ink, &str, &str, &str); 12] = [
    // ink, name, light, dark
    (Ink::Text, "text", "#1c2430", "#e8ecf1"),
    (Ink::Muted, "muted", "#56606d", "#a3adba"),
    (Ink::Grid, "grid", "#dde2e8", "#343c47"),
    (Ink::Paper, "paper", "#ffffff", "#171b21"),
    (Ink::Band, "band", "#e9edf2", "#262d36"),
    (Ink::Observed, "observed", "#3d4652", "#c6ced8"),
    (Ink::Lstm, "lstm", "#c04a00", "#ff9a4d"),
    (Ink::AmLstm, "amlstm", "#0063a6", "#5cb4f0"),
    (Ink::Floor, "floor", "#5f6b79", "#93a0af"),
    (Ink::Baseline, "baseline", "#7a6a00", "#d3be3a"),
    (Ink::Test, "test", "#8a4f8f", "#d79bdc"),
    (Ink::Warning, "warning", "#a3273c", "#ff8fa0"),
];
const FIRST_LAYER: u8 = 32;
const FIRST_CLASS: u8 = 48;
const FIRST_RAMP: u8 = 64;
/// Rate classes from grey to deep purple by day and to pale pink by night, (light, dark).
const CLASS_HUES: [(&str, &str); 5] = [
    ("#7c8494", "#7d8796"),
    ("#a67300", "#b8912f"),
    ("#cf5410", "#f0883c"),
    ("#b3163f", "#ffa29a"),
    ("#5e0a4d", "#ffdcea"),
];
/// Hues of the aquifer layers, (light, dark).
const LAYER_HUES: [(&str, &str); LAYERS_MAX as usize] = [
    ("#00795a", "#3fc9a0"),
    ("#8f3f97", "#dd9be3"),
    ("#8a5a00", "#e0b04d"),
    ("#0b7285", "#66cfe0"),
    ("#b0413e", "#f29a97"),
    ("#4b5bb5", "#a3aef5"),
    ("#5e7a00", "#b5d44a"),
    ("#6b5b4f", "#c4b3a5"),
];
/// Nine anchors of cividis (Nuñez et al. 2018, doi:10.1371/journal.pone.0199239), the ramp that looks alike to readers with and without colour vision deficiency.
const CIVIDIS: [[u8; 3]; 9] = [
    [0, 34, 78],
    [33, 54, 107],
    [69, 72, 108],
    [98, 92, 110],
    [124, 123, 120],
    [150, 139, 119],
    [184, 169, 104],
    [219, 199, 85],
    [254, 232, 56],
];

impl Ink {
    /// The ramp's ink for a value between `low` and `high`; values outside take the ends.
    pub fn of_value(value: f64, low: f64, high: f64) -> Self {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        Self::Ramp((share.clamp(0.0, 1.0) * f64::from(RAMP_STEPS - 1)).round() as u8)
    }

    /// The ink of a model.
    pub fn of_model(model: ModelKind) -> Self {
        match model {
            ModelKind::AM_LSTM => Self::AmLstm,
            ModelKind::LSTM => Self::Lstm,
            ModelKind::FLOOR => Self::Floor,
            ModelKind::Baseline(_) => Self::Baseline,
        }
    }

    /// The colour that stands for this ink between plotters and the canvas; never seen.
    pub(super) fn code(self) -> RGBColor {
        let code = match self {
            Self::Layer(layer) => FIRST_LAYER + layer % LAYERS_MAX,
            Self::Class(class) => FIRST_CLASS + class.min(4),
            Self::Ramp(step) => FIRST_RAMP + step.min(RAMP_STEPS - 1),
            fixed => FIXED.iter().position(|row| row.0 == fixed).unwrap_or(0) as u8,
        };
        RGBColor(0, 0, code)
    }

    /// The ink a code stands for.
    pub(super) fn of_code((_, _, code): (u8, u8, u8)) -> Self {
        match code {
            FIRST_RAMP.. => Self::Ramp((code - FIRST_RAMP).min(RAMP_STEPS - 1)),
            FIRST_CLASS.. => Self::Class((code - FIRST_CLASS).min(4)),
            FIRST_LAYER.. => Self::Layer((code - FIRST_LAYER) % LAYERS_MAX),
            _ => FIXED.get(usize::from(code)).map_or(Self::Text, |row| row.0),
        }
    }

    /// The name of this ink in style sheets.
    pub(super) fn name(self) -> String {
        match self {
            Self::Layer(layer) => format!("layer{layer}"),
            Self::Class(class) => format!("class{class}"),
            Self::Ramp(step) => format!("ramp{step}"),
            fixed => FIXED
                .iter()
                .find(|row| row.0 == fixed)
                .map_or("text", |row| row.1)
                .to_owned(),
        }
    }

    /// Dashes of lines in this ink, in pixels; empty for a solid line.
    fn dashes(self) -> &'static str {
        match self {
            Self::Lstm => "5 3",
            Self::Test => "4 2",
            Self::Layer(1) => "6 2",
            Self::Floor | Self::Layer(2) => "2 2",
            Self::Layer(3..) => "7 2 2 2",
            _ => "",
        }
    }
}

fn all() -> impl Iterator<Item = (Ink, String, String)> {
    let fixed = FIXED
        .iter()
        .map(|row| (row.0, row.2.to_owned(), row.3.to_owned()));
    let layers = (0u8..)
        .zip(LAYER_HUES)
        .map(|(layer, (light, dark))| (Ink::Layer(layer), light.to_owned(), dark.to_owned()));
    let classes = (0u8..)
        .zip(CLASS_HUES)
        .map(|(class, (light, dark))| (Ink::Class(class), light.to_owned(), dark.to_owned()));
    let ramp = (0..RAMP_STEPS).map(|step| (Ink::Ramp(step), ramp_colour(step), ramp_colour(step)));
    fixed.chain(layers).chain(classes).chain(ramp)
}

fn ramp_colour(step: u8) -> String {
    let position = f64::from(step) / f64::from(RAMP_STEPS - 1) * (CIVIDIS.len() - 1) as f64;
    let below = (position as usize).min(CIVIDIS.len() - 2);
    let share = position - below as f64;
    let channel = |i: usize| {
        (f64::from(CIVIDIS[below][i]) * (1.0 - share) + f64::from(CIVIDIS[below + 1][i]) * share)
            .round() as u8
    };
    format!("#{:02x}{:02x}{:02x}", channel(0), channel(1), channel(2))
}

/// The rules that colour a chart, one fill and one stroke class an ink; `colour` says what stands for an ink.
fn rules(scope: &str, mut colour: impl FnMut(Ink, &str) -> String) -> String {
    let mut css = String::new();
    for (ink, light, _) in all() {
        let (name, value) = (ink.name(), colour(ink, &light));
        let dashes = match ink.dashes() {
            "" => String::new(),
            dashes => format!(";stroke-dasharray:{dashes}"),
        };
        let _ = write!(css, "{scope}.f-{name}{{fill:{value}}}");
        if !matches!(ink, Ink::Ramp(_)) {
            let _ = write!(css, "{scope}.s-{name}{{fill:none;stroke:{value}{dashes}}}");
        }
    }
    css
}

/// The style sheet of a chart in a file: light theme, fixed colours.
pub(super) fn file_style() -> String {
    rules("", |_, light| light.to_owned())
}

/// The style sheet of charts in a page: variables for the light theme, the same for the dark theme, and the rules that use them.
pub fn page_style() -> String {
    let (mut light, mut dark) = (String::new(), String::new());
    for (ink, day, night) in all().filter(|(ink, ..)| !matches!(ink, Ink::Ramp(_))) {
        let name = ink.name();
        let _ = write!(light, "--{name}:{day};");
        let _ = write!(dark, "--{name}:{night};");
    }
    let rules = rules(".chart ", |ink, fixed| match ink {
        Ink::Ramp(_) => fixed.to_owned(),
        _ => format!("var(--{})", ink.name()),
    });
    // Paper is white whatever the screen's theme.
    format!(
        ":root{{color-scheme:light dark;{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{rules}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast ratio as WCAG 2.2 defines them.
    fn contrast(one: &str, other: &str) -> f64 {
        let luminance = |colour: &str| {
            let channel = |at: usize| {
                let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
                if value <= 0.04045 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
        };
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn every_ink_survives_the_way_through_plotters() {
        for (ink, ..) in all() {
            let RGBColor(r, g, b) = ink.code();
            assert_eq!(Ink::of_code((r, g, b)), ink);
        }
    }

    #[test]
    fn text_and_marks_stand_out_from_the_page_in_both_themes() {
        let paper = FIXED.iter().find(|row| row.0 == Ink::Paper).unwrap();
        for (ink, light, dark) in all() {
            // WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (graphics 3:1). Grids, bands and filled heat cells are not marks to be told from the page.
            let least = match ink {
                Ink::Text | Ink::Muted | Ink::Warning => 4.5,
                Ink::Grid | Ink::Paper | Ink::Band | Ink::Ramp(_) => continue,
                _ => 3.0,
            };
            assert!(
                contrast(&light, paper.2) >= least,
                "{ink:?} light {}",
                contrast(&light, paper.2)
            );
            assert!(
                contrast(&dark, paper.3) >= least,
                "{ink:?} dark {}",
                contrast(&dark, paper.3)
            );
        }
    }
}
