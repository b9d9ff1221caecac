//! The station's loop: polls in, admissions out.
//!
//! Feed state advances only together with the items that came with it: while the store cannot be
//! written, polls wait here, and what is lost by a kill in between is simply polled again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};

use super::identity::{Fresh, fresh};
use super::index::{CLOSES, StoryIndex};
use super::plan::{Batch, Judged, Terms, plan};
use super::section::StorySection;
use crate::model::{FeedName, FeedState, Item, Plan, PollOutcome, Polled, Pulse, Route};
use crate::rule::RuleSet;
use crate::store::{Admitted, Store, StoreError};

/// Polls that are judged and admitted together at most.
const BATCH: usize = 32;
/// Items above which the rules run on a thread of their own.
const INLINE: usize = 8;
/// Longest silence of the loop's pulse.
const TICK: Duration = Duration::from_secs(10);
/// First and longest wait after the store has failed.
const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Tries once no more polls can come: what fails then is polled again after the next start.
const LAST_TRIES: u32 = 3;
/// Plans that other processes may make stale in a row before it counts as a failure.
const STALE: u32 = 10;

/// What is judged by; swapped whole by a reload.
#[derive(Debug)]
pub struct Bench {
    /// The rules.
    pub rules: RuleSet,
    /// Who wants what.
    pub routes: Vec<Route>,
    /// How items become stories.
    pub story: StorySection,
    /// Feeds that are recorded and never sent.
    pub shadow: Vec<FeedName>,
}

/// What the loop works with.
pub struct JudgeSetup {
    /// Where everything is kept.
    pub store: Store,
    /// What is judged by.
    pub bench: watch::Receiver<Arc<Bench>>,
    /// Polls; the loop ends when the other end is dropped and the line is empty.
    pub inbox: mpsc::Receiver<Polled>,
    /// Told after each admission that queued messages.
    pub posted: Arc<Notify>,
    /// The sign of life.
    pub pulse: Pulse,
}

/// Judges polls until no more can come.
pub async fn run(setup: JudgeSetup) {
    let JudgeSetup { store, bench, mut inbox, posted, pulse } = setup;
    let mut judge = Judge { store, bench, posted, pulse, index: None, polled: None };
    loop {
        judge.pulse.beat();
        let first = match tokio::time::timeout(TICK, inbox.recv()).await {
            Err(_) => continue,
            Ok(None) => return,
            Ok(Some(first)) => first,
        };
        let mut polls = vec![first];
        while polls.len() < BATCH {
            match inbox.try_recv() {
                Ok(next) => polls.push(next),
                Err(_) => break,
            }
        }
        judge.settle(polls, &inbox).await;
    }
}

/// A poll that brought a document.
#[derive(Clone)]
struct Document {
    feed: FeedName,
    state: FeedState,
    items: Vec<Item>,
}

struct Judge {
    store: Store,
    bench: watch::Receiver<Arc<Bench>>,
    posted: Arc<Notify>,
    pulse: Pulse,
    index: Option<(Arc<Bench>, StoryIndex)>,
    /// Feeds of which something was admitted before.
    polled: Option<HashSet<FeedName>>,
}

