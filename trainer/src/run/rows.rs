//! Rows of a run's tables: tidy, one observation a row, units in the column names, empty where there is no number.

use serde::{Deserialize, Serialize, Serializer};

/// One model or baseline on one part of one well's record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricRow {
    /// Well id.
    pub well: String,
    /// `am-lstm`, `lstm`, or a baseline's name.
    pub model: &'static str,
    /// `train`, `validate` or `test`.
    pub part: &'static str,
    /// Part that chose the best epoch; empty for baselines. `test` flatters the test score.
    pub selected_on: &'static str,
    /// Points of the part.
    pub points: usize,
    /// Observed increments scored.
    pub increments: usize,
    /// Root mean square error of the rate.
    #[serde(serialize_with = "number")]
    pub rmse_mm_per_month: f64,
    /// Mean absolute error of the rate.
    #[serde(serialize_with = "number")]
    pub mae_mm_per_month: f64,
    /// Mean of predicted minus observed rate.
    #[serde(serialize_with = "number")]
    pub bias_mm_per_month: f64,
    /// Coefficient of determination, the Nash-Sutcliffe efficiency.
    #[serde(serialize_with = "number")]
    pub r2: f64,
    /// The least error of any model on this part whose inputs are the same for all points.
    #[serde(serialize_with = "number")]
    pub floor_mm_per_month: f64,
    /// Free-run RMSE of the cumulative subsidence over the test months; only where months are held out.
    #[serde(serialize_with = "number")]
    pub cumulative_rmse_mm: f64,
}

/// One model in one month of one well.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PredictionRow {
    /// Well id.
    pub well: String,
    /// `am-lstm` or `lstm`.
    pub model: &'static str,
    /// Such as 2016-08.
    pub month: String,
    /// Where months are held out: `train`, `validate`, `test`, or `border` between two of them; otherwise empty.
    pub part: &'static str,
    /// Mean of the points since the first observation, down +.
    #[serde(serialize_with = "optional_number")]
    pub observed_subsidence_mm: Option<f64>,
    /// 5 % of the points lie below.
    #[serde(serialize_with = "optional_number")]
    pub observed_low_mm: Option<f64>,
    /// 5 % of the points lie above.
    #[serde(serialize_with = "optional_number")]
    pub observed_high_mm: Option<f64>,
    /// During the month, down +.
    #[serde(serialize_with = "number")]
    pub predicted_increment_mm: f64,
    /// Since the first observation; from the end of training on it continues what was observed there, as a logger does.
    #[serde(serialize_with = "optional_number")]
    pub predicted_subsidence_mm: Option<f64>,
}

/// One aquifer layer in one month of one well, in the AM-LSTM.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AttentionRow {
    /// Well id.
    pub well: String,
    /// Such as 2016-08.
    pub month: String,
    /// Name of the aquifer layer.
    pub layer: String,
    /// Monthly mean above datum.
    #[serde(serialize_with = "optional_number")]
    pub level_m: Option<f64>,
    /// Share of the attention, 0 to 1; not an explanation of the ground.
    #[serde(serialize_with = "number")]
    pub attention: f64,
}

/// One pass of one training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TrainingRow {
    /// Well id.
    pub well: String,
    /// `am-lstm` or `lstm`.
    pub model: &'static str,
    /// From 1.
    pub epoch: usize,
    /// On the training part.
    #[serde(serialize_with = "number")]
    pub train_rmse_mm_per_month: f64,
    /// On the validation part.
    #[serde(serialize_with = "number")]
    pub validate_rmse_mm_per_month: f64,
    /// On the test part; only looked at.
    #[serde(serialize_with = "number")]
    pub test_rmse_mm_per_month: f64,
    /// The epoch whose weights became the model.
    pub kept: bool,
}

