//! Names of aquifer layers for what a logger says in numbers.

use amlstm::export::AlignedBytes;
use amlstm::logger::{Client, Station};
use amlstm_core::artifact::ModelFile;
use anyhow::Context;

/// Names of the aquifer layers in channel order.
pub fn of_channels(client: &mut Client) -> anyhow::Result<Vec<String>> {
    let station = Station::receive(client)?;
    Ok(station
        .channel
        .into_iter()
        .map(|channel| channel.aquifer_layer)
        .collect())
}

/// Aquifer layers of a logger's active model, for the estimates that it made.
pub struct LayersOf {
    pub well: String,
    pub synthetic: bool,
    generation: Option<u32>,
    pub names: Vec<String>,
}

impl LayersOf {
    /// Reads the active model.
    pub fn active(client: &mut Client) -> anyhow::Result<Self> {
        let Some(active) = client.models()?.active else {
            return Ok(Self {
                well: String::new(),
                synthetic: false,
                generation: None,
                names: Vec::new(),
            });
        };
        let bytes = AlignedBytes::new(&amlstm::logger::pull(client, |_, _| {})?);
        let file = ModelFile::parse(&bytes).context("model on the logger")?;
        let record = file.record();
        Ok(Self {
            well: record.well.to_string(),
            synthetic: record.synthetic,
            generation: Some(active.generation),
            names: record
                .aquifer_layers
                .iter()
                .map(ToString::to_string)
                .collect(),
        })
    }

    /// Name of an input of the model that estimated as `generation`; `None` if that was another one.
    pub fn name(&self, generation: u32, input: usize) -> Option<&str> {
        if self.generation != Some(generation) {
            return None;
        }
        self.names.get(input).map(String::as_str)
    }
}
