//! Training curves of LSTM and AM-LSTM side by side (the paper's Fig. 7).

use std::fmt::Write as _;

use plotters::element::{Circle, PathElement};
use plotters::series::LineSeries;

use super::axis::{Axis, number};
use super::ink::Ink;
use super::sheet::{
    self, Area, Chart, DrawError, Frame, Hit, Lettering, Sign, WIDTH, extent, fill, line, px,
};
use super::shown::{ShownEpoch, ShownModel, ShownWell};

/// Height of the figure in pixels.
pub(super) const HEIGHT: i32 = 250;
const LEGEND_PX: i32 = 42;
/// Values above this many times the highest of the curves' lowest values are left out: the first epochs would flatten the rest.
const CUT: f64 = 4.0;

pub(super) fn draw(
    well: &ShownWell,
    floor: Option<f64>,
    area: &Area,
) -> Result<Vec<Hit>, DrawError> {
    let curves: Vec<&ShownModel> = well
        .models
        .iter()
        .filter(|model| !model.epochs.is_empty())
        .collect();
    let values = || {
        let epochs = curves.iter().flat_map(|model| &model.epochs);
        epochs
            .flat_map(|epoch| PARTS.map(|part| part(epoch)))
            .flatten()
    };
    let Some((low, high)) = extent(values().chain(floor)) else {
        return Ok(Vec::new());
    };
    let (top, charts) = area.split_vertically(px(LEGEND_PX));
    let mut entries = vec![(Ink::Observed, Sign::Line, "training")];
    let any = |part: fn(&ShownEpoch) -> Option<f64>| {
        curves
            .iter()
            .flat_map(|model| &model.epochs)
            .any(|epoch| part(epoch).is_some())
    };
    if any(|epoch| epoch.validate_rmse) {
        entries.push((Ink::AmLstm, Sign::Line, "validation"));
    }
    if any(|epoch| epoch.test_rmse) {
        entries.push((Ink::Test, Sign::Line, "test"));
    }
    if floor.is_some() {
        entries.push((Ink::Floor, Sign::Line, "floor of the test"));
    }
    entries.push((Ink::Text, Sign::Dot, "epoch kept"));
    sheet::legend(&top, px(10), &entries)?;

    let mut hits = Vec::new();
    let cut = high.min(highest_low(&curves) * CUT);
    for (index, model) in curves.iter().enumerate() {
        let width = px(WIDTH) / curves.len() as i32;
        let panel = charts
            .clone()
            .shrink((width * index as i32, 0), (width, px(HEIGHT - LEGEND_PX)));
        let last = model.epochs.len() as f64;
        let frame = Frame {
            left: 40,
            right: 18,
            top: 22,
            bottom: 38,
        };
        let mut chart = sheet::chart(
            &panel,
            frame,
            Axis::exactly(0.0, last, 5),
            Axis::values(low, cut, 5),
        )?;
        if let Some(floor) = floor {
            chart.draw_series([PathElement::new(
                [(0.0, floor), (last, floor)],
                line(Ink::Floor, 12),
            )])?;
        }
        curve(&mut chart, model, Ink::Observed, cut, |epoch| {
            Some(epoch.train_rmse)
        })?;
        curve(&mut chart, model, Ink::Test, cut, |epoch| epoch.test_rmse)?;
        curve(&mut chart, model, Ink::AmLstm, cut, |epoch| {
            epoch.validate_rmse
        })?;
        let is_kept = |epoch: &&ShownEpoch| {
            epoch.kept && epoch.validate_rmse.unwrap_or(epoch.train_rmse) <= cut
        };
        if let Some(kept) = model.epochs.iter().find(is_kept) {
            let height = kept.validate_rmse.unwrap_or(kept.train_rmse);
            chart.draw_series([Circle::new(
                (kept.epoch as f64, height),
                35,
                fill(Ink::Text),
            )])?;
        }
        let title = model.model.title();
        sheet::write(&panel, title, Lettering::TITLE, (px(6), px(8)))?;
        sheet::write(
            &panel,
            "epoch",
            Lettering::NOTE.right(),
            (width - px(18), px(HEIGHT - LEGEND_PX - 8)),
        )?;
        hits.extend(strips(&chart, model));
    }
    Ok(hits)
}

/// The parts of a training curve.
const PARTS: [fn(&ShownEpoch) -> Option<f64>; 3] = [
    |epoch| Some(epoch.train_rmse),
    |epoch| epoch.validate_rmse,
    |epoch| epoch.test_rmse,
];

/// The highest of the curves' lowest values: every curve has a point there or below.
fn highest_low(curves: &[&ShownModel]) -> f64 {
    let low = |model: &&ShownModel, part: fn(&ShownEpoch) -> Option<f64>| {
        extent(model.epochs.iter().filter_map(part)).map(|(low, _)| low)
    };
    let lows = curves
        .iter()
        .flat_map(|model| PARTS.map(|part| low(model, part)))
        .flatten();
    lows.fold(0.0, f64::max)
}

fn curve(
    chart: &mut Chart,
    model: &ShownModel,
    ink: Ink,
    cut: f64,
    value: impl Fn(&ShownEpoch) -> Option<f64>,
) -> Result<(), DrawError> {
    let points = model
        .epochs
        .iter()
        .filter_map(|epoch| Some((epoch.epoch as f64, value(epoch)?)))
        .filter(|(_, rmse)| *rmse <= cut);
    chart.draw_series(LineSeries::new(points, line(ink, 15)))?;
    Ok(())
}

fn strips(chart: &Chart, model: &ShownModel) -> Vec<Hit> {
    let at = |epoch: f64| chart.backend_coord(&(epoch, 0.0)).0;
    let strip = |epoch: &ShownEpoch| {
        let left = at(epoch.epoch as f64 - 0.5);
        let mut text = format!(
            "{}, epoch {}{}",
            model.model.title(),
            epoch.epoch,
            if epoch.kept { " (kept)" } else { "" }
        );
        for (part, value) in [
            ("training", Some(epoch.train_rmse)),
            ("validation", epoch.validate_rmse),
            ("test", epoch.test_rmse),
        ] {
            if let Some(value) = value {
                let _ = write!(text, "\n{part}: {} mm a month", number(value, 3));
            }
        }
        Hit {
            x: left,
            y: px(LEGEND_PX),
            width: at(epoch.epoch as f64 + 0.5) - left,
            height: px(HEIGHT - LEGEND_PX),
            text,
        }
    };
    model.epochs.iter().map(strip).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::sample;

    #[test]
    fn every_part_stays_in_sight_where_training_ends_far_below_validation() {
        let mut well = sample::run().wells.remove(0);
        for epoch in well.models.iter_mut().flat_map(|model| &mut model.epochs) {
            epoch.train_rmse = 4.0 / epoch.epoch as f64;
            epoch.validate_rmse = Some(1.0);
            epoch.test_rmse = Some(2.0);
        }
        let models: Vec<&ShownModel> = well.models.iter().collect();
        // The lowest values are 0.04, 1 and 2.
        assert_eq!(highest_low(&models), 2.0);
    }
}
