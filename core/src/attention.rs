//! Attention over the aquifer layers, equations (8) to (10) of Cao et al. 2022, doi:10.11834/jrs.20211297.

#![allow(
    clippy::inline_always,
    reason = "a step is the one caller, and shares its room on the stack with it"
)]

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Columns, Kernel, Matrix};
use crate::sizes::{BLOCK, MAX_INPUTS};

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
    /// Equations (8) and (9): puts the shares of those inputs that are present into `beta`, zero before. `columns` is [h; C], `sums` room for the sums
    /// of a block.
    #[inline(always)]
    pub(crate) fn attend<K: Kernel>(
        &self,
        scales: &A::Scales,
        columns: &Columns<'_, A>,
        sums: &mut [A::Sum; BLOCK],
        inputs: &Inputs<A>,
        beta: &mut [A::Sum; MAX_INPUTS],
    ) {
        // (8) alpha^k = V' tanh(W [h; C] + U x^k + B)
        let alpha = beta;
        let mut tiles = self.w.tiles;
        let mut first = 0;
        while first < self.u.len() {
            A::products::<K>(A::NO_BIAS, tiles, columns, sums);
            tiles = tiles.get(self.w.tiles_a_block..).unwrap_or_default();
            let mut column = first;
            for (alpha, (x, present)) in zip(&mut *alpha, zip(&inputs.value, &inputs.present)) {
                if *present {
                    *alpha = self.with_block(*alpha, column, sums, *x);
                }
                column += usize::from(self.columns > 1);
            }
            first += self.columns;
        }
        // (9) beta = softmax over k of alpha
        A::softmax(scales, alpha, &inputs.present);
    }

    /// An alpha and a block of units' part of it; `recurrent` is their W [h; C], `column` says which of U, B and V is theirs.
    #[inline(never)]
    fn with_block(
        &self,
        mut alpha: A::Sum,
        column: usize,
        recurrent: &[A::Sum; BLOCK],
        x: A::Value,
    ) -> A::Sum {
        let (Some(b), Some(v)) = (self.b.get(column), self.v.get(column)) else {
            return alpha;
        };
        // Not a block: a loop whose length is not known to the compiler moves pointers along, which is fewer instructions than an index.
        let u = self.u.get(column..).unwrap_or_default().as_flattened();
        for ((recurrent, b), (u, v)) in zip(zip(recurrent, b), zip(u, v)) {
            let sum = A::add_product(A::add(*recurrent, A::bias(b)), *u, x);
            alpha = A::add_score(alpha, *v, b, sum);
        }
        alpha
    }
}
