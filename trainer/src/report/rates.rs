//! Rates of the ps points by class: vertical and along the line of sight, because a class of one is not a class of the other.

use std::fmt::Write as _;

use super::score::scroll;
use crate::figure::shown::{RatePoint, Shown, ShownWell};
use crate::figure::{escaped, number};
use crate::ps::{RateSummary, class_names};

/// Two rows a well with ps points; empty without any.
pub(super) fn table(shown: &Shown) -> String {
    let rows: String = shown
        .wells
        .iter()
        .map(|well| of_well(shown, well))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let names = class_names(&shown.rate_classes);
    let mut head = String::new();
    for name in &names {
        let _ = write!(head, "<th scope=\"col\">{}</th>", escaped(name));
    }
    let caption = "Rates of the ps points, mm a year, sinking positive, and the share of points in each class";
    let table = format!(
        "<table><caption>{caption}</caption><thead><tr><th scope=\"col\">well</th><th scope=\"col\" class=\"left\">rate</th><th scope=\"col\">points</th>\
         <th scope=\"col\">median</th><th scope=\"col\">its class</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    );
    format!(
        "{}<p class=\"muted\">The map shows vertical rates. Those along the line of sight are smaller by the cosine of the incidence angle, so a well may stand in another \
         class; the rate classes of Cao et al. 2022 seem to be of the line of sight.</p>",
        scroll(caption, &table)
    )
}

fn of_well(shown: &Shown, well: &ShownWell) -> String {
    let points = || shown.points.iter().filter(|point| point.well == well.well);
    let vertical: Vec<f64> = points()
        .map(|point| point.vertical_rate_mm_per_year)
        .collect();
    let away = |point: &RatePoint| Some(-point.los_rate_mm_per_year?);
    let along: Vec<f64> = points().filter_map(away).collect();
    row(shown, &well.well, "vertical", &vertical) + &row(shown, &well.well, "line of sight", &along)
}

fn row(shown: &Shown, well: &str, rate: &str, rates: &[f64]) -> String {
    let Some(summary) = RateSummary::of(rates, &shown.rate_classes) else {
        return String::new();
    };
    let mut shares = String::new();
    for share in &summary.shares {
        let _ = write!(shares, "<td>{} %</td>", number(share * 100.0, 0));
    }
    format!(
        "<tr><th scope=\"row\">{}</th><td class=\"left\">{rate}</td><td>{}</td><td>{}</td><td>{}</td>{shares}</tr>",
        escaped(well),
        summary.points,
        number(summary.median_mm_per_year, 1),
        escaped(&class_names(&shown.rate_classes)[summary.class]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let shown = Shown {
            wells: vec![ShownWell {
                well: "B".to_owned(),
                ..ShownWell::default()
            }],
            points: vec![point(121.8, -100.2), point(99.0, -81.4)],
            rate_classes: vec![30.0, 50.0, 80.0, 110.0],
            ..Shown::default()
        };
        let html = table(&shown);
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
        assert_eq!(table(&Shown::default()), "");
    }
}
