//! What a row of a run's tables is about: one of the networks, or a baseline.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{baseline::Baseline, config::NetworkKind};

/// A model that a run scores; in the tables it stands under its name, such as `am-lstm` or `physics-nnls`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a model such as am-lstm, lstm or physics-nnls"
)]
pub enum ModelKind {
    /// A trained network, which has a model file.
    Network(NetworkKind),
    /// What it is compared with.
    Baseline(Baseline),
}

impl ModelKind {
    /// The attention-LSTM.
    pub const AM_LSTM: Self = Self::Network(NetworkKind::AmLstm);
    /// The plain LSTM.
    pub const LSTM: Self = Self::Network(NetworkKind::Lstm);
    /// What no model can beat whose inputs are the same for all points.
    pub const FLOOR: Self = Self::Baseline(Baseline::Floor);

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Network(network) => network.title(),
            Self::Baseline(baseline) => baseline.title(),
        }
    }
}

/// The name in files.
impl fmt::Display for ModelKind {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        self.serialize(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_table_is_read_back() {
        let networks = [ModelKind::AM_LSTM, ModelKind::LSTM].into_iter();
        for model in networks.chain(Baseline::ALL.map(ModelKind::Baseline)) {
            let mut writer = csv::WriterBuilder::new()
                .has_headers(false)
                .from_writer(Vec::new());
            writer.serialize(model).unwrap();
            let text = writer.into_inner().unwrap();
            assert_eq!(text, format!("{model}\n").as_bytes());
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .from_reader(&text[..]);
            let read: Vec<ModelKind> = reader.deserialize().collect::<Result<_, _>>().unwrap();
            assert_eq!(read, [model]);
        }
        assert_eq!(ModelKind::AM_LSTM.to_string(), "am-lstm");
        assert_eq!(
            ModelKind::Baseline(Baseline::Physics).to_string(),
            "physics-nnls"
        );
    }
}
