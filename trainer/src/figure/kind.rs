//! The kinds of figures and how each is made from a run.

use super::picture::{Figure, FigureError};
use super::sheet::{self, Area, DrawError, Hit};
use super::shown::{Share, Shown, ShownWell, month_text};
use super::{attention, attribution, errors, levelling, levels, map, observed, training};
use super::{number, shown};
use crate::split::Part;

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
/// [`FigureError::Nothing`] where the run lacks the data, [`FigureError::Layout`] where the chart does not fit.
pub fn draw(kind: Kind, shown: &Shown, well: &str) -> Result<Figure, FigureError> {
    let nothing = |missing: String| FigureError::Nothing {
        figure: kind.name().to_owned(),
        missing,
    };
    if !kind.needs_well() {
        return draw_run(kind, shown, nothing);
    }
    let of_well = shown
        .wells
        .iter()
        .find(|shown| shown.well == well)
        .ok_or_else(|| nothing(format!("well \"{well}\"")))?;
    if of_well.months.is_empty() {
        return Err(nothing(format!("months of well {well}")));
    }
    draw_well(kind, shown, of_well, nothing)
}

fn draw_well(
    kind: Kind,
    shown: &Shown,
    well: &ShownWell,
    nothing: impl Fn(String) -> FigureError,
) -> Result<Figure, FigureError> {
    let name = &well.well;
    match kind {
        Kind::Levels => {
            let layers = well.aquifer_layers.join(", ");
            let alt = format!(
                "Levels of {layers} in metres and observed subsidence in millimetres, {}.",
                span(well)
            );
            let title = format!("{name}: levels and subsidence");
            finish(
                kind,
                title,
                alt,
                well.synthetic,
                levels::height(well),
                |area| levels::draw(well, area),
            )
        }
        Kind::Observed => {
            let title = format!("{name}: observed against LSTM and AM-LSTM");
            finish(
                kind,
                title,
                observed_alt(well),
                well.synthetic,
                observed::HEIGHT,
                |area| observed::draw(well, area),
            )
        }
        Kind::Training => {
            if well.models.iter().all(|model| model.epochs.is_empty()) {
                return Err(nothing(format!("training curves of well {name}")));
            }
            let test = shown
                .scores
                .iter()
                .find(|score| score.well == *name && score.part == Part::Test);
            let floor = test.and_then(|score| score.floor_mm_per_month);
            let title = format!("{name}: training curves, RMSE in mm a month");
            finish(
                kind,
                title,
                training_alt(well),
                well.synthetic,
                training::HEIGHT,
                |area| training::draw(well, floor, area),
            )
        }
        Kind::Attention => {
            if (0..well.aquifer_layers.len()).all(|layer| well.mean_attention(layer).is_none()) {
                return Err(nothing(format!("attention of well {name}")));
            }
            let title = format!("{name}: attention");
            finish(
                kind,
                title,
                attention_alt(well),
                well.synthetic,
                attention::height(well),
                |area| attention::draw(well, area),
            )
        }
        _ => {
            let shares: Vec<&Share> = shown
                .attribution
                .iter()
                .filter(|share| share.well == *name)
                .collect();
            if shares.is_empty() {
                return Err(nothing(format!("attribution of well {name}")));
            }
            let title = format!("{name}: which aquifer layer counts");
            let height = attribution::height(well, &shares);
            finish(
                kind,
                title,
                attribution_alt(&shares),
                well.synthetic,
                height,
                |area| attribution::draw(well, &shares, area),
            )
        }
    }
}

fn draw_run(
    kind: Kind,
    shown: &Shown,
    nothing: impl Fn(String) -> FigureError,
) -> Result<Figure, FigureError> {
    let synthetic = shown.synthetic();
    match kind {
        Kind::Errors => {
            if !shown.scores.iter().any(|score| score.part == Part::Test) {
                return Err(nothing("test scores".to_owned()));
            }
            let (title, alt) = if shown.has_floor() {
                (
                    "Test errors, floor and baselines",
                    "Test error of each model and baseline at each well, with the floor that no model can beat.",
                )
            } else {
                (
                    "Test errors and baselines",
                    "Test error of each model and baseline at each well.",
                )
            };
            let alt = format!("{alt} The table beside it has the numbers.");
            finish(
                kind,
                title.to_owned(),
                alt,
                synthetic,
                errors::height(shown),
                |area| errors::draw(shown, area),
            )
        }
        Kind::Map => {
            if shown.points.is_empty() {
                return Err(nothing("ps points".to_owned()));
            }
            let counts: Vec<String> = map::counts(shown)
                .iter()
                .map(|(name, count)| format!("{count} at {name}"))
                .collect();
            let alt = format!(
                "Maps of the ps points around each well, marked by class of vertical rate. Points by class in millimetres a year: {}.",
                counts.join(", ")
            );
            finish(
                kind,
                "Vertical rates of the ps points around the wells".to_owned(),
                alt,
                synthetic,
                map::height(shown),
                |area| map::draw(shown, area),
            )
        }
        _ => {
            if shown.benchmarks.is_empty() {
                return Err(nothing("levelling".to_owned()));
            }
            let alt = format!(
                "Rates of the ps points around {} levelling benchmarks against the levelled rates, with the line of equality.",
                shown.benchmarks.len()
            );
            finish(
                kind,
                "Levelling against ps points".to_owned(),
                alt,
                synthetic,
                levelling::HEIGHT,
                |area| levelling::draw(&shown.benchmarks, area),
            )
        }
    }
}

