//! A bound on the bytes of all bodies that are held at once.
//!
//! A body takes room as it grows and gives it back when it has been read. Bodies that wait for room
//! hold some already, so a plain bound could leave all of them waiting for each other; therefore one
//! body at a time may go beyond it, up to the size that a single one may have. Then it is done, and the
//! next one goes on.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Room is counted in steps of this many bytes: few changes of a counter, little waste.
const STEP: usize = 16 << 10;

/// The room for all bodies; clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    room: Arc<Semaphore>,
    beyond: Arc<Semaphore>,
}

impl Budget {
    /// Room for this many bytes.
    pub fn new(bytes: usize) -> Self {
        let steps = bytes.div_ceil(STEP).clamp(1, Semaphore::MAX_PERMITS);
        Self { room: Arc::new(Semaphore::new(steps)), beyond: Arc::new(Semaphore::new(1)) }
    }

    /// A body that holds nothing yet.
    pub fn body(&self) -> Held {
        Held { budget: self.clone(), room: None, beyond: None }
    }
}

/// The room that one body holds, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    budget: Budget,
    room: Option<OwnedSemaphorePermit>,
    beyond: Option<OwnedSemaphorePermit>,
}

impl Held {
    /// Waits until there is room for a body of this many bytes in all.
    pub async fn grow(&mut self, bytes: usize) {
        let has = self.room.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = u32::try_from(bytes.div_ceil(STEP).saturating_sub(has)).unwrap_or(u32::MAX);
        if more == 0 || self.beyond.is_some() {
            return;
        }
        let Budget { room, beyond } = self.budget.clone();
        // Neither is ever closed.
        tokio::select! {
            biased;
            Ok(more) = room.acquire_many_owned(more) => match &mut self.room {
                Some(room) => room.merge(more),
                None => self.room = Some(more),
            },
            Ok(beyond) = beyond.acquire_owned() => self.beyond = Some(beyond),
            else => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(budget: &Budget) -> (usize, usize) {
        (budget.room.available_permits(), budget.beyond.available_permits())
    }

    #[tokio::test]
    async fn room_is_taken_as_a_body_grows_and_given_back() {
        let budget = Budget::new(4 * STEP);
        let mut body = budget.body();
        body.grow(1).await;
        body.grow(STEP).await;
        assert_eq!(left(&budget), (3, 1));
        body.grow(2 * STEP + 1).await;
        assert_eq!(left(&budget), (1, 1));
        drop(body);
        assert_eq!(left(&budget), (4, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn bodies_that_wait_for_each_other_still_end() {
        let budget = Budget::new(2 * STEP);
        let bodies: Vec<_> = (0..10)
            .map(|_| {
                let mut body = budget.body();
                tokio::spawn(async move {
                    for steps in 1..=8 {
                        body.grow(steps * STEP).await;
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        for body in bodies {
            // Paused time leaps as soon as nothing can go on.
            tokio::time::timeout(std::time::Duration::from_secs(1), body).await.unwrap().unwrap();
        }
        assert_eq!(left(&budget), (2, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_held_than_the_bound_and_one_body() {
        let budget = Budget::new(2 * STEP);
        let (mut first, mut second, mut third) = (budget.body(), budget.body(), budget.body());
        first.grow(2 * STEP).await;
        second.grow(100 * STEP).await;
        assert_eq!(left(&budget), (0, 0));
        let second_of_time = std::time::Duration::from_secs(1);
        assert!(tokio::time::timeout(second_of_time, third.grow(1)).await.is_err());
        drop(first);
        third.grow(1).await;
        assert_eq!(left(&budget), (1, 0));
    }
}
