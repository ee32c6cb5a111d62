//! The full-screen view in a terminal. Drawing is a pure function of [`ViewState`].

mod chart;
mod draw;
mod header;
mod keys;
mod panes;
mod state;
mod table;
mod terminal;

use std::io;

use crossterm::event::{Event, EventStream, KeyEventKind};
use futures::StreamExt as _;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

pub use draw::draw;
pub use keys::Pressed;
pub use state::ViewState;

use super::{Order, State, View};
use terminal::Screen;

/// Shows a run until it is over or somebody leaves the view, after which it may go on without. Ctrl-C stops
/// the run and cancels `stop`, as the signal would if the terminal sent it; pressed again it leaves the view.
///
/// The view has a thread of its own, so that a slow terminal holds nothing else up.
pub async fn show(view: View, stop: CancellationToken) -> io::Result<()> {
    let (done, ended) = oneshot::channel();
    std::thread::Builder::new()
        .name("screen".to_owned())
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            // Nobody waits any more when the run was given up.
            let _ = done.send(runtime.and_then(|it| it.block_on(play(view, &stop))));
        })?;
    ended
        .await
        .unwrap_or_else(|_| Err(io::Error::other("the view ended early")))
}

/// How often the whole screen is drawn anew after a signal, whose message was written over it.
const WIPES: u8 = 2;

async fn play(mut view: View, stop: &CancellationToken) -> io::Result<()> {
    let mut screen = Screen::enter()?;
    let mut events = EventStream::new();
    let mut state = ViewState::new(view.now(), view.course());
    let mut wipes = 0;
    let mut stopping = stop.is_cancelled();
    while screen.is_ours() && state.now.state != State::Finished {
        screen.draw(&state)?;
        tokio::select! {
            is_on = view.changed() => {
                if !is_on {
                    return Ok(());
                }
                state.show(view.now(), view.course());
                if wipes > 0 {
                    wipes -= 1;
                    screen.wipe()?;
                }
            }
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                wipes = WIPES;
            }
            event = events.next() => match event {
                Some(Ok(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    match state.press(key) {
                        Pressed::Nothing => {}
                        Pressed::Ask(order) => view.ask(order),
                        Pressed::Interrupt if stopping => return Ok(()),
                        Pressed::Interrupt => {
                            stopping = true;
                            view.ask(Order::Stop);
                            stop.cancel();
                        }
                        Pressed::Leave => return Ok(()),
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            },
        }
    }
    Ok(())
}