impl Judge {
    /// Writes what came, trying until it is written.
    async fn settle(&mut self, polls: Vec<Polled>, inbox: &mpsc::Receiver<Polled>) {
        let mut documents: Vec<Document> = Vec::new();
        let mut later = Vec::new();
        for poll in polls {
            match poll.outcome {
                // Its state holds the validators of the document before it, so it may not be saved
                // before that document's items are.
                PollOutcome::Unchanged | PollOutcome::Failed(_)
                    if documents.iter().any(|one| one.feed == poll.feed) =>
                {
                    later.push((poll.feed, poll.next));
                }
                PollOutcome::Unchanged | PollOutcome::Failed(_) => {
                    self.store.note(poll.feed, poll.next);
                }
                PollOutcome::Items { items, faults } => {
                    if !faults.is_empty() {
                        tracing::debug!(feed.id = %poll.feed, repairs = faults.len(), "the feed was repaired: {}", faults.join("; "));
                    }
                    documents.push(Document { feed: poll.feed, state: poll.next, items });
                }
            }
        }
        if documents.is_empty() {
            return;
        }
        let mut wait = BACK_OFF.0;
        let mut failures = 0;
        while let Err(error) = self.judge(&documents).await {
            self.pulse.beat();
            failures += 1;
            self.index = None;
            if failures == 1 {
                tracing::error!(%error, "polls cannot be stored; they wait until they can");
            }
            if inbox.is_closed() && failures >= LAST_TRIES {
                tracing::warn!(
                    polls = documents.len(),
                    "stopping with polls that could not be stored; they are polled again after the next start"
                );
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(BACK_OFF.1);
        }
        if failures > 0 {
            tracing::info!(failures, "polls can be stored again");
        }
        later.into_iter().for_each(|(feed, state)| self.store.note(feed, state));
    }

    /// Judges documents and admits what they lead to.
    async fn judge(&mut self, documents: &[Document]) -> Result<(), StoreError> {
        let bench = self.bench.borrow_and_update().clone();
        let mut polled = match self.polled.take() {
            Some(known) => known,
            None => {
                let states = self.store.feed_states().await?;
                states
                    .into_iter()
                    .filter(|(_, state)| state.last_success.is_some())
                    .map(|(name, _)| name)
                    .collect()
            }
        };
        let outcome = self.judge_with(&bench, documents, &polled).await;
        if outcome.is_ok() {
            polled.extend(documents.iter().map(|document| document.feed.clone()));
        }
        self.polled = Some(polled);
        outcome
    }

    async fn judge_with(
        &mut self,
        bench: &Arc<Bench>,
        documents: &[Document],
        polled: &HashSet<FeedName>,
    ) -> Result<(), StoreError> {
        let mut batches = Vec::new();
        for document in documents {
            let keys = document.items.iter().map(|item| item.key.clone()).collect();
            let known = self.store.known(&document.feed, keys).await?;
            let fresh = fresh(document.items.clone(), &known);
            let mut state = document.state.clone();
            if fresh.is_empty() {
                self.store.note(document.feed.clone(), state);
                continue;
            }
            // By the entry's own date: what a dead feed still lists is new to us and no news.
            let now = Timestamp::now();
            let arrived = fresh.iter().filter(|one| !one.revised);
            let newest = arrived.map(|one| one.item.published.unwrap_or(now).min(now)).max();
            state.last_new = state.last_new.max(newest);
            batches.push(Batch {
                feed: document.feed.clone(),
                state,
                first_poll: !polled.contains(&document.feed),
                shadow: bench.shadow.contains(&document.feed),
                items: examined(bench, fresh).await,
            });
        }
        if batches.is_empty() {
            return Ok(());
        }
        for _ in 0..STALE {
            let now = Timestamp::now();
            let mut index = self.index(bench, now).await?;
            let terms = Terms { story: &bench.story, routes: &bench.routes };
            let plans: Vec<Plan> =
                batches.iter().map(|batch| plan(&mut index, terms, batch.clone(), now)).collect();
            let told: usize = plans.iter().map(|plan| plan.alerts.len()).sum();
            match self.store.admit(index.generation, plans).await? {
                Admitted::Stale => self.index = None,
                Admitted::Done { generation } => {
                    index.generation = generation;
                    self.index = Some((bench.clone(), index));
                    if told > 0 {
                        tracing::info!(alerts = told, "new alerts");
                        self.posted.notify_one();
                    }
                    return Ok(());
                }
            }
        }
        Err(StoreError::Failed {
            doing: "place items into stories",
            why: "other processes keep changing them".to_owned(),
        })
    }

    /// A copy of the index to plan on; read from the store after a start, a failure, a reload or
    /// another process's change.
    async fn index(
        &mut self,
        bench: &Arc<Bench>,
        now: Timestamp,
    ) -> Result<StoryIndex, StoreError> {
        if let Some((of, index)) = &self.index
            && Arc::ptr_eq(of, bench)
        {
            return Ok(index.clone());
        }
        let since = now.checked_sub(CLOSES).unwrap_or(Timestamp::MIN);
        let book = self.store.story_book(since).await?;
        let index = StoryIndex::new(book, bench.rules.standings());
        self.index = Some((bench.clone(), index.clone()));
        Ok(index)
    }
}

/// Asks the rules, on a thread of their own where there is much to ask.
async fn examined(bench: &Arc<Bench>, fresh: Vec<Fresh>) -> Vec<Judged> {
    let judge = |bench: &Bench, fresh: Vec<Fresh>| -> Vec<Judged> {
        let one =
            |fresh: Fresh| Judged { matched: bench.rules.examine(&fresh.item).matched, fresh };
        fresh.into_iter().map(one).collect()
    };
    if fresh.len() <= INLINE {
        return judge(bench, fresh);
    }
    let (rules, items) = (bench.clone(), fresh.clone());
    match tokio::task::spawn_blocking(move || judge(&rules, items)).await {
        Ok(judged) => judged,
        // A panic in a rule would come again; the items stay quiet and the loop lives.
        Err(error) => {
            tracing::error!(%error, "the rules failed on a document; its items are stored as quiet");
            fresh.into_iter().map(|fresh| Judged { fresh, matched: None }).collect()
        }
    }
}
