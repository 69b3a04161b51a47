//! Levels of a well for a model that is there already.

use std::path::{Path, PathBuf};

use amlstm::{
    level::MonthlyLevels,
    read::{LevelsOfWell, read_levels_of},
    table::NoData,
};
use amlstm_core::{artifact::ModelFile, month::Month};
use anyhow::bail;

use super::output::complain;

/// Where the levels are.
#[derive(clap::Args)]
pub struct LevelsArgs {
    /// CSV with the columns layer, date, level_m, and well where it has several.
    #[arg(value_name = "LEVELS.csv")]
    levels: PathBuf,
    #[command(flatten)]
    no_data: NoDataArgs,
}

/// What is no level in them.
#[derive(clap::Args)]
pub struct NoDataArgs {
    /// Values of the file that mean "no reading", such as -9999.
    #[arg(
        long = "no-data",
        value_name = "VALUE",
        value_delimiter = ',',
        allow_negative_numbers = true
    )]
    values: Vec<String>,
}

/// Levels of a model's aquifer layers, month by month.
pub struct Levels {
    /// Names of the aquifer layers, in the model's order.
    pub layers: Vec<String>,
    of_well: LevelsOfWell,
    path: PathBuf,
}

impl LevelsArgs {
    /// Reads the levels of a model's well, and says which months do not count.
    pub fn read(&self, file: &ModelFile) -> anyhow::Result<Levels> {
        read(&self.levels, &self.no_data, file)
    }
}

/// Reads the levels of a model's well from a file, and says which months do not count.
pub fn read(path: &Path, no_data: &NoDataArgs, file: &ModelFile) -> anyhow::Result<Levels> {
    let record = file.record();
    let layers: Vec<String> = (record.aquifer_layers.iter())
        .map(ToString::to_string)
        .collect();
    let no_data = no_data.values.iter().map(|value| value.as_str().into());
    let no_data: Vec<NoData> = no_data.collect();
    let of_well = read_levels_of(path, record.well, &layers, file.months(), &no_data)?;
    for (layer, months) in &of_well.incomplete {
        complain(format_args!(
            "{}: layer {layer}: {months} months have readings on fewer than 80 % of their days and count as missing, as in training; state days where a level is already a mean",
            path.display()
        ));
    }
    Ok(Levels {
        layers,
        of_well,
        path: path.to_owned(),
    })
}

impl Levels {
    /// Level of each layer in a month, m above datum.
    pub fn at(&self, month: Month) -> Vec<Option<f32>> {
        let of_layer = |name: &String| {
            let mut layers = self.of_well.layers.iter();
            layers.find(|layer: &&MonthlyLevels| layer.aquifer_layer == *name)
        };
        (self.layers.iter())
            .map(|name| of_layer(name)?.at(month))
            .collect()
    }

    /// The layers that have levels.
    pub fn of_layers(&self) -> &[MonthlyLevels] {
        &self.of_well.layers
    }

    /// All months of the file.
    pub fn months(&self) -> impl Iterator<Item = Month> + use<> {
        months(self.of_well.first, self.of_well.last)
    }

    /// The months from the one after the model's state to the file's last, those without a level in between included.
    ///
    /// # Errors
    /// When the file has no such month; `advice` is what to do then.
    pub fn months_after_start(
        &self,
        file: &ModelFile,
        advice: &str,
    ) -> anyhow::Result<impl Iterator<Item = Month> + use<>> {
        let (start, last) = (file.start().month, self.of_well.last);
        if last <= start {
            bail!(
                "{}: levels end in {last}, expected some after {start}, up to which the model knows them; {advice}",
                self.path.display()
            );
        }
        Ok(months(start.next(), last))
    }
}

fn months(first: Month, last: Month) -> impl Iterator<Item = Month> {
    (0..=last.index() - first.index()).map(move |step| first.offset(step))
}
