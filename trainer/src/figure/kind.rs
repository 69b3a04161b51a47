//! The kinds of figures and how each is made from a run.

use super::{Figure, FigureError};
use super::{attention, attribution, errors, levelling, levels, map, observed, training};
use crate::results::{RunResults, WellResults};

/// What a figure shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Levels of the aquifer layers and subsidence of one well (the paper's Fig. 2).
    Levels,
    /// Observed subsidence against LSTM and AM-LSTM of one well (Fig. 8).
    Observed,
    /// Training curves of one well (Fig. 7).
    Training,
    /// Attention of one well over time, and its mean (Fig. 9).
    Attention,
    /// What counts at one well, by several methods.
    Attribution,
    /// Test errors of the run with floors and baselines.
    Errors,
    /// Rates of the ps points around the run's wells.
    Map,
    /// Levelling against the ps points (Fig. 5).
    Levelling,
}

impl Kind {
    /// Kinds that show one well.
    pub const OF_A_WELL: [Self; 5] = [
        Self::Levels,
        Self::Observed,
        Self::Training,
        Self::Attention,
        Self::Attribution,
    ];
    /// Kinds that show the whole run.
    pub const OF_THE_RUN: [Self; 3] = [Self::Errors, Self::Map, Self::Levelling];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Levels => "levels",
            Self::Observed => "observed",
            Self::Training => "training",
            Self::Attention => "attention",
            Self::Attribution => "attribution",
            Self::Errors => "errors",
            Self::Map => "map",
            Self::Levelling => "levelling",
        }
    }

    /// The kind of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::OF_A_WELL
            .into_iter()
            .chain(Self::OF_THE_RUN)
            .find(|kind| kind.name() == name)
    }

    /// Whether the figure shows one well, which must then be named.
    pub fn needs_well(self) -> bool {
        Self::OF_A_WELL.contains(&self)
    }
}

/// Makes one figure of a run; `well` is required for the kinds of a well and ignored for the others.
///
/// # Errors
/// [`FigureError::Nothing`] where the run lacks the data.
pub fn draw(kind: Kind, results: &RunResults, well: &str) -> Result<Figure, FigureError> {
    let nothing = |missing: String| FigureError::Nothing {
        figure: kind.name(),
        missing,
    };
    let (figure, missing) = match kind {
        Kind::Errors => (errors::figure(results), "test scores".to_owned()),
        Kind::Map => (map::figure(results), "ps points".to_owned()),
        Kind::Levelling => (levelling::figure(results), "levelling".to_owned()),
        _ => {
            let found = results.wells.iter().find(|found| found.well == well);
            let found = found.ok_or_else(|| nothing(format!("well \"{well}\"")))?;
            let (figure, missing) = of_well(kind, results, found);
            (figure, format!("{missing} of well {well}"))
        }
    };
    figure.ok_or_else(|| nothing(missing))
}

/// The figure of a well and what it needs.
fn of_well(kind: Kind, results: &RunResults, well: &WellResults) -> (Option<Figure>, &'static str) {
    match kind {
        Kind::Observed => (observed::figure(well), "months"),
        Kind::Training => {
            let floor = results.test_floor(&well.well);
            (training::figure(well, floor), "training curves")
        }
        Kind::Attention => (attention::figure(well), "attention"),
        Kind::Attribution => {
            let shares = results.shares_of(&well.well);
            (attribution::figure(well, &shares), "attribution")
        }
        _ => (levels::figure(well), "months"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::sample::{self, figures};

    #[test]
    fn every_kind_draws_and_is_found_by_its_name() {
        assert_eq!(
            figures(&sample::run()).len(),
            2 * Kind::OF_A_WELL.len() + Kind::OF_THE_RUN.len()
        );
        for kind in Kind::OF_A_WELL.into_iter().chain(Kind::OF_THE_RUN) {
            assert_eq!(Kind::of_name(kind.name()), Some(kind));
        }
    }

    #[test]
    fn synthetic_data_say_so_in_every_file() {
        for figure in figures(&sample::run()) {
            assert!(
                figure.svg().contains(">SYNTHETIC</text>"),
                "{}",
                figure.title
            );
        }
        let mut measured = sample::run();
        measured
            .wells
            .iter_mut()
            .for_each(|well| well.synthetic = false);
        assert!(
            figures(&measured)
                .iter()
                .all(|figure| !figure.svg().contains("SYNTHETIC"))
        );
    }

    #[test]
    fn a_figure_without_data_says_what_is_missing() {
        let error = draw(Kind::Levels, &sample::run(), "Z").unwrap_err();
        assert_eq!(
            error.to_string(),
            "figure levels: the run has no well \"Z\""
        );
        let mut bare = sample::run();
        bare.points.clear();
        assert_eq!(
            draw(Kind::Map, &bare, "").unwrap_err().to_string(),
            "figure map: the run has no ps points"
        );
    }

    #[test]
    fn a_well_with_nothing_but_gaps_is_drawn() {
        let mut results = sample::run();
        for month in &mut results.wells[0].months {
            month.level_m.fill(None);
            month.observed_mm = None;
            month.spread_mm = None;
        }
        for kind in [Kind::Levels, Kind::Observed] {
            draw(kind, &results, "A").unwrap();
        }
    }
}
