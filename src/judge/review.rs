//! The station's loop: polls in, admissions out.
//!
//! Feed state advances only together with the items that came with it: while the store cannot be
//! written, polls wait here, and what is lost by a kill in between is simply polled again.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::Instant;

use super::identity::{Fresh, fresh};
use super::index::{CLOSES, StoryIndex};
use super::plan::{Batch, Judged, Terms, plan};
use super::section::StorySection;
use crate::model::{
    FeedName, FeedState, Item, ItemKey, Match, Plan, PollOutcome, Polled, Pulse, Route,
};
use crate::rule::RuleSet;
use crate::store::{Admitted, Known, Store, StoreError};

/// Polls that are judged and admitted together at most.
pub(super) const BATCH: usize = 32;
/// Items, and bytes of text, above which the rules run on a thread of their own.
const INLINE: (usize, usize) = (8, 16 * 1024);
/// Longest silence of the loop's pulse.
const TICK: Duration = Duration::from_secs(10);
/// First and longest wait after the store has failed.
pub(super) const BACK_OFF: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// Tries once no more polls can come: what fails then is polled again after the next start.
const LAST_TRIES: u32 = 3;
/// Longest time that these tries go on, where one of them waits for a locked database.
const LAST_WAIT: Duration = Duration::from_secs(10);
/// How soon a waiting loop notices that no more polls can come.
const NAP: Duration = Duration::from_millis(250);
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
    let mut early = None;
    loop {
        judge.pulse.beat();
        let first = match early.take() {
            Some(first) => first,
            None => match tokio::time::timeout(TICK, inbox.recv()).await {
                Err(_) => continue,
                Ok(None) => return,
                Ok(Some(first)) => first,
            },
        };
        let mut polls = vec![first];
        while polls.len() < BATCH {
            let Ok(next) = inbox.try_recv() else { break };
            // What a feed shows again is known only once its document before is stored.
            if brings_items(&next) && polls.iter().any(|one| one.feed == next.feed) {
                early = Some(next);
                break;
            }
            polls.push(next);
        }
        // What comes after polls that were given up holds validators of documents that are in no
        // database; all of it is polled again.
        if !judge.settle(polls, &inbox).await {
            return;
        }
    }
}

fn brings_items(poll: &Polled) -> bool {
    matches!(poll.outcome, PollOutcome::Items { .. })
}

