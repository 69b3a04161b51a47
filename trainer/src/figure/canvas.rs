//! A plotters backend that writes SVG by ink.
//!
//! plotters counts in whole pixels, so it is given a canvas ten times as large and the canvas writes tenths: lines stay smooth on dense screens, and the file stays small.

use std::convert::Infallible;
use std::fmt::Write as _;

use plotters::style::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};

use super::ink::Ink;

/// Units of the drawing in one pixel of the figure.
pub(super) const UNITS: i32 = 10;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Writes what plotters draws into a string of SVG elements.
pub(super) struct Canvas<'a> {
    body: &'a mut String,
    size: (u32, u32),
}

impl<'a> Canvas<'a> {
    /// A canvas of `size` units.
    pub(super) fn new(body: &'a mut String, size: (u32, u32)) -> Self {
        Self { body, size }
    }

    fn paint(&mut self, prefix: char, color: BackendColor) {
        let _ = write!(
            self.body,
            " class=\"{prefix}-{}\"",
            Ink::of_code(color.rgb).name()
        );
        if color.alpha < 1.0 {
            let _ = write!(self.body, " opacity=\"{:.2}\"", color.alpha);
        }
    }

    fn stroke<S: BackendStyle>(&mut self, style: &S) {
        self.paint('s', style.color());
        if style.stroke_width() != UNITS as u32 {
            let _ = write!(
                self.body,
                " stroke-width=\"{}\"",
                Pixels(style.stroke_width() as i32)
            );
        }
    }

    fn points(&mut self, path: impl IntoIterator<Item = BackendCoord>) {
        self.body.push_str(" points=\"");
        for (index, (x, y)) in path.into_iter().enumerate() {
            let space = if index == 0 { "" } else { " " };
            let _ = write!(self.body, "{space}{},{}", Pixels(x), Pixels(y));
        }
        self.body.push('"');
    }

    fn end(&mut self) {
        self.body.push_str("/>");
    }
}

/// A length in units, shown in pixels with as few characters as possible.
pub(super) struct Pixels(pub i32);

impl std::fmt::Display for Pixels {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (sign, length) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        match length % UNITS as u32 {
            0 => write!(out, "{sign}{}", length / UNITS as u32),
            tenth => write!(out, "{sign}{}.{tenth}", length / UNITS as u32),
        }
    }
}

/// Text made safe between tags and in attributes of XML and HTML.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML knows no control characters but these.
            c if c.is_control() && !matches!(c, '\n' | '\t') => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(point, (point.0 + UNITS, point.1 + UNITS), &color, true)
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.body.push_str("<line");
        self.stroke(style);
        let _ = write!(
            self.body,
            " x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"",
            Pixels(from.0),
            Pixels(from.1),
            Pixels(to.0),
            Pixels(to.1)
        );
        self.end();
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.body.push_str("<rect");
        if fill {
            self.paint('f', style.color());
        } else {
            self.stroke(style);
        }
        let (width, height) = (bottom_right.0 - upper_left.0, bottom_right.1 - upper_left.1);
        let _ = write!(
            self.body,
            " x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
            Pixels(upper_left.0),
            Pixels(upper_left.1),
            Pixels(width.max(0)),
            Pixels(height.max(0))
        );
        self.end();
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.body.push_str("<polyline");
        self.stroke(style);
        self.points(path);
        self.end();
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.body.push_str("<polygon");
        self.paint('f', style.color());
        self.points(path);
        self.end();
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if style.color().alpha == 0.0 {
            return Ok(());
        }
        self.body.push_str("<circle");
        if fill {
            self.paint('f', style.color());
        } else {
            self.stroke(style);
        }
        let _ = write!(
            self.body,
            " cx=\"{}\" cy=\"{}\" r=\"{}\"",
            Pixels(center.0),
            Pixels(center.1),
            Pixels(radius as i32)
        );
        self.end();
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        position: BackendCoord,
    ) -> Drawn {
        if style.color().alpha == 0.0 || text.is_empty() {
            return Ok(());
        }
        self.body.push_str("<text");
        self.paint('f', style.color());
        let _ = write!(
            self.body,
            " x=\"{}\" y=\"{}\" font-size=\"{}\"",
            Pixels(position.0),
            Pixels(position.1),
            Pixels(style.size().round() as i32)
        );
        // Distances of the baseline from the top and the middle of a capital letter.
        match style.anchor().v_pos {
            VPos::Top => self.body.push_str(" dy=\".76em\""),
            VPos::Center => self.body.push_str(" dy=\".35em\""),
            VPos::Bottom => {}
        }
        match style.anchor().h_pos {
            HPos::Left => {}
            HPos::Center => self.body.push_str(" text-anchor=\"middle\""),
            HPos::Right => self.body.push_str(" text-anchor=\"end\""),
        }
        if style.style().as_str() == "bold" {
            self.body.push_str(" font-weight=\"600\"");
        }
        let turn = match style.transform() {
            FontTransform::None => 0,
            FontTransform::Rotate90 => 90,
            FontTransform::Rotate180 => 180,
            FontTransform::Rotate270 => 270,
        };
        if turn != 0 {
            let _ = write!(
                self.body,
                " transform=\"rotate({turn} {} {})\"",
                Pixels(position.0),
                Pixels(position.1)
            );
        }
        let _ = write!(self.body, ">{}</text>", escaped(text));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_in_tenths_without_trailing_zeros() {
        assert_eq!(
            [120, 125, -7, -10, 0].map(|units| Pixels(units).to_string()),
            ["12", "12.5", "-0.7", "-1", "0"]
        );
    }

    #[test]
    fn text_cannot_leave_its_element() {
        assert_eq!(
            escaped("<a href='x'>\"&\u{7}"),
            "&lt;a href=&#39;x&#39;&gt;&quot;&amp;\u{fffd}"
        );
    }
}
