//! The fields of a query or a form: what is empty was not asked; what makes no sense is an error, not
//! an empty answer.

use jiff::Timestamp;
use url::form_urlencoded;

use super::trouble::Trouble;
use crate::report::{Names, parse_since};

/// Fields by name, the first of each.
#[derive(Debug, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads the part of an address after `?`, or a form's body.
    pub(super) fn read(encoded: &[u8]) -> Self {
        Self(form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// Reads the query of an address.
    pub(super) fn of(uri: &axum::http::Uri) -> Self {
        Self::read(uri.query().unwrap_or_default().as_bytes())
    }

    /// A field that says something, without blanks around it.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        Some(value.trim()).filter(|value| !value.is_empty())
    }

    /// The same as a text of one's own.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    /// A field read as something; what does not read was not asked.
    pub(super) fn parsed<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.get(name)?.parse().ok()
    }

    /// A number.
    pub(super) fn number(&self, name: &str) -> Result<Option<usize>, Trouble> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let wrong = |_| Trouble::Bad(format!("`{name}` is a number, and `{text}` is none"));
        text.parse().map(Some).map_err(wrong)
    }

    /// One of some words.
    pub(super) fn word<T: Copy>(
        &self,
        name: &str,
        all: &[T],
        word: impl Fn(T) -> &'static str,
    ) -> Result<Option<T>, Trouble> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let found = all.iter().copied().find(|one| word(*one) == text);
        found.map(Some).ok_or_else(|| {
            let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
            Trouble::Bad(format!("`{name}` is one of {}, and not `{text}`", words.join(", ")))
        })
    }

    /// A time: exact, a date, or so long ago.
    pub(super) fn since(&self) -> Result<Option<Timestamp>, Trouble> {
        let Some(text) = self.get("since") else { return Ok(None) };
        let exact = text.parse::<Timestamp>().ok();
        exact.map_or_else(|| parse_since(text), Ok).map(Some).map_err(Trouble::Bad)
    }

    /// An alliance, as alerts bear it.
    pub(super) async fn alliance(&self, names: &Names<'_>) -> Result<Option<String>, Trouble> {
        let Some(asked) = self.get("alliance") else { return Ok(None) };
        Ok(Some(names.alliance(asked).await?))
    }

    /// A candidate's code, by code or name.
    pub(super) async fn candidate(&self, names: &Names<'_>) -> Result<Option<String>, Trouble> {
        let Some(asked) = self.get("candidate") else { return Ok(None) };
        Ok(Some(names.candidate(asked).await?))
    }

    /// A sink.
    pub(super) async fn sink(&self, names: &Names<'_>) -> Result<Option<String>, Trouble> {
        let Some(asked) = self.get("sink") else { return Ok(None) };
        Ok(Some(names.sink(asked).await?))
    }

    /// Its address with one field set to another value, the others as they are.
    pub(super) fn with(&self, path: &str, name: &str, value: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (known, old) in self.0.iter().filter(|(known, old)| known != name && !old.is_empty()) {
            query.append_pair(known, old);
        }
        query.append_pair(name, value);
        format!("{path}?{}", query.finish())
    }
}

/// An address with one field.
pub(super) fn link(path: &str, name: &str, value: &str) -> String {
    Fields::default().with(path, name, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_fields_were_not_asked() {
        let fields = Fields::read(b"alliance=NATO&candidate=+&page=x&text=a%26b");
        assert_eq!(fields.get("alliance"), Some("NATO"));
        assert_eq!(fields.get("candidate"), None);
        assert_eq!(fields.parsed::<u32>("page"), None);
        assert_eq!(
            fields.with("/x", "page", "2"),
            "/x?alliance=NATO&candidate=+&text=a%26b&page=2"
        );
    }
}
