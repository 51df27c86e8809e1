//! The audit: rows that are only ever added, each with a hash over itself and the one before.

use super::{DAY, Store, from_word, json, pattern, unix_now};
use anyhow::Result;
use sha2::{Digest, Sha256};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use tandem_protocol::api::{Action, Actor, AuditEvent, AuditVerdict};
use tandem_protocol::{CompanyId, SessionId};

/// The longest detail (characters).
const DETAIL: usize = 500;
/// Rows read at once when the whole chain is.
const BATCH: i64 = 1000;

/// Something to be kept in the audit.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) actor: Actor,
    pub(crate) action: Action,
    pub(crate) session: Option<SessionId>,
    pub(crate) detail: String,
}

impl Entry {
    pub(crate) fn new(actor: &Actor, action: Action, detail: impl Into<String>) -> Entry {
        Entry { actor: actor.clone(), action, session: None, detail: detail.into() }
    }
}

/// Which events are asked for; what is empty or zero asks for nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    pub(crate) actor: String,
    pub(crate) text: String,
    pub(crate) action: Option<Action>,
    pub(crate) session: String,
    pub(crate) from: i64,
    pub(crate) to: i64,
    pub(crate) before: i64,
    pub(crate) limit: i64,
}

/// Events, and where the next page begins.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) events: Vec<AuditEvent>,
    pub(crate) next: Option<i64>,
}

