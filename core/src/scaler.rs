//! Standardisation of inputs and outputs.

use serde::{Deserialize, Serialize};

/// The affine map between a measured number and the standardised number that the network sees: `z = (x - offset) / scale`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scaler {
    /// The measured number whose standardised number is zero.
    pub offset: f32,
    /// The change of the measured number for which the standardised number changes by one; positive.
    pub scale: f32,
}

impl Scaler {
    /// Whether the offset is finite and the scale finite and positive.
    pub fn is_usable(self) -> bool {
        self.offset.is_finite() && self.scale.is_finite() && self.scale > 0.0
    }

    /// The standardised number of the measured number `x`.
    pub fn standardise(self, x: f32) -> f32 {
        (x - self.offset) / self.scale
    }

    /// The measured number of the standardised number `z`.
    pub fn restore(self, z: f32) -> f32 {
        z * self.scale + self.offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offset_becomes_zero_and_one_scale_above_it_one() {
        let scaler = Scaler {
            offset: -12.5,
            scale: 4.0,
        };
        assert_eq!(scaler.standardise(-12.5), 0.0);
        assert_eq!(scaler.standardise(-8.5), 1.0);
        assert_eq!(scaler.restore(-2.0), -20.5);
    }
}
