//! `amlstm logger`: talks to a data logger beside a well.

mod bundle;
mod clock;
mod config;
mod corrected_estimate;
mod estimate;
mod event;
mod export;
mod firmware;
mod flash;
mod json;
mod layers;
mod model;
mod months;
mod sdi12;
mod show;
mod status;
mod verify;
mod visit;
mod void;

use std::path::PathBuf;
use std::process::ExitCode;

use amlstm::logger::{Client, Table, download, events};
use anyhow::bail;
use clap::error::ErrorKind;
use clap::{CommandFactory, Subcommand};

use layers::{LayersOf, of_channels};

use super::{output::Output, progress};

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
    /// Print JSON: info, status, now, months, events, estimate, visit, verify
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    #[command(flatten)]
    Ask(Request),
    /// Flashes the firmware with probe-rs over a debug probe (needs no --port)
    #[command(after_help = "Example:
  amlstm logger flash nrf52840-dk-bootloader nrf52840-dk")]
    Flash {
        /// Images (ELF) of bootloader and firmware; they name their chip
        #[arg(required = true)]
        images: Vec<PathBuf>,
    },
    /// Makes the file of a firmware image that `update` sends (needs no --port)
    #[command(after_help = "Example:
  amlstm logger update-file BOARD -o BOARD.amfw
  openssl pkeyutl -sign -rawin -inkey station.key -in BOARD.amfw -out BOARD.amfw.sig")]
    UpdateFile {
        /// Firmware image (ELF); it names its board and version
        image: PathBuf,
        /// File to write
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
}

/// What is asked over the port.
#[derive(Subcommand)]
enum Request {
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
  amlstm logger --port /dev/ttyUSB0 estimate --corrected
  amlstm logger --port /dev/ttyUSB0 estimate --json")]
    Estimate {
        /// Let the logger take the drift of its sensors off the months, by the tape readings; what it keeps stays as it is
        #[arg(long)]
        corrected: bool,
    },
    /// Uploads a model and makes it active; taken up again where it broke off
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 push A.f32.amlm
  amlstm logger --port /dev/ttyUSB0 push A.f32.amlm --signature A.f32.amlm.sig
  amlstm logger --port /dev/ttyUSB0 push A-2024.f32.amlm --allow-older")]
    Push(model::PushArgs),
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
    Rollback {
        /// Also if its version is below the logger's minimum
        #[arg(long)]
        allow_older: bool,
    },
    /// Shows the clock's error; with --set, sets it to this computer's (UTC)
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 clock
  amlstm logger --port /dev/ttyUSB0 clock --set
  amlstm logger --port /dev/ttyUSB0 clock --set --to 2026-03-01T12:00:00Z")]
    Clock(clock::ClockArgs),
    /// Confirms that the level of a layer which jumped is right
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 confirm-step confined1")]
    ConfirmStep {
        /// Aquifer layer
        layer: String,
    },
    /// Makes months void that a wrong date had closed
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 void-months 2026-03
  amlstm logger --port /dev/ttyUSB0 void-months 2026-03 --confirm")]
    VoidMonths(void::VoidArgs),
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
    Export(export::ExportArgs),
    /// Writes the closed months as a levels.csv for `amlstm estimate` and `amlstm train`
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 levels -o levels.csv
  amlstm estimate A.f32.amlm levels.csv
  amlstm logger --port /dev/ttyUSB0 levels --corrected -o corrected.csv")]
    Levels(export::LevelsArgs),
    /// Finds, asks and renumbers the sensors on the SDI-12 cable
    #[command(
        subcommand,
        after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 sdi12 scan
  amlstm logger --port /dev/ttyUSB0 sdi12 identify 0
  amlstm logger --port /dev/ttyUSB0 sdi12 address 0 3
  amlstm logger --port /dev/ttyUSB0 sdi12 send 0M1!"
    )]
    Sdi12(sdi12::Sdi12),
    /// Checks that the logger computes what this computer computes, bit for bit
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 verify
  amlstm logger --port /dev/ttyUSB0 verify --model A.f32.amlm --image nrf52840-dk

Exit codes: 0 match, 1 mismatch or failed, 2 wrong usage.")]
    Verify(verify::VerifyArgs),
    /// Sends another firmware and starts it on trial; taken up again where it broke off
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 update BOARD.amfw --signature BOARD.amfw.sig")]
    Update(firmware::UpdateArgs),
    /// Writes one file (tar) for those who help: state, settings, events, model, samples
    #[command(after_help = "Example:
  amlstm logger --port /dev/ttyUSB0 bundle A.tar")]
    Bundle {
        /// File to write
        file: PathBuf,
    },
}

/// Runs one action.
///
/// # Errors
///
/// What the line, the logger or the file system says.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    match &args.action {
        Action::Ask(request) => {
            let Some(port) = &args.port else {
                let missing =
                    "--port P: not given; expected a serial port, tcp:HOST:PORT or unix:PATH";
                super::Arguments::command()
                    .error(ErrorKind::MissingRequiredArgument, missing)
                    .exit();
            };
            ask(&mut Client::connect(port)?, request, args.json, output)?;
        }
        Action::Flash { images } => flash::run(images, output)?,
        Action::UpdateFile {
            image,
            output: path,
        } => firmware::write_file(image, path, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn ask(
    client: &mut Client,
    request: &Request,
    as_json: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    match request {
        Request::Info => show::info(&client.hello, as_json, output),
        Request::Status => status::run(client, as_json, output),
        Request::Now => {
            let layers = of_channels(client)?;
            show::now(&client.now()?, &layers, as_json, output)
        }
        Request::Months => {
            let bar = progress::bar(output, 0, "months");
            let table = download(client, Table::Months, |done, total| {
                progress::advance(&bar, done, total);
            })?;
            bar.finish_and_clear();
            months::show(&table, &LayersOf::active(client)?, as_json, output)
        }
        Request::Events => {
            let layers = of_channels(client)?;
            let bar = progress::bar(output, 0, "events");
            let events = events(client, |done, total| progress::advance(&bar, done, total))?;
            bar.finish_and_clear();
            event::show(&events, &layers, as_json, output)
        }
        Request::Estimate { corrected: false } => estimate::run(client, as_json, output),
        Request::Estimate { corrected: true } => corrected_estimate::run(client, as_json, output),
        Request::Push(push) => model::push(client, push, output),
        Request::Pull { output: path } => model::pull(client, path, output),
        Request::Rollback { allow_older } => model::rollback(client, *allow_older, output),
        Request::Clock(clock) => clock::run(client, clock, output),
        Request::ConfirmStep { layer } => {
            let layers = of_channels(client)?;
            let Some(channel) = layers.iter().position(|name| name == layer) else {
                bail!(
                    "found layer \"{layer}\", expected one of: {}",
                    layers.join(", ")
                );
            };
            client.confirm_step(channel as u8)?;
            output.note(format_args!("{layer}: the next level is taken as it is"))?;
            Ok(())
        }
        Request::VoidMonths(months) => void::run(client, months, output),
        Request::Visit(visit) => visit::run(client, visit, as_json, output),
        Request::Config { file: None } => config::show(client, output),
        Request::Config { file: Some(file) } => config::send(client, file, output),
        Request::Export(export) => export::run(client, export, output),
        Request::Levels(levels) => export::levels(client, levels, output),
        Request::Sdi12(sdi12) => sdi12::run(client, sdi12, output),
        Request::Verify(verify) => verify::run(client, verify, as_json, output),
        Request::Update(update) => firmware::update(client, update, output),
        Request::Bundle { file } => bundle::run(client, file, output),
    }
}
