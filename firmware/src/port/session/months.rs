//! Closed months and estimates on the console.

use core::fmt;

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimate::Primary;
use amlstm_core::link::{
    EstimateRecord, InputState, LayerSubsidence, LevelSource, MAX_CHANNELS,
    MAX_MONTHS_WITHOUT_LEVELS, Name, Quality,
};
use amlstm_core::month::Month;
use embedded_io_async::Write;
use heapless::{String, Vec};

use super::month_name::MonthName;
use super::or_dash::OrDash;
use super::{MAX_LINE, Session};
use crate::board::{Board, MappedFlash};
use crate::bounded::collect_bounded;
use crate::logger::Logger;
use crate::month_walk::inputs_of;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn months(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let count = shared.logger.lock().await.store.held().months;
        self.synthetic().await?;
        self.text("month    mean level of each layer, m (* fewer than 80 % of days, ? clock unsure)   increment mm   subsidence mm\r\n").await?;
        for position in 0..count {
            let month = shared.logger.lock().await.month_at(position).await;
            let (record, estimate) = match month {
                Ok(Some(month)) => month,
                Ok(None) => break,
                Err(fault) => return self.fault(fault).await,
            };
            let mut line = String::<MAX_LINE>::new();
            let _ =
                fmt::Write::write_fmt(&mut line, format_args!("{}", MonthName(record.month_index)));
            for level in &record.channels {
                let mark = if !level.complete {
                    '*'
                } else if level.quality.has(Quality::CLOCK_UNSURE) {
                    '?'
                } else {
                    ' '
                };
                let _ = fmt::Write::write_fmt(
                    &mut line,
                    format_args!(" {:>10}{mark}", OrDash(level.mean_m)),
                );
            }
            let increment = OrDash(estimate.as_ref().map(|estimate| estimate.increment_mm));
            let subsidence = OrDash(estimate.as_ref().map(|estimate| estimate.subsidence_mm));
            self.line(format_args!("{line}  {increment:>12} {subsidence:>12}"))
                .await?;
        }
        Ok(())
    }

    pub(super) async fn void_months(&mut self, month: &str, confirm: bool) -> Result<(), W::Error> {
        let shared = self.shared;
        let Some(month) = parse_month(month) else {
            return self
                .line(format_args!("void: found \"{month}\", expected YYYY-MM"))
                .await;
        };
        let mut logger = shared.logger.lock().await;
        let voided = logger
            .void_months(&shared.clock, month.index(), confirm)
            .await;
        drop(logger);
        match voided {
            Ok(count) => {
                shared.estimate_wanted.signal(());
                self.line(format_args!("{count} months made void")).await
            }
            Err(fault) => self.fault(fault).await,
        }
    }

    /// Prints what the active model estimates for the last closed month.
    pub(super) async fn estimate(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let (estimate, by_physics, layers) = {
            let mut logger = shared.logger.lock().await;
            match logger.estimate_at(None).await {
                Ok((estimate, by_physics)) => {
                    (estimate, by_physics, model_layers(&mut logger).await)
                }
                Err(fault) => return self.fault(fault).await,
            }
        };
        self.estimated(&estimate, &layers).await?;
        self.by_physics(&by_physics, &layers).await
    }

    /// Prints an estimate.
    pub(super) async fn estimated(
        &mut self,
        estimate: &EstimateRecord,
        layers: &[Name],
    ) -> Result<(), W::Error> {
        let month = MonthName(estimate.month_index);
        self.synthetic().await?;
        match estimate.half_width_mm {
            Some(half_width) => {
                let increment = estimate.increment_mm;
                self.line(format_args!(
                    "{month}   increment {increment:.3} mm +- {half_width:.3} mm (90 %), down +"
                ))
                .await?;
            }
            None => {
                self.line(format_args!(
                    "{month}   increment {:.3} mm, down +",
                    estimate.increment_mm
                ))
                .await?;
            }
        }
        let subsidence = estimate.subsidence_mm;
        match estimate.subsidence_half_width_mm {
            Some(half_width) => {
                self.line(format_args!(
                    "          subsidence {subsidence:.3} mm +- {half_width:.3} mm (90 %)"
                ))
                .await?;
            }
            None => {
                self.line(format_args!("          subsidence {subsidence:.3} mm"))
                    .await?;
            }
        }
        if let Some(other) = estimate.other_increment_mm {
            let (trusted, by) = match estimate.primary {
                Primary::Network => ("network", "physics"),
                Primary::Physics => ("physics", "network"),
            };
            let word = if estimate.disagree {
                "they disagree: trust neither before somebody has looked"
            } else {
                "they agree within their intervals"
            };
            self.line(format_args!(
                "          by {trusted}; by {by} {other:.3} mm: {word}"
            ))
            .await?;
        }
        let without_levels = estimate.months_without_levels;
        if without_levels > 0 {
            let interval = if without_levels > MAX_MONTHS_WITHOUT_LEVELS {
                "; no interval is believed after so many"
            } else {
                ""
            };
            self.line(format_args!(
                "          {without_levels} months without levels since training{interval}"
            ))
            .await?;
        }
        self.inputs(estimate, layers).await
    }

    /// Prints the state of each input.
    async fn inputs(&mut self, estimate: &EstimateRecord, layers: &[Name]) -> Result<(), W::Error> {
        for (input, state) in estimate.inputs.iter().enumerate() {
            let layer = layers.get(input).cloned().unwrap_or_default();
            let share = OrDash(estimate.attention.get(input).copied());
            match state {
                InputState::Trained => {
                    self.line(format_args!("  {layer}: attention {share}"))
                        .await?;
                }
                InputState::Missing => {
                    let physics = match estimate.level_source(input) {
                        Some(LevelSource::OtherLayers) => "; for physics told by the other layers",
                        Some(_) => "; for physics the last one held",
                        None => "",
                    };
                    self.line(format_args!(
                        "  {layer}: no level this month, left out{physics}"
                    ))
                    .await?;
                }
                InputState::Below { by_m } => {
                    let below = "below anything the model was trained on";
                    self.line(format_args!(
                        "  {layer}: attention {share}; level is {by_m:.1} m {below}"
                    ))
                    .await?;
                }
                InputState::Above { by_m } => {
                    let above = "above anything the model was trained on";
                    self.line(format_args!(
                        "  {layer}: attention {share}; level is {by_m:.1} m {above}"
                    ))
                    .await?;
                }
                InputState::ChangeBelow { by_m } => {
                    let fell = "more in a month than the model was trained on";
                    self.line(format_args!(
                        "  {layer}: attention {share}; level fell {by_m:.1} m {fell}"
                    ))
                    .await?;
                }
                InputState::ChangeAbove { by_m } => {
                    let rose = "more in a month than the model was trained on";
                    self.line(format_args!(
                        "  {layer}: attention {share}; level rose {by_m:.1} m {rose}"
                    ))
                    .await?;
                }
            }
        }
        Ok(())
    }

    /// Prints what each aquifer layer adds to the increment by physics.
    async fn by_physics(
        &mut self,
        by_physics: &LayerSubsidence,
        layers: &[Name],
    ) -> Result<(), W::Error> {
        for (input, (mm, share)) in by_physics
            .layer_mm
            .iter()
            .zip(&by_physics.shares())
            .enumerate()
        {
            let layer = layers.get(input).cloned().unwrap_or_default();
            self.line(format_args!(
                "  {layer}: {mm:.3} mm by physics, share {share:.3}"
            ))
            .await?;
        }
        Ok(())
    }
}

/// Names of the active model's layers, in its order.
pub(super) async fn model_layers<F: MappedFlash>(
    logger: &mut Logger<F>,
) -> Vec<Name, MAX_CHANNELS> {
    let settings = logger.settings.clone();
    let Ok(file) = logger.active_model().await else {
        return Vec::new();
    };
    let Ok(file) = ModelFile::parse(file) else {
        return Vec::new();
    };
    let channels = inputs_of(&file, &settings).unwrap_or_default();
    collect_bounded(channels.iter().filter_map(|channel| {
        settings
            .channels
            .get(*channel)
            .map(|config| config.aquifer_layer.clone())
    }))
}

/// Reads `2026-03`.
fn parse_month(text: &str) -> Option<Month> {
    let (year, month) = text.split_once('-')?;
    Month::new(year.parse().ok()?, month.parse().ok()?)
}
