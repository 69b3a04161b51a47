//! Limits of fixed-point rows.

use super::super::check::check_q15;
use super::*;
use crate::arithmetic::{Block, Q15, TiledMatrix, VALUE_LIMIT};
use crate::attention::AttentionWeights;
use crate::network::Weights;

#[test]
fn each_fixed_point_row_has_room_for_its_own_weights_and_no_more() {
    let sizes = Sizes {
        inputs: 3,
        hidden: 9,
        attention: 10,
    };
    let file = example::fixed_file(sizes, AttentionKind::PerLayer, 5);
    let file = ModelFile::parse(file.bytes()).unwrap();
    let Network::Q15(weights) = file.model().network else {
        panic!("not a q15 model");
    };
    let attention = weights.attention.unwrap();
    let sum = |matrix: &TiledMatrix<Q15>, row: usize, own: i16| {
        let weights = (0..).map_while(|column| matrix.weight(row, column));
        weights
            .chain([own])
            .map(|weight| i32::from(weight).abs())
            .sum::<i32>()
    };
    // Sets a bias to the largest value that its row allows, and to one more.
    let check = |bias: &dyn Fn(i32) -> Result<(), ArtifactError>, row: usize, sum: i32| {
        let room = i32::MAX - sum * VALUE_LIMIT;
        assert_eq!(bias(room), Ok(()), "{row}");
        assert_eq!(bias(-room), Ok(()), "{row}");
        if sum == 0 {
            // A row of padding allows every bias.
            return;
        }
        let refused = ArtifactError::RowBound {
            row,
            found: i64::from(i32::MAX) + 1,
            limit: i32::MAX,
        };
        assert_eq!(bias(room + 1), Err(refused));
        assert_eq!(bias(-room - 1), Err(refused));
    };
    for (index, own) in attention.u.iter().enumerate() {
        for place in 0..8 {
            let row = index / 3 * 8 + place;
            let bias = |bias| {
                let mut b = attention.b.to_vec();
                b[index][place][0] = bias;
                let mut changed = attention;
                changed.b = &b;
                check_q15(&with_attention(weights, changed))
            };
            check(&bias, row, sum(&attention.w, row, own[place]));
        }
    }
    for row in 0..64 {
        let bias = |bias| {
            let mut rows = weights.gates.biases.to_vec();
            rows.as_flattened_mut()[row / 8][row % 8][0] = bias;
            let mut changed = weights;
            changed.gates.biases = &rows;
            check_q15(&changed)
        };
        check(&bias, row, sum(&weights.gates.weights, row, 0));
    }
    // Of V, 16 units of each layer have half the range.
    for layer in 0..3 {
        let of_last = |last: i16| {
            let mut v = attention.v.to_vec();
            v[layer] = Block::repeat(-4096);
            v[3 + layer] = Block::from([0, 0, 0, 0, 0, 0, 0, last]);
            let mut changed = attention;
            changed.v = &v;
            check_q15(&with_attention(weights, changed))
        };
        assert_eq!(of_last(1), Ok(()));
        let refused = ArtifactError::RowBound {
            row: 0,
            found: (8 * 4096 + 2) * i64::from(VALUE_LIMIT),
            limit: i32::MAX / 2,
        };
        assert_eq!(of_last(2), Err(refused));
    }
}

fn with_attention<'a>(
    mut weights: Weights<'a, Q15>,
    attention: AttentionWeights<'a, Q15>,
) -> Weights<'a, Q15> {
    weights.attention = Some(attention);
    weights
}
