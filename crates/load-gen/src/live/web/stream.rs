//! The run as a stream of events, one a second.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State as Shared;
use axum::response::sse::{Event, Sse};
use bytes::Bytes;
use futures::Stream;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::sleep;

use super::super::{Moment, Snapshot, View, words};
use super::Site;
use super::downloads::Download;

/// The page takes longer silence for a lost connection.
const LONGEST_SILENCE: Duration = Duration::from_secs(2);

/// What a page learns at once.
#[derive(Debug, Serialize)]
struct News<'a> {
    snapshot: &'a Snapshot,
    /// What came to the course since the last event; the first one replaces the one of the same time.
    moments: Vec<Moment>,
    /// Whether these are all moments from the start.
    whole: bool,
    warnings: Vec<String>,
    downloads: Vec<&'static str>,
}

/// What a page has seen so far.
struct Feed {
    site: Arc<Site>,
    view: View,
    files: watch::Receiver<BTreeMap<Download, Bytes>>,
    /// How many moments it has, and when the last one began.
    seen: Option<(usize, f64)>,
    is_fresh: bool,
    is_over: bool,
}

/// Tells the whole run at once, then what is new.
pub(super) async fn follow(
    Shared(site): Shared<Arc<Site>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let feed = Feed {
        view: site.view.clone(),
        files: site.downloads.watch(),
        seen: None,
        is_fresh: true,
        is_over: false,
        site,
    };
    Sse::new(futures::stream::unfold(feed, async |mut feed| {
        let event = feed.next().await?;
        Some((Ok(event), feed))
    }))
}

impl Feed {
    /// The next event; none when the page is closed. After the end of the run the stream stays, since a browser
    /// would only open another one.
    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.is_fresh) {
            self.view.catch_up();
            return Some(self.news());
        }
        tokio::select! {
            () = self.site.closing.cancelled() => return None,
            is_on = self.view.changed(), if !self.is_over => self.is_over = !is_on,
            Ok(()) = self.files.changed() => {}
            () = sleep(LONGEST_SILENCE) => {}
        }
        Some(self.news())
    }

    fn news(&mut self) -> Event {
        let now = self.view.now();
        let (moments, whole) = self.view.read_course(|course| fresh(course, self.seen));
        if let Some(last) = moments.last() {
            let before = match self.seen {
                Some((count, _)) if !whole => count - 1,
                _ => 0,
            };
            self.seen = Some((before + moments.len(), last.t_s));
        }
        let news = News {
            snapshot: &now,
            moments,
            whole,
            warnings: words::warnings(&now),
            downloads: self.site.downloads.names(),
        };
        Event::default()
            .json_data(&news)
            .unwrap_or_else(|_| Event::default().comment("a picture that cannot be written"))
    }
}

/// The moments from the last seen one on, which may have grown; all, where the course was drawn together since.
fn fresh(course: &[Moment], seen: Option<(usize, f64)>) -> (Vec<Moment>, bool) {
    if let Some((count, last_s)) = seen
        && let Some(last) = course.get(count - 1)
        && last.t_s.total_cmp(&last_s).is_eq()
    {
        return (course[count - 1..].to_vec(), false);
    }
    (course.to_vec(), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(times: &[f64]) -> Vec<Moment> {
        let at = |t_s: &f64| Moment {
            t_s: *t_s,
            ..Moment::default()
        };
        times.iter().map(at).collect()
    }

    #[test]
    fn a_page_learns_what_is_new_and_the_last_again() {
        let course = course(&[0.0, 1.0, 2.0, 3.0]);
        assert_eq!(
            fresh(&course, Some((2, 1.0))),
            (course[1..].to_vec(), false)
        );
        assert_eq!(
            fresh(&course, Some((4, 3.0))),
            (course[3..].to_vec(), false)
        );
    }

    #[test]
    fn a_course_that_was_drawn_together_is_told_anew() {
        let drawn = course(&[0.0, 2.0, 4.0]);
        assert_eq!(fresh(&drawn, Some((3, 2.0))), (drawn.clone(), true));
        assert_eq!(fresh(&drawn, Some((6, 5.0))), (drawn.clone(), true));
        assert_eq!(fresh(&drawn, None), (drawn, true));
    }
}
