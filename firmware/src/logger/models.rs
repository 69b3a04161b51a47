//! Uploading, activating and rolling back models.

use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{EventKind, Fault, Models, Name, Security, SlotInfo, UploadProgress};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::month_walk::inputs_of;
use crate::store::{SlotRecord, Slots, StoreError};

const SIGNATURE_BYTES: usize = 64;

/// An upload that was begun since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    slot: u8,
    progress: UploadProgress,
    signature: Option<[u8; SIGNATURE_BYTES]>,
}

impl<F: MappedFlash> Logger<F> {
    /// Frees the slot that is not active for a model of `length` bytes.
    ///
    /// # Errors
    /// [`Fault::ModelTooLong`], [`Fault::Storage`].
    pub async fn upload_begin(&mut self, length: u32, crc: u32) -> Result<UploadProgress, Fault> {
        let limit = self.store.layout().slot_capacity();
        if length == 0 || length > limit {
            return Err(Fault::ModelTooLong { limit });
        }
        self.upload = None;
        let mut slots = self.slots().await?;
        let slot = slots.free_slot();
        if slots.standby.take().is_some() {
            // From here on there is nothing to roll back to; say so before the bytes go.
            self.store
                .commit_slots(&slots)
                .await
                .map_err(|_| Fault::Storage)?;
        }
        self.store
            .erase_slot(slot, length)
            .await
            .map_err(|_| Fault::Storage)?;
        let progress = UploadProgress {
            length,
            crc,
            received: 0,
        };
        self.upload = Some(Upload {
            slot,
            progress,
            signature: None,
        });
        Ok(progress)
    }

    /// Takes the next bytes; bytes that came before are acknowledged again.
    ///
    /// # Errors
    /// [`Fault::NoUpload`], [`Fault::OutOfOrder`], [`Fault::Malformed`], [`Fault::Storage`].
    pub async fn upload_chunk(
        &mut self,
        offset: u32,
        bytes: &[u8],
    ) -> Result<UploadProgress, Fault> {
        let upload = self.upload.as_mut().ok_or(Fault::NoUpload)?;
        let UploadProgress {
            length, received, ..
        } = upload.progress;
        let end = offset
            .checked_add(bytes.len() as u32)
            .filter(|end| *end <= length)
            .ok_or(Fault::Malformed)?;
        if end <= received {
            return Ok(upload.progress);
        }
        if offset != received {
            return Err(Fault::OutOfOrder { expected: received });
        }
        if end < length && !end.is_multiple_of(4) {
            return Err(Fault::Malformed);
        }
        self.store
            .write_slot(upload.slot, offset, bytes)
            .await
            .map_err(|_| Fault::Storage)?;
        upload.progress.received = end;
        Ok(upload.progress)
    }

    /// How far the upload got.
    ///
    /// # Errors
    /// [`Fault::NoUpload`].
    pub fn upload_where(&self) -> Result<UploadProgress, Fault> {
        self.upload
            .as_ref()
            .map(|upload| upload.progress)
            .ok_or(Fault::NoUpload)
    }

    /// Takes the signature of the file being uploaded.
    ///
    /// # Errors
    /// [`Fault::NoUpload`], [`Fault::Malformed`] unless it has 64 bytes.
    pub fn upload_signature(&mut self, bytes: &[u8]) -> Result<UploadProgress, Fault> {
        let upload = self.upload.as_mut().ok_or(Fault::NoUpload)?;
        upload.signature = Some(bytes.try_into().map_err(|_| Fault::Malformed)?);
        Ok(upload.progress)
    }

    /// Checks the uploaded file and makes it the active model: one map item is the commit point.
    ///
    /// # Errors
    /// What is wrong with the upload, the file, its layers, version or signature; [`Fault::Storage`]. The active model is then what it was.
    pub async fn upload_commit(
        &mut self,
        clock: &impl Clock,
        allow_older: bool,
    ) -> Result<SlotInfo, Fault> {
        let upload = self.upload.as_ref().ok_or(Fault::NoUpload)?;
        let UploadProgress { length, crc, .. } = upload.progress;
        let slot = upload.slot;
        let (version, signed) = self.check_upload(upload)?;
        let minimum = self.settings.security.min_model_version;
        if version < minimum && !allow_older {
            return Err(Fault::ModelTooOld { version, minimum });
        }
        let before = self.slots().await?;
        let generation = before.generation.wrapping_add(1);
        let active = SlotRecord {
            slot,
            generation,
            version,
            length,
            crc,
            signed,
        };
        let slots = Slots {
            generation,
            active: Some(active.clone()),
            standby: before.active,
        };
        self.store
            .commit_slots(&slots)
            .await
            .map_err(|_| Fault::Storage)?;
        self.upload = None;
        let activated = EventKind::ModelActivated {
            generation,
            version,
            crc,
            older_allowed: version < minimum,
        };
        self.log(clock, activated).await?;
        Ok(active.info())
    }

