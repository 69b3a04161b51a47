//! The models on the logger.

use core::fmt;

use heapless::Vec;
use serde::{Deserialize, Serialize};

use super::{Fault, MAX_CHANNELS, Name};
use crate::month_mean::MonthRule;

/// A model on the logger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotInfo {
    /// Counts activations on this logger.
    pub generation: u32,
    /// The version stated by the model file.
    pub version: u32,
    /// Bytes.
    pub length: u32,
    /// The file's own CRC-32: its last four bytes.
    pub crc: u32,
    /// A signature was checked.
    pub signed: bool,
}

/// Models on the logger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Models {
    /// The active one.
    pub active: Option<SlotInfo>,
    /// The one a rollback returns to.
    pub standby: Option<SlotInfo>,
    /// Well of the active model.
    pub well: Name,
    /// The active model was trained on SYNTHETIC data.
    pub synthetic_model: bool,
    /// Last month of the active model's training, in months since 0000-01.
    pub trained_until: Option<i32>,
    /// Minutes by which the time of the active model's site, in which days and months are counted, is ahead of UTC.
    pub utc_offset_minutes: i16,
    /// Which months of each of the active model's layers count.
    pub month_rules: Vec<MonthRule, MAX_CHANNELS>,
}

impl Models {
    /// Which months count, in words: once if it is the same for all layers.
    pub fn month_rule_words(&self) -> impl fmt::Display {
        MonthRuleWords(self.month_rules.clone())
    }
}

struct MonthRuleWords(Vec<MonthRule, MAX_CHANNELS>);

impl fmt::Display for MonthRuleWords {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a month counts with ")?;
        let rules = match self.0.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => {
                core::slice::from_ref(first)
            }
            _ => &self.0,
        };
        for (layer, rule) in rules.iter().enumerate() {
            let before = if layer > 0 { ", " } else { "" };
            write!(formatter, "{before}{rule}")?;
        }
        Ok(())
    }
}

/// Progress of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadProgress {
    /// Bytes announced.
    pub length: u32,
    /// CRC-32 announced.
    pub crc: u32,
    /// Bytes received: the offset of the next chunk.
    pub received: u32,
}

impl UploadProgress {
    /// Where the next chunk ends if it is this one; `None` if these bytes came before.
    ///
    /// # Errors
    /// [`Fault::OutOfOrder`], [`Fault::Malformed`] for what goes beyond the end or leaves a word unfinished before it.
    pub fn end_of_chunk(&self, offset: u32, bytes: &[u8]) -> Result<Option<u32>, Fault> {
        let end = offset
            .checked_add(bytes.len() as u32)
            .filter(|end| *end <= self.length)
            .ok_or(Fault::Malformed)?;
        if end <= self.received {
            return Ok(None);
        }
        if offset != self.received {
            return Err(Fault::OutOfOrder {
                expected: self.received,
            });
        }
        if end < self.length && !end.is_multiple_of(4) {
            return Err(Fault::Malformed);
        }
        Ok(Some(end))
    }
}
