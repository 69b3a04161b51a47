//! Tensors that anybody can compute with.

use std::fs;

use amlstm::export::AlignedBytes;
use amlstm_core::{artifact::ModelFile, estimator::Estimator, month::Month};
use safetensors::{SafeTensors, tensor::TensorView};

use super::models::{ensembles, levels, models};
use crate::site::done;

/// Tensors of a file, by name: those of one of its networks, and those that all share.
struct Tensors<'a> {
    all: &'a SafeTensors<'a>,
    /// Before the names of those of the network.
    prefix: String,
}

impl Tensors<'_> {
    fn tensor(&self, name: &str) -> Option<TensorView<'_>> {
        let of_network = self.all.tensor(&format!("{}{name}", self.prefix));
        of_network.or_else(|_| self.all.tensor(name)).ok()
    }

    fn shape(&self, name: &str) -> Vec<usize> {
        self.tensor(name).unwrap().shape().to_vec()
    }

    fn numbers(&self, name: &str) -> Vec<f64> {
        let tensor = self.tensor(name).unwrap();
        let numbers = tensor.data().as_chunks().0.iter();
        numbers
            .map(|bytes| f64::from(f32::from_le_bytes(*bytes)))
            .collect()
    }

    fn rows(&self, name: &str) -> Vec<Vec<f64>> {
        let columns = self.shape(name)[1];
        let numbers = self.numbers(name);
        numbers.chunks(columns).map(<[f64]>::to_vec).collect()
    }
}

fn times(rows: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    let product = |row: &Vec<f64>| row.iter().zip(vector).map(|(a, b)| a * b).sum();
    rows.iter().map(product).collect()
}

/// The network in f64, from the tensors, in the order of gates of `torch.nn.LSTM`: i, f, g, o.
fn network_mm(
    tensors: &Tensors,
    h: &mut [f64],
    c: &mut [f64],
    before_m: &[Option<f32>],
    level_m: &[Option<f32>],
) -> f64 {
    let [offset, scale] = ["input.offset_m", "input.scale_m"].map(|name| tensors.numbers(name));
    let mut x: Vec<Option<f64>> = level_m
        .iter()
        .enumerate()
        .map(|(k, level_m)| level_m.map(|level_m| (f64::from(level_m) - offset[k]) / scale[k]))
        .collect();
    let sees_changes = tensors.tensor("skip.weight").is_some();
    if sees_changes {
        let scalers = offset.iter().zip(&scale).skip(level_m.len());
        let pairs = level_m.iter().zip(before_m).zip(scalers);
        x.extend(pairs.map(|((level_m, before_m), (offset, scale))| {
            Some((f64::from((*level_m)?) - f64::from((*before_m)?) - offset) / scale)
        }));
    }
    let mut e: Vec<f64> = x.iter().map(|x| x.unwrap_or(0.0)).collect();
    let seen = e.clone();
    if tensors.tensor("attention.W").is_some() {
        let wh = times(&tensors.rows("attention.W"), &[&*h, &*c].concat());
        let [u, b, v] = ["U", "B", "V"].map(|name| tensors.rows(&format!("attention.{name}")));
        let alpha = |k: usize, x: f64| -> f64 {
            let column = if u[0].len() > 1 { k } else { 0 };
            let unit = |unit: usize| {
                v[unit][column] * (wh[unit] + u[unit][column] * x + b[unit][column]).tanh()
            };
            (0..wh.len()).map(unit).sum()
        };
        let exp: Vec<f64> = x
            .iter()
            .enumerate()
            .map(|(k, x)| x.map_or(0.0, |x| alpha(k, x).exp()))
            .collect();
        let total: f64 = exp.iter().sum();
        for (e, exp) in e.iter_mut().zip(&exp) {
            *e *= if *exp > 0.0 { exp / total } else { 0.0 };
        }
    }
    let of_e = times(&tensors.rows("lstm.weight_ih_l0"), &e);
    let of_h = times(&tensors.rows("lstm.weight_hh_l0"), h);
    let [b_e, b_h] = ["lstm.bias_ih_l0", "lstm.bias_hh_l0"].map(|name| tensors.numbers(name));
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let hidden = h.len();
    for unit in 0..hidden {
        let gate = |gate: usize| {
            let row = gate * hidden + unit;
            of_e[row] + b_e[row] + of_h[row] + b_h[row]
        };
        c[unit] = sigmoid(gate(1)) * c[unit] + sigmoid(gate(0)) * gate(2).tanh();
        h[unit] = sigmoid(gate(3)) * c[unit].tanh();
    }
    let mut y = times(&tensors.rows("output.weight"), h)[0] + tensors.numbers("output.bias")[0];
    if sees_changes {
        y += times(&tensors.rows("skip.weight"), &seen)[0];
    }
    y * tensors.numbers("target.scale_mm")[0] + tensors.numbers("target.offset_mm")[0]
}

