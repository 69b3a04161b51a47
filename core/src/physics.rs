//! Subsidence by physics: the [basis](crate::basis) of each aquifer layer's levels, weighted by numbers that are not negative.
//!
//! The weights are fitted on a host. Because none is negative, the estimate cannot show rebound without rising levels, two layers cannot cancel each
//! other, and levels below all earlier ones give more subsidence, not less. The state has a fixed size, 35 numbers per layer, whatever the length of
//! the record.

use crate::basis::{COLUMNS, DECAY_MONTHS, LayerBeds, decay};
use crate::bridge::LevelSource;
use crate::sizes::MAX_INPUTS;

/// Weights of the basis, borrowed: none is negative.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhysicsWeights<'a> {
    /// Of the [`COLUMNS`] of each aquifer layer, mm per m of head.
    pub layers: &'a [[f32; COLUMNS]],
    /// Of each of [`DECAY_MONTHS`], mm per month.
    pub decay: [f32; DECAY_MONTHS.len()],
}

/// The state of the physics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PhysicsState {
    /// The beds of each aquifer layer; `None` until it is measured.
    pub layers: [Option<LayerBeds>; MAX_INPUTS],
    /// Months since the first month by which every aquifer layer had been measured; `None` before.
    pub months: Option<u32>,
}

/// The output of a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhysicsOutput {
    /// Subsidence during the month in mm, down +.
    pub increment_mm: f32,
    /// The part of each aquifer layer in it in mm, down +; the rest is subsidence still to come from before the first month.
    pub layer_mm: [f32; MAX_INPUTS],
    /// How it came by the level of each aquifer layer.
    pub source: [LevelSource; MAX_INPUTS],
}

impl PhysicsState {
    /// Whether steps with `aquifer_layers` layers can produce this state: months are counted once every layer has begun.
    pub(crate) fn is_sound(&self, aquifer_layers: usize) -> bool {
        self.months.is_none() || self.have_begun(aquifer_layers)
    }

    fn have_begun(&self, aquifer_layers: usize) -> bool {
        let mut layers = self.layers.iter().take(aquifer_layers);
        layers.all(Option::is_some)
    }

    /// One month with the levels (m above datum) of the aquifer layers. In place of a level that is absent or not finite the last one is held.
    ///
    /// `None` until every aquifer layer has been measured: in that month the beds are at rest, and all layers start together.
    pub fn step(
        &mut self,
        weights: &PhysicsWeights<'_>,
        level_m: &[Option<f32>],
    ) -> Option<PhysicsOutput> {
        self.step_bridged(weights, level_m, &[None; MAX_INPUTS])
    }

