//! What the logger notes of a firmware update, and whether it computes.

use amlstm_core::link::{EventKind, Fault};
use serde::{Deserialize, Serialize};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::store::Key;

/// A firmware that was accepted and of which it is not known yet whether it stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedFirmware {
    /// Its version: major, minor, patch.
    pub version: [u8; 3],
    /// CRC-32 of the program.
    pub program_crc: u32,
}

impl<F: MappedFlash> Logger<F> {
    /// Notes that a firmware was accepted, for the start after.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn note_firmware(
        &mut self,
        clock: &impl Clock,
        accepted: AcceptedFirmware,
    ) -> Result<(), Fault> {
        let key = Key::AcceptedFirmware as u8;
        self.store.put(key, &Some(accepted)).await?;
        let AcceptedFirmware {
            version,
            program_crc,
        } = accepted;
        let accepted = EventKind::FirmwareAccepted {
            version,
            program_crc,
        };
        self.note_aside(clock, accepted).await;
        Ok(())
    }

    /// Says what became of a firmware that was accepted: the program that runs, and is not on trial, has this CRC-32.
    pub async fn settle_firmware(&mut self, clock: &impl Clock, program_crc: u32) {
        let key = Key::AcceptedFirmware as u8;
        // A failure, here and below, is counted in the store; the next start tries again.
        let Ok(Some(Some(accepted))) = self.store.get::<Option<AcceptedFirmware>>(key).await else {
            return;
        };
        let (version, accepted_crc) = (accepted.version, accepted.program_crc);
        let became = if program_crc == accepted_crc {
            EventKind::FirmwareConfirmed {
                version,
                program_crc,
            }
        } else {
            EventKind::FirmwareReverted {
                version,
                program_crc: accepted_crc,
            }
        };
        self.note_aside(clock, became).await;
        let none: Option<AcceptedFirmware> = None;
        let _ = self.store.put(key, &none).await;
    }

    /// True if the golden months of the active model, if there is one, are computed as its file says.
    pub async fn computes(&mut self) -> bool {
        match self.replay().await {
            Ok(Some((_, digests))) => digests.is_some(),
            Ok(None) => true,
            Err(_) => false,
        }
    }
}
