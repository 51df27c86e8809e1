//! What outlives the process: companies, people, settings, records and the audit. SQLite, or PostgreSQL by its address.
//!
//! One SQL for both, and one pool (`sqlx::Any`): numbers are BIGINT, everything else is TEXT.

mod audit;
mod companies;
mod demo;
mod keys;
mod people;
mod records;
pub(crate) mod roles;
mod settings;
mod sign_ins;

pub(crate) use audit::{Entry, Search};
pub(crate) use companies::Company;
pub(crate) use keys::{Key, MOST_KEYS};
pub(crate) use people::{Account, LINK_LIFE, Newcomer, Person};
pub(crate) use records::{Past, Record};
pub(crate) use settings::{Changed, Document, Tag};
pub(crate) use sign_ins::SIGN_IN_LIFE;

use anyhow::{Context, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::any::{AnyConnectOptions, AnyPoolOptions, AnyRow};
use sqlx::{AnyPool, Executor, Row};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use tandem_component::Secret;
use tandem_protocol::signal::SessionState;
use url::Url;

pub(crate) const DAY: i64 = 86_400;

/// The database. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Store {
    pool: AnyPool,
    directory: PathBuf,
}

/// Seconds since 1970 (UTC).
pub(crate) fn unix_now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Rows of the audit are never changed, also not by a mistake of ours.
const APPEND_ONLY_SQLITE: &str = "CREATE TRIGGER IF NOT EXISTS events_stay BEFORE UPDATE ON events \
     BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END";
const APPEND_ONLY_POSTGRES: &str = "CREATE OR REPLACE FUNCTION events_stay() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'the audit is only ever added to'; END $$; \
     CREATE OR REPLACE TRIGGER events_stay BEFORE UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_stay()";

impl Store {
    /// Opens the database at `address`, or the file in `directory`, and brings it up to date.
    pub(crate) async fn open(directory: &Path, address: Option<&Secret>) -> Result<Store> {
        sqlx::any::install_default_drivers();
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.with_context(|| format!("{} cannot be made", directory.display()))?;
        let pool = match address {
            None => open_file(directory).await?,
            Some(address) => open_server(address).await?,
        };
        sqlx::migrate!("./migrations").run(&pool).await.context("the database cannot be brought up to date")?;
        let append_only = if address.is_none() { APPEND_ONLY_SQLITE } else { APPEND_ONLY_POSTGRES };
        pool.execute(sqlx::raw_sql(append_only)).await?;
        let store = Store { pool, directory: directory.to_owned() };
        // A session does not outlive the process that led it.
        sqlx::query("UPDATE sessions SET state = $1, ended_at = $2 WHERE ended_at IS NULL")
            .bind(word(&SessionState::Failed)?)
            .bind(unix_now())
            .execute(&store.pool)
            .await?;
        Ok(store)
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

async fn open_file(directory: &Path) -> Result<AnyPool> {
    let file = directory.join("tandem.sqlite");
    let file = std::path::absolute(&file).with_context(|| format!("{} has no place", file.display()))?;
    let path = Url::from_file_path(&file).ok().with_context(|| format!("{} has no address", file.display()))?;
    let options: AnyConnectOptions = format!("sqlite://{}?mode=rwc", path.path()).parse()?;
    let pool = AnyPoolOptions::new()
        .max_connections(4)
        .after_connect(|connection, _| {
            Box::pin(async move {
                connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL").await.map(|_| ())
            })
        })
        .connect_with(options)
        .await;
    pool.with_context(|| format!("{} cannot be opened", file.display()))
}

async fn open_server(address: &Secret) -> Result<AnyPool> {
    // The address holds a password, which an error must not quote.
    let options: Option<AnyConnectOptions> = address.reveal().parse().ok();
    let options = options.filter(|options| matches!(options.database_url.scheme(), "postgres" | "postgresql"));
    let options = options.context("TANDEM_DATABASE_URL must be an address such as postgres://user@host/database")?;
    let pool = AnyPoolOptions::new().max_connections(16).connect_with(options).await;
    pool.context("the database of TANDEM_DATABASE_URL cannot be reached")
}

/// How a word of the protocol stands in the database: as on the wire, without the quotes.
fn word(value: &impl Serialize) -> Result<String> {
    match serde_json::to_value(value)? {
        serde_json::Value::String(text) => Ok(text),
        _ => anyhow::bail!("not a word"),
    }
}

fn from_word<T: DeserializeOwned>(text: String) -> Result<T> {
    Ok(serde_json::from_value(text.into())?)
}

/// A column that was written by us as JSON.
fn json<T: DeserializeOwned>(row: &AnyRow, column: &str) -> Result<T> {
    Ok(serde_json::from_str(row.try_get(column)?)?)
}

/// What somebody looks for, as a pattern in which only what they wrote counts.
fn pattern(text: &str) -> String {
    let escaped = text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{escaped}%")
}

/// Whether it failed because there is one already.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
