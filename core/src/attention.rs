//! Attention over the aquifer layers, equations (8) to (10) of Cao et al. 2022, doi:10.11834/jrs.20211297.

use crate::arithmetic::{Arithmetic, Matrix, add_products};
use crate::sizes::{BLOCK, MAX_INPUTS};

/// The weights of the attention, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a, A: Arithmetic> {
    /// `W [units, 2 hidden]`: the columns of h, then those of C. Here and below, units are filled up to a multiple of [`BLOCK`] with weights of zero.
    pub w: Matrix<'a, A::Weight>,
    /// `U [units, columns]`, one column for all inputs or one for each.
    pub u: &'a [A::Weight],
    /// `B [units, columns]`.
    pub b: &'a [A::Row],
    /// `V [units, columns]`.
    pub v: &'a [A::Weight],
    /// Entries from one input's column of U, B, V to the next input's: zero where the inputs share one column.
    pub column_step: usize,
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
    /// The shares beta `[inputs]` of equations (8) and (9), and e `[inputs]` of (10). A missing input has no share; if all are missing, all shares and all of e are zero.
    #[inline(never)]
    pub fn attend(
        &self,
        scales: &A::Scales,
        hidden: &[A::Value],
        cell: &[A::Cell],
        input: &Inputs<A>,
    ) -> ([A::Value; MAX_INPUTS], [A::Value; MAX_INPUTS]) {
        // (8) alpha^k = V' tanh(W [h; C] + U x^k + B)
        let mut alpha = [A::Sum::default(); MAX_INPUTS];
        let mut unit = 0;
        while unit + BLOCK <= self.w.nrows() {
            self.add_units(unit, scales, hidden, cell, input, &mut alpha);
            unit += BLOCK;
        }
        // (9) beta = softmax over k of alpha
        let beta = A::softmax(scales, &alpha, &input.present);
        // (10) e^k = beta^k x^k
        let mut e = [A::Value::default(); MAX_INPUTS];
        for ((e, beta), x) in e.iter_mut().zip(&beta).zip(&input.value) {
            *e = A::product(*beta, *x);
        }
        (beta, e)
    }

    /// Adds the part of a block of units, from `unit` on, to each present input's alpha.
    fn add_units(
        &self,
        unit: usize,
        scales: &A::Scales,
        hidden: &[A::Value],
        cell: &[A::Cell],
        input: &Inputs<A>,
        alpha: &mut [A::Sum; MAX_INPUTS],
    ) {
        let rows = self.w.fixed_rows::<BLOCK>(unit);
        let mut columns = rows.column_iter();
        let cell = cell.iter().map(|c| A::attended_cell(scales, *c));
        let recurrent = add_products::<A>(
            [A::Sum::default(); BLOCK],
            &mut columns,
            hidden.iter().copied(),
        );
        let recurrent = add_products::<A>(recurrent, &mut columns, cell);
        let mut at = unit;
        for ((alpha, x), present) in alpha.iter_mut().zip(&input.value).zip(&input.present) {
            let here = (chunk(self.u, at), chunk(self.b, at), chunk(self.v, at));
            if let ((Some(u), Some(b), Some(v)), true) = (here, *present) {
                let sums = A::accumulate(recurrent, u, *x);
                for (v, t) in v.iter().zip(A::tanh(b, sums)) {
                    *alpha = A::add_product(*alpha, *v, t);
                }
            }
            at += self.column_step;
        }
    }
}

/// The block of `data` from `at` on.
pub(crate) fn chunk<T>(data: &[T], at: usize) -> Option<&[T; BLOCK]> {
    data.get(at..)?.first_chunk()
}
