//! How fast the sky is built and drawn: at least a million sources a second on one core.

use std::hint::black_box;

use common::sky::{Cone, Mix, Position, Sky, SkyConfig};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const SOURCES: u32 = 100_000;

fn sources(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sources");
    group.throughput(Throughput::Elements(u64::from(SOURCES)));
    group.sample_size(10);
    for mix in [Mix::Physical, Mix::Seed] {
        let sky = Sky::new(SkyConfig {
            mix,
            ..SkyConfig::default()
        });
        group.bench_function(mix.as_str(), |bencher| {
            bencher.iter(|| {
                for source in sky.sources_from(0).take(SOURCES as usize) {
                    black_box(source);
                }
            });
        });
    }
    group.finish();
}

fn tables(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sky");
    group.sample_size(10);
    group.bench_function("new", |bencher| {
        bencher.iter(|| Sky::new(SkyConfig::default()));
    });
    let sky = Sky::new(SkyConfig::default());
    let cone = Cone {
        center: Position::new(266.4, -29.0),
        radius_deg: 1.0,
    };
    group.bench_function("expected_fraction", |bencher| {
        bencher.iter(|| sky.expected_fraction(black_box(&cone)));
    });
    group.finish();
}

criterion_group!(benches, sources, tables);
criterion_main!(benches);
