//! `template`: any service that takes HTTP, with a body in the template language of Jinja.
//!
//! What is put in is escaped for the body's content type, so that no headline breaks out of a JSON
//! string or a form's field. A template is parsed and tried at load; what it may cost is bounded.

use std::time::Duration;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use minijinja::value::{Serde, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};
use reqwest::Method;
use reqwest::header::HeaderValue;
use toml::de::DeValue;

use super::call::Call;
use super::context::Context;
use super::contract::{Answer, Letter, Nature, Parcel, Proof, Sink, Stationery};
use super::headers::{Headers, HeadersSection};
use super::http::{Endpoint, refused};
use super::place::entered;
use super::section::required_secret;
use super::{BuildError, DIGEST, DIGEST_BYTES, SinkConfig, Workshop};
use crate::model::Sealed;
use crate::setting::{Diagnostic, SecretSource, Table};

/// Steps that a template may take: a digest of a hundred alerts takes a few thousand.
const FUEL: u64 = 200_000;
/// Bytes of a body.
const BODY: usize = 256 << 10;
/// The name under which the body is known to the engine.
const NAME: &str = "body";

/// What holds for every one of its kind.
const NATURE: Nature = Nature {
    chat: false,
    digest: DIGEST,
    digest_bytes: DIGEST_BYTES,
    in_flight: 1,
    acceptance: "the service answered with a 2xx; what it made of the body it alone knows",
    rate: None,
};

/// The keys of `type = "template"`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Section {
    url: SecretSource,
    method: &'static str,
    headers: HeadersSection,
    content_type: String,
    body: String,
}

impl Section {
    pub(super) fn read(table: &Table<'_>) -> Option<Self> {
        let words = [("POST", "POST"), ("PUT", "PUT"), ("PATCH", "PATCH")];
        let method = table.choice("method", &words).unwrap_or("POST");
        let headers = HeadersSection::read(table);
        let content_type =
            table.string("content_type").map_or_else(|| "application/json".to_owned(), |it| it.0);
        if HeaderValue::from_str(&content_type).is_err() {
            let at = table.at("content_type");
            table.problems().error(at, "`content_type` holds a character that headers cannot");
        }
        let url = required_secret(table, "url", "say where it goes: url = { file = \"…\" }");
        let body = body(table, &content_type)?;
        Some(Self { url: url?, method, headers, content_type, body })
    }

    pub(super) fn build(
        &self,
        config: &SinkConfig,
        workshop: &Workshop,
    ) -> Result<Template, BuildError> {
        let wrong = |why: String| BuildError::Value { key: "body", why };
        let method = Method::from_bytes(self.method.as_bytes())
            .map_err(|error| BuildError::Value { key: "method", why: error.to_string() })?;
        let headers = self.headers.open()?;
        Ok(Template {
            endpoint: Endpoint::new("url", &self.url, config, workshop)?,
            headers,
            method,
            content_type: self.content_type.clone(),
            press: Press::new(&self.body, &self.content_type)
                .map_err(|error| wrong(error.to_string()))?,
        })
    }
}

/// `body = "…"` or `{ file = "…" }`; parsed and tried.
fn body(table: &Table<'_>, content_type: &str) -> Option<String> {
    const HELP: &str = "write the body: body = '{\"text\": \"{{ text }}\"}', or { file = \"…\" }";
    let Some((value, span)) = table.value("body") else {
        table.missing("body", HELP);
        return None;
    };
    let wrong = |text: String| table.problems().add(Diagnostic::error(span, text).help(HELP));
    let (text, file): (String, Option<PathBuf>) = match value {
        DeValue::String(text) => (text.to_string(), None),
        DeValue::Table(_) => {
            let inner = table.table("body")?;
            let path = inner.path("file").map(|(path, _)| path);
            inner.finish();
            let Some(path) = path else {
                wrong("`body` names no `file`".to_owned());
                return None;
            };
            match std::fs::read_to_string(&path) {
                Ok(text) => (text, Some(path)),
                Err(error) => {
                    wrong(format!("the body `{}` cannot be read: {error}", path.display()));
                    return None;
                }
            }
        }
        _ => {
            wrong("`body` wants a string or a file".to_owned());
            return None;
        }
    };
    let Err(fault) = Press::new(&text, content_type).and_then(|press| press.tried()) else {
        return Some(text);
    };
    let place = match &file {
        Some(path) => format!("`{}`", path.display()),
        None => "`body`".to_owned(),
    };
    let message = format!("{place}, line {}: {}", fault.line, fault.why);
    let mut diagnostic = Diagnostic::error(span, message).help(fault.help);
    if file.is_none() {
        diagnostic = diagnostic.inside(fault.at);
    }
    table.problems().add(diagnostic);
    None
}

