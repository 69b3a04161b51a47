//! The shapes of one figure, in pixels from its upper left corner.

use super::ink::Ink;

/// Width of every figure in pixels: two stand side by side on a desk, one fills a phone.
pub(super) const WIDTH: f64 = 460.0;
/// Text size in pixels.
pub(super) const TEXT_PX: f64 = 12.0;

/// Right of and below the upper left corner.
pub(super) type Point = (f64, f64);

/// A rectangle by its edges.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rectangle {
    pub left: f64,
    pub right: f64,
    pub top: f64,
    pub bottom: f64,
}

impl Rectangle {
    /// The rectangle that reaches `wide` to the left and right of a point and `high` above and below it.
    pub(super) fn around((x, y): Point, wide: f64, high: f64) -> Self {
        Self {
            left: x - wide,
            right: x + wide,
            top: y - high,
            bottom: y + high,
        }
    }
}

/// Something drawn in one ink.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub ink: Ink,
    pub outline: Outline,
}

/// What a shape looks like.
#[derive(Clone, Debug)]
pub(super) enum Outline {
    /// A line of a width through points, in the ink's dashes.
    Line { width: f64, points: Vec<Point> },
    /// A filled polygon.
    Area(Vec<Point>),
    /// A filled rectangle.
    Rectangle(Rectangle),
    /// A filled circle.
    Disc { middle: Point, radius: f64 },
    /// A circle as a line of a width.
    Ring {
        width: f64,
        middle: Point,
        radius: f64,
    },
    /// A line of text.
    Text(Text),
}

/// A line of text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// The point of the baseline that `anchor` names.
    pub at: Point,
    pub anchor: Anchor,
    pub bold: bool,
    pub size: f64,
    pub line: String,
}

/// Which point of a text its position is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text looks and stands at its position, which is at half the height of its capital letters.
#[derive(Clone, Copy)]
pub(super) struct Lettering {
    ink: Ink,
    bold: bool,
    anchor: Anchor,
}

impl Lettering {
    pub(super) const NOTE: Self = Self {
        ink: Ink::Muted,
        bold: false,
        anchor: Anchor::Start,
    };
    pub(super) const TITLE: Self = Self {
        ink: Ink::Text,
        bold: true,
        anchor: Anchor::Start,
    };

    pub(super) const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }

    pub(super) const fn anchor(self, anchor: Anchor) -> Self {
        Self { anchor, ..self }
    }

    /// A text in this lettering.
    pub(super) fn shape(self, size: f64, (x, y): Point, text: &str) -> Shape {
        // Half the height of a capital letter.
        let at = (x, y + 0.35 * size);
        let (anchor, bold, line) = (self.anchor, self.bold, text.to_owned());
        Shape {
            ink: self.ink,
            outline: Outline::Text(Text {
                at,
                anchor,
                bold,
                size,
                line,
            }),
        }
    }
}

/// A place that tells its values when pointed at.
#[derive(Clone, Debug)]
pub(super) struct Tip {
    pub place: Rectangle,
    pub text: String,
}

/// What a figure is drawn on.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub height: f64,
    pub shapes: Vec<Shape>,
    pub tips: Vec<Tip>,
}

impl Sheet {
    /// An empty sheet of [`WIDTH`] times `height` pixels.
    pub(super) fn new(height: f64) -> Self {
        Self {
            height,
            shapes: Vec::new(),
            tips: Vec::new(),
        }
    }

    fn draw(&mut self, ink: Ink, outline: Outline) {
        self.shapes.push(Shape { ink, outline });
    }

    pub(super) fn line(&mut self, ink: Ink, width: f64, points: impl IntoIterator<Item = Point>) {
        let points: Vec<Point> = points.into_iter().collect();
        if points.len() > 1 {
            self.draw(ink, Outline::Line { width, points });
        }
    }

    pub(super) fn area(&mut self, ink: Ink, points: impl IntoIterator<Item = Point>) {
        self.draw(ink, Outline::Area(points.into_iter().collect()));
    }

    pub(super) fn rectangle(&mut self, ink: Ink, rectangle: Rectangle) {
        self.draw(ink, Outline::Rectangle(rectangle));
    }

    pub(super) fn disc(&mut self, ink: Ink, radius: f64, middle: Point) {
        self.draw(ink, Outline::Disc { middle, radius });
    }

    pub(super) fn ring(&mut self, ink: Ink, width: f64, radius: f64, middle: Point) {
        let ring = Outline::Ring {
            width,
            middle,
            radius,
        };
        self.draw(ink, ring);
    }

    pub(super) fn text(&mut self, lettering: Lettering, at: Point, text: &str) {
        if !text.is_empty() {
            self.shapes.push(lettering.shape(TEXT_PX, at, text));
        }
    }

    pub(super) fn tip(&mut self, place: Rectangle, text: String) {
        self.tips.push(Tip { place, text });
    }
}

/// Width of a text in pixels, generous: an average letter of the page's font is 0.53 of its size wide, and phones show it an eighth larger.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * TEXT_PX * 0.61
}

/// A name cut to what fits beside a chart.
pub(super) fn short(name: &str) -> String {
    const LETTERS: usize = 12;
    if name.chars().count() <= LETTERS {
        name.to_owned()
    } else {
        name.chars().take(LETTERS - 1).chain(['…']).collect()
    }
}
