//! Levels for a model that is there already.

use amlstm_core::month_mean::{MonthDefinition, MonthRule};

use super::*;

#[test]
fn levels_of_one_well_come_in_the_models_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("levels.csv");
    let read = |text: &str, well: &str| {
        fs::write(&path, text).unwrap();
        let layers = ["upper".into(), "lower".into()];
        read_levels_of(&path, well, &layers, MonthDefinition::default(), &[])
            .map(|levels| levels.layers)
    };
    let levels = read(LEVELS, "A").unwrap();
    assert_eq!(
        (levels[0].aquifer_layer.as_str(), levels[0].level_m[0]),
        ("upper", Some(5.0))
    );
    assert_eq!(
        read("layer,date,level_m\nlower,2010-01-01,3\n", "A")
            .unwrap()
            .len(),
        1
    );
    assert!(
        read(LEVELS, "C")
            .unwrap_err()
            .to_string()
            .contains("found no level of well C")
    );
    let message = read("layer,date,level_m\nuper,2010-01-01,3\n", "A")
        .unwrap_err()
        .to_string();
    assert!(
        message
            .ends_with(":2: layer: found \"uper\", expected a layer of the model (upper, lower)"),
        "{message}"
    );
}

#[test]
fn a_slip_of_the_date_is_refused_for_a_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "layer,date,level_m\nu,2020-05-10,1\nu,2199-06-01,1\nu,2020-06-10,1\n";
    fs::write(file.path(), text).unwrap();
    let error = read_levels_of(
        file.path(),
        "A",
        &["u".into()],
        MonthDefinition::default(),
        &[],
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.ends_with(":3: date: found 2199-06-01, 179 years after 2020-06-10, the row before it; correct the date"),
        "{error}"
    );
}

#[test]
fn months_without_a_level_still_count_for_a_model() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let text = "layer,date,level_m,days\nu,2020-05-15,,12\nu,2020-06-15,4.5,30\nu,2020-07-15,4,9\n";
    fs::write(file.path(), text).unwrap();
    let layers = ["u".into()];
    let most_days = MonthDefinition::new(0, [MonthRule::MostDays].into_iter()).unwrap();
    let levels = read_levels_of(file.path(), "A", &layers, most_days, &[]).unwrap();
    assert_eq!(
        (levels.first.to_string(), levels.last.to_string()),
        ("2020-05".into(), "2020-07".into())
    );
    // 30 of 30 days count, 9 of 31 do not.
    assert_eq!(
        (
            levels.layers[0].start.to_string(),
            &levels.layers[0].level_m[..]
        ),
        ("2020-06".into(), &[Some(4.5)][..])
    );
}
