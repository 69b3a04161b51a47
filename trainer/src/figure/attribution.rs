//! How much each aquifer layer counts, by several methods beside each other.

use std::fmt::Write as _;

use plotters::element::{PathElement, Rectangle};

use super::attention::{NAMES_PX, short};
use super::axis::{Axis, number};
use super::ink::Ink;
use super::mark::Mark;
use super::sheet::{self, Area, DrawError, Frame, Hit, Lettering, Sign, fill, line, px};
use super::shown::{Share, ShownWell, method_text};
use crate::attribution::Method;

const METHOD_PX: i32 = 15;
const LEGEND_PX: i32 = 48;
const AXIS_PX: i32 = 24;
const METHODS: [(Method, Mark, Ink); 4] = [
    (Method::Attention, Mark::Circle, Ink::AmLstm),
    (Method::Permutation, Mark::Square, Ink::Lstm),
    (Method::Physics, Mark::Triangle, Ink::Layer(0)),
    (Method::Truth, Mark::Diamond, Ink::Text),
];

fn methods(shares: &[&Share]) -> Vec<(Method, Mark, Ink)> {
    METHODS
        .into_iter()
        .filter(|(method, ..)| shares.iter().any(|share| share.method == *method))
        .collect()
}

/// Height of the figure in pixels.
pub(super) fn height(well: &ShownWell, shares: &[&Share]) -> i32 {
    LEGEND_PX
        + AXIS_PX
        + (METHOD_PX * methods(shares).len() as i32 + 8) * well.aquifer_layers.len() as i32
}

pub(super) fn draw(
    well: &ShownWell,
    shares: &[&Share],
    area: &Area,
) -> Result<Vec<Hit>, DrawError> {
    let methods = methods(shares);
    let layers = well.aquifer_layers.len();
    let entries: Vec<_> = methods
        .iter()
        .map(|(method, mark, ink)| (*ink, Sign::Mark(*mark), method_text(*method)))
        .collect();
    sheet::legend(area, px(10), &entries)?;
    let frame = Frame {
        left: NAMES_PX,
        right: 14,
        top: LEGEND_PX,
        bottom: AXIS_PX,
    };
    let rows = Axis::exactly(layers as f64, 0.0, 1).unlabelled(false);
    let mut chart = sheet::chart(area, frame, Axis::exactly(0.0, 1.0, 5), rows)?;
    let stripes = (0..layers).filter(|layer| layer % 2 == 0).map(|layer| {
        Rectangle::new(
            [(0.0, layer as f64), (1.0, layer as f64 + 1.0)],
            fill(Ink::Band),
        )
    });
    chart.draw_series(stripes)?;
    let mut hits = Vec::new();
    for (layer, name) in well.aquifer_layers.iter().enumerate() {
        let middle = chart.backend_coord(&(0.0, layer as f64 + 0.5)).1;
        sheet::write(
            area,
            &short(name),
            Lettering::NOTE.ink(Ink::Text),
            (px(6), middle),
        )?;
        for (place, (method, mark, ink)) in methods.iter().enumerate() {
            let Some(share) = shares
                .iter()
                .find(|share| share.method == *method && share.aquifer_layer == *name)
            else {
                continue;
            };
            let row = layer as f64 + (place as f64 + 0.5) / methods.len() as f64 * 0.84 + 0.08;
            let (x, y) = chart.backend_coord(&(share.share, row));
            let mut text = format!(
                "{name}\n{}: {}",
                method_text(*method),
                number(share.share, 2)
            );
            if let Some((low, high)) = share.share_lower_quartile.zip(share.share_upper_quartile) {
                let inside = |share: f64| (share.clamp(0.0, 1.0), row);
                let range = PathElement::new([inside(low), inside(high)], line(*ink, 15));
                chart.draw_series([range])?;
                let _ = write!(
                    text,
                    "\nquartiles of single permutations: {} to {}",
                    number(low, 2),
                    number(high, 2)
                );
            }
            mark.draw(area, (x, y), 42, *ink)?;
            hits.push(Hit {
                x: px(NAMES_PX),
                y: y - px(METHOD_PX / 2),
                width: px(sheet::WIDTH - NAMES_PX - 14),
                height: px(METHOD_PX),
                text,
            });
        }
    }
    Ok(hits)
}
