//! Uploading, activating and rolling back models.

use amlstm_core::artifact::ModelFile;
use amlstm_core::link::{
    ConfigItem, EventKind, Fault, Models, Name, Security, SlotInfo, UploadProgress,
};
use amlstm_core::month_mean::MonthDefinition;
use amlstm_core::verification::Digests;
use heapless::Vec;

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::bounded::collect_bounded;
use crate::month_walk::inputs_of;
use crate::store::{SIGNATURE_BYTES, SlotRecord, Slots, StoreError};

/// An Ed25519 signature; empty without one.
type Signature = Vec<u8, SIGNATURE_BYTES>;

/// An upload in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    slot: u8,
    progress: UploadProgress,
    signature: Signature,
}

impl<F: MappedFlash> Logger<F> {
    /// Erases the inactive slot for a model of `length` bytes.
    ///
    /// # Errors
    /// [`Fault::AlreadyActive`], which leaves the other slot as it is, [`Fault::ModelTooLong`], [`Fault::Storage`].
    pub async fn upload_begin(&mut self, length: u32, crc: u32) -> Result<UploadProgress, Fault> {
        let limit = self.store.layout().slot_capacity();
        if length == 0 || length > limit {
            return Err(Fault::ModelTooLong { limit });
        }
        let mut slots = self.slots().await?;
        // A model that was activated before there was a key may be uploaded again, with its signature.
        let signs = self.settings.security.signing_key.is_some();
        let kept = |active: &SlotRecord| {
            (active.length, active.crc) == (length, crc) && !(signs && active.signature.is_empty())
        };
        if slots.active.as_ref().is_some_and(kept) {
            return Err(Fault::AlreadyActive);
        }
        self.upload = None;
        let slot = slots.free_slot();
        if slots.standby.take().is_some() {
            // From here on no rollback is possible; this is recorded before the bytes are erased.
            self.store.commit_slots(&slots).await?;
        }
        self.store.erase_slot(slot, length).await?;
        let progress = UploadProgress {
            length,
            crc,
            received: 0,
        };
        self.upload = Some(Upload {
            slot,
            progress,
            signature: Signature::new(),
        });
        Ok(progress)
    }

    /// Writes the next bytes; bytes that were received before are acknowledged again.
    ///
    /// # Errors
    /// [`Fault::NoUpload`], [`Fault::OutOfOrder`], [`Fault::Malformed`], [`Fault::Storage`].
    pub async fn upload_chunk(
        &mut self,
        offset: u32,
        bytes: &[u8],
    ) -> Result<UploadProgress, Fault> {
        let upload = self.upload.as_mut().ok_or(Fault::NoUpload)?;
        let Some(end) = upload.progress.end_of_chunk(offset, bytes)? else {
            return Ok(upload.progress);
        };
        self.store.write_slot(upload.slot, offset, bytes).await?;
        upload.progress.received = end;
        Ok(upload.progress)
    }

