//! Figures as PNG files, drawn from the same shapes and lettered with one open font, so that they look the same on every machine.
//!
//! Letters are set one after the other, which is right for Latin, Greek and Cyrillic. The font has no Chinese, Japanese or Korean characters, and Hebrew, Arabic or Indic ones
//! would need a shaping engine: a figure with such a name is refused and its SVG file is offered instead, which the viewer letters with its own fonts.

use tiny_skia::{FillRule, Paint, PathBuilder, Pixmap, Rect, Stroke, StrokeDash, Transform};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::ink::Ink;
use super::sheet::{Anchor, Outline, Point, Rectangle, Shape, Text, WIDTH};
use super::{Figure, FigureError};

/// Pixels of a PNG for one pixel of the figure: 300 dots per inch at 16 cm width.
const SCALE: f32 = 4.0;

impl Figure {
    /// The figure as a PNG file.
    ///
    /// # Errors
    /// [`FigureError::Letter`] where a name has a character that cannot be drawn, [`FigureError::Png`] where the encoder fails.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let failed = |cause: &dyn ToString| FigureError::Png(cause.to_string());
        let Rectangle { top, bottom, .. } = self.page();
        let pixels = |length: f64| (length as f32 * SCALE) as u32;
        let mut pixmap = Pixmap::new(pixels(WIDTH), pixels(bottom - top))
            .ok_or_else(|| failed(&"it is too large"))?;
        let place = Transform::from_translate(0.0, -top as f32).post_scale(SCALE, SCALE);
        for shape in self.heading().iter().chain(&self.sheet.shapes) {
            draw(&mut pixmap, place, shape)?;
        }
        pixmap.encode_png().map_err(|error| failed(&error))
    }
}

fn draw(pixmap: &mut Pixmap, place: Transform, shape: &Shape) -> Result<(), FigureError> {
    let mut path = PathBuilder::new();
    match &shape.outline {
        Outline::Line { points, .. } => trace(&mut path, points),
        Outline::Area(points) => {
            trace(&mut path, points);
            path.close();
        }
        Outline::Rectangle(Rectangle {
            left,
            right,
            top,
            bottom,
        }) => {
            let [left, right, top, bottom] = [left, right, top, bottom].map(|edge| *edge as f32);
            if let Some(rectangle) = Rect::from_ltrb(left, top, right, bottom) {
                path.push_rect(rectangle);
            }
        }
        Outline::Disc {
            middle: (x, y),
            radius,
        }
        | Outline::Ring {
            middle: (x, y),
            radius,
            ..
        } => {
            path.push_circle(*x as f32, *y as f32, *radius as f32);
        }
        Outline::Text(text) => letter(&mut path, text)?,
    }
    // Nothing to be seen, such as the text " ".
    let Some(path) = path.finish() else {
        return Ok(());
    };
    let paint = paint(shape.ink);
    match shape.outline {
        Outline::Line { width, .. } | Outline::Ring { width, .. } => {
            let stroke = Stroke {
                width: width as f32,
                dash: StrokeDash::new(shape.ink.dashes().to_vec(), 0.0),
                ..Stroke::default()
            };
            pixmap.stroke_path(&path, &paint, &stroke, place, None);
        }
        _ => pixmap.fill_path(&path, &paint, FillRule::Winding, place, None),
    }
    Ok(())
}

fn paint(ink: Ink) -> Paint<'static> {
    let [_, red, green, blue] = ink.colours()[0].to_be_bytes();
    let mut paint = Paint {
        // Neighbouring cells of a heat map must not let the paper through.
        anti_alias: !matches!(ink, Ink::Ramp(_)),
        ..Paint::default()
    };
    paint.set_color_rgba8(red, green, blue, u8::MAX);
    paint
}

fn trace(path: &mut PathBuilder, points: &[Point]) {
    for (index, (x, y)) in points.iter().enumerate() {
        if index == 0 {
            path.move_to(*x as f32, *y as f32);
        } else {
            path.line_to(*x as f32, *y as f32);
        }
    }
}

/// Adds the outlines of the letters of a text.
fn letter(path: &mut PathBuilder, text: &Text) -> Result<(), FigureError> {
    let font = if text.bold {
        dejavu::sans::bold()
    } else {
        dejavu::sans::regular()
    };
    let face = Face::parse(font, 0).expect("the font is part of the program");
    let scale = text.size as f32 / f32::from(face.units_per_em());
    let glyphs: Vec<GlyphId> = text
        .line
        .chars()
        .map(|character| glyph(&face, text, character))
        .collect::<Result<_, _>>()?;
    let advance = |glyph: &GlyphId| f32::from(face.glyph_hor_advance(*glyph).unwrap_or(0)) * scale;
    let width: f32 = glyphs.iter().map(advance).sum();
    let (x, y) = text.at;
    let mut pen = Pen {
        path,
        scale,
        x: x as f32,
        y: y as f32,
    };
    pen.x -= match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => width / 2.0,
        Anchor::End => width,
    };
    for glyph in &glyphs {
        face.outline_glyph(*glyph, &mut pen);
        pen.x += advance(glyph);
    }
    Ok(())
}

fn glyph(face: &Face, text: &Text, character: char) -> Result<GlyphId, FigureError> {
    // Blocks from Hebrew to the last before the additions to Latin, and Arabic's presentation forms.
    let needs_shaping = matches!(character, '\u{590}'..='\u{1dff}' | '\u{fb1d}'..='\u{feff}');
    let glyph = face.glyph_index(character).filter(|_| !needs_shaping);
    glyph.ok_or_else(|| FigureError::Letter {
        character,
        text: text.line.clone(),
    })
}

/// Draws a glyph from its origin on; font units, up positive.
struct Pen<'a> {
    path: &'a mut PathBuilder,
    scale: f32,
    x: f32,
    y: f32,
}

impl Pen<'_> {
    fn at(&self, x: f32, y: f32) -> [f32; 2] {
        [self.x + x * self.scale, self.y - y * self.scale]
    }
}

impl OutlineBuilder for Pen<'_> {
    fn move_to(&mut self, x: f32, y: f32) {
        let [x, y] = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let [x, y] = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ([x1, y1], [x, y]) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ([x1, y1], [x2, y2], [x, y]) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}

#[cfg(test)]
mod tests {
    use crate::figure::{Kind, draw, sample};

    #[test]
    fn a_png_has_the_size_of_its_figure() {
        let figure = draw(Kind::Attention, &sample::run(), "A").unwrap();
        let png = figure.png().unwrap();
        // Width and height in the PNG's first chunk, big endian (PNG specification, 11.2.2).
        let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!(
            (&png[1..4], size(16), size(20)),
            (&b"PNG"[..], 4 * 460, 4 * (figure.sheet.height as u32 + 26))
        );
    }

    #[test]
    fn every_letter_is_drawn_and_a_name_that_cannot_be_is_refused() {
        let mut results = sample::run();
        results.wells[0].well = "Grünau-Ёж, φ₂ §4 … −5".to_owned();
        let name = results.wells[0].well.clone();
        draw(Kind::Levels, &results, &name).unwrap().png().unwrap();
        for name in ["井1", "بئر"] {
            results.wells[0].well = name.to_owned();
            let error = draw(Kind::Levels, &results, name)
                .unwrap()
                .png()
                .unwrap_err();
            let character = name.chars().next().unwrap();
            assert_eq!(
                error.to_string(),
                format!(
                    "figure as PNG: \"{name}: levels and subsidence\": the font has no '{character}', expected Latin, Greek or Cyrillic letters; write an .svg file, which its viewer letters"
                )
            );
        }
    }
}
