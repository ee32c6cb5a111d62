//! What is measured, made ready: a throwaway server or a given one, the schema, the rows; and how
//! all of it goes away again.

use std::sync::Arc;
use std::time::Duration;

use common::cli::{self, Progress};
use common::report::{Limitation, RunClock};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::catalog::{Catalog, LoadOptions, Loaded, load, tables};
use crate::cone::{Columns, Strategy};
use crate::plan::{Plan, Subject};
use crate::server::Server;
use crate::target::{
    ConnectSpec, Embedded, EmbeddedOptions, OwnSchema, SchemaError, install_sky_extensions,
    leftovers, server_leftovers,
};
use crate::trouble::Trouble;
use crate::user_table;
use crate::workloads::{Bench, ConeTable};

/// How long a schema that is being made when the run is stopped may take.
const MAKING_LIMIT: Duration = Duration::from_secs(10);

/// What has to be taken down at the end.
pub(crate) struct Holdings {
    embedded: Option<Embedded>,
    /// The schema while it is being made: a run that is stopped then must not leave it.
    making: Option<JoinHandle<Result<OwnSchema, SchemaError>>>,
    schema: Option<OwnSchema>,
    keep: bool,
}

/// Everything that is ready to be measured.
pub(crate) struct Ready {
    pub(crate) bench: Bench,
    pub(crate) server: Server,
    pub(crate) limitations: Vec<Limitation>,
}

/// What a run stands on while it is made ready.
pub(crate) struct Ground<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) clock: &'a RunClock,
    pub(crate) progress: &'a Arc<Progress>,
    pub(crate) stop: &'a CancellationToken,
}

impl Holdings {
    pub(crate) fn new(keep: bool) -> Self {
        Self {
            embedded: None,
            making: None,
            schema: None,
            keep,
        }
    }

    /// Starts or reaches the server and makes the catalogue ready. What was begun is in `self` and
    /// must be taken down whatever the outcome.
    pub(crate) async fn prepare(
        &mut self,
        ground: &Ground<'_>,
        given: Option<ConnectSpec>,
    ) -> Result<Ready, Trouble> {
        // A statement of the user's session that hangs must not hang the run.
        tokio::select! {
            ready = self.prepare_unbounded(ground, given) => ready,
            () = ground.stop.cancelled() => Err(Trouble::Interrupted),
        }
    }

    async fn prepare_unbounded(
        &mut self,
        ground: &Ground<'_>,
        given: Option<ConnectSpec>,
    ) -> Result<Ready, Trouble> {
        tell_of_leftovers();
        let spec = match given {
            Some(spec) => spec,
            None => self.start_embedded(ground).await?,
        };
        for warning in spec.warnings() {
            ground.progress.say(&format!("warning: {warning}"));
        }
        match &ground.plan.subject {
            Subject::Table(table) => user_table::prepare(ground, &spec, table).await,
            Subject::Loaded { .. } => self.load(ground, &spec).await,
        }
    }

    async fn start_embedded(&mut self, ground: &Ground<'_>) -> Result<ConnectSpec, Trouble> {
        ground.progress.start("start");
        let embedded = Embedded::start(EmbeddedOptions::default()).await?;
        ground.progress.say(&format!(
            "no connection given: started a throwaway PostgreSQL {} in {}, which is removed at the end",
            embedded.version(),
            embedded.folder().display()
        ));
        let spec = embedded.spec();
        let client = spec.connect().await?;
        for (name, outcome) in install_sky_extensions(&embedded, &client).await {
            if let Err(reason) = outcome {
                ground
                    .progress
                    .say(&format!("note: without {name}: {reason}"));
            }
        }
        client.close().await;
        self.embedded = Some(embedded);
        Ok(spec)
    }

