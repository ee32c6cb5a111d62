//! Ctrl-C, termination and hang-up end a run in order.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first signal; further ones change nothing, since cleaning up
/// must not be cut short.
pub fn stop_on_signals() -> CancellationToken {
    let stop = CancellationToken::new();
    for kind in [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ] {
        // Where a signal cannot be caught the run works all the same.
        let Ok(mut signals) = signal(kind) else {
            continue;
        };
        let stop = stop.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let first = !stop.is_cancelled();
                stop.cancel();
                if first {
                    super::narrate(
                        "stopping: what is under way may finish, then everything is cleaned up",
                    );
                }
            }
        });
    }
    stop
}
