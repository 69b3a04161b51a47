//! The page itself.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::card::Card;
use super::{caution, data, rates, score, study, verdict};
use crate::figure::{self, Kind, ink, number};
use crate::levelling::agreement;
use crate::results::{LevelledPoint, RunResults, WellResults, month_text};
use crate::split::Part;
use crate::study::Summary;

/// Everything the page shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Data of the figures and tables.
    pub results: RunResults,
    /// One model card per model file.
    pub cards: Vec<Card>,
    /// The run's configuration as it was resolved, TOML.
    pub config: String,
    /// Sentences that hold for the whole run: wells that failed, choices that flatter a score.
    pub cautions: Vec<String>,
    /// What a study found, if one was made.
    pub study: Option<Summary>,
    /// How well each model predicts unseen months, if that was evaluated.
    pub evaluation: Option<Summary>,
}

impl Report {
    /// The page as HTML; figures without data are left out.
    pub fn html(&self) -> String {
        let wells = &self.results.wells;
        let title = match wells.as_slice() {
            [well] => format!("Land subsidence at well {}", well.well),
            _ => format!("Land subsidence at {} wells", self.results.wells_of_run),
        };
        let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";
        let page = html! {
            (DOCTYPE) "\n"
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width,initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    link rel="icon" href="data:,";
                    title { (title) }
                    style { (PreEscaped(ink::page_style())) (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    a.skip href="#main" { "to the report" }
                    main.page id="main" {
                        h1 { (title) }
                        (self.lead())
                        (self.contents())
                        (self.cautions())
                        (data::section(&self.results))
                        (self.errors())
                        @for (index, well) in wells.iter().enumerate() { (self.well(index, well)) }
                        @if self.has_ground() { (self.ground()) }
                        @if let Some(summary) = &self.evaluation { (study::section(summary, "evaluation", "Unseen months")) }
                        @if let Some(summary) = &self.study { (study::section(summary, "study", "Study")) }
                        (self.configuration())
                    }
                    div id="tip" role="status" hidden {}
                    script { (PreEscaped(include_str!("script.js"))) }
                }
            }
            "\n"
        };
        page.into_string()
    }

    fn lead(&self) -> Markup {
        let spans = self.results.wells.iter().filter_map(WellResults::span);
        let span = spans.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)));
        html! {
            p.muted {
                "amlstm " (env!("CARGO_PKG_VERSION"))
                @if let Some((from, to)) = span { ", " (month_text(from)) " to " (month_text(to)) }
                ". Subsidence is vertical, down positive; levels are metres above datum."
            }
            @if self.results.synthetic() {
                p.synthetic role="note" {
                    strong { "SYNTHETIC" }
                    " data: made by a generator after Cao et al. 2022, not measured. Nothing here describes a real place."
                }
            }
        }
    }

    fn contents(&self) -> Markup {
        html! {
            nav aria-label="Contents" {
                ul {
                    @if data::is_known(&self.results) { li { a href="#data" { "Data" } } }
                    li { a href="#errors" { "Errors" } }
                    @for (index, well) in self.results.wells.iter().enumerate() {
                        li { a href={ "#well-" (index) } { (well.well) } }
                    }
                    @if self.has_ground() { li { a href="#ground" { "Rates on the ground" } } }
                    @if self.evaluation.is_some() { li { a href="#evaluation" { "Unseen months" } } }
                    @if self.study.is_some() { li { a href="#study" { "Study" } } }
                    li { a href="#configuration" { "Configuration" } }
                }
            }
        }
    }

    fn cautions(&self) -> Markup {
        let wells = self.results.wells.iter().enumerate();
        let counted =
            wells.map(|(index, well)| (index, well, caution::of_well(&self.results, well).len()));
        let of_wells: Vec<_> = counted.filter(|(.., count)| *count > 0).collect();
        if self.cautions.is_empty() && of_wells.is_empty() {
            return html! {};
        }
        html! {
            section id="cautions" {
                h2 { "Read first" }
                ul {
                    @for caution in &self.cautions { li { (caution) } }
                    @if !of_wells.is_empty() {
                        li {
                            "More about the data and models of single wells, beside their figures: "
                            @for (place, (index, well, count)) in of_wells.iter().enumerate() {
                                @if place > 0 { ", " }
                                a href={ "#well-" (index) } { (well.well) } "\u{a0}(" (count) ")"
                            }
                            "."
                        }
                    }
                }
            }
        }
    }

    fn errors(&self) -> Markup {
        let results = &self.results;
        html! {
            section id="errors" {
                h2 { "Errors" }
                p {
                    @if results.has_floor() {
                        "All ps points of a well share its levels, so no model can predict what tells them apart: the floor is the error of the training points\u{2019} mean. \
                         A score means something beside its floor and the baselines only."
                    } @else {
                        "A score means something beside the baselines only."
                    }
                }
                div.grid.one { (self.figure(Kind::Errors, "")) }
                (score::of_all_wells(results))
                (score::beside_paper(results))
                @if let Some(table) = score::table(results, Part::Test, "Test scores, mm per month") { (table) }
                @for (part, name) in [(Part::Validate, "Validation"), (Part::Train, "Training")] {
                    @if let Some(table) = score::table(results, part, &format!("{name} scores, mm per month")) {
                        details { summary { (name) " scores" } (table) }
                    }
                }
            }
        }
    }

    fn well(&self, index: usize, well: &WellResults) -> Markup {
        let cautions = caution::of_well(&self.results, well);
        html! {
            section.well id={ "well-" (index) } {
                h2 { "Well " (well.well) (tag(well.synthetic)) }
                @if !cautions.is_empty() {
                    h3 { "Cautions" }
                    ul { @for caution in &cautions { li { (caution) } } }
                }
                div.grid {
                    @for kind in Kind::OF_A_WELL { (self.figure(kind, &well.well)) }
                    @if let Some(verdict) = verdict::compare(well, &self.results.shares_of(&well.well)) {
                        p.say.disagree[verdict.disagree] { (verdict.text) }
                    }
                    @for card in self.cards.iter().filter(|card| card.well == well.well) {
                        div.aside { h3 { "Model card: " (card.network) } (card.list()) }
                    }
                }
            }
        }
    }

    fn has_ground(&self) -> bool {
        !self.results.points.is_empty() || !self.results.benchmarks.is_empty()
    }

    fn ground(&self) -> Markup {
        html! {
            section id="ground" {
                h2 { "Rates on the ground" }
                div.grid { (self.figure(Kind::Map, "")) (self.figure(Kind::Levelling, "")) }
                (rates::table(&self.results))
                @if let Some(sentence) = levelling(&self.results) { p { (sentence) } }
            }
        }
    }

    fn configuration(&self) -> Markup {
        html! {
            section id="configuration" {
                h2 { "Configuration" }
                p {
                    "Numbers behind the figures: " code { "metrics.csv" } ", " code { "predictions.csv" } ", "
                    code { "attention.csv" } ", " code { "training.csv" } " in the run folder. Figures for papers: "
                    code { "amlstm figure RUN --well NAME --kind observed -o observed.svg" } " (or " code { ".png" } ")."
                }
                details { summary { "config.toml" } pre tabindex="0" { (self.config) } }
            }
        }
    }

    /// A figure with its caption; empty where the run has no data for it.
    fn figure(&self, kind: Kind, well: &str) -> Markup {
        let Ok(figure) = figure::draw(kind, &self.results, well) else {
            return html! {};
        };
        html! {
            figure data-kind=(kind.name()) {
                figcaption { (figure.title) (tag(figure.synthetic)) }
                (figure.inline())
            }
        }
    }
}

