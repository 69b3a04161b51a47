//! Rates of the ps points against levelling (the paper's Fig. 5).

use plotters::element::PathElement;

use super::axis::{Axis, number};
use super::ink::Ink;
use super::mark::Mark;
use super::sheet::{self, Area, DrawError, Frame, Hit, Lettering, extent, line, px};
use super::shown::LevelledPoint;

/// Height of the figure in pixels.
pub(super) const HEIGHT: i32 = 330;

pub(super) fn draw(benchmarks: &[LevelledPoint], area: &Area) -> Result<Vec<Hit>, DrawError> {
    let rates = benchmarks
        .iter()
        .flat_map(|benchmark| [benchmark.levelling_mm_per_year, benchmark.ps_mm_per_year]);
    let Some((low, high)) = extent(rates) else {
        return Ok(Vec::new());
    };
    let frame = Frame {
        top: 26,
        bottom: 40,
        ..Frame::LABELLED
    };
    let mut chart = sheet::chart(
        area,
        frame,
        Axis::values(low, high, 6),
        Axis::values(low, high, 6),
    )?;
    chart.draw_series([PathElement::new(
        [(low, low), (high, high)],
        line(Ink::Floor, 12),
    )])?;
    let mut hits = Vec::new();
    for benchmark in benchmarks {
        let at = chart.backend_coord(&(benchmark.levelling_mm_per_year, benchmark.ps_mm_per_year));
        Mark::Circle.draw(area, at, 42, Ink::AmLstm)?;
        // Points lie along the rising line of equality: the lower right is free for the lower half, the upper left for the upper.
        let (lettering, position) = if at.0 < px(sheet::WIDTH / 2) {
            (Lettering::NOTE, (at.0 + px(8), at.1 + px(11)))
        } else {
            (Lettering::NOTE.right(), (at.0 - px(8), at.1 - px(11)))
        };
        sheet::write(area, &benchmark.benchmark, lettering, position)?;
        let text = format!(
            "{}\nlevelling: {} mm a year\nps points: {} mm a year\ndifference: {}",
            benchmark.benchmark,
            number(benchmark.levelling_mm_per_year, 2),
            number(benchmark.ps_mm_per_year, 2),
            number(
                benchmark.ps_mm_per_year - benchmark.levelling_mm_per_year,
                2
            )
        );
        hits.push(Hit {
            x: at.0 - px(10),
            y: at.1 - px(10),
            width: px(20),
            height: px(20),
            text,
        });
    }
    sheet::write(
        area,
        "ps points, mm a year (up)",
        Lettering::TITLE,
        (px(6), px(12)),
    )?;
    sheet::write(
        area,
        "levelling, mm a year (up); dotted: equal",
        Lettering::NOTE.right(),
        (px(sheet::WIDTH - 10), px(HEIGHT - 8)),
    )?;
    Ok(hits)
}
