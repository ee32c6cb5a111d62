//! What can be downloaded once a run is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

/// A file that the page offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Download {
    /// The report as a page.
    ReportHtml,
    /// The result document.
    ResultsJson,
    /// The requests in Locust's columns.
    StatsCsv,
}

impl Download {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ReportHtml, Self::ResultsJson, Self::StatsCsv];

    /// Its name in the URL, and as a file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::ReportHtml => "report.html",
            Self::ResultsJson => "results.json",
            Self::StatsCsv => "stats.csv",
        }
    }

    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::ReportHtml => "text/html; charset=utf-8",
            Self::ResultsJson => "application/json",
            Self::StatsCsv => "text/csv; charset=utf-8",
        }
    }
}

/// The files that there are so far; clones share them. A run puts them there when it is over.
#[derive(Debug, Clone)]
pub struct Downloads {
    files: Arc<watch::Sender<BTreeMap<Download, Bytes>>>,
}

impl Default for Downloads {
    fn default() -> Self {
        Self {
            files: Arc::new(watch::Sender::new(BTreeMap::new())),
        }
    }
}

impl Downloads {
    /// Offers a file; every page that is open learns of it.
    pub fn offer(&self, download: Download, content: impl Into<Bytes>) {
        self.files.send_modify(|files| {
            files.insert(download, content.into());
        });
    }

    pub(super) fn get(&self, download: Download) -> Option<Bytes> {
        self.files.borrow().get(&download).cloned()
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.files
            .borrow()
            .keys()
            .map(|it| it.file_name())
            .collect()
    }

    pub(super) fn watch(&self) -> watch::Receiver<BTreeMap<Download, Bytes>> {
        self.files.subscribe()
    }
}