fn tag(synthetic: bool) -> Markup {
    html! { @if synthetic { " " span.tag { "SYNTHETIC" } } }
}

/// Agreement of levelling and ps points in one sentence; `None` without benchmarks.
fn levelling(results: &RunResults) -> Option<String> {
    let pair = |point: &LevelledPoint| (point.levelling_mm_per_year, point.ps_mm_per_year);
    let found = agreement(&results.benchmarks.iter().map(pair).collect::<Vec<_>>())?;
    let r2 = found
        .r2
        .map_or(String::new(), |r2| format!("; R\u{b2} {}", number(r2, 3)));
    Some(format!(
        "{} benchmarks: ps points less levelling {} mm per year on average (signed), {} at least and {} at most (absolute){r2}.",
        found.benchmarks,
        number(found.mean_mm_per_year, 2),
        number(found.smallest_mm_per_year, 2),
        number(found.largest_mm_per_year, 2)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::sample;

    fn report() -> Report {
        Report {
            results: sample::run(),
            config: "seed = 1 # <&>\n".to_owned(),
            ..Report::default()
        }
    }

    #[test]
    fn the_page_asks_nothing_of_the_network() {
        let html = report().html();
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(
                !html
                    .replace("http://www.w3.org/2000/svg", "")
                    .contains(outside),
                "{outside}"
            );
        }
    }

    #[test]
    fn names_from_the_data_cannot_become_markup() {
        let html = report().html();
        assert!(html.contains("B &lt;b&gt;") && !html.contains("B <b>"));
        assert!(html.contains("seed = 1 # &lt;&amp;&gt;"));
    }

    #[test]
    fn every_figure_of_synthetic_data_is_marked() {
        let html = report().html();
        assert_eq!(
            html.matches("<figure ").count(),
            2 * Kind::OF_A_WELL.len() + Kind::OF_THE_RUN.len()
        );
        assert_eq!(
            html.matches("SYNTHETIC</span></figcaption>").count(),
            html.matches("<figure ").count()
        );
    }

    #[test]
    fn the_papers_table_stands_beside_the_six_synthetic_wells_only() {
        assert!(!report().html().contains("Table 3"));
        let mut six = report();
        let well = six.results.wells[0].clone();
        six.results.wells = ["A", "B", "C", "D", "E", "F"]
            .map(|name| WellResults {
                well: name.to_owned(),
                ..well.clone()
            })
            .to_vec();
        // 1 - 1.72 / 1.8 from the sample, 1 - 1.75 / 2.23 from the paper.
        let html = six.html();
        assert!(
            html.contains("Table 3")
                && html.contains("<td>4.4 %</td>")
                && html.contains("<td>21.5 %</td>")
        );
        six.results.wells[2].synthetic = false;
        assert!(!six.html().contains("Table 3"));
    }

    #[test]
    fn without_ps_points_the_page_does_not_speak_of_floors() {
        assert!(report().html().contains("RMSE / floor</th>"));
        let mut direct = report();
        for score in &mut direct.results.scores {
            score.floor_mm_per_month = None;
        }
        let html = direct.html();
        assert!(!html.contains("RMSE / floor</th>") && !html.contains("the floor is"));
    }

    #[test]
    fn a_run_with_nothing_but_wells_still_makes_a_page() {
        let results = RunResults {
            wells: sample::run().wells,
            ..RunResults::default()
        };
        let html = Report {
            results,
            ..Report::default()
        }
        .html();
        assert!(html.contains("id=\"well-1\"") && !html.contains("id=\"ground\""));
    }
}
