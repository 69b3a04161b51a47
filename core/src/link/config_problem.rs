//! Why a configuration item is refused.

use serde::{Deserialize, Serialize};

/// Why a configuration item is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConfigProblem {
    /// The sample interval must be 1 to 86 400 s.
    Interval,
    /// Channels are numbered 0 to 7, without gaps.
    ChannelIndex,
    /// An aquifer layer needs a name that no other channel has.
    LayerName,
    /// An SDI-12 address is a digit or a letter.
    Address,
    /// Numbers must be finite, the density within 900 to 1300 kg/m3, lowest < highest, cable >= 0, the largest step > 0.
    Number,
    /// `require_signed` needs a signing key and an active model signed with it, and neither can be removed afterwards.
    Signing,
    /// The channel is part of closed months: its aquifer layer can no longer be changed, nor the channel removed.
    LayerInUse,
    /// SDI-12 commands are numbered 0 to 9, and a sensor is woken at most 90 ms early.
    Sdi12,
    /// Sensors warm up for at most 10 s.
    WarmUp,
    /// A battery is low below 1 mV or more, and then sampled every 1 to 86 400 s.
    LowBattery,
    /// A battery has a capacity above 0 mAh, and sensors draw 0 mA or more.
    Battery,
}

impl ConfigProblem {
    /// What is wrong, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Interval => "the sample interval must be 1 to 86400 s",
            Self::ChannelIndex => {
                "channels are numbered 0 to 7 without gaps; the last one is removed first"
            }
            Self::LayerName => "an aquifer layer needs a name that no other channel has",
            Self::Address => "an SDI-12 address is one digit or letter",
            Self::Number => {
                "numbers must be finite, the density 900 to 1300 kg/m3, lowest below highest, cable not negative, \
                 largest step and limits above 0, 4 mA and 20 mA not equal"
            }
            Self::Signing => {
                "signatures can be required once a model signed with the key is active, and then stay required"
            }
            Self::LayerInUse => {
                "the channel is part of closed months: its aquifer layer stays; use the next free channel"
            }
            Self::Sdi12 => {
                "SDI-12 commands are M, M1-M9, C, C1-C9, R0-R9; extra wake time is at most 90 ms"
            }
            Self::WarmUp => "sensors warm up for 0 to 10 s",
            Self::LowBattery => {
                "a low battery is one below 1 to 65535 mV, and samples are then 1 to 86400 s apart"
            }
            Self::Battery => "a battery has a capacity above 0 mAh, and sensors draw 0 mA or more",
        }
    }
}

pub(super) fn ensure(holds: bool, problem: ConfigProblem) -> Result<(), ConfigProblem> {
    if holds { Ok(()) } else { Err(problem) }
}
