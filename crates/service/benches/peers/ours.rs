//! This project's client as a generator, in a process of its own.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use common::load::{
    Closed, Done, Failure, Labels, Monitor, RunOptions, Schedule, Spans, Stop, Tags, Think,
    Workload, run,
};
use http::StatusCode;
use service::client::{Client, ClientOptions, Endpoint, Flow, Inspect, Redirects};
use service::request::Request;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::USERS;

/// Asks for the same path again and again and checks each answer.
struct Asking {
    client: Client,
    request: Request,
}

/// Counts the body.
struct Size(u64);

impl Inspect for Size {
    fn chunk(&mut self, bytes: &[u8]) -> Flow {
        self.0 += common::units::size_u64(bytes.len());
        Flow::Continue
    }
}

impl Workload for Asking {
    async fn execute(&mut self) -> Result<Done, Failure> {
        let mut size = Size(0);
        let answer = self
            .client
            .exchange(&self.request, Redirects::Return, &mut size)
            .await
            .map_err(|error| Failure::new(error.kind.as_str(), error.message))?;
        if answer.status != StatusCode::OK || answer.complete != Some(true) || size.0 != 1024 {
            let message = format!("{} with {} bytes", answer.status, size.0);
            return Err(Failure::new("wrong_answer", message));
        }
        Ok(Done {
            items: 1,
            bytes: answer.wire_bytes,
            tags: Tags::of(&[0]),
            spans: Spans::one(0, answer.first_byte),
        })
    }
}

/// `recorded|bare URL SECONDS`: prints requests, failures and seconds as JSON.
pub(crate) fn generate(arguments: &[String]) -> anyhow::Result<()> {
    let [how, url, seconds, ..] = arguments else {
        anyhow::bail!("it takes recorded or bare, a URL and seconds");
    };
    let seconds: u32 = seconds.parse().context("the seconds")?;
    let (base, path) = url.rsplit_once('/').context("the URL")?;
    let endpoint = Arc::new(Endpoint::new(ClientOptions::new(base.parse()?))?);
    let workloads = (0..USERS)
        .map(|_| Asking {
            client: Client::new(Arc::clone(&endpoint)),
            request: Request::get(format!("/{path}"), Duration::from_secs(10)),
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (requests, failed, seconds) = runtime.block_on(async {
        if how == "bare" {
            bare(workloads, Duration::from_secs(u64::from(seconds))).await
        } else {
            recorded(workloads, f64::from(seconds)).await
        }
    });
    println!(
        "{}",
        serde_json::json!({ "requests": requests, "failed": failed, "seconds": seconds })
    );
    Ok(())
}

async fn recorded(workloads: Vec<Asking>, seconds: f64) -> (u64, u64, f64) {
    let schedule = Schedule::Closed(Closed {
        users: USERS,
        think: Think::None,
        ramp_up_seconds: 0.0,
        stop: Stop::AfterSeconds(seconds),
    });
    let labels = Labels::new(["sky.json"], ["first_byte"]);
    let tally = run(
        &schedule,
        &RunOptions::default(),
        &labels,
        workloads,
        &Arc::new(Monitor::default()),
        &CancellationToken::new(),
    )
    .await;
    assert!(tally.accounting.balances(), "{:?}", tally.accounting);
    assert_eq!(
        tally.recorded.spans[0].count(),
        tally.accounting.succeeded,
        "every time to first byte is recorded"
    );
    (
        tally.accounting.succeeded,
        tally.accounting.failed,
        tally.wall().as_secs_f64(),
    )
}

async fn bare(workloads: Vec<Asking>, length: Duration) -> (u64, u64, f64) {
    let start = Instant::now();
    let mut users = JoinSet::new();
    for mut workload in workloads {
        users.spawn(async move {
            let (mut done, mut failed) = (0_u64, 0_u64);
            while start.elapsed() < length {
                match workload.execute().await {
                    Ok(_) => done += 1,
                    Err(_) => failed += 1,
                }
                tokio::task::coop::consume_budget().await;
            }
            (done, failed)
        });
    }
    let (mut requests, mut failed) = (0, 0);
    while let Some(Ok((done, wrong))) = users.join_next().await {
        requests += done;
        failed += wrong;
    }
    (requests, failed, start.elapsed().as_secs_f64())
}
