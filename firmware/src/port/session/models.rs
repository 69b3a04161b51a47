//! Models on the console.

use amlstm_core::month_mean::UtcOffset;
use embedded_io_async::Write;

use super::Session;
use crate::board::Board;

impl<B: Board, W: Write> Session<'_, B, W> {
    pub(super) async fn models(&mut self) -> Result<(), W::Error> {
        let shared = self.shared;
        let models = shared.logger.lock().await.models().await;
        let models = match models {
            Ok(models) => models,
            Err(fault) => return self.fault(fault).await,
        };
        self.synthetic().await?;
        for (role, slot) in [("active", &models.active), ("before", &models.standby)] {
            match slot {
                Some(info) => {
                    let signed = if info.signed { ", signed" } else { "" };
                    let (generation, version, length, crc) =
                        (info.generation, info.version, info.length, info.crc);
                    self.line(format_args!(
                        "{role}  generation {generation}, version {version}, {length} bytes, CRC {crc:08x}{signed}"
                    ))
                    .await?;
                }
                None => self.line(format_args!("{role}  none")).await?,
            }
        }
        if models.well.is_empty() {
            return Ok(());
        }
        self.line(format_args!("well    {}", models.well)).await?;
        self.line(format_args!(
            "months  by {}; {}",
            UtcOffset(models.utc_offset_minutes),
            models.month_rule_words()
        ))
        .await
    }

    pub(super) async fn roll_back(&mut self, allow_older: bool) -> Result<(), W::Error> {
        let shared = self.shared;
        let rolled_back = shared
            .logger
            .lock()
            .await
            .rollback(&shared.clock, allow_older)
            .await;
        match rolled_back {
            Ok(_) => {
                shared.estimate_wanted.signal(());
                self.models().await
            }
            Err(fault) => self.fault(fault).await,
        }
    }
}
