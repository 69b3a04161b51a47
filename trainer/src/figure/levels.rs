//! Levels of the aquifer layers and the subsidence below them (the paper's Fig. 2).

use std::fmt::Write as _;

use super::Figure;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::panel::{self, Panel, extent};
use super::sheet::{Lettering, Rectangle, Sheet, WIDTH};
use crate::results::{MonthResults, WellResults, month_text};

const LEVEL_PX: f64 = 78.0;
const SUBSIDENCE_PX: f64 = 128.0;

pub(super) fn figure(well: &WellResults) -> Option<Figure> {
    let (from, to) = well.span()?;
    let levels_end = LEVEL_PX * well.aquifer_layers.len() as f64;
    let mut sheet = Sheet::new(levels_end + SUBSIDENCE_PX);
    for (index, name) in well.aquifer_layers.iter().enumerate() {
        levels(&mut sheet, well, index, name);
    }
    let observed = || {
        let known = |month: &MonthResults| Some((f64::from(month.month), month.observed_mm?));
        well.months.iter().filter_map(known)
    };
    let (low, high) = extent(observed().map(|(_, mm)| mm).chain([0.0])).unwrap_or((0.0, 1.0));
    let place = Rectangle {
        left: panel::LEFT,
        right: WIDTH - 10.0,
        top: levels_end + 20.0,
        bottom: sheet.height - panel::BELOW,
    };
    let years = Axis::months(from, to, 8);
    let panel = Panel::new(&mut sheet, place, years, Axis::values(low, high, 4).down());
    panel.line(&mut sheet, Ink::Observed, 1.0, observed());
    for pair in observed() {
        sheet.disc(Ink::Observed, 1.8, panel.at(pair));
    }
    let title = Lettering::TITLE.ink(Ink::Observed);
    sheet.text(
        title,
        (6.0, levels_end + 10.0),
        "subsidence in mm, observed",
    );
    let height = sheet.height;
    for month in &well.months {
        panel.tip(
            &mut sheet,
            f64::from(month.month),
            0.0..height,
            tip(well, month),
        );
    }
    let alt = format!(
        "Levels of {} in metres and observed subsidence in millimetres, {}.",
        well.aquifer_layers.join(", "),
        well.span_text()
    );
    let title = format!("{}: levels and subsidence", well.well);
    Some(Figure::new(title, alt, well.synthetic, sheet))
}

fn levels(sheet: &mut Sheet, well: &WellResults, index: usize, name: &str) {
    let level = |month: &MonthResults| month.level_m.get(index).copied().flatten();
    let (low, high) = extent(well.months.iter().filter_map(level)).unwrap_or((0.0, 1.0));
    let (from, to) = well.span().unwrap_or_default();
    let above = LEVEL_PX * index as f64;
    let place = Rectangle {
        left: panel::LEFT,
        right: WIDTH - 10.0,
        top: above + 20.0,
        bottom: above + LEVEL_PX - 4.0,
    };
    let years = Axis::months(from, to, 8).unlabelled();
    let panel = Panel::new(sheet, place, years, Axis::values(low, high, 3));
    let ink = Ink::AquiferLayer(index as u8);
    let values = well
        .months
        .iter()
        .map(|month| (f64::from(month.month), level(month)));
    panel.broken_line(sheet, ink, 1.6, values);
    let title = format!("{name}, level in m");
    sheet.text(Lettering::TITLE.ink(ink), (6.0, above + 10.0), &title);
}

fn tip(well: &WellResults, month: &MonthResults) -> String {
    let mut text = month_text(month.month);
    for (name, level) in well.aquifer_layers.iter().zip(&month.level_m) {
        let level = level.map_or("no level".to_owned(), |level| {
            format!("{} m", number(level, 2))
        });
        let _ = write!(text, "\n{name}: {level}");
    }
    if let Some(observed) = month.observed_mm {
        let _ = write!(text, "\nsubsidence: {} mm", number(observed, 1));
    }
    text
}
