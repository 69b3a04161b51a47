//! What must not go onto a logger: models of other wells, damaged, too old or unsigned, and wrong settings.

use std::fs;

use amlstm::logger::{Line, program_crc};
use amlstm_core::firmware_file::FirmwareFile;
use amlstm_tests::logger_rig::LoggerRig;

use crate::laptop::Laptop;
use crate::transducers;

#[test]
fn what_must_not_go_onto_a_logger_is_refused_in_one_line() {
    let Some(rig) = LoggerRig::new() else { return };
    let mut laptop = Laptop::new();
    let line = laptop.refused("amlstm logger --port P info");
    assert!(
        line.contains("/dev/no-such-port: expected a serial port"),
        "{line}"
    );
    let output = laptop.run("amlstm logger info");
    assert_eq!(output.status.code(), Some(2), "wrong usage");

    let powered = rig.power_on_pty(transducers());
    laptop.port.clone_from(&powered.port);
    let line = laptop.refused("amlstm logger --port P estimate");
    assert!(line.contains("no month to estimate yet"), "{line}");
    laptop.done("amlstm logger --port P config station.toml");
    let line = laptop.refused("amlstm logger --port P rollback");
    assert!(line.contains("no earlier model to go back to"), "{line}");
    models_are_refused(&laptop);
    no_firmware_without_a_bootloader(&laptop, &rig);
    settings_are_refused(&laptop);
    slips_are_asked_back(&laptop);
    laptop.done("amlstm logger --port P push A.f32.amlm");
    mismatches_are_told(&laptop, &rig);
    only_signed_models(&laptop);
    {
        let _first = Line::open(powered.port.to_str().expect("ASCII")).expect("the port opens");
        let line = laptop.refused("amlstm logger --port P info");
        assert!(line.contains("no other program"), "{line}");
    }
    laptop.done("amlstm logger --port P info");
    powered.cut();
    let line = laptop.refused("amlstm logger --port P info");
    assert!(line.contains(&*laptop.port.to_string_lossy()), "{line}");
}

/// QEMU's board has none. The firmware file is made of its image all the same, which is given a name for that.
fn no_firmware_without_a_bootloader(laptop: &Laptop, rig: &LoggerRig) {
    let mut image = fs::read(&rig.image.path).expect("built");
    fs::write(laptop.path("nameless"), &image).expect("the folder is writable");
    let line = laptop.refused("amlstm logger update-file nameless -o nameless.amfw");
    assert!(line.contains("names no board and version"), "{line}");
    image.extend_from_slice(b"amlstm board=mps2-an386 version=9.8.7\0");
    fs::write(laptop.path("named"), &image).expect("the folder is writable");
    laptop.done("amlstm logger update-file named -o named.amfw");
    let file = fs::read(laptop.path("named.amfw")).expect("written");
    let firmware = FirmwareFile::parse(&file).expect("sound");
    assert_eq!(
        (firmware.board, firmware.version),
        ("mps2-an386", [9, 8, 7])
    );
    assert_eq!(firmware.program_crc, program_crc(&image).expect("an image"));
    // The vector table comes first: the stack's start, in RAM, and the address of the first instruction.
    let reset = u32::from_le_bytes(firmware.program[4..8].try_into().expect("four bytes"));
    assert_eq!(u64::from(reset & !1), rig.image.address("Reset") & !1);

    fs::write(laptop.path("sig"), [0; 64]).expect("the folder is writable");
    let line = laptop.refused("amlstm logger --port P update named.amfw --signature sig");
    assert!(
        line.contains("takes no firmware over the cable; flash it with a debug probe"),
        "{line}"
    );
    let line = laptop.refused("amlstm logger --port P update A.f32.amlm --signature sig");
    assert!(line.contains("not a firmware file"), "{line}");
}

/// A logger with another model, another program, or a bundle of one that holds no model.
fn mismatches_are_told(laptop: &Laptop, rig: &LoggerRig) {
    let image = fs::read(&rig.image.path).expect("built");
    fs::write(laptop.path("image.elf"), &image).expect("the folder is writable");
    let matched = laptop.done("amlstm logger --port P verify --model A.f32.amlm --image image.elf");
    assert_eq!(matched.matches(": match\n").count(), 4, "{matched}");
    let refused = |line: &str, expected: &str| {
        let output = laptop.run(line);
        assert_eq!(output.status.code(), Some(1), "{line}");
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(printed.contains("MISMATCH, expected CRC"), "{printed}");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            stderr.contains("MISMATCH") && stderr.contains(expected),
            "{stderr}"
        );
    };
    refused(
        "amlstm logger --port P verify --model B.f32.amlm",
        "another model is active",
    );
    // One bit of the program, somewhere in its code.
    let code = rig.image.address("Reset") & !1;
    let mut other = image;
    let place = rig.image.file_offset(code);
    other[place] ^= 1;
    fs::write(laptop.path("other.elf"), other).expect("the folder is writable");
    refused(
        "amlstm logger --port P verify --image other.elf",
        "not that of the image",
    );
    let line = laptop.refused("amlstm logger --port P verify --image A.f32.amlm");
    assert!(line.contains("expected a firmware image"), "{line}");
}

