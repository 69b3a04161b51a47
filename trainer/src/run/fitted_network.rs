//! One network of a well as a run fits it: the file that is scored, which estimate is to be trusted beside it, and the file that is shipped.

use amlstm_core::artifact::ModelFile;
use amlstm_core::estimate::Primary;

use super::WellRunError;
use crate::{
    baseline::{Curve, PreparedWell},
    choice::{Choice, choose},
    config::{Config, Pretrain},
    export::{AlignedBytes, Beside, model_file},
    fit_notes::{Fit, FitNotes},
    fitted_physics::FittedPhysics,
    metric::Simulation,
    pretrain,
    series::WellSeries,
    split::Split,
    train::{TrainedWell, refit_well, train_well},
    window::horizon_widths,
};

/// A network fitted to the training and validation parts.
pub struct FittedNetwork {
    pub trained: TrainedWell,
    /// Its file.
    pub file: AlignedBytes,
    /// Rates of all months by a network that never saw the validation part; nothing where that part chose the epoch.
    early: Option<Curve>,
}

impl FittedNetwork {
    pub fn new(series: &WellSeries, split: &Split, config: &Config) -> Result<Self, WellRunError> {
        let exported = |trained: &TrainedWell| {
            model_file(
                trained,
                series,
                split,
                config.model_version,
                Beside::default(),
            )
        };
        let (early, trained) = match config.training.pretrain {
            Pretrain::None => (None, train_well(series, split, config, config.seed)?),
            Pretrain::Physics => {
                let (early, last) = pretrain::train_twice(series, split, config, config.seed)?;
                let file = exported(&early)?;
                let curve = Simulation::new(&parsed(series, &file)?, series).curve();
                (Some(curve), last)
            }
        };
        Ok(Self {
            file: exported(&trained)?,
            trained,
            early,
        })
    }

    /// The model file for a logger: with physics and notes and, unless the configuration says otherwise, refitted to everything observed and up to date.
    pub fn shipped(
        &self,
        series: &WellSeries,
        split: &Split,
        config: &Config,
        prepared: Option<&PreparedWell>,
        physics: Option<&FittedPhysics>,
    ) -> Result<AlignedBytes, WellRunError> {
        let choice = self.choice(series, split, physics);
        let network_widths =
            (self.early.as_ref()).map(|early| horizon_widths(series, split, early));
        let scored = parsed(series, &self.file)?;
        let notes = prepared.map(|prepared| {
            let fit = Fit {
                prepared,
                physics,
                network: &scored,
                network_half_width_mm: self.trained.interval_half_width_mm,
                choice: &choice,
            };
            FitNotes::new(&fit, config.training.refit)
        });
        let file = |trained: &TrainedWell, split: &Split, physics: Option<&FittedPhysics>| {
            let beside = Beside {
                physics: physics.map(|physics| (physics, choice.primary)),
                network_widths,
                notes: notes.as_ref(),
                is_current: config.training.refit,
            };
            model_file(trained, series, split, config.model_version, beside)
        };
        let file = if config.training.refit {
            let refitted = match config.training.pretrain {
                Pretrain::None => refit_well(series, split, config, &self.trained)?,
                Pretrain::Physics => pretrain::refit_well(series, split, config, &self.trained)?,
            };
            let physics = physics.map(|physics| physics.refitted(series, split, config.seed));
            file(&refitted, &split.of_everything(), physics.as_ref())?
        } else {
            file(&self.trained, split, physics)?
        };
        parsed(series, &file)?;
        Ok(file)
    }

    /// Which estimate is to be trusted.
    fn choice(
        &self,
        series: &WellSeries,
        split: &Split,
        physics: Option<&FittedPhysics>,
    ) -> Choice {
        match (physics, &self.early) {
            (Some(physics), Some(early)) => choose(
                series,
                split,
                std::slice::from_ref(early),
                std::slice::from_ref(&physics.early),
            ),
            (Some(_), None) => Choice {
                primary: Primary::Physics,
                reason:
                    "the network chose its epoch by the validation part, which cannot judge it then"
                        .to_owned(),
            },
            (None, _) => Choice {
                primary: Primary::Network,
                reason: "steps are not successive months: no physics".to_owned(),
            },
        }
    }
}

/// A model file of this run.
pub fn parsed<'a>(
    series: &WellSeries,
    file: &'a AlignedBytes,
) -> Result<ModelFile<'a>, WellRunError> {
    ModelFile::parse(file).map_err(|source| WellRunError::Model {
        well: series.well.clone(),
        source,
    })
}