/// Mean rate of one ps point: a row of `ps_points.csv`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RatePoint {
    /// Well whose buffer it lies in.
    pub well: String,
    /// Name of the point.
    pub point: String,
    /// Metres east of the well.
    pub east_m: f64,
    /// Metres north of the well.
    pub north_m: f64,
    /// Vertical, mm a year, down positive.
    pub vertical_rate_mm_per_year: f64,
    /// Along the line of sight, mm a year, towards the satellite positive; `None` in a vertical product.
    pub los_rate_mm_per_year: Option<f64>,
}

/// One levelling benchmark and the ps points around it: a row of `levelling.csv`. Rates of the height, mm a year, up positive.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LevelledPoint {
    /// Name of the benchmark.
    pub benchmark: String,
    /// Levelled rate.
    pub levelling_mm_per_year: f64,
    /// Mean rate of the ps points around it.
    pub ps_mm_per_year: f64,
}

/// How much one aquifer layer counts according to one method: a row of `attribution.csv`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Share {
    /// Name of the well.
    pub well: String,
    /// Name of the aquifer layer.
    #[serde(rename = "layer")]
    pub aquifer_layer: String,
    /// Name of the method, see [`crate::attribution::Method::name`].
    pub method: String,
    /// Share of the whole, 0 to 1.
    pub share: f64,
    /// Lower quartile over single permutations of the levels; of the permutation importance alone.
    pub share_lower_quartile: Option<f64>,
    /// Upper quartile, likewise.
    pub share_upper_quartile: Option<f64>,
}

/// The first line of each table, in the order of [`super::TABLES`].
pub fn headers() -> [Vec<u8>; 6] {
    let metrics = "well,model,part,selected_on,points,increments,rmse_mm_per_month,mae_mm_per_month,bias_mm_per_month,r2,floor_mm_per_month,cumulative_rmse_mm\n";
    let predictions = "well,model,month,part,observed_subsidence_mm,observed_low_mm,observed_high_mm,predicted_increment_mm,predicted_subsidence_mm\n";
    let attention = "well,month,layer,level_m,attention\n";
    let training = "well,model,epoch,train_rmse_mm_per_month,validate_rmse_mm_per_month,test_rmse_mm_per_month,kept\n";
    let points = "well,point,east_m,north_m,vertical_rate_mm_per_year,los_rate_mm_per_year\n";
    let attribution = "well,layer,method,share,share_lower_quartile,share_upper_quartile\n";
    [
        metrics,
        predictions,
        attention,
        points,
        attribution,
        training,
    ]
    .map(|header| header.as_bytes().to_vec())
}

/// Rows as CSV without a header.
pub fn chunk<T: Serialize>(rows: &[T]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .has_headers(false)
        .from_writer(Vec::new());
    for row in rows {
        writer
            .serialize(row)
            .expect("rows are flat and memory does not fail");
    }
    writer.into_inner().expect("memory does not fail")
}

/// Six significant digits: far below what is measured, and the same everywhere.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn number<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.is_finite() {
        serializer.serialize_f64(rounded(*value))
    } else {
        serializer.serialize_str("")
    }
}

#[allow(
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    reason = "serde's signature"
)]
fn optional_number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    number(&value.unwrap_or(f64::NAN), serializer)
}

fn rounded(value: f64) -> f64 {
    format!("{value:.5e}")
        .parse()
        .expect("a formatted number is a number")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_name_the_fields_of_the_rows() {
        let attention = AttentionRow {
            well: "A, north".into(),
            month: "2010-01".into(),
            layer: "upper".into(),
            level_m: None,
            attention: 1.0 / 3.0,
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(&attention).unwrap();
        let mut expected = headers()[2].clone();
        expected.extend(chunk(&[attention]));
        assert_eq!(
            String::from_utf8(writer.into_inner().unwrap()).unwrap(),
            String::from_utf8(expected.clone()).unwrap()
        );
        assert!(
            String::from_utf8(expected)
                .unwrap()
                .ends_with("\"A, north\",2010-01,upper,,0.333333\n")
        );
    }
}
