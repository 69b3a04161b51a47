//! A finished figure, for the page or as an SVG file.

use super::canvas::escaped;
use super::ink;
use super::sheet::{DrawError, TEXT_PX, WIDTH};

/// Height of the title of a figure in a file, in pixels.
const TITLE_PX: i32 = 26;

/// A finished figure.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it shows, one line.
    pub title: String,
    /// The same in words for those who cannot see it.
    pub alt: String,
    /// Whether it shows synthetic data.
    pub synthetic: bool,
    pub(super) height: i32,
    pub(super) body: String,
}

/// Why a figure could not be made.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// The chart does not fit its sheet.
    #[error("figure {figure}: {cause}")]
    Layout {
        /// Kind of the figure.
        figure: String,
        /// What plotters says.
        cause: String,
    },
    /// The figure could not be drawn as pixels.
    #[error("figure as PNG: {cause}")]
    Png {
        /// What the renderer says.
        cause: String,
    },
    /// The run has nothing to show in this figure.
    #[error("figure {figure}: the run has no {missing}")]
    Nothing {
        /// Kind of the figure.
        figure: String,
        /// What would be needed.
        missing: String,
    },
}

impl FigureError {
    pub(super) fn layout(figure: &str, cause: &DrawError) -> Self {
        Self::Layout {
            figure: figure.to_owned(),
            cause: cause.to_string(),
        }
    }
}

impl Figure {
    /// The chart for a page that has [`ink::page_style`]; it takes its width from the page and its colours from the theme.
    pub fn inline(&self) -> String {
        // A figure one can move through with the arrow keys is a graphics document, not one image.
        format!(
            "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" aria-label=\"{}\" tabindex=\"0\">{}</svg>",
            self.height,
            escaped(&self.alt),
            self.body
        )
    }

    /// The figure as an SVG file of its own, with title, fixed colours and white paper.
    pub fn svg(&self) -> String {
        let height = self.height + TITLE_PX;
        let warning = if self.synthetic {
            format!(
                "<text class=\"f-warning\" x=\"{}\" y=\"17\" font-size=\"{TEXT_PX}\" font-weight=\"600\" text-anchor=\"end\">SYNTHETIC</text>",
                WIDTH - 8
            )
        } else {
            String::new()
        };
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"DejaVu Sans, Verdana, sans-serif\" role=\"img\">\
             <title>{title}</title><desc>{alt}</desc><style>{style}.hits{{fill-opacity:0}}</style>\
             <rect class=\"f-paper\" width=\"{WIDTH}\" height=\"{height}\"/>\
             <text class=\"f-text\" x=\"6\" y=\"17\" font-size=\"13\" font-weight=\"600\">{title}</text>{warning}\
             <g transform=\"translate(0 {TITLE_PX})\">{body}</g></svg>\n",
            title = escaped(&self.title),
            alt = escaped(&self.alt),
            style = ink::file_style(),
            body = self.body
        )
    }
}
