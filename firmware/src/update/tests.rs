use std::cell::Cell;
use std::rc::Rc;
use std::vec::Vec;

use amlstm_core::link::{
    ConfigItem, EventKind, MAX_FRAME, Request, ResetCause, Security, Task, encode_frame,
};
use embassy_futures::block_on;
use embedded_io_async::{ErrorType, Read};

use super::*;
use crate::app::{Parts, run};
use crate::board::Clock as _;
use crate::board::LastRun;
use crate::boot::{BootSlot, prepare};
use crate::fake::{ACTIVE, CutErase, FakeBus, FakeClock, FakeFlash, FakeNor, Part, Screen};
use crate::logger::Logger;
use crate::store::{Key, Layout};
use crate::trial::TRIAL_MS;

const FLASH: u32 = 128 * 1024;
const OLD_CRC: u32 = 1;
const NEW_CRC: u32 = 2;

/// The board's chip as one of its programs sees it.
struct FakeMachine {
    program_crc: u32,
    slot: Option<BootSlot<Part, Part>>,
    restarts: Rc<Cell<u32>>,
}

impl Machine for FakeMachine {
    fn last_run(&mut self) -> LastRun {
        LastRun {
            cause: ResetCause::Other,
            late_task: None,
            panic: None,
        }
    }

    fn watchdog_ms(&self) -> u32 {
        240_000
    }

    fn feed(&mut self) {}

    fn note_late(&mut self, _: Task) {}

    fn battery_mv(&mut self) -> Option<u16> {
        None
    }

    fn program_crc(&self) -> u32 {
        self.program_crc
    }

    fn restart(&mut self) {
        self.restarts.set(self.restarts.get() + 1);
    }

    fn firmware_slot(&mut self) -> Option<&mut dyn FirmwareSlot> {
        self.slot
            .as_mut()
            .map(|slot| -> &mut dyn FirmwareSlot { slot })
    }
}

/// A laptop that sends some bytes and then nothing.
struct Laptop(Vec<u8>);

impl ErrorType for Laptop {
    type Error = core::convert::Infallible;
}

impl Read for Laptop {
    async fn read(&mut self, bytes: &mut [u8]) -> Result<usize, Self::Error> {
        if self.0.is_empty() {
            return core::future::pending().await;
        }
        let count = self.0.len().min(bytes.len());
        bytes[..count].copy_from_slice(&self.0[..count]);
        self.0.drain(..count);
        Ok(count)
    }
}

/// A board of fakes.
struct Fakes<'a>(core::marker::PhantomData<&'a ()>);

impl<'a> Board for Fakes<'a> {
    type Clock = &'a FakeClock;
    type Flash = &'a mut FakeFlash;
    type Bus = FakeBus;
    type Machine = FakeMachine;
    type FromLaptop = Laptop;
    type ToLaptop = Screen;
}

fn keypair() -> salty::Keypair {
    salty::Keypair::from(&[7; 32])
}

fn layout() -> Layout {
    Layout::with_slots(FLASH, 16 * 1024, 8 * 1024).unwrap()
}

/// Everything that outlives a start.
struct Station {
    nor: FakeNor,
    data: FakeFlash,
    restarts: Rc<Cell<u32>>,
    clock: FakeClock,
}

impl Station {
    /// A station with a signing key.
    fn new() -> Self {
        let mut station = Self {
            nor: FakeNor::new(CutErase::Noise),
            data: FakeFlash::new(FLASH),
            restarts: Rc::default(),
            clock: FakeClock::default(),
        };
        let security = Security {
            signing_key: Some(*keypair().public.as_bytes()),
            ..Security::default()
        };
        let mut logger = station.logger();
        let clock = FakeClock::default();
        block_on(logger.configure(&clock, ConfigItem::Security(security))).unwrap();
        station
    }

    fn logger(&mut self) -> Logger<&mut FakeFlash> {
        let last_run = LastRun {
            cause: ResetCause::Other,
            late_task: None,
            panic: None,
        };
        let clock = FakeClock::default();
        block_on(Logger::open(&mut self.data, layout(), &clock, &last_run)).unwrap()
    }

