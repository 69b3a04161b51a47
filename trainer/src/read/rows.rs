//! A table whose rows belong to wells.

use std::path::Path;

use jiff::civil::DateTime;

use super::{ReadError, WellIndex};
use crate::table::{
    Cell, Column, Conventions, Row, Section, Table, TableError, open, scan_sections,
};

/// Where the rows of each well lie.
pub(super) struct RowsByWell {
    table: Table,
    sections: Vec<Vec<Section>>,
    /// Wells whose times do not simply ascend or that have a suspect value, so that only reading them wholly tells whether they are sound.
    suspect: Vec<bool>,
}

/// What a row measured.
pub(super) struct Measured {
    /// Number of its series within the well.
    pub(super) series: usize,
    /// When.
    pub(super) time: DateTime,
    /// Whether the value may be a marker for "no data".
    pub(super) is_suspect: bool,
}

/// Rows of one well that follow each other.
struct Run {
    well: usize,
    rows: Section,
    is_suspect: bool,
}

impl RowsByWell {
    /// Scans a table with a column `well`, by all threads at once; `check` sees each row and the number of its well, and says what it measured in the column
    /// `measured`.
    ///
    /// Each section of the file has a copy of `state` for `check` to fill; they are returned in the order of the file.
    pub(super) fn new<S: Clone + Send + Sync>(
        table: Table,
        wells: &WellIndex,
        measured: Column,
        conventions: &Conventions,
        state: &S,
        check: impl Fn(&mut S, usize, &Row) -> Result<Option<Measured>, ReadError> + Sync,
    ) -> Result<(Self, Vec<S>), ReadError> {
        let column = table.column("well")?;
        let scan = |section: &Section| -> Result<_, ReadError> {
            let file = open(table.path())?;
            let mut rows = table.again(&file, section)?;
            let mut runs = Runs::default();
            let mut state = state.clone();
            while let Some(row) = rows.next_row()? {
                let id = row.name(column)?;
                let well = match runs.all.last() {
                    Some(run) if wells.ids[run.well] == id => run.well,
                    _ => wells.number(&id, &row)?,
                };
                let measured = check(&mut state, well, &row)?;
                runs.add(well, row.section(), measured);
            }
            Ok((runs.all, state))
        };
        let found = scan_sections(&table.sections()?, scan)
            .map_err(|error| with_count(error, &table, measured, conventions))?;
        let (runs, states): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let mut sections: Vec<Vec<Section>> = vec![Vec::new(); wells.ids.len()];
        let mut suspect = vec![false; wells.ids.len()];
        for run in runs.into_iter().flatten() {
            let of_well = &mut sections[run.well];
            suspect[run.well] |= run.is_suspect || !of_well.is_empty();
            if !of_well.last_mut().is_some_and(|last| last.join(&run.rows)) {
                of_well.push(run.rows);
            }
        }
        let rows = Self {
            table,
            sections,
            suspect,
        };
        Ok((rows, states))
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.table.path()
    }

    /// Whether a well's rows must be read wholly to know that they are sound.
    pub(super) fn is_suspect(&self, well: usize) -> bool {
        self.suspect[well]
    }

    /// Hands each row of a well to `take`, in the order of the file.
    pub(super) fn read(
        &self,
        well: usize,
        mut take: impl FnMut(&Row) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let file = open(self.path())?;
        for section in &self.sections[well] {
            let mut rows = self.table.again(&file, section)?;
            while let Some(row) = rows.next_row()? {
                take(&row)?;
            }
        }
        Ok(())
    }
}

/// Adds to a refused cell of the measured column how many further cells of it are no numbers either, so that they are mended together.
fn with_count(
    error: ReadError,
    table: &Table,
    measured: Column,
    conventions: &Conventions,
) -> ReadError {
    let ReadError::Table(TableError::Field {
        place,
        column,
        found,
        expected,
        more: _,
    }) = error
    else {
        return error;
    };
    let mut more = 0;
    if table.columns()[measured.index()] == column
        && let Ok(mut again) = Table::open(table.path(), "")
    {
        while let Ok(Some(row)) = again.next_row() {
            let cell = Cell::read(row.bytes(measured), conventions);
            more += u64::from(row.line() > place.line && cell.is_none());
        }
    }
    ReadError::Table(TableError::Field {
        place,
        column,
        found,
        expected,
        more,
    })
}

/// The runs of a section.
#[derive(Default)]
struct Runs {
    all: Vec<Run>,
    /// Last time of each series in the last run.
    last: Vec<Option<DateTime>>,
}

impl Runs {
    fn add(&mut self, well: usize, rows: Section, measured: Option<Measured>) {
        let last = self.all.last_mut();
        if !last.is_some_and(|run| run.well == well && run.rows.join(&rows)) {
            self.all.push(Run {
                well,
                rows,
                is_suspect: false,
            });
            self.last.clear();
        }
        if let (Some(measured), Some(run)) = (measured, self.all.last_mut()) {
            if self.last.len() <= measured.series {
                self.last.resize(measured.series + 1, None);
            }
            let ascends = self.last[measured.series].replace(measured.time) < Some(measured.time);
            run.is_suspect |= measured.is_suspect || !ascends;
        }
    }
}