fn models_are_refused(laptop: &Laptop) {
    let line = laptop.refused("amlstm logger --port P push B.f32.amlm");
    assert!(line.contains("found a model of well \"B\""), "{line}");
    let station = laptop.read("station.toml");
    laptop.write(
        "renamed.toml",
        &station.replace("\"confined2\"", "\"confined 2\""),
    );
    laptop.done("amlstm logger --port P config renamed.toml");
    let line = laptop.refused("amlstm logger --port P push A.f32.amlm");
    assert!(line.contains("needs aquifer layer \"confined2\""), "{line}");
    laptop.done("amlstm logger --port P config station.toml");

    let mut broken = fs::read(laptop.path("A.f32.amlm")).expect("trained");
    broken[2000] ^= 1;
    fs::write(laptop.path("broken.amlm"), broken).expect("the folder is writable");
    let line = laptop.refused("amlstm logger --port P push broken.amlm");
    assert!(
        line.contains("broken.amlm") && line.contains("CRC"),
        "{line}"
    );
    let line = laptop.refused("amlstm logger --port P push no-such.amlm");
    assert!(line.contains("no-such.amlm"), "{line}");

    laptop.write(
        "minimum.toml",
        &station.replace("serial = 107", "serial = 107\nmin_model_version = 2"),
    );
    laptop.done("amlstm logger --port P config minimum.toml");
    let line = laptop.refused("amlstm logger --port P push A.f32.amlm");
    assert!(line.contains("version 1") && line.contains('2'), "{line}");
    laptop.done("amlstm logger --port P push A.f32.amlm --allow-older");
    let events = laptop.done("amlstm logger --port P events");
    assert!(
        events.contains("older than the minimum and allowed by hand"),
        "{events}"
    );
    let pushed = laptop.done("amlstm logger --port P push A-2027.f32.amlm");
    assert!(pushed.contains("model version 2"), "{pushed}");
    laptop.done("amlstm logger --port P config station.toml");
}

fn settings_are_refused(laptop: &Laptop) {
    let station = laptop.read("station.toml");
    laptop.write(
        "wrong.toml",
        &station.replace("sample_interval_s = 900", "sample_interval_s = 0"),
    );
    let line = laptop.refused("amlstm logger --port P config wrong.toml");
    assert!(line.contains("wrong.toml: sample_interval_s"), "{line}");
    // A key that nobody reads would leave the measuring point at 0 m.
    laptop.write(
        "misspelled.toml",
        &station.replace("measuring_point_m = 31.40", "measuring_pont_m = 31.40"),
    );
    let line = laptop.refused("amlstm logger --port P config misspelled.toml");
    assert!(
        line.contains("misspelled.toml:") && line.contains("measuring_pont_m"),
        "{line}"
    );
    let line = laptop.refused("amlstm logger --port P visit --tape phreatik=12.0");
    assert!(line.contains("phreatic, confined1, confined2"), "{line}");
    let output = laptop.run("amlstm logger --port P visit --tape phreatic=deep");
    assert_eq!(output.status.code(), Some(2), "wrong usage");
}

/// A slip of the pen is told before anything is set or recorded.
fn slips_are_asked_back(laptop: &Laptop) {
    let line = laptop.refused("amlstm logger --port P clock --set --to 2062-03-01T12:00:00Z");
    assert!(line.contains("more than ten years after"), "{line}");
    assert!(line.contains("confirm it if it is right"), "{line}");
    let line = laptop.refused("amlstm logger --port P visit --tape phreatic=1.0");
    assert!(
        line.contains("found 1.000 m at phreatic, expected about the sensor's"),
        "{line}"
    );
    let twice = "visit --tape phreatic=10.77 --tape phreatic=10.78";
    let line = laptop.refused(&format!("amlstm logger --port P {twice}"));
    assert!(
        line.contains("two readings of layer \"phreatic\""),
        "{line}"
    );
    let events = laptop.done("amlstm logger --port P events");
    assert!(!events.contains("tape at"), "{events}");
    let status = laptop.json("amlstm logger --port P status --json");
    assert_eq!(status["clock"], "Unset");
}

/// Signs with OpenSSL as the guide says; once signatures are required, they stay required.
fn only_signed_models(laptop: &Laptop) {
    laptop.follow("7. Signed models");
    let key = laptop.done("openssl pkey -in station.key -pubout -outform DER | tail -c 32 | od -An -v -tx1 | tr -d ' \n'");
    let station = laptop.read("station.toml");
    let keyed = format!("serial = 107\nsigning_key = \"{key}\"");
    laptop.write("keyed.toml", &station.replace("serial = 107", &keyed));
    let required = format!("{keyed}\nrequire_signed = true");
    let signed = station.replace("serial = 107", &required);
    // The logger takes the interval before it refuses the key, and gets back what it had.
    let signed = signed.replace("sample_interval_s = 900", "sample_interval_s = 600");
    laptop.write("signed.toml", &signed);
    let before = laptop.done("amlstm logger --port P config");
    let line = laptop.refused("amlstm logger --port P config signed.toml");
    assert!(
        line.contains("once a model signed with the key is active"),
        "{line}"
    );
    assert_eq!(laptop.done("amlstm logger --port P config"), before);
    laptop.done("amlstm logger --port P config keyed.toml");
    let pushed = laptop.done("amlstm logger --port P push A.f32.amlm --signature A.f32.amlm.sig");
    assert!(pushed.contains(", signed"), "{pushed}");
    laptop.done("amlstm logger --port P config signed.toml");
    let line = laptop.refused("amlstm logger --port P push A-2027.f32.amlm");
    assert!(line.contains("signed"), "{line}");
    let line =
        laptop.refused("amlstm logger --port P push A-2027.f32.amlm --signature A.f32.amlm.sig");
    assert!(line.contains("signature"), "{line}");
    let pushed = laptop.done("amlstm logger --port P push A.f32.amlm --signature A.f32.amlm.sig");
    assert!(pushed.contains("already active"), "{pushed}");
    let line = laptop.refused("amlstm logger --port P config station.toml");
    assert!(line.contains("then stay required"), "{line}");
}
