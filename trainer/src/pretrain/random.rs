//! Random numbers that are the same on every machine: a ChaCha stream, and functions of `libm` instead of the system's.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Random(ChaCha12Rng);

impl Random {
    /// One of a seed's independent streams.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        random.set_stream(stream);
        Self(random)
    }

    /// Uniform in `low..high`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Standard normal (Box and Muller 1958, doi:10.1214/aoms/1177706645).
    pub fn normal(&mut self) -> f64 {
        let (first, second) = (1.0 - self.0.random::<f64>(), self.0.random::<f64>());
        (-2.0 * libm::log(first)).sqrt() * libm::cos(std::f64::consts::TAU * second)
    }

    /// True with a probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random::<f64>() < probability
    }

    /// A whole number below `end`, which is positive.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end as u64) as usize
    }
}
