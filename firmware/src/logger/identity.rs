//! Which sensor hangs at a channel, kept on flash.

use amlstm_core::link::{EventKind, Fault};
use serde::{Deserialize, Serialize};

use super::Logger;
use crate::board::{Clock, MappedFlash};
use crate::sense::identity::Identity;
use crate::store::{Key, StoreError};

/// The sensor that was at a channel when somebody last agreed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct KnownSensor {
    /// Its SDI-12 address; 0 when the next sensor to answer is the right one.
    address: u8,
    identity: Identity,
}

impl<F: MappedFlash> Logger<F> {
    /// True if another sensor answers at a channel than the one that was there before; the first one is remembered. Logged unless
    /// `known_swapped`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_swapped(
        &mut self,
        clock: &impl Clock,
        channel: u8,
        address: u8,
        identity: &Identity,
        known_swapped: bool,
    ) -> Result<bool, StoreError> {
        let key = key_of(channel);
        let known: Option<KnownSensor> = self.store.get(key).await?;
        match known.filter(|known| known.address == address) {
            Some(known) if known.identity == *identity => Ok(false),
            Some(_) => {
                if !known_swapped {
                    // An event's text is longer than any identity.
                    let found = heapless::String::try_from(identity.as_str()).unwrap_or_default();
                    let swapped = EventKind::SensorSwapped { channel, found };
                    self.note_aside(clock, swapped).await;
                }
                Ok(true)
            }
            None => {
                let known = KnownSensor {
                    address,
                    identity: identity.clone(),
                };
                self.store.put(key, &known).await?;
                Ok(false)
            }
        }
    }

    /// Somebody agreed to the sensor that is at a channel now: the next one to answer is remembered.
    ///
    /// # Errors
    /// [`Fault::Storage`].
    pub async fn accept_sensor(&mut self, channel: u8) -> Result<(), Fault> {
        let key = key_of(channel);
        let known: Option<KnownSensor> = self.store.get(key).await?;
        if known.is_some() {
            let any = KnownSensor {
                address: 0,
                identity: Identity::new(),
            };
            self.store.put(key, &any).await?;
        }
        Ok(())
    }
}

fn key_of(channel: u8) -> u8 {
    (Key::SensorIdentity as u8).saturating_add(channel)
}
