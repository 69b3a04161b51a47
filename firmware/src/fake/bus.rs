//! A sensor bus with prepared answers.

use std::vec::Vec;

use crate::board::{LoopCurrent, SensorBus};

/// The answer to a command.
#[derive(Clone, Copy, Debug)]
pub enum Answer {
    Line(&'static [u8]),
    Silence,
}

/// Answers each command by its first entry; unknown ones with silence.
#[derive(Clone, Debug)]
pub struct FakeBus {
    answers: Vec<(Vec<u8>, Answer)>,
    /// Number of exchanges so far.
    pub asked: usize,
    /// Currents of the loop inputs.
    pub currents_ma: [Option<f32>; 2],
    /// How long sensors were woken before commands.
    pub wakings_ms: Vec<u8>,
    /// What the supply was switched to.
    pub supplied: Vec<bool>,
    /// Somebody was asked since the bus rested last.
    pub awake: bool,
    /// How long answers that did not come were waited for.
    pub waited_ms: u32,
}

impl FakeBus {
    pub fn new(answers: &[(&str, Answer)]) -> Self {
        let answers = answers
            .iter()
            .map(|(command, answer)| (command.as_bytes().to_vec(), *answer))
            .collect();
        Self {
            answers,
            asked: 0,
            currents_ma: [None; 2],
            wakings_ms: Vec::new(),
            supplied: Vec::new(),
            awake: false,
            waited_ms: 0,
        }
    }
}

impl SensorBus for FakeBus {
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        self.asked += 1;
        self.awake = true;
        let mut known = self.answers.iter();
        match known.find(|(known, _)| known == command) {
            Some((_, Answer::Line(line))) => {
                reply[..line.len()].copy_from_slice(line);
                Some(line.len())
            }
            Some((_, Answer::Silence)) | None => {
                self.waited_ms += timeout_ms;
                None
            }
        }
    }

    async fn wake(&mut self, marking_ms: u8) {
        self.wakings_ms.push(marking_ms);
    }

    async fn rest(&mut self) {
        self.awake = false;
    }

    async fn supply(&mut self, on: bool) {
        self.supplied.push(on);
    }

    async fn loop_current(&mut self, input: u8) -> Option<LoopCurrent> {
        let ma = self.currents_ma[usize::from(input)]?;
        Some(LoopCurrent { ma, noise_ma: 0.0 })
    }
}