    async fn load(&mut self, ground: &Ground<'_>, given: &ConnectSpec) -> Result<Ready, Trouble> {
        let Subject::Loaded { catalogue } = &ground.plan.subject else {
            return Err(Trouble::Interrupted);
        };
        let plan = ground.plan;
        if self.embedded.is_none() {
            tell_of_schemas(ground, given).await?;
        }
        let (wanted, run) = (given.clone(), ground.clock.id().to_owned());
        let making = tokio::spawn(async move { OwnSchema::create(&wanted, &run).await });
        let made = self.making.insert(making).await;
        self.making = None;
        let schema = made.expect("making a schema does not panic")?;
        let spec = schema.spec().clone().with_setting(
            "statement_timeout",
            &plan.statement_timeout.as_millis().to_string(),
        );
        let loading = schema.spec().clone();
        self.schema = Some(schema);
        ground.progress.start("load");
        let catalog = Arc::new(Catalog::new(catalogue));
        let options = LoadOptions {
            external_rows: plan.sizes.external_rows,
            observations: plan.sizes.observations,
            light_curves: plan.sizes.light_curves,
            seed: plan.seed,
        };
        let client = loading.connect().await?;
        let watch = |rows: u64| {
            ground
                .progress
                .update(share(catalogue, rows), &format!("{rows} rows"));
        };
        let mut loaded = load(&client, &catalog, &options, ground.stop, watch).await?;
        let (kind, place) = match &self.embedded {
            Some(_) => ("throwaway", "throwaway server".to_owned()),
            None => ("given", given.describe()),
        };
        let server = Server::observe(&client, kind, &place, given.is_local()).await?;
        client.close().await;
        let sample = std::mem::take(&mut loaded.sample);
        Ok(Ready {
            limitations: limitations(&loaded),
            bench: Bench {
                spec,
                setup: loading,
                plan: plan.clone(),
                cone_table: own_table(),
                catalog: Some(catalog),
                loaded,
                sample,
                progress: Arc::clone(ground.progress),
                stop: ground.stop.clone(),
            },
            server,
        })
    }

    /// Shows what a throwaway server that went away said of it: the run itself only sees that it is
    /// gone.
    pub(crate) fn tell_last_words(&self, progress: &Progress) {
        let Some(embedded) = &self.embedded else {
            return;
        };
        let log = embedded.log_tail();
        if !log.is_empty() {
            progress.say(&format!(
                "note: from the log of the throwaway server: {log}"
            ));
        }
    }

    /// Takes everything down; says what could not be.
    pub(crate) async fn take_down(mut self, progress: &Progress) -> Vec<String> {
        let mut left = Vec::new();
        if let Some(making) = self.making
            && self.embedded.is_none()
            && let Ok(Ok(Ok(schema))) = tokio::time::timeout(MAKING_LIMIT, making).await
        {
            self.schema = Some(schema);
        }
        if let Some(schema) = self.schema {
            let name = schema.name.clone();
            if self.keep {
                progress.say(&format!("kept schema {name}; `db-perf clean` removes it"));
            } else if self.embedded.is_none()
                && let Err(error) = schema.drop_all().await
            {
                left.push(format!("schema {name} is left behind: {error}"));
            }
        }
        if let Some(embedded) = self.embedded {
            let folder = embedded.folder().display().to_string();
            if let Err(error) = embedded.stop().await {
                left.push(format!(
                    "the throwaway server in {folder} is left behind: {error}"
                ));
            }
        }
        left
    }
}

fn share(catalogue: &crate::catalog::Origin, rows: u64) -> f64 {
    match catalogue {
        // Indexes take about as long as the rows.
        crate::catalog::Origin::Generated { objects, .. } => {
            0.5 * common::units::count_f64(rows) / common::units::count_f64(*objects)
        }
        crate::catalog::Origin::File(_) => 0.0,
    }
}

/// The headline of `cone_search` is what the field's schema has: geography, but rightly on the sphere.
fn own_table() -> ConeTable {
    ConeTable {
        columns: Columns {
            table: tables::OBJECTS.to_owned(),
            ra: "ra".to_owned(),
            dec: "dec".to_owned(),
            position: Some("position".to_owned()),
            geography: None,
            healpix: Some("hpx29".to_owned()),
            extra: ", o.object_id, o.magnitude_v".to_owned(),
        },
        strategy: Strategy::GeographySphere,
    }
}

fn limitations(loaded: &Loaded) -> Vec<Limitation> {
    let broken = &loaded.broken_lines;
    let example = broken.example.as_deref().unwrap_or_default();
    let message = format!(
        "{} lines of the file were left out, such as {example}",
        broken.count
    );
    (broken.count > 0)
        .then(|| Limitation::of_run("broken_lines", message))
        .into_iter()
        .collect()
}

/// Says that crashed runs left something, and how to remove it.
fn tell_of_leftovers() {
    if let Some(note) = note("throwaway server", server_leftovers().len()) {
        cli::narrate(&format!("{note}; `db-perf clean` removes what is left"));
    }
}

async fn tell_of_schemas(ground: &Ground<'_>, spec: &ConnectSpec) -> Result<(), Trouble> {
    let found = leftovers(spec).await?;
    let dead = found.iter().filter(|it| !it.alive && it.mine).count();
    if let Some(note) = note("schema", dead) {
        ground.progress.say(&format!(
            "{note}; `db-perf clean` with the same connection removes what is left"
        ));
    }
    Ok(())
}

fn note(what: &str, count: usize) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("note: 1 {what} of a crashed run is left")),
        _ => Some(format!("note: {count} {what}s of crashed runs are left")),
    }
}
