//! The models that are judged side by side.

use amlstm_core::artifact::ModelFile;
use serde::Serialize;

use super::own_past::OwnPast;
use crate::baseline::linear::{self, Linear};
use crate::baseline::{Curve, PhysicsFit, PreparedWell, naive};
use crate::export::AlignedBytes;
use crate::metric::Simulation;

/// Which model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The ground stands still.
    NoChange,
    /// The mean of each calendar month.
    MonthClimatology,
    /// The grey model.
    Gm11,
    /// Autoregression on the measured past.
    OwnPast,
    /// Ridge on monthly lags of the levels.
    LaggedRidge,
    /// Ridge on drivers.
    DriverRidge,
    /// Compaction beds with non-negative weights, as a logger runs them.
    Physics,
    /// The exported AM-LSTM, pretrained on physics.
    PretrainedAmLstm,
    /// The exported AM-LSTM, trained from random weights as in the paper.
    AmLstm,
}

impl Kind {
    /// All, from the simplest on.
    pub const ALL: [Self; 9] = [
        Self::NoChange,
        Self::MonthClimatology,
        Self::Gm11,
        Self::OwnPast,
        Self::LaggedRidge,
        Self::DriverRidge,
        Self::Physics,
        Self::PretrainedAmLstm,
        Self::AmLstm,
    ];

    /// Name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoChange => "no change",
            Self::MonthClimatology => "month climatology",
            Self::Gm11 => "GM(1,1)",
            Self::OwnPast => "own past (measured)",
            Self::LaggedRidge => "lagged ridge",
            Self::DriverRidge => "driver ridge",
            Self::Physics => "physics",
            Self::PretrainedAmLstm => "AM-LSTM, pretrained",
            Self::AmLstm => "AM-LSTM from scratch",
        }
    }

    /// Whether it is fitted anew for each seed.
    pub fn is_seeded(self) -> bool {
        matches!(self, Self::PretrainedAmLstm | Self::AmLstm)
    }
}

/// A fitted model.
#[derive(Debug)]
pub enum Model {
    /// A rate for each month, whatever the levels.
    Fixed(Curve),
    /// The measured past.
    OwnPast(OwnPast),
    /// A linear model on levels.
    Linear(Linear),
    /// Physics.
    Physics(PhysicsFit),
    /// An exported network.
    Network(AlignedBytes),
}

impl Model {
    /// Fits one that needs no seed; nothing for a network.
    pub fn fit(kind: Kind, prepared: &PreparedWell) -> Option<Self> {
        Some(match kind {
            Kind::NoChange => Self::Fixed(prepared.constant(0.0)),
            Kind::MonthClimatology => Self::Fixed(naive::month_climatology(prepared)),
            Kind::Gm11 => Self::Fixed(naive::grey(prepared)),
            Kind::OwnPast => Self::OwnPast(OwnPast::new(prepared)),
            Kind::LaggedRidge => Self::Linear(linear::lagged_ridge(prepared)),
            Kind::DriverRidge => Self::Linear(linear::driver_ridge(prepared)),
            Kind::Physics => Self::Physics(PhysicsFit::new(prepared)),
            Kind::PretrainedAmLstm | Kind::AmLstm => return None,
        })
    }

    /// Rates of all months under the well's levels, with the ground measured up to step `origin`.
    ///
    /// # Panics
    ///
    /// If the bytes of a network are no model file: they come from the exporter.
    pub fn curve(&self, prepared: &PreparedWell, origin: usize) -> Curve {
        match self {
            Self::Fixed(curve) => curve.clone(),
            Self::OwnPast(model) => model.from(origin),
            Self::Linear(model) => model.curve(prepared),
            Self::Physics(model) => model.curve(prepared),
            Self::Network(bytes) => {
                let file = ModelFile::parse(bytes).expect("exported by this program");
                let levels = prepared.logger_levels();
                let months = &prepared.series.months[..levels.len()];
                let mut curve = Simulation::of(&file, months, &levels).curve();
                curve.resize(prepared.steps(), None);
                curve
            }
        }
    }

    /// Rates with the ground measured up to the month before, for models that look at it; for others the same as [`curve`](Self::curve).
    pub fn next_months(&self, prepared: &PreparedWell) -> Curve {
        match self {
            Self::OwnPast(model) => model.one_by_one(),
            _ => self.curve(prepared, 0),
        }
    }
}
