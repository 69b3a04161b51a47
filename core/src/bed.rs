//! Compaction of clay beds that a falling groundwater level drains, by an implicit scheme in time.
//!
//! The head-based formulation of USGS SUB and MODFLOW 6 CSUB (Hughes et al. 2022, doi:10.3133/tm6A62). Levels in metres, up positive; compaction in
//! metres, shortening positive. A bed deforms elastically above its preconsolidation level, and virgin (inelastically) below it. Total stress is
//! constant; creep and changes of thickness are neglected.
//!
//! Generic over the number, because a logger computes in `f32` and the generator of synthetic wells in `f64`. Only additions, subtractions,
//! multiplications, divisions and comparisons in a fixed order are used, so the same levels give the same bits on every machine.

use core::ops::{Add, Div, Mul, Sub};

/// `f32` or `f64`.
pub trait Number:
    Copy
    + PartialOrd
    + From<f32>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
}

impl Number for f32 {}
impl Number for f64 {}

/// Storage of a clay bed per metre of thickness and metre of level change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storage<N> {
    /// Below the preconsolidation level, `S_skv`, 1/m.
    pub virgin_per_m: N,
    /// Above it, `S_ske`, 1/m.
    pub elastic_per_m: N,
}

impl<N: Number> Storage<N> {
    /// Water released per unit volume, which is the strain, while the level moves from `cell.level_m` to `after_m`.
    fn released(&self, cell: Cell<N>, after_m: N) -> N {
        self.below(after_m < cell.lowest_m) * (cell.lowest_m - after_m)
            + self.elastic_per_m * (cell.level_m - cell.lowest_m)
    }

    /// Storage, 1/m: below the lowest level so far if `virgin`, else above it.
    fn below(&self, virgin: bool) -> N {
        if virgin {
            self.virgin_per_m
        } else {
            self.elastic_per_m
        }
    }
}

/// The lower of two numbers.
fn lower<N: Number>(a: N, b: N) -> N {
    if b < a { b } else { a }
}

/// Thin clay beds whose pore pressure follows the aquifer's level without delay.
#[derive(Debug, Clone, PartialEq)]
pub struct NoDelayBeds<N> {
    storage: Storage<N>,
    thickness_m: N,
    cell: Cell<N>,
}

impl<N: Number> NoDelayBeds<N> {
    /// Beds with a total thickness of `thickness_m`, at rest at `level_m`, preconsolidated to `margin_m` below it.
    pub fn at_rest(storage: Storage<N>, thickness_m: N, level_m: N, margin_m: N) -> Self {
        Self {
            storage,
            thickness_m,
            cell: Cell {
                level_m,
                lowest_m: level_m - margin_m,
            },
        }
    }

    /// Compaction, m, while the level moves to `level_m`.
    pub fn step(&mut self, level_m: N) -> N {
        let strain = self.storage.released(self.cell, level_m);
        self.cell = self.cell.moved_to(level_m);
        self.thickness_m * strain
    }
}

/// How a clay column stores and conducts water, with its discretisation in space and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column<N> {
    storage: Storage<N>,
    /// Cell height over time step.
    height_per_step: N,
    cell_height_m: N,
    /// Conductance between cell centres; twice that between an outer cell and its boundary.
    conductance: N,
}

impl<N: Number> Column<N> {
    /// A column of `height_m` metres (half the bed where the middle is a plane of symmetry) in `cells` cells, with the vertical hydraulic
    /// conductivity `conductivity` in metres per time unit and steps of `step` time units.
    pub fn new(storage: Storage<N>, conductivity: N, height_m: N, cells: u8, step: N) -> Self {
        let cell_height_m = height_m / N::from(f32::from(cells));
        Self {
            storage,
            height_per_step: cell_height_m / step,
            cell_height_m,
            conductance: conductivity / cell_height_m,
        }
    }
}

/// A block of clay between two faces.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell<N> {
    /// Level in it, m.
    pub level_m: N,
    /// Lowest level so far, m; at most `level_m`, except for rounding.
    pub lowest_m: N,
}

impl<N: Number> Cell<N> {
    fn moved_to(self, level_m: N) -> Self {
        Self {
            level_m,
            lowest_m: lower(self.lowest_m, level_m),
        }
    }
}

