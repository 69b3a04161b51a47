//! Series and models for comparing device and host, and the lines that both print.

use amlstm_core::estimator::Estimator;
use amlstm_core::month::Month;
use amlstm_measure::replay::{Head, Replay, Replayed, Start};

/// Monthly levels of a well, and where the estimator starts.
#[derive(Clone, Debug)]
pub struct Series {
    /// The first month.
    pub first: Month,
    /// Levels in m above datum, `[months][aquifer layers]`.
    pub level_m: Vec<Vec<Option<f32>>>,
    /// Where the estimator starts.
    pub start: Start,
}

/// Bytes at a multiple of 4, filled up with zeros to one.
pub fn aligned(bytes: &[u8]) -> Vec<u32> {
    bytemuck::pod_collect_to_vec(bytes)
}

/// A block for [`amlstm_measure::replay`], aligned as a model file must be.
#[derive(Clone, Debug)]
pub struct Block {
    words: Vec<u32>,
}

impl Block {
    /// Lays a model file and a series side by side.
    pub fn new(model: &[u8], series: &Series) -> Self {
        let levels = series.level_m.first().map_or(0, Vec::len);
        let head = Head {
            model_bytes: model.len().try_into().expect("a model file is small"),
            months: series.level_m.len().try_into().expect("a series is short"),
            levels: levels.try_into().expect("a well has few layers"),
            first: series.first,
            start: series.start,
        };
        let mut bytes = head.to_bytes().to_vec();
        bytes.extend(model);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        for row in &series.level_m {
            assert_eq!(row.len(), levels, "each month has as many levels");
            bytes.extend(
                row.iter()
                    .flat_map(|level| level.unwrap_or(f32::NAN).to_le_bytes()),
            );
        }
        Self {
            words: aligned(&bytes),
        }
    }

    /// The block's bytes, at a multiple of 4.
    pub fn bytes(&self) -> &[u8] {
        bytemuck::cast_slice(&self.words)
    }

    /// Bytes of its model file.
    pub fn model_bytes(&self) -> usize {
        Replay::parse(self.bytes())
            .expect("the block was made here")
            .model()
            .len()
    }

    /// Runs the block in this process and gives the bits of the cumulative subsidence after all months.
    pub fn subsidence_bits(&self) -> u32 {
        let mut bits = 0;
        Replay::parse(self.bytes())
            .and_then(|replay| replay.run(|month| bits = month.estimate.subsidence_mm.to_bits()))
            .expect("the block was made here");
        bits
    }

    /// Runs the block in this process and gives the lines that a device prints for it.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let digest = Replay::parse(self.bytes())
            .and_then(|replay| replay.run(|month| lines.push(line(&month))))
            .expect("the block was made here");
        lines.push(format!("digest {digest:08x}"));
        lines
    }
}

/// The line of a month, as `tests/measure/src/bin/estimate.rs` logs it.
fn line(month: &Replayed) -> String {
    let attention: Vec<u32> = month
        .estimate
        .attention
        .iter()
        .map(|share| share.to_bits())
        .collect();
    let (hidden, cell) = state(month.estimator);
    format!(
        "month {} increment {:08x} subsidence {:08x} attention {attention:08x?} hidden {hidden:08x?} cell {cell:08x?}",
        month.estimate.month.index(),
        month.estimate.increment_mm.to_bits(),
        month.estimate.subsidence_mm.to_bits(),
    )
}

fn state(estimator: &Estimator) -> (Vec<u32>, Vec<u32>) {
    estimator.state_bits().unzip()
}
