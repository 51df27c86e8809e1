//! What stays of sessions.

use super::audit::append;
use super::{DAY, Entry, Store, from_word, pattern, unix_now, word};
use anyhow::Result;
use sqlx::Row;
use sqlx::any::AnyRow;
use tandem_protocol::api::{Outcome, RecordedPerson, Retention, SessionRecord};
use tandem_protocol::signal::SessionState;
use tandem_protocol::{CompanyId, Participant, Private, SessionId};

/// A session as it is recorded.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: SessionId,
    pub(crate) created_at: i64,
    pub(crate) ended_at: Option<i64>,
    pub(crate) state: SessionState,
    pub(crate) start_host: String,
    pub(crate) agent: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) notes: String,
}

/// Which sessions are asked for; what is empty or zero asks for nothing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    pub(crate) text: String,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Older than this one: when it began, and its id.
    pub(crate) before: Option<(i64, String)>,
    pub(crate) limit: i64,
}

impl Store {
    pub(crate) async fn add_session(
        &self,
        id: &SessionId,
        company: &CompanyId,
        start_host: &str,
        agent: Option<&str>,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO sessions (id, company, created_at, state, start_host, agent) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id.as_str())
        .bind(company.as_str())
        .bind(unix_now())
        .bind(word(&SessionState::Waiting)?)
        .bind(start_host)
        .bind(agent)
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn record(&self, id: &SessionId, state: SessionState) -> Result<()> {
        let ended_at = matches!(state, SessionState::Ended | SessionState::Failed).then(unix_now);
        let query = sqlx::query("UPDATE sessions SET state = $1, ended_at = $2 WHERE id = $3 AND ended_at IS NULL");
        query.bind(word(&state)?).bind(ended_at).bind(id.as_str()).execute(&self.pool).await?;
        Ok(())
    }

    /// Somebody is in a session for the first time.
    pub(crate) async fn record_participant(&self, id: &SessionId, who: &Participant) -> Result<()> {
        sqlx::query(
            "INSERT INTO participants (session, id, role, name, joined_at) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (session, id) DO NOTHING",
        )
        .bind(id.as_str())
        .bind(i64::from(who.id.0))
        .bind(word(&who.role)?)
        .bind(who.name.reveal())
        .bind(unix_now())
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// A session of this company.
    pub(crate) async fn session(&self, id: &SessionId, company: &CompanyId) -> Result<Option<Record>> {
        let query = sqlx::query(
            "SELECT id, created_at, ended_at, state, start_host, agent, outcome, notes FROM sessions \
             WHERE id = $1 AND company = $2",
        );
        let row = query.bind(id.as_str()).bind(company.as_str()).fetch_optional(&self.pool).await?;
        row.map(|row| record(&row)).transpose()
    }

    /// The company's sessions of the last day, newest first.
    pub(crate) async fn recent(&self, company: &CompanyId) -> Result<Vec<Record>> {
        let day = Past { from: unix_now() - DAY, limit: 200, ..Past::default() };
        self.past(company, &day).await
    }

    /// Newest first.
    pub(crate) async fn past(&self, company: &CompanyId, past: &Past) -> Result<Vec<Record>> {
        let (before, before_id) = past.before.clone().unwrap_or((i64::MAX, String::new()));
        let rows = sqlx::query(
            "SELECT id, created_at, ended_at, state, start_host, agent, outcome, notes FROM sessions WHERE company = $1 \
             AND created_at >= $2 AND created_at <= $3 AND (created_at < $4 OR (created_at = $4 AND id < $5)) \
             AND ($6 = '' OR outcome = $6) AND ($7 = '%%' OR LOWER(start_host) LIKE $7 ESCAPE '\\' \
             OR LOWER(agent) LIKE $7 ESCAPE '\\' OR LOWER(notes) LIKE $7 ESCAPE '\\') \
             ORDER BY created_at DESC, id DESC LIMIT $8",
        )
        .bind(company.as_str())
        .bind(past.from)
        .bind(if past.to == 0 { i64::MAX } else { past.to })
        .bind(before)
        .bind(before_id)
        .bind(past.outcome.as_ref().map(word).transpose()?.unwrap_or_default())
        .bind(pattern(&past.text))
        .bind(past.limit)
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(record).collect()
    }

    /// The record with who was in the session.
    pub(crate) async fn whole_record(&self, company: &CompanyId, record: Record) -> Result<SessionRecord> {
        let query = sqlx::query("SELECT role, name, joined_at FROM participants WHERE session = $1 ORDER BY id");
        let rows = query.bind(record.id.as_str()).fetch_all(&self.pool).await?;
        let person = |row: &AnyRow| {
            Ok(RecordedPerson {
                role: from_word(row.try_get("role")?)?,
                name: Private::new(row.try_get("name")?),
                joined_at: row.try_get("joined_at")?,
            })
        };
        let people = rows.iter().map(person).collect::<Result<_>>()?;
        let Record { id, created_at, ended_at, state, start_host, agent, outcome, notes } = record;
        let (agent, notes) = (agent.map(Private::new), notes.into());
        let days = self.document::<Retention>(company).await?.session_days;
        let kept_until = ended_at.map(|at| at + i64::from(days) * DAY);
        Ok(SessionRecord { id, state, created_at, ended_at, start_host, agent, people, outcome, notes, kept_until })
    }

    pub(crate) async fn change_record(&self, company: &CompanyId, after: &Record, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("UPDATE sessions SET outcome = $1, notes = $2 WHERE id = $3 AND company = $4");
        let outcome = after.outcome.as_ref().map(word).transpose()?;
        let query = query.bind(outcome).bind(&after.notes).bind(after.id.as_str()).bind(company.as_str());
        query.execute(&mut *change).await?;
        append(&mut change, company, entry).await?;
        Ok(change.commit().await?)
    }

    /// Deletes the record of a session that is over. `false` when there is none.
    pub(crate) async fn delete_record(&self, company: &CompanyId, id: &SessionId, entry: &Entry) -> Result<bool> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("DELETE FROM sessions WHERE id = $1 AND company = $2 AND ended_at IS NOT NULL");
        let gone = query.bind(id.as_str()).bind(company.as_str()).execute(&mut *change).await?.rows_affected();
        if gone == 0 {
            return Ok(false);
        }
        append(&mut change, company, entry).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Deletes records of sessions that ended more than so many days ago.
    pub(crate) async fn purge_records(&self, company: &CompanyId, days: u32) -> Result<u64> {
        let before = unix_now() - i64::from(days) * DAY;
        let query = sqlx::query("DELETE FROM sessions WHERE company = $1 AND ended_at < $2");
        Ok(query.bind(company.as_str()).bind(before).execute(&self.pool).await?.rows_affected())
    }
}

fn record(row: &AnyRow) -> Result<Record> {
    let (id, outcome): (String, Option<String>) = (row.try_get("id")?, row.try_get("outcome")?);
    Ok(Record {
        id: id.try_into()?,
        created_at: row.try_get("created_at")?,
        ended_at: row.try_get("ended_at")?,
        state: from_word(row.try_get("state")?)?,
        start_host: row.try_get("start_host")?,
        agent: row.try_get("agent")?,
        outcome: outcome.map(from_word).transpose()?,
        notes: row.try_get("notes")?,
    })
}
