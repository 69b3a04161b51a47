//! What the figures and the report show, gathered from a run folder.

use amlstm_core::month::Month;

use crate::attribution::Method;
pub use crate::run::{LevelledPoint, MetricRow, ModelKind, RatePoint, Share};
use crate::split::Part;
use crate::spread::Spread;

/// One run: its wells and what is known about all of them together.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The wells in the run's order, not more than are shown in full.
    pub wells: Vec<ShownWell>,
    /// Number of all wells of the run.
    pub wells_of_run: usize,
    /// Test errors of each model over all wells of the run.
    pub errors: Vec<ModelErrors>,
    /// Scores of models, baselines and floors, in the run's order.
    pub scores: Vec<MetricRow>,
    /// Rates of the ps points.
    pub points: Vec<RatePoint>,
    /// Boundaries between the rate classes, rising, mm a year, sinking positive.
    pub rate_classes: Vec<f64>,
    /// Radius of the buffers around the wells, m.
    pub buffer_m: f64,
    /// Levelling benchmarks and what the ps points around them say.
    pub benchmarks: Vec<LevelledPoint>,
    /// How much each aquifer layer counts, by several methods.
    pub attribution: Vec<Share>,
}

/// How the test error of one model scatters over the wells of a run.
#[derive(Clone, Debug)]
pub struct ModelErrors {
    /// Which model.
    pub model: ModelKind,
    /// Wells with a score.
    pub wells: usize,
    /// Root mean square error, mm a month.
    pub rmse: Spread,
}

/// One well of a run.
#[derive(Clone, Debug, Default)]
pub struct ShownWell {
    /// Name in all files.
    pub well: String,
    /// Whether its data come from the generator.
    pub synthetic: bool,
    /// Aquifer layers from the top.
    pub aquifer_layers: Vec<String>,
    /// One entry a month from the first to the last.
    pub months: Vec<ShownMonth>,
    /// Models and what they predict for the months.
    pub models: Vec<ShownModel>,
}

/// One month of a well.
#[derive(Clone, Debug, Default)]
pub struct ShownMonth {
    /// Which month, as its index.
    pub month: i32,
    /// Level of each aquifer layer, m above datum.
    pub level_m: Vec<Option<f64>>,
    /// Share of attention of each aquifer layer.
    pub attention: Vec<Option<f64>>,
    /// Observed cumulative subsidence at the month's end, mm, down positive.
    pub observed_mm: Option<f64>,
    /// Lowest and highest of the middle 90 % of the ps points, mm.
    pub spread_mm: Option<(f64, f64)>,
    /// Part where months are divided; none where ps points are.
    pub part: Option<Part>,
}

/// One model of a well.
#[derive(Clone, Debug)]
pub struct ShownModel {
    /// Which network.
    pub model: ModelKind,
    /// Cumulative subsidence at each month's end, mm.
    pub subsidence_mm: Vec<Option<f64>>,
    /// Subsidence of each month, mm.
    pub increment_mm: Vec<Option<f64>>,
    /// Training curve.
    pub epochs: Vec<ShownEpoch>,
}

/// One pass of a training curve; RMSE in mm a month.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShownEpoch {
    /// 1 for the first.
    pub epoch: usize,
    /// On the training part.
    pub train_rmse: f64,
    /// On the validation part, if there is one.
    pub validate_rmse: Option<f64>,
    /// On the test part, if there is one.
    pub test_rmse: Option<f64>,
    /// Whether this epoch's weights were kept.
    pub kept: bool,
}

impl ShownModel {
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

impl Shown {
    /// Whether any score has a floor: those on ps points have.
    pub fn has_floor(&self) -> bool {
        self.scores
            .iter()
            .any(|score| score.floor_mm_per_month.is_some())
    }

    /// Whether any of it comes from the generator.
    pub fn synthetic(&self) -> bool {
        self.wells.iter().any(|well| well.synthetic)
    }
}

impl ShownWell {
    /// First and last month by index; `None` for a well without months.
    pub fn span(&self) -> Option<(i32, i32)> {
        Some((self.months.first()?.month, self.months.last()?.month))
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

    /// One of its models.
    pub fn model(&self, model: ModelKind) -> Option<&ShownModel> {
        self.models.iter().find(|shown| shown.model == model)
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
