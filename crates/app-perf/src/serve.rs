//! `app-perf serve`: the reference service in the foreground, for trying, testing and calibrating.

use common::cli::{self, Exit, stop_on_signals};
use common::report::Mode;
use db_perf::target::{ConnectSpec, ConnectionFlags, LibpqEnv};
use service::reference::{CatalogueSource, Fault, Reference, ReferenceError, ReferenceOptions};

use crate::args::Serve;
use crate::plan::check_reference;
use crate::trouble::Trouble;
use common::cli::Mistake;

pub(crate) async fn serve(args: Serve) -> Result<Exit, Trouble> {
    let mut mistakes = Vec::new();
    let plan = check_reference(&args.reference, Mode::Full, &mut mistakes);
    let mut faults: Vec<Fault> = Vec::new();
    for text in &args.fault {
        match text.parse() {
            Ok(fault) => faults.push(fault),
            Err(error) => mistakes.push(Mistake::new(format!("`--fault` `{text}`: {error}"))),
        }
    }
    let given = connection(args.db, &mut mistakes);
    if !mistakes.is_empty() {
        return Err(Trouble::Mistakes(mistakes));
    }
    let stop = stop_on_signals();
    let objects = plan.objects;
    let catalogue = match given {
        Some(spec) => CatalogueSource::Given {
            spec: Box::new(spec),
            objects,
        },
        None if args.memory => CatalogueSource::Memory { objects },
        None => CatalogueSource::Throwaway { objects },
    };
    let options = ReferenceOptions {
        addr: args.addr,
        catalogue,
        workers: plan.workers,
        queue: plan.queue,
        image_size_px: plan.image_size,
        faults,
        stop: stop.clone(),
        ..ReferenceOptions::default()
    };
    let service = match Reference::start(options, cli::narrate).await {
        Err(ReferenceError::Stopped) => return Err(Trouble::Interrupted),
        other => other?,
    };
    cli::narrate(&format!("{}; Ctrl-C ends it", service.description()));
    cli::print(&format!("{}\n", service.url()))?;
    stop.cancelled().await;
    let injected = service.injected();
    for (kind, count) in injected.iter().filter(|it| *it.1 > 0) {
        cli::narrate(&format!("faults injected: {count} × {kind}"));
    }
    let left = service.stop().await;
    for message in &left {
        cli::complain(message, Some("`db-perf clean` removes what is left"));
    }
    Ok(if left.is_empty() {
        Exit::Success
    } else {
        Exit::Target
    })
}

/// The database for the catalogue; without `--db` none, whatever the PG* variables say.
fn connection(url: Option<String>, mistakes: &mut Vec<Mistake>) -> Option<ConnectSpec> {
    let flags = ConnectionFlags {
        url: Some(url?),
        ..ConnectionFlags::default()
    };
    match ConnectSpec::resolve(&flags, &LibpqEnv::from_process()) {
        Ok(spec) => spec,
        Err(error) => {
            mistakes.push(Mistake::new(format!("`--db`: {error}")));
            None
        }
    }
}