    /// Progress of the upload.
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
        if bytes.len() != SIGNATURE_BYTES {
            return Err(Fault::Malformed);
        }
        upload.signature = Signature::from_slice(bytes).map_err(|_| Fault::Malformed)?;
        Ok(upload.progress)
    }

    /// Checks the uploaded file and makes it the active model: one map item is the commit point.
    ///
    /// # Errors
    /// What is wrong with the upload, the file, its layers, version or signature; [`Fault::Storage`]. The active model is then unchanged.
    pub async fn upload_commit(
        &mut self,
        clock: &impl Clock,
        allow_older: bool,
    ) -> Result<SlotInfo, Fault> {
        let upload = self.upload.as_ref().ok_or(Fault::NoUpload)?;
        let UploadProgress { length, crc, .. } = upload.progress;
        let (slot, signature) = (upload.slot, upload.signature.clone());
        let (version, months) = self.check_upload(upload)?;
        let minimum = self.check_version(version, allow_older)?;
        let before = self.slots().await?;
        let generation = before.generation.wrapping_add(1);
        let active = SlotRecord {
            slot,
            generation,
            version,
            length,
            crc,
            signature,
        };
        let slots = Slots {
            generation,
            active: Some(active.clone()),
            // A rollback to the same model without its signature would be pointless.
            standby: before
                .active
                .filter(|before| (before.length, before.crc) != (length, crc)),
        };
        self.store.commit_slots(&slots).await?;
        self.upload = None;
        self.estimated_until = None;
        let activated = EventKind::ModelActivated {
            generation,
            version,
            crc,
            older_allowed: version < minimum,
        };
        self.note_aside(clock, activated).await;
        self.use_months(clock, months).await;
        self.raise_minimum(&active).await?;
        Ok(active.info())
    }

    /// Activates the previous model again, if it would be accepted as an upload.
    ///
    /// # Errors
    /// [`Fault::NothingBefore`], what is wrong with its signature, well or version, [`Fault::Storage`].
    pub async fn rollback(
        &mut self,
        clock: &impl Clock,
        allow_older: bool,
    ) -> Result<SlotInfo, Fault> {
        let before = self.slots().await?;
        let Some(mut active) = before.standby else {
            return Err(Fault::NothingBefore);
        };
        let bytes = self
            .store
            .slot_bytes(active.slot, active.length)
            .ok_or(Fault::Storage)?;
        let signed = check_signature(bytes, &active.signature, &self.settings.security)?;
        let (_, months) = self.check_file(bytes, signed)?;
        self.check_version(active.version, allow_older)?;
        let generation = before.generation.wrapping_add(1);
        active.generation = generation;
        let version = active.version;
        let slots = Slots {
            generation,
            active: Some(active.clone()),
            standby: before.active,
        };
        self.store.commit_slots(&slots).await?;
        // An upload in progress was written to the slot that is active now.
        self.upload = None;
        self.estimated_until = None;
        let rolled_back = EventKind::ModelRolledBack {
            generation,
            version,
        };
        self.note_aside(clock, rolled_back).await;
        self.use_months(clock, months).await;
        Ok(active.info())
    }

    /// Models on the logger.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn models(&mut self) -> Result<Models, Fault> {
        let slots = self.slots().await?;
        let file = slots.active.as_ref().and_then(|active| {
            let bytes = self.store.slot_bytes(active.slot, active.length)?;
            ModelFile::parse(bytes).ok()
        });
        let record = file.as_ref().map(ModelFile::record);
        Ok(Models {
            active: slots.active.as_ref().map(SlotRecord::info),
            standby: slots.standby.as_ref().map(SlotRecord::info),
            well: record
                .and_then(|record| Name::try_from(record.well).ok())
                .unwrap_or_default(),
            synthetic_model: record.is_some_and(|record| record.synthetic),
            trained_until: record.map(|record| record.trained_until.index()),
            utc_offset_minutes: self.months.utc_offset_minutes(),
            month_rules: collect_bounded(
                (0..record.map_or(0, |record| record.aquifer_layers.len()))
                    .map(|input| self.months.rule(input)),
            ),
        })
    }

    /// The active model, and the digests of its replay; no digests if its file is no longer valid.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn replay(&mut self) -> Result<Option<(SlotInfo, Option<Digests>)>, Fault> {
        let Some(active) = self.slots().await?.active else {
            return Ok(None);
        };
        let bytes = self
            .store
            .slot_bytes(active.slot, active.length)
            .ok_or(Fault::Storage)?;
        Ok(Some((active.info(), digests_of(bytes))))
    }

    /// How the active model's monthly means are formed; in UTC without a valid model.
    pub(super) async fn months_of_active_model(&mut self) -> Result<MonthDefinition, StoreError> {
        let active = self.store.slots().await?.active;
        let bytes = active.and_then(|active| self.store.slot_bytes(active.slot, active.length));
        let file = bytes.and_then(|bytes| ModelFile::parse(bytes).ok());
        Ok(file.map_or_else(MonthDefinition::default, |file| file.months()))
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

    /// Checks the uploaded file. Returns its version and how its monthly means are formed.
    fn check_upload(&self, upload: &Upload) -> Result<(u32, MonthDefinition), Fault> {
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
        let signed = check_signature(bytes, &upload.signature, &self.settings.security)?;
        let stored = stored_crc(bytes).unwrap_or(0);
        if stored != crc {
            return Err(Fault::ModelCrc {
                announced: crc,
                stored,
            });
        }
        self.check_file(bytes, signed)
    }

    /// Checks a file in a slot. Returns its version and how its monthly means are formed.
    fn check_file(&self, bytes: &[u8], signed: bool) -> Result<(u32, MonthDefinition), Fault> {
        let file = ModelFile::parse(bytes).map_err(|_| Fault::ModelInvalid)?;
        if signed && file.record().well != self.settings.station.as_str() {
            return Err(Fault::OtherWell);
        }
        inputs_of(&file, &self.settings)?;
        Ok((file.record().model_version, file.months()))
    }

    /// Checks a version against the configured minimum. Returns the minimum.
    fn check_version(&self, version: u32, allow_older: bool) -> Result<u32, Fault> {
        let minimum = self.settings.security.min_model_version;
        if version < minimum && !allow_older {
            Err(Fault::ModelTooOld { version, minimum })
        } else {
            Ok(minimum)
        }
    }

    /// Raises the minimum version to that of a signed model: no older one is accepted from then on.
    async fn raise_minimum(&mut self, active: &SlotRecord) -> Result<(), Fault> {
        let security = self.settings.security;
        if active.signature.is_empty() || active.version <= security.min_model_version {
            return Ok(());
        }
        let raised = Security {
            min_model_version: active.version,
            ..security
        };
        self.settings
            .keep(&mut self.store, ConfigItem::Security(raised))
            .await
    }

    /// Raises the minimum version at the start, in case a power cut came between the activation of a signed model and the raising.
    pub(super) async fn raise_minimum_at_start(&mut self) -> Result<(), StoreError> {
        if let Some(active) = self.store.slots().await?.active {
            // A failure is counted in the store; the next start tries again.
            let _ = self.raise_minimum(&active).await;
        }
        Ok(())
    }

    /// True if the active model carries a signature by this key.
    pub(super) async fn is_signed_by(&mut self, key: &[u8; 32]) -> Result<bool, Fault> {
        let Some(active) = self.slots().await?.active else {
            return Ok(false);
        };
        let bytes = self
            .store
            .slot_bytes(active.slot, active.length)
            .ok_or(Fault::Storage)?;
        Ok(verify_signature(bytes, &active.signature, key).is_ok())
    }

    async fn slots(&mut self) -> Result<Slots, Fault> {
        Ok(self.store.slots().await?)
    }
}

/// Not inlined, so that its stack is used only during a verification.
#[inline(never)]
fn digests_of(bytes: &[u8]) -> Option<Digests> {
    let file = ModelFile::parse(bytes).ok()?;
    Some(Digests::of(&file))
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
    signature: &Signature,
    security: &Security,
) -> Result<bool, Fault> {
    match &security.signing_key {
        Some(key) if !signature.is_empty() => {
            verify_signature(bytes, signature, key).map(|()| true)
        }
        _ if security.require_signed => Err(Fault::SignatureMissing),
        _ => Ok(false),
    }
}

/// Checks the signature of a model or of a firmware.
///
/// # Errors
/// [`Fault::SignatureWrong`].
pub fn verify_signature(bytes: &[u8], signature: &[u8], key: &[u8; 32]) -> Result<(), Fault> {
    let signature: &[u8; SIGNATURE_BYTES] =
        signature.try_into().map_err(|_| Fault::SignatureWrong)?;
    let key = salty::PublicKey::try_from(key).map_err(|_| Fault::SignatureWrong)?;
    key.verify(bytes, &salty::Signature::from(signature))
        .map_err(|_| Fault::SignatureWrong)
}
