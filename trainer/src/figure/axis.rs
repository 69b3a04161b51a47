//! One axis of a chart: months or values, either way up.

use amlstm_core::month::Month;

/// An axis with its ticks decided beforehand.
#[derive(Clone, Debug)]
pub(super) struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<f64>,
    labels: Labels,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Labels {
    None,
    Year,
    Number { decimals: usize },
}

impl Axis {
    /// Months `from` to `to` by index, ticks at Januaries, at most `most` of them.
    pub(super) fn months(from: i32, to: i32, most: usize) -> Self {
        let to = to.max(from + 1);
        let januaries: Vec<i32> = (from..=to)
            .filter(|month| month.rem_euclid(12) == 0)
            .collect();
        let step = januaries.len().div_ceil(most.max(1)).max(1);
        Self {
            from: f64::from(from) - 0.5,
            to: f64::from(to) + 0.5,
            ticks: januaries.into_iter().step_by(step).map(f64::from).collect(),
            labels: Labels::Year,
        }
    }

    /// Values covering `low..high` with a small margin, up positive, at most `most` ticks.
    pub(super) fn values(low: f64, high: f64, most: usize) -> Self {
        let (low, high) = if high - low > 1e-9 {
            (low, high)
        } else {
            (low - 0.5, high + 0.5)
        };
        let margin = (high - low) * 0.05;
        Self::exactly(low - margin, high + margin, most)
    }

    /// Values from `from` to `to`, neither rounded nor widened.
    pub(super) fn exactly(from: f64, to: f64, most: usize) -> Self {
        let (low, high) = (from.min(to), from.max(to));
        let ticks = |step: f64| {
            let first = (low / step).ceil() as i64;
            (first, (high / step + 1e-9).floor() as i64)
        };
        let mut step = round_step((high - low) / most.max(1) as f64);
        let (mut first, mut last) = ticks(step);
        // One tick tells no scale.
        if most > 1 && last <= first {
            step = round_step(step / 2.5);
            (first, last) = ticks(step);
        }
        let decimals = (-step.log10().floor()).max(0.0) as usize;
        Self {
            from,
            to,
            ticks: (first..=last).map(|tick| tick as f64 * step).collect(),
            labels: Labels::Number { decimals },
        }
    }

    /// The same axis the other way up.
    pub(super) fn down(self) -> Self {
        Self {
            from: self.to,
            to: self.from,
            ..self
        }
    }

    /// Rows one below the other, the first between 0 and 1; neither lines nor labels.
    pub(super) fn rows(count: usize) -> Self {
        Self {
            from: count as f64,
            to: 0.0,
            ticks: Vec::new(),
            labels: Labels::None,
        }
    }

    /// The same axis with lines but without labels.
    pub(super) fn unlabelled(self) -> Self {
        Self {
            labels: Labels::None,
            ..self
        }
    }

    /// The value at the axis' beginning.
    pub(super) fn from(&self) -> f64 {
        self.from
    }

    /// How far along the axis a value lies: 0 at its beginning, 1 at its end.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// The ticks and their labels, which may be empty.
    pub(super) fn ticks(&self) -> impl Iterator<Item = (f64, String)> {
        self.ticks.iter().map(|tick| (*tick, self.label(*tick)))
    }

    fn label(&self, value: f64) -> String {
        match self.labels {
            Labels::None => String::new(),
            Labels::Year => Month::from_index(value.round() as i32)
                .map_or(String::new(), |month| month.year().to_string()),
            Labels::Number { decimals } => number(value, decimals),
        }
    }
}

/// A number with `decimals` digits and a real minus sign; minus zero is zero.
pub fn number(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.to_owned(),
        Some(rest) => format!("\u{2212}{rest}"),
        None => text,
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.max(1e-12).log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= least * 0.999_999)
        .unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_numbers_inside_the_axis() {
        assert_eq!(Axis::exactly(-3.2, 11.0, 5).ticks, [0.0, 5.0, 10.0]);
        assert_eq!(Axis::exactly(0.0, 1.0, 5).ticks.len(), 6);
        // Steps of 5 would leave 5 alone.
        assert_eq!(Axis::exactly(3.3, 9.9, 3).ticks, [4.0, 6.0, 8.0]);
        assert_eq!(Axis::exactly(0.0, 1.0, 5).label(0.4), "0.4");
    }

    #[test]
    fn an_axis_of_a_constant_still_has_a_length() {
        let axis = Axis::values(3.0, 3.0, 4);
        assert_eq!(axis.share(3.0), 0.5);
    }

    #[test]
    fn a_downward_axis_puts_the_larger_value_lower() {
        let axis = Axis::exactly(0.0, 10.0, 5).down();
        assert_eq!((axis.share(0.0), axis.share(10.0)), (1.0, 0.0));
    }

    #[test]
    fn years_are_labelled_at_januaries() {
        let start = Month::new(2010, 10).unwrap().index();
        let axis = Axis::months(start, start + 70, 8);
        assert_eq!(
            axis.ticks().map(|(_, label)| label).collect::<Vec<_>>(),
            ["2011", "2012", "2013", "2014", "2015", "2016"]
        );
    }

    #[test]
    fn numbers_have_a_real_minus_and_no_minus_zero() {
        assert_eq!(
            [number(-1.25, 1), number(-0.01, 1), number(2.0, 0)],
            ["\u{2212}1.2", "0.0", "2"]
        );
    }
}