fn finish(
    kind: Kind,
    title: String,
    alt: String,
    synthetic: bool,
    height: i32,
    drawing: impl FnOnce(&Area) -> Result<Vec<Hit>, DrawError>,
) -> Result<Figure, FigureError> {
    let body =
        sheet::draw(height, drawing).map_err(|error| FigureError::layout(kind.name(), &error))?;
    let alt = if synthetic {
        format!("{alt} The data are SYNTHETIC.")
    } else {
        alt
    };
    Ok(Figure {
        title,
        alt,
        synthetic,
        height,
        body,
    })
}

fn span(well: &ShownWell) -> String {
    well.span().map_or(String::new(), |(from, to)| {
        format!("{} to {}", month_text(from), month_text(to))
    })
}

fn observed_alt(well: &ShownWell) -> String {
    let last = |values: &[Option<f64>]| values.iter().rev().copied().find_map(|value| value);
    let observed: Vec<Option<f64>> = well.months.iter().map(|month| month.observed_mm).collect();
    let mut ends: Vec<String> = last(&observed)
        .map(|value| format!("observed {} mm", number(value, 1)))
        .into_iter()
        .collect();
    let model = |model: &shown::ShownModel| {
        last(&model.subsidence_mm)
            .map(|value| format!("{} {} mm", model.model.title(), number(value, 1)))
    };
    ends.extend(well.models.iter().filter_map(model));
    format!(
        "Cumulative subsidence and monthly rates, observed and modelled, {}; last values: {}.",
        span(well),
        ends.join(", ")
    )
}

fn attention_alt(well: &ShownWell) -> String {
    let mean = |(layer, name): (usize, &String)| {
        let mean = well.mean_attention(layer);
        format!(
            "{name} {}",
            mean.map_or("none".to_owned(), |mean| number(mean, 2))
        )
    };
    let means: Vec<String> = well.aquifer_layers.iter().enumerate().map(mean).collect();
    format!(
        "Heat map of the attention by month and aquifer layer, {}, and bars of its mean: {}.",
        span(well),
        means.join(", ")
    )
}

fn attribution_alt(shares: &[&Share]) -> String {
    let text = |share: &&Share| {
        let quartiles = share.share_lower_quartile.zip(share.share_upper_quartile);
        format!(
            "{} by {} {}{}",
            share.aquifer_layer,
            shown::method_text(share.method),
            number(share.share, 2),
            quartiles.map_or(String::new(), |(low, high)| format!(
                " ({} to {})",
                number(low, 2),
                number(high, 2)
            ))
        )
    };
    format!(
        "Share of each aquifer layer by method: {}.",
        shares.iter().map(text).collect::<Vec<_>>().join(", ")
    )
}

fn training_alt(well: &ShownWell) -> String {
    let kept = |model: &shown::ShownModel| {
        let epoch = model.epochs.iter().find(|epoch| epoch.kept)?;
        Some(format!(
            "{} kept epoch {} of {}",
            model.model.title(),
            epoch.epoch,
            model.epochs.len()
        ))
    };
    format!(
        "Root mean square error by training epoch; {}.",
        well.models
            .iter()
            .filter_map(kept)
            .collect::<Vec<_>>()
            .join(", ")
    )
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
        let mut shown = sample::run();
        for month in &mut shown.wells[0].months {
            month.level_m.fill(None);
            month.observed_mm = None;
            month.spread_mm = None;
        }
        for kind in [Kind::Levels, Kind::Observed] {
            draw(kind, &shown, "A").unwrap();
        }
    }
}
