//! What a run found, as figures and report show it: read from the run folder alone.

mod read;

pub use read::{ResultsError, read_model};

use amlstm_core::month::Month;

use crate::attribution::Method;
pub use crate::run::{
    FailureRow, LevelledPoint, MetricRow, ModelKind, RatePoint, Share, TrainingRow,
};
use crate::split::Part;
use crate::spread::Spread;
use crate::survey::{GroundSurvey, Hint, LayerSurvey};

/// One run: its wells and what is known about all of them together.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// The wells in the run's order, not more than are shown in full.
    pub wells: Vec<WellResults>,
    /// Number of all wells of the run.
    pub wells_of_run: usize,
    /// Test errors of each model over all wells of the run.
    pub errors: Vec<ModelErrors>,
    /// Scores of models and baselines, each with its floor, in the run's order.
    pub scores: Vec<MetricRow>,
    /// Rates of the ps points.
    pub points: Vec<RatePoint>,
    /// Boundaries between the rate classes, rising, mm per year, sinking positive.
    pub rate_classes: Vec<f64>,
    /// Radius of the buffers around the wells, m.
    pub buffer_m: f64,
    /// Levelling benchmarks and what the ps points around them say.
    pub benchmarks: Vec<LevelledPoint>,
    /// How much each aquifer layer counts, by several methods.
    pub attribution: Vec<Share>,
    /// The levels as they were read from files.
    pub levels_as_read: Vec<LayerSurvey>,
    /// The ground, likewise.
    pub ground_as_read: Vec<GroundSurvey>,
    /// What looks wrong with the files.
    pub hints: Vec<Hint>,
    /// Wells without a model.
    pub failures: Vec<FailureRow>,
}

/// How the test error of one model scatters over the wells of a run.
#[derive(Clone, Debug)]
pub struct ModelErrors {
    /// Which model.
    pub model: ModelKind,
    /// Wells with a score.
    pub wells: usize,
    /// Root mean square error, mm per month.
    pub rmse: Spread,
}

/// One well of a run.
#[derive(Clone, Debug, Default)]
pub struct WellResults {
    /// Name in all files.
    pub well: String,
    /// Whether its data come from the generator.
    pub synthetic: bool,
    /// Aquifer layers from the top.
    pub aquifer_layers: Vec<String>,
    /// One entry per month from the first to the last.
    pub months: Vec<MonthResults>,
    /// Models and what they predict for the months.
    pub models: Vec<ModelResults>,
}

/// One month of a well.
#[derive(Clone, Debug, Default)]
pub struct MonthResults {
    /// Which month, as its index.
    pub month: i32,
    /// Level of each aquifer layer, m above datum.
    pub level_m: Vec<Option<f64>>,
    /// Share of attention of each aquifer layer.
    pub attention: Vec<Option<f64>>,
    /// Observed cumulative subsidence, mm, down +.
    pub observed_mm: Option<f64>,
    /// Days since the observation before.
    pub days: Option<f64>,
    /// Lowest and highest of the middle 90 % of the ps points, mm.
    pub spread_mm: Option<(f64, f64)>,
    /// Part where months are divided; none where ps points are.
    pub part: Option<Part>,
}

/// One model of a well.
#[derive(Clone, Debug)]
pub struct ModelResults {
    /// Which network.
    pub model: ModelKind,
    /// Cumulative subsidence of each month on the day of its observation, or at its end without one, mm, down +.
    pub subsidence_mm: Vec<Option<f64>>,
    /// Rate in each month, mm per 30.4375 days, down +.
    pub increment_mm: Vec<Option<f64>>,
    /// Training curve.
    pub epochs: Vec<TrainingRow>,
}

impl ModelResults {
    /// A model without months.
    pub fn new(model: ModelKind) -> Self {
        Self {
            model,
            subsidence_mm: Vec::new(),
            increment_mm: Vec::new(),
            epochs: Vec::new(),
        }
    }
}

impl RunResults {
    /// Whether any score has a floor: those on ps points have.
    pub fn has_floor(&self) -> bool {
        self.scores
            .iter()
            .any(|score| score.floor_mm_per_month.is_some())
    }

    /// The test score of a model or baseline at a well.
    pub fn test_score(&self, well: &str, model: ModelKind) -> Option<&MetricRow> {
        let mut scores = self.scores.iter();
        scores.find(|score| score.well == well && score.model == model && score.part == Part::Test)
    }

    /// The error that no model can beat on a well's test part, mm per month; `None` without ps points.
    pub fn test_floor(&self, well: &str) -> Option<f64> {
        let mut scores = self.scores.iter();
        let test = scores.find(|score| score.well == well && score.part == Part::Test);
        test?.floor_mm_per_month
    }

    /// How much each aquifer layer of a well counts.
    pub fn shares_of(&self, well: &str) -> Vec<&Share> {
        let of_well = |share: &&Share| share.well == well;
        self.attribution.iter().filter(of_well).collect()
    }

    /// Whether any of it comes from the generator.
    pub fn synthetic(&self) -> bool {
        self.wells.iter().any(|well| well.synthetic)
    }
}

impl WellResults {
    /// First and last month by index; `None` for a well without months.
    pub fn span(&self) -> Option<(i32, i32)> {
        Some((self.months.first()?.month, self.months.last()?.month))
    }

    /// The same in words; empty for a well without months.
    pub fn span_text(&self) -> String {
        self.span().map_or(String::new(), |(from, to)| {
            format!("{} to {}", month_text(from), month_text(to))
        })
    }

    /// Mean attention of an aquifer layer over the months that have it.
    pub fn mean_attention(&self, layer: usize) -> Option<f64> {
        let shares: Vec<f64> = self
            .months
            .iter()
            .filter_map(|month| month.attention.get(layer).copied().flatten())
            .collect();
        (!shares.is_empty()).then(|| shares.iter().sum::<f64>() / shares.len() as f64)
    }
}

/// A month as people write it.
pub(crate) fn month_text(index: i32) -> String {
    Month::from_index(index).map_or(String::new(), |month| month.to_string())
}

/// A method of attribution as people write it.
pub fn method_text(method: Method) -> &'static str {
    match method {
        Method::Attention => "mean attention",
        Method::Permutation => "permutation importance",
        Method::Physics => "physics shares",
        Method::Truth => "true shares",
    }
}
