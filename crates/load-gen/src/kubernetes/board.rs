//! What is known of the pods of a run, and what follows from it; told in sentences, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::state::{Hitch, Outlook, Phase, View};
use super::watch::Seen;

/// How long a fault may last that was tried more than once.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is told at most how many pods run.
const PROGRESS: Duration = Duration::from_secs(5);

/// What is known of the pods of a run. Times count from its beginning.
#[derive(Debug)]
pub(super) struct Board {
    pods: BTreeMap<String, View>,
    expected: usize,
    start_timeout: Duration,
    told: BTreeSet<String>,
    stubborn_since: BTreeMap<String, Duration>,
    all_ran: bool,
    progress: Option<(Duration, usize)>,
    master: Option<Master>,
}

/// The master of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Master {
    /// The pod's name.
    pub(super) pod: String,
    /// What became of it.
    pub(super) fate: Fate,
}

/// What became of the master.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// It runs.
    Runs,
    /// It ended with this exit code.
    Ended(i32),
    /// The cluster ended it: a sentence.
    Lost(String),
}

/// Why a run cannot come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hopeless {
    /// A sentence.
    pub(super) what: String,
    /// What to do.
    pub(super) hint: String,
}

impl Board {
    /// Of a run of so many pods.
    pub(super) fn new(expected: usize, start_timeout: Duration) -> Self {
        Self {
            pods: BTreeMap::new(),
            expected,
            start_timeout,
            told: BTreeSet::new(),
            stubborn_since: BTreeMap::new(),
            all_ran: false,
            progress: None,
            master: None,
        }
    }

    /// Takes what was seen; sentences to tell, each with what to do.
    pub(super) fn see(&mut self, seen: Seen, now: Duration) -> Vec<(String, String)> {
        let changed = match seen {
            Seen::All(views) => {
                let names: BTreeSet<_> = views.iter().map(|it| it.name.clone()).collect();
                let gone: Vec<View> = self
                    .pods
                    .values()
                    .filter(|it| !names.contains(&it.name))
                    .cloned()
                    .collect();
                for view in gone {
                    self.remove(view);
                }
                views
            }
            Seen::One(view) => vec![view],
            Seen::Gone(view) => {
                self.remove(view);
                Vec::new()
            }
            Seen::Failed(_) => Vec::new(),
        };
        let mut sentences = Vec::new();
        for view in changed {
            if let Some(hitch) = &view.hitch
                && self.told.insert(hitch.what.clone())
            {
                sentences.push((
                    format!("{} {}", view.title(), hitch.what),
                    hitch.hint.to_owned(),
                ));
            }
            self.keep(view, now);
        }
        self.all_ran |= self.started() >= self.expected;
        sentences
    }

    fn keep(&mut self, view: View, now: Duration) {
        let stubborn = matches!(&view.hitch, Some(it) if it.outlook == Outlook::Stubborn);
        if stubborn {
            self.stubborn_since.entry(view.name.clone()).or_insert(now);
        } else if view.phase != Phase::Waiting {
            self.stubborn_since.remove(&view.name);
        }
        if view.is_master() {
            self.note_master(&view);
        }
        self.pods.insert(view.name.clone(), view);
    }

    fn remove(&mut self, view: View) {
        self.pods.remove(&view.name);
        self.stubborn_since.remove(&view.name);
        if view.is_master() && self.master.is_some() {
            let phase = match view.phase {
                Phase::Ended(code) => Phase::Ended(code),
                _ => Phase::Lost,
            };
            self.note_master(&View { phase, ..view });
        }
    }

    /// The first master counts: the Job may start another, but the run is that of the first.
    fn note_master(&mut self, view: &View) {
        let is_other = |it: &Master| it.pod != view.name || it.fate != Fate::Runs;
        if self.master.as_ref().is_some_and(is_other) {
            return;
        }
        let fate = match view.phase {
            Phase::Waiting => return,
            Phase::Running => Fate::Runs,
            // What ended with a hitch was ended by the cluster.
            Phase::Ended(code) if view.hitch.is_none() => Fate::Ended(code),
            Phase::Ended(_) | Phase::Lost => {
                let hitch = view.hitch.as_ref();
                let what = hitch.map_or("was removed by the cluster", |it| it.what.as_str());
                Fate::Lost(format!("{} {what}", view.title()))
            }
        };
        self.master = Some(Master {
            pod: view.name.clone(),
            fate,
        });
    }

    /// The master, once it has started.
    pub(super) fn master(&self) -> Option<&Master> {
        self.master.as_ref()
    }

    /// Whether pods are missing that the Job should have made.
    pub(super) fn lacks_pods(&self) -> bool {
        !self.all_ran && self.pods.len() < self.expected
    }

    fn started(&self) -> usize {
        let indexes: BTreeSet<_> = self
            .pods
            .values()
            .filter(|it| it.phase != Phase::Waiting)
            .map(|it| it.index)
            .collect();
        indexes.len()
    }

    /// How far the start is, when that is news.
    pub(super) fn progress(&mut self, now: Duration) -> Option<String> {
        let started = self.started();
        let news = self.progress.is_none_or(|(at, told)| {
            told < started && (self.all_ran || now.saturating_sub(at) >= PROGRESS)
        });
        if !news {
            return None;
        }
        self.progress = Some((now, started));
        Some(format!("{started} of {} pods have started", self.expected))
    }

    /// Why it is of no use to go on, if so.
    pub(super) fn hopeless(&self, now: Duration) -> Option<Hopeless> {
        let late = |it: &View| {
            let since = self.stubborn_since.get(&it.name)?;
            (now.saturating_sub(*since) >= PATIENCE).then_some(())
        };
        let hitched = |wanted: &dyn Fn(&View, &Hitch) -> bool| {
            self.pods
                .values()
                .find(|it| it.hitch.as_ref().is_some_and(|hitch| wanted(it, hitch)))
        };
        let pod = hitched(&|_, hitch| hitch.outlook == Outlook::Final)
            .or_else(|| hitched(&|view, _| late(view).is_some()));
        if let Some(Hitch { what, hint, .. }) = pod.and_then(|it| it.hitch.as_ref()) {
            let title = pod.map(View::title).unwrap_or_default();
            return Some(Hopeless {
                what: format!("{title} {what}"),
                hint: (*hint).to_owned(),
            });
        }
        if self.all_ran || now < self.start_timeout {
            return None;
        }
        Some(self.too_late())
    }

    fn too_late(&self) -> Hopeless {
        let started = format!(
            "{} of {} pods have started within {} s",
            self.started(),
            self.expected,
            self.start_timeout.as_secs()
        );
        let advice = "raise `--start-timeout`";
        let waiting = self.pods.values().find(|it| it.phase == Phase::Waiting);
        let hitched = waiting.and_then(|it| Some((it.title(), it.hitch.as_ref()?)));
        match (hitched, waiting) {
            (Some((title, Hitch { what, hint, .. })), _) => Hopeless {
                what: format!("{started}; {title} {what}"),
                hint: format!("{hint}; or {advice}"),
            },
            (None, Some(view)) => Hopeless {
                what: format!("{started}; {} waits", view.title()),
                hint: advice.to_owned(),
            },
            (None, None) => Hopeless {
                what: started,
                hint: advice.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests;
