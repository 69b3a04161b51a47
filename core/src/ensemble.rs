//! The networks of a model with their states: levels in, the mean of their increments out.
//!
//! Networks that differ in their seed alone err differently, and the mean of their increments is closer to the ground than most of them. Sums are taken in the
//! order of the file and divided once, so the bits do not depend on the machine.

use core::iter::zip;

use heapless::Vec;

use crate::artifact::ModelFile;
use crate::sizes::{MAX_BLOCKS, MAX_FURTHER};
use crate::stateful_network::{Output, StatefulNetwork};

/// The networks of a model with their states.
///
/// It has room for `FURTHER` networks beside the first, each of `BLOCKS` blocks of eight hidden units.
#[derive(Clone, Debug)]
pub(crate) struct Ensemble<'a, const BLOCKS: usize = MAX_BLOCKS, const FURTHER: usize = MAX_FURTHER>
{
    pub(crate) first: StatefulNetwork<'a, BLOCKS>,
    pub(crate) further: Vec<StatefulNetwork<'a, BLOCKS>, FURTHER>,
}

impl<'a, const BLOCKS: usize, const FURTHER: usize> Ensemble<'a, BLOCKS, FURTHER> {
    /// The networks with states of zero. The caller has checked that there is room.
    pub(crate) fn cold(file: &ModelFile<'a>) -> Self {
        let mut ensemble = Self {
            first: StatefulNetwork::cold(file.model()),
            further: Vec::new(),
        };
        for member in file.members().skip(1) {
            let pushed = ensemble.further.push(StatefulNetwork::cold(&member.model));
            debug_assert!(pushed.is_ok(), "the room has been checked");
        }
        ensemble
    }

    /// Sets the states to those that the file starts from.
    pub(crate) fn start(&mut self, file: &ModelFile<'a>) {
        for (network, member) in zip(self.networks_mut(), file.members()) {
            let set = network.set_state_bits(member.start.state_bits());
            debug_assert_eq!(set, Ok(()), "the file has been checked");
            network.set_last_levels(member.start.level_m.iter().copied());
        }
    }

