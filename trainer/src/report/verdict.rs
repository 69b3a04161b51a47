//! Whether the methods that name the dominating aquifer layer agree.

use std::fmt::Write as _;

use crate::attribution::{Attribution, Method, WellAttribution};
use crate::figure::number;
use crate::results::{Share, WellResults};

/// What is to be said about one well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether at least two methods put different layers first.
    pub disagree: bool,
    /// A few sentences.
    pub text: String,
}

/// Attention within this of the even share says nothing about a layer.
const EVEN: f64 = 0.05;
const METHODS: [Method; 4] = [
    Method::Attention,
    Method::Permutation,
    Method::Physics,
    Method::Truth,
];

/// Compares the first layers of all methods of one well; `None` with fewer than two methods.
pub(super) fn compare(well: &WellResults, shares: &[&Share]) -> Option<Verdict> {
    let methods: Vec<Attribution> = METHODS
        .into_iter()
        .filter_map(|method| of_method(well, shares, method))
        .collect();
    let (first, rest) = methods.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let disagree = rest.iter().any(|other| other.top() != first.top());
    let attention = methods
        .iter()
        .find(|one| one.method == Method::Attention)
        .map(|one| one.shares[0].clone());
    let attribution = WellAttribution {
        well: well.well.clone(),
        aquifer_layers: well.aquifer_layers.clone(),
        methods,
    };
    let mut text = String::new();
    for sentence in attribution.verdict() {
        let mut letters = sentence.chars();
        let capital = letters
            .next()
            .map(|first| first.to_uppercase().to_string())
            .unwrap_or_default();
        let _ = write!(text, "{capital}{}. ", letters.as_str());
    }
    let even = 1.0 / well.aquifer_layers.len().max(1) as f64;
    if attention.is_some_and(|shares| shares.iter().all(|share| (share - even).abs() < EVEN)) {
        let _ = write!(
            text,
            "The attention is close to the even share of {}: it prefers no layer. ",
            number(even, 2)
        );
    }
    if let Some([first, second]) = too_close(shares) {
        let _ = write!(
            text,
            "Permutation importance does not part {first} from {second}: single permutations overlap. "
        );
    }
    text.push_str("Attention weighs inputs; it does not explain causes.");
    Some(Verdict { disagree, text })
}

/// The two layers with the largest permutation importance, if the quartiles of single permutations overlap.
fn too_close<'a>(shares: &[&'a Share]) -> Option<[&'a str; 2]> {
    let mut permuted: Vec<&Share> = shares
        .iter()
        .copied()
        .filter(|share| share.method == Method::Permutation)
        .collect();
    permuted.sort_by(|a, b| b.share.total_cmp(&a.share));
    let [first, second, ..] = permuted[..] else {
        return None;
    };
    (second.share_upper_quartile? > first.share_lower_quartile?)
        .then_some([&first.aquifer_layer, &second.aquifer_layer])
}

fn of_method(well: &WellResults, shares: &[&Share], method: Method) -> Option<Attribution> {
    let share = |layer: &String| {
        let found = shares
            .iter()
            .find(|share| share.method == method && share.aquifer_layer == *layer);
        found.map(|share| share.share)
    };
    let shares: Option<Vec<f64>> = well.aquifer_layers.iter().map(share).collect();
    Some(Attribution {
        method,
        shares: vec![shares?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn well() -> WellResults {
        WellResults {
            aquifer_layers: vec!["P".to_owned(), "C2".to_owned()],
            ..WellResults::default()
        }
    }

    fn shares(rows: &[(Method, f64)]) -> Vec<Share> {
        let share = |method: Method, aquifer_layer: &str, share: f64| Share {
            well: String::new(),
            aquifer_layer: aquifer_layer.to_owned(),
            method,
            share,
            share_lower_quartile: None,
            share_upper_quartile: None,
        };
        rows.iter()
            .flat_map(|&(method, upper)| {
                [share(method, "P", upper), share(method, "C2", 1.0 - upper)]
            })
            .collect()
    }

    fn verdict(rows: &[(Method, f64)]) -> Option<Verdict> {
        compare(&well(), &shares(rows).iter().collect::<Vec<_>>())
    }

    #[test]
    fn different_first_layers_are_said_out_loud() {
        let verdict = verdict(&[(Method::Attention, 0.6), (Method::Truth, 0.3)]).unwrap();
        assert!(verdict.disagree);
        assert!(
            verdict
                .text
                .contains("C2 truly dominates: missed by attention."),
            "{}",
            verdict.text
        );
    }

    #[test]
    fn an_even_attention_is_said_to_prefer_nothing() {
        let verdict = verdict(&[(Method::Attention, 0.52), (Method::Physics, 0.9)]).unwrap();
        assert!(
            !verdict.disagree && verdict.text.contains("prefers no layer"),
            "{}",
            verdict.text
        );
    }

    #[test]
    fn permutations_that_overlap_part_no_layers() {
        let mut shares = shares(&[(Method::Physics, 0.9), (Method::Permutation, 0.6)]);
        let quartiles = |share: &mut Share, low, high| {
            share.share_lower_quartile = Some(low);
            share.share_upper_quartile = Some(high);
        };
        let said = |shares: &[Share]| {
            compare(&well(), &shares.iter().collect::<Vec<_>>())
                .unwrap()
                .text
        };
        quartiles(&mut shares[2], 0.5, 0.7);
        quartiles(&mut shares[3], 0.3, 0.45);
        assert!(!said(&shares).contains("overlap"));
        quartiles(&mut shares[3], 0.3, 0.55);
        assert!(said(&shares).contains("does not part P from C2: single permutations overlap."));
    }

    #[test]
    fn one_method_alone_is_not_a_comparison() {
        assert_eq!(verdict(&[(Method::Attention, 0.9)]), None);
    }
}
