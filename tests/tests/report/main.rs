//! The report of a real run in a real browser: nothing fails, nothing is fetched, no text is cut or overlaps, on a desk, a phone and paper, by day and by night.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};

use amlstm::config::{Config, Pretrain, SplitKind};
use amlstm::levelling;
use amlstm::report;
use amlstm::run::{RunFolder, RunIdentity, WellRun, hash_of_wells};
use amlstm::series::WellSeries;
use amlstm::study::{self, Subject, Summary};
use amlstm::synth;
use amlstm_tests::skip::skip;
use browser::{Browser, url};
use serde_json::json;

/// Texts that leave their figure and pairs of texts that overlap.
const MISPLACED: &str = r#"(() => {
  const faults = [];
  for (const figure of document.querySelectorAll("figure")) {
    const name = figure.querySelector("figcaption").textContent;
    const frame = figure.querySelector("svg").getBoundingClientRect();
    const texts = [...figure.querySelectorAll("svg text")].map((text) => [text.textContent, text.getBoundingClientRect()]);
    texts.forEach(([text, box], index) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1) faults.push(`${name}: "${text}" is cut`);
      for (const [other, beside] of texts.slice(index + 1)) {
        const wide = Math.min(box.right, beside.right) - Math.max(box.left, beside.left);
        const high = Math.min(box.bottom, beside.bottom) - Math.max(box.top, beside.top);
        // Boxes include the room above and below the letters, together about a third of their height.
        if (wide > 1 && high > box.height / 3) faults.push(`${name}: "${text}" overlaps "${other}"`);
      }
    });
  }
  return faults;
})()"#;

/// How many figures there are, of which kinds, and those that are missing something.
const FIGURES: &str = r#"(() => {
  const figures = [...document.querySelectorAll("figure")];
  const lacks = (figure) => {
    const chart = figure.querySelector("svg");
    const box = chart.getBoundingClientRect();
    const marks = chart.querySelectorAll(":is(polyline, polygon, circle, rect):not(.tips *)").length;
    return box.width < 200 || box.height < 80 || marks < 8 || !chart.getAttribute("aria-label") || !chart.querySelector(".tips rect");
  };
  return { count: figures.length, kinds: [...new Set(figures.map((figure) => figure.dataset.kind))].sort(), lacking: figures.filter(lacks).map((figure) => figure.querySelector("figcaption").textContent) };
})()"#;

/// Tables without a name or without headers of their columns.
const UNNAMED: &str = r#"[...document.querySelectorAll("table")].filter((table) => !(table.caption || document.getElementById(table.getAttribute("aria-labelledby"))) || !table.querySelector("th[scope=col]")).map((table) => table.textContent.slice(0, 60))"#;

/// Looks at a page in every width and theme; `kinds` of figures are in it, and `count` in all.
fn check(page: &Path, kinds: &[&str], count: usize) {
    let Some(mut browser) = Browser::start() else {
        skip(None, "no Chromium here; tests/run brings it");
        return;
    };
    for (width, theme) in [
        (1180, "light"),
        (1180, "dark"),
        (390, "light"),
        (320, "dark"),
    ] {
        browser.show_as(width, theme);
        browser.open(page);
        let shown = format!("{width} pixels, {theme}");
        let figures = browser.evaluate(FIGURES);
        assert_eq!(figures["count"], json!(count), "{shown}");
        assert_eq!(figures["kinds"], json!(kinds), "{shown}");
        assert_eq!(figures["lacking"], json!([]), "{shown}");
        assert_eq!(browser.evaluate(MISPLACED), json!([]), "{shown}");
        assert_eq!(browser.evaluate(UNNAMED), json!([]), "{shown}");
        assert_eq!(
            browser.evaluate("document.documentElement.scrollWidth <= innerWidth"),
            json!(true),
            "{shown}: wider than the window"
        );
        // The page's paper in each theme, as in figure/ink.rs.
        let paper = if theme == "light" {
            "rgb(255, 255, 255)"
        } else {
            "rgb(23, 27, 33)"
        };
        assert_eq!(
            browser.evaluate("getComputedStyle(document.body).backgroundColor"),
            json!(paper),
            "{shown}"
        );
        for event in &browser.events {
            let method = event["method"].as_str().unwrap_or_default();
            assert!(
                ![
                    "Runtime.exceptionThrown",
                    "Runtime.consoleAPICalled",
                    "Log.entryAdded"
                ]
                .contains(&method),
                "{shown}: {event}"
            );
            if method == "Network.requestWillBeSent" {
                let address = event["params"]["request"]["url"].as_str().unwrap();
                assert!(
                    address == url(page) || address.starts_with("data:"),
                    "{shown}: asked for {address}"
                );
            }
        }
    }
    values_are_told(&mut browser, page);
    let printed = browser.call("Page.printToPDF", &json!({ "preferCSSPageSize": true }));
    assert!(printed["data"].as_str().unwrap().len() > 10_000);
}