    /// Makes the model before active again.
    ///
    /// # Errors
    /// [`Fault::NothingBefore`], [`Fault::Storage`].
    pub async fn rollback(&mut self, clock: &impl Clock) -> Result<SlotInfo, Fault> {
        let before = self.slots().await?;
        let Some(mut active) = before.standby else {
            return Err(Fault::NothingBefore);
        };
        let generation = before.generation.wrapping_add(1);
        active.generation = generation;
        let version = active.version;
        let slots = Slots {
            generation,
            active: Some(active.clone()),
            standby: before.active,
        };
        self.store
            .commit_slots(&slots)
            .await
            .map_err(|_| Fault::Storage)?;
        // An upload in progress was on its way to the slot that is active now.
        self.upload = None;
        self.log(
            clock,
            EventKind::ModelRolledBack {
                generation,
                version,
            },
        )
        .await?;
        Ok(active.info())
    }

    /// Models on the logger.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn models(&mut self) -> Result<Models, Fault> {
        let slots = self.slots().await?;
        let well = slots.active.as_ref().and_then(|active| {
            let bytes = self.store.slot_bytes(active.slot, active.length)?;
            let file = ModelFile::parse(bytes).ok()?;
            Name::try_from(file.record().well).ok()
        });
        Ok(Models {
            active: slots.active.map(|active| active.info()),
            standby: slots.standby.map(|standby| standby.info()),
            well: well.unwrap_or_default(),
        })
    }

    /// The file of the active model.
    ///
    /// # Errors
    /// [`Fault::NoModel`], [`Fault::Storage`].
    pub async fn active_model(&mut self) -> Result<&[u8], Fault> {
        let active = self.slots().await?.active.ok_or(Fault::NoModel)?;
        self.store
            .slot_bytes(active.slot, active.length)
            .ok_or(Fault::Storage)
    }

    /// The version of the uploaded file, and whether its signature was checked.
    fn check_upload(&self, upload: &Upload) -> Result<(u32, bool), Fault> {
        let UploadProgress {
            length,
            crc,
            received,
        } = upload.progress;
        if received < length {
            return Err(Fault::Incomplete { received, length });
        }
        let bytes = self
            .store
            .slot_bytes(upload.slot, length)
            .ok_or(Fault::Storage)?;
        let signed = check_signature(bytes, upload.signature.as_ref(), &self.settings.security)?;
        let stored = stored_crc(bytes).unwrap_or(0);
        if stored != crc {
            return Err(Fault::ModelCrc {
                announced: crc,
                stored,
            });
        }
        let file = ModelFile::parse(bytes).map_err(|_| Fault::ModelInvalid)?;
        inputs_of(&file, &self.settings)?;
        Ok((file.record().model_version, signed))
    }

    async fn slots(&mut self) -> Result<Slots, Fault> {
        self.store
            .slots()
            .await
            .map_err(|_: StoreError| Fault::Storage)
    }

    async fn log(&mut self, clock: &impl Clock, kind: EventKind) -> Result<(), Fault> {
        self.note(clock, kind).await.map_err(|_| Fault::Storage)
    }
}

/// The CRC-32 that ends a model file.
fn stored_crc(bytes: &[u8]) -> Option<u32> {
    bytes.last_chunk().map(|crc| u32::from_le_bytes(*crc))
}

/// True if a signature was checked.
///
/// # Errors
/// [`Fault::SignatureMissing`], [`Fault::SignatureWrong`].
fn check_signature(
    bytes: &[u8],
    signature: Option<&[u8; SIGNATURE_BYTES]>,
    security: &Security,
) -> Result<bool, Fault> {
    match (signature, &security.signing_key) {
        (Some(signature), Some(key)) => {
            let key = salty::PublicKey::try_from(key).map_err(|_| Fault::SignatureWrong)?;
            let signature = salty::Signature::from(signature);
            key.verify(bytes, &signature)
                .map_err(|_| Fault::SignatureWrong)?;
            Ok(true)
        }
        _ if security.require_signed => Err(Fault::SignatureMissing),
        _ => Ok(false),
    }
}
