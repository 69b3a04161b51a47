//! Figures as PNG files, drawn from the same SVG.

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

use super::picture::{Figure, FigureError};

/// Pixels of a PNG for one pixel of the figure: 300 dots an inch at 16 cm width.
const PNG_SCALE: f32 = 4.0;

impl Figure {
    /// The figure as a PNG file.
    ///
    /// # Errors
    /// [`FigureError::Png`] where the renderer gives up.
    pub fn png(&self) -> Result<Vec<u8>, FigureError> {
        let failed = |cause: String| FigureError::Png { cause };
        let options = usvg::Options {
            fontdb: fonts(),
            font_family: "DejaVu Sans".to_owned(),
            ..usvg::Options::default()
        };
        let tree = usvg::Tree::from_str(&self.svg(), &options)
            .map_err(|error| failed(error.to_string()))?;
        let size = tree
            .size()
            .to_int_size()
            .scale_by(PNG_SCALE)
            .ok_or_else(|| failed("the figure is too large".to_owned()))?;
        let mut pixels = tiny_skia::Pixmap::new(size.width(), size.height())
            .ok_or_else(|| failed("the figure is too large".to_owned()))?;
        resvg::render(
            &tree,
            tiny_skia::Transform::from_scale(PNG_SCALE, PNG_SCALE),
            &mut pixels.as_mut(),
        );
        pixels
            .encode_png()
            .map_err(|error| failed(error.to_string()))
    }
}

/// The one font PNG files are lettered with, so they look the same on every machine.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let load = || {
        let mut fonts = usvg::fontdb::Database::new();
        fonts.load_font_data(dejavu::sans::regular().to_vec());
        fonts.load_font_data(dejavu::sans::bold().to_vec());
        Arc::new(fonts)
    };
    FONTS.get_or_init(load).clone()
}

#[cfg(test)]
mod tests {
    use crate::figure::sample::{self, figures};
    use crate::figure::{Kind, draw};

    #[test]
    fn figures_are_well_formed_whatever_the_wells_are_called() {
        for figure in figures(&sample::run()) {
            let tree = resvg::usvg::roxmltree::Document::parse(&figure.svg())
                .map(|document| document.descendants().count());
            assert!(tree.unwrap() > 20, "{}", figure.title);
        }
    }

    #[test]
    fn a_png_has_the_size_of_its_figure() {
        let figure = draw(Kind::Attention, &sample::run(), "A").unwrap();
        let png = figure.png().unwrap();
        // Width and height in the PNG's first chunk, big endian (PNG specification, 11.2.2).
        let size = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!(
            (&png[1..4], size(16), size(20)),
            (&b"PNG"[..], 4 * 460, 4 * (figure.height as u32 + 26))
        );
    }
}
