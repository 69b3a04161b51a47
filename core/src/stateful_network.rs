//! A network with its state: levels in, increments out.

use core::iter::zip;

use crate::arithmetic::Arithmetic;
#[cfg(feature = "f32")]
use crate::arithmetic::F32;
#[cfg(feature = "q15")]
use crate::arithmetic::Q15;
use crate::attention::Inputs;
use crate::checksum::CRC32;
use crate::input::{Input, InputState};
use crate::model::{Model, Network};
use crate::network::Weights;
use crate::scaler::Scaler;
use crate::sizes::{BLOCK, MAX_BLOCKS, MAX_CHANGED_LAYERS, MAX_INPUTS};
use crate::state::State;

/// A model's network with its state: steps through months.
///
/// Its capacity is `BLOCKS` blocks of eight hidden units.
#[derive(Clone, Copy, Debug)]
pub struct StatefulNetwork<'a, const BLOCKS: usize = MAX_BLOCKS> {
    inputs: &'a [[f32; 4]],
    changes: Changes<'a>,
    target: Scaler,
    network: WeightsAndState<'a, BLOCKS>,
}

#[derive(Clone, Copy, Debug)]
enum WeightsAndState<'a, const BLOCKS: usize> {
    #[cfg(feature = "f32")]
    F32(Weights<'a, F32>, State<F32, BLOCKS>),
    #[cfg(feature = "q15")]
    Q15(Weights<'a, Q15>, State<Q15, BLOCKS>),
}

/// What a network needs to see the monthly changes of the levels.
#[derive(Clone, Copy, Debug)]
struct Changes<'a> {
    /// The change of each aquifer layer as an input; empty in a network that sees levels only.
    inputs: &'a [[f32; 4]],
    /// The levels of the last month, m above datum; NaN if missing.
    last_m: [f32; MAX_CHANGED_LAYERS],
}

impl Changes<'_> {
    /// Adds the changes to the month's inputs, after the levels, and keeps the levels for the next month. A change is known where the level is known
    /// in this month and in the one before.
    #[inline(never)]
    fn put<A: Arithmetic>(
        &mut self,
        scales: &A::Scales,
        levels: usize,
        level_m: &[Option<f32>],
        month: &mut Inputs<A>,
    ) {
        let places = zip(&mut month.value, &mut month.present).skip(levels);
        let level_m = level_m.iter().copied().chain(core::iter::repeat(None));
        let layers = zip(zip(self.inputs, &mut self.last_m), level_m);
        for ((value, present), ((change, last_m), level_m)) in zip(places, layers) {
            let level_m = level_m.filter(|level_m| level_m.is_finite());
            if let Some(level_m) = level_m
                && last_m.is_finite()
            {
                let scaler = Input::from_numbers(*change).scaler;
                *value = A::input(scales, scaler.standardise(level_m - *last_m));
                *present = true;
            }
            *last_m = level_m.unwrap_or(f32::NAN);
        }
    }
}

/// Adds the share of each change to that of its level: a layer has one share.
#[inline(never)]
fn add_shares_of_changes(layers: usize, attention: &mut [f32; MAX_INPUTS]) {
    if let Some((levels, changes)) = attention.split_at_mut_checked(layers) {
        for (share, of_change) in zip(levels, changes) {
            *share = (*share + *of_change).min(1.0);
            *of_change = 0.0;
        }
    }
}

/// The outputs of a month.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    /// Increment of the month in mm, down +.
    pub increment_mm: f32,
    /// The aquifer layers' shares beta, 0 to 1, each that of its level and of its change; all zero in a plain LSTM or if all inputs are missing.
    pub attention: [f32; MAX_INPUTS],
}

impl<'a, const BLOCKS: usize> StatefulNetwork<'a, BLOCKS> {
    /// The network with zero state. The caller has checked that its hidden units fit into `BLOCKS` blocks.
    pub(crate) fn cold(model: &Model<'a>) -> Self {
        let network = match model.network {
            #[cfg(feature = "f32")]
            Network::F32(weights) => WeightsAndState::F32(weights, State::zero()),
            #[cfg(feature = "q15")]
            Network::Q15(weights) => WeightsAndState::Q15(weights, State::zero()),
        };
        Self {
            inputs: model.inputs,
            changes: Changes {
                inputs: model.changes,
                last_m: [f32::NAN; MAX_CHANGED_LAYERS],
            },
            target: model.target,
            network,
        }
    }

    /// Whether the network has an attention.
    pub fn has_attention(&self) -> bool {
        match &self.network {
            #[cfg(feature = "f32")]
            WeightsAndState::F32(weights, _) => weights.attention.is_some(),
            #[cfg(feature = "q15")]
            WeightsAndState::Q15(weights, _) => weights.attention.is_some(),
        }
    }

