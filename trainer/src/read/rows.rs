//! A table whose rows belong to wells.

use std::{fs::File, path::Path};

use jiff::civil::DateTime;

use super::{ReadError, WellIndex};
use crate::table::{Found, Row, Stretch, Table, TableError, look_through};

/// Where the rows of each well lie.
pub(super) struct RowsByWell {
    table: Table,
    stretches: Vec<Vec<Stretch>>,
    /// Wells whose times do not simply ascend, so that one may be there twice.
    unordered: Vec<bool>,
}

/// What a row measured: number of its series within the well, and its time.
pub(super) type Measured = (usize, DateTime);

/// Rows of one well that follow each other.
struct Run {
    well: usize,
    rows: Stretch,
    /// Whether the times of each of its series ascend.
    ascends: bool,
}

impl RowsByWell {
    /// Looks through a table with a column `well`, by all threads at once; `check` sees each row and the number of its well, and says what it measured.
    ///
    /// Each stretch of the file has a copy of `state` for `check` to fill; they are returned in the order of the file.
    pub(super) fn new<S: Clone + Send + Sync>(
        table: Table,
        wells: &WellIndex,
        state: &S,
        check: impl Fn(&mut S, usize, &Row) -> Result<Option<Measured>, ReadError> + Sync,
    ) -> Result<(Self, Vec<S>), ReadError> {
        let column = table.column("well")?;
        let look = |stretch: &Stretch| -> Result<_, ReadError> {
            let file = opened(table.path())?;
            let mut rows = table.again(&file, stretch)?;
            let mut runs = Runs::default();
            let mut state = state.clone();
            while let Some(row) = rows.next_row()? {
                let id = row.name(column)?;
                let well = match runs.all.last() {
                    Some(run) if wells.ids[run.well] == id => run.well,
                    _ => wells.number(id, &row)?,
                };
                let measured = check(&mut state, well, &row)?;
                runs.add(well, row.stretch(), measured);
            }
            Ok(Found {
                it: (runs.all, state),
                ends_a_row: rows.ends_a_row(),
            })
        };
        let found = look_through(&table.stretches()?, look)?;
        let (runs, states): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        let mut stretches: Vec<Vec<Stretch>> = vec![Vec::new(); wells.ids.len()];
        let mut unordered = vec![false; wells.ids.len()];
        for run in runs.into_iter().flatten() {
            let of_well = &mut stretches[run.well];
            unordered[run.well] |= !run.ascends || !of_well.is_empty();
            if !of_well.last_mut().is_some_and(|last| last.join(&run.rows)) {
                of_well.push(run.rows);
            }
        }
        let rows = Self {
            table,
            stretches,
            unordered,
        };
        Ok((rows, states))
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.table.path()
    }

    /// Whether a well may have two readings of one time.
    pub(super) fn is_unordered(&self, well: usize) -> bool {
        self.unordered[well]
    }

    /// Hands each row of a well to `take`, in the order of the file.
    pub(super) fn read(
        &self,
        well: usize,
        mut take: impl FnMut(&Row) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let file = opened(self.path())?;
        for stretch in &self.stretches[well] {
            let mut rows = self.table.again(&file, stretch)?;
            while let Some(row) = rows.next_row()? {
                take(&row)?;
            }
        }
        Ok(())
    }
}

fn opened(path: &Path) -> Result<File, TableError> {
    File::open(path).map_err(|source| TableError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// The runs of a stretch.
#[derive(Default)]
struct Runs {
    all: Vec<Run>,
    /// Last time of each series in the last run.
    last: Vec<Option<DateTime>>,
}

impl Runs {
    fn add(&mut self, well: usize, rows: Stretch, measured: Option<Measured>) {
        let last = self.all.last_mut();
        if !last.is_some_and(|run| run.well == well && run.rows.join(&rows)) {
            self.all.push(Run {
                well,
                rows,
                ascends: true,
            });
            self.last.clear();
        }
        if let (Some((series, time)), Some(run)) = (measured, self.all.last_mut()) {
            if self.last.len() <= series {
                self.last.resize(series + 1, None);
            }
            run.ascends &= self.last[series].replace(time) < Some(time);
        }
    }
}
