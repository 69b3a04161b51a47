//! Observed subsidence against LSTM and AM-LSTM (the paper's Fig. 8), cumulative and as the monthly rate that is scored.
//!
//! Cumulative curves of any model lie close to each other; the rates below show what is learned.

use std::fmt::Write as _;

use super::Figure;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::legend::{self, Sign};
use super::panel::{self, Panel, extent};
use super::sheet::{Anchor, Lettering, Rectangle, Sheet, WIDTH, text_width};
use crate::results::{ModelResults, MonthResults, WellResults, month_text};
use crate::series::DAYS_PER_MONTH;
use crate::split::Part;

const HEIGHT: f64 = 400.0;
const CUMULATIVE_PX: f64 = 222.0;

pub(super) fn figure(well: &WellResults) -> Option<Figure> {
    let (from, to) = well.span()?;
    let mut sheet = Sheet::new(HEIGHT);
    cumulative(&mut sheet, well, Axis::months(from, to, 8).unlabelled());
    rates(&mut sheet, well, Axis::months(from, to, 8));
    let title = format!("{}: observed against LSTM and AM-LSTM", well.well);
    Some(Figure::new(title, alt(well), well.synthetic, sheet))
}

fn cumulative(sheet: &mut Sheet, well: &WellResults, years: Axis) {
    let spread = || well.months.iter().filter_map(|month| month.spread_mm);
    let mut entries = vec![(Ink::Observed, Sign::Dot, "observed")];
    for model in &well.models {
        let (ink, name) = (Ink::of_model(model.model), model.model.title());
        entries.push((ink, Sign::Line, name));
    }
    if spread().next().is_some() {
        entries.push((Ink::Band, Sign::Box, "90 % of points"));
    }
    legend::draw(sheet, 10.0, &entries);
    let observed = || {
        let known = |month: &MonthResults| Some((f64::from(month.month), month.observed_mm?));
        well.months.iter().filter_map(known)
    };
    let modelled = well
        .models
        .iter()
        .flat_map(|model| model.subsidence_mm.iter().flatten().copied());
    let all = observed().map(|(_, mm)| mm).chain(modelled);
    let all = all.chain(spread().flat_map(|(low, high)| [low, high]));
    let (low, high) = extent(all).unwrap_or((0.0, 1.0));
    let place = Rectangle {
        left: panel::LEFT,
        right: WIDTH - 10.0,
        top: 40.0,
        bottom: CUMULATIVE_PX - 4.0,
    };
    let panel = Panel::new(sheet, place, years, Axis::values(low, high, 5).down());
    parts(sheet, well, &panel);
    band(sheet, well, &panel);
    for model in &well.models {
        let curve = series(well, &model.subsidence_mm);
        panel.broken_line(sheet, Ink::of_model(model.model), 1.8, curve);
    }
    for pair in observed() {
        sheet.disc(Ink::Observed, 2.0, panel.at(pair));
    }
    sheet.text(Lettering::TITLE, (6.0, 30.0), "cumulative, mm (down)");
}

fn rates(sheet: &mut Sheet, well: &WellResults, years: Axis) {
    let observed = observed_rates(well);
    let modelled = well
        .models
        .iter()
        .flat_map(|model| model.increment_mm.iter().flatten().copied());
    let all = observed
        .iter()
        .map(|rate| rate.mm_per_month)
        .chain(modelled);
    let (low, high) = extent(all).unwrap_or((0.0, 1.0));
    let place = Rectangle {
        left: panel::LEFT,
        right: WIDTH - 10.0,
        top: CUMULATIVE_PX + 22.0,
        bottom: HEIGHT - panel::BELOW,
    };
    let panel = Panel::new(sheet, place, years, Axis::values(low, high, 4));
    parts(sheet, well, &panel);
    for rate in &observed {
        let end = |month: i32| (f64::from(month) + 0.5, rate.mm_per_month);
        panel.line(
            sheet,
            Ink::Observed,
            2.6,
            [end(rate.after), end(rate.until)],
        );
    }
    for model in &well.models {
        let curve = series(well, &model.increment_mm);
        panel.broken_line(sheet, Ink::of_model(model.model), 1.4, curve);
    }
    let title = "rate, mm per month (this is scored)";
    sheet.text(Lettering::TITLE, (6.0, CUMULATIVE_PX + 10.0), title);
    for (index, month) in well.months.iter().enumerate() {
        let within = |rate: &&Rate| (rate.after + 1..=rate.until).contains(&month.month);
        let text = tip(well, index, observed.iter().find(within));
        panel.tip(sheet, f64::from(month.month), 0.0..HEIGHT, text);
    }
}

fn series(well: &WellResults, values: &[Option<f64>]) -> impl Iterator<Item = (f64, Option<f64>)> {
    let months = well.months.iter().map(|month| f64::from(month.month));
    months.zip(values.iter().copied())
}