    /// The inputs that are levels, in the order of the aquifer layers.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = Input> + use<'a, BLOCKS> {
        self.inputs.iter().copied().map(Input::from_numbers)
    }

    /// How the levels (m above datum) of the next month relate to those trained on, and their changes to the changes trained on, for each aquifer layer, with the larger
    /// of the two distances [outside](Input::outside) of the trained ranges.
    pub(crate) fn input_states(
        &self,
        level_m: &[Option<f32>],
    ) -> impl Iterator<Item = (InputState, f32)> {
        let level_m = level_m.iter().copied().chain(core::iter::repeat(None));
        let changes = zip(self.changes.inputs, self.changes.last_m);
        let changes = changes.map(Some).chain(core::iter::repeat(None));
        zip(zip(self.inputs(), level_m), changes).map(|((input, level_m), change)| {
            let (state, outside) = (input.state(level_m), input.outside(level_m));
            let Some((change, last_m)) = change else {
                return (state, outside);
            };
            let change = Input::from_numbers(*change);
            // Not a number where one of the levels is missing.
            let change_m = level_m.map(|level_m| level_m - last_m);
            let state = match (state, change.state(change_m)) {
                (InputState::Trained, InputState::Below { by_m }) => {
                    InputState::ChangeBelow { by_m }
                }
                (InputState::Trained, InputState::Above { by_m }) => {
                    InputState::ChangeAbove { by_m }
                }
                _ => state,
            };
            (state, outside.max(change.outside(change_m)))
        })
    }

    /// One month with the levels (m above datum) of the aquifer layers; a level that is absent, not finite or not given is missing.
    pub fn step(&mut self, level_m: &[Option<f32>]) -> Output {
        let (inputs, changes) = (self.inputs, &mut self.changes);
        let (y, attention) = match &mut self.network {
            #[cfg(feature = "f32")]
            WeightsAndState::F32(weights, state) => step(inputs, changes, weights, state, level_m),
            #[cfg(feature = "q15")]
            WeightsAndState::Q15(weights, state) => step(inputs, changes, weights, state, level_m),
        };
        Output {
            increment_mm: self.target.restore(y),
            attention,
        }
    }

    /// Bits of h and C of each hidden unit.
    pub fn state_bits(&self) -> impl Iterator<Item = (u32, u32)> {
        let unit_bits = |unit| match &self.network {
            #[cfg(feature = "f32")]
            WeightsAndState::F32(weights, state) => state.unit_bits(unit, weights.hidden),
            #[cfg(feature = "q15")]
            WeightsAndState::Q15(weights, state) => state.unit_bits(unit, weights.hidden),
        };
        (0..BLOCKS * BLOCK).map_while(unit_bits)
    }

    /// Sets h and C of each hidden unit from their bits; units without bits become zero.
    ///
    /// # Errors
    ///
    /// The index of the first unit whose bits no step can produce; the state is then unchanged.
    pub fn set_state_bits(&mut self, bits: impl Iterator<Item = (u32, u32)>) -> Result<(), usize> {
        match &mut self.network {
            #[cfg(feature = "f32")]
            WeightsAndState::F32(weights, state) => {
                *state = State::from_bits(bits.take(weights.hidden))?;
            }
            #[cfg(feature = "q15")]
            WeightsAndState::Q15(weights, state) => {
                *state = State::from_bits(bits.take(weights.hidden))?;
            }
        }
        Ok(())
    }

    /// The levels of the last month, m above datum, NaN if missing, of each aquifer layer whose change the network sees.
    pub fn last_levels(&self) -> &[f32] {
        let layers = self.changes.inputs.len();
        self.changes.last_m.get(..layers).unwrap_or_default()
    }

    /// Sets the levels of the last month; layers without one had none.
    pub(crate) fn set_last_levels(&mut self, level_m: impl Iterator<Item = f32>) {
        self.changes.last_m = [f32::NAN; MAX_CHANGED_LAYERS];
        for (place, level_m) in zip(&mut self.changes.last_m, level_m) {
            *place = level_m;
        }
    }

    /// Forgets the levels of the last month, so that the next one has no change.
    pub(crate) fn forget_levels(&mut self) {
        self.set_last_levels(core::iter::empty());
    }

    /// Sets the state to zero.
    pub(crate) fn reset(&mut self) {
        self.forget_levels();
        match &mut self.network {
            #[cfg(feature = "f32")]
            WeightsAndState::F32(_, state) => *state = State::zero(),
            #[cfg(feature = "q15")]
            WeightsAndState::Q15(_, state) => *state = State::zero(),
        }
    }

    /// CRC-32 of `previous`, of a month's output (increment, attention of each input) and of the state after it (h and C of each unit).
    /// Chained from 0 over a series, equal digests mean equal bits in every month.
    pub fn digest(&self, previous: u32, output: &Output) -> u32 {
        let mut digest = CRC32.digest();
        digest.update(&previous.to_le_bytes());
        digest.update(&output.increment_mm.to_bits().to_le_bytes());
        for (share, _) in zip(output.attention, self.inputs) {
            digest.update(&share.to_bits().to_le_bytes());
        }
        for (hidden, cell) in self.state_bits() {
            digest.update(&hidden.to_le_bytes());
            digest.update(&cell.to_le_bytes());
        }
        digest.finalize()
    }
}

/// Standardises the levels and their changes and steps. Returns y and the shares.
fn step<A: Arithmetic, const BLOCKS: usize>(
    inputs: &[[f32; 4]],
    changes: &mut Changes,
    weights: &Weights<'_, A>,
    state: &mut State<A, BLOCKS>,
    level_m: &[Option<f32>],
) -> (f32, [f32; MAX_INPUTS]) {
    let mut month = Inputs::<A>::missing();
    let places = zip(&mut month.value, &mut month.present);
    for ((value, present), (input, level_m)) in zip(places, zip(inputs, level_m)) {
        if let Some(level_m) = level_m.filter(|level_m| level_m.is_finite()) {
            let standardised = Input::from_numbers(*input).scaler.standardise(level_m);
            *value = A::input(&weights.scales, standardised);
            *present = true;
        }
    }
    if !changes.inputs.is_empty() {
        changes.put(&weights.scales, inputs.len(), level_m, &mut month);
    }
    let (y, beta) = weights.step(state, &month);
    let mut attention = [0.0; MAX_INPUTS];
    for (share, beta) in zip(&mut attention, &beta) {
        *share = A::share(*beta);
    }
    if !changes.inputs.is_empty() {
        add_shares_of_changes(inputs.len(), &mut attention);
    }
    (y, attention)
}
