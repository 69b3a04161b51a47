//! A model file, computed by somebody else.

use serde_json::Value;

use crate::{
    site::{done, failed, trained},
    weights::models::models,
};

#[test]
fn the_model_can_be_computed_from_inspects_json_alone() {
    let (folder, _) = trained();
    for model in ["run/models/N1.f32.amlm", "run/models/lstm/N1.f32.amlm"] {
        let json: Value =
            serde_json::from_str(&done(folder.path(), &["inspect", model, "--json"])).unwrap();
        let estimate = done(
            folder.path(),
            &["estimate", model, "levels.csv", "--cold", "--json"],
        );
        let estimate: Value = serde_json::from_str(&estimate).unwrap();
        let mut state = (vec![0.0; 16], vec![0.0; 16]);
        for month in estimate["months"].as_array().unwrap() {
            let level_m: Vec<Option<f64>> = month["inputs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|input| input["level_m"].as_f64())
                .collect();
            let expected = month["network"]["increment_mm"].as_f64().unwrap();
            let found = step(&json, &mut state, &level_m);
            // f32 against f64 over 120 recurrent months; increments are of the order of 1 mm.
            assert!(
                (found - expected).abs() < 1e-4,
                "{model} {}: {found} against {expected}",
                month["month"]
            );
        }
    }
    let text = done(folder.path(), &["inspect", "run/models/N1.f32.amlm"]);
    assert!(text.contains("1793") && text.contains("measured"), "{text}");
}

#[test]
fn a_model_that_was_moved_on_goes_on_where_the_other_one_arrives() {
    let (folder, _) = trained();
    let path = folder.path();
    let model = "run/models/N1.f32.amlm";
    // SYNTHETIC levels of the two years after those of the site.
    let later = |months: usize| {
        let rows = (0..months).map(|month| {
            let date = format!("{}-{:02}-15", 2010 + month / 12, month % 12 + 1);
            let level_m = -12.0 - 0.1 * month as f64 + (month as f64 * 0.5).sin();
            if month == 7 {
                String::new()
            } else {
                format!("upper,{date},{level_m}\n")
            }
        });
        format!("layer,date,level_m\n{}", rows.collect::<String>())
    };
    std::fs::write(path.join("later.csv"), later(24)).unwrap();
    std::fs::write(path.join("first.csv"), later(14)).unwrap();
    let before = std::fs::read(path.join(model)).unwrap();
    let said = done(path, &["update", model, "first.csv", "-o", "new.amlm"]);
    assert!(
        said.contains("until 2011-02 instead of 2009-12 (14 months, 1 of them without any level)"),
        "{said}"
    );
    assert_eq!(std::fs::read(path.join(model)).unwrap(), before);
    let estimate = |model: &str| -> Vec<Value> {
        let json = done(path, &["estimate", model, "later.csv", "--json"]);
        let json: Value = serde_json::from_str(&json).unwrap();
        json["months"].as_array().unwrap().clone()
    };
    let (old, new) = (estimate(model), estimate("new.amlm"));
    assert_eq!((old.len(), new.len()), (24, 10));
    assert_eq!(old[14..], new);
    let nothing = failed(path, &["update", "new.amlm", "first.csv"]);
    assert!(
        nothing.contains("levels end in 2011-02, expected some after 2011-02"),
        "{nothing}"
    );
}

#[test]
fn a_level_that_changes_more_than_in_training_is_flagged_and_widens_the_interval() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // One layer, trained on -13 m to -7 m and on changes from -2 m to 1 m.
    let (name, model) = models().pop().unwrap();
    assert_eq!(name, "plain with changes");
    std::fs::write(folder.join("model.amlm"), model).unwrap();
    let levels = "layer,date,level_m\nupper,2016-09-15,-10\nupper,2016-10-15,-12.5\nupper,2016-11-15,-10.5\n";
    std::fs::write(folder.join("levels.csv"), levels).unwrap();
    let said = done(folder, &["estimate", "model.amlm", "levels.csv"]);
    for remark in ["upper: fell 0.50 m more", "upper: rose 1.00 m more"] {
        assert!(said.contains(remark), "{said}");
    }
    let json = done(folder, &["estimate", "model.amlm", "levels.csv", "--json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    // 1.5 mm, wider by the share of the 3 m that changes ranged over.
    for (month, flag, half_width_mm) in [
        (0, "ok", 1.5),
        (1, "change_below_trained", 1.75),
        (2, "change_above_trained", 2.0),
    ] {
        let month = &json["months"][month];
        assert_eq!(month["inputs"][0]["flag"], flag);
        let found_mm = month["half_width_mm"].as_f64().unwrap();
        assert!(
            (found_mm - half_width_mm).abs() < 1e-6,
            "{flag}: {found_mm}"
        );
    }
}

/// One month of the equations that `inspect --json` prints, in f64, from its numbers alone.
fn step(model: &Value, (hidden, cell): &mut (Vec<f64>, Vec<f64>), level_m: &[Option<f64>]) -> f64 {
    let matrix = |name: &str| -> Vec<Vec<f64>> {
        let rows = model["weights"][name]["rows"].as_array().unwrap();
        rows.iter()
            .map(|row| {
                row.as_array()
                    .unwrap()
                    .iter()
                    .map(|value| value.as_f64().unwrap())
                    .collect()
            })
            .collect()
    };
    let times = |rows: &[Vec<f64>], with: &[f64]| -> Vec<f64> {
        rows.iter()
            .map(|row| row.iter().zip(with).map(|(a, b)| a * b).sum())
            .collect()
    };
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let x: Vec<Option<f64>> = model["inputs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(level_m)
        .map(|(input, level_m)| {
            Some(
                ((*level_m)? - input["offset_m"].as_f64().unwrap())
                    / input["scale_m"].as_f64().unwrap(),
            )
        })
        .collect();
    let mut e: Vec<f64> = x.iter().map(|x| x.unwrap_or(0.0)).collect();
    if model["attention"] != "none" {
        let (u, b, v) = (
            matrix("attention_u"),
            matrix("attention_b"),
            matrix("attention_v"),
        );
        let state: Vec<f64> = hidden.iter().chain(cell.iter()).copied().collect();
        let wh = times(&matrix("attention_w"), &state);
        let column = |k: usize| k.min(u[0].len() - 1);
        let alpha = |k: usize, x: f64| -> f64 {
            (0..wh.len())
                .map(|unit| {
                    v[unit][column(k)]
                        * (wh[unit] + u[unit][column(k)] * x + b[unit][column(k)]).tanh()
                })
                .sum()
        };
        let exponentials: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(k, x)| x.map_or(0.0, |x| alpha(k, x).exp()))
            .collect();
        let sum: f64 = exponentials.iter().sum();
        for (e, exponential) in e.iter_mut().zip(&exponentials) {
            *e *= if sum > 0.0 { exponential / sum } else { 0.0 };
        }
    }
    let units = hidden.len();
    let inputs: Vec<f64> = hidden.iter().copied().chain(e).collect();
    let gates: Vec<f64> = times(&matrix("gate_weights"), &inputs)
        .iter()
        .zip(matrix("gate_bias"))
        .map(|(sum, bias)| sum + bias[0])
        .collect();
    for unit in 0..units {
        let [f, i, candidate, o] = [0, 1, 2, 3].map(|gate| gates[gate * units + unit]);
        cell[unit] = sigmoid(f) * cell[unit] + sigmoid(i) * candidate.tanh();
        hidden[unit] = sigmoid(o) * cell[unit].tanh();
    }
    let y: f64 = matrix("output_weights")
        .iter()
        .zip(hidden.iter())
        .map(|(weight, h)| weight[0] * h)
        .sum();
    let y = y + matrix("output_bias")[0][0];
    y * model["target"]["scale_mm"].as_f64().unwrap()
        + model["target"]["offset_mm"].as_f64().unwrap()
}
