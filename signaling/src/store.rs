//! Companies, people and the record of sessions. Runtime queries whose SQL PostgreSQL takes as well; only the pool is SQLite's.

use crate::passwords::Passwords;
use crate::tokens::hashed;
use anyhow::{Context, Result};
use sha2::Digest;
use sqlx::Row;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tandem_component::Secret;
use tandem_protocol::policy::Policy;
use tandem_protocol::signal::SessionState;
use tandem_protocol::{CompanyId, SessionId};

const DEMO: &str = "demo";
const DEMO_AGENT: &str = "ana@demo.example";
const DAY: i64 = 86_400;

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    pool: SqlitePool,
    directory: PathBuf,
}

#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) name: String,
    pub(crate) policy: Policy,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: [u8; 16],
    pub(crate) email: String,
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
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.with_context(|| format!("{} cannot be made", directory.display()))?;
        let file = directory.join("tandem.sqlite");
        let options = SqliteConnectOptions::new()
            .filename(&file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true);
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.with_context(|| format!("{} cannot be opened", file.display()))?;
        sqlx::migrate!("./migrations").run(&pool).await.context("the database cannot be brought up to date")?;
        let store = Store { pool, directory: directory.to_owned() };
        // A session does not outlive the process that led it.
        sqlx::query("UPDATE sessions SET state = $1, ended_at = $2 WHERE ended_at IS NULL")
            .bind(state_name(SessionState::Failed))
            .bind(unix_now())
            .execute(&store.pool)
            .await?;
        Ok(store)
    }

    /// Makes sure of the demo company with this key. Gives its agent's e-mail address and password, which stays the same.
    pub(crate) async fn open_demo(&self, key: &Secret, passwords: &Passwords) -> Result<(String, String)> {
        let policy = serde_json::to_string(&Policy::default())?;
        sqlx::query(
            "INSERT INTO companies (id, name, api_key, policy) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET api_key = excluded.api_key",
        )
        .bind(DEMO)
        .bind("Demo shop")
        .bind(hashed(key.reveal()).to_hex())
        .bind(policy)
        .execute(&self.pool)
        .await?;
        let password = self.demo_password()?;
        let query = "INSERT INTO people (email, company, name, password, admin) VALUES ($1, $2, $3, $4, 1) \
                     ON CONFLICT (email) DO UPDATE SET password = excluded.password";
        let hash = passwords.hash(password.clone()).await?;
        sqlx::query(query).bind(DEMO_AGENT).bind(DEMO).bind("Ana").bind(hash).execute(&self.pool).await?;
        Ok((DEMO_AGENT.to_owned(), password))
    }

    /// Made at the first start and printed at each, so it is kept as it is, for this user's eyes alone.
    fn demo_password(&self) -> Result<String> {
        let file = self.directory.join("demo-password");
        match std::fs::read_to_string(&file) {
            Ok(password) if password.trim().len() >= 12 => Ok(password.trim().to_owned()),
            Ok(_) | Err(_) => {
                let password = Secret::random().reveal()[..12].to_owned();
                let mut options = std::fs::OpenOptions::new();
                let opened = options.write(true).create(true).truncate(true).mode(0o600).open(&file);
                let written = opened.and_then(|mut file| std::io::Write::write_all(&mut file, password.as_bytes()));
                written.with_context(|| format!("{} cannot be written", file.display()))?;
                Ok(password)
            }
        }
    }

    /// Without the demo nothing of it opens anything, also where the database has seen one.
    pub(crate) async fn close_demo(&self) -> Result<()> {
        sqlx::query("UPDATE companies SET api_key = '' WHERE id = $1").bind(DEMO).execute(&self.pool).await?;
        sqlx::query("DELETE FROM people WHERE email = $1").bind(DEMO_AGENT).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn company(&self, id: &CompanyId) -> Result<Option<Company>> {
        let query = sqlx::query("SELECT id, name, policy FROM companies WHERE id = $1").bind(id.as_str());
        query.fetch_optional(&self.pool).await?.map(|row| company(&row)).transpose()
    }

    pub(crate) async fn company_of_key(&self, key: &str) -> Result<Option<Company>> {
        let query = sqlx::query("SELECT id, name, policy FROM companies WHERE api_key = $1").bind(hashed(key).to_hex());
        query.fetch_optional(&self.pool).await?.map(|row| company(&row)).transpose()
    }

    pub(crate) async fn set_policy(&self, id: &CompanyId, policy: &Policy) -> Result<()> {
        let text = serde_json::to_string(policy)?;
        sqlx::query("UPDATE companies SET policy = $1 WHERE id = $2")
            .bind(text)
            .bind(id.as_str())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The person, when the password is theirs. Takes the same time for somebody unknown.
    pub(crate) async fn sign_in(&self, email: &str, password: String, passwords: &Passwords) -> Result<Option<Person>> {
        let query = sqlx::query("SELECT name, company, password, admin FROM people WHERE email = $1").bind(email);
        let row = query.fetch_optional(&self.pool).await?;
        let hash = row.as_ref().map(|row| row.try_get("password")).transpose()?;
        let is_right = passwords.is_right(hash, password).await?;
        let Some(row) = row.filter(|_| is_right) else { return Ok(None) };
        let company: String = row.try_get("company")?;
        let mut id = [0; 16];
        id.copy_from_slice(&sha2::Sha256::digest(email)[..16]);
        Ok(Some(Person {
            id,
            email: email.to_owned(),
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
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    pub(crate) async fn record(&self, id: &SessionId, state: SessionState) -> Result<()> {
        let ended_at = matches!(state, SessionState::Ended | SessionState::Failed).then(unix_now);
        let query = sqlx::query("UPDATE sessions SET state = $1, ended_at = $2 WHERE id = $3 AND ended_at IS NULL");
        query.bind(state_name(state)).bind(ended_at).bind(id.as_str()).execute(&self.pool).await?;
        Ok(())
    }

    /// A session of this company.
    pub(crate) async fn session(&self, id: &SessionId, company: &CompanyId) -> Result<Option<Record>> {
        let query =
            sqlx::query("SELECT id, created_at, state, start_host, agent FROM sessions WHERE id = $1 AND company = $2");
        let row = query.bind(id.as_str()).bind(company.as_str()).fetch_optional(&self.pool).await?;
        row.map(|row| record(&row)).transpose()
    }

    /// The company's sessions of the last day, newest first.
    pub(crate) async fn recent(&self, company: &CompanyId) -> Result<Vec<Record>> {
        let query = sqlx::query(
            "SELECT id, created_at, state, start_host, agent FROM sessions \
             WHERE company = $1 AND created_at > $2 ORDER BY created_at DESC LIMIT 200",
        );
        let rows = query.bind(company.as_str()).bind(unix_now() - DAY).fetch_all(&self.pool).await?;
        rows.iter().map(record).collect()
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

fn company(row: &SqliteRow) -> Result<Company> {
    let (id, policy): (String, String) = (row.try_get("id")?, row.try_get("policy")?);
    Ok(Company { id: id.try_into()?, name: row.try_get("name")?, policy: serde_json::from_str(&policy)? })
}

fn record(row: &SqliteRow) -> Result<Record> {
    let (id, state): (String, String) = (row.try_get("id")?, row.try_get("state")?);
    Ok(Record {
        id: id.try_into()?,
        created_at: row.try_get("created_at")?,
        state: serde_json::from_value(state.into())?,
        start_host: row.try_get("start_host")?,
        agent: row.try_get("agent")?,
    })
}
