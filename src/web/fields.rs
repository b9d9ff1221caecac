//! The fields of a query or a form: what is unknown is left aside, what is empty was not asked.

use url::form_urlencoded;

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