/// A delay bed in f64: the heads at the end of the month by elimination, virgin where they fall below the lowest, until that agrees with itself.
fn bed_m(cells: &mut [[f64; 2]], tau_years: f64, top_m: f64) -> f64 {
    let (dz, elastic, conductance) = (0.25, 0.05, 1.0 / (12.0 * tau_years) / 0.25);
    let storage = |is_virgin: bool| if is_virgin { 1.0 } else { elastic };
    let mut virgin: Vec<bool> = cells
        .iter()
        .map(|[level, lowest]| level <= lowest)
        .collect();
    for _ in 0..12 {
        // Water that a cell releases leaves through its faces; the last has one.
        let mut rows = [[0.0; 5]; 4];
        for (i, [level, lowest]) in cells.iter().enumerate() {
            let s = storage(virgin[i]);
            rows[i][i] += dz * s;
            rows[i][4] += dz * (s * lowest + elastic * (level - lowest));
            if i == 0 {
                rows[i][i] += 2.0 * conductance;
                rows[i][4] += 2.0 * conductance * top_m;
            } else {
                rows[i][i] += conductance;
                rows[i][i - 1] -= conductance;
            }
            if i < 3 {
                rows[i][i] += conductance;
                rows[i][i + 1] -= conductance;
            }
        }
        for pivot in 0..4 {
            for row in 0..4 {
                let factor = rows[row][pivot] / rows[pivot][pivot];
                let of_pivot = rows[pivot];
                if row != pivot {
                    for (number, of_pivot) in rows[row].iter_mut().zip(of_pivot) {
                        *number -= factor * of_pivot;
                    }
                }
            }
        }
        let after: Vec<f64> = (0..4).map(|i| rows[i][4] / rows[i][i]).collect();
        let is_virgin: Vec<bool> = after
            .iter()
            .zip(&*cells)
            .map(|(after, cell)| *after < cell[1])
            .collect();
        if is_virgin == virgin {
            let released =
                after
                    .iter()
                    .zip(&mut *cells)
                    .zip(virgin)
                    .map(|((after, cell), virgin)| {
                        let [level, lowest] = *cell;
                        *cell = [*after, after.min(lowest)];
                        dz * (storage(virgin) * (lowest - after) + elastic * (level - lowest))
                    });
            return released.sum();
        }
        virgin = is_virgin;
    }
    panic!("the cells do not settle");
}

/// What stands in for the level of a layer, where the others tell it.
fn stand_in_m(tensors: &Tensors, month: Month, level_m: &[Option<f32>], k: usize) -> Option<f64> {
    tensors.tensor("physics.bridge.per_m")?;
    let mut sum_m = tensors.rows("physics.bridge.month_m")[k][usize::from(month.month()) - 1];
    let per_m = tensors.rows("physics.bridge.per_m").swap_remove(k);
    let mut followed = per_m
        .iter()
        .zip(level_m)
        .filter(|(per_m, _)| **per_m != 0.0);
    followed.clone().next()?;
    followed.try_for_each(|(per_m, level_m)| {
        sum_m += per_m * f64::from((*level_m)?);
        Some(())
    })?;
    Some(sum_m)
}

/// Physics in f64, from the tensors.
struct Beds {
    levels: Vec<Vec<f64>>,
    cells: Vec<[f64; 2]>,
    months: f64,
}

impl Beds {
    fn increment_mm(&mut self, tensors: &Tensors, month: Month, level_m: &[Option<f32>]) -> f64 {
        let weights = tensors.rows("physics.layer_weight");
        let decay = tensors.numbers("physics.decay_weight");
        self.months += 1.0;
        let mut sum =
            decay[0] * (-self.months / 36.0).exp() + decay[1] * (-self.months / 120.0).exp();
        for (k, weights) in weights.iter().enumerate() {
            let [reference, before, lowest] = self.levels[k][..] else {
                panic!("three levels per layer")
            };
            let top = match (level_m[k], stand_in_m(tensors, month, level_m, k)) {
                (Some(level_m), _) => f64::from(level_m) - reference,
                (None, Some(stand_in_m)) => (stand_in_m - reference).max(lowest),
                (None, None) => before,
            };
            sum += weights[0] * (before - top) + weights[1] * (lowest - top).max(0.0);
            for (bed, tau_years) in [0.25, 1.0, 4.0, 12.0].into_iter().enumerate() {
                let first = (k * 4 + bed) * 4;
                let cells = &mut self.cells[first..first + 4];
                sum += weights[2 + bed] * bed_m(cells, tau_years, top);
            }
            self.levels[k] = vec![reference, top, lowest.min(top)];
        }
        sum
    }
}

