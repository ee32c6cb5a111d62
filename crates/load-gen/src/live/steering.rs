//! The two ends between a run and those who watch and steer it.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, watch};

use super::{Moment, Snapshot};

/// What somebody wants of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// Begin, where the run waits for that; `users` and `spawn_rate` replace those of the plan.
    Start {
        /// Users.
        users: Option<u64>,
        /// Users that start in a second.
        spawn_rate: Option<f64>,
    },
    /// Begin no iterations until told otherwise.
    Pause,
    /// Go on.
    Resume,
    /// Have so many users from now on.
    Users {
        /// The users.
        users: u64,
        /// How many start, or end, in a second.
        spawn_rate: f64,
    },
    /// Offer so many iterations per second from now on.
    Rate(f64),
    /// End: nothing new begins, what is under way may finish.
    Stop,
}

/// A run as those see it who watch and steer it. Clones see the same.
#[derive(Debug, Clone)]
pub struct View {
    now: watch::Receiver<Arc<Snapshot>>,
    course: Arc<Mutex<Vec<Moment>>>,
    orders: mpsc::UnboundedSender<Order>,
}

/// The run's own end.
#[derive(Debug)]
pub struct Desk {
    /// Where it shows itself, once a second.
    pub now: watch::Sender<Arc<Snapshot>>,
    /// The course so far, also once a second.
    pub course: Arc<Mutex<Vec<Moment>>>,
    /// What others want of it.
    pub orders: mpsc::UnboundedReceiver<Order>,
}

/// Both ends, with a first picture.
pub fn steering(first: Snapshot) -> (Desk, View) {
    let (now, seen) = watch::channel(Arc::new(first));
    let course = Arc::new(Mutex::new(Vec::new()));
    let (orders, wanted) = mpsc::unbounded_channel();
    let desk = Desk {
        now,
        course: Arc::clone(&course),
        orders: wanted,
    };
    let view = View {
        now: seen,
        course,
        orders,
    };
    (desk, view)
}

impl View {
    /// The run now.
    pub fn now(&self) -> Arc<Snapshot> {
        Arc::clone(&self.now.borrow())
    }

    /// Waits for the next picture; false when the run is over and there will be none.
    pub async fn changed(&mut self) -> bool {
        self.now.changed().await.is_ok()
    }

    /// Takes the picture of now for seen, so that [`Self::changed`] waits for one after it.
    pub fn catch_up(&mut self) {
        self.now.mark_unchanged();
    }

    /// The course from the start.
    pub fn course(&self) -> Vec<Moment> {
        self.read_course(<[Moment]>::to_vec)
    }

    /// Looks at the course from the start without a copy; the run waits meanwhile.
    pub fn read_course<T>(&self, look: impl FnOnce(&[Moment]) -> T) -> T {
        look(&self.course.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks something of the run; without effect when it is over.
    pub fn ask(&self, order: Order) {
        // A run that is over needs no orders.
        let _ = self.orders.send(order);
    }
}
