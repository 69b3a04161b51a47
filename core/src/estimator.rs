//! Estimates month by month.

use core::iter::zip;

use heapless::Vec;

use crate::artifact::{ArtifactError, ModelFile};
use crate::checksum::CRC32;
use crate::cumulative_interval::CumulativeIntervals;
use crate::ensemble::Ensemble;
use crate::estimate::{Estimate, Primary, Subsidence};
use crate::month::Month;
use crate::saved_state::{STATE_FORMAT, SavedNetwork, SavedState, StateError};
use crate::sizes::{MAX_BLOCKS, MAX_CHANGED_LAYERS, MAX_FURTHER, MAX_INPUTS};
use crate::stateful_network::{Output, StatefulNetwork};
use crate::stateful_physics::StatefulPhysics;

/// Estimates the subsidence at a well month by month.
///
/// Its capacity is `BLOCKS` blocks of eight hidden units for each network and `FURTHER` networks beside the first: by default those of the largest model; a
/// device that runs only small models saves RAM with fewer.
#[derive(Clone, Debug)]
pub struct Estimator<'a, const BLOCKS: usize = MAX_BLOCKS, const FURTHER: usize = MAX_FURTHER> {
    networks: Ensemble<'a, BLOCKS, FURTHER>,
    physics: Option<StatefulPhysics<'a>>,
    /// Half the width of the 90 % interval around an increment by the network in mm; NaN where there is none.
    half_width_mm: f32,
    cumulative: Option<CumulativeIntervals<'a>>,
    /// Whether the cumulative subsidence continues from an observation.
    is_observed: bool,
    model_crc: u32,
    month: Option<Month>,
    subsidence_mm: f32,
}

/// The error of a month that does not follow the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "step: found month {found}, expected {expected}: step every month once, a month without levels too"
)]
pub struct StepError {
    /// The month that was to be stepped.
    pub found: Month,
    /// The month after the last step.
    pub expected: Month,
}

impl<'a> Estimator<'a> {
    /// Starts cold: state and cumulative subsidence zero, no month.
    pub fn cold(file: &ModelFile<'a>) -> Self {
        Self::from_rest(file)
    }

    /// Starts with state, month and cumulative subsidence of the file: those at the end of training, or at its last update.
    pub fn at_start(file: &ModelFile<'a>) -> Self {
        let mut estimator = Self::cold(file);
        estimator.start(file);
        estimator
    }
}

impl<'a, const BLOCKS: usize, const FURTHER: usize> Estimator<'a, BLOCKS, FURTHER> {
    /// Reads and checks a model file and starts with its state, month and cumulative subsidence.
    ///
    /// The bytes must be aligned to 4, as those of [`include_model!`](crate::include_model) are.
    ///
    /// # Errors
    ///
    /// As [`ModelFile::parse`]; also if the model has more hidden units or networks than the capacity.
    pub fn load(file: &'a [u8]) -> Result<Self, ArtifactError> {
        let file = ModelFile::parse_within::<BLOCKS>(file)?;
        if file.member_count() > 1 + FURTHER {
            return Err(ArtifactError::MemberCapacity {
                found: file.member_count(),
                capacity: 1 + FURTHER,
            });
        }
        let mut estimator = Self::from_rest(&file);
        estimator.start(&file);
        Ok(estimator)
    }

    /// The caller has checked that there is room.
    fn from_rest(file: &ModelFile<'a>) -> Self {
        Self {
            networks: Ensemble::cold(file),
            physics: file.physics().map(StatefulPhysics::cold),
            half_width_mm: file.record().interval_half_width_mm,
            cumulative: file.cumulative_intervals().copied(),
            is_observed: false,
            model_crc: file.crc(),
            month: None,
            subsidence_mm: 0.0,
        }
    }

    fn start(&mut self, file: &ModelFile<'a>) {
        let start = file.start();
        self.networks.start(file);
        self.physics = file.physics().map(StatefulPhysics::at_start);
        self.month = Some(start.month);
        self.subsidence_mm = start.subsidence_mm;
        self.is_observed = true;
    }

