//! The paper's study of a run.

use std::{collections::BTreeMap, fs, path::Path};

use crate::site::{done, files, trained};

/// Rows of a table of the run folder's `study`.
pub fn study_rows(folder: &Path, table: &str) -> Vec<BTreeMap<String, String>> {
    let mut table = csv::Reader::from_path(folder.join("run/study").join(table)).unwrap();
    table.deserialize().map(Result::unwrap).collect()
}

#[test]
fn a_study_stands_in_the_report_of_its_run() {
    let (folder, run) = trained();
    let page = || fs::read_to_string(run.join("report.html")).unwrap();
    assert!(!page().contains("id=\"study\""));
    let study = ["study", ".", "--config", "few.toml", "--seeds", "2"];
    let said = done(folder.path(), &study);
    // Eight epochs, kept at one of them.
    assert!(
        said.contains("epoch 5") && !said.contains("epoch 10"),
        "{said}"
    );
    assert!(
        page().contains("id=\"study\"") && page().contains("Training curves</h3>"),
        "{said}"
    );
    // Two wells, two networks, two seeds: as configured, three other scalings, and the epoch chosen on the test part.
    assert_eq!(study_rows(folder.path(), "runs.csv").len(), 2 * 2 * 2 * 5);
}

/// Columns of the tables that hold names, counts or shares; all others hold numbers with a unit.
const WITHOUT_UNIT: [&str; 49] = [
    "well",
    "model",
    "part",
    "selected_on",
    "month",
    "layer",
    "method",
    "point",
    "benchmark",
    "setting",
    "days",
    "points",
    "increments",
    "epoch",
    "best_epoch",
    "kept",
    "seed",
    "seeds",
    "seeds_that_agree",
    "first",
    "wins",
    "pairs",
    "diverged",
    "r2",
    "test_r2",
    "attention",
    "share",
    "share_lower_quartile",
    "share_upper_quartile",
    "am_lstm_over_floor",
    "last",
    "readings",
    "left_out",
    "months",
    "missing_months",
    "lowest_on",
    "highest_on",
    "largest_step_on",
    "step_is_shared",
    "days_share",
    "month_rule",
    "kind",
    "observations",
    "mm_per_year",
    "verdict",
    "largest_change_on",
    "outside_levels",
    "increments_used",
    "increments_lost",
];

#[test]
fn every_number_of_a_table_has_its_unit_in_the_name_of_its_column() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("few.toml"),
        "[training]\nepochs = 2\npretrain = \"none\"\n[data]\ndrop_scenes = 2\n",
    )
    .unwrap();
    done(folder.path(), &["synth", "wells", "--wells", "1"]);
    done(
        folder.path(),
        &["train", "wells", "--config", "few.toml", "--out", "run"],
    );
    done(
        folder.path(),
        &["study", "wells", "--config", "few.toml", "--seeds", "2"],
    );
    let mut tables = 0;
    for (path, bytes) in files(&folder.path().join("run")) {
        if path.extension().is_some_and(|ending| ending == "csv") {
            tables += 1;
            let mut table = csv::Reader::from_reader(bytes.as_slice());
            for column in table.headers().unwrap() {
                let has_unit = [
                    "_mm",
                    "_m",
                    "_mm_per_month",
                    "_mm_per_year",
                    "_percent",
                    "_days",
                ]
                .iter()
                .any(|unit| column.ends_with(unit));
                assert!(
                    has_unit || WITHOUT_UNIT.contains(&column),
                    "{}: {column}",
                    path.display()
                );
            }
            // As many fields in every row as in the header, and rows at all.
            assert!(table.records().map(Result::unwrap).count() > 0, "{path:?}");
        }
    }
    // Four of every run, three of ps points and attribution, two of the files as they were read, five of the study.
    assert_eq!(tables, 4 + 3 + 2 + 5);
}
