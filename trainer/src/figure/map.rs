//! Vertical rates of the ps points around each well, by class.

use plotters::element::{Circle, PathElement};

use super::attention::short;
use super::axis::number;
use super::ink::Ink;
use super::mark::Mark;
use super::sheet::{self, Area, DrawError, Hit, Lettering, Sign, WIDTH, line, px};
use super::shown::{RatePoint, Shown};
use crate::ps::{RateSummary, class_names, rate_class};

const COLUMNS: usize = 3;
const CELL_PX: i32 = 186;
const RADIUS_PX: i32 = 70;
const LEGEND_PX: i32 = 58;
/// Points drawn of one buffer; of more, every n-th is drawn and the map says so.
const POINTS_MAX: usize = 400;

/// Height of the figure in pixels.
pub(super) fn height(shown: &Shown) -> i32 {
    LEGEND_PX + CELL_PX * groups(shown).len().div_ceil(COLUMNS) as i32
}

fn groups(shown: &Shown) -> Vec<(&str, Vec<&RatePoint>)> {
    let of_well = |well: &'_ str| {
        shown
            .points
            .iter()
            .filter(|point| point.well == well)
            .collect::<Vec<_>>()
    };
    let all = shown
        .wells
        .iter()
        .map(|well| (well.well.as_str(), of_well(&well.well)));
    all.filter(|(_, points)| !points.is_empty()).collect()
}

/// Names of the classes and how many points of all wells each has.
pub(super) fn counts(shown: &Shown) -> Vec<(String, usize)> {
    let class =
        |point: &RatePoint| rate_class(point.vertical_rate_mm_per_year, &shown.rate_classes);
    let count = |of: usize| {
        shown
            .points
            .iter()
            .filter(|point| class(point) == of)
            .count()
    };
    class_names(&shown.rate_classes)
        .into_iter()
        .enumerate()
        .map(|(class, name)| (name, count(class)))
        .collect()
}

fn ink(class: usize, classes: usize) -> Ink {
    Ink::Class((class * 4 / (classes - 1).max(1)).min(4) as u8)
}

pub(super) fn draw(shown: &Shown, area: &Area) -> Result<Vec<Hit>, DrawError> {
    let labels: Vec<String> = counts(shown)
        .iter()
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    let entries: Vec<_> = labels
        .iter()
        .enumerate()
        .map(|(class, text)| {
            (
                ink(class, labels.len()),
                Sign::Mark(Mark::of_class(class)),
                text.as_str(),
            )
        })
        .collect();
    sheet::write(
        area,
        "mm a year, down +; beside each well its median",
        Lettering::TITLE,
        (px(6), px(10)),
    )?;
    sheet::legend(area, px(28), &entries)?;
    let mut hits = Vec::new();
    for (cell, (well, points)) in groups(shown).into_iter().enumerate() {
        let middle = (
            px(WIDTH * (2 * (cell % COLUMNS) as i32 + 1) / (2 * COLUMNS as i32)),
            px(LEGEND_PX + CELL_PX * (cell / COLUMNS) as i32 + 22 + RADIUS_PX),
        );
        buffer(shown, area, well, &points, middle, &mut hits)?;
    }
    Ok(hits)
}

fn buffer(
    shown: &Shown,
    area: &Area,
    well: &str,
    points: &[&RatePoint],
    (x, y): (i32, i32),
    hits: &mut Vec<Hit>,
) -> Result<(), DrawError> {
    let farthest = points
        .iter()
        .map(|point| point.east_m.hypot(point.north_m))
        .fold(0.0, f64::max);
    let radius_m = if shown.buffer_m > 0.0 {
        shown.buffer_m
    } else {
        farthest.max(1.0)
    };
    let scale = f64::from(px(RADIUS_PX)) / radius_m.max(farthest);
    area.draw(&Circle::new(
        (x, y),
        (radius_m * scale) as i32,
        line(Ink::Grid, 10),
    ))?;
    for (dx, dy) in [(px(4), 0), (0, px(4))] {
        area.draw(&PathElement::new(
            [(x - dx, y - dy), (x + dx, y + dy)],
            line(Ink::Text, 12),
        ))?;
    }
    let every = points.len().div_ceil(POINTS_MAX);
    let classes = shown.rate_classes.len() + 1;
    let mut near = Vec::new();
    for point in points.iter().step_by(every) {
        let at = (
            x + (point.east_m * scale).round() as i32,
            y - (point.north_m * scale).round() as i32,
        );
        let class = rate_class(point.vertical_rate_mm_per_year, &shown.rate_classes);
        Mark::of_class(class).draw(area, at, 28, ink(class, classes))?;
        let along = point.los_rate_mm_per_year.map_or(String::new(), |rate| {
            format!("\nline of sight {} mm a year", number(rate, 1))
        });
        let text = format!(
            "{}\nvertical {} mm a year{along}\n{} m from the well",
            point.point,
            number(point.vertical_rate_mm_per_year, 1),
            number(point.east_m.hypot(point.north_m), 0)
        );
        near.push(Hit {
            x: at.0 - px(4),
            y: at.1 - px(4),
            width: px(8),
            height: px(8),
            text,
        });
    }
    hits.append(&mut near);
    let rates: Vec<f64> = points
        .iter()
        .map(|point| point.vertical_rate_mm_per_year)
        .collect();
    let median = RateSummary::of(&rates, &shown.rate_classes)
        .map_or(f64::NAN, |summary| summary.median_mm_per_year);
    let thinned = if every > 1 {
        format!(", 1 of {every}")
    } else {
        String::new()
    };
    let title = format!("{}: {}", short(well), number(median, 1));
    sheet::write(
        area,
        &title,
        Lettering::TITLE.centre(),
        (x, y - px(RADIUS_PX + 12)),
    )?;
    let note = format!(
        "{} points in {} m{thinned}",
        points.len(),
        number(radius_m, 0)
    );
    sheet::write(
        area,
        &note,
        Lettering::NOTE.centre(),
        (x, y + px(RADIUS_PX + 10)),
    )
}