/// What is wrong with a template.
#[derive(Debug)]
struct Fault {
    /// Line of the body, from 1.
    line: usize,
    /// The same as a byte.
    at: usize,
    why: String,
    help: &'static str,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl Fault {
    fn of(error: &Error, text: &str) -> Self {
        let line = error.line().unwrap_or(1).max(1);
        let starts = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let at = error.range().map_or(starts, |range| range.start).min(text.len());
        let why = match error.kind() {
            ErrorKind::OutOfFuel => "it does not come to an end".to_owned(),
            ErrorKind::UndefinedError => "it names what there is not".to_owned(),
            _ => error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        };
        let help = match error.kind() {
            ErrorKind::UndefinedError => {
                "there are text, type, alerts, and of each alert: verdict, headline, link, source, \
                 evidence, gloss, also_named, before, also_in, follows, page, alert, story, level, \
                 rule, title, url, feed, published, alliances, candidates, acts"
            }
            _ => {
                "the language is that of Jinja: {{ headline }}, {% for one in alerts %} … {% endfor %}"
            }
        };
        Self { line, at, why, help }
    }
}

/// How what is put in is escaped.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Json,
    Fields,
    Html,
    Plain,
}

impl Form {
    fn of(content_type: &str) -> Self {
        let kind = content_type.to_ascii_lowercase();
        match () {
            () if kind.contains("json") => Form::Json,
            () if kind.contains("form-urlencoded") => Form::Fields,
            () if kind.contains("html") || kind.contains("xml") => Form::Html,
            () => Form::Plain,
        }
    }

    fn write(self, out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
        let text = match (self, value.as_str()) {
            (_, Some(text)) if value.is_safe() => text.to_owned(),
            // The quotes stand in the template.
            (Form::Json, Some(text)) => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            (Form::Json, None) if value.kind() != ValueKind::Undefined => {
                serde_json::to_string(value)
                    .map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?
            }
            (Form::Fields, _) => {
                url::form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
            }
            (Form::Html, _) => super::inert::html(&value.to_string()),
            _ => value.to_string(),
        };
        out.write_str(&text).map_err(Error::from)
    }
}

/// A parsed template.
#[derive(Debug, Clone)]
struct Press {
    engine: Arc<Environment<'static>>,
    form: Form,
    text: String,
}

impl Press {
    fn new(text: &str, content_type: &str) -> Result<Self, Fault> {
        let form = Form::of(content_type);
        let mut engine = Environment::new();
        engine.set_fuel(Some(FUEL));
        engine.set_undefined_behavior(UndefinedBehavior::Strict);
        engine.set_auto_escape_callback(|_| AutoEscape::None);
        engine.set_formatter(move |out, _: &mut State<'_, '_>, value| form.write(out, value));
        engine
            .add_template_owned(NAME, text.to_owned())
            .map_err(|error| Fault::of(&error, text))?;
        Ok(Self { engine: Arc::new(engine), form, text: text.to_owned() })
    }

    /// The body for this context.
    fn print(&self, context: &Context) -> Result<String, Fault> {
        let fault = |error: Error| Fault::of(&error, &self.text);
        let template = self.engine.get_template(NAME).map_err(fault)?;
        let body = template.render(Serde(context)).map_err(fault)?;
        if body.len() > BODY {
            let why = format!("it makes {} bytes, of {BODY} at most", body.len());
            return Err(Fault { line: 1, at: 0, why, help: "show less" });
        }
        if self.form == Form::Json
            && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&body)
        {
            return Err(Fault {
                // Of the body that came out: lines that loops repeat move it.
                line: error.line().min(self.text.lines().count()).max(1),
                at: 0,
                why: format!("what it makes is no JSON: {error}"),
                help: "put quotes round texts: \"{{ headline }}\"; for lists write {{ candidates | tojson }}",
            });
        }
        Ok(body)
    }

    /// Tries it on one context of each kind.
    fn tried(&self) -> Result<(), Fault> {
        Context::samples().iter().try_for_each(|context| self.print(context).map(drop))
    }
}

/// Any service.
#[derive(Debug)]
pub(super) struct Template {
    endpoint: Endpoint,
    headers: Headers,
    method: Method,
    content_type: String,
    press: Press,
}

impl Template {
    fn call<'a>(&self, parcel: &'a Parcel<'_>) -> Result<Call<'a>, Answer> {
        let mut call = self.endpoint.call(parcel, |_| {})?;
        call.method = self.method.clone();
        self.headers.put(&mut call.headers, &mut call.mask).map_err(refused)?;
        Ok(call)
    }
}

impl Sink for Template {
    fn nature(&self) -> Nature {
        NATURE
    }

    fn endpoint(&self) -> Option<u64> {
        Some(self.endpoint.number(&[]))
    }

    fn identity(&self) -> Option<u64> {
        Some(entered(self.endpoint.number(&[]), self.headers.values()))
    }

    fn render(&self, letter: &Letter, stationery: &Stationery) -> Result<Sealed, String> {
        let body = self.press.print(&Context::of(letter, stationery));
        let body = body.map_err(|fault| format!("`body` failed: {fault}"))?;
        Ok(Sealed { content_type: self.content_type.clone(), body: body.into_bytes() })
    }

    fn proof(&self, parcel: Parcel<'_>) -> Result<Proof, Answer> {
        Ok(self.call(&parcel)?.proof(&parcel))
    }

    fn probe<'a>(&'a self, timeout: Duration) -> BoxFuture<'a, Result<String, String>> {
        Box::pin(self.endpoint.knock(timeout))
    }

    fn send<'a>(&'a self, parcel: Parcel<'a>) -> BoxFuture<'a, Answer> {
        Box::pin(async move { self.endpoint.deliver(self.call(&parcel), |_| None).await })
    }
}
