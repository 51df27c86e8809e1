//! The audit and the records of past sessions.

use super::caller::{Audit, By, Sessions, Settings};
use super::{Answer, Body, error, internal, invalid, recorded, session_id};
use crate::hub::Hub;
use crate::store::{Entry, Past, Search};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::sync::Arc;
use tandem_protocol::api::{
    Action, Actor, AuditEvent, AuditPage, AuditVerdict, ChangeRecord, Outcome, RecordPage, SessionRecord,
};

const PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 200;
/// Events in one export. More are had by asking for a part of the time.
const EXPORT: i64 = 100_000;
/// The longest text that is looked for (characters).
const LONGEST_SEARCH: usize = 200;
/// The longest notes (characters).
const NOTES: usize = 4000;

/// What an address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AuditQuery {
    actor: String,
    text: String,
    action: Option<Action>,
    session: String,
    from: i64,
    to: i64,
    before: i64,
    limit: Option<i64>,
    format: Option<Format>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Csv,
    Json,
}

/// A query string; what is wrong with it is said in a word.
pub(super) type Query<T> = Result<axum::extract::Query<T>, axum::extract::rejection::QueryRejection>;

fn read<T>(query: Query<T>) -> Answer<T> {
    query.map(|query| query.0).map_err(|_| invalid("the address asks for something that there is not"))
}

fn searched(text: &str) -> Answer<String> {
    if text.chars().count() > LONGEST_SEARCH || text.chars().any(char::is_control) {
        return Err(invalid("a search has 200 characters at the most"));
    }
    Ok(text.to_owned())
}

impl AuditQuery {
    fn search(self, limit: i64) -> Answer<Search> {
        let (actor, text, session) = (searched(&self.actor)?, searched(&self.text)?, searched(&self.session)?);
        let AuditQuery { action, from, to, before, .. } = self;
        Ok(Search { actor, text, action, session, from, to, before, limit })
    }
}

fn page_of(limit: Option<i64>) -> i64 {
    limit.unwrap_or(PAGE).clamp(1, LARGEST_PAGE)
}

pub(super) async fn list(
    State(hub): State<Arc<Hub>>,
    caller: By<Audit>,
    query: Query<AuditQuery>,
) -> Answer<Json<AuditPage>> {
    let query = read(query)?;
    let limit = page_of(query.limit);
    let found = hub.store.events(&caller.company.id, &query.search(limit)?).await.map_err(internal)?;
    Ok(Json(AuditPage { events: found.events, next: found.next }))
}

pub(super) async fn verify(State(hub): State<Arc<Hub>>, caller: By<Audit>) -> Answer<Json<AuditVerdict>> {
    Ok(Json(hub.store.verify(&caller.company.id).await.map_err(internal)?))
}

