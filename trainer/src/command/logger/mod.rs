//! `amlstm logger`: talks to a data logger beside a well.

/// Prints a line in which a logger's texts are harmless to the terminal.
macro_rules! say {
    ($($text:tt)*) => { println!("{}", $crate::command::harmless(&format!($($text)*))) };
}

mod json;
mod show;
mod visit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode};

use amlstm::export::AlignedBytes;
use amlstm::logger::{
    Client, Format, LoggerError, Station, Table, download, events, month_text, pull, push,
    write_download,
};
use amlstm_core::artifact::{ModelFile, Record};
use amlstm_core::link::Fault;
use anyhow::{Context, bail};
use clap::error::ErrorKind;
use clap::{CommandFactory, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

/// Talk to a data logger over a serial port or a socket.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm logger --port /dev/ttyUSB0 status
  amlstm logger --port COM3 push models/A.f32.amlm
  amlstm logger --port /dev/ttyUSB0 visit --tape phreatic=12.34 --tape confined1=18.02
  amlstm logger --port /dev/ttyUSB0 export toa5 --table months -o months.dat
  amlstm logger --port tcp:192.168.1.20:4001 events --json

Exit codes: 0 done, 1 failed or refused, 2 wrong usage.")]
pub struct Args {
    /// Serial port (/dev/ttyUSB0, COM3), tcp:HOST:PORT or unix:PATH
    #[arg(long, global = true, value_name = "P")]
    port: Option<String>,
    /// Print JSON: info, status, now, months, events, estimate, visit
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Who is there: protocol, firmware, serial number, model formats
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 info")]
    Info,
    /// Clock, battery, memory, model, alarms
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 status
  amlstm logger --port /dev/ttyUSB0 status --json")]
    Status,
    /// Reads every channel now, without storing it
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 now")]
    Now,
    /// Closed months with their levels and estimates
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 months
  amlstm logger --port /dev/ttyUSB0 months --json > months.json")]
    Months,
    /// What happened: starts, clock settings, model changes, sensor faults, tape readings
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 events")]
    Events,
    /// What the active model says of the last closed month
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 estimate
  amlstm logger --port /dev/ttyUSB0 estimate --json")]
    Estimate,
    /// Uploads a model and makes it active; taken up again where it broke off
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 push A.f32.amlm
  amlstm logger --port /dev/ttyUSB0 push A.f32.amlm --signature A.f32.amlm.sig
  amlstm logger --port /dev/ttyUSB0 push A-2024.f32.amlm --allow-older")]
    Push {
        /// Model file
        model: PathBuf,
        /// Ed25519 signature of the file, 64 bytes
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// Accept a model version below the logger's minimum
        #[arg(long)]
        allow_older: bool,
        /// Accept a model whose well is not the logger's station
        #[arg(long)]
        other_well: bool,
    },
    /// Reads the active model file from the logger
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 pull -o on-the-logger.amlm")]
    Pull {
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Makes the model before the active one active again
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 rollback")]
    Rollback,
    /// Shows the clock's error; with --set, sets it to this computer's (UTC)
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 clock
  amlstm logger --port /dev/ttyUSB0 clock --set
  amlstm logger --port /dev/ttyUSB0 clock --set --to 2026-03-01T12:00:00Z")]
    Clock {
        /// Set the clock
        #[arg(long)]
        set: bool,
        /// Set it to this time instead of this computer's, e.g. 2026-03-01T12:00:00Z
        #[arg(long, value_name = "TIME", requires = "set")]
        to: Option<Timestamp>,
        /// Also over a gap of more than 400 days, whose months then close as missing
        #[arg(long, requires = "set")]
        confirm_jump: bool,
    },
    /// Records a visit in one step: tape, readings, battery, memory, clock error
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 visit --tape phreatic=12.34 --tape confined1=18.02 --note \"new lock\"")]
    Visit(visit::VisitArgs),
    /// Shows the settings as TOML; with a file, sends its settings
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 config station.toml
  amlstm logger --port /dev/ttyUSB0 config > station.toml")]
    Config {
        /// Station file to send
        file: Option<PathBuf>,
    },
    /// Writes kept samples or months with units and datum in the header
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 export csv -o samples.csv
  amlstm logger --port /dev/ttyUSB0 export toa5 --table months -o months.dat")]
    Export {
        /// File format
        format: FormatArg,
        /// What to export
        #[arg(long, value_enum, default_value_t = TableArg::Samples)]
        table: TableArg,
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Writes the closed months as a levels.csv for `amlstm estimate` and `amlstm train`
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 levels -o levels.csv
  amlstm estimate A.f32.amlm levels.csv")]
    Levels {
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Flashes the firmware with probe-rs over a debug probe (needs no --port)
    #[command(after_help = "Example:
  amlstm logger flash nrf52840-dk")]
    Flash {
        /// Firmware image (ELF)
        image: PathBuf,
        /// Chip name of probe-rs
        #[arg(long, default_value = "nRF52840_xxAA")]
        chip: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    Csv,
    Toa5,
}

#[derive(Clone, Copy, ValueEnum)]
enum TableArg {
    Samples,
    Months,
}

/// Runs one action.
///
/// # Errors
///
/// What the line, the logger or the file system says.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Action::Flash { image, chip } = &args.action {
        return flash(image, chip);
    }
    let Some(port) = &args.port else {
        let missing = "--port P: not given; expected a serial port, tcp:HOST:PORT or unix:PATH\n";
        super::Arguments::command()
            .error(ErrorKind::MissingRequiredArgument, missing)
            .exit();
    };
    let mut client = Client::connect(port)?;
    act(&mut client, args)?;
    Ok(ExitCode::SUCCESS)
}

fn act(client: &mut Client, args: &Args) -> anyhow::Result<()> {
    match &args.action {
        Action::Info => show::info(&client.hello, args.json),
        Action::Status => show::status(&client.status()?, &client.models()?, args.json),
        Action::Now => {
            let layers = layers(client)?;
            show::now(&client.now()?, &layers, args.json)
        }
        Action::Months => {
            let bar = progress("months");
            let table = download(client, Table::Months, |done, total| bar.at(done, total))?;
            bar.finish();
            show::months(&table, &LayersOf::active(client)?, args.json)
        }
        Action::Events => {
            let layers = layers(client)?;
            let bar = progress("events");
            let events = events(client, |done, total| bar.at(done, total))?;
            bar.finish();
            show::events(&events, &layers, args.json)
        }
        Action::Estimate => {
            let estimate = match client.estimate() {
                Err(LoggerError::Refused(Fault::NotFound)) => bail!(
                    "logger: no month to estimate yet; one closes with the first sample of the next"
                ),
                answer => answer?,
            };
            show::estimate(&estimate, &LayersOf::active(client)?, args.json)
        }
        Action::Push {
            model,
            signature,
            allow_older,
            other_well,
        } => {
            let file = AlignedBytes::read(model).with_context(|| shown(model))?;
            let record = ModelFile::parse(&file).with_context(|| shown(model))?;
            let record = record.record();
            let signature = signature.as_deref().map(read_signature).transpose()?;
            fits_the_logger(record, &Station::receive(client)?, *other_well)
                .with_context(|| shown(model))?;
            send_model(client, &file, record.well, signature.as_ref(), *allow_older)
        }
        Action::Pull { output } => {
            let bar = progress("bytes");
            let file = pull(client, |done, total| bar.at(done.into(), total.into()))?;
            bar.finish();
            write_whole(output, &file)?;
            say!("{}: {} bytes", output.display(), file.len());
            Ok(())
        }
        Action::Rollback => {
            let active = client.rollback()?;
            let well = client.models()?.well;
            say!("active: well {well}, {}", show::slot(&active));
            Ok(())
        }
        Action::Clock {
            set,
            to,
            confirm_jump,
        } => clock(client, *set, *to, *confirm_jump),
        Action::Visit(visit) => visit::run(client, visit, args.json),
        Action::Config { file: None } => {
            say!(
                "{}",
                toml::to_string(&Station::receive(client)?)?.trim_end()
            );
            Ok(())
        }
        Action::Config { file: Some(file) } => {
            let text = fs::read_to_string(file)
                .with_context(|| format!("{}: cannot read", file.display()))?;
            let station: Station =
                toml::from_str(&text).with_context(|| format!("{}", file.display()))?;
            station
                .send(client)
                .with_context(|| format!("{}", file.display()))?;
            say!(
                "{}: sent, {} channels",
                file.display(),
                station.channel.len()
            );
            Ok(())
        }
        Action::Export {
            format,
            table,
            output,
        } => export(client, *format, *table, output),
        Action::Levels { output } => levels(client, output),
        Action::Flash { image, chip } => flash(image, chip).map(|_| ()),
    }
}

/// Names of the aquifer layers in channel order.
fn layers(client: &mut Client) -> anyhow::Result<Vec<String>> {
    let station = Station::receive(client)?;
    Ok(station
        .channel
        .into_iter()
        .map(|channel| channel.aquifer_layer)
        .collect())
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Aquifer layers of a logger's active model, for the estimates that it made.
struct LayersOf {
    well: String,
    synthetic: bool,
    generation: Option<u32>,
    names: Vec<String>,
}

impl LayersOf {
    fn active(client: &mut Client) -> anyhow::Result<Self> {
        let Some(active) = client.models()?.active else {
            return Ok(Self {
                well: String::new(),
                synthetic: false,
                generation: None,
                names: Vec::new(),
            });
        };
        let bytes = AlignedBytes::new(&pull(client, |_, _| {})?);
        let file = ModelFile::parse(&bytes).context("model on the logger")?;
        let record = file.record();
        Ok(Self {
            well: record.well.to_owned(),
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
    fn name(&self, generation: u32, input: usize) -> Option<&str> {
        if self.generation != Some(generation) {
            return None;
        }
        self.names.get(input).map(String::as_str)
    }
}

/// Before anything is sent: an upload takes the place of the model that `rollback` would return to, and the logger knows layers, not wells.
fn fits_the_logger(record: &Record, station: &Station, other_well: bool) -> anyhow::Result<()> {
    if record.well != station.station && !other_well {
        bail!(
            "found a model of well \"{}\", expected the station's, \"{}\"; is this the right logger? (--other-well sends it all the same)",
            record.well,
            station.station
        );
    }
    let measured: Vec<&str> = station
        .channel
        .iter()
        .map(|channel| channel.aquifer_layer.as_str())
        .collect();
    for layer in &record.aquifer_layers {
        if !measured.contains(layer) {
            bail!(
                "found a model that needs aquifer layer \"{layer}\", expected layers that the logger measures: {}; add the channel, or export a model of these",
                measured.join(", ")
            );
        }
    }
    Ok(())
}

fn send_model(
    client: &mut Client,
    file: &[u8],
    well: &str,
    signature: Option<&[u8; 64]>,
    allow_older: bool,
) -> anyhow::Result<()> {
    let bar = progress("bytes");
    let total = file.len() as u64;
    let pushed = push(client, file, signature, allow_older, |done| {
        bar.at(done.into(), total);
    })?;
    bar.finish();
    if pushed.resumed_from > 0 {
        say!("taken up again at byte {}", pushed.resumed_from);
    }
    say!("active: well {well}, {}", show::slot(&pushed.active));
    Ok(())
}

fn read_signature(path: &Path) -> anyhow::Result<[u8; 64]> {
    let bytes = fs::read(path).with_context(|| format!("{}: cannot read", path.display()))?;
    let found = bytes.len();
    bytes.try_into().map_err(|_| {
        anyhow::anyhow!(
            "{}: found {found} bytes, expected the 64 of an Ed25519 signature",
            path.display()
        )
    })
}

fn clock(
    client: &mut Client,
    set: bool,
    to: Option<Timestamp>,
    confirm_jump: bool,
) -> anyhow::Result<()> {
    let before = client.status()?;
    let laptop = Timestamp::now();
    let difference = match before.unix_s {
        0 => String::new(),
        unix_s => format!(
            "  difference {:+} s",
            i64::from(unix_s) - laptop.as_second()
        ),
    };
    say!(
        "logger {}  this computer {} UTC{difference}",
        amlstm::logger::time_text(before.unix_s),
        laptop.strftime("%Y-%m-%d %H:%M:%S"),
    );
    if set {
        let time = to.unwrap_or_else(Timestamp::now);
        let unix_s = u32::try_from(time.as_second())
            .context("--to: expected a time between 2020 and 2100")?;
        client.set_clock(unix_s, confirm_jump)?;
        say!("set to {} UTC", time.strftime("%Y-%m-%d %H:%M:%S"));
    }
    Ok(())
}

fn export(
    client: &mut Client,
    format: FormatArg,
    table: TableArg,
    output: &Path,
) -> anyhow::Result<()> {
    let table = match table {
        TableArg::Samples => Table::Samples,
        TableArg::Months => Table::Months,
    };
    let format = match format {
        FormatArg::Csv => Format::Csv,
        FormatArg::Toa5 => Format::Toa5,
    };
    let bar = progress("records");
    let records = download(client, table, |done, total| bar.at(done, total))?;
    bar.finish();
    let mut bytes = Vec::new();
    write_download(&records, table, format, &mut bytes)?;
    write_whole(output, &bytes)?;
    let count = records.samples.len() + records.months.len();
    say!("{}: {count} records", output.display());
    Ok(())
}

fn levels(client: &mut Client, output: &Path) -> anyhow::Result<()> {
    let well = client.models()?.well;
    let bar = progress("months");
    let records = download(client, Table::Months, |done, total| bar.at(done, total))?;
    bar.finish();
    let well = if well.is_empty() {
        records.status.station.clone()
    } else {
        well
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["well", "layer", "date", "level_m"])?;
    for (record, _) in &records.months {
        for (channel, level) in records.channels.iter().zip(&record.channels) {
            let level = level
                .model_level_m()
                .map_or_else(String::new, |level| level.to_string());
            let date = format!("{}-15", month_text(record.month_index));
            writer.write_record([well.as_str(), &channel.aquifer_layer, &date, &level])?;
        }
    }
    write_whole(output, &writer.into_inner()?)?;
    say!("{}: {} months", output.display(), records.months.len());
    Ok(())
}

fn flash(image: &Path, chip: &str) -> anyhow::Result<ExitCode> {
    if !image.is_file() {
        bail!(
            "{}: not found, expected the firmware image (ELF)",
            image.display()
        );
    }
    let status = Process::new("probe-rs")
        .args(["download", "--verify", "--chip", chip])
        .arg(image)
        .status()
        .context("probe-rs: cannot run; install it with `cargo install probe-rs-tools`")?;
    if !status.success() {
        bail!("probe-rs: {status}");
    }
    let reset = Process::new("probe-rs")
        .args(["reset", "--chip", chip])
        .status()?;
    if !reset.success() {
        bail!("probe-rs reset: {reset}");
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes beside and renames, so that nobody ever sees half a file.
fn write_whole(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    Ok(amlstm::run::write_beside(path, bytes)?)
}

/// A progress bar that knows its length only when the first answer is there.
struct Progress(ProgressBar);

fn progress(what: &str) -> Progress {
    let style =
        ProgressStyle::with_template(&format!("{{bar:30}} {{pos}}/{{len}} {what}  {{eta}} left"));
    let bar = ProgressBar::new(0);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    Progress(bar)
}

impl Progress {
    fn at(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}
