//! The straight line through a series.

/// A straight line by least squares and how much of the series it explains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    /// Change a year, in the unit of the values.
    pub per_year: f64,
    /// Change from the first to the last value along the line.
    pub total: f64,
    /// Share of the variance that it explains, 0 to 1.
    pub r2: f64,
}

impl Trend {
    /// Through values at times in years; `None` with fewer than three, or all at one time.
    pub fn of(points: &[(f64, f64)]) -> Option<Self> {
        let count = points.len() as f64;
        if count < 3.0 {
            return None;
        }
        let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
        let (mean_year, mean_value) = (mean(|point| point.0), mean(|point| point.1));
        let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
            let centred = points
                .iter()
                .map(|(year, value)| of(year - mean_year, value - mean_value));
            centred.sum()
        };
        let both = sum(&|year, value| year * value);
        let years = sum(&|year, _| year * year);
        let values = sum(&|_, value| value * value);
        if years <= 0.0 {
            return None;
        }
        let per_year = both / years;
        let span = points[points.len() - 1].0 - points[0].0;
        let r2 = if values > 0.0 {
            both * both / (years * values)
        } else {
            0.0
        };
        Some(Self {
            per_year,
            total: per_year * span,
            r2,
        })
    }
}

/// Middle of some sizes; `None` without any.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let values: Vec<f64> = values.into_iter().collect();
    (!values.is_empty()).then(|| crate::spread::median(&values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_with_its_share() {
        let trend = Trend::of(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]).unwrap();
        assert_eq!((trend.per_year, trend.total, trend.r2), (2.0, 4.0, 1.0));
        // x -1 0 1, y 0 3 0: no slope.
        let flat = Trend::of(&[(0.0, 0.0), (1.0, 3.0), (2.0, 0.0)]).unwrap();
        assert_eq!((flat.per_year, flat.r2), (0.0, 0.0));
        assert_eq!(Trend::of(&[(0.0, 0.0), (1.0, 3.0)]), None);
    }
}
