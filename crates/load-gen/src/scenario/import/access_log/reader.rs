//! The lines of a log, plain or compressed, one at a time.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;

/// The longest line that is read, bytes; what is behind it is passed over.
const LONGEST_LINE: u64 = 64 * 1024;

/// Gives every line to `each`, without its end.
///
/// # Errors
/// What the system says, or that the compressed file is broken.
pub(super) fn lines(path: &Path, mut each: impl FnMut(&str)) -> io::Result<()> {
    let mut file = BufReader::with_capacity(256 * 1024, File::open(path)?);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let inside = BufReader::with_capacity(256 * 1024, MultiGzDecoder::new(file));
        return lines_of(inside, &mut each);
    }
    lines_of(file, &mut each)
}

/// Gives every line of a text to `each`.
pub(super) fn lines_of(mut text: impl BufRead, each: &mut impl FnMut(&str)) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut text)
            .take(LONGEST_LINE)
            .read_until(b'\n', &mut line)?
            == 0
        {
            return Ok(());
        }
        let is_whole = line.last() == Some(&b'\n');
        each(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        if !is_whole {
            text.skip_until(b'\n')?;
        }
    }
}
