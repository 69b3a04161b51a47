//! A sheet to draw one figure on: what all figures share.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters::coord::Shift;
use plotters::prelude::{
    ChartBuilder, ChartContext, DrawingArea, DrawingAreaErrorKind, IntoDrawingArea as _,
    IntoFont as _,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, RGBAColor, ShapeStyle, TextStyle};

use super::axis::Axis;
use super::canvas::{Canvas, Pixels, UNITS, escaped};
use super::ink::Ink;

/// Width of every figure in pixels: two stand side by side on a desk, one fills a phone.
pub(super) const WIDTH: i32 = 460;
/// Text size in pixels.
pub(super) const TEXT_PX: i32 = 12;

pub(super) type Area<'a> = DrawingArea<Canvas<'a>, Shift>;
pub(super) type Plane = plotters::coord::cartesian::Cartesian2d<Axis, Axis>;
pub(super) type Chart<'a, 'c> = ChartContext<'c, Canvas<'a>, Plane>;
/// What can go wrong while drawing: a sheet too small for its labels.
pub(super) type DrawError = DrawingAreaErrorKind<Infallible>;

/// A place of a figure that tells its values when pointed at; lengths in units.
#[derive(Clone, Debug)]
pub(super) struct Hit {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    pub text: String,
}

/// Pixels to units of the canvas.
pub(super) const fn px(pixels: i32) -> i32 {
    pixels * UNITS
}

/// Draws on a new sheet of [`WIDTH`] times `height` pixels and returns the SVG elements.
pub(super) fn draw(
    height: i32,
    drawing: impl FnOnce(&Area) -> Result<Vec<Hit>, DrawError>,
) -> Result<String, DrawError> {
    let mut body = String::new();
    let hits = {
        let area =
            Canvas::new(&mut body, (px(WIDTH) as u32, px(height) as u32)).into_drawing_area();
        drawing(&area)?
    };
    if !hits.is_empty() {
        body.push_str("<g class=\"hits\">");
        for hit in &hits {
            let _ = write!(
                body,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
                Pixels(hit.x),
                Pixels(hit.y),
                Pixels(hit.width),
                Pixels(hit.height),
                escaped(&hit.text)
            );
        }
        body.push_str("</g>");
    }
    Ok(body)
}

/// A line of `tenths` of a pixel in this ink.
pub(super) fn line(ink: Ink, tenths: u32) -> ShapeStyle {
    ShapeStyle {
        color: ink.code().to_rgba(),
        filled: false,
        stroke_width: tenths,
    }
}

/// A surface in this ink.
pub(super) fn fill(ink: Ink) -> ShapeStyle {
    ShapeStyle {
        color: ink.code().to_rgba(),
        filled: true,
        stroke_width: 0,
    }
}

/// How a text stands at its position.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    pub ink: Ink,
    pub bold: bool,
    pub horizontal: HPos,
    pub vertical: VPos,
}

impl Lettering {
    pub(super) const NOTE: Self = Self {
        ink: Ink::Muted,
        bold: false,
        horizontal: HPos::Left,
        vertical: VPos::Center,
    };
    pub(super) const TITLE: Self = Self {
        ink: Ink::Text,
        bold: true,
        horizontal: HPos::Left,
        vertical: VPos::Center,
    };

    pub(super) const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    pub(super) const fn right(self) -> Self {
        Self {
            horizontal: HPos::Right,
            ..self
        }
    }

    pub(super) const fn centre(self) -> Self {
        Self {
            horizontal: HPos::Center,
            ..self
        }
    }

    fn style(self) -> TextStyle<'static> {
        let font = ("sans-serif", f64::from(px(TEXT_PX))).into_font();
        let font = if self.bold {
            font.style(plotters::style::FontStyle::Bold)
        } else {
            font
        };
        TextStyle {
            font,
            color: plotters_color(self.ink),
            pos: Pos::new(self.horizontal, self.vertical),
        }
    }
}

fn plotters_color(ink: Ink) -> plotters_backend::BackendColor {
    let RGBAColor(r, g, b, alpha) = ink.code().to_rgba();
    plotters_backend::BackendColor {
        alpha,
        rgb: (r, g, b),
    }
}

