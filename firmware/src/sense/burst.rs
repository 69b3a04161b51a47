//! Many conversions of one input in a row.

/// Conversions of an analog input in a row: their mean and how far it can be trusted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Burst {
    conversions: u32,
    sum: i64,
    sum_of_squares: i64,
}

impl Burst {
    /// Adds a conversion, in counts.
    pub fn add(&mut self, counts: i16) {
        let counts = i64::from(counts);
        self.conversions += 1;
        self.sum += counts;
        self.sum_of_squares += counts * counts;
    }

    /// Mean in counts; 0 without a conversion.
    pub fn mean(&self) -> f32 {
        self.sum as f32 / self.conversions.max(1) as f32
    }

    /// Standard error of the mean in counts: of the scatter of the conversions, and of the rounding of each to a whole count (variance 1/12).
    pub fn standard_error(&self) -> f32 {
        let conversions = i64::from(self.conversions.max(2));
        let squares = conversions * self.sum_of_squares - self.sum * self.sum;
        let variance = squares as f32 / (conversions * (conversions - 1)) as f32;
        libm::sqrtf((variance + 1.0 / 12.0) / conversions as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: mean 102; squared deviations 4, 1, 0, 1, 4, so the variance is 10 / 4, and sqrt((2.5 + 1 / 12) / 5) = 0.71880.
    #[test]
    fn a_burst_has_its_mean_and_its_standard_error() {
        let mut burst = Burst::default();
        for counts in [100, 101, 102, 103, 104] {
            burst.add(counts);
        }
        assert_eq!(burst.mean(), 102.0);
        assert!((burst.standard_error() - 0.718_80).abs() < 1e-5);
    }

    /// Rounding remains: sqrt(1 / 12 / 64) = 0.036084.
    #[test]
    fn equal_conversions_are_known_to_their_rounding() {
        let mut burst = Burst::default();
        (0..64).for_each(|_| burst.add(i16::MAX));
        assert_eq!(burst.mean(), 32767.0);
        assert!((burst.standard_error() - 0.036_084).abs() < 1e-6);
        assert_eq!(Burst::default().mean(), 0.0);
    }
}