    fn machine(&self, program_crc: u32) -> FakeMachine {
        FakeMachine {
            program_crc,
            slot: Some(BootSlot::new(
                "fake",
                ACTIVE,
                self.nor.other(),
                self.nor.marks(),
            )),
            restarts: self.restarts.clone(),
        }
    }

    /// The old program with a laptop at hand.
    fn at_work<T>(&mut self, work: impl FnOnce(&Shared<Fakes<'_>>) -> T) -> T {
        let machine = self.machine(OLD_CRC);
        let last_run = LastRun {
            cause: ResetCause::Other,
            late_task: None,
            panic: None,
        };
        let clock = &self.clock;
        let opened = Logger::open(&mut self.data, layout(), &clock, &last_run);
        let logger = block_on(opened).unwrap();
        let bus = FakeBus::new(&[]);
        work(&Shared::new(clock, logger, bus, machine, [0, 2, 0], false))
    }

    /// What the bootloader does, and then a program from its start on, until it restarts or `until_ms` have passed since.
    fn start(&mut self, program_crc: u32, laptop: &[u8], until_ms: u64) {
        let nor = &self.nor;
        prepare(nor.active(), nor.other(), nor.marks(), &mut [0; 16]).unwrap();
        let machine = self.machine(program_crc);
        let parts = Parts::<Fakes<'_>> {
            clock: &self.clock,
            flash: &mut self.data,
            layout: layout(),
            bus: FakeBus::new(&[]),
            machine,
            from_laptop: Laptop(laptop.to_vec()),
            to_laptop: Screen::default(),
            fw: [0, 3, 0],
            synthetic: false,
        };
        let until_ms = self.clock.uptime_ms() + until_ms;
        self.clock.run(run(parts), until_ms);
    }

    fn events(&mut self) -> Vec<EventKind> {
        let mut logger = self.logger();
        let (mut kinds, mut number) = (Vec::new(), 0);
        while let Some(event) = block_on(logger.store.event_from(number)).unwrap() {
            number = event.number + 1;
            kinds.push(event.kind);
        }
        kinds
    }
}

/// A firmware file for the fake board.
fn file(version: [u8; 3], board: &str, start: u32) -> Vec<u8> {
    let file = FirmwareFile {
        board,
        version,
        start,
        program_crc: NEW_CRC,
        program: &[0x5a; 100],
    };
    [file.program, &file.trailer()].concat()
}

type Desk<'a> = Shared<Fakes<'a>>;

fn begin(desk: &Desk<'_>, length: u32, crc: u32) -> Result<UploadProgress, Fault> {
    progress(block_on(
        desk.firmware(&Request::FirmwareBegin { length, crc }),
    ))
}

fn chunk(desk: &Desk<'_>, offset: u32, bytes: &[u8]) -> Result<UploadProgress, Fault> {
    progress(block_on(
        desk.firmware(&Request::FirmwareChunk { offset, bytes }),
    ))
}

fn progress(answer: Result<Response<'_>, Fault>) -> Result<UploadProgress, Fault> {
    match answer? {
        Response::Upload(progress) => Ok(progress),
        other => panic!("{other:?}"),
    }
}

fn commit(desk: &Desk<'_>, signature: &[u8], allow_older: bool) -> Result<(), Fault> {
    let request = Request::FirmwareCommit {
        signature,
        allow_older,
    };
    block_on(desk.firmware(&request)).map(|answer| assert_eq!(answer, Response::Done))
}

/// Sends a firmware file, up to the commit.
fn upload(shared: &Shared<Fakes<'_>>, file: &[u8]) -> Result<(), Fault> {
    let crc = u32::from_le_bytes(*file.last_chunk().unwrap());
    begin(shared, file.len() as u32, crc)?;
    for (place, bytes) in file.chunks(32).enumerate() {
        chunk(shared, place as u32 * 32, bytes)?;
    }
    Ok(())
}

fn send(shared: &Shared<Fakes<'_>>, file: &[u8], signature: &[u8]) -> Result<(), Fault> {
    upload(shared, file)?;
    commit(shared, signature, false)
}

