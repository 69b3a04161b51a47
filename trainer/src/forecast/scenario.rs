//! How the levels of a well go on.

use amlstm_core::month::Month;

use crate::level::MonthlyLevels;

/// What stands for every aquifer layer in a scenario.
pub const ALL_LAYERS: &str = "all";

/// Forms of a scenario, for messages.
const FORMS: &str = "hold, climatology, or a layer with a shift or a trend such as confined2=+1m or confined2=-0.5m/a, with commas between several";

/// How levels go on after a model's last month: from a base, changed layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// As it was written.
    pub name: String,
    base: Base,
    changes: Vec<Change>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Base {
    Hold,
    Climatology,
}

/// What is added to the base.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Change {
    /// Which layer; nothing for all.
    layer: Option<usize>,
    /// At once, in m.
    shift_m: f64,
    /// In m per year, from the first month on.
    trend_m_per_year: f64,
}

/// Why a scenario cannot be followed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    /// A part is none of the forms.
    #[error("scenario \"{scenario}\": found \"{found}\", expected {FORMS}")]
    Form {
        /// The scenario.
        scenario: String,
        /// The part.
        found: String,
    },
    /// A layer that the model does not have.
    #[error("scenario \"{scenario}\": found layer \"{found}\", expected {known} or {ALL_LAYERS}")]
    Layer {
        /// The scenario.
        scenario: String,
        /// The layer.
        found: String,
        /// Those of the model.
        known: String,
    },
    /// The past has no change of some calendar month.
    #[error(
        "climatology: layer {layer}: found no change of level into month {month} of a year in the past up to {until}, expected levels of all calendar months"
    )]
    NoChange {
        /// The layer.
        layer: String,
        /// Calendar month, 1 to 12.
        month: u8,
        /// The model's last month.
        until: Month,
    },
}

impl Scenario {
    /// Reads a scenario: parts with commas between. Layers that are not named stay on the base, which is `hold` unless `climatology` is a part.
    ///
    /// # Errors
    /// When a part is of no known form or names another layer.
    pub fn parse(text: &str, aquifer_layers: &[&str]) -> Result<Self, ScenarioError> {
        let mut scenario = Self {
            name: text.to_owned(),
            base: Base::Hold,
            changes: Vec::new(),
        };
        for part in text.split(',').map(str::trim) {
            match part {
                "hold" => scenario.base = Base::Hold,
                "climatology" => scenario.base = Base::Climatology,
                _ => scenario.changes.push(change(text, part, aquifer_layers)?),
            }
        }
        Ok(scenario)
    }

    /// Whether it needs a [`Climatology`].
    pub fn needs_past(&self) -> bool {
        self.base == Base::Climatology
    }

    /// Levels of so many months after `start`, m above datum, `[months][aquifer layers]`, from the levels of the start.
    ///
    /// # Panics
    /// If it needs a climatology and there is none.
    pub fn levels(
        &self,
        start: Month,
        start_m: &[f32],
        climatology: Option<&Climatology>,
        months: usize,
    ) -> Vec<Vec<Option<f32>>> {
        let mut base_m: Vec<f64> = start_m.iter().copied().map(f64::from).collect();
        let mut month = start;
        (1..=months)
            .map(|number| {
                month = month.next();
                if self.needs_past() {
                    let climatology = climatology.expect("the caller has asked needs_past");
                    for (level_m, changes) in base_m.iter_mut().zip(&climatology.change_m) {
                        *level_m += changes[usize::from(month.month()) - 1];
                    }
                }
                let level_m = |(layer, base_m): (usize, &f64)| {
                    let changed = self
                        .changes
                        .iter()
                        .filter(|change| change.layer.is_none_or(|changed| changed == layer));
                    let change = |change: &Change| {
                        change.shift_m + change.trend_m_per_year * number as f64 / 12.0
                    };
                    Some((base_m + changed.map(change).sum::<f64>()) as f32)
                };
                base_m.iter().enumerate().map(level_m).collect()
            })
            .collect()
    }
}

/// `LAYER=+1m` or `LAYER=+1m/a`.
fn change(scenario: &str, part: &str, aquifer_layers: &[&str]) -> Result<Change, ScenarioError> {
    let form = || ScenarioError::Form {
        scenario: scenario.to_owned(),
        found: part.to_owned(),
    };
    let (name, by) = part.rsplit_once('=').ok_or_else(form)?;
    let (number, is_trend) = match (by.strip_suffix("m/a"), by.strip_suffix('m')) {
        (Some(number), _) => (number, true),
        (None, Some(number)) => (number, false),
        (None, None) => return Err(form()),
    };
    let number: f64 = number.trim().parse().map_err(|_| form())?;
    if !number.is_finite() {
        return Err(form());
    }
    let layer = layer(name.trim(), aquifer_layers).map_err(|known| ScenarioError::Layer {
        scenario: scenario.to_owned(),
        found: name.to_owned(),
        known,
    })?;
    Ok(Change {
        layer,
        shift_m: if is_trend { 0.0 } else { number },
        trend_m_per_year: if is_trend { number } else { 0.0 },
    })
}

