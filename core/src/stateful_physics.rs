//! A model's physics with its state: levels in, subsidence out.

use core::iter::zip;

use heapless::Vec;

use crate::artifact::Physics;
use crate::basis::LayerBeds;
use crate::bridge::Bridges;
use crate::estimate::{PhysicsEstimate, Primary, Subsidence};
use crate::month::Month;
use crate::physics::{PhysicsState, PhysicsWeights};
use crate::saved_state::SavedPhysics;
use crate::sizes::MAX_INPUTS;

/// A model's physics with its state: steps through months.
#[derive(Clone, Debug)]
pub(crate) struct StatefulPhysics<'a> {
    pub(crate) primary: Primary,
    /// Half the width of the 90 % interval around an increment in mm; NaN where there is none.
    pub(crate) half_width_mm: f32,
    weights: PhysicsWeights<'a>,
    bridges: Option<Bridges<'a>>,
    state: PhysicsState,
    subsidence_mm: f32,
}

impl<'a> StatefulPhysics<'a> {
    /// Cold start: no layer measured yet, no subsidence.
    pub(crate) fn cold(physics: &Physics<'a>) -> Self {
        Self {
            primary: physics.primary,
            half_width_mm: physics.interval_half_width_mm,
            weights: physics.weights,
            bridges: physics.bridges,
            state: PhysicsState::default(),
            subsidence_mm: 0.0,
        }
    }

    /// Starts with the state in the file.
    pub(crate) fn at_start(physics: &Physics<'a>) -> Self {
        Self {
            state: physics.state.clone(),
            subsidence_mm: physics.subsidence_mm,
            ..Self::cold(physics)
        }
    }

    /// Back to a cold start.
    pub(crate) fn reset(&mut self) {
        self.state = PhysicsState::default();
        self.subsidence_mm = 0.0;
    }

    /// One month; `None` until every aquifer layer has been measured.
    pub(crate) fn step(
        &mut self,
        month: Month,
        level_m: &[Option<f32>],
    ) -> Option<PhysicsEstimate> {
        let stand_in_m = self.bridges.map_or([None; MAX_INPUTS], |bridges| {
            bridges.stand_ins(month, level_m)
        });
        let output = self
            .state
            .step_bridged(&self.weights, level_m, &stand_in_m)?;
        self.subsidence_mm += output.increment_mm;
        let (mut layer_mm, mut source) = (Vec::new(), Vec::new());
        let of_layers = zip(output.layer_mm, output.source);
        for (mm, of_level) in of_layers.take(self.weights.layers.len()) {
            // There is room for all layers of a model, here and below.
            let _ = layer_mm.push(mm);
            let _ = source.push(of_level);
        }
        Some(PhysicsEstimate {
            subsidence: Subsidence {
                increment_mm: output.increment_mm,
                cumulative_mm: self.subsidence_mm,
            },
            layer_mm,
            source,
        })
    }

    /// The state, to be kept across a power cut.
    pub(crate) fn save(&self) -> SavedPhysics {
        let mut saved = SavedPhysics {
            months: self.state.months,
            subsidence_bits: self.subsidence_mm.to_bits(),
            layers: Vec::new(),
        };
        for beds in self.state.layers.iter().take(self.weights.layers.len()) {
            let mut bits = Vec::new();
            for number in beds.iter().flat_map(|beds| beds.to_numbers()) {
                let _ = bits.push(number.to_bits());
            }
            let _ = saved.layers.push(bits);
        }
        saved
    }

    /// A copy with a saved state; `None` if that does not fit the model, or if no step can produce it.
    pub(crate) fn restored(&self, saved: &SavedPhysics) -> Option<Self> {
        let mut restored = self.clone();
        restored.reset();
        restored.subsidence_mm = f32::from_bits(saved.subsidence_bits);
        restored.state.months = saved.months;
        let is_whole = saved.layers.len() == self.weights.layers.len();
        for (place, bits) in zip(&mut restored.state.layers, &saved.layers) {
            if !bits.is_empty() {
                *place = Some(LayerBeds::from_numbers(
                    bytemuck::try_cast_slice(bits).ok()?,
                )?);
            }
        }
        let is_sound = restored.state.is_sound(saved.layers.len());
        (is_whole && is_sound && restored.subsidence_mm.is_finite()).then_some(restored)
    }
}
