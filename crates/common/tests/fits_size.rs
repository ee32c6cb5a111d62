//! Files of the real geometry: their sizes, and that writing them takes little memory.

mod fits_support;

use std::io::{Seek, SeekFrom, Write};

use common::fits::{Exposure, Instrument, Product, write_exposure};
use fits_support::pointing;
use tokio::time::Instant;

/// A sink that keeps nothing but its length.
#[derive(Default)]
struct Nowhere {
    place: u64,
    length: u64,
}

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.place += common::units::size_u64(bytes.len());
        self.length = self.length.max(self.place);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Seek for Nowhere {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        match to {
            SeekFrom::Start(place) => self.place = place,
            SeekFrom::Current(0) => {}
            _ => return Err(std::io::ErrorKind::Unsupported.into()),
        }
        Ok(self.place)
    }
}

/// Most memory that the process has held, bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    1024 * kilobytes
        .and_then(|n| n.parse::<u64>().ok())
        .expect("a number")
}

/// The only test of this file, since the peak of memory is the process's.
#[test]
fn files_have_the_sizes_of_the_archives_and_are_written_in_little_memory() {
    use Instrument::{Deimos, Fors2, Gmos, Miri, Niri, Wfc3Ir, Wfc3Uvis};
    let before = peak_memory();
    for (instrument, product, hdus, megabytes) in [
        (Wfc3Uvis, Product::Calibrated, 7, 168.0),
        (Wfc3Uvis, Product::Raw, 7, 34.8),
        (Wfc3Ir, Product::Calibrated, 6, 16.5),
        (Wfc3Ir, Product::Raw, 81, 33.6),
        (Miri, Product::Calibrated, 9, 29.6),
        (Miri, Product::Raw, 3, 76.1),
        (Fors2, Product::Raw, 1, 4.2),
        (Fors2, Product::Calibrated, 1, 4.2),
        (Niri, Product::Raw, 2, 4.2),
        (Niri, Product::Calibrated, 2, 4.2),
        (Gmos, Product::Raw, 13, 14.6),
        (Gmos, Product::Calibrated, 13, 14.6),
        (Deimos, Product::Raw, 9, 140.2),
    ] {
        let exposure = Exposure {
            product,
            ..Exposure::new(instrument, pointing(instrument), 5)
        };
        let mut sink = Nowhere::default();
        let start = Instant::now();
        let written = write_exposure(&exposure, &[], &mut sink).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(written.hdus, hdus, "{instrument} {product:?}");
        assert_eq!((written.bytes, sink.length), (sink.length, sink.place));
        let size = common::units::count_f64(written.bytes) / 1e6;
        println!(
            "{instrument} {product:?}: {size:.1} MB, {:.0} MB/s",
            size / seconds
        );
        // Headers and padding come on top of the pixels.
        let headers = 0.012 * f64::from(hdus);
        assert!(
            size >= megabytes - 0.06 && size < megabytes + 0.06 + headers,
            "{instrument} {product:?}: {size}"
        );
    }
    let grown = peak_memory() - before;
    assert!(grown < 64 << 20, "{} MiB", grown >> 20);
    // Compressed bytes of one detector are held.
    let exposure = Exposure {
        product: Product::Calibrated,
        compress: true,
        ..Exposure::new(Wfc3Uvis, pointing(Wfc3Uvis), 5)
    };
    let start = Instant::now();
    let written = write_exposure(&exposure, &[], &mut Nowhere::default()).unwrap();
    let (seconds, size) = (
        start.elapsed().as_secs_f64(),
        common::units::mebibytes(written.bytes),
    );
    println!(
        "{size:.1} MiB compressed, {:.0} MB/s of pixels",
        168.0 / seconds
    );
    assert!(size < 80.0, "{size}");
    let grown = peak_memory() - before;
    assert!(grown < 192 << 20, "{} MiB", grown >> 20);
}
