//! The model file.
//!
//! All numbers are little-endian. Every part begins at a multiple of 4 bytes, and so must the file in memory, because weights are used in place.
//!
//! | part | content |
//! |---|---|
//! | head | `AMLM` · format `u16` · zero `u16` · length of the file `u32` |
//! | sections | any number, in any order: tag (4 letters) · length of the content `u32` · content · zeros up to a multiple of 4 |
//! | check | `u32` CRC-32 (IEEE) of all bytes before it |
//!
//! # Sections
//!
//! Later versions add sections with new tags; the format number stays. A reader skips an unknown tag that begins with a lower-case letter and refuses
//! one that begins with a capital, because without it the estimates would differ (as in PNG). A known tag other than `MEMB` appears only once.
//!
//! | tag | content |
//! |---|---|
//! | `RECD` | [`Record`] in postcard |
//! | `INPT` | for each aquifer layer four `f32`: offset and scale of its level, lowest and highest level trained on, m above datum |
//! | `CHNG` | of a network that sees monthly changes beside the levels: for each layer four `f32`: offset and scale of its change, lowest and highest change trained on, m; then for each its level in the start's month, m above datum, NaN where missing; absent where it sees levels only |
//! | `NETW` | the network's numbers, see below; of the first network in a model of several |
//! | `MEMB` | the numbers of a further network, in the form of `NETW`, with the same sizes, target, start month, subsidence and golden levels; at most [`MAX_FURTHER`] such sections. The network's estimate is then the mean of all networks |
//! | `MNTH` | `i16` minutes by which the site's time is ahead of UTC · `u8` bit k set if a month of input k counts only with most of its days · zero; without this section any day is enough, in UTC |
//! | `PHYS` | the physics' numbers, see below; absent in a model without physics |
//! | `FILL` | what stands in for levels that were not measured, for physics ([`Bridges`](crate::bridge::Bridges)): for each layer 12 `f32`, its level in each calendar month while the others stand at 0, m above datum · for each layer a `f32` for each layer, m per m, 0 throughout where its level is held; absent where all are held |
//! | `cumu` | `i32` [month](crate::month::Month::index) until which the ground was observed · `f32` half widths of the change over each of [`HORIZON_MONTHS`](crate::cumulative_interval::HORIZON_MONTHS) by the network, then by physics, mm; NaN if unknown |
//! | `fitc` | how the model was fitted and judged, for people: JSON of the program that made the file; no estimate depends on it |
//!
//! # The network's numbers
//!
//! | part | content |
//! |---|---|
//! | target | two `f32`: offset and scale of a month's increment, mm |
//! | start | `i32` [month](crate::month::Month::index) of the state · `f32` cumulative subsidence then, mm · bits of h `[hidden]` · bits of C `[hidden]`, 4 bytes each |
//! | golden | `f32` level of each layer · `f32` increments of [`GOLDEN_MONTHS`] months of these levels from the zero state, which with `CHNG` fall by the scale of their change per month · `u32` [`digest`](StatefulNetwork::digest) of these months |
//! | weights | three `i32` [scales](crate::arithmetic::Scales) (q15 only) · `W [attention, 2 hidden]`, columns h then C · `U [attention, c]` · `B [attention, c]` · `V [attention, c]` · gates `[4 hidden, hidden + inputs]`, columns h then e · gate biases `[4 hidden]` · `w_o [hidden]` · `b_o` · with `CHNG` the skip `s [inputs]` |
//!
//! Inputs are the levels of the layers, or, with `CHNG`, their levels and then their monthly changes, standardised like levels; a change is missing where the level of this month
//! or of the one before is, and after a gap of months.
//!
//! `c` is the columns of the attention: one, or one for each input. W, U, B, V are absent in a plain LSTM. In [`ArithmeticKind::F32`] weights and biases are
//! `f32`; in [`ArithmeticKind::Q15`] weights are `i16` and biases pairs of `i32`, bias and shift ([`Q15`](crate::arithmetic::Q15)'s bias).
//!
//! Matrices are stored in the order in which a step reads them: in blocks of 8 rows, each block column by column. The gates' rows are 8 of f, i,
//! candidate and o each, then the next 8 of each. Rows are padded to a multiple of 8 in each gate and in the attention, columns of h and C to a
//! multiple of 8, those of e to a multiple of 4. Padding is zero, with a shift of 1 in biases of q15.
//!
//! # The physics' numbers
//!
//! `u32` primary, 0 the network and 1 the physics · `i32` months since all layers were measured, -1 before · `f32` cumulative subsidence then, mm ·
//! `f32` half width of the interval, mm · `f32` weights of the [decays](crate::basis::DECAY_MONTHS), mm per month · `f32` weights of each layer's
//! [columns](crate::basis::COLUMNS), mm per m · for each layer `u32` 1 if it has begun, `f32` reference, level and lowest level in m and the same two
//! of each cell of its beds ([`LayerBeds`](crate::basis::LayerBeds)) · golden `f32` increments of [`GOLDEN_MONTHS`] months from rest under the golden
//! levels, which fall by 1 m per month.
//!
//! [`ModelFile::parse`] checks the whole file, including the golden months; afterwards it is trusted. A file with another format number is refused.