/// A poll that brought a document.
struct Document {
    feed: FeedName,
    state: FeedState,
    items: Vec<Item>,
    /// Keys of items that were known under other keys.
    rekeyed: Vec<ItemKey>,
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
    /// Writes what came, trying until it is written; gives false where it had to be given up.
    async fn settle(&mut self, polls: Vec<Polled>, inbox: &mpsc::Receiver<Polled>) -> bool {
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
                PollOutcome::Items { items, faults, rekeyed } => {
                    if !faults.is_empty() {
                        tracing::debug!(feed.id = %poll.feed, repairs = faults.len(), "the feed was repaired: {}", faults.join("; "));
                    }
                    let (feed, state) = (poll.feed, poll.next);
                    documents.push(Document { feed, state, items, rekeyed });
                }
            }
        }
        if documents.is_empty() {
            return true;
        }
        let started = Instant::now();
        let mut wait = BACK_OFF.0;
        let mut failures = 0;
        while let Err(error) = self.judge(&mut documents).await {
            self.pulse.beat();
            failures += 1;
            self.index = None;
            if failures == 1 {
                tracing::error!(%error, "polls cannot be stored; they wait until they can");
            }
            let last = failures >= LAST_TRIES || started.elapsed() >= LAST_WAIT;
            if inbox.is_closed() && last {
                tracing::warn!(
                    polls = documents.len(),
                    "stopping with polls that could not be stored; they are polled again after the next start"
                );
                return false;
            }
            nap(wait, inbox).await;
            wait = (wait * 2).min(BACK_OFF.1);
        }
        if failures > 0 {
            tracing::info!(failures, "polls can be stored again");
        }
        later.into_iter().for_each(|(feed, state)| self.store.note(feed, state));
        true
    }

    /// Judges documents and admits what they lead to. Where that fails, the items that matter are
    /// back in their documents for the next try.
    async fn judge(&mut self, documents: &mut [Document]) -> Result<(), StoreError> {
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
        documents: &mut [Document],
        polled: &HashSet<FeedName>,
    ) -> Result<(), StoreError> {
        let fresh = self.sift(documents, polled).await?;
        let judged = examined(bench, fresh).await;
        let (mut batches, mut places) = (Vec::<Batch>::new(), Vec::new());
        let mut later = Vec::new();
        for (place, (document, items)) in documents.iter().zip(judged).enumerate() {
            let mut state = document.state.clone();
            if items.is_empty() {
                // As above: never before the items of the feed's earlier document.
                match batches.iter().any(|batch| batch.feed == document.feed) {
                    true => later.push((document.feed.clone(), state)),
                    false => self.store.note(document.feed.clone(), state),
                }
                continue;
            }
            // By the entry's own date: what a dead feed still lists is new to us and no news.
            let now = Timestamp::now();
            let arrived =
                items.iter().map(|one| &one.fresh).filter(|one| !one.revised() && !one.rekeyed);
            let newest = arrived.map(|one| one.item.published.unwrap_or(now).min(now)).max();
            state.last_new = state.last_new.max(newest);
            places.push(place);
            batches.push(Batch {
                feed: document.feed.clone(),
                state,
                first_poll: !polled.contains(&document.feed),
                shadow: bench.shadow.contains(&document.feed),
                items,
            });
        }
        if batches.is_empty() {
            return Ok(());
        }
        let outcome = self.admit(bench, &mut batches).await;
        if outcome.is_ok() {
            later.into_iter().for_each(|(feed, state)| self.store.note(feed, state));
        } else {
            for (place, batch) in places.into_iter().zip(batches) {
                documents[place].items =
                    batch.items.into_iter().map(|judged| judged.fresh.item).collect();
            }
        }
        outcome
    }

    /// Takes the items out of the documents, and keeps those that are news.
    async fn sift(
        &self,
        documents: &mut [Document],
        polled: &HashSet<FeedName>,
    ) -> Result<Vec<Vec<Fresh>>, StoreError> {
        // Of a feed that was never read nothing can be known.
        let keys = documents.iter().filter(|document| polled.contains(&document.feed)).map(|one| {
            let keys = one.items.iter().map(|item| item.key.clone()).collect();
            (one.feed.clone(), keys)
        });
        let keys: Vec<_> = keys.collect();
        let known = match keys.is_empty() {
            true => Vec::new(),
            false => self.store.known(keys).await?,
        };
        let mut known = known.into_iter();
        let sift = |document: &mut Document| {
            let known = match polled.contains(&document.feed) {
                true => known.next().unwrap_or_default(),
                false => HashMap::new(),
            };
            fresh(std::mem::take(&mut document.items), &known, &document.rekeyed)
        };
        Ok(documents.iter_mut().map(sift).collect())
    }

    /// Plans and admits, again where another process was faster. The batches are whole afterwards.
    async fn admit(
        &mut self,
        bench: &Arc<Bench>,
        batches: &mut Vec<Batch>,
    ) -> Result<(), StoreError> {
        for _ in 0..STALE {
            let now = Timestamp::now();
            let mut index = self.index(bench, now).await?;
            let terms = Terms { story: &bench.story, routes: &bench.routes };
            let asked: Vec<Asked> = batches.iter().map(Asked::of).collect();
            let plans = std::mem::take(batches).into_iter();
            let plans: Vec<Plan> = plans.map(|batch| plan(&mut index, terms, batch, now)).collect();
            let told: usize = plans.iter().map(|plan| plan.alerts.len()).sum();
            let plans = Arc::new(plans);
            let admitted = self.store.admit(index.generation, plans.clone()).await;
            if let Ok(Admitted::Done { generation }) = admitted {
                index.generation = generation;
                self.index = Some((bench.clone(), index));
                if told > 0 {
                    tracing::info!(alerts = told, "new alerts");
                    self.posted.notify_one();
                }
                return Ok(());
            }
            // The store has let go of them by now, so this copies nothing.
            let plans = Arc::unwrap_or_clone(plans).into_iter().zip(asked);
            *batches = plans.map(|(plan, asked)| asked.again(plan)).collect();
            admitted?;
            self.index = None;
        }
        Err(StoreError::Failed {
            doing: "place items into stories",
            why: "other processes keep changing them".to_owned(),
        })
    }

    /// The index to plan on, which comes back once its plans are committed; read from the store after
    /// a start, a failure, a reload or another process's change.
    async fn index(
        &mut self,
        bench: &Arc<Bench>,
        now: Timestamp,
    ) -> Result<StoryIndex, StoreError> {
        if let Some((of, index)) = self.index.take()
            && Arc::ptr_eq(&of, bench)
        {
            return Ok(index);
        }
        let since = now.checked_sub(CLOSES).unwrap_or(Timestamp::MIN);
        let book = self.store.story_book(since).await?;
        Ok(StoryIndex::new(book, bench.rules.standings()))
    }
}

/// Sleeps, but no longer than the first wait once no more polls can come.
pub(super) async fn nap(wait: Duration, inbox: &mpsc::Receiver<Polled>) {
    let started = Instant::now();
    loop {
        let wait = if inbox.is_closed() { wait.min(BACK_OFF.0) } else { wait };
        let left = wait.saturating_sub(started.elapsed());
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(NAP)).await;
    }
}

/// What a plan was made from, beside what it holds.
struct Asked {
    first_poll: bool,
    shadow: bool,
    /// Of each item.
    before: Vec<(Option<Known>, bool)>,
}

impl Asked {
    fn of(batch: &Batch) -> Self {
        let before = |one: &Judged| (one.fresh.before.clone(), one.fresh.rekeyed);
        let before = batch.items.iter().map(before).collect();
        Self { first_poll: batch.first_poll, shadow: batch.shadow, before }
    }

