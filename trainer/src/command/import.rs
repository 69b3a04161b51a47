//! `amlstm import`: brings other programs' files into a site folder.

use std::{
    io::{BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use amlstm::{
    format::Format,
    geodesy::Position,
    import::{
        self, DateOrder, Imported, LengthUnit, Mapping, Options, PointsTaken, Target, View,
        write_points,
    },
    ps::Component,
    read::well_positions,
    whole_file,
};
use anyhow::{Context, bail};

use super::output::Output;

/// Bring files of agencies, loggers, GNSS stations and InSAR services into a site folder.
///
/// Each file's format is found by its first bytes. Levels come from USGS RDB, JSON, GeoJSON and CSV, Campbell TOA5, Solinst XLE and CSV, Van Essen MON,
/// In-Situ CSV, and by --columns from any CSV; the ground from EGMS, MintPy, LiCSBAS and QGIS InSAR Explorer tables and GNSS tenv3 files. Rows are added to
/// the site's files; rows that are there already are not written again.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  amlstm import deep.rdb shallow.rdb --well W7 -o site          a layer each, named by its site number
  amlstm import logger.dat --well W7 --layer confined1 --zero-m 12.40 -o site
  amlstm import EGMS_L2b_*.csv --well W7 --longitude 4.5 --latitude 52.0 -o site
  amlstm import P123.tenv3 --well W7 -o site
  amlstm import export.csv --columns mapping.toml --well W7 --layer upper -o site")]
pub struct Args {
    /// Files to bring in.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Well that they belong to.
    #[arg(long, value_name = "WELL")]
    well: String,
    /// Aquifer layer of the levels; without it each series is a layer of its own name.
    #[arg(long, value_name = "LAYER")]
    layer: Option<String>,
    /// Site folder; made if it is missing.
    #[arg(short, long, value_name = "SITE")]
    output: PathBuf,
    /// Height above the datum of the point from which values count, m: measuring point of depths, transducer of submergences.
    #[arg(
        long,
        value_name = "M",
        default_value_t = 0.0,
        allow_negative_numbers = true
    )]
    zero_m: f64,
    /// Column of the level, where a file has several.
    #[arg(long, value_name = "NAME")]
    column: Option<String>,
    /// Order of day and month in dates of numbers.
    #[arg(long, value_name = "ORDER")]
    date_order: Option<Order>,
    /// Mapping that says how to read a CSV of no known format; docs/data.md shows one.
    #[arg(long, value_name = "MAPPING.toml")]
    columns: Option<PathBuf>,
    /// Unit of InSAR values.
    #[arg(long, value_name = "UNIT", default_value = "mm")]
    unit: Unit,
    /// One incidence angle of line-of-sight values, degrees from the vertical, where the file has none.
    #[arg(long, value_name = "DEGREES", conflicts_with = "vertical")]
    incidence: Option<f64>,
    /// InSAR values are vertical.
    #[arg(long)]
    vertical: bool,
    /// Where the well is, degrees east.
    #[arg(
        long,
        value_name = "DEGREES",
        requires = "latitude",
        allow_negative_numbers = true
    )]
    longitude: Option<f64>,
    /// Where the well is, degrees north.
    #[arg(
        long,
        value_name = "DEGREES",
        requires = "longitude",
        allow_negative_numbers = true
    )]
    latitude: Option<f64>,
    /// Where the well is in the points' grid, m.
    #[arg(
        long,
        value_name = "M",
        requires = "northing",
        conflicts_with = "longitude",
        allow_negative_numbers = true
    )]
    easting: Option<f64>,
    /// Where the well is in the points' grid, m.
    #[arg(
        long,
        value_name = "M",
        requires = "easting",
        allow_negative_numbers = true
    )]
    northing: Option<f64>,
}

/// Order of day and month.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Order {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
}

/// Unit of InSAR values.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Unit {
    M,
    Cm,
    Mm,
}