/// Levels at the two ends of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Boundary<N> {
    /// Above it, m.
    pub top_m: N,
    /// Below it, m; `None` if the bottom is impermeable, as the middle of a symmetric bed.
    pub bottom_m: Option<N>,
}

/// State of a clay column that drains slowly: implicit finite differences over `CELLS` block-centred cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DelayBed<N, const CELLS: usize> {
    /// Its cells, from the top.
    pub cells: [Cell<N>; CELLS],
}

/// Most iterations to decide which cells are elastic and which are virgin in a step; two or three are usual.
const MAX_PASSES: usize = 12;

impl<N: Number, const CELLS: usize> DelayBed<N, CELLS> {
    /// A column at rest at `level_m`, preconsolidated to `margin_m` below it.
    pub fn at_rest(level_m: N, margin_m: N) -> Self {
        Self {
            cells: [Cell {
                level_m,
                lowest_m: level_m - margin_m,
            }; CELLS],
        }
    }

    /// Compaction of the column, m, during one time step that ends with the levels of `boundary`.
    pub fn step(&mut self, column: &Column<N>, boundary: Boundary<N>) -> N {
        self.step_cells(column, boundary)
            .into_iter()
            .fold(N::from(0.0), Add::add)
    }

    /// As [`step`](Self::step), but for each cell from the top, m.
    pub fn step_cells(&mut self, column: &Column<N>, boundary: Boundary<N>) -> [N; CELLS] {
        // First guess: a cell at its lowest level continues to fall.
        let mut virgin = self.cells.map(|cell| cell.level_m <= cell.lowest_m);
        let mut levels = self.solve(column, boundary, &virgin);
        for _ in 1..MAX_PASSES {
            let mut settled = true;
            for ((virgin, cell), level_m) in virgin.iter_mut().zip(&self.cells).zip(levels) {
                let is_virgin = level_m < cell.lowest_m;
                settled &= is_virgin == *virgin;
                *virgin = is_virgin;
            }
            if settled {
                break;
            }
            levels = self.solve(column, boundary, &virgin);
        }
        let mut compaction_m = levels;
        for (compaction_m, cell) in compaction_m.iter_mut().zip(&mut self.cells) {
            let level_m = *compaction_m;
            *compaction_m = column.cell_height_m * column.storage.released(*cell, level_m);
            *cell = cell.moved_to(level_m);
        }
        compaction_m
    }

    /// Levels at the end of the step, if the cells in `virgin` fall below their lowest level: the water that a cell releases leaves through its
    /// faces. Thomas' algorithm.
    fn solve(
        &self,
        column: &Column<N>,
        boundary: Boundary<N>,
        virgin: &[bool; CELLS],
    ) -> [N; CELLS] {
        let elastic = column.storage.elastic_per_m;
        let between = column.conductance;
        let to_face = N::from(2.0) * between;
        let mut ratios = [N::from(0.0); CELLS];
        let mut levels = [N::from(0.0); CELLS];
        let (mut ratio, mut level_m) = (N::from(0.0), N::from(0.0));
        let rows = self.cells.iter().zip(virgin);
        let unknowns = ratios.iter_mut().zip(&mut levels);
        for (index, ((cell, virgin), (ratio_place, level_place))) in rows.zip(unknowns).enumerate()
        {
            let stored = column.storage.below(*virgin);
            let mut known = column.height_per_step
                * (stored * cell.lowest_m + elastic * (cell.level_m - cell.lowest_m));
            let mut diagonal = column.height_per_step * stored;
            if index == 0 {
                diagonal = diagonal + to_face;
                known = known + to_face * boundary.top_m;
            } else {
                diagonal = diagonal + between;
            }
            if index + 1 < CELLS {
                diagonal = diagonal + between;
            } else if let Some(bottom_m) = boundary.bottom_m {
                diagonal = diagonal + to_face;
                known = known + to_face * bottom_m;
            }
            let pivot = N::from(1.0) / (diagonal - between * ratio);
            ratio = between * pivot;
            level_m = (known + between * level_m) * pivot;
            (*ratio_place, *level_place) = (ratio, level_m);
        }
        let mut below = None;
        for (level_m, ratio) in levels.iter_mut().zip(&ratios).rev() {
            if let Some(below) = below {
                *level_m = *level_m + *ratio * below;
            }
            below = Some(*level_m);
        }
        levels
    }
}

#[cfg(test)]
mod tests;
