//! The estimate without the drift of the sensors, on the console.

use amlstm_core::drift::{Correction, MAX_READINGS};
use amlstm_core::link::{CorrectedEstimate, CorrectedLevel};
use embedded_io_async::Write;

use super::Session;
use super::months::model_layers;
use crate::board::Board;

impl<B: Board, W: Write> Session<'_, B, W> {
    /// Prints what the active model estimates for the last closed month without the drift of the sensors.
    pub(super) async fn corrected_estimate(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let (CorrectedEstimate { estimate, levels }, layers) = {
            let mut logger = shared.logger.lock().await;
            match logger.corrected_estimate(None).await {
                Ok(corrected) => (corrected, model_layers(&mut logger).await),
                Err(fault) => return self.fault(fault).await,
            }
        };
        self.corrections(&levels).await?;
        self.estimated(&estimate, &layers).await
    }

    /// Prints what became of each channel's month.
    async fn corrections(&mut self, levels: &[CorrectedLevel]) -> Result<(), W::Error> {
        let settings = self.shared.settings().await;
        self.text("CORRECTED by the tape readings; what is kept on the logger stays as it is\r\n")
            .await?;
        for (channel, level) in settings.channels.iter().zip(levels) {
            let layer = &channel.aquifer_layer;
            match (level.correction, level.mean_m) {
                (Correction::Added(added_m), Some(mean_m)) => {
                    self.line(format_args!(
                        "  {layer}: {mean_m:.3} m, {added_m:+.3} m of it by the tape"
                    ))
                    .await?;
                }
                (Correction::NoTape, _) => {
                    self.line(format_args!(
                        "  {layer}: as it was closed: no tape reading tells of it, or more than {MAX_READINGS}"
                    ))
                    .await?;
                }
                (Correction::SamplesGone, _) => {
                    self.line(format_args!(
                        "  {layer}: as it was closed: its samples are no longer all here"
                    ))
                    .await?;
                }
                (Correction::None | Correction::Added(_), _) => {
                    self.line(format_args!("  {layer}: no level")).await?;
                }
            }
        }
        Ok(())
    }
}
