//! Who gets which record of a feeder.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::units::{count_f64, count_usize, round_u64, size_u64};
use service::session::Session;

use crate::crowd::Part;
use crate::scenario::{FeedOrder, Feeder};

/// The feeders of a run. Where the load is shared by machines, so are the records that are given once.
pub(super) struct Feeds(Vec<Feed>);

struct Feed {
    order: FeedOrder,
    records: Arc<Vec<Vec<String>>>,
    /// The rows that are given out here, in order.
    rows: Vec<usize>,
    next: AtomicU64,
}

impl Feeds {
    pub(super) fn new(feeders: &[Feeder], parts: &[Part]) -> Self {
        let feed = |feeder: &Feeder| {
            let all = 0..feeder.records.len();
            let rows = match feeder.order {
                FeedOrder::Once => all
                    .filter(|row| parts.iter().any(|part| part.has(size_u64(*row))))
                    .collect(),
                FeedOrder::Circular | FeedOrder::Random => all.collect(),
            };
            Feed {
                order: feeder.order,
                records: Arc::clone(&feeder.records),
                rows,
                next: AtomicU64::new(0),
            }
        };
        Self(feeders.iter().map(feed).collect())
    }

    /// Gives a user the records of an iteration; false when there is none left.
    ///
    /// An iteration of an open load gets the record of its number, so that equal seeds give equal requests.
    pub(super) fn give(&self, session: &mut Session, number: Option<u64>) -> bool {
        for (place, feed) in self.0.iter().enumerate() {
            let count = size_u64(feed.rows.len());
            let row = match feed.order {
                FeedOrder::Random if count > 0 => {
                    let share = session.share();
                    count_usize(round_u64((share * count_f64(count)).floor()))
                        .min(feed.rows.len() - 1)
                }
                FeedOrder::Circular if count > 0 => {
                    let next = number.unwrap_or_else(|| feed.next.fetch_add(1, Ordering::Relaxed));
                    count_usize(next % count)
                }
                FeedOrder::Once => {
                    let next = feed.next.fetch_add(1, Ordering::Relaxed);
                    if next >= count {
                        return false;
                    }
                    count_usize(next)
                }
                FeedOrder::Random | FeedOrder::Circular => return false,
            };
            session.set_record(place, &feed.records, feed.rows[row]);
        }
        true
    }
}
