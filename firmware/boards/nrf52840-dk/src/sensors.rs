//! SDI-12 over a UART and a transceiver, 4-20 mA inputs over the converter.

use core::task::Poll;

use amlstm_firmware::board::{LoopCurrent, SensorBus};
use amlstm_firmware::sense::sdi12::AnswerLine;
use embassy_futures::poll_once;
use embassy_nrf::gpio::Output;
use embassy_nrf::peripherals::{TIMER2, UARTE1};
use embassy_sync::mutex::Mutex;
use embassy_time::{Duration, Timer, with_timeout};

use crate::OneThread;
use crate::converter::Converter;
use crate::wire::Wire;

/// The converter, which loop inputs and battery share.
pub type Analog = Mutex<OneThread, Converter>;

/// SDI-12 1.4: a break of at least 12 ms, then marking of at least 8.33 ms.
const BREAK: Duration = Duration::from_millis(13);
const MARKING: Duration = Duration::from_millis(9);
/// Time per character: 10 bits at 1200 baud. The drive stays on until the command is sent; an answer begins at the earliest 8.33 ms later.
const CHARACTER: Duration = Duration::from_micros(8_333);

/// The sensor bus.
pub struct Cable<'a> {
    wire: Wire<UARTE1, TIMER2>,
    drive: Output<'static>,
    line_break: Output<'static>,
    supply: Output<'static>,
    analog: &'a Analog,
}

impl<'a> Cable<'a> {
    pub fn new(
        wire: Wire<UARTE1, TIMER2>,
        drive: Output<'static>,
        line_break: Output<'static>,
        supply: Output<'static>,
        analog: &'a Analog,
    ) -> Self {
        Self {
            wire,
            drive,
            line_break,
            supply,
            analog,
        }
    }

    async fn send(&mut self, command: &[u8]) {
        let uart = self.wire.on();
        self.drive.set_high();
        self.line_break.set_high();
        Timer::after(BREAK).await;
        self.line_break.set_low();
        Timer::after(MARKING).await;
        for &byte in command {
            let byte = with_even_parity(byte);
            let _ = uart.write(&[byte]).await;
            Timer::after(CHARACTER).await;
        }
        let _ = uart.flush().await;
        self.drive.set_low();
        // Bytes received until now are the command's echo, or the late end of another answer.
        while let Poll::Ready(Ok(1..)) = poll_once(uart.read(&mut [0; 16])) {}
    }

    /// Receives until the line ends or nothing more can be read.
    async fn receive(&mut self, line: &mut AnswerLine<'_>) {
        let mut byte = [0];
        let uart = self.wire.on();
        while let Ok(1) = uart.read(&mut byte).await {
            let [byte] = byte;
            // A zero is the echo of the break.
            if byte != 0 && !line.goes_on_with_parity(byte) {
                return;
            }
        }
    }
}

/// 7E1 is 8N1 with the parity as the eighth bit.
fn with_even_parity(byte: u8) -> u8 {
    byte | ((byte.count_ones() as u8 & 1) << 7)
}

impl SensorBus for Cable<'_> {
    async fn exchange(
        &mut self,
        command: &[u8],
        reply: &mut [u8],
        timeout_ms: u32,
    ) -> Option<usize> {
        if !command.is_empty() {
            self.send(command).await;
        }
        let timeout = Duration::from_millis(u64::from(timeout_ms));
        let mut line = AnswerLine::new(reply);
        // Bytes received before the timeout are in `line`, too.
        let _ = with_timeout(timeout, self.receive(&mut line)).await;
        line.length()
    }

    async fn wake(&mut self, marking_ms: u8) {
        self.drive.set_high();
        self.line_break.set_high();
        Timer::after(BREAK).await;
        self.line_break.set_low();
        Timer::after_millis(marking_ms.into()).await;
    }

    async fn rest(&mut self) {
        self.wire.off();
    }

    async fn supply(&mut self, on: bool) {
        self.supply.set_level(on.into());
    }

    async fn loop_current(&mut self, input: u8) -> Option<LoopCurrent> {
        self.analog.lock().await.loop_current(input).await
    }
}

/// Battery at VDDH in mV; `None` while the inputs are being converted.
pub fn battery_mv(analog: &Analog) -> Option<u16> {
    Some(analog.try_lock().ok()?.battery_mv())
}
