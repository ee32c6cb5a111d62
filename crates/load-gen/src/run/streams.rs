//! What is written while a run goes on.

use common::cli;
use common::files;
use common::redact::Secret;
use common::report::Limitation;
use jiff::Timestamp;

use crate::outputs::{
    CsvFiles, Exposition, Harvest, HistogramLog, RemoteWrite, RemoteWriteTarget, Second,
};
use crate::plan::OutputPlan;
use crate::trouble::Trouble;

/// Everything that is written while a run goes on.
#[derive(Default)]
pub(crate) struct Streams {
    csv: Option<CsvFiles>,
    hlog: Option<HistogramLog>,
    prometheus: Option<Exposition>,
    remote: Option<RemoteWrite>,
}

impl Streams {
    /// Opens what the plan names, before any load: a file that cannot be written is told at once.
    pub(crate) async fn open(plan: &OutputPlan, run: &str) -> Result<Self, Trouble> {
        for file in [Some(&plan.document), plan.html.as_ref()]
            .into_iter()
            .flatten()
        {
            files::check_writable(file)?;
        }
        let mut streams = Self::default();
        if let Some(prefix) = &plan.csv {
            streams.csv = Some(CsvFiles::create(prefix)?);
        }
        if let Some(path) = &plan.hlog {
            streams.hlog = Some(HistogramLog::create(path, Timestamp::now())?);
        }
        if let Some(url) = &plan.remote_write {
            let token = match &plan.remote_write_token_file {
                Some(path) => Some(Secret::new(files::read(path)?.trim())),
                None => None,
            };
            let target = RemoteWriteTarget::check(url, token)
                .map_err(|error| Trouble::mistake(format!("`--remote-write`: {error}")))?;
            streams.remote = Some(RemoteWrite::start(target, run));
        }
        if let Some(address) = &plan.prometheus {
            let exposition = Exposition::listen(address)
                .await
                .map_err(|error| Trouble::Machine(error.to_string()))?;
            cli::narrate(&format!("metrics: http://{}/metrics", exposition.address()));
            streams.prometheus = Some(exposition);
        }
        Ok(streams)
    }

    /// Writes a second.
    pub(crate) fn second(&mut self, second: &Second) {
        if let Some(csv) = &mut self.csv {
            csv.second(second);
        }
        if let Some(hlog) = &mut self.hlog {
            hlog.second(second);
        }
        if let Some(prometheus) = &mut self.prometheus {
            prometheus.second(second);
        }
        if let Some(remote) = &mut self.remote {
            remote.second(second);
        }
    }

    /// Writes the rest; what could not be is told.
    pub(crate) async fn finish(self, harvest: &Harvest) -> Vec<Limitation> {
        let mut wrong = Vec::new();
        let csv = self.csv.map_or(Ok(()), |it| it.finish(harvest));
        let hlog = self.hlog.map_or(Ok(()), HistogramLog::finish);
        for error in [csv, hlog].into_iter().filter_map(Result::err) {
            cli::complain(&error.to_string(), None);
            wrong.push(Limitation::of_run("not_written", error.to_string()));
        }
        if let Some(remote) = self.remote {
            wrong.extend(remote.finish().await);
        }
        if let Some(prometheus) = self.prometheus {
            prometheus.finish().await;
        }
        wrong
    }
}