/// The number of a layer, or nothing for all.
///
/// # Errors
/// The layers that there are, if `name` is none of them.
pub fn layer(name: &str, aquifer_layers: &[&str]) -> Result<Option<usize>, String> {
    match aquifer_layers.iter().position(|known| *known == name) {
        None if name == ALL_LAYERS => Ok(None),
        None => Err(aquifer_layers.join(", ")),
        known => Ok(known),
    }
}

/// Mean change of the level into each calendar month, which sums to the mean trend over a year.
#[derive(Clone, Debug, PartialEq)]
pub struct Climatology {
    /// `[aquifer layers]`, from January on, m.
    change_m: Vec<[f64; 12]>,
}

impl Climatology {
    /// Of past levels up to and with `until`.
    ///
    /// # Errors
    /// When a layer has no two successive months that end in some calendar month.
    pub fn of(
        past: &[MonthlyLevels],
        aquifer_layers: &[&str],
        until: Month,
    ) -> Result<Self, ScenarioError> {
        let of_layer = |name: &&str| {
            let levels = past.iter().find(|levels| levels.aquifer_layer == **name);
            let mut sums = [(0.0, 0.0); 12];
            if let Some(levels) = levels {
                let pairs = levels.level_m.windows(2).zip(levels.start.index() + 1..);
                for (pair, index) in pairs.take_while(|(_, index)| *index <= until.index()) {
                    if let [Some(before), Some(after)] = *pair {
                        let (sum, count) = &mut sums[index.rem_euclid(12) as usize];
                        *sum += f64::from(after) - f64::from(before);
                        *count += 1.0;
                    }
                }
            }
            match sums.iter().position(|(_, count)| *count == 0.0) {
                Some(month) => Err(ScenarioError::NoChange {
                    layer: (*name).to_owned(),
                    month: month as u8 + 1,
                    until,
                }),
                None => Ok(sums.map(|(sum, count)| sum / count)),
            }
        };
        let change_m = aquifer_layers
            .iter()
            .map(of_layer)
            .collect::<Result<_, _>>()?;
        Ok(Self { change_m })
    }
}

#[cfg(test)]
mod tests {
    use amlstm_core::month_mean::MonthRule;

    use super::*;

    const LAYERS: [&str; 2] = ["upper", "lower"];

    fn month(year: i32, month: u8) -> Month {
        Month::new(year, month).unwrap()
    }

    fn levels(text: &str, months: usize) -> Vec<Vec<Option<f32>>> {
        let scenario = Scenario::parse(text, &LAYERS).unwrap();
        scenario.levels(month(2016, 12), &[10.0, -4.0], None, months)
    }

    #[test]
    fn unnamed_layers_are_held_and_a_trend_reaches_its_rate_after_a_year() {
        let levels = levels("lower=-1.2m/a, all=+2m", 24);
        assert_eq!(levels[0], [Some(12.0), Some(-2.1)]);
        assert_eq!(levels[11], [Some(12.0), Some(-3.2)]);
        assert_eq!(levels[23], [Some(12.0), Some(-4.4)]);
    }

    #[test]
    fn climatology_repeats_the_season_with_the_mean_trend_of_the_past() {
        // Three years of a season of 1 m in June alone and a fall of 0.1 m per month, and one wild level after the model's last month.
        let mut level_m: Vec<Option<f32>> = (0..36)
            .map(|month| Some(5.0 - 0.1 * month as f32 + f32::from(u8::from(month % 12 == 5))))
            .collect();
        level_m.push(Some(900.0));
        level_m[3] = None;
        let past: Vec<MonthlyLevels> = LAYERS
            .iter()
            .map(|layer| MonthlyLevels {
                aquifer_layer: (*layer).to_owned(),
                start: month(2014, 1),
                level_m: level_m.clone(),
                rule: MonthRule::AnyDay,
            })
            .collect();
        let climatology = Climatology::of(&past, &LAYERS, month(2016, 12)).unwrap();
        let scenario = Scenario::parse("climatology", &LAYERS).unwrap();
        let next = scenario.levels(month(2016, 12), &[1.5, 0.0], Some(&climatology), 12);
        for (number, levels) in next.iter().enumerate() {
            let season = f32::from(u8::from(number == 5));
            let expected = 1.5 - 0.1 * (number + 1) as f32 + season;
            assert!((levels[0].unwrap() - expected).abs() < 1e-5, "{number}");
        }
        let short = Climatology::of(&past[..1], &LAYERS, month(2016, 12)).unwrap_err();
        assert!(short.to_string().contains("layer lower: found no change"));
    }

    #[test]
    fn what_is_no_scenario_is_refused_with_the_forms_that_are() {
        for text in [
            "",
            "rise",
            "upper=+1",
            "upper=1 km/a",
            "upper=nanm",
            "upper=+1m/a,",
        ] {
            let error = Scenario::parse(text, &LAYERS).unwrap_err();
            assert!(
                matches!(error, ScenarioError::Form { .. }),
                "{text}: {error}"
            );
        }
        let error = Scenario::parse("middle=+1m", &LAYERS).unwrap_err();
        assert_eq!(
            error.to_string(),
            "scenario \"middle=+1m\": found layer \"middle\", expected upper, lower or all"
        );
    }
}
