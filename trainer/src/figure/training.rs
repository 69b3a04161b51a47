//! Training curves of LSTM and AM-LSTM side by side (the paper's Fig. 7).

use std::fmt::Write as _;

use super::Figure;
use super::axis::{Axis, number};
use super::ink::Ink;
use super::legend::{self, Sign};
use super::panel::{Panel, extent};
use super::sheet::{Anchor, Lettering, Rectangle, Sheet, WIDTH};
use crate::results::{ModelResults, TrainingRow, WellResults};

const HEIGHT: f64 = 250.0;
const LEGEND_PX: f64 = 42.0;
/// Values above this many times the highest of the curves' lowest values are left out: the first epochs would flatten the rest.
const CUT: f64 = 4.0;

/// One curve of an epoch's errors, mm per month.
struct Curve {
    name: &'static str,
    ink: Ink,
    rmse: fn(&TrainingRow) -> Option<f64>,
}

const CURVES: [Curve; 3] = [
    Curve {
        name: "training",
        ink: Ink::Observed,
        rmse: |epoch| Some(epoch.train_rmse_mm_per_month),
    },
    Curve {
        name: "validation",
        ink: Ink::AmLstm,
        rmse: |epoch| epoch.validate_rmse_mm_per_month,
    },
    Curve {
        name: "test",
        ink: Ink::Test,
        rmse: |epoch| epoch.test_rmse_mm_per_month,
    },
];

/// `floor` is the least possible test error, mm per month.
pub(super) fn figure(well: &WellResults, floor: Option<f64>) -> Option<Figure> {
    let trained = |model: &&ModelResults| !model.epochs.is_empty();
    let models: Vec<&ModelResults> = well.models.iter().filter(trained).collect();
    let epochs = || models.iter().flat_map(|model| &model.epochs);
    let values = CURVES
        .iter()
        .flat_map(|curve| epochs().filter_map(curve.rmse));
    let (low, high) = extent(values.chain(floor))?;
    let mut sheet = Sheet::new(HEIGHT);
    let known = |curve: &&Curve| epochs().any(|epoch| (curve.rmse)(epoch).is_some());
    let entry = |curve: &Curve| (curve.ink, Sign::Line, curve.name);
    let mut entries: Vec<_> = CURVES.iter().filter(known).map(entry).collect();
    if floor.is_some() {
        entries.push((Ink::Floor, Sign::Line, "floor of the test"));
    }
    entries.push((Ink::Text, Sign::Dot, "epoch kept"));
    legend::draw(&mut sheet, 10.0, &entries);
    let cut = high.min(highest_low(&models) * CUT);
    let width = WIDTH / models.len() as f64;
    for (index, model) in models.iter().enumerate() {
        let left = width * index as f64;
        let place = Rectangle {
            left: left + 40.0,
            right: left + width - 18.0,
            top: LEGEND_PX + 22.0,
            bottom: HEIGHT - 38.0,
        };
        let last = model.epochs.len() as f64;
        let (epochs, errors) = (Axis::exactly(0.0, last, 5), Axis::values(low, cut, 5));
        let panel = Panel::new(&mut sheet, place, epochs, errors);
        if let Some(floor) = floor {
            panel.line(&mut sheet, Ink::Floor, 1.2, [(0.0, floor), (last, floor)]);
        }
        curves(&mut sheet, &panel, model, cut);
        let title = (left + 6.0, LEGEND_PX + 8.0);
        sheet.text(Lettering::TITLE, title, model.model.title());
        let note = Lettering::NOTE.anchor(Anchor::End);
        sheet.text(note, (left + width - 18.0, HEIGHT - 8.0), "epoch");
        for epoch in &model.epochs {
            let text = tip(model, epoch);
            panel.tip(&mut sheet, epoch.epoch as f64, LEGEND_PX..HEIGHT, text);
        }
    }
    let title = format!("{}: training curves, RMSE in mm per month", well.well);
    Some(Figure::new(title, alt(&models), well.synthetic, sheet))
}

fn curves(sheet: &mut Sheet, panel: &Panel, model: &ModelResults, cut: f64) {
    for curve in [&CURVES[0], &CURVES[2], &CURVES[1]] {
        let points = model
            .epochs
            .iter()
            .filter_map(|epoch| Some((epoch.epoch as f64, (curve.rmse)(epoch)?)));
        panel.line(
            sheet,
            curve.ink,
            1.5,
            points.filter(|(_, rmse)| *rmse <= cut),
        );
    }
    let kept = model.epochs.iter().find(|epoch| epoch.kept);
    let point = kept.map(|epoch| {
        (
            epoch.epoch as f64,
            epoch
                .validate_rmse_mm_per_month
                .unwrap_or(epoch.train_rmse_mm_per_month),
        )
    });
    if let Some(point) = point.filter(|(_, rmse)| *rmse <= cut) {
        sheet.disc(Ink::Text, 3.5, panel.at(point));
    }
}

/// The highest of the curves' lowest values: every curve has a point there or below.
fn highest_low(models: &[&ModelResults]) -> f64 {
    let low =
        |model: &ModelResults, curve: &Curve| extent(model.epochs.iter().filter_map(curve.rmse));
    let lows = models
        .iter()
        .flat_map(|model| CURVES.iter().filter_map(|curve| low(model, curve)));
    lows.map(|(low, _)| low).fold(0.0, f64::max)
}

fn tip(model: &ModelResults, epoch: &TrainingRow) -> String {
    let kept = if epoch.kept { " (kept)" } else { "" };
    let mut text = format!("{}, epoch {}{kept}", model.model.title(), epoch.epoch);
    for curve in &CURVES {
        if let Some(rmse) = (curve.rmse)(epoch) {
            let _ = write!(text, "\n{}: {} mm per month", curve.name, number(rmse, 3));
        }
    }
    text
}

fn alt(models: &[&ModelResults]) -> String {
    let kept = |model: &&ModelResults| {
        let epoch = model.epochs.iter().find(|epoch| epoch.kept)?;
        let (name, count) = (model.model.title(), model.epochs.len());
        Some(format!("{name} kept epoch {} of {count}", epoch.epoch))
    };
    let kept: Vec<String> = models.iter().filter_map(kept).collect();
    format!(
        "Root mean square error by training epoch; {}.",
        kept.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::sample;

    #[test]
    fn every_part_stays_in_sight_where_training_ends_far_below_validation() {
        let mut well = sample::run().wells.remove(0);
        for epoch in well.models.iter_mut().flat_map(|model| &mut model.epochs) {
            epoch.train_rmse_mm_per_month = 4.0 / epoch.epoch as f64;
            epoch.validate_rmse_mm_per_month = Some(1.0);
            epoch.test_rmse_mm_per_month = Some(2.0);
        }
        let models: Vec<&ModelResults> = well.models.iter().collect();
        // The lowest values are 0.04, 1 and 2.
        assert_eq!(highest_low(&models), 2.0);
    }
}
