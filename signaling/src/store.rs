//! Companies, people and the record of sessions, in SQLite.

use crate::tokens::hashed;
use anyhow::{Context, Result};
use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use tandem_component::Secret;
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::SessionState;
use tandem_protocol::{CompanyId, SessionId};

const DEMO: &str = "demo";
const DEMO_AGENT: &str = "ana@demo.example";

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(SqlitePool);

#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) name: String,
    pub(crate) policy: Policy,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) company: CompanyId,
    pub(crate) admin: bool,
}

/// A session as it is recorded.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) id: SessionId,
    pub(crate) created_at: i64,
    pub(crate) state: SessionState,
    pub(crate) start_host: String,
    pub(crate) agent: Option<String>,
}

/// Seconds since 1970 (UTC).
pub(crate) fn unix_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// As [`SessionState`] stands in the database.
fn state_name(state: SessionState) -> String {
    serde_json::to_value(state).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Store {
    pub(crate) async fn open(directory: &Path) -> Result<Store> {
        std::fs::create_dir_all(directory).with_context(|| format!("{} cannot be made", directory.display()))?;
        let file = directory.join("tandem.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.with_context(|| format!("{} cannot be opened", file.display()))?;
        sqlx::migrate!("./migrations").run(&pool).await.context("the database cannot be brought up to date")?;
        let store = Store(pool);
        // A session does not outlive the process that led it.
        sqlx::query("UPDATE sessions SET state = $1, ended_at = $2 WHERE ended_at IS NULL")
            .bind(state_name(SessionState::Failed))
            .bind(unix_now())
            .execute(&store.0)
            .await?;
        Ok(store)
    }

    /// Makes sure of the demo company with this key, and gives its agent a new password.
    pub(crate) async fn open_demo(&self, key: &Secret) -> Result<(String, String)> {
        let policy = serde_json::to_string(&Policy::default())?;
        sqlx::query(
            "INSERT INTO companies (id, name, api_key, policy) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET api_key = excluded.api_key",
        )
        .bind(DEMO)
        .bind("Demo shop")
        .bind(hashed(key.reveal()).to_hex())
        .bind(policy)
        .execute(&self.0)
        .await?;
        let password = Secret::random().reveal()[..12].to_owned();
        sqlx::query(
            "INSERT INTO people (email, company, name, password, admin) VALUES ($1, $2, $3, $4, 1) ON CONFLICT (email) DO UPDATE SET password = excluded.password",
        )
        .bind(DEMO_AGENT)
        .bind(DEMO)
        .bind("Ana")
        .bind(password_hash(password.clone()).await?)
        .execute(&self.0)
        .await?;
        Ok((DEMO_AGENT.to_owned(), password))
    }

    pub(crate) async fn company(&self, id: &CompanyId) -> Result<Option<Company>> {
        let row = sqlx::query("SELECT id, name, policy FROM companies WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&self.0)
            .await?;
        row.map(|row| company(&row)).transpose()
    }

    pub(crate) async fn company_of_key(&self, key: &str) -> Result<Option<Company>> {
        let query = sqlx::query("SELECT id, name, policy FROM companies WHERE api_key = $1").bind(hashed(key).to_hex());
        query.fetch_optional(&self.0).await?.map(|row| company(&row)).transpose()
    }

    pub(crate) async fn set_policy(&self, id: &CompanyId, policy: &Policy) -> Result<()> {
        let text = serde_json::to_string(policy)?;
        sqlx::query("UPDATE companies SET policy = $1 WHERE id = $2")
            .bind(text)
            .bind(id.as_str())
            .execute(&self.0)
            .await?;
        Ok(())
    }

    /// The person, when the password is theirs. Takes the same time for somebody unknown.
    pub(crate) async fn sign_in(&self, email: &str, password: String) -> Result<Option<Person>> {
        let query = sqlx::query("SELECT name, company, password, admin FROM people WHERE email = $1").bind(email);
        let row = query.fetch_optional(&self.0).await?;
        let known = row.is_some();
        let hash = match &row {
            Some(row) => row.try_get("password")?,
            None => password_hash("nobody's".into()).await?,
        };
        let right = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        });
        let right = right.await? && known;
        let Some(row) = row.filter(|_| right) else { return Ok(None) };
        let company: String = row.try_get("company")?;
        Ok(Some(Person {
            name: row.try_get("name")?,
            company: company.try_into()?,
            admin: row.try_get::<i64, _>("admin")? != 0,
        }))
    }

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
        .bind(state_name(SessionState::Waiting))
        .bind(start_host)
        .bind(agent)
        .execute(&self.0)
        .await?;
        Ok(())
    }

    pub(crate) async fn end_session(&self, id: &SessionId, state: SessionState) -> Result<()> {
        let query = sqlx::query("UPDATE sessions SET state = $1, ended_at = $2 WHERE id = $3 AND ended_at IS NULL");
        query.bind(state_name(state)).bind(unix_now()).bind(id.as_str()).execute(&self.0).await?;
        Ok(())
    }

    /// The company's sessions of the last day, newest first.
    pub(crate) async fn recent(&self, company: &CompanyId) -> Result<Vec<Record>> {
        let query = sqlx::query(
            "SELECT id, created_at, state, start_host, agent FROM sessions WHERE company = $1 AND created_at > $2 ORDER BY created_at DESC LIMIT 200",
        );
        let rows = query.bind(company.as_str()).bind(unix_now() - 86_400).fetch_all(&self.0).await?;
        rows.iter()
            .map(|row| {
                let (id, state): (String, String) = (row.try_get("id")?, row.try_get("state")?);
                Ok(Record {
                    id: id.try_into()?,
                    created_at: row.try_get("created_at")?,
                    state: serde_json::from_value(state.into())?,
                    start_host: row.try_get("start_host")?,
                    agent: row.try_get("agent")?,
                })
            })
            .collect()
    }
}

fn company(row: &sqlx::sqlite::SqliteRow) -> Result<Company> {
    let (id, policy): (String, String) = (row.try_get("id")?, row.try_get("policy")?);
    Ok(Company { id: id.try_into()?, name: row.try_get("name")?, policy: serde_json::from_str(&policy)? })
}

async fn password_hash(password: String) -> Result<String> {
    let hash = tokio::task::spawn_blocking(move || {
        let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
        Ok::<_, argon2::password_hash::Error>(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
    });
    hash.await?.map_err(|_| anyhow::anyhow!("the password cannot be hashed"))
}
