//! How much each aquifer layer counts, by several methods beside each other.

use std::fmt::Write as _;

use super::Figure;
use super::attention::NAMES_PX;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::legend::{self, Sign};
use super::mark::Mark;
use super::panel::Panel;
use super::sheet::{Lettering, Rectangle, Sheet, WIDTH, short};
use crate::attribution::Method;
use crate::results::{Share, WellResults, method_text};

const METHOD_PX: f64 = 15.0;
const LEGEND_PX: f64 = 48.0;
const AXIS_PX: f64 = 24.0;
const METHODS: [(Method, Mark, Ink); 4] = [
    (Method::Attention, Mark::Circle, Ink::AmLstm),
    (Method::Permutation, Mark::Square, Ink::Lstm),
    (Method::Physics, Mark::Triangle, Ink::AquiferLayer(0)),
    (Method::Truth, Mark::Diamond, Ink::Text),
];

pub(super) fn figure(well: &WellResults, shares: &[&Share]) -> Option<Figure> {
    let known = |(method, ..): &(Method, _, _)| shares.iter().any(|share| share.method == *method);
    let methods: Vec<_> = METHODS.into_iter().filter(known).collect();
    if methods.is_empty() {
        return None;
    }
    let layers = well.aquifer_layers.len();
    let row_px = METHOD_PX * methods.len() as f64 + 8.0;
    let mut sheet = Sheet::new(LEGEND_PX + AXIS_PX + row_px * layers as f64);
    let entry = |(method, mark, ink)| (ink, Sign::Mark(mark), method_text(method));
    let entries: Vec<_> = methods.iter().copied().map(entry).collect();
    legend::draw(&mut sheet, 10.0, &entries);
    let place = Rectangle {
        left: NAMES_PX,
        right: WIDTH - 14.0,
        top: LEGEND_PX,
        bottom: sheet.height - AXIS_PX,
    };
    let panel = Panel::new(
        &mut sheet,
        place,
        Axis::exactly(0.0, 1.0, 5),
        Axis::rows(layers),
    );
    for (layer, name) in well.aquifer_layers.iter().enumerate() {
        let row = layer as f64;
        if layer.is_multiple_of(2) {
            sheet.rectangle(Ink::Band, panel.between((0.0, row), (1.0, row + 1.0)));
        }
        let middle = panel.at((0.0, row + 0.5)).1;
        sheet.text(Lettering::NOTE.ink(Ink::Text), (6.0, middle), &short(name));
        for (index, (method, mark, ink)) in methods.iter().enumerate() {
            let of_method =
                |share: &&&Share| share.method == *method && share.aquifer_layer == *name;
            let Some(share) = shares.iter().find(of_method) else {
                continue;
            };
            let row = row + (index as f64 + 0.5) / methods.len() as f64 * 0.84 + 0.08;
            if let Some((low, high)) = quartiles(share) {
                let inside = |share: f64| (share.clamp(0.0, 1.0), row);
                panel.line(&mut sheet, *ink, 1.5, [inside(low), inside(high)]);
            }
            let (x, y) = panel.at((share.share, row));
            mark.draw(&mut sheet, *ink, 4.2, (x, y));
            let place = Rectangle {
                top: y - METHOD_PX / 2.0,
                bottom: y + METHOD_PX / 2.0,
                ..panel.place
            };
            sheet.tip(place, tip(share));
        }
    }
    let title = format!("{}: which aquifer layer counts", well.well);
    Some(Figure::new(title, alt(shares), well.synthetic, sheet))
}

fn quartiles(share: &Share) -> Option<(f64, f64)> {
    share.share_lower_quartile.zip(share.share_upper_quartile)
}

fn tip(share: &Share) -> String {
    let method = method_text(share.method);
    let mut text = format!(
        "{}\n{method}: {}",
        share.aquifer_layer,
        number(share.share, 2)
    );
    if let Some((low, high)) = quartiles(share) {
        let (low, high) = (number(low, 2), number(high, 2));
        let _ = write!(text, "\nquartiles of single permutations: {low} to {high}");
    }
    text
}

fn alt(shares: &[&Share]) -> String {
    let text = |share: &&Share| {
        let quartiles = quartiles(share).map_or(String::new(), |(low, high)| {
            format!(" ({} to {})", number(low, 2), number(high, 2))
        });
        let (layer, method) = (&share.aquifer_layer, method_text(share.method));
        format!("{layer} by {method} {}{quartiles}", number(share.share, 2))
    };
    let texts: Vec<String> = shares.iter().map(text).collect();
    format!(
        "Share of each aquifer layer by method: {}.",
        texts.join(", ")
    )
}