/// Writes `text` at a position in units.
pub(super) fn write(
    area: &Area,
    text: &str,
    lettering: Lettering,
    position: (i32, i32),
) -> Result<(), DrawError> {
    area.draw_text(text, &lettering.style(), position)
}

/// Width of a text in units, generous: an average letter of the page's font is 0.53 of its size wide, and phones show it an eighth larger.
pub(super) fn text_width(text: &str) -> i32 {
    text.chars().count() as i32 * px(TEXT_PX) * 61 / 100
}

/// Room around the plotting area, in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub left: i32,
    pub right: i32,
    pub top: i32,
    pub bottom: i32,
}

impl Frame {
    /// Room for four-digit labels at the left and years below.
    pub(super) const LABELLED: Self = Self {
        left: 46,
        right: 10,
        top: 8,
        bottom: 22,
    };
}

/// A plotting area with grid and labels within `area`.
pub(super) fn chart<'a, 'c>(
    area: &'c Area<'a>,
    frame: Frame,
    x: Axis,
    y: Axis,
) -> Result<Chart<'a, 'c>, DrawError> {
    let (x_label, y_label) = (x.clone(), y.clone());
    let mut chart = ChartBuilder::on(area)
        .margin_left(0)
        .margin_right(px(frame.right))
        .margin_top(px(frame.top))
        .set_left_and_bottom_label_area_size(0)
        .x_label_area_size(px(frame.bottom))
        .y_label_area_size(px(frame.left))
        .build_cartesian_2d(x, y)?;
    let mut mesh = chart.configure_mesh();
    mesh.bold_line_style(line(Ink::Grid, 10))
        .light_line_style(line(Ink::Grid, 0).color.mix(0.0))
        .axis_style(line(Ink::Grid, 10).color.mix(0.0))
        .x_labels(x_label.ticks().max(1))
        .y_labels(y_label.ticks().max(1))
        .set_all_tick_mark_size(px(3))
        .label_style(Lettering::NOTE.style());
    let format_x = |value: &f64| x_label.label(*value);
    let format_y = |value: &f64| y_label.label(*value);
    mesh.x_label_formatter(&format_x)
        .y_label_formatter(&format_y);
    if !x_label.has_labels() && x_label.ticks() == 0 {
        mesh.disable_x_mesh();
    }
    if !y_label.has_labels() && y_label.ticks() == 0 {
        mesh.disable_y_mesh();
    }
    mesh.draw()?;
    Ok(chart)
}

/// How a series shows in a legend and in its chart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sign {
    Line,
    Dot,
    Box,
    Mark(super::mark::Mark),
}

/// Writes a legend at a height in units, wrapped within the sheet; returns the height below it.
pub(super) fn legend(
    area: &Area,
    mut y: i32,
    entries: &[(Ink, Sign, &str)],
) -> Result<i32, DrawError> {
    let start = px(6);
    let mut x = start;
    for (ink, sign, text) in entries {
        let width = px(20) + text_width(text) + px(14);
        if x > start && x + width > px(WIDTH) {
            (x, y) = (start, y + px(17));
        }
        let middle = (x + px(8), y);
        match sign {
            Sign::Line => area.draw(&plotters::element::PathElement::new(
                [(x, y), (x + px(17), y)],
                line(*ink, 20),
            ))?,
            Sign::Dot => area.draw(&plotters::element::Circle::new(middle, 25, fill(*ink)))?,
            Sign::Box => area.draw(&plotters::element::Rectangle::new(
                [(x + px(2), y - px(5)), (x + px(15), y + px(5))],
                fill(*ink),
            ))?,
            Sign::Mark(mark) => mark.draw(area, middle, 40, *ink)?,
        }
        write(area, text, Lettering::NOTE, (x + px(22), y))?;
        x += width;
    }
    Ok(y + px(12))
}

/// Lowest and highest finite value; `None` without any.
pub(super) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold(None, |seen, value| match seen {
            None => Some((value, value)),
            Some((low, high)) => Some((value.min(low), value.max(high))),
        })
}
