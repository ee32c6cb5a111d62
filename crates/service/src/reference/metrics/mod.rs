//! What the service counts of itself: with Micrometer's names, as Prometheus text and as JSON.

mod levels;
mod timer;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use common::units::seconds;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric as _};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use serde_json::{Value, json};
use tokio::time::Instant;

use self::levels::{Level, Levels};
use self::timer::{Timed, Timer, histogram};
use super::faults::Faults;

/// The tags of an answered request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
pub(crate) struct RequestTags {
    pub(crate) method: String,
    /// The template of the path.
    pub(crate) uri: String,
    pub(crate) status: String,
    pub(crate) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Kind {
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfStatus {
    status: &'static str,
}

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestTags, Histogram, fn() -> Histogram>,
    request_max: Family<RequestTags, Level>,
    timers: Mutex<BTreeMap<RequestTags, Timer>>,
    cone_searches: Timed,
    fits_processing: Timed,
    catalog_queries: Family<Kind, Counter>,
    jobs_done: Family<OfStatus, Counter>,
    pub(crate) levels: Levels,
}

impl Metrics {
    /// Nothing counted yet. Without a pool its metrics are left out.
    pub(crate) fn new(faults: &Arc<Faults>, has_pool: bool) -> Self {
        let mut registry = Registry::default();
        let requests = Family::new_with_constructor(histogram as fn() -> Histogram);
        let request_max = Family::default();
        let levels = Levels::default();
        registry.register(
            "http_server_requests_seconds",
            "Time to answer a request",
            requests.clone(),
        );
        registry.register(
            "http_server_requests_seconds_max",
            "The longest of the last two minutes",
            request_max.clone(),
        );
        let cone_searches = Timed::new();
        registry.register(
            "cone_search_duration_seconds",
            "Cone search query time",
            cone_searches.histogram.clone(),
        );
        let fits_processing = Timed::new();
        registry.register(
            "fits_processing_duration_seconds",
            "FITS processing time",
            fits_processing.histogram.clone(),
        );
        let catalog_queries = Family::default();
        registry.register(
            "catalog_queries",
            "Catalog queries",
            catalog_queries.clone(),
        );
        let jobs_done = Family::default();
        registry.register("jobs_completed", "Jobs that have ended", jobs_done.clone());
        for (name, unit, help, level) in levels.all() {
            if has_pool || !name.starts_with("hikaricp") {
                registry.register(prometheus_name(name, unit), help, level.clone());
            }
        }
        registry.register_collector(Box::new(FaultCollector(Arc::clone(faults))));
        Self {
            registry,
            requests,
            request_max,
            timers: Mutex::default(),
            cone_searches,
            fits_processing,
            catalog_queries,
            jobs_done,
            levels,
        }
    }

    /// A request was answered.
    pub(crate) fn answered(&self, tags: RequestTags, took: Duration) {
        self.requests
            .get_or_create(&tags)
            .observe(took.as_secs_f64());
        let now = Instant::now();
        let mut timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        timers
            .entry(tags)
            .or_insert_with(|| Timer::new(now))
            .observe(now, took);
    }

    /// The catalogue was asked.
    pub(crate) fn catalog_query(&self, kind: &str) {
        let kind = kind.to_owned();
        self.catalog_queries.get_or_create(&Kind { kind }).inc();
    }

    /// A cone search was done.
    pub(crate) fn cone_search(&self, took: Duration) {
        self.cone_searches.observe(took);
    }

    /// A job has ended.
    pub(crate) fn job_ended(&self, status: &'static str, ms: f64) {
        self.fits_processing.observe(seconds(ms / 1e3));
        self.jobs_done.get_or_create(&OfStatus { status }).inc();
    }

    /// Everything in the text format of `OpenMetrics`, which Prometheus reads.
    pub(crate) fn text(&self) -> String {
        let now = Instant::now();
        {
            let timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
            for (tags, timer) in timers.iter() {
                let max = timer.recent_max(now).as_secs_f64();
                self.request_max.get_or_create(tags).set(max);
            }
        }
        let mut text = String::new();
        if prometheus_client::encoding::text::encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }

    /// The names that [`Metrics::one`] knows.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let levels = self.levels.all().map(|it| it.0);
        let mut names = vec![
            "catalog.queries",
            "cone.search.duration",
            "fits.processing.duration",
            "http.server.requests",
        ];
        names.extend(levels);
        names.sort_unstable();
        names
    }