    /// All networks, in the order of the file.
    pub(crate) fn networks(&self) -> impl Iterator<Item = &StatefulNetwork<'a, BLOCKS>> {
        core::iter::once(&self.first).chain(&self.further)
    }

    /// All networks, in the order of the file.
    pub(crate) fn networks_mut(
        &mut self,
    ) -> impl Iterator<Item = &mut StatefulNetwork<'a, BLOCKS>> {
        core::iter::once(&mut self.first).chain(&mut self.further)
    }

    /// Whether the networks have an attention.
    pub(crate) fn has_attention(&self) -> bool {
        self.first.has_attention()
    }

    /// One month of all networks with the levels (m above datum) of the aquifer layers: the means of their increments and of their shares.
    pub(crate) fn step(&mut self, level_m: &[Option<f32>]) -> Output {
        let mut mean = self.first.step(level_m);
        for network in &mut self.further {
            let output = network.step(level_m);
            mean.increment_mm += output.increment_mm;
            for (sum, share) in zip(&mut mean.attention, output.attention) {
                *sum += share;
            }
        }
        let count = (1 + self.further.len()) as f32;
        mean.increment_mm /= count;
        for share in &mut mean.attention {
            *share /= count;
        }
        mean
    }

    /// CRC-32 of `previous`, of a month's output and of the states after it, as [`StatefulNetwork::digest`] of network after network.
    pub(crate) fn digest(&self, previous: u32, output: &Output) -> u32 {
        self.networks()
            .fold(previous, |digest, network| network.digest(digest, output))
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests {
    use crate::artifact::{ArtifactError, ModelFile, start_from};
    use crate::estimate::Estimate;
    use crate::estimator::Estimator;
    use crate::example::{self, Aligned, PAPER};
    use crate::saved_state::{SavedState, StateError};
    use crate::sizes::{AttentionKind, Sizes};

    const SEEDS: [u64; 3] = [1, 2, 3];

    fn ensemble() -> Aligned {
        example::ensemble_file(PAPER, AttentionKind::PerLayer, &SEEDS, None)
    }

    /// The estimates of months from the start of a file.
    fn run(bytes: &Aligned, levels: &[Vec<Option<f32>>]) -> Vec<Estimate> {
        let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
        let step = |level_m: &Vec<_>| {
            let month = estimator.month().unwrap().next();
            estimator.step(month, level_m).unwrap()
        };
        levels.iter().map(step).collect()
    }

    #[test]
    fn an_estimate_is_the_mean_of_the_networks_to_the_bit() {
        let levels = example::levels(40, 3, 9);
        let alone = SEEDS.map(|seed| example::file(PAPER, AttentionKind::PerLayer, seed));
        let fixed = alone.each_ref().map(example::fixed);
        for (together, alone) in [(ensemble(), alone), (example::fixed(&ensemble()), fixed)] {
            let [first, second, third] = alone.map(|file| run(&file, &levels));
            let mut cumulative_mm = 120.5;
            for (month, estimate) in run(&together, &levels).iter().enumerate() {
                let [first, second, third] = [&first, &second, &third].map(|of| &of[month]);
                let mean_mm = (first.increment_mm + second.increment_mm + third.increment_mm) / 3.0;
                assert_eq!(estimate.increment_mm.to_bits(), mean_mm.to_bits());
                assert_ne!(first.increment_mm, mean_mm);
                cumulative_mm += mean_mm;
                assert_eq!(estimate.subsidence_mm, cumulative_mm);
                for layer in 0..3 {
                    let [first, second, third] =
                        [first, second, third].map(|of| of.attention[layer]);
                    assert_eq!(estimate.attention[layer], (first + second + third) / 3.0);
                }
            }
        }
    }

    #[test]
    fn networks_that_see_changes_are_averaged_saved_and_restored_as_others_are() {
        let sizes = Sizes { inputs: 6, ..PAPER };
        let kind = AttentionKind::PerLayer;
        let levels = example::levels(30, 3, 9);
        let mut bytes = example::change_ensemble_file(sizes, kind, &SEEDS);
        let alone = SEEDS.map(|seed| run(&example::change_file(sizes, kind, seed), &levels));
        let whole = run(&bytes, &levels);
        for (month, estimate) in whole.iter().enumerate() {
            let [first, second, third] = alone.each_ref().map(|of| of[month].increment_mm);
            assert_eq!(estimate.increment_mm, (first + second + third) / 3.0);
        }
        let saved = {
            let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
            for level_m in &levels[..20] {
                let saved = estimator.save();
                estimator.reset();
                estimator.restore(&saved).unwrap();
                let month = estimator.month().unwrap().next();
                estimator.step(month, level_m).unwrap();
            }
            estimator.save()
        };
        start_from(bytes.bytes_mut(), &saved).unwrap();
        assert_eq!(run(&bytes, &levels[20..]), whole[20..]);
    }

    #[test]
    fn the_states_of_all_networks_are_saved_restored_and_written_to_the_file() {
        let levels = example::levels(30, 3, 9);
        let mut bytes = ensemble();
        let whole = run(&bytes, &levels);
        let mut saved = {
            let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
            for (level_m, expected) in levels[..20].iter().zip(&whole) {
                let mut page = [0; 2048];
                let page = postcard::to_slice(&estimator.save(), &mut page).unwrap();
                let saved = postcard::from_bytes::<SavedState>(page).unwrap();
                estimator.reset();
                estimator.restore(&saved).unwrap();
                let month = estimator.month().unwrap().next();
                assert_eq!(&estimator.step(month, level_m).unwrap(), expected);
            }
            estimator.save()
        };
        start_from(bytes.bytes_mut(), &saved).unwrap();
        assert_eq!(run(&bytes, &levels[20..]), whole[20..]);
        let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
        saved.model_crc = ModelFile::parse(bytes.bytes()).unwrap().crc();
        assert_eq!(estimator.save(), saved);
        let mut wrong = saved.clone();
        wrong.further[1].hidden[4] = 1.1_f32.to_bits();
        assert_eq!(estimator.restore(&wrong), Err(StateError::Unit { unit: 4 }));
        wrong.further.pop();
        assert_eq!(
            estimator.restore(&wrong),
            Err(StateError::Networks {
                found: 2,
                expected: 3
            })
        );
        assert_eq!(estimator.save(), saved);
    }

    #[test]
    fn a_digest_tells_a_change_of_any_network() {
        let levels = example::levels(1, 3, 9);
        let digest = |seeds| {
            let bytes = example::ensemble_file(PAPER, AttentionKind::Shared, seeds, None);
            let mut estimator: Estimator = Estimator::load(bytes.bytes()).unwrap();
            let month = estimator.month().unwrap().next();
            let mut estimate = estimator.step(month, &levels[0]).unwrap();
            // So that the states alone differ.
            estimate.network.increment_mm = 1.0;
            estimate.network.cumulative_mm = 1.0;
            estimate.attention.clear();
            estimator.digest(0, &estimate)
        };
        let digests = [&[1, 2, 3][..], &[1, 2, 4], &[1, 4, 3], &[4, 2, 3], &[1, 2]].map(digest);
        for (index, digest) in digests.iter().enumerate() {
            assert!(!digests[..index].contains(digest), "{digests:08x?}");
        }
    }

    #[test]
    fn a_device_without_room_for_further_networks_refuses_them() {
        let refused = Estimator::<2, 1>::load(ensemble().bytes()).unwrap_err();
        assert_eq!(
            refused,
            ArtifactError::MemberCapacity {
                found: 3,
                capacity: 2
            }
        );
        assert!(Estimator::<2, 2>::load(ensemble().bytes()).is_ok());
    }
}
