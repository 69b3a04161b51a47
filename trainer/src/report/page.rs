//! The page itself.

use std::fmt::Write as _;

use super::card::Card;
use super::{caution, rates, score, study, verdict};
use crate::figure::shown::{LevelledPoint, Share, Shown, ShownWell};
use crate::figure::{self, FigureError, Kind, escaped, ink, number};
use crate::levelling::agreement;
use crate::split::Part;
use crate::study::Summary;

/// Everything the page shows.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Data of the figures and tables.
    pub shown: Shown,
    /// One model card a model file.
    pub cards: Vec<Card>,
    /// The run's configuration as it was resolved, TOML.
    pub config: String,
    /// Sentences that hold for the whole run: warnings of the readers, choices that flatter a score.
    pub cautions: Vec<String>,
    /// What a study found, if one was made.
    pub study: Option<Summary>,
}

impl Report {
    /// The page as HTML.
    ///
    /// # Errors
    /// [`FigureError`] where a chart does not fit its sheet; figures without data are left out.
    pub fn html(&self) -> Result<String, FigureError> {
        let wells = &self.shown.wells;
        let title = match wells.as_slice() {
            [well] => format!("Land subsidence at well {}", well.well),
            _ => format!("Land subsidence at {} wells", self.shown.wells_of_run),
        };
        let mut main = format!("<h1>{}</h1>", escaped(&title));
        main.push_str(&self.lead());
        main.push_str(&self.contents());
        main.push_str(&self.cautions());
        main.push_str(&self.errors()?);
        for (index, well) in wells.iter().enumerate() {
            main.push_str(&self.well(index, well)?);
        }
        main.push_str(&self.ground()?);
        main.push_str(&self.study.as_ref().map_or(String::new(), study::html));
        main.push_str(&self.configuration());
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:\">\
             <link rel=\"icon\" href=\"data:,\"><title>{}</title><style>{}{}</style></head><body><a class=\"skip\" href=\"#main\">to the report</a><main class=\"page\" id=\"main\">{main}</main>\
             <div id=\"tip\" role=\"status\" hidden></div><script>{}</script></body></html>\n",
            escaped(&title),
            ink::page_style(),
            include_str!("style.css"),
            include_str!("script.js")
        ))
    }

    fn lead(&self) -> String {
        let shown = &self.shown;
        let months = shown.wells.iter().filter_map(ShownWell::span);
        let span = months.reduce(|(from, to), (first, last)| (from.min(first), to.max(last)));
        let span = span.map_or(String::new(), |(from, to)| {
            format!(
                ", {} to {}",
                figure::month_text(from),
                figure::month_text(to)
            )
        });
        let mut lead = format!(
            "<p class=\"muted\">amlstm {}{span}. Subsidence is vertical, down positive; levels are metres above datum.</p>",
            env!("CARGO_PKG_VERSION")
        );
        if shown.synthetic() {
            lead.push_str("<p class=\"synthetic\" role=\"note\"><strong>SYNTHETIC</strong> data: made by a generator after Cao et al. 2022, not measured. Nothing here describes a real place.</p>");
        }
        lead
    }

    fn contents(&self) -> String {
        let wells = self.shown.wells.iter().enumerate();
        let mut links = String::new();
        for (index, well) in wells {
            let _ = write!(
                links,
                "<li><a href=\"#well-{index}\">{}</a></li>",
                escaped(&well.well)
            );
        }
        let sections = [
            ("ground", "Rates on the ground", self.has_ground()),
            ("study", "Study", self.study.is_some()),
            ("configuration", "Configuration", true),
        ];
        for (id, name, _) in sections.into_iter().filter(|(.., is_there)| *is_there) {
            let _ = write!(links, "<li><a href=\"#{id}\">{name}</a></li>");
        }
        format!(
            "<nav aria-label=\"Contents\"><ul><li><a href=\"#errors\">Errors</a></li>{links}</ul></nav>"
        )
    }

    fn cautions(&self) -> String {
        let mut items: Vec<String> = self
            .cautions
            .iter()
            .map(|caution| escaped(caution))
            .collect();
        let of_wells: Vec<String> = self
            .shown
            .wells
            .iter()
            .enumerate()
            .filter_map(|(index, well)| {
                let count = caution::of_well(&self.shown, well).len();
                (count > 0).then(|| {
                    format!(
                        "<a href=\"#well-{index}\">{}</a>\u{a0}({count})",
                        escaped(&well.well)
                    )
                })
            })
            .collect();
        if !of_wells.is_empty() {
            items.push(format!(
                "More about the data and models of single wells, beside their figures: {}.",
                of_wells.join(", ")
            ));
        }
        if items.is_empty() {
            return String::new();
        }
        format!(
            "<section id=\"cautions\"><h2>Read first</h2>{}</section>",
            list(&items)
        )
    }

    fn errors(&self) -> Result<String, FigureError> {
        let mut html = String::from("<section id=\"errors\"><h2>Errors</h2>");
        html.push_str(if self.shown.has_floor() {
            "<p>All ps points of a well share its levels, so no model can predict what tells them apart: the floor is the error of the training points\u{2019} mean. A score means something beside its floor and the baselines only.</p>"
        } else {
            "<p>A score means something beside the baselines only.</p>"
        });
        if let Some(figure) = self.figure(Kind::Errors, "")? {
            let _ = write!(html, "<div class=\"grid one\">{figure}</div>");
        }
        html.push_str(&score::of_all_wells(&self.shown));
        html.push_str(&score::beside_paper(&self.shown));
        html.push_str(&score::table(
            &self.shown,
            Part::Test,
            "Test scores, mm a month",
        ));
        for (part, name) in [(Part::Validate, "Validation"), (Part::Train, "Training")] {
            let table = score::table(&self.shown, part, &format!("{name} scores, mm a month"));
            if !table.is_empty() {
                let _ = write!(
                    html,
                    "<details><summary>{name} scores</summary>{table}</details>"
                );
            }
        }
        html.push_str("</section>");
        Ok(html)
    }

    fn well(&self, index: usize, well: &ShownWell) -> Result<String, FigureError> {
        let tag = if well.synthetic {
            " <span class=\"tag\">SYNTHETIC</span>"
        } else {
            ""
        };
        let mut html = format!(
            "<section class=\"well\" id=\"well-{index}\"><h2>Well {}{tag}</h2>",
            escaped(&well.well)
        );
        let cautions: Vec<String> = caution::of_well(&self.shown, well)
            .iter()
            .map(|caution| escaped(caution))
            .collect();
        if !cautions.is_empty() {
            let _ = write!(html, "<h3>Cautions</h3>{}", list(&cautions));
        }
        html.push_str("<div class=\"grid\">");
        for kind in Kind::OF_A_WELL {
            html.push_str(&self.figure(kind, &well.well)?.unwrap_or_default());
        }
        let shares: Vec<&Share> = self
            .shown
            .attribution
            .iter()
            .filter(|share| share.well == well.well)
            .collect();
        if let Some(verdict) = verdict::compare(well, &shares) {
            let class = if verdict.disagree {
                "say disagree"
            } else {
                "say"
            };
            let _ = write!(html, "<p class=\"{class}\">{}</p>", escaped(&verdict.text));
        }
        for card in self.cards.iter().filter(|card| card.well == well.well) {
            let _ = write!(
                html,
                "<div class=\"aside\"><h3>Model card: {}</h3>{}</div>",
                card.network,
                card.html()
            );
        }
        html.push_str("</div></section>");
        Ok(html)
    }

    fn has_ground(&self) -> bool {
        !self.shown.points.is_empty() || !self.shown.benchmarks.is_empty()
    }

    fn ground(&self) -> Result<String, FigureError> {
        if !self.has_ground() {
            return Ok(String::new());
        }
        let figures = [
            self.figure(Kind::Map, "")?,
            self.figure(Kind::Levelling, "")?,
        ];
        let mut html =
            String::from("<section id=\"ground\"><h2>Rates on the ground</h2><div class=\"grid\">");
        html.extend(figures.into_iter().flatten());
        html.push_str("</div>");
        html.push_str(&rates::table(&self.shown));
        if let Some(check) = check(&self.shown) {
            let _ = write!(html, "<p>{check}</p>");
        }
        html.push_str("</section>");
        Ok(html)
    }

    fn configuration(&self) -> String {
        format!(
            "<section id=\"configuration\"><h2>Configuration</h2><p>Numbers behind the figures: <code>metrics.csv</code>, <code>predictions.csv</code>, <code>attention.csv</code>, <code>training.csv</code> in the run folder. \
             Figures for papers: <code>amlstm figure RUN --well NAME --kind observed -o observed.svg</code> (or <code>.png</code>).</p>\
             <details><summary>config.toml</summary><pre tabindex=\"0\">{}</pre></details></section>",
            escaped(&self.config)
        )
    }

    /// A figure with its caption; `None` where the run has no data for it.
    fn figure(&self, kind: Kind, well: &str) -> Result<Option<String>, FigureError> {
        match figure::draw(kind, &self.shown, well) {
            Ok(figure) => {
                let tag = if figure.synthetic {
                    " <span class=\"tag\">SYNTHETIC</span>"
                } else {
                    ""
                };
                Ok(Some(format!(
                    "<figure data-kind=\"{}\"><figcaption>{}{tag}</figcaption>{}</figure>",
                    kind.name(),
                    escaped(&figure.title),
                    figure.inline()
                )))
            }
            Err(FigureError::Nothing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Agreement of levelling and ps points in one sentence; `None` without benchmarks.
fn check(shown: &Shown) -> Option<String> {
    let pair = |point: &LevelledPoint| (point.levelling_mm_per_year, point.ps_mm_per_year);
    let found = agreement(&shown.benchmarks.iter().map(pair).collect::<Vec<_>>())?;
    let r2 = found
        .r2
        .map_or(String::new(), |r2| format!("; R\u{b2} {}", number(r2, 3)));
    Some(format!(
        "{} benchmarks: ps points less levelling {} mm a year on average (signed), {} at least and {} at most (absolute){r2}.",
        found.benchmarks,
        number(found.mean_mm_per_year, 2),
        number(found.smallest_mm_per_year, 2),
        number(found.largest_mm_per_year, 2)
    ))
}

fn list(items: &[String]) -> String {
    format!("<ul><li>{}</li></ul>", items.join("</li><li>"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::sample;

    fn report() -> Report {
        Report {
            shown: sample::run(),
            config: "seed = 1 # <&>\n".to_owned(),
            ..Report::default()
        }
    }

    #[test]
    fn the_page_asks_nothing_of_the_network() {
        let html = report().html().unwrap();
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
        let html = report().html().unwrap();
        assert!(html.contains("B &lt;b&gt;") && !html.contains("B <b>"));
        assert!(html.contains("seed = 1 # &lt;&amp;&gt;"));
    }

    #[test]
    fn every_figure_of_synthetic_data_is_marked() {
        let html = report().html().unwrap();
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
        assert!(!report().html().unwrap().contains("Table 3"));
        let mut six = report();
        let well = six.shown.wells[0].clone();
        six.shown.wells = ["A", "B", "C", "D", "E", "F"]
            .map(|name| ShownWell {
                well: name.to_owned(),
                ..well.clone()
            })
            .to_vec();
        // 1 - 1.72 / 1.8 from the sample, 1 - 1.75 / 2.23 from the paper.
        let html = six.html().unwrap();
        assert!(
            html.contains("Table 3")
                && html.contains("<td>4.4 %</td>")
                && html.contains("<td>21.5 %</td>")
        );
        six.shown.wells[2].synthetic = false;
        assert!(!six.html().unwrap().contains("Table 3"));
    }

    #[test]
    fn without_ps_points_the_page_does_not_speak_of_floors() {
        assert!(report().html().unwrap().contains("RMSE / floor</th>"));
        let mut direct = report();
        for score in &mut direct.shown.scores {
            score.floor_mm_per_month = None;
        }
        let html = direct.html().unwrap();
        assert!(!html.contains("RMSE / floor</th>") && !html.contains("the floor is"));
    }

    #[test]
    fn a_run_with_nothing_but_wells_still_makes_a_page() {
        let shown = Shown {
            wells: sample::run().wells,
            ..Shown::default()
        };
        let html = Report {
            shown,
            ..Report::default()
        }
        .html()
        .unwrap();
        assert!(html.contains("id=\"well-1\"") && !html.contains("id=\"ground\""));
    }
}
