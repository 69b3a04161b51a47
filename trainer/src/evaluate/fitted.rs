//! All models of one kind at one well, one for each seed.

use std::borrow::Cow;

use super::error::EvaluationError;
use super::model::{Kind, Model};
use super::seeds::Seeds;
use crate::baseline::{Curve, PhysicsFit, PreparedWell};
use crate::choice::squares;
use crate::config::{Config, NetworkKind};
use crate::export::{AlignedBytes, Beside, ExportError, model_file};
use crate::metric::{Score, cumulative_rmse_mm, score};
use crate::pretrain;
use crate::split::Part;
use crate::train::{TrainedWell, train_well};

/// Models of one kind: those that are scored, and what others of the training part alone said, for the interval and the choice of the primary one.
pub struct Fitted {
    pub kind: Kind,
    models: Vec<Model>,
    /// Of each model, rates with the ground measured up to the month before.
    next_months: Vec<Curve>,
    /// Rates of all months by models of the training part alone.
    pub early: Vec<Curve>,
}

impl Fitted {
    /// Fits a kind, networks with each seed; `done` is called after each network.
    pub fn new(
        kind: Kind,
        prepared: &PreparedWell,
        config: &Config,
        seeds: &[u64],
        done: &(dyn Fn() + Sync),
    ) -> Result<Self, EvaluationError> {
        if let Some(model) = Model::fit(kind, prepared) {
            let early =
                (kind == Kind::Physics).then(|| PhysicsFit::early(prepared).curve(prepared));
            return Ok(Self::of(
                kind,
                prepared,
                vec![model],
                early.into_iter().collect(),
            ));
        }
        let mut config = config.clone();
        config.network.kind = NetworkKind::AmLstm;
        let (series, split) = (prepared.series, prepared.split);
        let exported = |trained: &TrainedWell| -> Result<AlignedBytes, ExportError> {
            model_file(
                trained,
                series,
                split,
                config.model_version,
                Beside::default(),
            )
        };
        let (mut models, mut early) = (Vec::new(), Vec::new());
        for seed in seeds {
            let trained = if kind == Kind::PretrainedAmLstm {
                let (first, last) = pretrain::train_twice(series, split, &config, *seed)?;
                early.push(Model::Network(exported(&first)?).curve(prepared, 0));
                last
            } else {
                train_well(series, split, &config, *seed)?
            };
            models.push(Model::Network(exported(&trained)?));
            done();
        }
        Ok(Self::of(kind, prepared, models, early))
    }

    fn of(kind: Kind, prepared: &PreparedWell, models: Vec<Model>, early: Vec<Curve>) -> Self {
        Self {
            next_months: (models.iter())
                .map(|model| model.next_months(prepared))
                .collect(),
            kind,
            models,
            early,
        }
    }

    /// The models.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// Rates of all months by one of the models under the measured levels, with the ground measured up to step `origin`.
    pub fn curve(&self, model: usize, origin: usize) -> Cow<'_, Curve> {
        match &self.models[model] {
            Model::OwnPast(model) => Cow::Owned(model.from(origin)),
            // It does not look at the ground.
            _ => Cow::Borrowed(&self.next_months[model]),
        }
    }

    /// Scores on the increments of the test part.
    pub fn scores(&self, prepared: &PreparedWell) -> Vec<Score> {
        (self.next_months.iter())
            .map(|curve| score(prepared.series, prepared.split, curve, Part::Test))
            .collect()
    }

    /// Squared errors of the scored increments of the test part, in order, each the mean over the models.
    pub fn squares(&self, prepared: &PreparedWell) -> Vec<f64> {
        squares(
            prepared.series,
            prepared.split,
            &self.next_months,
            Part::Test,
        )
    }

    /// Root mean square error of the increments of the validation part by models that never saw it, mm; nothing where there are none.
    pub fn validation_rmse_mm(&self, prepared: &PreparedWell) -> Option<Seeds> {
        let of_curve =
            |curve: &Curve| score(prepared.series, prepared.split, curve, Part::Validate).rmse_mm;
        let rmse: Vec<f64> = self.early.iter().map(of_curve).collect();
        (!rmse.is_empty()).then(|| Seeds::of(&rmse))
    }

    /// Root mean square error of the free-run cumulative subsidence, mm.
    pub fn cumulative_rmse_mm(&self, prepared: &PreparedWell) -> Seeds {
        let (series, split) = (prepared.series, prepared.split);
        // Free run: what was observed after the last fitted month is not fed back.
        let origin = split.intervals_of(Part::Test).map_or_else(
            || prepared.test_steps().start,
            |intervals| series.intervals[intervals.start].from,
        );
        let rmse = (0..self.models.len()).map(|model| {
            cumulative_rmse_mm(series, split, &self.curve(model, origin)).unwrap_or(f64::NAN)
        });
        Seeds::of(&rmse.collect::<Vec<_>>())
    }
}
