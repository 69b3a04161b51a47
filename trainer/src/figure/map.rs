//! Vertical rates of the ps points around each well, by class.

use super::Figure;
use super::axis::number;
use super::ink::Ink;
use super::legend::{self, Sign};
use super::mark::Mark;
use super::sheet::{Anchor, Lettering, Point, Rectangle, Sheet, WIDTH, short};
use crate::ps::{RateSummary, class_names, rate_class};
use crate::results::{RatePoint, RunResults};

const COLUMNS: usize = 3;
const CELL_PX: f64 = 186.0;
const RADIUS_PX: f64 = 70.0;
const LEGEND_PX: f64 = 58.0;
/// Points drawn of one buffer; of more, every n-th is drawn and the map says so.
const POINTS_MAX: usize = 400;

pub(super) fn figure(results: &RunResults) -> Option<Figure> {
    if results.points.is_empty() {
        return None;
    }
    let of_well = |well: &str| -> Vec<&RatePoint> {
        results
            .points
            .iter()
            .filter(|point| point.well == well)
            .collect()
    };
    let buffers = results
        .wells
        .iter()
        .map(|well| (well.well.as_str(), of_well(&well.well)));
    let buffers: Vec<_> = buffers.filter(|(_, points)| !points.is_empty()).collect();
    let mut sheet = Sheet::new(LEGEND_PX + CELL_PX * buffers.len().div_ceil(COLUMNS) as f64);
    let title = "mm per year, down +; beside each well its median";
    sheet.text(Lettering::TITLE, (6.0, 10.0), title);
    let counts = counts(results);
    let labels: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    let mark = |class| (ink(class, counts.len()), Sign::Mark(Mark::of_class(class)));
    let entries: Vec<_> = labels
        .iter()
        .enumerate()
        .map(|(class, label)| (mark(class).0, mark(class).1, label.as_str()))
        .collect();
    legend::draw(&mut sheet, 28.0, &entries);
    for (cell, (well, points)) in buffers.iter().enumerate() {
        let (column, row) = (cell % COLUMNS, cell / COLUMNS);
        let middle = (
            WIDTH * (column as f64 + 0.5) / COLUMNS as f64,
            LEGEND_PX + CELL_PX * row as f64 + 22.0 + RADIUS_PX,
        );
        buffer(&mut sheet, results, well, points, middle);
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(name, count)| format!("{count} at {name}"))
        .collect();
    let alt = format!(
        "Maps of the ps points around each well, marked by class of vertical rate. Points by class in millimetres per year: {}.",
        counts.join(", ")
    );
    let title = "Vertical rates of the ps points around the wells".to_owned();
    Some(Figure::new(title, alt, results.synthetic(), sheet))
}

/// Names of the classes and how many points of all wells each has.
fn counts(results: &RunResults) -> Vec<(String, usize)> {
    let class =
        |point: &RatePoint| rate_class(point.vertical_rate_mm_per_year, &results.rate_classes);
    let count = |of: usize| {
        results
            .points
            .iter()
            .filter(|point| class(point) == of)
            .count()
    };
    let names = class_names(&results.rate_classes).into_iter().enumerate();
    names.map(|(class, name)| (name, count(class))).collect()
}

fn ink(class: usize, classes: usize) -> Ink {
    Ink::Class((class * 4 / (classes - 1).max(1)).min(4) as u8)
}

fn buffer(
    sheet: &mut Sheet,
    results: &RunResults,
    well: &str,
    points: &[&RatePoint],
    (x, y): Point,
) {
    let distance_m = |point: &&RatePoint| point.east_m.hypot(point.north_m);
    let farthest = points.iter().map(distance_m).fold(0.0, f64::max);
    let radius_m = if results.buffer_m > 0.0 {
        results.buffer_m
    } else {
        farthest.max(1.0)
    };
    let scale = RADIUS_PX / radius_m.max(farthest);
    sheet.ring(Ink::Grid, 1.0, radius_m * scale, (x, y));
    sheet.line(Ink::Text, 1.2, [(x - 4.0, y), (x + 4.0, y)]);
    sheet.line(Ink::Text, 1.2, [(x, y - 4.0), (x, y + 4.0)]);
    let every = points.len().div_ceil(POINTS_MAX);
    for point in points.iter().step_by(every) {
        let at = (x + point.east_m * scale, y - point.north_m * scale);
        let class = rate_class(point.vertical_rate_mm_per_year, &results.rate_classes);
        let ink = ink(class, results.rate_classes.len() + 1);
        Mark::of_class(class).draw(sheet, ink, 2.8, at);
        sheet.tip(
            Rectangle::around(at, 4.0, 4.0),
            tip(point, distance_m(point)),
        );
    }
    let rates: Vec<f64> = points
        .iter()
        .map(|point| point.vertical_rate_mm_per_year)
        .collect();
    let median = RateSummary::of(&rates, &results.rate_classes)
        .map_or(f64::NAN, |summary| summary.median_mm_per_year);
    let title = format!("{}: {}", short(well), number(median, 1));
    let above = (x, y - RADIUS_PX - 12.0);
    sheet.text(Lettering::TITLE.anchor(Anchor::Middle), above, &title);
    let thinned = if every > 1 {
        format!(", 1 of {every}")
    } else {
        String::new()
    };
    let note = format!(
        "{} points in {} m{thinned}",
        points.len(),
        number(radius_m, 0)
    );
    let below = (x, y + RADIUS_PX + 10.0);
    sheet.text(Lettering::NOTE.anchor(Anchor::Middle), below, &note);
}

fn tip(point: &RatePoint, distance_m: f64) -> String {
    let along = point.los_rate_mm_per_year.map_or(String::new(), |rate| {
        format!("\nline of sight {} mm per year", number(rate, 1))
    });
    format!(
        "{}\nvertical {} mm per year{along}\n{} m from the well",
        point.point,
        number(point.vertical_rate_mm_per_year, 1),
        number(distance_m, 0)
    )
}
