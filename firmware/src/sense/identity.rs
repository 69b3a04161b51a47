//! Identity of an SDI-12 sensor: the command `aI!` and its answer (SDI-12 1.4, section 4.4.2).

use amlstm_core::link::{Quality, Sdi12Reading};
use heapless::String;

use super::sdi12::{ANSWER_MS, MAX_ANSWER, ask};
use crate::board::SensorBus;

/// Characters of every identity: SDI-12 version 2, maker 8, model 6, version 3.
const LEAST: usize = 19;
/// With the maker's optional field, such as a serial number: at most 13 characters.
const MOST: usize = LEAST + 13;

/// A sensor's identity, without its address.
pub type Identity = String<MOST>;

/// Requests a sensor's identity.
///
/// # Errors
/// [`Quality::TIMEOUT`], [`Quality::GARBLED`].
pub async fn identify(bus: &mut impl SensorBus, sensor: Sdi12Reading) -> Result<Identity, Quality> {
    let address = sensor.value.address;
    let mut answer = [0; MAX_ANSWER];
    let line = ask(
        bus,
        sensor.wake_ms,
        &[address, b'I', b'!'],
        &mut answer,
        ANSWER_MS,
    )
    .await?;
    let said = line
        .strip_prefix(&[address])
        .and_then(|said| core::str::from_utf8(said).ok())
        .filter(|said| said.len() >= LEAST && said.bytes().all(|byte| matches!(byte, b' '..=b'~')))
        .ok_or(Quality::GARBLED)?;
    Identity::try_from(said).map_err(|_| Quality::GARBLED)
}

#[cfg(test)]
mod tests {
    use amlstm_core::link::Sdi12Value;
    use embassy_futures::block_on;

    use super::*;
    use crate::fake::{Answer, FakeBus};

    fn asked(answer: Answer) -> Result<Identity, Quality> {
        let value = Sdi12Value {
            address: b'3',
            value: 0,
            crc: true,
        };
        let mut bus = FakeBus::new(&[("3I!", answer)]);
        block_on(identify(&mut bus, value.into()))
    }

    #[test]
    fn a_sensor_says_who_it_is() {
        let answer = Answer::Line(b"314KELLERAG36XIW 101SN12345\r\n");
        assert_eq!(asked(answer).unwrap(), "14KELLERAG36XIW 101SN12345");
    }

    #[test]
    fn what_is_no_identity_is_none() {
        for line in [
            &b"3\r\n"[..],
            b"414KELLERAG36XIW 101\r\n",
            b"314KELLER\r\n",
            b"314KELLER\x07G36XIW 101\r\n",
        ] {
            assert_eq!(asked(Answer::Line(line)), Err(Quality::GARBLED), "{line:?}");
        }
        assert_eq!(asked(Answer::Silence), Err(Quality::TIMEOUT));
    }
}
