//! Asking a hub: the one request of a subscriber (WebSub, section 5.1).

use std::time::Duration;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, LOCATION};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::model::Lease;
use crate::net::{Budget, Client, read_capped};

/// Longest time for a hub's answer. Some call back before they give it.
const ANSWER: Duration = Duration::from_secs(30);
/// Most redirects in a row; hubs may move with 307 and 308.
const REDIRECTS: usize = 3;
/// Bytes of an answer that are looked at: it says why a hub refuses.
const REASON_BYTES: usize = 4 << 10;
/// Characters of a reason that are shown.
const REASON: usize = 200;

/// Asks the hub of a lease to call `callback` and to push for so long.
///
/// # Errors
///
/// Why it did not take the request, ready to show.
pub(super) async fn ask(
    client: &Client,
    lease: &Lease,
    callback: &str,
    term: Duration,
) -> Result<(), String> {
    let form = Serializer::new(String::new())
        .append_pair("hub.callback", &format!("{callback}/{}", lease.token))
        .append_pair("hub.mode", "subscribe")
        .append_pair("hub.topic", &lease.hub.topic)
        .append_pair("hub.lease_seconds", &term.as_secs().to_string())
        .append_pair("hub.secret", &lease.key)
        .finish();
    let asked = tokio::time::timeout(ANSWER, send(client, &lease.hub.url, form)).await;
    asked.unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

async fn send(client: &Client, hub: &str, form: String) -> Result<(), String> {
    let mut url = Url::parse(hub).map_err(|_| "its address cannot be read".to_owned())?;
    for _ in 0..=REDIRECTS {
        let request = client.request(Method::POST, &url);
        let request = request.map_err(|refused| format!("not allowed to {refused}"))?;
        let request =
            request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.clone());
        let answer = client.send(request).await.map_err(|error| error.to_string())?;
        let status = answer.status();
        if matches!(status.as_u16(), 307 | 308) {
            let target = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let target = target.and_then(|target| url.join(target).ok());
            url = target.ok_or_else(|| format!("it redirects ({status}) to no address"))?;
            continue;
        }
        if status.is_success() {
            return Ok(());
        }
        let mut held = Budget::new(REASON_BYTES).body();
        let body = read_capped(answer, REASON_BYTES, &mut held).await.unwrap_or_default();
        let reason = crate::text::clean(&String::from_utf8_lossy(&body));
        let reason = crate::text::cut(&reason, REASON).trim_end();
        return Err(match reason.is_empty() || reason.starts_with('<') {
            true => format!("it answers {status}"),
            false => format!("it answers {status}: {reason}"),
        });
    }
    Err(format!("more than {REDIRECTS} redirects in a row"))
}