pub(super) async fn export(
    State(hub): State<Arc<Hub>>,
    caller: By<Audit>,
    query: Query<AuditQuery>,
) -> Answer<Response> {
    let query = read(query)?;
    let format = query.format.unwrap_or(Format::Csv);
    let found = hub.store.events(&caller.company.id, &query.search(EXPORT)?).await.map_err(internal)?;
    let entry = Entry::new(&caller.actor(), Action::AuditExported, format!("{} events", found.events.len()));
    hub.store.audit(&caller.company.id, &entry).await.map_err(internal)?;
    let (kind, name, text) = match format {
        Format::Csv => ("text/csv; charset=utf-8", "audit.csv", csv(&found.events)),
        Format::Json => {
            let text = serde_json::to_string(&AuditPage { events: found.events, next: found.next });
            ("application/json", "audit.json", text.map_err(|cause| internal(cause.into()))?)
        }
    };
    let disposition = format!("attachment; filename=\"{name}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], text).into_response())
}

/// RFC 4180. A field that a spreadsheet would take for a formula begins with an apostrophe.
fn csv(events: &[AuditEvent]) -> String {
    let field = |text: &str| {
        let guard = if text.starts_with(['=', '+', '-', '@']) { "'" } else { "" };
        format!("\"{guard}{}\"", text.replace('"', "\"\""))
    };
    let mut text = String::from("number,at,actor_kind,actor_id,actor,action,session,detail,hash\r\n");
    for event in events {
        let (kind, id, name) = match &event.actor {
            Actor::Person { id, name } => ("person", id.as_str(), name.reveal().as_str()),
            Actor::Key { id, name } => ("key", id.as_str(), name.as_str()),
            Actor::Participant { name, .. } => ("participant", "", name.reveal().as_str()),
            Actor::Stranger => ("stranger", "", ""),
            Actor::Tandem => ("tandem", "", ""),
        };
        let session = event.session.as_ref().map_or("", |session| session.as_str());
        let fields = [kind, id, name, event.action.as_str(), session, &event.detail, &event.hash].map(field).join(",");
        text.push_str(&format!("{},{},{fields}\r\n", event.number, event.at));
    }
    text
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RecordQuery {
    text: String,
    outcome: Option<Outcome>,
    from: i64,
    to: i64,
    before: Option<String>,
    limit: Option<i64>,
}

pub(super) async fn records(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    query: Query<RecordQuery>,
) -> Answer<Json<RecordPage>> {
    let RecordQuery { text, outcome, from, to, before, limit } = read(query)?;
    let limit = page_of(limit);
    let before = match before {
        None => None,
        Some(id) => {
            let last = recorded(&hub, &session_id(&id)?, &caller.company.id).await?;
            Some((last.created_at, id))
        }
    };
    let past = Past { text: searched(&text)?, outcome, from, to, before, limit };
    let mut records = Vec::new();
    for record in hub.store.past(&caller.company.id, &past).await.map_err(internal)? {
        records.push(hub.store.whole_record(&caller.company.id, record).await.map_err(internal)?);
    }
    let is_full = records.len() as i64 == limit;
    let next = records.last().filter(|_| is_full).map(|record| record.id.as_str().to_owned());
    Ok(Json(RecordPage { records, next }))
}

pub(super) async fn record(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    Path(id): Path<String>,
) -> Answer<Json<SessionRecord>> {
    let record = recorded(&hub, &session_id(&id)?, &caller.company.id).await?;
    Ok(Json(hub.store.whole_record(&caller.company.id, record).await.map_err(internal)?))
}

pub(super) async fn change_record(
    State(hub): State<Arc<Hub>>,
    caller: By<Sessions>,
    Path(id): Path<String>,
    Body(body): Body<ChangeRecord>,
) -> Answer<Json<SessionRecord>> {
    let id = session_id(&id)?;
    let mut after = recorded(&hub, &id, &caller.company.id).await?;
    let mut changed = Vec::new();
    if let Some(outcome) = body.outcome {
        after.outcome = Some(outcome);
        changed.push("outcome");
    }
    if let Some(notes) = body.notes {
        let notes = notes.into_inner();
        if notes.chars().count() > NOTES || notes.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(error(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "notes have 4000 characters at the most"));
        }
        after.notes = notes;
        changed.push("notes");
    }
    let mut entry = Entry::new(&caller.actor(), Action::SessionRecordChanged, changed.join(", "));
    entry.session = Some(id);
    hub.store.change_record(&caller.company.id, &after, &entry).await.map_err(internal)?;
    Ok(Json(hub.store.whole_record(&caller.company.id, after).await.map_err(internal)?))
}

pub(super) async fn delete_record(
    State(hub): State<Arc<Hub>>,
    caller: By<Settings>,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    let id = session_id(&id)?;
    let record = recorded(&hub, &id, &caller.company.id).await?;
    let mut entry = Entry::new(&caller.actor(), Action::SessionRecordDeleted, "");
    entry.session = Some(id.clone());
    if record.ended_at.is_none() || !hub.store.delete_record(&caller.company.id, &id, &entry).await.map_err(internal)? {
        return Err(error(StatusCode::CONFLICT, "running", "the session goes on: end it first"));
    }
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spreadsheet_takes_nothing_for_a_formula_and_quotes_stay_whole() {
        let event = AuditEvent {
            number: 1,
            at: 2,
            actor: Actor::Key { id: tandem_protocol::KeyId::from_random([0; 16]), name: "=1+1".into() },
            action: Action::KeyMade,
            session: None,
            detail: "says \"yes\", twice".into(),
            hash: "ab".into(),
        };
        let row = "1,2,\"key\",\"aaaaaaaaaaaaaaaaaaaaaaaaaa\",\"'=1+1\",\"key_made\",\"\",\"says \"\"yes\"\", twice\",\"ab\"\r\n";
        assert!(csv(&[event]).ends_with(row));
    }
}
