//! Measures how many single-precision operations per second this machine can do at all, as JSON: fused
//! multiply-adds on registers, per instruction set and number of threads: `machine_peak [MOST_THREADS]`.
//!
//! Nothing is loaded or stored, so no kernel can be faster. Each result is the best of several bursts: a
//! peak is what the machine can do, and whatever disturbs it only takes away.

use pulp::{Simd, WithSimd};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Sums that grow side by side: enough to hide the latency of an instruction, few enough for 16 registers.
const SUMS: usize = 12;
/// Multiply-adds into each sum in a burst: a few milliseconds.
const BURST: usize = 4_000_000;
/// Bursts of which the best counts.
const BURSTS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let processors = std::thread::available_parallelism()?.get();
    let most = std::env::args().nth(1).map_or(Ok(processors), |threads| threads.parse())?;
    let mut peaks = Vec::new();
    for set in FusedSet::available() {
        for threads in 1..=most {
            let gflops = (peak_gflops(set, threads) * 10.0).round() / 10.0;
            peaks.push(serde_json::json!({"simd": set.name(), "threads": threads, "gflops": gflops}));
        }
    }
    digitgan_bench::print(&serde_json::json!({"processors": processors, "peaks": peaks}));
    Ok(())
}

/// An instruction set with a fused multiply-add that this processor has.
#[derive(Clone, Copy)]
enum FusedSet {
    #[cfg(target_arch = "x86_64")]
    Avx512(pulp::x86::V4),
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    #[cfg(target_arch = "aarch64")]
    Neon(pulp::aarch64::Neon),
}

impl FusedSet {
    /// Fastest first.
    fn available() -> Vec<FusedSet> {
        let mut sets = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            sets.extend(pulp::x86::V4::try_new().map(FusedSet::Avx512));
            sets.extend(pulp::x86::V3::try_new().map(FusedSet::Avx2));
        }
        #[cfg(target_arch = "aarch64")]
        sets.extend(pulp::aarch64::Neon::try_new().map(FusedSet::Neon));
        sets
    }

    /// As `DIGITGAN_SIMD` spells it.
    fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            FusedSet::Avx512(_) => "avx512",
            #[cfg(target_arch = "x86_64")]
            FusedSet::Avx2(_) => "avx2",
            #[cfg(target_arch = "aarch64")]
            FusedSet::Neon(_) => "neon",
        }
    }

    /// Computes one burst; returns the operations that it took.
    fn burst(self) -> usize {
        match self {
            #[cfg(target_arch = "x86_64")]
            FusedSet::Avx512(simd) => Simd::vectorize(simd, Burst),
            #[cfg(target_arch = "x86_64")]
            FusedSet::Avx2(simd) => Simd::vectorize(simd, Burst),
            #[cfg(target_arch = "aarch64")]
            FusedSet::Neon(simd) => Simd::vectorize(simd, Burst),
        }
    }
}

/// [`BURST`] multiply-adds into each of [`SUMS`] vectors.
struct Burst;

impl WithSimd for Burst {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> usize {
        // Sums converge to 1 / (1 - factor): they neither grow nor become slow subnormal numbers.
        let (factor, term) = (simd.splat_f32s(black_box(0.5)), simd.splat_f32s(black_box(1.0)));
        let mut sums = [simd.splat_f32s(black_box(0.0)); SUMS];
        for _ in 0..BURST {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, term);
            }
        }
        black_box(sums.map(|sum| simd.reduce_sum_f32s(sum)));
        2 * SUMS * BURST * S::F32_LANES
    }
}

/// Billions of operations per second of `threads` threads together: the best burst.
fn peak_gflops(set: FusedSet, threads: usize) -> f64 {
    let arrivals = AtomicUsize::new(0);
    let of_threads: Vec<Vec<TimedBurst>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(|| timed_bursts(set, threads, &arrivals))).collect();
        handles.into_iter().map(|handle| handle.join().expect("a burst does not panic")).collect()
    });
    (0..BURSTS).map(|burst| gflops(of_threads.iter().map(|bursts| bursts[burst]))).fold(0.0, f64::max)
}

#[derive(Clone, Copy)]
struct TimedBurst {
    operations: usize,
    start: Instant,
    end: Instant,
}

/// One thread's bursts. Threads wait for each other spinning: one that sleeps may wake on a processor that is taken.
fn timed_bursts(set: FusedSet, threads: usize, arrivals: &AtomicUsize) -> Vec<TimedBurst> {
    let timed = |burst: usize| {
        arrivals.fetch_add(1, Ordering::AcqRel);
        while arrivals.load(Ordering::Acquire) < (burst + 1) * threads {
            std::hint::spin_loop();
        }
        let start = Instant::now();
        let operations = set.burst();
        TimedBurst { operations, start, end: Instant::now() }
    };
    (0..BURSTS).map(timed).collect()
}

/// Billions of operations per second from the first start to the last end.
fn gflops(bursts: impl Iterator<Item = TimedBurst> + Clone) -> f64 {
    let operations: usize = bursts.clone().map(|burst| burst.operations).sum();
    let first = bursts.clone().map(|burst| burst.start).min();
    let last = bursts.map(|burst| burst.end).max();
    match (first, last) {
        (Some(first), Some(last)) => operations as f64 / last.duration_since(first).as_secs_f64() / 1e9,
        _ => 0.0,
    }
}
