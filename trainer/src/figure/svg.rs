//! Figures as SVG: inline in the page or as a file.
//!
//! Numbers are tenths of a pixel and colours are classes, so that the page's theme can change them and the page stays small.

use maud::{Markup, PreEscaped, html};

use super::Figure;
use super::ink;
use super::sheet::{Anchor, Outline, Point, Rectangle, Shape, TEXT_PX, Text, WIDTH};

impl Figure {
    /// The chart for a page that has [`ink::page_style`]; it takes its width from the page and its colours from the theme.
    pub fn inline(&self) -> Markup {
        let view = format!("0 0 {WIDTH} {}", self.sheet.height);
        // A figure one can move through with the arrow keys is a graphics document, not one image.
        html! {
            svg.chart viewBox=(view) role="img" aria-label=(printable(&self.alt)) tabindex="0" { (self.body()) }
        }
    }

    /// The figure as an SVG file of its own, with title, fixed colours and white paper.
    pub fn svg(&self) -> String {
        let Rectangle { top, bottom, .. } = self.page();
        let height = bottom - top;
        let view = format!("0 {top} {WIDTH} {height}");
        let heading = self.heading();
        let inks = self
            .sheet
            .shapes
            .iter()
            .chain(&heading)
            .map(|shape| shape.ink);
        let svg = html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(WIDTH) height=(height) viewBox=(view)
                font-family="DejaVu Sans, Verdana, sans-serif" font-size=(TEXT_PX) role="img" {
                title { (printable(&self.title)) }
                desc { (printable(&self.alt)) }
                style { (PreEscaped(ink::file_style(inks))) ".tips{fill-opacity:0}" }
                (drawn(&heading))
                (self.body())
            }
            "\n"
        };
        svg.into_string()
    }

    fn body(&self) -> Markup {
        html! {
            (drawn(&self.sheet.shapes))
            @if !self.sheet.tips.is_empty() {
                g.tips {
                    @for tip in &self.sheet.tips {
                        (rectangle(None, tip.place, &html! { title { (printable(&tip.text)) } }))
                    }
                }
            }
        }
    }
}

/// Shapes in their order; those of one class that follow each other share its name.
fn drawn(shapes: &[Shape]) -> Markup {
    html! {
        @for group in shapes.chunk_by(|one, next| class(one) == class(next)) {
            @match group {
                [alone] => (element(Some(&class(alone)), alone)),
                _ => g class=(class(&group[0])) { @for shape in group { (element(None, shape)) } },
            }
        }
    }
}

/// Name of the rule that colours a shape.
fn class(shape: &Shape) -> String {
    let name = shape.ink.name();
    match shape.outline {
        Outline::Line { .. } | Outline::Ring { .. } => format!("s-{name}"),
        _ => format!("f-{name}"),
    }
}

fn element(class: Option<&str>, shape: &Shape) -> Markup {
    match &shape.outline {
        Outline::Line { width, points } => html! {
            polyline class=[class] stroke-width=[other_than(1.0, *width)] points=(list(points)) {}
        },
        Outline::Area(points) => html! { polygon class=[class] points=(list(points)) {} },
        Outline::Rectangle(place) => rectangle(class, *place, &html! {}),
        Outline::Disc {
            middle: (x, y),
            radius,
        } => html! {
            circle class=[class] cx=(tenths(*x)) cy=(tenths(*y)) r=(tenths(*radius)) {}
        },
        Outline::Ring {
            width,
            middle: (x, y),
            radius,
        } => html! {
            circle class=[class] stroke-width=[other_than(1.0, *width)]
                cx=(tenths(*x)) cy=(tenths(*y)) r=(tenths(*radius)) {}
        },
        Outline::Text(Text {
            at: (x, y),
            anchor,
            bold,
            size,
            line,
        }) => {
            let anchor = match anchor {
                Anchor::Start => None,
                Anchor::Middle => Some("middle"),
                Anchor::End => Some("end"),
            };
            html! {
                text class=[class] x=(tenths(*x)) y=(tenths(*y)) font-size=[other_than(TEXT_PX, *size)]
                    text-anchor=[anchor] font-weight=[bold.then_some("600")] { (printable(line)) }
            }
        }
    }
}

fn rectangle(class: Option<&str>, place: Rectangle, inside: &Markup) -> Markup {
    let Rectangle {
        left,
        right,
        top,
        bottom,
    } = place;
    html! {
        rect class=[class] x=[other_than(0.0, left)] y=[other_than(0.0, top)]
            width=(between(left, right)) height=(between(top, bottom)) { (inside) }
    }
}

fn list(points: &[Point]) -> String {
    let pairs: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{},{}", tenths(*x), tenths(*y)))
        .collect();
    pairs.join(" ")
}

/// A length rounded to tenths; never minus zero.
fn tenths(length: f64) -> f64 {
    (length * 10.0).round() / 10.0 + 0.0
}

/// Length between two edges as they are written, so that neighbours leave no gap.
fn between(start: f64, end: f64) -> f64 {
    tenths(tenths(end) - tenths(start))
}

/// A length that must be written because it is not what the reader assumes.
fn other_than(assumed: f64, length: f64) -> Option<f64> {
    Some(tenths(length)).filter(|length| *length != assumed)
}

/// Text without the control characters that XML does not know.
fn printable(text: &str) -> String {
    let is_foreign = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.replace(is_foreign, "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::sample::{self, figures};

    #[test]
    fn figures_are_well_formed_whatever_the_wells_are_called() {
        for figure in figures(&sample::run()) {
            let svg = figure.svg();
            let document = roxmltree::Document::parse(&svg).unwrap();
            assert!(document.descendants().count() > 20, "{}", figure.title);
        }
    }

    #[test]
    fn lengths_are_written_in_tenths_without_trailing_zeros() {
        let text = [12.0, 12.46, -0.72, -0.04].map(|length| tenths(length).to_string());
        assert_eq!(text, ["12", "12.5", "-0.7", "0"]);
    }

    #[test]
    fn neighbouring_rectangles_leave_no_gap() {
        // The next one begins at 1.68, which is written as 1.7.
        let cell = Rectangle {
            left: 0.04,
            right: 1.68,
            top: 0.0,
            bottom: 24.0,
        };
        assert_eq!(
            rectangle(None, cell, &html! {}).into_string(),
            "<rect width=\"1.7\" height=\"24\"></rect>"
        );
    }

    #[test]
    fn text_cannot_leave_its_element() {
        let hostile = "<a href='x'>\"&\u{7}";
        assert_eq!(
            html! { p title=(printable(hostile)) { (printable(hostile)) } }.into_string(),
            "<p title=\"&lt;a href='x'&gt;&quot;&amp;\u{fffd}\">&lt;a href='x'&gt;&quot;&amp;\u{fffd}</p>"
        );
    }
}
