//! Figures of a run, as SVG for the report and as SVG or PNG files for papers.
//!
//! plotters lays the charts out; [`canvas`] writes them as SVG by [`ink`], so one drawing serves the light and the dark page and the file. Where a figure is pointed at, it tells its values.
//! Every figure of synthetic data says SYNTHETIC in the picture itself.

mod attention;
mod attribution;
mod axis;
mod canvas;
mod errors;
pub mod gather;
pub mod ink;
mod kind;
mod levelling;
mod levels;
mod map;
mod mark;
mod observed;
mod picture;
mod png;
#[cfg(test)]
pub(crate) mod sample;
mod sheet;
pub mod shown;
mod training;

pub use axis::number;
pub use canvas::escaped;
pub use kind::{Kind, draw};
pub use picture::{Figure, FigureError};
pub(crate) use shown::month_text;
