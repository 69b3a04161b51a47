//! What a line, a mark or a text stands for, and its colour in each theme.
//!
//! Charts are drawn with inks, never with colours, so the same SVG follows the reader's light or dark theme in the report and carries fixed colours in a file.
//! Hues are Okabe and Ito's and Paul Tol's (both made for colour-blind readers), darkened or lightened until they stand out 3:1 from the page; where two inks share a chart they also differ in dash or shape.

use std::fmt::Write as _;

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
    AquiferLayer(u8),
    /// A rate class, 0 for the slowest to 4 for the fastest.
    Class(u8),
    /// A step of the sequential ramp, 0 (low) to [`RAMP_STEPS`] - 1 (high).
    Ramp(u8),
}

/// Inks other than layers, classes and steps of the ramp.
const SINGLE: [Ink; 12] = [
    Ink::Text,
    Ink::Muted,
    Ink::Grid,
    Ink::Paper,
    Ink::Band,
    Ink::Observed,
    Ink::Lstm,
    Ink::AmLstm,
    Ink::Floor,
    Ink::Baseline,
    Ink::Test,
    Ink::Warning,
];
/// Rate classes from grey to deep purple by day and to pale pink by night, [light, dark].
const CLASS_HUES: [[u32; 2]; 5] = [
    [0x7c8494, 0x7d8796],
    [0xa67300, 0xb8912f],
    [0xcf5410, 0xf0883c],
    [0xb3163f, 0xffa29a],
    [0x5e0a4d, 0xffdcea],
];
/// Hues of the aquifer layers, [light, dark].
const LAYER_HUES: [[u32; 2]; LAYERS_MAX as usize] = [
    [0x00795a, 0x3fc9a0],
    [0x8f3f97, 0xdd9be3],
    [0x8a5a00, 0xe0b04d],
    [0x0b7285, 0x66cfe0],
    [0xb0413e, 0xf29a97],
    [0x4b5bb5, 0xa3aef5],
    [0x5e7a00, 0xb5d44a],
    [0x6b5b4f, 0xc4b3a5],
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
    /// The ramp's step for a value between `low` and `high`; values outside take the ends.
    pub fn step(value: f64, low: f64, high: f64) -> u8 {
        let share = if high > low {
            (value - low) / (high - low)
        } else {
            0.5
        };
        (share.clamp(0.0, 1.0) * f64::from(RAMP_STEPS - 1)).round() as u8
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

    /// The name of this ink in style sheets.
    pub(super) fn name(self) -> String {
        match self {
            Self::AquiferLayer(layer) => format!("layer{}", layer % LAYERS_MAX),
            Self::Class(class) => format!("class{class}"),
            Self::Ramp(step) => format!("ramp{step}"),
            single => format!("{single:?}").to_lowercase(),
        }
    }

    /// Its colours in the light and in the dark theme, as 0xRRGGBB.
    pub(super) fn colours(self) -> [u32; 2] {
        match self {
            Self::Text => [0x1c2430, 0xe8ecf1],
            Self::Muted => [0x56606d, 0xa3adba],
            Self::Grid => [0xdde2e8, 0x343c47],
            Self::Paper => [0xffffff, 0x171b21],
            Self::Band => [0xe9edf2, 0x262d36],
            Self::Observed => [0x3d4652, 0xc6ced8],
            Self::Lstm => [0xc04a00, 0xff9a4d],
            Self::AmLstm => [0x0063a6, 0x5cb4f0],
            Self::Floor => [0x5f6b79, 0x93a0af],
            Self::Baseline => [0x7a6a00, 0xd3be3a],
            Self::Test => [0x8a4f8f, 0xd79bdc],
            Self::Warning => [0xa3273c, 0xff8fa0],
            Self::AquiferLayer(layer) => LAYER_HUES[usize::from(layer % LAYERS_MAX)],
            Self::Class(class) => CLASS_HUES[usize::from(class).min(CLASS_HUES.len() - 1)],
            Self::Ramp(step) => [ramp_colour(step.min(RAMP_STEPS - 1)); 2],
        }
    }

    /// Lengths in pixels of the dashes and gaps of lines in this ink; empty for a solid line.
    pub(super) fn dashes(self) -> &'static [f32] {
        match self {
            Self::Lstm => &[5.0, 3.0],
            Self::Test => &[4.0, 2.0],
            Self::AquiferLayer(1) => &[6.0, 2.0],
            Self::Floor | Self::AquiferLayer(2) => &[2.0, 2.0],
            Self::AquiferLayer(3..) => &[7.0, 2.0, 2.0, 2.0],
            _ => &[],
        }
    }
}

