//! `db-perf server`: a throwaway server in the foreground for other tools.

use common::cli::{self, Exit};

use crate::args::Server;
use crate::target::{Embedded, EmbeddedOptions, Listen, install_sky_extensions};
use crate::trouble::Trouble;
use common::cli::stop_on_signals;

pub(crate) async fn serve(args: Server) -> Result<Exit, Trouble> {
    let stop = stop_on_signals();
    let listen = args.port.map_or(Listen::FreePort, Listen::Port);
    let server = tokio::select! {
        server = Embedded::start(EmbeddedOptions { listen, ..EmbeddedOptions::default() }) => server?,
        () = stop.cancelled() => return Err(Trouble::Interrupted),
    };
    let client = server.spec().connect().await?;
    for (name, outcome) in install_sky_extensions(&server, &client).await {
        if let Err(reason) = outcome {
            cli::narrate(&format!("note: without {name}: {reason}"));
        }
    }
    client.close().await;
    cli::narrate(&format!(
        "PostgreSQL {} with PostGIS runs until Ctrl-C; its data is removed then",
        server.version()
    ));
    cli::print(&format!("{}\n", server.url()))?;
    let ended = loop {
        tokio::select! {
            () = stop.cancelled() => break false,
            () = tokio::time::sleep(std::time::Duration::from_millis(500)) => {
                if !server.is_running() {
                    break true;
                }
            }
        }
    };
    let log = server.log_tail();
    server.stop().await?;
    if ended {
        cli::complain("the server has ended by itself", Some(&log));
        return Ok(Exit::Target);
    }
    Ok(Exit::Success)
}
