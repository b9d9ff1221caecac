//! What people mean by a name: an alliance, a candidate, a sink. A name that nothing bears is an error and
//! no empty answer, for silence must mean that nothing happened.

use jiff::Timestamp;

use super::{Roster, plain};
use crate::model::Role;
use crate::setting::nearest;
use crate::store::{LedgerRow, Store, StoreError};
use crate::text::clean;

/// Finds out what names mean.
pub struct Names<'r> {
    roster: &'r Roster,
    store: Option<&'r Store>,
}

/// What is meant, or the word that nothing is called so.
type Meant = Result<String, NoName>;

/// Why it is not known what a name means.
#[derive(Debug, thiserror::Error)]
pub enum NoName {
    /// Nothing is called so; says what is called nearly so.
    #[error("{0}")]
    Unknown(String),
    /// The database cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'r> Names<'r> {
    /// The names of the config, and of what was told before under other ones.
    pub fn new(roster: &'r Roster, store: Option<&'r Store>) -> Self {
        Self { roster, store }
    }

    /// The alliance, as alerts bear it, by its name or a word for it: `nato`, `Otan`.
    ///
    /// # Errors
    ///
    /// As [`NoName`] says.
    pub async fn alliance(&self, asked: &str) -> Meant {
        let rules = &self.roster.rules;
        let known = rules.alliances().find(|name| is_same(name, asked)).map(str::to_owned);
        if let Some(found) = known.or_else(|| self.word(asked, &[Role::Alliance])) {
            return Ok(found);
        }
        let told = self.told(|row| row.alliance, asked).await?;
        told.ok_or_else(|| unknown("alliance", asked, nearest(asked, rules.alliances())))
    }

    /// The candidate's code, by code, name or a word for it: `jp`, `Japan`, `日本`.
    ///
    /// # Errors
    ///
    /// As [`NoName`] says.
    pub async fn candidate(&self, asked: &str) -> Meant {
        let rules = &self.roster.rules;
        let means = |(code, name): &(&str, &str)| is_same(code, asked) || is_same(name, asked);
        let known = rules.candidates().find(means).map(|(code, _)| code.to_owned());
        let word = || self.word(asked, &[Role::Candidate, Role::Actor]);
        // A bloc at another's door is a candidate by its own name.
        let bloc = || self.word(asked, &[Role::Alliance]);
        if let Some(found) = known.or_else(word).or_else(bloc) {
            return Ok(found);
        }
        let told = self.told(|row| row.candidate, asked).await?;
        told.ok_or_else(|| {
            let names = rules.candidates().flat_map(|(code, name)| [code, name]);
            unknown("candidate", asked, nearest(asked, names))
        })
    }

    /// The sink, as the config or its messages name it.
    ///
    /// # Errors
    ///
    /// As [`NoName`] says.
    pub async fn sink(&self, asked: &str) -> Meant {
        let named = || self.roster.sinks.iter().map(|name| name.as_str());
        let mut known = named().any(|name| name == asked);
        if let Some(store) = self.store.filter(|_| !known) {
            known = store.counts(Timestamp::now()).await?.queue.contains_key(asked);
        }
        match known {
            true => Ok(asked.to_owned()),
            false => Err(unknown("sink", asked, nearest(asked, named()))),
        }
    }

    /// A name that stands in the ledger, and in the rules no more.
    async fn told(
        &self,
        name: fn(LedgerRow) -> String,
        asked: &str,
    ) -> Result<Option<String>, StoreError> {
        let Some(store) = self.store else { return Ok(None) };
        Ok(store.ledger().await?.into_iter().map(name).find(|name| is_same(name, asked)))
    }

    /// The list of the lexicon that the whole of a text is a word of.
    fn word(&self, asked: &str, roles: &[Role]) -> Option<String> {
        let item = plain(asked, Timestamp::now());
        let whole = item.title.chars().count();
        let (found, _) = self.roster.rules.recognise(&item);
        let is_meant =
            |role: Role, span: (usize, usize)| roles.contains(&role) && span == (0, whole);
        found.into_iter().find(|one| is_meant(one.role, (one.start, one.end))).map(|one| one.list)
    }
}

fn is_same(name: &str, asked: &str) -> bool {
    name.eq_ignore_ascii_case(asked) || name.to_lowercase() == asked.to_lowercase()
}

fn unknown(what: &str, asked: &str, near: Option<&str>) -> NoName {
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    NoName::Unknown(format!("there is no {what} `{}`{near}", clean(asked)))
}
