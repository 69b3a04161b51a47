//! How fast a large points file is read and how much memory that takes.
//!
//! `cargo bench -p amlstm --bench points` writes a file of 200,000 rows to a temporary folder and reads it around six
//! wells; `ROWS=10000000 cargo bench -p amlstm --bench points` does so for ten million rows (4 GB). The file was just
//! written, so it usually comes from the page cache: the figure is the program's speed, an upper limit on any disk's.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use amlstm::geodesy::Position;
use amlstm::ps::read_points;
use amlstm::synth::scene_dates;
use amlstm::table::Conventions;

/// One row in this many lies in the buffer of a well.
const NEAR: u64 = 10_000;

fn main() {
    let rows = std::env::var("ROWS").map_or(200_000, |rows| {
        rows.parse().expect("ROWS is a number of rows")
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("points.csv");
    write_points(&path, rows);
    let bytes = path.metadata().expect("the file was written").len();
    let wells: Vec<Position> = (0..6).map(well).collect();
    let mut best = f64::INFINITY;
    for _ in 0..3 {
        let start = Instant::now();
        let found =
            read_points(&path, &wells, 300.0, &Conventions::default()).expect("the file is whole");
        best = best.min(start.elapsed().as_secs_f64());
        let points: usize = found.iter().map(|well| well.points.len()).sum();
        assert_eq!(points as u64, rows.div_ceil(NEAR));
    }
    let megabytes = bytes as f64 / 1e6;
    println!(
        "points.csv: {rows} rows, {megabytes:.0} MB: {best:.2} s, {:.0} MB/s, peak memory {}",
        megabytes / best,
        peak_memory()
    );
}

fn well(index: u64) -> Position {
    Position::Geographic {
        longitude: 116.4 + 0.05 * index as f64,
        latitude: 39.9,
    }
}

/// Rows like those of a stack of 54 scenes, spread over half a degree; every [`NEAR`]th at a well.
fn write_points(path: &Path, rows: u64) {
    let mut file = BufWriter::new(File::create(path).expect("the folder is new"));
    let mut header = "pid,longitude,latitude,incidence_angle".to_owned();
    for scene in scene_dates() {
        header += &scene.strftime(",%Y%m%d").to_string();
    }
    writeln!(file, "{header}").expect("room on the disk");
    let values: Vec<u8> = (0..scene_dates().len())
        .flat_map(|scene| format!(",{:.2}", -1.37 * scene as f64).into_bytes())
        .collect();
    for row in 0..rows {
        let (longitude, latitude) = if row.is_multiple_of(NEAR) {
            (116.4 + 0.05 * (row / NEAR % 6) as f64, 39.9005)
        } else {
            // A grid away from the wells' row.
            (
                116.4 + (row % 5000) as f64 * 1e-4,
                40.0 + (row / 5000 % 5000) as f64 * 1e-4,
            )
        };
        write!(file, "P{row:08},{longitude:.6},{latitude:.6},34.6").expect("room on the disk");
        file.write_all(&values).expect("room on the disk");
        file.write_all(b"\n").expect("room on the disk");
    }
    file.flush().expect("room on the disk");
}

/// Largest resident memory of this process so far, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .map_or("unknown".to_owned(), |peak| peak.trim().to_owned())
}