fn send_signed(shared: &Shared<Fakes<'_>>, file: &[u8]) -> Result<(), Fault> {
    send(shared, file, &keypair().sign(file).to_bytes())
}

fn question() -> Vec<u8> {
    let mut frame = [0; MAX_FRAME];
    encode_frame(1, &Request::Hello, &mut frame)
        .unwrap()
        .to_vec()
}

#[test]
fn what_is_not_a_newer_signed_firmware_for_this_board_is_refused() {
    let mut station = Station::new();
    station.at_work(|shared| {
        let good = file([0, 3, 0], "fake", ACTIVE.start);
        let by_another = salty::Keypair::from(&[8; 32]).sign(&good).to_bytes();
        for (signature, fault) in [
            (&[][..], Fault::SignatureWrong),
            (&by_another, Fault::SignatureWrong),
        ] {
            assert_eq!(send(shared, &good, signature), Err(fault));
        }
        let mut damaged = good.clone();
        damaged[7] ^= 1;
        let refused = [
            (damaged, Fault::FirmwareInvalid),
            (file([0, 3, 0], "other", ACTIVE.start), Fault::OtherBoard),
            (file([0, 3, 0], "fake", 0x1000), Fault::OtherBoard),
            (
                file([0, 1, 9], "fake", ACTIVE.start),
                Fault::FirmwareTooOld {
                    version: [0, 1, 9],
                    running: [0, 2, 0],
                },
            ),
            (
                [good.as_slice(), &[0; 200]].concat(),
                Fault::FirmwareTooLong { limit: ACTIVE.end },
            ),
        ];
        for (file, fault) in refused {
            assert_eq!(send_signed(shared, &file), Err(fault));
        }
        let half = begin(shared, 156, 0).unwrap();
        assert_eq!(half.received, 0);
        assert_eq!(
            commit(shared, &[0; 64], false),
            Err(Fault::Incomplete {
                received: 0,
                length: 156
            })
        );
        // An older one by hand.
        let older = file([0, 1, 9], "fake", ACTIVE.start);
        assert!(send_signed(shared, &older).is_err());
        let signature = keypair().sign(&older).to_bytes();
        assert_eq!(commit(shared, &signature, true), Ok(()));
        // It is to be started next: nothing may touch it any more.
        assert_eq!(begin(shared, 156, 0), Err(Fault::FirmwareOnTrial));
    });
}

#[test]
fn a_logger_without_a_key_or_a_place_takes_no_firmware() {
    let mut station = Station::new();
    station.at_work(|shared| {
        block_on(shared.machine.lock()).slot = None;
        assert_eq!(
            block_on(shared.firmware(&Request::Firmware)),
            Err(Fault::NoFirmwareSlot)
        );
        let begun = begin(shared, 156, 0);
        assert_eq!(begun, Err(Fault::NoFirmwareSlot));
    });
    let security = ConfigItem::Security(Security::default());
    let mut logger = station.logger();
    block_on(logger.configure(&FakeClock::default(), security)).unwrap();
    station.at_work(|shared| {
        let begun = begin(shared, 156, 0);
        assert_eq!(begun, Err(Fault::NoSigningKey));
    });
}

#[test]
fn an_upload_is_taken_up_where_it_broke_off() {
    let mut station = Station::new();
    station.at_work(|shared| {
        let file = file([0, 3, 0], "fake", ACTIVE.start);
        begin(shared, file.len() as u32, 9).unwrap();
        chunk(shared, 0, &file[..64]).unwrap();
        let again = chunk(shared, 0, &file[..64]).unwrap();
        assert_eq!(again.received, 64, "acknowledged again");
        let skipped = chunk(shared, 96, &file[96..128]);
        assert_eq!(skipped, Err(Fault::OutOfOrder { expected: 64 }));
        let upload = match block_on(shared.firmware(&Request::Firmware)) {
            Ok(Response::Firmware(firmware)) => firmware.upload.unwrap(),
            other => panic!("{other:?}"),
        };
        assert_eq!((upload.received, upload.crc), (64, 9));
        chunk(shared, 64, &file[64..]).unwrap();
        let signature = keypair().sign(&file).to_bytes();
        assert_eq!(commit(shared, &signature, false), Ok(()));
    });
}

