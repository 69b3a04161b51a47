//! How long it takes to generate synthetic wells: `cargo bench -p amlstm --bench synth`.

#![allow(missing_docs, reason = "criterion makes a public function")]

use amlstm::synth::{Options, dataset};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;

fn six_wells(criterion: &mut Criterion) {
    let options = Options::default();
    criterion.bench_function("six synthetic wells", |bencher| {
        bencher.iter(|| dataset(black_box(&options)));
    });
}

criterion_group!(benches, six_wells);
criterion_main!(benches);