/// What the tip says; empty while it is hidden.
fn tip(browser: &mut Browser) -> String {
    let text = browser.evaluate(
        "document.getElementById('tip').hidden ? '' : document.getElementById('tip').textContent",
    );
    text.as_str().unwrap().to_owned()
}

/// Pointing at a chart and walking through it with the arrow keys both tell the values.
fn values_are_told(browser: &mut Browser, page: &Path) {
    browser.show_as(1180, "light");
    browser.open(page);
    // The page may still be scrolling or laying itself out: the pointer is moved until the tip is there.
    let mut told = String::new();
    for _ in 0..50 {
        let place = browser.evaluate(
            "(() => { const rect = document.querySelectorAll('figure[data-kind=observed] .tips rect')[30]; rect.scrollIntoView({ block: 'center', behavior: 'instant' }); const box = rect.getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2]; })()",
        );
        for y in [1.0, 0.0] {
            browser.call(
                "Input.dispatchMouseEvent",
                &json!({ "type": "mouseMoved", "x": place[0], "y": place[1].as_f64().unwrap() + y }),
            );
        }
        told = tip(browser);
        if !told.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(told.contains("AM-LSTM: "), "{told}");
    browser.evaluate("document.querySelector('figure[data-kind=attention] .chart').focus()");
    // Focusing scrolls, and scrolling hides the tip.
    let mut told = String::new();
    for _ in 0..50 {
        for kind in ["keyDown", "keyUp"] {
            browser.call(
                "Input.dispatchKeyEvent",
                &json!({ "type": kind, "key": "ArrowRight", "code": "ArrowRight" }),
            );
        }
        told = tip(browser);
        if !told.is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(told.contains("phreatic: "), "{told}");
}

/// The kinds of figures of a run with ps points, in the order of their names.
const KINDS: [&str; 8] = [
    "attention",
    "attribution",
    "errors",
    "levelling",
    "levels",
    "map",
    "observed",
    "training",
];

/// Trains the first wells for a few epochs into `folder`; the page is written.
fn trained(folder: &Path, wells: usize, config: &Config) -> PathBuf {
    let options = synth::Options {
        wells,
        ..synth::Options::default()
    };
    let made = synth::dataset(&options);
    let identity = RunIdentity {
        shard: None,
        data: hash_of_wells(&made.dataset.wells),
        wells: made
            .dataset
            .wells
            .iter()
            .map(|well| well.id.clone())
            .collect(),
    };
    let written = RunFolder::create(folder, config, identity).unwrap();
    for (number, well) in made.dataset.wells.iter().enumerate() {
        let of_well = WellRun::in_full(well, config, &made.truth).unwrap();
        written.write_well(number, &of_well).unwrap();
    }
    let (benchmarks, points): (Vec<_>, Vec<_>) =
        synth::benchmarks(options.seed).into_iter().unzip();
    written
        .write_levelling(&levelling::compare(benchmarks, &points))
        .unwrap();
    written.finish(&[]).unwrap();
    report::write(folder).unwrap()
}

fn few_epochs() -> Config {
    let mut config = Config::default();
    config.training.epochs = 3;
    config.training.pretrain = Pretrain::None;
    config.data.drop_scenes = 2;
    config
}

#[test]
fn the_report_of_a_run_and_its_study_is_sound_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let config = few_epochs();
    let page = trained(&run, 6, &config);
    study(&run, &config);
    let html = report::read(&run).unwrap().html();
    fs::write(&page, html).unwrap();
    // Small enough to send by mail.
    assert!(page.metadata().unwrap().len() < 3_000_000);
    // Six wells with five figures each, and three of the run.
    check(&page, &KINDS, 6 * 5 + 3);
}

#[test]
fn the_report_of_held_out_months_is_sound_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = few_epochs();
    config.split.kind = SplitKind::Time;
    // Wells after the sixth have longer names.
    let page = trained(&folder.path().join("run"), 9, &config);
    check(&page, &KINDS, 9 * 5 + 3);
}

/// Leaves in the run folder what `amlstm study` leaves for the page, of one well and two seeds.
fn study(run: &Path, config: &Config) {
    let made = synth::dataset(&synth::Options {
        wells: 1,
        ..synth::Options::default()
    });
    let series = WellSeries::new(&made.dataset.wells[0], &config.data).unwrap();
    let subject = Subject {
        series,
        scenes: None,
        true_shares: Some(made.truth[0].share.to_vec()),
    };
    let study = study::run(vec![subject], config, &[1, 2], &|| {}).unwrap();
    let folder = run.join("study");
    fs::create_dir(&folder).unwrap();
    let summary = serde_json::to_vec(&study.summary()).unwrap();
    fs::write(folder.join(Summary::FILE), summary).unwrap();
}
