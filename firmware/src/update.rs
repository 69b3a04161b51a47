//! Another firmware over the cable: uploaded beside the one that runs, checked, and started on trial.

use amlstm_core::firmware_file::FirmwareFile;
use amlstm_core::link::{Fault, Firmware, MAX_CHUNK, Name, Request, Response, UploadProgress};

use crate::board::{Board, FirmwareSlot, Machine, SlotFailed};
use crate::logger::{AcceptedFirmware, verify_signature};
use crate::shared::Shared;

impl From<SlotFailed> for Fault {
    fn from(_: SlotFailed) -> Self {
        Self::Storage
    }
}

impl<B: Board> Shared<B> {
    /// Answers the requests about firmware.
    ///
    /// # Errors
    /// [`Fault::NoFirmwareSlot`]; what is wrong with the upload, the file, its signature, board or version; [`Fault::Storage`]. The next start then
    /// runs what runs now.
    pub async fn firmware(&self, request: &Request<'_>) -> Result<Response<'static>, Fault> {
        let mut logger = self.logger.lock().await;
        let mut machine = self.machine.lock().await;
        let key = logger.settings.security.signing_key;
        let accepted = match *request {
            Request::FirmwareBegin { length, crc } => {
                // Said before a minute's upload.
                key.ok_or(Fault::NoSigningKey)?;
                let progress = self.begin_firmware(&mut *machine, length, crc)?;
                return Ok(Response::Upload(progress));
            }
            Request::FirmwareChunk { offset, bytes } => {
                let progress = self.take_firmware(&mut *machine, offset, bytes)?;
                return Ok(Response::Upload(progress));
            }
            Request::FirmwareCommit {
                signature,
                allow_older,
            } => {
                let key = key.ok_or(Fault::NoSigningKey)?;
                self.check_firmware(&mut *machine, &key, signature, allow_older)?
            }
            _ => return Ok(Response::Firmware(self.running_firmware(&mut *machine)?)),
        };
        logger.note_firmware(&self.clock, accepted).await?;
        // The commit point. A power cut before leaves a note of an update that did not happen, which the next start says.
        free_slot(&mut *machine)?.start_on_trial()?;
        self.firmware_upload.set(None);
        Ok(Response::Done)
    }

    fn running_firmware(&self, machine: &mut B::Machine) -> Result<Firmware, Fault> {
        let program_crc = machine.program_crc();
        let slot = machine.firmware_slot().ok_or(Fault::NoFirmwareSlot)?;
        Ok(Firmware {
            board: Name::try_from(slot.board()).unwrap_or_default(),
            version: self.fw,
            program_crc,
            on_trial: slot.on_trial()?,
            start: slot.start(),
            capacity: slot.capacity(),
            upload: self.firmware_upload.get(),
        })
    }

    fn begin_firmware(
        &self,
        machine: &mut B::Machine,
        length: u32,
        crc: u32,
    ) -> Result<UploadProgress, Fault> {
        let limit = free_slot(machine)?.capacity();
        if length > limit {
            return Err(Fault::FirmwareTooLong { limit });
        }
        if !length.is_multiple_of(4) {
            return Err(Fault::FirmwareInvalid);
        }
        let progress = UploadProgress {
            length,
            crc,
            received: 0,
        };
        self.firmware_upload.set(Some(progress));
        Ok(progress)
    }

    /// Takes the next bytes; bytes that came before are acknowledged again.
    fn take_firmware(
        &self,
        machine: &mut B::Machine,
        offset: u32,
        bytes: &[u8],
    ) -> Result<UploadProgress, Fault> {
        let mut progress = self.firmware_upload.get().ok_or(Fault::NoUpload)?;
        if bytes.is_empty() || bytes.len() > MAX_CHUNK {
            return Err(Fault::Malformed);
        }
        let Some(end) = progress.end_of_chunk(offset, bytes)? else {
            return Ok(progress);
        };
        let written = free_slot(machine)?.write(offset, bytes);
        progress.received = end;
        // After a failure nobody knows what lies there: the upload begins anew.
        self.firmware_upload
            .set(written.is_ok().then_some(progress));
        written?;
        Ok(progress)
    }

    fn check_firmware(
        &self,
        machine: &mut B::Machine,
        key: &[u8; 32],
        signature: &[u8],
        allow_older: bool,
    ) -> Result<AcceptedFirmware, Fault> {
        let UploadProgress {
            length, received, ..
        } = self.firmware_upload.get().ok_or(Fault::NoUpload)?;
        if received < length {
            return Err(Fault::Incomplete { received, length });
        }
        let runs_crc = machine.program_crc();
        let slot = free_slot(machine)?;
        let bytes = slot.bytes(length).ok_or(Fault::Storage)?;
        let file = FirmwareFile::parse(bytes).map_err(|_| Fault::FirmwareInvalid)?;
        verify_signature(bytes, signature, key)?;
        if (file.board, file.start) != (slot.board(), slot.start()) {
            return Err(Fault::OtherBoard);
        }
        if file.program_crc == runs_crc {
            return Err(Fault::FirmwareRuns);
        }
        let (version, running) = (file.version, self.fw);
        if version < running && !allow_older {
            return Err(Fault::FirmwareTooOld { version, running });
        }
        Ok(AcceptedFirmware {
            version,
            program_crc: file.program_crc,
        })
    }
}

/// The place for another program. A program on trial has none: the one to go back to lies there.
fn free_slot(machine: &mut impl Machine) -> Result<&mut dyn FirmwareSlot, Fault> {
    let slot = machine.firmware_slot().ok_or(Fault::NoFirmwareSlot)?;
    if slot.on_trial()? {
        return Err(Fault::FirmwareOnTrial);
    }
    Ok(slot)
}

#[cfg(test)]
mod tests;