fn updated() -> Station {
    let mut station = Station::new();
    let file = file([0, 3, 0], "fake", ACTIVE.start);
    station
        .at_work(|shared| send_signed(shared, &file))
        .unwrap();
    station
}

const ACCEPTED: EventKind = EventKind::FirmwareAccepted {
    version: [0, 3, 0],
    program_crc: NEW_CRC,
};
const CONFIRMED: EventKind = EventKind::FirmwareConfirmed {
    version: [0, 3, 0],
    program_crc: NEW_CRC,
};
const REVERTED: EventKind = EventKind::FirmwareReverted {
    version: [0, 3, 0],
    program_crc: NEW_CRC,
};

#[test]
fn a_firmware_whose_port_answers_stays_and_says_so() {
    let mut station = updated();
    station.start(NEW_CRC, &question(), 10_000);
    assert_eq!(station.restarts.get(), 0);
    assert_eq!(station.machine(NEW_CRC).slot.unwrap().on_trial(), Ok(false));
    station.start(NEW_CRC, &[], 10_000);
    let events = station.events();
    assert!(events.contains(&ACCEPTED) && events.contains(&CONFIRMED));
    let told = events.iter().filter(|kind| **kind == CONFIRMED);
    assert_eq!(told.count(), 1, "once");
    assert!(!events.contains(&REVERTED));
}

#[test]
fn a_firmware_that_nobody_asks_goes_and_the_one_before_says_so() {
    let mut station = updated();
    station.start(NEW_CRC, &[], TRIAL_MS - 1000);
    assert_eq!(station.restarts.get(), 0);
    let mut station = updated();
    station.start(NEW_CRC, &[], TRIAL_MS + 1000);
    assert_eq!(station.restarts.get(), 1);
    station.start(OLD_CRC, &question(), 10_000);
    assert_eq!(station.restarts.get(), 1);
    let events = station.events();
    assert!(events.contains(&REVERTED) && !events.contains(&CONFIRMED));
}

#[test]
fn a_firmware_that_cannot_open_the_store_goes() {
    let mut station = updated();
    let mut logger = station.logger();
    block_on(logger.store.put(Key::Format as u8, &"another")).unwrap();
    station.start(NEW_CRC, &question(), 10_000);
    assert_eq!(station.restarts.get(), 1);
    assert_eq!(station.machine(NEW_CRC).slot.unwrap().on_trial(), Ok(true));
}

#[test]
fn a_firmware_that_does_not_compute_the_golden_months_goes() {
    let mut station = updated();
    let slots = crate::store::Slots {
        generation: 1,
        active: Some(crate::store::SlotRecord {
            slot: 0,
            generation: 1,
            version: 1,
            length: 64,
            crc: 0,
            signature: heapless::Vec::new(),
        }),
        standby: None,
    };
    // What lies there is no model: its golden months are not those of its file.
    let mut logger = station.logger();
    block_on(logger.store.commit_slots(&slots)).unwrap();
    station.start(NEW_CRC, &question(), 10_000);
    assert_eq!(station.restarts.get(), 1);
    assert_eq!(station.machine(NEW_CRC).slot.unwrap().on_trial(), Ok(true));
}

/// The note of the update is written before the bootloader is told.
#[test]
fn an_update_that_the_power_kept_from_beginning_is_told_as_one_that_did_not_stay() {
    let mut station = Station::new();
    let file = file([0, 3, 0], "fake", ACTIVE.start);
    let nor = station.nor.clone();
    let committed = station.at_work(|shared| {
        upload(shared, &file).unwrap();
        nor.cut_after(Some(20));
        commit(shared, &keypair().sign(&file).to_bytes(), false)
    });
    assert_eq!(committed, Err(Fault::Storage));
    nor.cut_after(None);
    station.start(OLD_CRC, &[], 10_000);
    let events = station.events();
    assert!(events.contains(&ACCEPTED) && events.contains(&REVERTED));
}