    /// Goes back to a cold start: state and cumulative subsidence zero, no month.
    pub fn reset(&mut self) {
        for network in self.networks.networks_mut() {
            network.reset();
        }
        if let Some(physics) = &mut self.physics {
            physics.reset();
        }
        self.month = None;
        self.subsidence_mm = 0.0;
        self.is_observed = false;
    }

    /// One month with the monthly mean levels (m above datum) of the aquifer layers, in the order of the model's inputs.
    ///
    /// A level that is absent, not finite, or beyond the end of `level_m` is missing; more levels than inputs are ignored. After a cold start any month may be the first.
    ///
    /// # Errors
    ///
    /// The month does not follow the last one. The estimator is then unchanged.
    pub fn step(&mut self, month: Month, level_m: &[Option<f32>]) -> Result<Estimate, StepError> {
        match self.month.map(Month::next) {
            Some(expected) if month != expected => Err(StepError {
                found: month,
                expected,
            }),
            _ => Ok(self.step_across_gap(month, level_m)),
        }
    }

    /// As [`step`](Self::step), but without a check of the month: for models that were trained with steps that are not successive months (only months
    /// with scenes). After a gap no level has a monthly change.
    pub fn step_across_gap(&mut self, month: Month, level_m: &[Option<f32>]) -> Estimate {
        if self.month.map(Month::next) != Some(month) {
            self.networks
                .networks_mut()
                .for_each(StatefulNetwork::forget_levels);
        }
        let mut inputs = Vec::new();
        let mut outside = 0.0_f32;
        for (state, of_input) in self.networks.first.input_states(level_m) {
            if of_input > outside {
                outside = of_input;
            }
            // There is room for all inputs of a model.
            let _ = inputs.push(state);
        }
        let output = self.networks.step(level_m);
        self.month = Some(month);
        self.subsidence_mm += output.increment_mm;
        let network = Subsidence {
            increment_mm: output.increment_mm,
            cumulative_mm: self.subsidence_mm,
        };
        let mut half_width_mm = self.half_width_mm;
        let (mut primary, mut trusted, mut disagree) = (Primary::Network, network, false);
        let mut by_physics = None;
        if let Some(physics) = &mut self.physics
            && let Some(estimate) = physics.step(month, level_m)
        {
            let apart_mm = (network.increment_mm - estimate.subsidence.increment_mm).abs();
            disagree = apart_mm > self.half_width_mm + physics.half_width_mm;
            if physics.primary == Primary::Physics {
                half_width_mm = physics.half_width_mm;
                (primary, trusted) = (Primary::Physics, estimate.subsidence);
            }
            by_physics = Some(estimate);
        }
        let mut estimate = Estimate {
            month,
            increment_mm: trusted.increment_mm,
            subsidence_mm: trusted.cumulative_mm,
            primary,
            half_width_mm: None,
            subsidence_half_width_mm: None,
            disagree,
            network,
            physics: by_physics,
            attention: Vec::new(),
            inputs,
        };
        if self.networks.has_attention() {
            for (share, _) in zip(output.attention, &estimate.inputs) {
                // As many as inputs.
                let _ = estimate.attention.push(share);
            }
        }
        let widened = |mm: f32| mm * (1.0 + outside);
        estimate.half_width_mm = half_width_mm.is_finite().then_some(widened(half_width_mm));
        estimate.subsidence_half_width_mm = self
            .cumulative
            .filter(|_| self.is_observed)
            .and_then(|intervals| intervals.half_width_mm(primary, month))
            .map(widened);
        estimate
    }

    /// Month of the last step, if there was one.
    pub fn month(&self) -> Option<Month> {
        self.month
    }

    /// Cumulative subsidence by the network in mm, down +, from where the estimator started.
    pub fn subsidence_mm(&self) -> f32 {
        self.subsidence_mm
    }

