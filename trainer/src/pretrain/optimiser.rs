//! Adam with clipped gradients and a learning rate that follows a schedule.

use crate::train::adam::Moments;

/// Longest gradient; a longer one is shortened to it.
const CLIP: f32 = 1.0;

/// How the learning rate runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Steps in all.
    pub steps: usize,
    /// Steps in which it rises from zero.
    pub warm_up: usize,
    /// At the end of the rise.
    pub peak: f64,
    /// After the last step, reached along half a cosine.
    pub end: f64,
}

impl Schedule {
    /// Learning rate of a step, counted from zero.
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warm_up {
            return self.peak * (step + 1) as f64 / self.warm_up as f64;
        }
        let done = (step - self.warm_up) as f64 / (self.steps - self.warm_up).max(1) as f64;
        let cosine = libm::cos(std::f64::consts::PI * done);
        self.end + (self.peak - self.end) * 0.5 * (1.0 + cosine)
    }
}

/// The optimiser's memory.
#[derive(Debug, Clone)]
pub struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
    time: usize,
}

impl Adam {
    /// Fresh, for so many parameters.
    pub fn new(parameters: usize) -> Self {
        Self {
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
            time: 0,
        }
    }

    /// One step against the gradient, which is shortened first.
    pub fn step(&mut self, rate: f64, parameters: &mut [f32], gradient: &mut [f32]) {
        let squares: f32 = gradient.iter().map(|g| g * g).sum();
        let norm = squares.sqrt();
        if norm > CLIP {
            for g in &mut *gradient {
                *g *= CLIP / norm;
            }
        }
        self.time += 1;
        let moments = Moments {
            first: &mut self.first,
            second: &mut self.second,
        };
        moments.step(self.time, rate as f32, parameters, gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_to_its_peak_and_falls_to_its_end() {
        let schedule = Schedule {
            steps: 130,
            warm_up: 30,
            peak: 0.01,
            end: 0.0002,
        };
        assert!((schedule.rate(0) - 0.01 / 30.0).abs() < 1e-15);
        assert_eq!(schedule.rate(29), 0.01);
        assert!((schedule.rate(80) - 0.0051).abs() < 1e-15);
        assert!((schedule.rate(130) - 0.0002).abs() < 1e-15);
    }

    #[test]
    fn a_long_gradient_is_shortened_to_one_and_a_short_one_is_not() {
        let mut adam = Adam::new(2);
        let mut long = [0.0, -4.0];
        adam.step(0.1, &mut [0.0; 2], &mut long);
        assert_eq!(long, [0.0, -1.0]);
        let mut short = [0.25, 0.5];
        adam.step(0.1, &mut [0.0; 2], &mut short);
        assert_eq!(short, [0.25, 0.5]);
    }
}
