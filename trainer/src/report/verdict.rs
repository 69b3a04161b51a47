//! Whether the methods that name the dominating aquifer layer agree.

use std::fmt::Write as _;

use crate::figure::number;
use crate::figure::shown::{Share, method_text};

/// What is to be said about one well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Whether at least two methods put different layers first.
    pub disagree: bool,
    /// One or two sentences.
    pub text: String,
}

/// Attention within this of the even share says nothing about a layer.
const EVEN: f64 = 0.05;

/// Compares the first layers of all methods of one well; `None` with fewer than two methods.
pub(super) fn compare(shares: &[&Share]) -> Option<Verdict> {
    let mut methods: Vec<&str> = Vec::new();
    for share in shares {
        if !methods.contains(&share.method.as_str()) {
            methods.push(&share.method);
        }
    }
    let first = |method: &&str| {
        shares
            .iter()
            .filter(|share| share.method == **method)
            .max_by(|a, b| a.share.total_cmp(&b.share))
    };
    let firsts: Vec<&&Share> = methods.iter().filter_map(first).collect();
    let (leading, rest) = firsts.split_first()?;
    if rest.is_empty() {
        return None;
    }
    let says = |share: &&&Share| {
        format!(
            "{} {} ({})",
            method_text(&share.method),
            share.aquifer_layer,
            number(share.share, 2)
        )
    };
    let disagree = rest
        .iter()
        .any(|share| share.aquifer_layer != leading.aquifer_layer);
    let list = firsts.iter().map(says).collect::<Vec<_>>().join("; ");
    let mut text = if disagree {
        format!(
            "The methods disagree. First by each: {list}. None of them alone says which aquifer layer drives the subsidence."
        )
    } else {
        format!("All methods put {} first: {list}.", leading.aquifer_layer)
    };
    let attention: Vec<f64> = shares
        .iter()
        .filter(|share| share.method == "attention")
        .map(|share| share.share)
        .collect();
    let even = 1.0 / attention.len().max(1) as f64;
    if !attention.is_empty() && attention.iter().all(|share| (share - even).abs() < EVEN) {
        let _ = write!(
            text,
            " The attention is close to the even share of {}, so it prefers no layer.",
            number(even, 2)
        );
    }
    Some(Verdict { disagree, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share(method: &str, aquifer_layer: &str, share: f64) -> Share {
        Share {
            well: "A".to_owned(),
            aquifer_layer: aquifer_layer.to_owned(),
            method: method.to_owned(),
            share,
            quartiles: None,
        }
    }

    #[test]
    fn different_first_layers_are_said_out_loud() {
        let shares = [
            share("attention", "P", 0.6),
            share("attention", "C2", 0.4),
            share("truth", "P", 0.3),
            share("truth", "C2", 0.7),
        ];
        let verdict = compare(&shares.each_ref()).unwrap();
        assert!(verdict.disagree);
        assert!(
            verdict
                .text
                .contains("mean attention P (0.60); true shares C2 (0.70)"),
            "{}",
            verdict.text
        );
    }

    #[test]
    fn an_even_attention_is_said_to_prefer_nothing() {
        let shares = [
            share("attention", "P", 0.52),
            share("attention", "C2", 0.48),
            share("physics", "P", 0.9),
            share("physics", "C2", 0.1),
        ];
        let verdict = compare(&shares.each_ref()).unwrap();
        assert!(
            !verdict.disagree && verdict.text.contains("prefers no layer"),
            "{}",
            verdict.text
        );
    }

    #[test]
    fn one_method_alone_is_not_a_comparison() {
        assert_eq!(compare(&[&share("attention", "P", 1.0)]), None);
    }
}
