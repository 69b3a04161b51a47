//! In what trainings of the study differ.

use crate::config::{Config, LevelScaling, Selection};

use super::{BATCHES, Subject};

/// In what a training differs from the configured one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// As configured.
    Configured,
    /// Another batch size.
    Batch(usize),
    /// Another scaling of the levels.
    Scaling(LevelScaling),
    /// The epoch is chosen on the test part, as in the paper: flatters the test score.
    TestSelection,
    /// Only months with a scene are steps, as in the paper.
    SceneSteps,
}

impl Setting {
    /// All settings that make sense for a subject.
    pub(super) fn of(subject: &Subject, config: &Config) -> Vec<Self> {
        let mut settings = vec![Self::Configured];
        if subject.series.points.len() > 1 {
            settings.extend(BATCHES.map(Self::Batch));
        }
        let scalings = [
            LevelScaling::ZScore,
            LevelScaling::Pooled,
            LevelScaling::MinMax,
            LevelScaling::None,
        ];
        settings.extend(
            scalings
                .into_iter()
                .filter(|&scaling| scaling != config.data.level_scaling)
                .map(Self::Scaling),
        );
        settings.push(Self::TestSelection);
        if subject.scenes.is_some() {
            settings.push(Self::SceneSteps);
        }
        settings
    }

    /// Name in files and tables.
    pub fn name(self) -> String {
        match self {
            Self::Configured => "configured".into(),
            Self::Batch(size) => format!("batch {size}"),
            Self::Scaling(scaling) => format!("levels {}", scaling_name(scaling)),
            Self::TestSelection => "epoch chosen on test".into(),
            Self::SceneSteps => "steps = scenes".into(),
        }
    }

    pub(super) fn apply(self, config: &Config) -> Config {
        let mut config = config.clone();
        match self {
            Self::Configured | Self::SceneSteps => {}
            Self::Batch(size) => {
                config.training.batch = size;
                config.training.batch_of.clear();
            }
            Self::Scaling(scaling) => config.data.level_scaling = scaling,
            Self::TestSelection => config.training.selection = Selection::Test,
        }
        config
    }
}

/// Name of a scaling in tables.
fn scaling_name(scaling: LevelScaling) -> &'static str {
    match scaling {
        LevelScaling::ZScore => "z-score",
        LevelScaling::Pooled => "pooled z-score",
        LevelScaling::MinMax => "min-max",
        LevelScaling::None => "raw (unscaled)",
    }
}
