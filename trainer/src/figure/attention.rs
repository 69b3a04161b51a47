//! Attention over time as a heat map, and its mean as bars (the paper's Fig. 9).

use plotters::element::{PathElement, Rectangle};

use super::axis::{Axis, number};
use super::ink::{Ink, RAMP_STEPS};
use super::levels::month_hits;
use super::sheet::{self, Area, DrawError, Frame, Hit, Lettering, WIDTH, extent, fill, line, px};
use super::shown::{ShownWell, month_text};

const ROW_PX: i32 = 26;
const HEAT_EDGES_PX: i32 = 24 + 24;
const BARS_EDGES_PX: i32 = 30 + 24;
/// Room for the names of the aquifer layers.
pub(super) const NAMES_PX: i32 = 84;

/// Room for the means at the right of their bars.
const MEANS_PX: i32 = 44;

/// Height of the figure in pixels.
pub(super) fn height(well: &ShownWell) -> i32 {
    2 * ROW_PX * well.aquifer_layers.len() as i32 + HEAT_EDGES_PX + BARS_EDGES_PX
}

/// A name cut to what fits beside a chart.
pub(super) fn short(name: &str) -> String {
    const LETTERS: usize = 12;
    if name.chars().count() <= LETTERS {
        name.to_owned()
    } else {
        name.chars().take(LETTERS - 1).chain(['…']).collect()
    }
}

pub(super) fn draw(well: &ShownWell, area: &Area) -> Result<Vec<Hit>, DrawError> {
    let height = ROW_PX * well.aquifer_layers.len() as i32 + HEAT_EDGES_PX;
    let (upper, lower) = area.split_vertically(px(height));
    let hits = heat(well, &upper, height)?;
    bars(well, &lower)?;
    Ok(hits)
}

fn heat(well: &ShownWell, area: &Area, height: i32) -> Result<Vec<Hit>, DrawError> {
    let shares = well
        .months
        .iter()
        .flat_map(|month| month.attention.iter().copied().flatten());
    let (Some((from, to)), Some((low, high))) = (well.span(), extent(shares)) else {
        return Ok(Vec::new());
    };
    let frame = Frame {
        left: NAMES_PX,
        right: 14,
        top: 24,
        bottom: 24,
    };
    let rows = Axis::exactly(well.aquifer_layers.len() as f64, 0.0, 1).unlabelled(false);
    let mut chart = sheet::chart(area, frame, Axis::months(from, to, 8), rows)?;
    let cells = well.months.iter().flat_map(|month| {
        let at = f64::from(month.month);
        let cell = move |(layer, share): (usize, &Option<f64>)| {
            let corners = [
                (at - 0.5, layer as f64 + 0.04),
                (at + 0.5, layer as f64 + 0.96),
            ];
            Some(Rectangle::new(
                corners,
                fill(Ink::of_value((*share)?, low, high)),
            ))
        };
        month.attention.iter().enumerate().filter_map(cell)
    });
    chart.draw_series(cells)?;
    sheet::write(area, "by month", Lettering::TITLE, (px(6), px(10)))?;
    ramp(area, low, high)?;
    names(well, area, 24)?;
    Ok(month_hits(well, &chart, height, |index| {
        let month = &well.months[index];
        let share = |(layer, share): (&String, &Option<f64>)| match share {
            Some(share) => format!("\n{layer}: {}", number(*share, 3)),
            None => format!("\n{layer}: no level"),
        };
        let shares = well.aquifer_layers.iter().zip(&month.attention).map(share);
        std::iter::once(month_text(month.month))
            .chain(shares)
            .collect()
    }))
}

fn bars(well: &ShownWell, area: &Area) -> Result<(), DrawError> {
    let layers = well.aquifer_layers.len();
    let frame = Frame {
        left: NAMES_PX,
        right: MEANS_PX,
        top: 30,
        bottom: 24,
    };
    let rows = Axis::exactly(layers as f64, 0.0, 1).unlabelled(false);
    let mut chart = sheet::chart(area, frame, Axis::exactly(0.0, 1.0, 5), rows)?;
    let (_, top) = area.get_base_pixel();
    for layer in 0..layers {
        let shares = well
            .months
            .iter()
            .filter_map(|month| month.attention.get(layer).copied().flatten());
        let (Some(mean), Some((least, most))) = (well.mean_attention(layer), extent(shares)) else {
            continue;
        };
        let row = layer as f64;
        let bar = Rectangle::new(
            [(0.0, row + 0.2), (mean, row + 0.8)],
            fill(Ink::Layer(layer as u8)),
        );
        chart.draw_series([bar])?;
        let range = PathElement::new([(least, row + 0.5), (most, row + 0.5)], line(Ink::Text, 12));
        chart.draw_series([range])?;
        let (_, y) = chart.backend_coord(&(mean, row + 0.5));
        sheet::write(
            area,
            &number(mean, 2),
            Lettering::NOTE.ink(Ink::Text).right(),
            (px(WIDTH - 6), y - top),
        )?;
    }
    let even = 1.0 / layers as f64;
    let dotted = PathElement::new([(even, 0.0), (even, layers as f64)], line(Ink::Floor, 12));
    chart.draw_series([dotted])?;
    let title = "mean; line: lowest to highest; dotted: even";
    sheet::write(area, title, Lettering::TITLE, (px(6), px(16)))?;
    names(well, area, 30)
}

/// Names of the aquifer layers at the left of their rows.
fn names(well: &ShownWell, area: &Area, top: i32) -> Result<(), DrawError> {
    for (layer, name) in well.aquifer_layers.iter().enumerate() {
        let y = px(top + ROW_PX * layer as i32 + ROW_PX / 2);
        sheet::write(
            area,
            &short(name),
            Lettering::NOTE.ink(Ink::Layer(layer as u8)),
            (px(6), y),
        )?;
    }
    Ok(())
}

/// The scale of the heat map at the top right.
fn ramp(area: &Area, low: f64, high: f64) -> Result<(), DrawError> {
    const STEP_PX: i32 = 3;
    let end = px(WIDTH - 50);
    let start = end - px(STEP_PX) * i32::from(RAMP_STEPS);
    for step in 0..RAMP_STEPS {
        let left = start + px(STEP_PX) * i32::from(step);
        area.draw(&Rectangle::new(
            [(left, px(5)), (left + px(STEP_PX) + 2, px(15))],
            fill(Ink::Ramp(step)),
        ))?;
    }
    sheet::write(
        area,
        &number(low, 2),
        Lettering::NOTE.right(),
        (start - px(5), px(10)),
    )?;
    sheet::write(
        area,
        &number(high, 2),
        Lettering::NOTE,
        (end + px(6), px(10)),
    )
}