use heapless::Vec;

use crate::cumulative_interval::CumulativeIntervals;
use crate::estimate::Primary;
use crate::model::Model;
use crate::month_mean::MonthDefinition;
use crate::sizes::{MAX_BLOCKS, MAX_FURTHER};

mod check;
#[cfg(feature = "encode")]
mod encode;
mod encoding;
mod error;
mod golden;
mod member;
mod numbers;
mod physics;
mod record;
mod section;
mod start;
#[cfg(feature = "encode")]
mod writer;

#[cfg(feature = "encode")]
pub(crate) use encode::weight_bytes;
#[cfg(feature = "encode")]
pub use encode::{Content, FurtherContent, encode, start_from};
pub use error::ArtifactError;
pub use golden::Golden;
pub use member::Member;
pub use physics::Physics;
pub use record::{Record, Scores};
pub use section::Tag;
pub use start::Start;

use section::Sections;

#[cfg(doc)]
use crate::arithmetic::ArithmeticKind;

#[cfg(target_endian = "big")]
compile_error!("weights are used where they lie, which needs a little-endian machine");

/// The first bytes of every model file.
pub const MAGIC: [u8; 4] = *b"AMLM";

/// The format that this crate writes, and the only one that it reads.
pub const FORMAT: u16 = 3;

/// Months to check the golden increments: the first starts from a zero state, so a second one is needed to exercise the recurrent weights; the third
/// is margin.
pub const GOLDEN_MONTHS: usize = 3;

/// Bytes of the head: magic, format, zero, length of the file.
pub const HEAD_BYTES: usize = 12;

/// Bytes of the CRC-32 at the end.
const CHECK_BYTES: usize = 4;

/// The longest name of a well or an aquifer layer in bytes; the logger's messages have room for this.
pub const MAX_NAME_BYTES: usize = 48;

/// The longest model file: the size of a slot on the logger. The largest network takes half of it; the rest is for future sections.
pub const MAX_FILE_BYTES: usize = 65_536;

/// The largest subsidence in mm, down or up, and the largest offset and scale of a month's increment: 1 km. No ground moves that far, and with
/// weights within [`WEIGHT_LIMIT`](crate::arithmetic::WEIGHT_LIMIT) the sum of 10,000 months stays far below the largest float.
pub const SUBSIDENCE_LIMIT_MM: f32 = 1e6;

/// A model file that has been checked.
#[derive(Clone, Debug)]
pub struct ModelFile<'a> {
    record: Record<'a>,
    first: Member<'a>,
    /// The sections of inputs and changes, and those of further networks, which have been checked.
    shared: [&'a [u8]; 2],
    further: Vec<&'a [u8], MAX_FURTHER>,
    physics: Option<Physics<'a>>,
    months: MonthDefinition,
    fit: Option<&'a [u8]>,
    cumulative: Option<CumulativeIntervals<'a>>,
    crc: u32,
}