fn all() -> impl Iterator<Item = Ink> {
    let classes = 0..CLASS_HUES.len() as u8;
    SINGLE
        .into_iter()
        .chain((0..LAYERS_MAX).map(Ink::AquiferLayer))
        .chain(classes.map(Ink::Class))
        .chain((0..RAMP_STEPS).map(Ink::Ramp))
}

fn ramp_colour(step: u8) -> u32 {
    let position = f64::from(step) / f64::from(RAMP_STEPS - 1) * (CIVIDIS.len() - 1) as f64;
    let below = (position as usize).min(CIVIDIS.len() - 2);
    let share = position - below as f64;
    let channel = |i: usize| {
        let (from, to) = (
            f64::from(CIVIDIS[below][i]),
            f64::from(CIVIDIS[below + 1][i]),
        );
        (from * (1.0 - share) + to * share).round() as u32
    };
    channel(0) << 16 | channel(1) << 8 | channel(2)
}

/// The rules that colour a chart, one fill and one stroke class per ink; `colour` says what stands for an ink.
fn rules(scope: &str, inks: impl Iterator<Item = Ink>, colour: impl Fn(Ink) -> String) -> String {
    let mut css = String::new();
    for ink in inks {
        let (name, value) = (ink.name(), colour(ink));
        let _ = write!(css, "{scope}.f-{name}{{fill:{value}}}");
        if matches!(ink, Ink::Ramp(_)) {
            continue;
        }
        let _ = write!(css, "{scope}.s-{name}{{fill:none;stroke:{value}");
        for (index, length) in ink.dashes().iter().enumerate() {
            let before = if index == 0 {
                ";stroke-dasharray:"
            } else {
                " "
            };
            let _ = write!(css, "{before}{length}");
        }
        css.push('}');
    }
    css
}

/// The style sheet of a chart in a file that uses these inks: light theme, fixed colours.
pub(super) fn file_style(used: impl Iterator<Item = Ink>) -> String {
    let used: Vec<Ink> = used.collect();
    let inks = all().filter(|ink| used.contains(ink));
    rules("", inks, |ink| format!("#{:06x}", ink.colours()[0]))
}

/// The style sheet of charts in a page: variables for the light theme, the same for the dark theme, and the rules that use them.
pub fn page_style() -> String {
    let variables = |theme: usize| -> String {
        all()
            .filter(|ink| !matches!(ink, Ink::Ramp(_)))
            .map(|ink| format!("--{}:#{:06x};", ink.name(), ink.colours()[theme]))
            .collect()
    };
    let rules = rules(".chart ", all(), |ink| match ink {
        Ink::Ramp(_) => format!("#{:06x}", ink.colours()[0]),
        _ => format!("var(--{})", ink.name()),
    });
    // Paper is white whatever the screen's theme.
    format!(
        ":root{{color-scheme:light dark;{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n{rules}\n",
        variables(0),
        variables(1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Contrast ratio from relative luminances, as WCAG 2.2 defines them.
    fn contrast(one: u32, other: u32) -> f64 {
        let luminance = |colour: u32| {
            let channel = |shift: u32| {
                let value = f64::from(colour >> shift & 0xff) / 255.0;
                if value <= 0.04045 {
                    value / 12.92
                } else {
                    ((value + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
        };
        let (a, b) = (luminance(one), luminance(other));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_and_marks_stand_out_from_the_page_in_both_themes() {
        for ink in all() {
            // WCAG 2.2, 1.4.3 (text 4.5:1) and 1.4.11 (graphics 3:1). Grids, bands and filled heat cells are not marks to be told from the page.
            let least = match ink {
                Ink::Text | Ink::Muted | Ink::Warning => 4.5,
                Ink::Grid | Ink::Paper | Ink::Band | Ink::Ramp(_) => continue,
                _ => 3.0,
            };
            for (colour, paper) in ink.colours().into_iter().zip(Ink::Paper.colours()) {
                let found = contrast(colour, paper);
                assert!(found >= least, "{ink:?} on {paper:06x}: {found}");
            }
        }
    }
}
