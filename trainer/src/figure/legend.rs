//! The legend above a chart.

use super::ink::Ink;
use super::mark::Mark;
use super::sheet::{Lettering, Rectangle, Sheet, WIDTH, text_width};

/// How a series shows in a legend and in its chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sign {
    Line,
    Dot,
    Box,
    Mark(Mark),
}

/// Writes a legend from a height on, wrapped within the sheet.
pub(super) fn draw(sheet: &mut Sheet, mut y: f64, entries: &[(Ink, Sign, &str)]) {
    const START: f64 = 6.0;
    let mut x = START;
    for (ink, sign, text) in entries {
        let width = 34.0 + text_width(text);
        if x > START && x + width > WIDTH {
            (x, y) = (START, y + 17.0);
        }
        let middle = (x + 8.0, y);
        match sign {
            Sign::Line => sheet.line(*ink, 2.0, [(x, y), (x + 17.0, y)]),
            Sign::Dot => sheet.disc(*ink, 2.5, middle),
            Sign::Box => sheet.rectangle(*ink, Rectangle::around(middle, 6.5, 5.0)),
            Sign::Mark(mark) => mark.draw(sheet, *ink, 4.0, middle),
        }
        sheet.text(Lettering::NOTE, (x + 22.0, y), text);
        x += width;
    }
}
