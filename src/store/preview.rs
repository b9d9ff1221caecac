//! What a sink would be told of an alert, or was told.

use rusqlite::{Connection, OptionalExtension, params};

use super::alerts::{view, views};
use super::outbox::{alert_message, kind};
use super::{Store, StoreError};
use crate::model::{AlertId, AlertView, MessageId, MessageKind, Sealed, SinkName};

/// The message that carries an alert to a sink; where there is none, the one that there would be.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The alert that was asked for.
    pub alert: AlertId,
    /// The message's id.
    pub id: MessageId,
    /// What it carries.
    pub kind: MessageKind,
    /// Where it stands; `None` where it was never queued.
    pub state: Option<String>,
    /// Its bytes, where they are fixed and still kept.
    pub sealed: Option<Sealed>,
    /// Its alerts as they stand now, oldest first.
    pub views: Vec<AlertView>,
}

impl Store {
    /// What a sink would be told of an alert, by default of the newest that is no shadow. `None`
    /// where there is no such alert.
    ///
    /// # Errors
    ///
    /// The database cannot be read.
    pub async fn draft(
        &self,
        sink: &SinkName,
        alert: Option<AlertId>,
    ) -> Result<Option<Draft>, StoreError> {
        let sink = sink.clone();
        self.workers.read(move |connection| draft(connection, &sink, alert)).await
    }
}

fn draft(
    connection: &Connection,
    sink: &SinkName,
    alert: Option<AlertId>,
) -> Result<Option<Draft>, StoreError> {
    let newest = || {
        connection
            .prepare_cached(
                "SELECT id FROM alert WHERE coalesce(json_extract(data, '$.matched.shadow'), 0) = 0
                 ORDER BY raised DESC, id DESC LIMIT 1",
            )?
            .query_row([], |row| Ok(AlertId(row.get(0)?)))
            .optional()
    };
    let Some(alert) = alert.map_or_else(newest, |id| Ok(Some(id)))? else { return Ok(None) };
    let queued = connection
        .prepare_cached(
            "SELECT m.id, m.kind, m.state, m.content_type, m.body
             FROM delivery d JOIN message m ON m.id = d.message
             WHERE d.alert = ?1 AND m.sink = ?2 ORDER BY m.seq DESC LIMIT 1",
        )?
        .query_row(params![alert.0, sink.as_str()], |row| {
            let content_type: Option<String> = row.get("content_type")?;
            let body: Option<Vec<u8>> = row.get("body")?;
            Ok(Draft {
                alert,
                id: MessageId::new(row.get::<_, String>("id")?),
                kind: kind(&row.get::<_, String>("kind")?),
                state: Some(row.get("state")?),
                sealed: content_type
                    .zip(body)
                    .map(|(content_type, body)| Sealed { content_type, body }),
                views: Vec::new(),
            })
        })
        .optional()?;
    if let Some(draft) = queued {
        let views = views(connection, &draft.id)?;
        return Ok(Some(Draft { views, ..draft }));
    }
    let view = view(connection, alert, sink)?;
    Ok(view.map(|view| Draft {
        alert,
        id: alert_message(sink, &view.alert),
        kind: view.kind.into(),
        state: None,
        sealed: None,
        views: vec![view],
    }))
}