impl<'a> ModelFile<'a> {
    /// Reads and checks a model file and computes its golden months.
    ///
    /// # Errors
    ///
    /// Each way in which a file can be wrong is its own [`ArtifactError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ArtifactError> {
        Self::parse_within::<MAX_BLOCKS>(bytes)
    }

    /// Reads and checks a model file whose networks fit into `BLOCKS` blocks of hidden units.
    pub(crate) fn parse_within<const BLOCKS: usize>(
        bytes: &'a [u8],
    ) -> Result<Self, ArtifactError> {
        Self::read(bytes, Member::check_by_running::<BLOCKS>)
    }

    /// The record: what the file says about its model.
    pub fn record(&self) -> &Record<'a> {
        &self.record
    }

    /// The numbers to compute with, of the first network where there are more.
    pub fn model(&self) -> &Model<'a> {
        &self.first.model
    }

    /// The state that an estimator starts from, h and C those of the first network.
    pub fn start(&self) -> &Start<'a> {
        &self.first.start
    }

    /// The golden months of the first network.
    pub fn golden(&self) -> &Golden<'a> {
        &self.first.golden
    }

    /// All networks, whose mean the model's increment is, in the order of the file.
    pub fn members(&self) -> impl Iterator<Item = Member<'a>> + use<'a, '_> {
        (0..self.member_count()).filter_map(|index| self.member(index))
    }

    /// The number of networks, 1 to [`MAX_MEMBERS`](crate::sizes::MAX_MEMBERS).
    pub fn member_count(&self) -> usize {
        1 + self.further.len()
    }

    /// A network by its place in the file. Further ones are read anew, so that a file takes little RAM; they could be read when it was checked.
    #[inline(never)]
    fn member(&self, index: usize) -> Option<Member<'a>> {
        match index.checked_sub(1) {
            None => Some(self.first),
            Some(index) => {
                let section = (Tag::MEMBER, *self.further.get(index)?);
                numbers::read(&self.record, self.shared, section).ok()
            }
        }
    }

    /// The physics; absent in a model without.
    pub fn physics(&self) -> Option<&Physics<'a>> {
        self.physics.as_ref()
    }

    /// Which estimate is to be trusted: the network's in a model without physics.
    pub fn primary(&self) -> Primary {
        self.physics()
            .map_or(Primary::Network, |physics| physics.primary)
    }

    /// How its monthly levels are formed.
    pub fn months(&self) -> MonthDefinition {
        self.months
    }

    /// How the model was fitted and judged: JSON of the program that made the file, unchecked.
    pub fn fit(&self) -> Option<&'a [u8]> {
        self.fit
    }

    /// The intervals of the cumulative subsidence; absent if validation gave none.
    pub fn cumulative_intervals(&self) -> Option<&CumulativeIntervals<'a>> {
        self.cumulative.as_ref()
    }

    /// CRC-32 of the file, to which a saved state is bound.
    pub fn crc(&self) -> u32 {
        self.crc
    }

    /// Reads and checks a model file. `run` checks of each network what needs steps.
    fn read(
        bytes: &'a [u8],
        run: impl Fn(&Member<'a>) -> Result<(), ArtifactError>,
    ) -> Result<Self, ArtifactError> {
        let (sections, crc) = section::open(bytes)?;
        let Sections {
            record,
            inputs,
            changes,
            network,
            further,
            physics,
            bridges,
            months,
            fit,
            cumulative,
        } = sections;
        let record = record::read(record)?;
        let shared = [inputs, changes];
        let first = numbers::read(&record, shared, (Tag::NETWORK, network))?;
        check::check_numbers(&record, &first)?;
        run(&first)?;
        for (network, section) in (2..).zip(&further) {
            let member = numbers::read(&record, shared, (Tag::MEMBER, section))?;
            member.check_against(&first, network)?;
            run(&member)?;
        }
        let physics = physics
            .map(|bytes| physics::read(bytes, first.golden.level_m))
            .transpose()?;
        let physics = match (physics, bridges) {
            (Some(physics), Some(bytes)) => Some(Physics {
                bridges: Some(physics::bridges(bytes, first.golden.level_m.len())?),
                ..physics
            }),
            (None, Some(_)) => return Err(ArtifactError::SectionMissing { tag: Tag::PHYSICS }),
            (physics, None) => physics,
        };
        let months = months.map_or(Ok(MonthDefinition::default()), |bytes| {
            let bytes: Option<[u8; 4]> = bytes.try_into().ok();
            bytes
                .and_then(MonthDefinition::from_bytes)
                .ok_or(ArtifactError::MonthDefinition)
        })?;
        let cumulative = cumulative.map(numbers::cumulative).transpose()?;
        Ok(Self {
            record,
            first,
            shared,
            further,
            physics,
            months,
            fit,
            cumulative,
            crc,
        })
    }
}

#[cfg(all(test, feature = "encode"))]
mod tests;
