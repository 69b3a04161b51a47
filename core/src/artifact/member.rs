//! One network of a model file.

use core::iter::zip;

use super::{ArtifactError, GOLDEN_MONTHS, Golden, Start, check};
use crate::model::Model;
use crate::sizes::BLOCK;
use crate::stateful_network::StatefulNetwork;

/// One network of a model file: its numbers, the state that it starts from, and its golden months.
#[derive(Clone, Copy, Debug)]
pub struct Member<'a> {
    /// The numbers to compute with.
    pub model: Model<'a>,
    /// The state that it starts from; month and subsidence are the same in all networks of a file.
    pub start: Start<'a>,
    /// The golden months; their levels are the same in all networks of a file.
    pub golden: Golden<'a>,
}

impl Member<'_> {
    /// Checks what a further network has in common with the first; `network` counts from 1.
    pub(super) fn check_against(&self, first: &Self, network: usize) -> Result<(), ArtifactError> {
        let same_levels = zip(self.golden.level_m, first.golden.level_m)
            .all(|(level_m, first_m)| level_m.to_bits() == first_m.to_bits());
        let differs = [
            (self.model.target != first.model.target, "target"),
            (self.start.month != first.start.month, "start month"),
            (
                self.start.subsidence_mm.to_bits() != first.start.subsidence_mm.to_bits(),
                "subsidence at the start",
            ),
            (!same_levels, "golden levels"),
        ];
        match differs.into_iter().find(|(differs, _)| *differs) {
            Some((_, number)) => Err(ArtifactError::MemberNumber { network, number }),
            None => Ok(()),
        }
    }

    /// Steps through the golden months: their increments and their digest.
    pub(super) fn golden_months<const BLOCKS: usize>(
        &self,
        network: &mut StatefulNetwork<BLOCKS>,
    ) -> ([f32; GOLDEN_MONTHS], u32) {
        let (mut month, mut digest) = (0, 0);
        let increment_mm = [(); GOLDEN_MONTHS].map(|()| {
            let output = network.step(&self.golden.levels(&self.model, month));
            month += 1;
            digest = network.digest(digest, &output);
            output.increment_mm
        });
        (increment_mm, digest)
    }

    /// Checks that the network needs no more than `BLOCKS` blocks of hidden units, and what only running it can show: its golden months and its start state. Not
    /// inlined, so that the network leaves the stack again.
    #[inline(never)]
    pub(super) fn check_by_running<const BLOCKS: usize>(&self) -> Result<(), ArtifactError> {
        let hidden = self.start.hidden.len();
        if hidden > BLOCKS * BLOCK {
            return Err(ArtifactError::Capacity {
                found: hidden as u8,
                capacity: BLOCKS * BLOCK,
            });
        }
        let mut network = StatefulNetwork::<BLOCKS>::cold(&self.model);
        let (increment_mm, digest) = self.golden_months(&mut network);
        check::check_increments(&increment_mm, self.golden.increment_mm)?;
        if digest != self.golden.digest {
            return Err(ArtifactError::GoldenDigest {
                found: digest,
                expected: self.golden.digest,
            });
        }
        network
            .set_state_bits(self.start.state_bits())
            .map_err(|unit| ArtifactError::StartState { unit })
    }
}