/// Runs the command.
pub fn run(args: &Args, output: &mut Output) -> anyhow::Result<ExitCode> {
    let options = Options {
        zero_m: args.zero_m,
        column: args.column.clone(),
        date_order: args.date_order.map(|order| match order {
            Order::Dmy => DateOrder::DayFirst,
            Order::Mdy => DateOrder::MonthFirst,
        }),
        mapping: args.columns.as_deref().map(Mapping::read).transpose()?,
    };
    let mut points = Vec::new();
    let mut read = Vec::new();
    for path in &args.files {
        let format = import::format_of(path)?;
        let is_points = format == Some(Format::InSarCsv) || Component::of_egms_name(path).is_some();
        if is_points && args.columns.is_none() {
            points.push(path.clone());
        } else {
            read.push((path, format, import::read(path, &options)?));
        }
    }
    let position = position(args).or_else(|| {
        let mut read = read.iter();
        read.find_map(|(_, _, imported)| imported.position)
    });
    for (path, format, mut imported) in read {
        imported.position = position;
        let unnamed = path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let target = Target {
            site: &args.output,
            well: &args.well,
            layer: args.layer.as_deref(),
            unnamed: &unnamed,
        };
        let written = import::write(&imported, &target)?;
        let format = format.map_or_else(|| "a CSV".to_owned(), |format| format.to_string());
        output.note(format_args!("{}: {format}", path.display()))?;
        for (layer, levels) in &written.layers {
            output.note(format_args!("  {levels} levels of layer {layer}"))?;
        }
        if written.subsidence > 0 {
            output.note(format_args!(
                "  {} readings of the ground",
                written.subsidence
            ))?;
        }
        tell(&imported, written.already_there, output)?;
    }
    if !points.is_empty() {
        take_points(args, &points, position, output)?;
    }
    output.note(format_args!("next: amlstm check {}", args.output.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Where the caller says that the well is.
fn position(args: &Args) -> Option<Position> {
    match (args.longitude, args.latitude, args.easting, args.northing) {
        (Some(longitude), Some(latitude), ..) => Some(Position::Geographic {
            longitude,
            latitude,
        }),
        (_, _, Some(easting), Some(northing)) => Some(Position::Planar { easting, northing }),
        _ => None,
    }
}

/// Says what was converted and left out.
fn tell(imported: &Imported, already_there: usize, output: &mut Output) -> anyhow::Result<()> {
    for how in &imported.converted {
        output.note(format_args!("  converted: {how}"))?;
    }
    for (reason, count) in &imported.left_out {
        output.note(format_args!("  left out: {count} {reason}"))?;
    }
    if already_there > 0 {
        output.note(format_args!("  {already_there} rows were there already"))?;
    }
    Ok(())
}

/// Writes `points.csv` from all points files at once.
fn take_points(
    args: &Args,
    files: &[PathBuf],
    position: Option<Position>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let points_csv = args.output.join("points.csv");
    if points_csv.exists() {
        bail!(
            "{}: found a file, expected none; remove it and import all points files in one command",
            points_csv.display()
        );
    }
    let wells_csv = args.output.join("wells.csv");
    if !wells_csv.exists() {
        let target = Target {
            site: &args.output,
            well: &args.well,
            layer: None,
            unnamed: "",
        };
        let place = Imported {
            position,
            ..Imported::default()
        };
        import::write(&place, &target)?;
    }
    let wells = well_positions(&wells_csv)?;
    if wells.is_empty() {
        bail!(
            "{}: points need to know where the wells are, found no position; say --longitude and --latitude, or --easting and --northing",
            wells_csv.display()
        );
    }
    let view = match (args.incidence, args.vertical) {
        (Some(degrees), _) => View::Incidence(degrees),
        (None, true) => View::Vertical,
        (None, false) => View::AsNamed,
    };
    let unit = match args.unit {
        Unit::M => LengthUnit::M,
        Unit::Cm => LengthUnit::Cm,
        Unit::Mm => LengthUnit::Mm,
    };
    let unwritten = || format!("{}: cannot be written", points_csv.display());
    let file = whole_file::unnamed(&points_csv).with_context(unwritten)?;
    let mut writer = BufWriter::new(file);
    let taken = write_points(files, &wells, view, unit, &mut writer)?;
    writer.flush().with_context(unwritten)?;
    let file = writer
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .with_context(unwritten)?;
    whole_file::name(file, &points_csv).with_context(unwritten)?;
    for (path, taken) in files.iter().zip(&taken) {
        tell_points(path, taken, output)?;
    }
    Ok(())
}

fn tell_points(path: &Path, taken: &PointsTaken, output: &mut Output) -> anyhow::Result<()> {
    output.note(format_args!("{}: a table of InSAR points", path.display()))?;
    output.note(format_args!("  {} points", taken.taken))?;
    for how in &taken.converted {
        output.note(format_args!("  converted: {how}"))?;
    }
    if taken.far > 0 {
        output.note(format_args!(
            "  left out: {} points farther than {} km from every well",
            taken.far,
            import::KEPT_M / 1000.0
        ))?;
    }
    Ok(())
}
