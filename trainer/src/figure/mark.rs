//! Marks that differ in shape as well as in colour.

use plotters::element::{Circle, PathElement, Polygon, Rectangle};

use super::ink::Ink;
use super::sheet::{Area, DrawError, fill, line};

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

    /// Draws the mark with its middle at a position and a radius in units.
    pub(super) fn draw(
        self,
        area: &Area,
        (x, y): (i32, i32),
        radius: i32,
        ink: Ink,
    ) -> Result<(), DrawError> {
        let r = radius;
        match self {
            Self::Circle => area.draw(&Circle::new((x, y), r, fill(ink))),
            Self::Ring => area.draw(&Circle::new((x, y), r, line(ink, 18))),
            Self::Square => area.draw(&Rectangle::new(
                [
                    (x - r * 9 / 10, y - r * 9 / 10),
                    (x + r * 9 / 10, y + r * 9 / 10),
                ],
                fill(ink),
            )),
            Self::Triangle => area.draw(&Polygon::new(
                [
                    (x, y - r * 12 / 10),
                    (x + r * 11 / 10, y + r * 8 / 10),
                    (x - r * 11 / 10, y + r * 8 / 10),
                ],
                fill(ink),
            )),
            Self::Diamond => area.draw(&Polygon::new(
                [
                    (x, y - r * 13 / 10),
                    (x + r * 13 / 10, y),
                    (x, y + r * 13 / 10),
                    (x - r * 13 / 10, y),
                ],
                fill(ink),
            )),
            Self::Cross => {
                area.draw(&PathElement::new(
                    [(x - r, y - r), (x + r, y + r)],
                    line(ink, 20),
                ))?;
                area.draw(&PathElement::new(
                    [(x - r, y + r), (x + r, y - r)],
                    line(ink, 20),
                ))
            }
            Self::Tick => area.draw(&Rectangle::new(
                [(x - 10, y - r * 16 / 10), (x + 10, y + r * 16 / 10)],
                fill(ink),
            )),
        }
    }
}
