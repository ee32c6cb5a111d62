//! Where markup ends that is skipped.

use memchr::memchr_iter;

/// The place after `--` or `]]` and `>`; `run` counts the marks that end the bytes before.
///
/// quick-xml has a parser for comments, but it takes `-x-` over two chunks for `--`.
pub(super) fn after_closing(bytes: &[u8], mark: u8, run: &mut usize) -> Option<usize> {
    for end in memchr_iter(b'>', bytes) {
        let marks = bytes[..end].iter().rev().take_while(|it| **it == mark);
        let marks = marks.take(2).count();
        if marks == 2 || (marks == end && marks + *run >= 2) {
            return Some(end + 1);
        }
    }
    let marks = bytes.iter().rev().take(2).take_while(|it| **it == mark);
    let marks = marks.count();
    *run = if marks == bytes.len() {
        (marks + *run).min(2)
    } else {
        marks
    };
    None
}

/// The place after the `>` of a document type declaration.
pub(super) fn after_doc_type(
    bytes: &[u8],
    quote: &mut Option<u8>,
    brackets: &mut usize,
) -> Option<usize> {
    for (index, byte) in bytes.iter().enumerate() {
        if let Some(open) = *quote {
            if open == *byte {
                *quote = None;
            }
            continue;
        }
        match byte {
            b'"' | b'\'' => *quote = Some(*byte),
            b'[' => *brackets = brackets.saturating_add(1),
            b']' => *brackets = brackets.saturating_sub(1),
            b'>' if *brackets == 0 => return Some(index + 1),
            _ => {}
        }
    }
    None
}
