//! `wells.csv`: which wells there are, and where.

use std::{collections::HashMap, path::Path};

use super::ReadError;
use crate::{
    geodesy::Position,
    table::{Column, Place, Row, Table, TableError, listed},
};

/// A row of `wells.csv`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) position: Option<Position>,
}

/// Reads `wells.csv`.
pub(super) fn read(path: &Path) -> Result<(Vec<(Place, Entry)>, WellIndex), ReadError> {
    let mut table = Table::open(path, "well, name")?;
    let id = table.column("well")?;
    let name = table.find("name");
    let with = |first: &str, second: &str| -> Result<Option<(Column, Column)>, TableError> {
        let first = table.find(first);
        first
            .map(|first| Ok((first, table.column(second)?)))
            .transpose()
    };
    let geographic = with("longitude", "latitude")?;
    let planar = with("easting", "northing")?;
    let mut wells = Vec::new();
    let mut index = WellIndex::default();
    while let Some(row) = table.next_row()? {
        let id = row.name(id)?;
        super::layers::check_length("well", &id, &row)?;
        index.add(&id, row.place())?;
        let position = match (geographic, planar) {
            (Some((longitude, latitude)), _) => {
                Some(geographic_position(&row, longitude, latitude)?)
            }
            (None, Some((easting, northing))) => Some(Position::Planar {
                easting: row.number(easting, "metres")?,
                northing: row.number(northing, "metres")?,
            }),
            (None, None) => None,
        };
        let name = name
            .map(|column| row.text(column))
            .transpose()?
            .filter(|name| !name.is_empty())
            .map_or_else(|| id.clone().into_owned(), str::to_owned);
        wells.push((
            row.place(),
            Entry {
                id: id.into_owned(),
                name,
                position,
            },
        ));
    }
    if wells.is_empty() {
        return Err(ReadError::NoWells {
            path: path.to_owned(),
        });
    }
    Ok((wells, index))
}

fn geographic_position(
    row: &Row,
    longitude: Column,
    latitude: Column,
) -> Result<Position, ReadError> {
    let longitude = row.number(longitude, "degrees east")?;
    let latitude = row.number(latitude, "degrees north")?;
    if longitude.abs() > 180.0 || latitude.abs() > 90.0 {
        return Err(ReadError::Position {
            place: row.place(),
            longitude,
            latitude,
        });
    }
    Ok(Position::Geographic {
        longitude,
        latitude,
    })
}

/// Number of each well by its id.
#[derive(Default)]
pub(super) struct WellIndex {
    numbers: HashMap<String, usize>,
    pub(super) ids: Vec<String>,
}

impl WellIndex {
    pub(super) fn add(&mut self, id: &str, place: Place) -> Result<(), ReadError> {
        if self.numbers.insert(id.to_owned(), self.ids.len()).is_some() {
            return Err(ReadError::DuplicateWell {
                place,
                well: id.to_owned(),
            });
        }
        self.ids.push(id.to_owned());
        Ok(())
    }

    pub(super) fn number(&self, id: &str, row: &Row) -> Result<usize, ReadError> {
        match self.numbers.get(id) {
            Some(number) => Ok(*number),
            None if row.has_units() => Err(TableError::UnitsRow { place: row.place() }.into()),
            None => Err(ReadError::UnknownWell {
                place: row.place(),
                well: id.to_owned(),
                known: listed(&self.ids),
            }),
        }
    }
}
