//! One-dimensional compaction of the beds of one aquifer layer, driven by its water level.
//!
//! The head-based formulation of USGS SUB and MODFLOW 6 CSUB (Hughes et al. 2022, doi:10.3133/tm6A62). Water levels in metres, up positive; compaction in
//! metres, shortening positive; time in days. A bed that was never drawn below its preconsolidation level answers
//! elastically, below it virgin (inelastic). Total stress is constant; creep and changing thickness are left out.

/// Storage of a clay bed per metre of thickness and metre of level change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Storage {
    /// Below the preconsolidation level, `S_skv`, 1/m.
    pub virgin_per_m: f64,
    /// Above it, `S_ske`, 1/m.
    pub elastic_per_m: f64,
}

/// Elastic compaction of the coarse part of an aquifer layer, m.
pub fn coarse_compaction_m(elastic_storage_per_m: f64, thickness_m: f64, decline_m: f64) -> f64 {
    elastic_storage_per_m * thickness_m * decline_m
}

/// Thin clay beds whose pore pressure follows the aquifer's level at once.
#[derive(Debug, Clone, PartialEq)]
pub struct NoDelayBeds {
    storage: Storage,
    thickness_m: f64,
    level_m: f64,
    lowest_m: f64,
}

impl NoDelayBeds {
    /// Beds of `thickness_m` in all, at rest at `level_m`, preconsolidated to `margin_m` below it.
    pub fn at_rest(storage: Storage, thickness_m: f64, level_m: f64, margin_m: f64) -> Self {
        Self {
            storage,
            thickness_m,
            level_m,
            lowest_m: level_m - margin_m,
        }
    }

    /// Compaction, m, while the level moves to `level_m`.
    pub fn step(&mut self, level_m: f64) -> f64 {
        let strain = released(self.storage, self.level_m, self.lowest_m, level_m);
        self.level_m = level_m;
        self.lowest_m = self.lowest_m.min(level_m);
        self.thickness_m * strain
    }
}

/// Water released per unit volume, which is the strain, while the level moves from `before` to `after`.
fn released(storage: Storage, before_m: f64, lowest_m: f64, after_m: f64) -> f64 {
    let below = if after_m < lowest_m {
        storage.virgin_per_m
    } else {
        storage.elastic_per_m
    };
    below * (lowest_m - after_m) + storage.elastic_per_m * (before_m - lowest_m)
}

/// How a clay column stores and conducts water, and its steps in space and time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Storage of the clay.
    pub storage: Storage,
    /// Vertical hydraulic conductivity `K'v`, m/d.
    pub conductivity_m_per_day: f64,
    /// Height of the column, m: half the bed where the middle is a plane of symmetry.
    pub height_m: f64,
    /// Time step, days.
    pub step_days: f64,
}

/// A clay column that drains slowly: implicit finite differences over `CELLS` block-centred cells.
///
/// The top always touches water of a given level. The bottom either lets nothing through (half of a symmetric bed) or
/// touches water too (an aquitard between two aquifer layers).
#[derive(Debug, Clone, PartialEq)]
pub struct DelayBed<const CELLS: usize> {
    storage: Storage,
    /// Cell height over time step, m/d.
    height_per_step: f64,
    cell_height_m: f64,
    /// Conductance between cell centres, 1/d; twice that between an outer cell and its boundary.
    conductance: f64,
    level_m: [f64; CELLS],
    lowest_m: [f64; CELLS],
    /// Whether a cell's storage was virgin at the end of the last step: the first guess for the next.
    virgin: [bool; CELLS],
}

/// Passes over the elastic/virgin flags within one step; two or three are usual.
const MAX_PASSES: usize = 12;

impl<const CELLS: usize> DelayBed<CELLS> {
    /// A column at rest at `level_m`, preconsolidated to `margin_m` below it.
    pub fn at_rest(column: Column, level_m: f64, margin_m: f64) -> Self {
        let cell_height_m = column.height_m / CELLS as f64;
        Self {
            storage: column.storage,
            height_per_step: cell_height_m / column.step_days,
            cell_height_m,
            conductance: column.conductivity_m_per_day / cell_height_m,
            level_m: [level_m; CELLS],
            lowest_m: [level_m - margin_m; CELLS],
            virgin: [false; CELLS],
        }
    }

    /// Compaction of the column, m, during one time step that ends with `top_m` above it and, where the bottom drains,
    /// `bottom_m` below it.
    pub fn step(&mut self, top_m: f64, bottom_m: Option<f64>) -> f64 {
        self.step_cells(top_m, bottom_m).iter().sum()
    }

    /// The same, cell by cell from the top, m.
    pub fn step_cells(&mut self, top_m: f64, bottom_m: Option<f64>) -> [f64; CELLS] {
        let mut level_m = [0.0; CELLS];
        for _ in 0..MAX_PASSES {
            level_m = self.solve(top_m, bottom_m);
            let mut settled = true;
            for (cell, &after_m) in level_m.iter().enumerate() {
                let virgin = after_m < self.lowest_m[cell];
                settled &= virgin == self.virgin[cell];
                self.virgin[cell] = virgin;
            }
            if settled {
                break;
            }
        }
        let mut compaction_m = [0.0; CELLS];
        for (cell, &after_m) in level_m.iter().enumerate() {
            let strain = released(
                self.storage,
                self.level_m[cell],
                self.lowest_m[cell],
                after_m,
            );
            compaction_m[cell] = self.cell_height_m * strain;
            self.lowest_m[cell] = self.lowest_m[cell].min(after_m);
        }
        self.level_m = level_m;
        compaction_m
    }

    /// Levels at the end of the step under the present flags: the water a cell releases leaves through its faces.
    fn solve(&self, top_m: f64, bottom_m: Option<f64>) -> [f64; CELLS] {
        let elastic = self.storage.elastic_per_m;
        let mut ratio = [0.0; CELLS];
        let mut level_m = [0.0; CELLS];
        let mut ratio_above = 0.0;
        let mut level_above = 0.0;
        for cell in 0..CELLS {
            let stored = if self.virgin[cell] {
                self.storage.virgin_per_m
            } else {
                elastic
            };
            let lowest_m = self.lowest_m[cell];
            let mut known = self.height_per_step
                * (stored * lowest_m + elastic * (self.level_m[cell] - lowest_m));
            let mut diagonal = self.height_per_step * stored;
            if cell == 0 {
                diagonal += 2.0 * self.conductance;
                known += 2.0 * self.conductance * top_m;
            } else {
                diagonal += self.conductance;
            }
            if cell + 1 < CELLS {
                diagonal += self.conductance;
            } else if let Some(bottom_m) = bottom_m {
                diagonal += 2.0 * self.conductance;
                known += 2.0 * self.conductance * bottom_m;
            }
            let pivot = 1.0 / (diagonal - self.conductance * ratio_above);
            ratio_above = self.conductance * pivot;
            level_above = (known + self.conductance * level_above) * pivot;
            if cell == 0 {
                level_above = known * pivot;
            }
            ratio[cell] = ratio_above;
            level_m[cell] = level_above;
        }
        for cell in (0..CELLS - 1).rev() {
            level_m[cell] += ratio[cell] * level_m[cell + 1];
        }
        level_m
    }
}

#[cfg(test)]
mod tests;
