//! Figures of a run, as SVG for the report and as SVG or PNG files for papers.
//!
//! Each figure draws shapes by [`ink`] on a sheet, so one drawing serves the light and the dark page and the files. Where a figure is pointed at, it tells its values.
//! Every figure of synthetic data says SYNTHETIC in the picture itself.

mod attention;
mod attribution;
mod axis;
mod errors;
mod forecast;
pub(crate) mod ink;
mod kind;
mod legend;
mod levelling;
mod levels;
mod map;
mod mark;
mod observed;
mod panel;
mod png;
#[cfg(test)]
pub(crate) mod sample;
mod sheet;
mod svg;
mod training;

pub use axis::number;
pub use forecast::forecast;
pub use kind::{Kind, draw};

use ink::Ink;
use sheet::{Anchor, Lettering, Outline, Rectangle, Shape, Sheet, TEXT_PX, WIDTH};

/// Height of the title of a figure in a file, in pixels.
const TITLE_PX: f64 = 26.0;

/// A finished figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it shows, one line.
    pub title: String,
    /// The same in words for those who cannot see it.
    pub alt: String,
    /// Whether it shows synthetic data.
    pub synthetic: bool,
    sheet: Sheet,
}

/// Why a figure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The run has nothing to show in this figure.
    #[error("figure {figure}: the run has no {missing}")]
    Nothing {
        /// Kind of the figure.
        figure: &'static str,
        /// What would be needed.
        missing: String,
    },
    /// A text has a character that cannot be drawn as pixels.
    #[error(
        "figure as PNG: \"{text}\": the font has no '{character}', expected Latin, Greek or Cyrillic letters; write an .svg file, which its viewer letters"
    )]
    Letter {
        /// The first such character.
        character: char,
        /// The whole text.
        text: String,
    },
    /// The pixels could not be written.
    #[error("figure as PNG: {0}")]
    Png(String),
}

impl Figure {
    fn new(title: String, mut alt: String, synthetic: bool, sheet: Sheet) -> Self {
        if synthetic {
            alt.push_str(" The data are SYNTHETIC.");
        }
        Self {
            title,
            alt,
            synthetic,
            sheet,
        }
    }

    /// The paper of the figure in a file: the sheet and above it the title.
    fn page(&self) -> Rectangle {
        Rectangle {
            left: 0.0,
            right: WIDTH,
            top: -TITLE_PX,
            bottom: self.sheet.height,
        }
    }

    /// What a file has besides the sheet.
    fn heading(&self) -> Vec<Shape> {
        let paper = Shape {
            ink: Ink::Paper,
            outline: Outline::Rectangle(self.page()),
        };
        let middle = -TITLE_PX / 2.0;
        let mut shapes = vec![
            paper,
            Lettering::TITLE.shape(13.0, (6.0, middle), &self.title),
        ];
        if self.synthetic {
            let warning = Lettering::TITLE.ink(Ink::Warning).anchor(Anchor::End);
            shapes.push(warning.shape(TEXT_PX, (WIDTH - 8.0, middle), "SYNTHETIC"));
        }
        shapes
    }
}