/// An observed rate between two observations, in the months after the first up to the second.
struct Rate {
    after: i32,
    until: i32,
    mm_per_month: f64,
}

fn observed_rates(well: &WellResults) -> Vec<Rate> {
    let known = |month: &MonthResults| Some((month.month, month.observed_mm?, month.days));
    let seen: Vec<_> = well.months.iter().filter_map(known).collect();
    let rate = |pair: &[(i32, f64, Option<f64>)]| {
        let [(after, from_mm, _), (until, to_mm, days)] = *pair else {
            return None;
        };
        let mm_per_month = (to_mm - from_mm) / days? * DAYS_PER_MONTH;
        Some(Rate {
            after,
            until,
            mm_per_month,
        })
    };
    seen.windows(2).filter_map(rate).collect()
}

/// What a part may be called, the longest first; a border between two parts is too narrow for a name.
fn names(part: Part) -> &'static [&'static str] {
    match part {
        Part::Validate => &["validation", "val."],
        Part::Test => &["test"],
        Part::Train | Part::Border => &[],
    }
}

/// Shades the months that are not for training, where months are divided.
fn parts(sheet: &mut Sheet, well: &WellResults, panel: &Panel) {
    for run in well.months.chunk_by(|a, b| a.part == b.part) {
        let (first, last) = (&run[0], &run[run.len() - 1]);
        let Some(part) = first.part.filter(|part| *part != Part::Train) else {
            continue;
        };
        let x = |month: f64| panel.at((month, 0.0)).0;
        let (left, right) = (
            x(f64::from(first.month) - 0.5),
            x(f64::from(last.month) + 0.5),
        );
        let Rectangle { top, bottom, .. } = panel.place;
        sheet.rectangle(
            Ink::Band,
            Rectangle {
                left,
                right,
                ..panel.place
            },
        );
        sheet.line(Ink::Muted, 1.0, [(left, top), (left, bottom)]);
        let fits = |name: &&&str| text_width(name) <= right - left;
        if let Some(name) = names(part).iter().find(fits) {
            let middle = (f64::midpoint(left, right), top + 8.0);
            sheet.text(Lettering::NOTE.anchor(Anchor::Middle), middle, name);
        }
    }
}

/// The band of the middle 90 % of the ps points.
fn band(sheet: &mut Sheet, well: &WellResults, panel: &Panel) {
    let known = |month: &MonthResults| Some((f64::from(month.month), month.spread_mm?));
    let rows: Vec<_> = well.months.iter().filter_map(known).collect();
    if rows.len() > 1 {
        let low = rows
            .iter()
            .map(|(month, (low, _))| panel.at((*month, *low)));
        let high = rows
            .iter()
            .rev()
            .map(|(month, (_, high))| panel.at((*month, *high)));
        sheet.area(Ink::Band, low.chain(high));
    }
}

fn tip(well: &WellResults, index: usize, rate: Option<&Rate>) -> String {
    let month = &well.months[index];
    let mut text = month_text(month.month);
    if let Some(observed) = month.observed_mm {
        let _ = write!(text, "\nobserved: {} mm", number(observed, 1));
    }
    if let Some((low, high)) = month.spread_mm {
        let (low, high) = (number(low, 1), number(high, 1));
        let _ = write!(text, "\n90 % of points: {low} to {high} mm");
    }
    if let Some(rate) = rate {
        let _ = write!(
            text,
            "\nobserved rate: {} mm per month",
            number(rate.mm_per_month, 2)
        );
        if rate.until - rate.after > 1 {
            let _ = write!(text, " over {} months", rate.until - rate.after);
        }
    }
    for model in &well.models {
        let at = |values: &[Option<f64>]| values.get(index).copied().flatten();
        if let Some(subsidence) = at(&model.subsidence_mm) {
            let _ = write!(
                text,
                "\n{}: {} mm",
                model.model.title(),
                number(subsidence, 1)
            );
        }
        if let Some(increment) = at(&model.increment_mm) {
            let _ = write!(text, " ({} in the month)", number(increment, 2));
        }
    }
    text
}

fn alt(well: &WellResults) -> String {
    let last = |name: &str, value: Option<f64>| Some(format!("{name} {} mm", number(value?, 1)));
    let observed = well.months.iter().rev().find_map(|month| month.observed_mm);
    let model = |model: &ModelResults| {
        let end = model.subsidence_mm.iter().rev().find_map(|value| *value);
        last(model.model.title(), end)
    };
    let ends: Vec<String> = last("observed", observed)
        .into_iter()
        .chain(well.models.iter().filter_map(model))
        .collect();
    format!(
        "Cumulative subsidence and monthly rates, observed and modelled, {}; last values: {}.",
        well.span_text(),
        ends.join(", ")
    )
}
