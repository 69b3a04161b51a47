//! How many wells per second the program trains with 1, 2, 4, ... threads.
//!
//! `cargo bench -p amlstm --bench scale` writes 1,000 SYNTHETIC wells to a temporary folder and lets the program read them, train both networks of each, and
//! write models, tables and report, from random weights; `PRETRAIN=physics` lets them learn physics first, as is the default. `WELLS=20000 cargo bench -p amlstm --bench scale` does so with 20,000 wells. Each number of threads gets the better of two
//! runs, and each round goes through all of them, so that a machine that others use too treats all alike. CPU times tell waiting from work where wall time
//! cannot: threads that wait for a lock add to the system's time. The last line is the efficiency of all processors.

use std::fs;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

const ROUNDS: usize = 2;

fn main() {
    let wells = std::env::var("WELLS").map_or(1000, |wells| {
        wells.parse().expect("WELLS is a number of wells")
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = folder.path().join("site");
    amlstm(&["synth", "--wells", &wells.to_string(), &text(&site)]);
    let pretrain = std::env::var("PRETRAIN").unwrap_or_else(|_| "none".to_owned());
    let config = folder.path().join("config.toml");
    let text_of_config = format!("[training]\npretrain = \"{pretrain}\"\n");
    fs::write(&config, text_of_config).expect("a configuration");
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let powers = std::iter::successors(Some(1), |threads| Some(threads * 2));
    let mut threads: Vec<usize> = powers.take_while(|threads| *threads < processors).collect();
    threads.push(processors);
    let mut fastest = vec![Run::NONE; threads.len()];
    for _ in 0..ROUNDS {
        for (threads, fastest) in threads.iter().zip(&mut fastest) {
            let run = Run::new(&site, &config, &folder.path().join("run"), *threads);
            if run.seconds < fastest.seconds {
                *fastest = run;
            }
        }
    }
    println!(
        "{wells} SYNTHETIC wells, {processors} processors, {}",
        processor()
    );
    println!("threads   seconds   wells/s   CPU ms per well, of them in the system");
    for (threads, run) in threads.iter().zip(&fastest) {
        let per_well = |seconds: f64| 1e3 * seconds / wells as f64;
        println!(
            "{threads:>7} {:>9.2} {:>9.1} {:>17.1} {:>22.1}",
            run.seconds,
            wells as f64 / run.seconds,
            per_well(run.user_s + run.system_s),
            per_well(run.system_s)
        );
    }
    let (one, all) = (&fastest[0], &fastest[fastest.len() - 1]);
    println!(
        "efficiency of {processors} threads: {:.0} %",
        100.0 * one.seconds / (all.seconds * processors as f64)
    );
}

/// Times of one run of the program.
#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    user_s: f64,
    system_s: f64,
}

impl Run {
    const NONE: Self = Self {
        seconds: f64::INFINITY,
        user_s: f64::NAN,
        system_s: f64::NAN,
    };

    fn new(site: &Path, config: &Path, out: &Path, threads: usize) -> Self {
        let before = children_s();
        let start = Instant::now();
        amlstm(&[
            "train",
            &text(site),
            "--config",
            &text(config),
            "--threads",
            &threads.to_string(),
            "--out",
            &text(out),
        ]);
        let seconds = start.elapsed().as_secs_f64();
        let after = children_s();
        fs::remove_dir_all(out).expect("the run's folder");
        Self {
            seconds,
            user_s: after[0] - before[0],
            system_s: after[1] - before[1],
        }
    }
}

fn amlstm(arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_amlstm"))
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert!(
        status.expect("the program starts").success(),
        "{arguments:?}"
    );
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// User and system time of all children that have ended, in seconds; NaN where the system does not tell.
fn children_s() -> [f64; 2] {
    // Linux counts them in hundredths of a second, in the 16th and 17th field; the second is a name in brackets.
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let mut times = fields.split_whitespace().skip(13).map(str::parse::<f64>);
    [(); 2].map(|()| match times.next() {
        Some(Ok(hundredths)) => hundredths / 100.0,
        _ => f64::NAN,
    })
}

/// Name of the processor, where the system tells.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    name.map_or("unknown processor".to_owned(), |name| {
        name.trim_start_matches([' ', '\t', ':']).to_owned()
    })
}
