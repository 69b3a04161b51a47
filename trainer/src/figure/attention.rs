//! Attention over time as a heat map, and its mean as bars (the paper's Fig. 9).

use super::Figure;
use super::axis::{Axis, number};
use super::ink::{Ink, RAMP_STEPS};
use super::panel::{Panel, extent};
use super::sheet::{Anchor, Lettering, Rectangle, Sheet, WIDTH, short};
use crate::results::{MonthResults, WellResults, month_text};

const ROW_PX: f64 = 26.0;
const HEAT_TOP_PX: f64 = 24.0;
const BARS_TOP_PX: f64 = 30.0;
/// Room for labels below either panel.
const BELOW_PX: f64 = 24.0;
/// Room for the names of the aquifer layers.
pub(super) const NAMES_PX: f64 = 84.0;
/// Room for the means at the right of their bars.
const MEANS_PX: f64 = 44.0;

pub(super) fn figure(well: &WellResults) -> Option<Figure> {
    let rows_px = ROW_PX * well.aquifer_layers.len() as f64;
    let heat_px = HEAT_TOP_PX + rows_px + BELOW_PX;
    let mut sheet = Sheet::new(heat_px + BARS_TOP_PX + rows_px + BELOW_PX);
    heat(&mut sheet, well, heat_px)?;
    bars(&mut sheet, well, heat_px);
    let mean = |(layer, name): (usize, &String)| {
        let mean = well.mean_attention(layer);
        format!(
            "{name} {}",
            mean.map_or("none".to_owned(), |mean| number(mean, 2))
        )
    };
    let means: Vec<String> = well.aquifer_layers.iter().enumerate().map(mean).collect();
    let alt = format!(
        "Heat map of the attention by month and aquifer layer, {}, and bars of its mean: {}.",
        well.span_text(),
        means.join(", ")
    );
    let title = format!("{}: attention", well.well);
    Some(Figure::new(title, alt, well.synthetic, sheet))
}

fn heat(sheet: &mut Sheet, well: &WellResults, height: f64) -> Option<()> {
    let shares = well
        .months
        .iter()
        .flat_map(|month| month.attention.iter().flatten());
    let (low, high) = extent(shares.copied())?;
    let (from, to) = well.span()?;
    let place = Rectangle {
        left: NAMES_PX,
        right: WIDTH - 14.0,
        top: HEAT_TOP_PX,
        bottom: height - BELOW_PX,
    };
    let rows = Axis::rows(well.aquifer_layers.len());
    let panel = Panel::new(sheet, place, Axis::months(from, to, 8), rows);
    let mut cells = Vec::new();
    for month in &well.months {
        let x = f64::from(month.month);
        for (layer, share) in month.attention.iter().enumerate() {
            let row = layer as f64;
            if let Some(share) = share {
                let cell = panel.between((x - 0.5, row + 0.04), (x + 0.5, row + 0.96));
                cells.push((Ink::step(*share, low, high), cell));
            }
        }
        panel.tip(sheet, x, 0.0..height, tip(well, month));
    }
    // Cells of one colour follow each other, which keeps the page small.
    cells.sort_by_key(|(step, _)| *step);
    for (step, cell) in cells {
        sheet.rectangle(Ink::Ramp(step), cell);
    }
    sheet.text(Lettering::TITLE, (6.0, 10.0), "by month");
    ramp(sheet, low, high);
    names(sheet, well, HEAT_TOP_PX);
    Some(())
}

fn tip(well: &WellResults, month: &MonthResults) -> String {
    let share = |(name, share): (&String, &Option<f64>)| match share {
        Some(share) => format!("\n{name}: {}", number(*share, 3)),
        None => format!("\n{name}: no level"),
    };
    let shares = well.aquifer_layers.iter().zip(&month.attention).map(share);
    month_text(month.month) + &shares.collect::<String>()
}

fn bars(sheet: &mut Sheet, well: &WellResults, above: f64) {
    let layers = well.aquifer_layers.len();
    let place = Rectangle {
        left: NAMES_PX,
        right: WIDTH - MEANS_PX,
        top: above + BARS_TOP_PX,
        bottom: sheet.height - BELOW_PX,
    };
    let panel = Panel::new(sheet, place, Axis::exactly(0.0, 1.0, 5), Axis::rows(layers));
    for layer in 0..layers {
        let share = |month: &MonthResults| month.attention.get(layer).copied().flatten();
        let shares = extent(well.months.iter().filter_map(share));
        let (Some(mean), Some((least, most))) = (well.mean_attention(layer), shares) else {
            continue;
        };
        let (row, middle) = (layer as f64, layer as f64 + 0.5);
        let bar = panel.between((0.0, row + 0.2), (mean, row + 0.8));
        sheet.rectangle(Ink::AquiferLayer(layer as u8), bar);
        panel.line(sheet, Ink::Text, 1.2, [(least, middle), (most, middle)]);
        let value = Lettering::NOTE.ink(Ink::Text).anchor(Anchor::End);
        let at = (WIDTH - 6.0, panel.at((mean, middle)).1);
        sheet.text(value, at, &number(mean, 2));
    }
    let even = 1.0 / layers as f64;
    panel.line(sheet, Ink::Floor, 1.2, [(even, 0.0), (even, layers as f64)]);
    let title = "mean; line: lowest to highest; dotted: even";
    sheet.text(Lettering::TITLE, (6.0, above + 16.0), title);
    names(sheet, well, above + BARS_TOP_PX);
}

/// Names of the aquifer layers at the left of their rows.
fn names(sheet: &mut Sheet, well: &WellResults, top: f64) {
    for (layer, name) in well.aquifer_layers.iter().enumerate() {
        let lettering = Lettering::NOTE.ink(Ink::AquiferLayer(layer as u8));
        let y = top + ROW_PX * (layer as f64 + 0.5);
        sheet.text(lettering, (6.0, y), &short(name));
    }
}

/// The scale of the heat map at the top right.
fn ramp(sheet: &mut Sheet, low: f64, high: f64) {
    const STEP_PX: f64 = 3.0;
    let end = WIDTH - 50.0;
    let start = end - STEP_PX * f64::from(RAMP_STEPS);
    for step in 0..RAMP_STEPS {
        let left = start + STEP_PX * f64::from(step);
        let cell = Rectangle {
            left,
            right: left + STEP_PX + 0.2,
            top: 5.0,
            bottom: 15.0,
        };
        sheet.rectangle(Ink::Ramp(step), cell);
    }
    let before = Lettering::NOTE.anchor(Anchor::End);
    sheet.text(before, (start - 5.0, 10.0), &number(low, 2));
    sheet.text(Lettering::NOTE, (end + 6.0, 10.0), &number(high, 2));
}
