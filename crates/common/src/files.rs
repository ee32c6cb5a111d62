//! Reading and writing files with the path in the error; results are written whole or not at all.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// What can go wrong with a named file.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file could not be read.
    #[error("failed to read `{}`: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("failed to write `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Reads a whole UTF-8 file.
pub fn read(path: &Path) -> Result<String, FileError> {
    fs::read_to_string(path).map_err(|source| FileError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Writes a file whole: a temporary file beside it, fsync, rename. An older file stays as it was
/// when anything fails.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write_beside(path, bytes).map_err(|source| FileError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Fails when `path` could not be written later, so that an hour of measuring is not lost to a typo.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    let probe = || {
        if path.is_dir() {
            return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory));
        }
        if is_device(path) {
            return fs::OpenOptions::new().write(true).open(path).map(drop);
        }
        tempfile::NamedTempFile::new_in(folder_of(path)).map(drop)
    };
    probe().map_err(|source| FileError::Write {
        path: path.to_owned(),
        source,
    })
}

fn write_beside(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if is_device(path) {
        return fs::OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(bytes);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".result-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder_of(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// A file that grows while a run goes on, for others to follow. The first error ends its growth and is told
/// at the end, since a full disk is no reason to stop measuring.
#[derive(Debug)]
pub struct Growing {
    path: PathBuf,
    file: fs::File,
    error: Option<std::io::Error>,
}

impl Growing {
    /// Begins the file anew.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let file = fs::File::create(path).map_err(|source| FileError::Write {
            path: path.to_owned(),
            source,
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            error: None,
        })
    }

    /// Adds to its end, so that those who follow the file see it at once.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.error.is_none() {
            self.error = self.file.write_all(bytes).err();
        }
    }

    /// Whether everything was written.
    pub fn finish(self) -> Result<(), FileError> {
        match self.error {
            None => Ok(()),
            Some(source) => Err(FileError::Write {
                path: self.path,
                source,
            }),
        }
    }
}

/// Whether it is a device or pipe, such as `/dev/null`, which cannot be replaced by a rename.
fn is_device(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| !meta.is_file() && !meta.is_dir())
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.json");
        write_whole(&path, b"first").unwrap();
        write_whole(&path, b"second").unwrap();
        assert_eq!(read(&path).unwrap(), "second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_device_is_written_in_place() {
        let null = Path::new("/dev/null");
        check_writable(null).unwrap();
        write_whole(null, b"gone").unwrap();
        assert!(!null.is_file());
    }

    #[test]
    fn a_growing_file_can_be_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let mut file = Growing::create(&path).unwrap();
        file.append(b"one\n");
        assert_eq!(read(&path).unwrap(), "one\n");
        file.append(b"two\n");
        assert_eq!(read(&path).unwrap(), "one\ntwo\n");
        file.finish().unwrap();
        let error = Growing::create(folder.path()).unwrap_err().to_string();
        assert!(error.starts_with("failed to write"), "{error}");
    }

    #[test]
    fn a_full_disk_is_told_at_the_end() {
        let mut file = Growing::create(Path::new("/dev/full")).unwrap();
        file.append(b"one\n");
        file.append(b"two\n");
        let error = file.finish().unwrap_err().to_string();
        assert!(
            error.starts_with("failed to write `/dev/full`: "),
            "{error}"
        );
    }

    #[test]
    fn an_unwritable_place_is_known_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no/such/folder/result.json");
        let error = check_writable(&missing).unwrap_err().to_string();
        assert!(error.contains("no/such/folder/result.json"), "{error}");
        assert!(check_writable(folder.path()).is_err());
    }
}
