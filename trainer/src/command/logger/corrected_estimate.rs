//! `amlstm logger estimate --corrected`: what the active model says of the last closed month without the drift of the sensors.

use amlstm::logger::Client;
use amlstm_core::drift::{Correction, MAX_READINGS};
use amlstm_core::link::{CorrectedEstimate, CorrectedLevel};

use super::estimate::{known, show};
use super::json;
use super::layers::{LayersOf, of_channels};
use crate::command::output::Output;

/// `logger estimate --corrected`.
pub fn run(client: &mut Client, as_json: bool, output: &mut Output) -> anyhow::Result<()> {
    let CorrectedEstimate { estimate, levels } = known(client.corrected_estimate(None))?;
    let layers = LayersOf::active(client)?;
    let channels = of_channels(client)?;
    if as_json {
        let estimate = json::estimate(&estimate, None, &layers);
        return output.json(&json::corrected(estimate, &channels, &levels));
    }
    writeln!(
        output,
        "CORRECTED by the tape readings; what is kept on the logger stays as it is"
    )?;
    let longest = channels.iter().map(|layer| layer.chars().count()).max();
    let width = longest.unwrap_or(0) + 1;
    for (layer, level) in channels.iter().zip(&levels) {
        let layer = format!("{layer}:");
        writeln!(output, "  {layer:width$} {}", words(*level))?;
    }
    show(&estimate, None, &layers, output)
}

/// What was done about the drift in a channel's month.
fn words(level: CorrectedLevel) -> String {
    match (level.correction, level.mean_m) {
        (Correction::Added(added_m), Some(mean_m)) => {
            format!("{mean_m:>8.3} m, {added_m:+.3} m of it by the tape")
        }
        (Correction::NoTape, _) => {
            format!("as it was closed: no tape reading tells of it, or more than {MAX_READINGS}")
        }
        (Correction::SamplesGone, _) => {
            "as it was closed: its samples are no longer all on the logger".to_owned()
        }
        (Correction::None | Correction::Added(_), _) => "no level".to_owned(),
    }
}
