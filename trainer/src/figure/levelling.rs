//! Rates of the ps points against levelling (the paper's Fig. 5).

use super::Figure;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::mark::Mark;
use super::panel::{self, Panel, extent};
use super::sheet::{Anchor, Lettering, Rectangle, Sheet, WIDTH};
use crate::results::{LevelledPoint, RunResults};

const HEIGHT: f64 = 330.0;

pub(super) fn figure(results: &RunResults) -> Option<Figure> {
    let benchmarks = &results.benchmarks;
    let pair =
        |benchmark: &LevelledPoint| (benchmark.levelling_mm_per_year, benchmark.ps_mm_per_year);
    let rates = benchmarks.iter().map(pair);
    let (low, high) = extent(rates.flat_map(|(levelling, ps)| [levelling, ps]))?;
    let mut sheet = Sheet::new(HEIGHT);
    let place = Rectangle {
        left: panel::LEFT,
        right: WIDTH - 10.0,
        top: 26.0,
        bottom: HEIGHT - 40.0,
    };
    let axis = Axis::values(low, high, 6);
    let panel = Panel::new(&mut sheet, place, axis.clone(), axis);
    panel.line(&mut sheet, Ink::Floor, 1.2, [(low, low), (high, high)]);
    for benchmark in benchmarks {
        let (x, y) = panel.at(pair(benchmark));
        Mark::Circle.draw(&mut sheet, Ink::AmLstm, 4.2, (x, y));
        // Points lie along the rising line of equality: the lower right is free for the lower half, the upper left for the upper.
        let (lettering, at) = if x < WIDTH / 2.0 {
            (Lettering::NOTE, (x + 8.0, y + 11.0))
        } else {
            (Lettering::NOTE.anchor(Anchor::End), (x - 8.0, y - 11.0))
        };
        sheet.text(lettering, at, &benchmark.benchmark);
        sheet.tip(Rectangle::around((x, y), 10.0, 10.0), tip(benchmark));
    }
    sheet.text(Lettering::TITLE, (6.0, 12.0), "ps points, mm per year (up)");
    let note = Lettering::NOTE.anchor(Anchor::End);
    let below = "levelling, mm per year (up); dotted: equal";
    sheet.text(note, (WIDTH - 10.0, HEIGHT - 8.0), below);
    let alt = format!(
        "Rates of the ps points around {} levelling benchmarks against the levelled rates, with the line of equality.",
        benchmarks.len()
    );
    let title = "Levelling against ps points".to_owned();
    Some(Figure::new(title, alt, results.synthetic(), sheet))
}

fn tip(benchmark: &LevelledPoint) -> String {
    let (levelling, ps) = (benchmark.levelling_mm_per_year, benchmark.ps_mm_per_year);
    format!(
        "{}\nlevelling: {} mm per year\nps points: {} mm per year\ndifference: {}",
        benchmark.benchmark,
        number(levelling, 2),
        number(ps, 2),
        number(ps - levelling, 2)
    )
}
