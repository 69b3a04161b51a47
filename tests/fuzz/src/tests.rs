//! Samples of every format, the same with other bytes in them, and any bytes at all.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

/// A target: its name, and what it does.
type Target = (&'static str, fn(&[u8]) -> bool);

const TARGETS: [Target; 11] = [
    ("config", config),
    ("frame", frame),
    ("import", import),
    ("insar", insar),
    ("layers", layers),
    ("levels", levels),
    ("mapping", mapping),
    ("model", model),
    ("points", points),
    ("subsidence", subsidence),
    ("wells", wells),
];

/// Files of a folder of the crate.
fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path())
}

fn folder_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// Name before the first dot: the target of a folder of seeds, and of its program.
fn target_of(path: &Path) -> String {
    let name = path.file_name().unwrap().to_str().unwrap();
    name.split('.').next().unwrap().to_owned()
}

/// Every seed with its target, in the order of their names.
static SEEDS: LazyLock<Vec<(Target, PathBuf, Vec<u8>)>> = LazyLock::new(|| {
    let mut seeds = Vec::new();
    for folder in files(&folder_of("seeds")) {
        let name = target_of(&folder);
        let target = *TARGETS.iter().find(|target| target.0 == name).unwrap();
        let of_target = files(&folder).map(|path| (target, path.clone(), fs::read(&path).unwrap()));
        seeds.extend(of_target);
    }
    seeds.sort_by(|a, b| a.1.cmp(&b.1));
    seeds
});

#[test]
fn every_seed_is_read_by_its_target() {
    for ((_, read), path, bytes) in SEEDS.iter() {
        assert!(read(bytes), "{}", path.display());
    }
}

#[test]
fn every_target_has_its_program_and_a_seed() {
    let names: BTreeSet<String> = TARGETS.iter().map(|target| target.0.to_owned()).collect();
    let of_folder = |name: &str| -> BTreeSet<String> {
        files(&folder_of(name))
            .map(|path| target_of(&path))
            .collect()
    };
    assert_eq!(of_folder("fuzz_targets"), names);
    assert_eq!(of_folder("seeds"), names);
}

proptest! {
    // Each takes microseconds.
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_bytes_are_read_or_refused(
        target in 0..TARGETS.len(),
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        TARGETS[target].1(&bytes);
    }

    #[test]
    fn any_seed_with_other_bytes_in_it_is_read_or_refused(
        seed in 0..SEEDS.len(),
        from in any::<Index>(),
        cut in 0..40_usize,
        bytes in prop::collection::vec(any::<u8>(), 0..8),
        likely in "[0-9,;\t/: .\"\nAPMZ+-]{0,40}",
    ) {
        let ((_, read), _, sound) = &SEEDS[seed];
        let from = from.index(sound.len());
        let to = (from + cut).min(sound.len());
        for other in [bytes.as_slice(), likely.as_bytes()] {
            read(&[&sound[..from], other, &sound[to..]].concat());
        }
    }
}
