//! The folder that stands for the buckets of raw images.

use std::io::Read as _;
use std::path::{Component, Path, PathBuf};

/// Folders below the one of the objects that are looked into for the list of keys.
const DEPTH: usize = 4;

/// Keys that are listed.
const MOST_KEYS: usize = 10_000;

/// The first card of every FITS file (FITS 4.0, 4.4.1.1).
const FIRST_CARD: &[u8; 30] = b"SIMPLE  =                    T";

/// Raw images by key.
#[derive(Debug, Clone)]
pub(crate) struct InputStore {
    /// Without links in it, so that what lies inside can be told.
    folder: PathBuf,
}

impl InputStore {
    /// The images in a folder that exists.
    pub(crate) fn new(folder: &Path) -> std::io::Result<Self> {
        Ok(Self {
            folder: folder.canonicalize()?,
        })
    }

    /// The file of a key: `<folder>/<bucket>/<key>`, else `<folder>/<key>`. Nothing outside the
    /// folder is ever found, neither by `..` nor through a link.
    pub(crate) fn find(&self, bucket: &str, key: &str) -> Option<PathBuf> {
        let key = inside(key)?;
        let in_bucket = inside(bucket).map(|bucket| self.folder.join(bucket).join(&key));
        let candidates = in_bucket.into_iter().chain([self.folder.join(&key)]);
        candidates
            .filter_map(|path| path.canonicalize().ok())
            .find(|path| path.starts_with(&self.folder) && path.is_file())
    }

    /// The keys of all FITS files, in alphabetical order.
    pub(crate) fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        self.gather(&self.folder, DEPTH, &mut keys);
        keys.sort_unstable();
        keys.truncate(MOST_KEYS);
        keys
    }

    fn gather(&self, folder: &Path, depth: usize, keys: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() && depth > 0 {
                self.gather(&path, depth - 1, keys);
            } else if path.extension().is_some_and(|it| it == "fits")
                && let Ok(key) = path.strip_prefix(&self.folder)
                && let Some(key) = key.to_str()
            {
                keys.push(key.to_owned());
            }
        }
    }
}

/// A relative path of plain names only.
fn inside(key: &str) -> Option<PathBuf> {
    let path = Path::new(key);
    let mut parts = path.components();
    let plain = parts.all(|part| matches!(part, Component::Normal(_)));
    (plain && !key.is_empty() && !key.contains('\0')).then(|| path.to_owned())
}

/// Whether a file begins as FITS files do.
pub(crate) fn is_fits(path: &Path) -> bool {
    let mut begin = [0; 30];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && &begin == FIRST_CARD
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn keys_are_found_in_their_bucket_or_without_one_and_nowhere_else() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("objects");
        fs::create_dir_all(folder.join("raw/night")).unwrap();
        for name in ["a.fits", "raw/night/b.fits", "raw/c.txt"] {
            common::files::write_whole(&folder.join(name), b"x").unwrap();
        }
        common::files::write_whole(&outer.path().join("secret.fits"), b"x").unwrap();
        std::os::unix::fs::symlink(outer.path().join("secret.fits"), folder.join("link.fits"))
            .unwrap();
        let store = InputStore::new(&folder).unwrap();
        for (bucket, key) in [
            ("raw", "night/b.fits"),
            ("any", "a.fits"),
            ("any", "raw/night/b.fits"),
        ] {
            assert!(store.find(bucket, key).is_some(), "{bucket} {key}");
        }
        let absolute = folder.join("a.fits").display().to_string();
        for (bucket, key) in [
            ("raw", "b.fits"),
            ("raw", "../../secret.fits"),
            ("..", "secret.fits"),
            ("raw", "../a.fits"),
            ("any", "link.fits"),
            ("any", "raw"),
            ("any", absolute.as_str()),
            ("any", ""),
            ("any", "a.fits\0"),
        ] {
            assert_eq!(store.find(bucket, key), None, "{bucket} {key}");
        }
        assert_eq!(store.keys(), ["a.fits", "link.fits", "raw/night/b.fits"]);
    }
}
