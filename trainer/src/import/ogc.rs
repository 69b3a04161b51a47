//! GeoJSON and CSV of the USGS water data API (OGC API Features): <https://api.waterdata.usgs.gov/ogcapi/v0/>, collections `daily`, `continuous` and
//! `field-measurements`.

use serde::Deserialize;
use serde_json::Value as Json;

use super::nwis_json::from_json;
use super::usgs::{Sites, Value};
use super::{
    ImportError, Imported, Options, Stamp,
    text::{Text, fields, number},
};

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Option<Geometry>,
    properties: Properties,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(default)]
    coordinates: Json,
}

#[derive(Deserialize)]
struct Properties {
    monitoring_location_id: String,
    parameter_code: String,
    #[serde(default)]
    statistic_id: Option<String>,
    time: String,
    value: Json,
    #[serde(default)]
    approval_status: Option<String>,
}

pub(super) fn read_geojson(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let collection: Collection = from_json(text)?;
    let mut imported = Imported::default();
    let mut sites = Sites::default();
    for feature in &collection.features {
        let row = &feature.properties;
        if let Some((longitude, latitude)) = feature.geometry.as_ref().and_then(position) {
            imported.set_place(longitude, latitude);
        }
        let value = match &row.value {
            Json::String(value) => number(value).unwrap_or_default(),
            value => value.as_f64(),
        };
        let value = Value {
            site: &row.monitoring_location_id,
            parameter: &row.parameter_code,
            statistic: row.statistic_id.as_deref().unwrap_or(""),
            sensor: 0,
            stamp: stamp(text, 1, &row.time)?,
            number: value,
            approval: row.approval_status.as_deref().unwrap_or(""),
        };
        sites.add(&value, &mut imported);
    }
    sites.take(&mut imported, options);
    Ok(imported)
}

fn position(geometry: &Geometry) -> Option<(f64, f64)> {
    let place = geometry.coordinates.as_array()?;
    Some((place.first()?.as_f64()?, place.get(1)?.as_f64()?))
}

fn stamp(text: &Text, line: u64, written: &str) -> Result<Stamp, ImportError> {
    Stamp::iso(written).ok_or_else(|| text.malformed(line, written, "a time such as 2012-01-15"))
}

pub(super) fn read_csv(text: &Text, options: &Options) -> Result<Imported, ImportError> {
    let mut imported = Imported::default();
    let mut lines = text.lines().filter(|(_, line)| !line.trim().is_empty());
    let header = lines.next().map_or("", |(_, line)| line);
    let names = fields(header, ',');
    let column = |name: &str| names.iter().position(|known| known == name);
    let needed = |name: &str| {
        column(name).ok_or_else(|| ImportError::Column {
            path: text.path().to_owned(),
            what: format!("no column {name}"),
            found: crate::table::listed(&names),
        })
    };
    let [site, parameter, time, value] = [
        needed("monitoring_location_id")?,
        needed("parameter_code")?,
        needed("time")?,
        needed("value")?,
    ];
    let (statistic, approval) = (column("statistic_id"), column("approval_status"));
    let mut sites = Sites::default();
    for (line, row) in lines {
        let row = fields(row, ',');
        if row.len() != names.len() {
            let expected = format!("{} fields as in the first line", names.len());
            return Err(text.malformed(line, &row.join(","), expected));
        }
        let value = Value {
            site: &row[site],
            parameter: &row[parameter],
            statistic: statistic.map_or("", |column| &row[column]),
            sensor: 0,
            stamp: stamp(text, line, &row[time])?,
            number: number(&row[value]).unwrap_or_default(),
            approval: approval.map_or("", |column| &row[column]),
        };
        sites.add(&value, &mut imported);
    }
    sites.take(&mut imported, options);
    Ok(imported)
}
