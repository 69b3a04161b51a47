//! The model card: what one model file is and what it may be used for.

use std::path::Path;

use amlstm_core::artifact::ModelFile;
use amlstm_core::sizes::AttentionKind;
use maud::{Markup, html};

use crate::figure::number;
use crate::fit_notes::{FitNotes, title};

/// What the page says of one model file, as (name, value) rows.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Well the model belongs to.
    pub well: String,
    /// `LSTM` or `AM-LSTM`.
    pub network: &'static str,
    /// Rows in the order they are shown.
    pub rows: Vec<(&'static str, String)>,
}

impl Card {
    /// The card of a model file.
    pub(super) fn of(path: &Path, file: &ModelFile) -> Self {
        let record = file.record();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        let mut network = match record.attention {
            AttentionKind::None => format!("LSTM, {} units", record.sizes.hidden),
            AttentionKind::Shared => format!(
                "AM-LSTM, {} units, attention of {} shared by the layers",
                record.sizes.hidden, record.sizes.attention
            ),
            AttentionKind::PerLayer => format!(
                "AM-LSTM, {} units, attention of {} for each layer",
                record.sizes.hidden, record.sizes.attention
            ),
        };
        if record.sees_changes() {
            network += "; sees levels and their monthly changes";
        }
        let mut card = Self {
            well: record.well.to_string(),
            network: match record.attention {
                AttentionKind::None => "LSTM",
                AttentionKind::Shared | AttentionKind::PerLayer => "AM-LSTM",
            },
            rows: Vec::new(),
        };
        card.rows.push((
            "file",
            format!("models/{name}, {bytes} bytes, {:?}", record.arithmetic),
        ));
        card.rows.push(("network", network));
        card.rows.push((
            "trained",
            format!("{} to {}", record.trained_from, record.trained_until),
        ));
        card.rows
            .push(("levels known until", file.start().month.to_string()));
        if let Some(notes) = FitNotes::of(file) {
            card.add_notes(&notes);
        }
        for (part, score) in [
            ("training RMSE", record.scores.train_rmse_mm),
            ("validation RMSE", record.scores.validate_rmse_mm),
            ("test RMSE", record.scores.test_rmse_mm),
            ("floor of the test", record.scores.floor_rmse_mm),
            ("90 % interval, half width", record.interval_half_width_mm),
        ] {
            card.value(part, score, 3, "mm per month");
        }
        if let Some(intervals) = file.cumulative_intervals()
            && let Some(mm) = intervals.after(file.primary(), 12)
        {
            card.rows.push((
                "the same of the total, a year after the last observation",
                format!("{mm:.1} mm"),
            ));
        }
        for (layer, range) in record.aquifer_layers.iter().zip(ranges(file)) {
            card.rows
                .push(("levels trained on", format!("{layer}: {range}")));
        }
        card.rows.push((
            "fingerprint of the data",
            format!("{:016x}", record.fingerprint),
        ));
        card.rows.push((
            "seed, version",
            format!("{}, {}", record.seed, record.model_version),
        ));
        let data = if record.synthetic {
            "SYNTHETIC: not for use at any real well"
        } else {
            "measured"
        };
        card.rows.push(("data", data.to_owned()));
        card
    }

    /// How the model was judged, which estimate is to be trusted, what was looked at, and the verdict.
    fn add_notes(&mut self, notes: &FitNotes) {
        let judged = &notes.judged;
        let weights = if notes.is_refitted {
            "then fitted once more in the same way to everything observed"
        } else {
            "not fitted again"
        };
        self.rows.push((
            "judged",
            format!(
                "trained until {}, validated until {}, tested until {}; {weights}",
                judged.trained_until, judged.validated_until, judged.tested_until
            ),
        ));
        self.rows.push((
            "estimate to be trusted",
            format!("{}: {}", title(notes.primary), notes.reason),
        ));
        for check in &notes.checks {
            let name = if check.is_fine {
                "looked at"
            } else {
                "look at"
            };
            self.rows
                .push((name, format!("{}: {}", check.name, check.finding)));
        }
        self.rows.push((
            "verdict",
            format!("{}: {}", notes.verdict, notes.verdict_reason),
        ));
    }

    /// A row with a number and its unit; a number that was not measured says so.
    fn value(&mut self, name: &'static str, value: f32, decimals: usize, unit: &str) {
        let text = if value.is_finite() {
            format!("{} {unit}", number(f64::from(value), decimals))
        } else {
            "not measured".to_owned()
        };
        self.rows.push((name, text));
    }

    pub(super) fn list(&self) -> Markup {
        html! {
            dl.card {
                @for (name, value) in &self.rows {
                    dt { (name) }
                    dd { (value) }
                }
            }
        }
    }
}

/// Lowest and highest level of each input the model has seen.
fn ranges(file: &ModelFile) -> Vec<String> {
    let text = |metres: f32| number(f64::from(metres), 2);
    file.model()
        .inputs()
        .map(|input| {
            format!(
                "{} to {} m",
                text(input.lowest_trained_m),
                text(input.highest_trained_m)
            )
        })
        .collect()
}