    fn again(self, plan: Plan) -> Batch {
        let Plan { feed, state, items, .. } = plan;
        let Self { first_poll, shadow, before } = self;
        let items = items.into_iter().zip(before).map(|(row, (before, rekeyed))| Judged {
            fresh: Fresh { item: row.item, before, rekeyed },
            matched: row.matched,
        });
        Batch { feed, state, first_poll, shadow, items: items.collect() }
    }
}

/// Asks the rules about the items of each document, on a thread of their own where there is much to
/// ask.
async fn examined(bench: &Arc<Bench>, fresh: Vec<Vec<Fresh>>) -> Vec<Vec<Judged>> {
    let count: usize = fresh.iter().map(Vec::len).sum();
    let texts = |one: &Fresh| {
        let Item { title, summary, body, .. } = &one.item;
        title.len() + summary.len() + body.len()
    };
    let bytes: usize = fresh.iter().flatten().map(texts).sum();
    let fresh = Arc::new(fresh);
    let verdicts = if count <= INLINE.0 && bytes <= INLINE.1 {
        verdicts(bench, &fresh)
    } else {
        let (bench, fresh) = (bench.clone(), fresh.clone());
        // Panics are caught below; only the end of the program ends the task early.
        tokio::task::spawn_blocking(move || verdicts(&bench, &fresh)).await.unwrap_or_default()
    };
    let fresh = Arc::unwrap_or_clone(fresh).into_iter();
    let mut verdicts = verdicts.into_iter();
    let judged = fresh.map(|items| {
        let mut verdicts = verdicts.next().unwrap_or_default().into_iter();
        let judge = |fresh| Judged { fresh, matched: verdicts.next().flatten() };
        items.into_iter().map(judge).collect()
    });
    judged.collect()
}

/// What the rules say of each item.
fn verdicts(bench: &Bench, fresh: &[Vec<Fresh>]) -> Vec<Vec<Option<Match>>> {
    let judge = |item: &Item| bench.rules.judge(item);
    // What was judged under its former key is only written down under its new one.
    let judged = |one: &Fresh| if one.rekeyed { None } else { guarded(&judge, &one.item) };
    let document = |items: &Vec<Fresh>| items.iter().map(judged).collect();
    fresh.iter().map(document).collect()
}

/// Asks the rules about one item. A panic in a rule would come again with every try: it costs this
/// item, which stays quiet, and the loop lives.
pub(super) fn guarded(judge: &dyn Fn(&Item) -> Option<Match>, item: &Item) -> Option<Match> {
    // Rules are only read, so a panic leaves nothing half-changed behind.
    catch_unwind(AssertUnwindSafe(|| judge(item))).unwrap_or_else(|_| {
        tracing::error!(
            feed.id = %item.feed,
            title = ?item.title,
            "the rules failed on an item; it is stored as quiet"
        );
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ItemKey, Kind};
    use crate::rule::Draft;
    use crate::setting::Problems;
    use crate::store::Access;

    fn item(key: &str) -> Item {
        Item {
            key: ItemKey::new(key),
            feed: FeedName::new("feed"),
            url: None,
            canonical: None,
            title: format!("Headline of {key}"),
            summary: String::new(),
            body: String::new(),
            feed_text: None,
            author: String::new(),
            categories: Vec::new(),
            language: None,
            published: None,
            seen: Timestamp::UNIX_EPOCH,
            kind: Kind::Press,
            tags: Vec::new(),
        }
    }

    fn judge(store: Store) -> Judge {
        let bench = Bench {
            rules: Draft::default().build(&Problems::default()),
            routes: Vec::new(),
            story: StorySection::default(),
            shadow: Vec::new(),
        };
        let bench = watch::channel(Arc::new(bench)).1;
        let (posted, pulse) = (Arc::default(), Pulse::default());
        Judge { store, bench, posted, pulse, index: None, polled: None }
    }

    /// Above and below the number from which the rules run on a thread of their own.
    #[tokio::test]
    async fn what_the_store_refuses_is_there_for_the_next_try() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("test.db");
        let store = Store::open(&path, Access::Create).unwrap();
        for count in [INLINE.0, INLINE.0 + 1] {
            let items: Vec<Item> = (0..count).map(|n| item(&format!("{count}/{n}"))).collect();
            let state = FeedState::new(Timestamp::UNIX_EPOCH);
            let feed = FeedName::new("feed");
            let mut documents =
                [Document { feed, state, items: items.clone(), rekeyed: Vec::new() }];
            let reading = Store::open(&path, Access::Read).unwrap();
            let refused = judge(reading).judge(&mut documents).await;
            assert_eq!(refused, Err(StoreError::ReadOnly));
            assert_eq!(documents[0].items, items);
            judge(store.clone()).judge(&mut documents).await.unwrap();
        }
        let stored = store.stats().await.unwrap().items;
        assert_eq!(usize::try_from(stored), Ok(2 * INLINE.0 + 1));
    }
}
