//! Rates of the ps points by class: vertical and along the line of sight, because a class of one is not a class of the other.

use maud::{Markup, html};

use super::table::Table;
use crate::figure::number;
use crate::ps::{RateSummary, class_names};
use crate::results::{RatePoint, RunResults};

/// Two rows per well with ps points; empty without any.
pub(super) fn table(results: &RunResults) -> Markup {
    if results.points.is_empty() {
        return html! {};
    }
    let head = html! {
        tr {
            th scope="col" { "well" }
            th.left scope="col" { "rate" }
            @for name in ["points", "median", "its class"] { th scope="col" { (name) } }
            @for name in class_names(&results.rate_classes) { th scope="col" { (name) } }
        }
    };
    let vertical = |point: &RatePoint| Some(point.vertical_rate_mm_per_year);
    let away = |point: &RatePoint| Some(-point.los_rate_mm_per_year?);
    let body = html! {
        @for well in &results.wells {
            (row(results, &well.well, "vertical", vertical))
            (row(results, &well.well, "line of sight", away))
        }
    };
    let caption = "Rates of the ps points, mm per year, sinking positive, and the share of points in each class";
    html! {
        (Table { caption, head, body })
        p.muted {
            "The map shows vertical rates. Those along the line of sight are smaller by the cosine of the incidence angle, so a well may stand in another class; \
             the rate classes of Cao et al. 2022 seem to be of the line of sight."
        }
    }
}

/// `rate` is mm per year, sinking positive.
fn row(
    results: &RunResults,
    well: &str,
    name: &str,
    rate: impl Fn(&RatePoint) -> Option<f64>,
) -> Markup {
    let points = results.points.iter().filter(|point| point.well == well);
    let rates: Vec<f64> = points.filter_map(rate).collect();
    let Some(summary) = RateSummary::of(&rates, &results.rate_classes) else {
        return html! {};
    };
    html! {
        tr {
            th scope="row" { (well) }
            td.left { (name) }
            td { (summary.points) }
            td { (number(summary.median_mm_per_year, 1)) }
            td { (class_names(&results.rate_classes)[summary.class]) }
            @for share in &summary.shares { td { (number(share * 100.0, 0)) " %" } }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::WellResults;

    #[test]
    fn a_class_is_said_to_be_of_which_rate() {
        let point = |vertical: f64, along: f64| RatePoint {
            well: "B".to_owned(),
            point: String::new(),
            east_m: 0.0,
            north_m: 0.0,
            vertical_rate_mm_per_year: vertical,
            los_rate_mm_per_year: Some(along),
        };
        let results = RunResults {
            wells: vec![WellResults {
                well: "B".to_owned(),
                ..WellResults::default()
            }],
            points: vec![point(121.8, -100.2), point(99.0, -81.4)],
            rate_classes: vec![30.0, 50.0, 80.0, 110.0],
            ..RunResults::default()
        };
        let html = table(&results).into_string();
        // Medians by hand: (121.8 + 99.0) / 2 and (100.2 + 81.4) / 2.
        assert!(
            html.contains("vertical</td><td>2</td><td>110.4</td><td>≥ 110</td>"),
            "{html}"
        );
        assert!(
            html.contains("line of sight</td><td>2</td><td>90.8</td><td>80–110</td>"),
            "{html}"
        );
        assert!(html.contains("&lt; 30</th>") && html.contains("<td>50 %</td>"));
        assert_eq!(table(&RunResults::default()).into_string(), "");
    }
}
