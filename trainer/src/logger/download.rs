//! What the logger kept, read over the line.

use amlstm_core::link::{
    ChannelConfig, ConfigItem, ConfigKey, EstimateRecord, Event, MonthRecord, Sample, Status,
};

use super::client::Client;
use super::error::LoggerError;

/// Most samples or events that a logger can hold: some fifteen times what fits its largest flash. What claims more is no logger.
const MOST_RECORDS: u32 = 1_000_000;

/// Which of the logger's records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// Every kept sample.
    Samples,
    /// Every closed month with its estimate.
    Months,
}

/// Everything that one table needs.
#[derive(Debug, Clone)]
pub struct Download {
    /// Station, datum, state.
    pub status: Status,
    /// Firmware version of the logger.
    pub firmware: [u8; 3],
    /// Serial number of the logger.
    pub serial: u32,
    /// The water channels, in channel order.
    pub channels: Vec<ChannelConfig>,
    /// Kept samples, oldest first; empty unless asked for.
    pub samples: Vec<Sample>,
    /// Closed months, oldest first, each with its estimate; empty unless asked for.
    pub months: Vec<(MonthRecord, Option<EstimateRecord>)>,
}

impl Download {
    /// How many records arrived.
    pub fn records(&self) -> usize {
        self.samples.len() + self.months.len()
    }

    /// How many records of a table the logger counts and did not give: its flash cannot be read there, or it made room for newer ones meanwhile.
    pub fn untold(&self, table: Table) -> u64 {
        let Status {
            first_sample,
            next_sample,
            months,
            ..
        } = self.status;
        let counted = match table {
            Table::Samples => next_sample.saturating_sub(first_sample),
            Table::Months => months.into(),
        };
        u64::from(counted).saturating_sub(self.records() as u64)
    }
}

/// Reads one table from the logger; `progress` gets how many of how many records arrived.
///
/// # Errors
///
/// Line and refusals.
pub fn download(
    client: &mut Client,
    table: Table,
    mut progress: impl FnMut(u64, u64),
) -> Result<Download, LoggerError> {
    let status = client.status()?;
    let mut channels = Vec::new();
    for index in 0..status.channels {
        if let Some(ConfigItem::Channel {
            channel: Some(channel),
            ..
        }) = client.config(ConfigKey::Channel(index))?
        {
            channels.push(channel);
        }
    }
    let mut download = Download {
        firmware: client.hello.fw,
        serial: client.hello.serial,
        channels,
        samples: Vec::new(),
        months: Vec::new(),
        status,
    };
    match table {
        Table::Samples => {
            let (mut next, end) = (download.status.first_sample, download.status.next_sample);
            let total = count("number of samples", next, end)?;
            while next < end {
                let page = client.samples(next)?;
                if page.is_empty() {
                    break;
                }
                for sample in page {
                    next = after("sample", sample.number, next)?;
                    download.samples.push(sample);
                }
                progress(download.samples.len() as u64, total);
            }
        }
        Table::Months => {
            let total = download.status.months;
            for position in 0..total {
                let Some(month) = client.month(position)? else {
                    break;
                };
                download.months.push(month);
                progress(u64::from(position) + 1, u64::from(total));
            }
        }
    }
    Ok(download)
}

/// Reads every kept event, oldest first; `progress` gets how many of how many arrived.
///
/// # Errors
///
/// Line and refusals.
pub fn events(
    client: &mut Client,
    mut progress: impl FnMut(u64, u64),
) -> Result<Vec<Event>, LoggerError> {
    let status = client.status()?;
    let (mut next, end) = (status.first_event, status.next_event);
    let total = count("number of events", next, end)?;
    let mut events = Vec::new();
    while next < end {
        let Some(event) = client.event(next)? else {
            break;
        };
        next = after("event", event.number, next)?;
        events.push(event);
        progress(events.len() as u64, total);
    }
    Ok(events)
}

/// How many records lie from `first` to before `end`.
fn count(what: &'static str, first: u32, end: u32) -> Result<u64, LoggerError> {
    match end.checked_sub(first) {
        Some(count) if count <= MOST_RECORDS => Ok(count.into()),
        claimed => Err(LoggerError::Implausible {
            what,
            found: claimed.unwrap_or(end),
            expected: format!("at most {MOST_RECORDS}"),
        }),
    }
}

/// The number after that of a record asked for with `asked`.
fn after(what: &'static str, found: u32, asked: u32) -> Result<u32, LoggerError> {
    match found.checked_add(1) {
        Some(next) if found >= asked => Ok(next),
        _ => Err(LoggerError::Implausible {
            what,
            found,
            expected: format!("{asked} or a later one"),
        }),
    }
}
