//! Attention over the aquifer layers, equations (8) to (10) of Cao et al. 2022, doi:10.11834/jrs.20211297.

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Matrix, products};
use crate::sizes::{BLOCK, MAX_INPUTS, TILE_COLUMNS};

/// The weights of the attention, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a, A: Arithmetic> {
    /// `W [units, 2 hidden]`: the columns of h, then those of C. Here and below, units are filled up to whole blocks with weights of zero.
    pub w: Matrix<'a, A>,
    /// `U [units, columns]`, one column for all inputs or one for each: for each block of units all columns.
    pub u: &'a [[A::Weight; BLOCK]],
    /// `B [units, columns]`.
    pub b: &'a [[A::Row; BLOCK]],
    /// `V [units, columns]`.
    pub v: &'a [[A::Weight; BLOCK]],
    /// Columns of U, B, V: one, or one for each input.
    pub columns: usize,
}

/// The inputs of a month.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<A: Arithmetic> {
    /// Standardised values `[inputs]`; zero where missing.
    pub value: [A::Value; MAX_INPUTS],
    /// Which inputs are there; never true beyond the model's inputs.
    pub present: [bool; MAX_INPUTS],
}

impl<A: Arithmetic> Inputs<A> {
    /// All inputs missing.
    pub fn missing() -> Self {
        Self {
            value: [A::Value::default(); MAX_INPUTS],
            present: [false; MAX_INPUTS],
        }
    }
}

impl<A: Arithmetic> AttentionWeights<'_, A> {
    /// The shares beta `[inputs]` of equations (8) and (9). `columns` is [h; C], `values` are the inputs `[inputs]`, filled up. A missing input has no share; if all are missing, all shares are zero.
    pub fn attend(
        &self,
        scales: &A::Scales,
        columns: &[[A::Value; TILE_COLUMNS]],
        values: &[A::Value],
        present: &[bool],
    ) -> [A::Value; MAX_INPUTS] {
        // (8) alpha^k = V' tanh(W [h; C] + U x^k + B)
        let columns = columns.get(..self.w.tiles_a_block).unwrap_or_default();
        let mut alpha = [A::Sum::default(); MAX_INPUTS];
        let mut tiles = self.w.tiles;
        let mut first_column = 0;
        while first_column < self.u.len() {
            let recurrent = products::<A>(A::NO_BIAS, &mut tiles, columns);
            let mut at = first_column;
            for ((alpha, x), present) in zip(zip(&mut alpha, values), present) {
                let column = (self.u.get(at), self.b.get(at), self.v.get(at));
                if let ((Some(u), Some(b), Some(v)), true) = (column, *present) {
                    for ((recurrent, b), (u, v)) in zip(zip(&recurrent, b), zip(u, v)) {
                        let sum = A::add_product(A::add(*recurrent, A::bias(b)), *u, *x);
                        *alpha = A::add_product(*alpha, *v, A::tanh(b, sum));
                    }
                }
                if self.columns > 1 {
                    at += 1;
                }
            }
            first_column += self.columns;
        }
        // (9) beta = softmax over k of alpha
        A::softmax(scales, &alpha, present)
    }
}
