//! `amlstm logger`: talks to a data logger beside a well.

mod show;
mod visit;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, ExitCode};

use amlstm::export::AlignedBytes;
use amlstm::logger::{
    Client, Format, Station, Table, download, month_text, pull, push, write_download,
};
use anyhow::{Context, bail};
use clap::{Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

/// Talk to a data logger over a serial port or a socket.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm logger --port /dev/ttyUSB0 status
  amlstm logger --port COM3 push models/A.f32.amlm
  amlstm logger --port /dev/ttyUSB0 visit --tape phreatic=12.34 --tape confined1=18.02
  amlstm logger --port /dev/ttyUSB0 export toa5 --table months -o months.dat")]
pub struct Args {
    /// Serial port (/dev/ttyUSB0, COM3), tcp:HOST:PORT or unix:PATH
    #[arg(long, value_name = "P")]
    port: Option<String>,
    /// Print JSON where there is something to print
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Who is there: protocol, firmware, serial number, model formats
    Info,
    /// Clock, battery, memory, model, alarms
    Status,
    /// Reads every channel now, without storing it
    Now,
    /// Closed months with their levels and estimates
    Months,
    /// What happened: starts, clock settings, model changes, sensor faults, tape readings
    Events,
    /// What the active model says of the last closed month
    Estimate,
    /// Uploads a model and makes it active; taken up again where it broke off
    Push {
        /// Model file
        model: PathBuf,
        /// Ed25519 signature of the file, 64 bytes
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
        /// Accept a model version below the logger's minimum
        #[arg(long)]
        allow_older: bool,
    },
    /// Reads the active model file from the logger
    Pull {
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Makes the model before the active one active again
    Rollback,
    /// Shows the clock's error; with --set, sets it to this computer's (UTC)
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
    Visit(visit::VisitArgs),
    /// Shows the settings as TOML; with a file, sends its settings
    Config {
        /// Station file to send
        file: Option<PathBuf>,
    },
    /// Writes kept samples or months with units and datum in the header
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
    Levels {
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Flashes the firmware with probe-rs over a debug probe (needs no --port)
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
        bail!("--port: not given; expected a serial port, tcp:HOST:PORT or unix:PATH");
    };
    let mut client = Client::connect(port)?;
    act(&mut client, args)?;
    Ok(ExitCode::SUCCESS)
}

fn act(client: &mut Client, args: &Args) -> anyhow::Result<()> {
    match &args.action {
        Action::Info => show::info(&client.hello, args.json),
        Action::Status => show::status(&client.status()?, args.json),
        Action::Now => {
            let layers = layers(client)?;
            show::now(&client.now()?, &layers, args.json)
        }
        Action::Months => {
            let bar = progress("months");
            let table = download(client, Table::Months, |done, total| bar.at(done, total))?;
            bar.finish();
            show::months(&table, args.json)
        }
        Action::Events => {
            let layers = layers(client)?;
            let mut next = client.status()?.first_event;
            let mut events = Vec::new();
            while let Some(event) = client.event(next)? {
                next = event.number.wrapping_add(1);
                events.push(event);
            }
            show::events(&events, &layers, args.json)
        }
        Action::Estimate => {
            let estimate = client.estimate()?;
            let model = pull(client, |_, _| {})?;
            show::estimate(&estimate, &model, args.json)
        }
        Action::Push {
            model,
            signature,
            allow_older,
        } => send_model(client, model, signature.as_deref(), *allow_older),
        Action::Pull { output } => {
            let bar = progress("bytes");
            let file = pull(client, |done, total| bar.at(done.into(), total.into()))?;
            bar.finish();
            write_whole(output, &file)?;
            println!("{}: {} bytes", output.display(), file.len());
            Ok(())
        }
        Action::Rollback => {
            let active = client.rollback()?;
            println!(
                "active: model version {}, generation {}",
                active.version, active.generation
            );
            Ok(())
        }
        Action::Clock {
            set,
            to,
            confirm_jump,
        } => clock(client, *set, *to, *confirm_jump),
        Action::Visit(visit) => visit::run(client, visit, args.json),
        Action::Config { file: None } => {
            print!("{}", toml::to_string(&Station::receive(client)?)?);
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
            println!(
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

fn send_model(
    client: &mut Client,
    model: &Path,
    signature: Option<&Path>,
    allow_older: bool,
) -> anyhow::Result<()> {
    let file = AlignedBytes::read(model).with_context(|| format!("{}", model.display()))?;
    amlstm_core::artifact::ModelFile::parse(&file)
        .with_context(|| format!("{}", model.display()))?;
    let signature = signature.map(read_signature).transpose()?;
    let bar = progress("bytes");
    let total = file.len() as u64;
    let pushed = push(client, &file, signature.as_ref(), allow_older, |done| {
        bar.at(done.into(), total);
    })?;
    bar.finish();
    if pushed.resumed_from > 0 {
        println!("taken up again at byte {}", pushed.resumed_from);
    }
    println!(
        "active: model version {}, generation {}, {} bytes, CRC {:08x}{}",
        pushed.active.version,
        pushed.active.generation,
        pushed.active.length,
        pushed.active.crc,
        if pushed.active.signed { ", signed" } else { "" }
    );
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
    println!(
        "logger {}  this computer {} UTC{difference}",
        amlstm::logger::time_text(before.unix_s),
        laptop.strftime("%Y-%m-%d %H:%M:%S"),
    );
    if set {
        let time = to.unwrap_or_else(Timestamp::now);
        let unix_s = u32::try_from(time.as_second())
            .context("--to: expected a time between 2020 and 2100")?;
        client.set_clock(unix_s, confirm_jump)?;
        println!("set to {} UTC", time.strftime("%Y-%m-%d %H:%M:%S"));
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
    println!("{}: {count} records", output.display());
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
    println!("{}: {} months", output.display(), records.months.len());
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
