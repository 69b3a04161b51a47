//! Marks that differ in shape as well as in colour.

use super::ink::Ink;
use super::sheet::{Point, Rectangle, Sheet};

/// The shape of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Circle,
    Square,
    Triangle,
    Diamond,
    Cross,
    Ring,
    Tick,
}

impl Mark {
    /// The shape of a rate class, 0 for the slowest.
    pub(super) fn of_class(class: usize) -> Self {
        [
            Self::Circle,
            Self::Square,
            Self::Triangle,
            Self::Diamond,
            Self::Cross,
        ][class.min(4)]
    }

    /// Draws the mark around a point, with a radius in pixels.
    pub(super) fn draw(self, sheet: &mut Sheet, ink: Ink, radius: f64, (x, y): Point) {
        let at = |right: f64, down: f64| (x + right * radius, y + down * radius);
        match self {
            Self::Circle => sheet.disc(ink, radius, (x, y)),
            Self::Ring => sheet.ring(ink, 1.8, radius, (x, y)),
            Self::Square => {
                let half = radius * 0.9;
                sheet.rectangle(ink, Rectangle::around((x, y), half, half));
            }
            Self::Triangle => sheet.area(ink, [at(0.0, -1.2), at(1.1, 0.8), at(-1.1, 0.8)]),
            Self::Diamond => {
                let corners = [(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)];
                sheet.area(ink, corners.map(|(right, down)| at(right, down)));
            }
            Self::Cross => {
                sheet.line(ink, 2.0, [at(-1.0, -1.0), at(1.0, 1.0)]);
                sheet.line(ink, 2.0, [at(-1.0, 1.0), at(1.0, -1.0)]);
            }
            Self::Tick => {
                sheet.rectangle(ink, Rectangle::around((x, y), 1.0, radius * 1.6));
            }
        }
    }
}
