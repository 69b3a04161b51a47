//! JSON of the USGS water services (WaterML 1.1 as JSON): <https://waterservices.usgs.gov/docs/instantaneous-values/>.

use serde::Deserialize;

use super::usgs::{Sites, Value};
use super::{ImportError, Imported, Options, Stamp, text::Text, text::number};

#[derive(Deserialize)]
struct Answer {
    value: Series,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Series {
    time_series: Vec<OneSeries>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneSeries {
    /// `USGS:site:parameter:statistic`.
    #[serde(default)]
    name: String,
    source_info: Source,
    variable: Variable,
    values: Vec<Values>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    site_code: Vec<Code>,
    geo_location: Option<Location>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    geog_location: Option<Place>,
}

#[derive(Deserialize)]
struct Place {
    latitude: f64,
    longitude: f64,
}

#[derive(Deserialize)]
struct Code {
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variable {
    variable_code: Vec<Code>,
    no_data_value: Option<f64>,
}

#[derive(Deserialize)]
struct Values {
    value: Vec<OneValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OneValue {
    value: String,
    #[serde(default)]
    qualifiers: Vec<String>,
    date_time: String,
}

pub(super) fn read(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let answer: Answer = from_json(text)?;
    let mut imported = Imported::default();
    let mut sites = Sites::default();
    for series in answer.value.time_series {
        let code = |codes: &[Code]| codes.first().map(|code| code.value.clone());
        let site = code(&series.source_info.site_code).unwrap_or_default();
        let parameter = code(&series.variable.variable_code).unwrap_or_default();
        let place = series
            .source_info
            .geo_location
            .and_then(|location| location.geog_location);
        if let Some(place) = place {
            imported.set_place(place.longitude, place.latitude);
        }
        let statistic = series.name.split(':').nth(3).unwrap_or_default();
        let of_sensors = series.values.iter().enumerate();
        let values = of_sensors.flat_map(|(sensor, values)| {
            let of_sensor = values.value.iter();
            of_sensor.map(move |value| (sensor, value))
        });
        for (sensor, value) in values {
            let stamp = Stamp::iso(&value.date_time).ok_or_else(|| {
                text.malformed(
                    1,
                    &value.date_time,
                    "a time such as 2012-01-15T06:00:00.000-08:00",
                )
            })?;
            let found = number(&value.value).unwrap_or_default();
            let value = Value {
                site: &site,
                parameter: &parameter,
                // 00000 stands for an instantaneous value.
                statistic: if statistic == "00000" { "" } else { statistic },
                sensor,
                stamp,
                number: found.filter(|value| Some(*value) != series.variable.no_data_value),
                approval: value.qualifiers.first().map_or("", String::as_str),
            };
            sites.add(&value, &mut imported);
        }
    }
    sites.take(&mut imported, options);
    Ok(imported)
}

/// Reads JSON with errors that name the line.
pub(super) fn from_json<'t, T: Deserialize<'t>>(text: &'t Text) -> Result<T, ImportError> {
    serde_json::from_str(text.all()).map_err(|error| {
        let found = error.to_string();
        let (found, _) = found.rsplit_once(" at line").unwrap_or((&found, ""));
        text.malformed(error.line() as u64, found, "the service's JSON")
    })
}
