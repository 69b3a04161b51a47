//! One plotting area of a figure: two axes with grid and labels.

use std::ops::Range;

use super::axis::Axis;
use super::ink::Ink;
use super::sheet::{Anchor, Lettering, Point, Rectangle, Sheet};

/// Distance of the labels from the plotting area, in pixels.
const LABEL_PX: f64 = 6.0;
/// Room for four-digit labels at the left of a panel.
pub(super) const LEFT: f64 = 46.0;
/// Room for years and numbers below a panel.
pub(super) const BELOW: f64 = 22.0;

/// A plotting area; labels stand outside it.
pub(super) struct Panel {
    pub place: Rectangle,
    x: Axis,
    y: Axis,
}

impl Panel {
    /// Draws the grid and the labels of a new panel.
    pub(super) fn new(sheet: &mut Sheet, place: Rectangle, x: Axis, y: Axis) -> Self {
        let panel = Self { place, x, y };
        let down: Vec<_> = panel
            .y
            .ticks()
            .map(|(value, label)| (panel.at((panel.x.from(), value)).1, label))
            .collect();
        let along: Vec<_> = panel
            .x
            .ticks()
            .map(|(value, label)| (panel.at((value, panel.y.from())).0, label))
            .collect();
        for (y, _) in &down {
            sheet.line(Ink::Grid, 1.0, [(place.left, *y), (place.right, *y)]);
        }
        for (x, _) in &along {
            sheet.line(Ink::Grid, 1.0, [(*x, place.top), (*x, place.bottom)]);
        }
        let beside = Lettering::NOTE.anchor(Anchor::End);
        for (y, label) in &down {
            sheet.text(beside, (place.left - LABEL_PX, *y), label);
        }
        let below = Lettering::NOTE.anchor(Anchor::Middle);
        for (x, label) in &along {
            sheet.text(below, (*x, place.bottom + LABEL_PX + 5.0), label);
        }
        panel
    }

    /// Where a pair of values lies on the sheet.
    pub(super) fn at(&self, (x, y): (f64, f64)) -> Point {
        let Rectangle {
            left,
            right,
            top,
            bottom,
        } = self.place;
        (
            left + self.x.share(x) * (right - left),
            bottom - self.y.share(y) * (bottom - top),
        )
    }

    /// The rectangle between two pairs of values.
    pub(super) fn between(&self, one: (f64, f64), other: (f64, f64)) -> Rectangle {
        let ((x1, y1), (x2, y2)) = (self.at(one), self.at(other));
        Rectangle {
            left: x1.min(x2),
            right: x1.max(x2),
            top: y1.min(y2),
            bottom: y1.max(y2),
        }
    }

    /// Draws a line through pairs of values.
    pub(super) fn line(
        &self,
        sheet: &mut Sheet,
        ink: Ink,
        width: f64,
        values: impl IntoIterator<Item = (f64, f64)>,
    ) {
        sheet.line(ink, width, values.into_iter().map(|pair| self.at(pair)));
    }

    /// Draws each unbroken stretch of a series as one line; a place without a value breaks it.
    pub(super) fn broken_line(
        &self,
        sheet: &mut Sheet,
        ink: Ink,
        width: f64,
        values: impl IntoIterator<Item = (f64, Option<f64>)>,
    ) {
        let values: Vec<_> = values.into_iter().collect();
        for stretch in values.split(|(_, value)| value.is_none()) {
            let known = stretch
                .iter()
                .filter_map(|(x, value)| Some((*x, (*value)?)));
            self.line(sheet, ink, width, known);
        }
    }

    /// Tells `text` where the pointer is within half a step of `x`, from `down.start` to `down.end` on the sheet.
    pub(super) fn tip(&self, sheet: &mut Sheet, x: f64, down: Range<f64>, text: String) {
        let place = Rectangle {
            left: self.at((x - 0.5, self.y.from())).0,
            right: self.at((x + 0.5, self.y.from())).0,
            top: down.start,
            bottom: down.end,
        };
        sheet.tip(place, text);
    }
}

/// Lowest and highest finite value; `None` without any.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite());
    finite
        .map(|value| (value, value))
        .reduce(|seen, value| (seen.0.min(value.0), seen.1.max(value.1)))
}
