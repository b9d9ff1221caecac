//! Permanent redirects: believed once several polls in a row agree, doubted when they stop working.

use super::access::Access;
use crate::model::{Feed, FeedState};
use crate::setting::Secret;

/// Polls that must agree before a permanent redirect is believed.
const AGREEING_POLLS: u32 = 3;
/// A believed redirect that fails this often is forgotten, and the configured address is asked again.
pub(super) const DOUBT_AFTER: u32 = 3;

/// Notes where the permanent redirects of a poll led (`None`: it was answered where it was asked).
/// `asked` is the address that was asked.
pub(super) fn follow_move(
    moved: &Option<(String, u32)>,
    asked: &str,
    led_to: Option<&str>,
) -> Option<(String, u32)> {
    match (moved, led_to) {
        (Some((to, count)), None) if to == asked => Some((to.clone(), *count)),
        (_, None) => None,
        (Some((to, count)), Some(now)) if to == now => Some((to.clone(), count.saturating_add(1))),
        // A believed target that itself moved on starts anew, from the configured address.
        (_, Some(now)) => Some((now.to_owned(), 1)),
    }
}

/// The configured address, secret or not.
pub(super) fn home<'a>(feed: &'a Feed, access: Option<&'a Access>) -> &'a str {
    access.and_then(|access| access.url.as_ref()).map_or(&feed.url, Secret::expose)
}

/// The address to ask: the configured one, or where enough polls in a row were sent for good.
pub(super) fn address<'a>(
    feed: &'a Feed,
    state: &'a FeedState,
    access: Option<&'a Access>,
) -> &'a str {
    let hidden = access.is_some_and(|access| access.url.is_some());
    match &state.moved {
        Some((to, count)) if *count >= AGREEING_POLLS && !hidden => to,
        _ => home(feed, access),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{Every, FeedName, Kind};

    #[test]
    fn a_move_is_believed_after_three_polls_that_agree() {
        let feed = Feed {
            name: FeedName::new("a"),
            url: "http://e.org/".to_owned(),
            every: Every::Auto,
            kind: Kind::Press,
            tags: Vec::new(),
            shadow: false,
            full_text: false,
        };
        let mut state = FeedState::new(Timestamp::UNIX_EPOCH);
        for _ in 0..2 {
            state.moved = follow_move(&state.moved, &feed.url, Some("http://new/"));
            assert_eq!(address(&feed, &state, None), "http://e.org/");
        }
        state.moved = follow_move(&state.moved, &feed.url, Some("http://new/"));
        assert_eq!(address(&feed, &state, None), "http://new/");
        let kept = follow_move(&state.moved, "http://new/", None);
        assert_eq!(kept, state.moved);
        assert_eq!(follow_move(&state.moved, &feed.url, None), None);
        let other = follow_move(&Some(("http://x/".to_owned(), 2)), &feed.url, Some("http://y/"));
        assert_eq!(other, Some(("http://y/".to_owned(), 1)));
    }
}
