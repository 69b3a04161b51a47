//! Attention over the aquifer layers, equations (8) to (10) of Cao et al. 2022, doi:10.11834/jrs.20211297.

use core::iter::zip;

use crate::arithmetic::{Arithmetic, Block, StackedInput, TiledMatrix};

/// The weights of the attention, borrowed from the model file.
#[derive(Clone, Copy, Debug)]
pub struct AttentionWeights<'a, A: Arithmetic> {
    /// `W [units, 2 hidden]`: the columns of h, then those of C.
    pub w: TiledMatrix<'a, A>,
    /// `U [units, columns]`, with one column for all inputs or one for each; all columns of the first block of units, then those of the next.
    pub u: &'a [Block<A::Weight>],
    /// `B [units, columns]`.
    pub b: &'a [Block<A::Bias>],
    /// `V [units, columns]`.
    pub v: &'a [Block<A::Weight>],
    /// Columns of U, B, V: one, or one for each input.
    pub columns: usize,
}

/// The standardised inputs of a month.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<A: Arithmetic> {
    /// Standardised values `[inputs]`; zero where missing.
    pub value: Block<A::Value>,
    /// Which inputs are present; never true beyond the model's inputs.
    pub present: Block<bool>,
}

impl<A: Arithmetic> Inputs<A> {
    /// All inputs missing.
    pub fn missing() -> Self {
        Self {
            value: Block::from_element(A::Value::default()),
            present: Block::from_element(false),
        }
    }
}

impl<A: Arithmetic> AttentionWeights<'_, A> {
    /// Equations (8) and (9): the share beta of each input that is present, zero for the others. `input` is [h; C].
    pub(crate) fn shares(
        &self,
        scales: &A::Scales,
        input: &StackedInput<'_, A>,
        inputs: &Inputs<A>,
    ) -> Block<A::Sum> {
        // (8) alpha^k = V' tanh(W [h; C] + U x^k + B)
        let mut alpha = Block::from_element(A::Sum::default());
        for (block, tiles) in self.w.blocks().enumerate() {
            let recurrent = A::add_products(Block::from_element(A::Sum::default()), tiles, input);
            let inputs = zip(&inputs.value, &inputs.present);
            for (k, (alpha, (x, present))) in zip(&mut alpha, inputs).enumerate() {
                if *present {
                    *alpha = self.add_block(*alpha, block, k, &recurrent, *x);
                }
            }
        }
        // (9) beta = softmax over k of alpha
        A::softmax(scales, &mut alpha, &inputs.present);
        alpha
    }

    /// Adds to the `alpha` of input `k` the part of one block of units, whose W [h; C] is `recurrent`.
    fn add_block(
        &self,
        alpha: A::Sum,
        block: usize,
        k: usize,
        recurrent: &Block<A::Sum>,
        x: A::Value,
    ) -> A::Sum {
        let column = block * self.columns + if self.columns > 1 { k } else { 0 };
        let (Some(u), Some(b), Some(v)) =
            (self.u.get(column), self.b.get(column), self.v.get(column))
        else {
            debug_assert!(false, "the file has been checked to hold column {column}");
            return alpha;
        };
        let ([u], [b], [v]) = (&u.data.0, &b.data.0, &v.data.0);
        let [recurrent] = &recurrent.data.0;
        zip(zip(u, b), zip(v, recurrent)).fold(alpha, |alpha, ((u, b), (v, recurrent))| {
            let sum = A::add_product(A::add(*recurrent, A::bias(*b)), *u, x);
            A::add_score(alpha, *v, *b, sum)
        })
    }
}