    /// One metric as Micrometer's endpoint shows it.
    pub(crate) fn one(&self, name: &str) -> Option<Value> {
        let timed = |timed: &Timed| {
            let timer = timed.timer();
            let measured = timer.measurements(timer.recent_max(Instant::now()));
            document(name, "seconds", &measured, &json!([]))
        };
        match name {
            "http.server.requests" => Some(self.requests_document(name)),
            "cone.search.duration" => Some(timed(&self.cone_searches)),
            "fits.processing.duration" => Some(timed(&self.fits_processing)),
            "catalog.queries" => {
                let kinds = [
                    "cone-search",
                    "magnitude-search",
                    "object-type-search",
                    "cross-match",
                    "variability-search",
                ];
                let count = |kind: &&str| {
                    let kind = (*kind).to_owned();
                    self.catalog_queries.get_or_create(&Kind { kind }).get()
                };
                let count: u64 = kinds.iter().map(count).sum();
                let measured = json!([{"statistic": "COUNT", "value": count}]);
                let tags = json!([{"tag": "kind", "values": kinds}]);
                Some(document(name, "", &measured, &tags))
            }
            _ => {
                let levels = self.levels.all();
                let (_, unit, _, level) = levels.iter().find(|it| it.0 == name)?;
                let measured = json!([{"statistic": "VALUE", "value": level.get()}]);
                Some(document(name, unit, &measured, &json!([])))
            }
        }
    }

    fn requests_document(&self, name: &str) -> Value {
        let now = Instant::now();
        let timers = self.timers.lock().unwrap_or_else(PoisonError::into_inner);
        let count: u64 = timers.values().map(|it| it.count).sum();
        let total: Duration = timers.values().map(|it| it.total).sum();
        let max = timers.values().map(|it| it.recent_max(now)).max();
        let sum = Timer::of(count, total, now);
        let values = |of: fn(&RequestTags) -> &str| {
            let distinct: std::collections::BTreeSet<&str> = timers.keys().map(of).collect();
            json!(distinct)
        };
        let measured = sum.measurements(max.unwrap_or_default());
        let tags = json!([
            {"tag": "method", "values": values(|it| it.method.as_str())},
            {"tag": "uri", "values": values(|it| it.uri.as_str())},
            {"tag": "status", "values": values(|it| it.status.as_str())},
            {"tag": "outcome", "values": values(|it| it.outcome)},
        ]);
        document(name, "seconds", &measured, &tags)
    }
}

fn document(name: &str, unit: &str, measurements: &Value, tags: &Value) -> Value {
    let unit = (!unit.is_empty()).then_some(unit);
    json!({
        "name": name,
        "baseUnit": unit,
        "measurements": measurements,
        "availableTags": tags,
    })
}

/// Micrometer's way from its own names to those of Prometheus.
fn prometheus_name(name: &str, unit: &str) -> String {
    let mut text = name.replace('.', "_");
    if !unit.is_empty() {
        let _ = write!(text, "_{unit}");
    }
    text
}

/// Gives out the faults injected so far.
struct FaultCollector(Arc<Faults>);

impl std::fmt::Debug for FaultCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FaultCollector")
    }
}

impl Collector for FaultCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let injected = self.0.injected();
        if injected.is_empty() {
            return Ok(());
        }
        let counter = ConstCounter::new(0_u64);
        let mut family = encoder.encode_descriptor(
            "astro_faults_injected",
            "Faults injected on purpose",
            None,
            counter.metric_type(),
        )?;
        for (kind, count) in injected {
            let labels = [("kind", kind)];
            ConstCounter::new(count).encode(family.encode_family(&labels)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_maximum_is_forgotten_after_two_minutes() {
        let faults: Vec<super::super::Fault> = vec!["error=1/2".parse().unwrap()];
        let faults = Arc::new(Faults::new(&faults, 1).unwrap());
        let metrics = Metrics::new(&faults, false);
        let tags = RequestTags {
            method: "GET".to_owned(),
            uri: "/x".to_owned(),
            status: "200".to_owned(),
            outcome: "SUCCESS",
        };
        metrics.answered(tags.clone(), Duration::from_secs(3));
        metrics.answered(tags, Duration::from_secs(1));
        let measured = |metrics: &Metrics, place: usize| {
            metrics.one("http.server.requests").unwrap()["measurements"][place]["value"].clone()
        };
        assert_eq!(measured(&metrics, 0), 2);
        assert_eq!(measured(&metrics, 1), 4.0);
        assert_eq!(measured(&metrics, 2), 3.0);
        tokio::time::advance(Duration::from_secs(121)).await;
        assert_eq!(measured(&metrics, 2), 0.0);
        faults.on_request("/");
        faults.on_request("/");
        let text = metrics.text();
        for line in [
            r#"http_server_requests_seconds_count{method="GET",uri="/x",status="200",outcome="SUCCESS"} 2"#,
            r#"astro_faults_injected_total{kind="error"} 1"#,
            "jobs_queue_size 0.0",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(!text.contains("hikaricp"));
        assert_eq!(metrics.one("no.such"), None);
        for name in metrics.names() {
            assert_eq!(metrics.one(name).unwrap()["name"], name);
        }
    }
}