    /// Bits of h and C of each hidden unit of each network, as in a model file.
    pub fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        let networks = self.networks.networks();
        networks.flat_map(StatefulNetwork::state_bits)
    }

    /// The state, to be kept across a power cut.
    pub fn save(&self) -> SavedState {
        let mut saved = SavedState {
            format: STATE_FORMAT,
            model_crc: self.model_crc,
            month: self.month,
            subsidence_bits: self.subsidence_mm.to_bits(),
            first: SavedNetwork::of(self.networks.first.state_bits()),
            further: Vec::new(),
            last_level: [f32::NAN.to_bits(); MAX_CHANGED_LAYERS],
            physics: self.physics.as_ref().map(StatefulPhysics::save),
        };
        for network in &self.networks.further {
            // There is room for all networks of a model.
            let _ = saved.further.push(SavedNetwork::of(network.state_bits()));
        }
        for (bits, level_m) in zip(&mut saved.last_level, self.networks.first.last_levels()) {
            *bits = level_m.to_bits();
        }
        saved
    }

    /// Restores a saved state.
    ///
    /// # Errors
    ///
    /// The state is of another format or model, or no step can produce it. The estimator is then unchanged.
    pub fn restore(&mut self, saved: &SavedState) -> Result<(), StateError> {
        if saved.format != STATE_FORMAT {
            return Err(StateError::Format {
                found: saved.format,
            });
        }
        if saved.model_crc != self.model_crc {
            return Err(StateError::Model {
                found: saved.model_crc,
                expected: self.model_crc,
            });
        }
        let subsidence_mm = f32::from_bits(saved.subsidence_bits);
        if !subsidence_mm.is_finite() {
            return Err(StateError::Subsidence {
                found_bits: saved.subsidence_bits,
            });
        }
        let physics = match (&self.physics, &saved.physics) {
            (None, None) => None,
            (Some(physics), Some(saved)) => {
                Some(physics.restored(saved).ok_or(StateError::Physics)?)
            }
            _ => return Err(StateError::Physics),
        };
        let last_m = saved.last_level.map(f32::from_bits);
        if let Some(layer) = last_m.iter().position(|level_m| level_m.is_infinite()) {
            return Err(StateError::Level { layer });
        }
        let (found, expected) = (1 + saved.further.len(), 1 + self.networks.further.len());
        if found != expected {
            return Err(StateError::Networks { found, expected });
        }
        let states = || core::iter::once(&saved.first).chain(&saved.further);
        for (network, state) in zip(self.networks.networks(), states()) {
            let mut trial = *network;
            trial
                .set_state_bits(state.state_bits())
                .map_err(|unit| StateError::Unit { unit })?;
        }
        for (network, state) in zip(self.networks.networks_mut(), states()) {
            let set = network.set_state_bits(state.state_bits());
            debug_assert_eq!(set, Ok(()), "the state has been tried");
            network.set_last_levels(last_m.into_iter());
        }
        self.physics = physics;
        self.month = saved.month;
        self.subsidence_mm = subsidence_mm;
        self.is_observed = true;
        Ok(())
    }

    /// CRC-32 of `previous`, of all bits of `estimate`'s numbers, and of the state after it.
    /// Chained from 0 over a series, equal digests mean equal bits in every month.
    pub fn digest(&self, previous: u32, estimate: &Estimate) -> u32 {
        let mut output = Output {
            increment_mm: estimate.network.increment_mm,
            attention: [0.0; MAX_INPUTS],
        };
        for (place, share) in zip(&mut output.attention, &estimate.attention) {
            *place = *share;
        }
        let mut digest = CRC32.digest();
        digest.update(&self.networks.digest(previous, &output).to_le_bytes());
        digest.update(&estimate.network.cumulative_mm.to_bits().to_le_bytes());
        if let Some(physics) = &estimate.physics {
            let Subsidence {
                increment_mm,
                cumulative_mm,
            } = physics.subsidence;
            for number in [increment_mm, cumulative_mm]
                .iter()
                .chain(&physics.layer_mm)
            {
                digest.update(&number.to_bits().to_le_bytes());
            }
        }
        digest.finalize()
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests;
