//! Models on the console.

use embedded_io_async::Write;

use super::Out;
use crate::app::Shared;
use crate::board::Board;

pub(super) async fn show<B: Board, W: Write>(
    shared: &Shared<B>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let models = shared.logger.lock().await.models().await;
    let models = match models {
        Ok(models) => models,
        Err(fault) => return out.fault(fault).await,
    };
    for (role, slot) in [("active", models.active), ("before", models.standby)] {
        match slot {
            Some(info) => {
                let signed = if info.signed { ", signed" } else { "" };
                let (generation, version, length, crc) =
                    (info.generation, info.version, info.length, info.crc);
                out.line(format_args!(
                    "{role}  generation {generation}, version {version}, {length} bytes, CRC {crc:08x}{signed}"
                ))
                .await?;
            }
            None => out.line(format_args!("{role}  none")).await?,
        }
    }
    if models.well.is_empty() {
        Ok(())
    } else {
        out.line(format_args!("well    {}", models.well)).await
    }
}

pub(super) async fn rollback<B: Board, W: Write>(
    shared: &Shared<B>,
    out: &mut Out<'_, W>,
) -> Result<(), W::Error> {
    let rolled_back = shared.logger.lock().await.rollback(&shared.clock).await;
    match rolled_back {
        Ok(_) => {
            shared.closed.signal(());
            show(shared, out).await
        }
        Err(fault) => out.fault(fault).await,
    }
}