    /// The same with levels (m above datum) that stand in for missing ones, where there are any ([`Bridges::stand_ins`](crate::bridge::Bridges::stand_ins)).
    ///
    /// They cannot make a layer begin, and they make no new low: see [`LayerBeds::stand_in`].
    pub fn step_bridged(
        &mut self,
        weights: &PhysicsWeights<'_>,
        level_m: &[Option<f32>],
        stand_in_m: &[Option<f32>; MAX_INPUTS],
    ) -> Option<PhysicsOutput> {
        let months = self.months.map(|months| months.saturating_add(1));
        let levels = || {
            let measured = level_m
                .iter()
                .map(|level_m| level_m.filter(|level| level.is_finite()));
            measured.chain(core::iter::repeat(None))
        };
        let places = self.layers.iter_mut().take(weights.layers.len());
        for (beds, level_m) in places.zip(levels()) {
            // Until all layers have been measured, the beds of a layer are at rest under its latest level.
            if let (None, Some(level_m)) = (months, level_m) {
                *beds = Some(LayerBeds::at_rest(level_m));
            }
        }
        let months = match months {
            Some(months) => months,
            None if self.have_begun(weights.layers.len()) => 0,
            None => return None,
        };
        self.months = Some(months);
        let mut output = PhysicsOutput {
            increment_mm: 0.0,
            layer_mm: [0.0; MAX_INPUTS],
            source: [LevelSource::Measured; MAX_INPUTS],
        };
        let layers = self.layers.iter_mut().zip(weights.layers);
        let levels = levels().zip(stand_in_m);
        let places = output.layer_mm.iter_mut().zip(&mut output.source);
        for (((place, source), (beds, weights)), level_m) in places.zip(layers).zip(levels) {
            let Some(beds) = beds else { continue };
            let columns = match level_m {
                (Some(level_m), _) => beds.step(level_m),
                (None, Some(stand_in_m)) => {
                    *source = LevelSource::OtherLayers;
                    beds.stand_in(*stand_in_m)
                }
                (None, None) => {
                    *source = LevelSource::Held;
                    beds.hold()
                }
            };
            *place = weights
                .iter()
                .zip(columns)
                .fold(0.0, |sum, (weight, column)| sum + weight * column);
            output.increment_mm += *place;
        }
        for (weight, decay) in weights.decay.iter().zip(decay(months)) {
            output.increment_mm += weight * decay;
        }
        Some(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEIGHTS: PhysicsWeights = PhysicsWeights {
        layers: &[
            [2.0, 3.0, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 10.0, 0.0, 0.0, 0.0],
        ],
        decay: [1.0, 0.0],
    };

    #[test]
    fn nothing_is_said_until_every_layer_was_measured() {
        let mut state = PhysicsState::default();
        assert_eq!(state.step(&WEIGHTS, &[Some(1.0), None]), None);
        assert_eq!(state.step(&WEIGHTS, &[Some(5.0), Some(f32::NAN)]), None);
        let output = state.step(&WEIGHTS, &[None, Some(2.0)]).unwrap();
        assert_eq!((output.increment_mm, output.layer_mm[0]), (1.0, 0.0));
        assert_eq!(state.layers[0].unwrap().reference_m, 5.0);
    }

    #[test]
    fn layers_add_up_and_a_missing_level_is_held() {
        let mut state = PhysicsState::default();
        state.step(&WEIGHTS, &[Some(0.0), Some(0.0)]);
        let output = state.step(&WEIGHTS, &[Some(-1.0), Some(-1.0)]).unwrap();
        // 2 mm/m elastic, 3 mm/m without delay; the fast bed's first month is that of the basis' check.
        assert_eq!(output.layer_mm[0], 5.0);
        assert!((output.layer_mm[1] - 5.29132).abs() < 1e-5);
        let sum = output.layer_mm[0] + output.layer_mm[1] + libm::expf(-1.0 / 36.0);
        assert!((output.increment_mm - sum).abs() < 1e-6);
        let mut held = state.clone();
        let given = state.step(&WEIGHTS, &[Some(-1.0), Some(-1.0)]).unwrap();
        let of_held = held.step(&WEIGHTS, &[None]).unwrap();
        assert_eq!(
            (of_held.increment_mm, of_held.layer_mm),
            (given.increment_mm, given.layer_mm)
        );
        assert_eq!(of_held.source[..2], [LevelSource::Held; 2]);
        assert_eq!(held, state);
    }

    #[test]
    fn a_level_that_stands_in_is_followed_but_makes_no_new_low() {
        let mut state = PhysicsState::default();
        let mut stand_in_m = [None; MAX_INPUTS];
        stand_in_m[0] = Some(-3.0);
        // It cannot make a layer begin.
        assert_eq!(
            state.step_bridged(&WEIGHTS, &[None, Some(0.0)], &stand_in_m),
            None
        );
        state.step(&WEIGHTS, &[Some(0.0), Some(0.0)]);
        state.step(&WEIGHTS, &[Some(-1.0), Some(0.0)]);
        state.step(&WEIGHTS, &[Some(0.0), Some(0.0)]);
        let measured = state.clone();
        // Back to the lowest level measured and no farther: 2 mm of the skeleton, nothing of beds without delay.
        let output = state
            .step_bridged(&WEIGHTS, &[None, Some(0.0)], &stand_in_m)
            .unwrap();
        assert_eq!(
            (output.layer_mm[0], output.source[0]),
            (2.0, LevelSource::OtherLayers)
        );
        // When the level returns, the skeleton has moved by what was measured in all, and a new low still counts in full.
        let returned = state.step(&WEIGHTS, &[Some(-2.0), Some(0.0)]).unwrap();
        let mut known = measured;
        let at_once = known.step(&WEIGHTS, &[Some(-2.0), Some(0.0)]).unwrap();
        assert_eq!(
            output.layer_mm[0] + returned.layer_mm[0],
            at_once.layer_mm[0]
        );
        // A level that was measured goes before one that stands in.
        let mut both = known.clone();
        assert_eq!(
            both.step_bridged(&WEIGHTS, &[Some(-2.0)], &stand_in_m),
            known.step(&WEIGHTS, &[Some(-2.0)])
        );
    }

    #[test]
    fn more_levels_than_layers_are_not_looked_at() {
        let mut state = PhysicsState::default();
        let levels = [Some(0.0); MAX_INPUTS + 1];
        assert!(state.step(&WEIGHTS, &levels).is_some());
    }
}