#[test]
fn the_tensors_are_all_that_another_program_needs() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (name, bytes) in models().into_iter().chain(ensembles()) {
        fs::write(folder.join("model.amlm"), &bytes).unwrap();
        let arguments = [
            "export",
            "model.amlm",
            "--as",
            "safetensors",
            "-o",
            "model.st",
        ];
        done(folder, &arguments);
        let written = fs::read(folder.join("model.st")).unwrap();
        done(folder, &arguments);
        assert_eq!(fs::read(folder.join("model.st")).unwrap(), written);
        let all = SafeTensors::deserialize(&written).unwrap();
        let bytes = AlignedBytes::new(&bytes);
        let file = ModelFile::parse(&bytes).unwrap();
        let of_network = |index| Tensors {
            all: &all,
            prefix: match index {
                1 => String::new(),
                _ => format!("network{index}."),
            },
        };
        let networks: Vec<Tensors> = (1..=file.member_count()).map(of_network).collect();
        let tensors = &networks[0];
        let sizes = file.record().sizes;
        let [inputs, hidden] = [sizes.inputs, sizes.hidden].map(usize::from);
        assert_eq!(tensors.shape("lstm.weight_ih_l0"), [4 * hidden, inputs]);
        assert_eq!(tensors.shape("lstm.weight_hh_l0"), [4 * hidden, hidden]);

        // Nothing to compare physics with before every layer was measured.
        let has_physics = file
            .physics()
            .is_some_and(|physics| physics.state.months.is_some());
        let mut beds = has_physics.then(|| Beds {
            levels: tensors.rows("physics.start.levels_m"),
            cells: tensors
                .numbers("physics.start.cells_m")
                .as_chunks()
                .0
                .to_vec(),
            months: tensors.numbers("physics.start.months")[0],
        });
        let mut states: Vec<(Vec<f64>, Vec<f64>)> = (networks.iter())
            .map(|tensors| (tensors.numbers("start.h"), tensors.numbers("start.c")))
            .collect();
        let mut estimator = Estimator::at_start(&file);
        let mut month = file.start().month;
        let layers = file.model().inputs().len();
        let mut before_m: Vec<Option<f32>> = if file.record().sees_changes() {
            let start_m = tensors.numbers("start.level_m").into_iter();
            start_m
                .map(|level_m| (!level_m.is_nan()).then_some(level_m as f32))
                .collect()
        } else {
            vec![None; layers]
        };
        for level_m in levels(layers, 11) {
            month = month.next();
            let estimate = estimator.step(month, &level_m).unwrap();
            let close = |what: &str, found: f64, expected: f32, within: f64| {
                let expected = f64::from(expected);
                assert!(
                    (found - expected).abs() < within,
                    "{name} {month} {what}: {found} against {expected}"
                );
            };
            let increments = networks.iter().zip(&mut states);
            let increments =
                increments.map(|(tensors, (h, c))| network_mm(tensors, h, c, &before_m, &level_m));
            let found = increments.sum::<f64>() / networks.len() as f64;
            before_m.clone_from(&level_m);
            // f32 with activations within 1e-6 against f64, a month from the same state; increments are of the order of 1 mm.
            close("network", found, estimate.network.increment_mm, 1e-4);
            let units = states.iter_mut().flat_map(|(h, c)| h.iter_mut().zip(c));
            let after = units.zip(estimator.state_bits());
            for ((h, c), (hidden, cell)) in after {
                let [hidden, cell] = [hidden, cell].map(f32::from_bits);
                close("h", *h, hidden, 1e-4);
                close("C", *c, cell, 1e-4);
                (*h, *c) = (hidden.into(), cell.into());
            }
            if let Some(beds) = &mut beds {
                let found = beds.increment_mm(tensors, month, &level_m);
                let expected = estimate.physics.as_ref().unwrap().subsidence;
                // f32 against f64 over all months; increments are of the order of 10 mm.
                close("physics", found, expected.increment_mm, 1e-3);
            }
        }
    }
}
