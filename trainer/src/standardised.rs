//! Columns of a regression, standardised, so that one ridge weighs all of them alike.

use nalgebra::{DMatrix, DVector};

/// Columns less their mean, over their standard deviation.
pub struct Standardised {
    /// `[rows, columns]`.
    pub columns: DMatrix<f64>,
    /// Of each column.
    pub mean: DVector<f64>,
    /// Standard deviation of each column; 1 where its values do not differ.
    pub scale: DVector<f64>,
}

impl Standardised {
    /// Standardises each column of `rows`.
    pub fn new(rows: &DMatrix<f64>) -> Self {
        let count = rows.nrows().max(1) as f64;
        let means = rows.column_iter().map(|column| column.sum() / count);
        let mean = DVector::from_iterator(rows.ncols(), means);
        let centred = DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| rows[(i, j)] - mean[j]);
        let deviations = centred
            .column_iter()
            .map(|column| (column.norm_squared() / count).sqrt())
            .map(|sd| if sd > 0.0 { sd } else { 1.0 });
        let scale = DVector::from_iterator(rows.ncols(), deviations);
        Self {
            columns: DMatrix::from_fn(rows.nrows(), rows.ncols(), |i, j| {
                centred[(i, j)] / scale[j]
            }),
            mean,
            scale,
        }
    }
}