/// Adds one within the change that it is about: both happen, or neither.
pub(super) async fn append(change: &mut Transaction<'_, Any>, company: &CompanyId, entry: &Entry) -> Result<()> {
    // This also makes others wait until the row is in its place.
    let counted = "UPDATE companies SET events = events + 1 WHERE id = $1 RETURNING events, head";
    let row = sqlx::query(counted).bind(company.as_str()).fetch_one(&mut **change).await?;
    let (number, before): (i64, String) = (row.try_get("events")?, row.try_get("head")?);
    let (at, actor) = (unix_now(), serde_json::to_string(&entry.actor)?);
    let session = entry.session.as_ref().map(SessionId::as_str);
    let detail: String = entry.detail.chars().filter(|c| !c.is_control()).take(DETAIL).collect();
    let hash = chained(&before, number, at, &actor, entry.action.as_str(), session, &detail);
    sqlx::query(
        "INSERT INTO events (company, number, at, actor, actor_name, action, session, detail, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(company.as_str())
    .bind(number)
    .bind(at)
    .bind(&actor)
    .bind(name_of(&entry.actor))
    .bind(entry.action.as_str())
    .bind(session)
    .bind(&detail)
    .bind(&hash)
    .execute(&mut **change)
    .await?;
    let head = sqlx::query("UPDATE companies SET head = $1 WHERE id = $2");
    head.bind(&hash).bind(company.as_str()).execute(&mut **change).await?;
    Ok(())
}

/// As people search for them.
fn name_of(actor: &Actor) -> &str {
    match actor {
        Actor::Person { name, .. } | Actor::Participant { name, .. } => name.reveal(),
        Actor::Key { name, .. } => name,
        Actor::Stranger => "stranger",
        Actor::Tandem => "tandem",
    }
}

fn chained(
    before: &str,
    number: i64,
    at: i64,
    actor: &str,
    action: &str,
    session: Option<&str>,
    detail: &str,
) -> String {
    // As JSON each part has its bounds, so that no other event has the same text.
    let text = serde_json::json!([before, number, at, actor, action, session, detail]).to_string();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Store {
    /// For what changes nothing else in the database.
    pub(crate) async fn audit(&self, company: &CompanyId, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        append(&mut change, company, entry).await?;
        Ok(change.commit().await?)
    }

    /// Newest first.
    pub(crate) async fn events(&self, company: &CompanyId, search: &Search) -> Result<Found> {
        let rows = sqlx::query(
            "SELECT number, at, actor, action, session, detail, hash FROM events WHERE company = $1 \
             AND ($2 = '%%' OR LOWER(actor_name) LIKE $2 ESCAPE '\\') \
             AND ($3 = '%%' OR LOWER(detail) LIKE $3 ESCAPE '\\' OR LOWER(actor_name) LIKE $3 ESCAPE '\\') \
             AND ($4 = '' OR action = $4) AND ($5 = '' OR session = $5) AND at >= $6 AND at <= $7 AND number < $8 \
             ORDER BY number DESC LIMIT $9",
        )
        .bind(company.as_str())
        .bind(pattern(&search.actor))
        .bind(pattern(&search.text))
        .bind(search.action.map_or("", Action::as_str))
        .bind(&search.session)
        .bind(search.from)
        .bind(if search.to == 0 { i64::MAX } else { search.to })
        .bind(if search.before == 0 { i64::MAX } else { search.before })
        .bind(search.limit)
        .fetch_all(&self.pool)
        .await?;
        let events = rows.iter().map(event).collect::<Result<Vec<_>>>()?;
        let is_full = events.len() as i64 == search.limit;
        Ok(Found { next: events.last().map(|event| event.number).filter(|_| is_full), events })
    }

    /// Looks at the whole chain.
    pub(crate) async fn verify(&self, company: &CompanyId) -> Result<AuditVerdict> {
        let (mut events, mut at) = (0, self.purged(company).await?);
        let purged = at.0;
        let row = sqlx::query("SELECT events, head FROM companies WHERE id = $1").bind(company.as_str());
        let row = row.fetch_one(&self.pool).await?;
        let (length, head): (i64, String) = (row.try_get("events")?, row.try_get("head")?);
        let broken =
            |number, events| AuditVerdict { intact: false, events, broken_at: Some(number), head: head.clone() };
        loop {
            let rows = sqlx::query(
                "SELECT number, at, actor, action, session, detail, hash FROM events \
                 WHERE company = $1 AND number > $2 AND number <= $3 ORDER BY number LIMIT $4",
            )
            .bind(company.as_str())
            .bind(at.0)
            .bind(length)
            .bind(BATCH)
            .fetch_all(&self.pool)
            .await?;
            for row in &rows {
                let (number, hash): (i64, String) = (row.try_get("number")?, row.try_get("hash")?);
                if number != at.0 + 1 || hash != hash_of(row, &at.1)? {
                    // What was purged in the meantime is not what is missing.
                    let is_purged = self.purged(company).await?.0 > purged;
                    return if is_purged { Box::pin(self.verify(company)).await } else { Ok(broken(at.0 + 1, events)) };
                }
                (at, events) = ((number, hash), events + 1);
            }
            if rows.is_empty() {
                let is_whole = at == (length, head.clone());
                return Ok(if is_whole {
                    AuditVerdict { intact: true, events, broken_at: None, head }
                } else {
                    broken(at.0 + 1, events)
                });
            }
        }
    }

    /// The last event that was purged, and its hash.
    async fn purged(&self, company: &CompanyId) -> Result<(i64, String)> {
        let row = sqlx::query("SELECT purged, base FROM companies WHERE id = $1").bind(company.as_str());
        let row = row.fetch_one(&self.pool).await?;
        Ok((row.try_get("purged")?, row.try_get("base")?))
    }

    /// Deletes events that are older than so many days, from the first on. The newest stays in any case.
    pub(crate) async fn purge_audit(&self, company: &CompanyId, days: u32) -> Result<u64> {
        let last = sqlx::query(
            "SELECT number, hash FROM events WHERE company = $1 AND at < $2 \
             AND number < (SELECT events FROM companies WHERE id = $1) ORDER BY number DESC LIMIT 1",
        )
        .bind(company.as_str())
        .bind(unix_now() - i64::from(days) * DAY)
        .fetch_optional(&self.pool)
        .await?;
        let Some(last) = last else { return Ok(0) };
        let (number, hash): (i64, String) = (last.try_get("number")?, last.try_get("hash")?);
        let mut change = self.pool.begin().await?;
        let base = sqlx::query("UPDATE companies SET purged = $1, base = $2 WHERE id = $3 AND purged < $1");
        base.bind(number).bind(hash).bind(company.as_str()).execute(&mut *change).await?;
        let gone = sqlx::query("DELETE FROM events WHERE company = $1 AND number <= $2");
        let gone = gone.bind(company.as_str()).bind(number).execute(&mut *change).await?.rows_affected();
        let detail = format!("{gone} events older than {days} days");
        append(&mut change, company, &Entry::new(&Actor::Tandem, Action::Purged, detail)).await?;
        change.commit().await?;
        Ok(gone)
    }
}

fn hash_of(row: &AnyRow, before: &str) -> Result<String> {
    let (number, at): (i64, i64) = (row.try_get("number")?, row.try_get("at")?);
    let (actor, action, detail): (String, String, String) =
        (row.try_get("actor")?, row.try_get("action")?, row.try_get("detail")?);
    let session: Option<String> = row.try_get("session")?;
    Ok(chained(before, number, at, &actor, &action, session.as_deref(), &detail))
}

fn event(row: &AnyRow) -> Result<AuditEvent> {
    let session: Option<String> = row.try_get("session")?;
    Ok(AuditEvent {
        number: row.try_get("number")?,
        at: row.try_get("at")?,
        actor: json(row, "actor")?,
        action: from_word(row.try_get("action")?)?,
        session: session.map(TryInto::try_into).transpose()?,
        detail: row.try_get("detail")?,
        hash: row.try_get("hash")?,
    })
}
