//! Rates of the ps points against levelling (the paper's Fig. 5).

use plotters::element::PathElement;

use super::axis::{Axis, number};
use super::ink::Ink;
use super::mark::Mark;
use super::sheet::{self, Area, DrawError, Frame, Hit, Lettering, extent, line, px};
use super::shown::Benchmark;

/// Height of the figure in pixels.
pub(super) const HEIGHT: i32 = 330;

pub(super) fn draw(benchmarks: &[Benchmark], area: &Area) -> Result<Vec<Hit>, DrawError> {
    let rates = benchmarks
        .iter()
        .flat_map(|benchmark| [benchmark.levelling_mm_per_year, benchmark.insar_mm_per_year]);
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
        let at =
            chart.backend_coord(&(benchmark.levelling_mm_per_year, benchmark.insar_mm_per_year));
        Mark::Circle.draw(area, at, 42, Ink::AmLstm)?;
        // The name stands on the side away from the line of equality.
        let below = benchmark.insar_mm_per_year < benchmark.levelling_mm_per_year;
        let (side, lettering) = if below {
            (px(8), Lettering::NOTE)
        } else {
            (-px(8), Lettering::NOTE.right())
        };
        let near_edge = at.0 < px(90) || at.0 > px(sheet::WIDTH - 60);
        let (position, lettering) = match (near_edge, below) {
            (true, true) => ((at.0, at.1 + px(14)), Lettering::NOTE.centre()),
            (true, false) => ((at.0, at.1 - px(13)), Lettering::NOTE.centre()),
            (false, _) => ((at.0 + side, at.1), lettering),
        };
        sheet::write(area, &benchmark.benchmark, lettering, position)?;
        let text = format!(
            "{}\nlevelling: {} mm a year\nps points: {} mm a year\ndifference: {}",
            benchmark.benchmark,
            number(benchmark.levelling_mm_per_year, 2),
            number(benchmark.insar_mm_per_year, 2),
            number(
                benchmark.insar_mm_per_year - benchmark.levelling_mm_per_year,
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
        "ps points, mm a year (down)",
        Lettering::TITLE,
        (px(6), px(12)),
    )?;
    sheet::write(
        area,
        "levelling, mm a year (down); dotted: equal",
        Lettering::NOTE.right(),
        (px(sheet::WIDTH - 10), px(HEIGHT - 8)),
    )?;
    Ok(hits)
}
