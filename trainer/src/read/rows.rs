//! A table whose rows belong to wells.

use std::{fs::File, path::Path};

use super::{ReadError, WellIndex};
use crate::table::{Row, Stretch, Table, TableError};

/// Where the rows of each well lie.
pub(super) struct RowsByWell {
    table: Table,
    stretches: Vec<Vec<Stretch>>,
}

impl RowsByWell {
    /// Looks through a table with a column `well`; `check` sees each row and the number of its well.
    pub(super) fn new(
        mut table: Table,
        wells: &WellIndex,
        mut check: impl FnMut(usize, &Row) -> Result<(), ReadError>,
    ) -> Result<Self, ReadError> {
        let column = table.column("well")?;
        let mut stretches: Vec<Vec<Stretch>> = vec![Vec::new(); wells.ids.len()];
        while let Some(row) = table.next_row()? {
            let well = wells.number(row.name(column)?, &row)?;
            check(well, &row)?;
            let of_well = &mut stretches[well];
            let next = row.stretch();
            if !of_well.last_mut().is_some_and(|last| last.join(&next)) {
                of_well.push(next);
            }
        }
        Ok(Self { table, stretches })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.table.path()
    }

    /// Hands each row of a well to `take`, in the order of the file.
    pub(super) fn read(
        &self,
        well: usize,
        mut take: impl FnMut(&Row) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let file = File::open(self.path()).map_err(|source| TableError::Unreadable {
            path: self.path().to_owned(),
            source,
        })?;
        for stretch in &self.stretches[well] {
            let mut rows = self.table.again(&file, stretch)?;
            while let Some(row) = rows.next_row()? {
                take(&row)?;
            }
        }
        Ok(())
    }
}
