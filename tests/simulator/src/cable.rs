//! The sensors' cable behind the transceiver: transducers that a break wakes and that answer in the time SDI-12 gives them.

use std::collections::BTreeMap;

use crate::chip::{Chip, Edge, HZ, Sent, Uart};
use crate::sdi12_bus::{Behaviour, answer};

/// Drive enable of the transceiver, P1.03: without it nothing reaches the cable, with it no answer comes through.
const DRIVES: u32 = 1 << 3;
/// Pulls the cable to spacing, P1.04.
const BREAKS: u32 = 1 << 4;

// SDI-12 1.4, section 7.0, in cycles.
/// Shortest break that a sensor must see.
const BREAK: u64 = (0.012 * HZ) as u64;
/// Shortest marking between break and command.
const MARKING: u64 = (0.008_33 * HZ) as u64;
/// Ten bits at 1,200 baud.
const CHARACTER: u64 = (10.0 / 1200.0 * HZ) as u64;
/// An answer begins 8.33 to 15 ms after the command's end.
const ANSWER: u64 = (0.008_9 * HZ) as u64;

/// The transducers and what is on its way to and from them.
#[derive(Default)]
pub struct Cable {
    /// The transducers by their address.
    pub transducers: BTreeMap<u8, Behaviour>,
    drives: bool,
    /// Since when a break lasts.
    breaks_since: Option<u64>,
    /// The end of a break that woke the transducers.
    woken_at: Option<u64>,
    command: Vec<u8>,
    /// An answer and the cycle at which it begins.
    due: Option<(u64, Vec<u8>)>,
}

impl Cable {
    /// Takes what the chip has done at its pins and sent, and answers whole commands.
    pub fn take(&mut self, edges: Vec<Edge>, sent: Vec<Sent>) {
        let mut edges = edges.into_iter().peekable();
        for (end, byte) in sent {
            let begin = end.saturating_sub(CHARACTER);
            while let Some((cycle, port_1)) = edges.next_if(|edge| edge.0 <= begin) {
                self.edge(cycle, port_1);
            }
            self.character(begin, end, byte);
        }
        for (cycle, port_1) in edges {
            self.edge(cycle, port_1);
        }
    }

    fn edge(&mut self, cycle: u64, port_1: u32) {
        self.drives = port_1 & DRIVES != 0;
        let breaks = self.drives && port_1 & BREAKS != 0;
        if breaks {
            self.breaks_since.get_or_insert(cycle);
        } else if let Some(since) = self.breaks_since.take() {
            self.command.clear();
            self.woken_at = (cycle - since >= BREAK).then_some(cycle);
        }
    }

    fn character(&mut self, begin: u64, end: u64, byte: u8) {
        let woken = !self.command.is_empty()
            || self
                .woken_at
                .take()
                .is_some_and(|since| begin.saturating_sub(since) >= MARKING);
        let even_parity = byte.count_ones() % 2 == 0;
        if !(woken && even_parity && self.drives) {
            self.command.clear();
            return;
        }
        let byte = byte & 0x7F;
        if byte != b'!' {
            self.command.push(byte);
            return;
        }
        let command = std::mem::take(&mut self.command);
        let text = answer(&command, &self.transducers);
        if !text.is_empty() {
            let text = text.into_iter().map(with_even_parity).collect();
            self.due = Some((end + ANSWER, text));
        }
    }

    /// The cycle of the next answer.
    pub fn next_cycle(&self) -> Option<u64> {
        self.due.as_ref().map(|(cycle, _)| *cycle)
    }

    /// Sends the answer that is due, if the transceiver lets it through.
    pub fn answer(&mut self, chip: &mut Chip) {
        let due = self.due.take_if(|(cycle, _)| *cycle <= chip.cycles());
        if let Some((_, text)) = due.filter(|_| !self.drives) {
            chip.send(Uart::Cable, &text);
        }
    }

    /// A reset of the chip ends what was under way.
    pub fn forget(&mut self) {
        self.drives = false;
        self.breaks_since = None;
        self.woken_at = None;
        self.command.clear();
        self.due = None;
    }
}

fn with_even_parity(byte: u8) -> u8 {
    byte | ((byte.count_ones() as u8 & 1) << 7)
}
