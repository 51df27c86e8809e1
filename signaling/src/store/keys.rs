//! Keys by which programs use the API. Only their hashes are kept.

use super::audit::append;
use super::{Entry, Store, json, unix_now};
use anyhow::Result;
use sqlx::Row;
use sqlx::any::AnyRow;
use tandem_protocol::api::{Actor, ApiKeyView};
use tandem_protocol::{CompanyId, KeyId};

/// Keys of one company, at the most.
pub(crate) const MOST_KEYS: usize = 200;
/// That a key was used is written so often at the most (seconds).
const USED: i64 = 60;

/// A key that opens something.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) company: CompanyId,
    pub(crate) about: ApiKeyView,
}

impl Key {
    pub(crate) fn actor(&self) -> Actor {
        Actor::Key { id: self.about.id.clone(), name: self.about.name.clone() }
    }
}

impl Store {
    pub(crate) async fn keys(&self, company: &CompanyId) -> Result<Vec<ApiKeyView>> {
        let query = sqlx::query(
            "SELECT id, company, name, scopes, begins, created_at, last_used, expires_at FROM api_keys \
             WHERE company = $1 ORDER BY created_at DESC, id",
        );
        let rows = query.bind(company.as_str()).fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(key(row)?.about)).collect()
    }

    /// The key whose hash this is, while it has not expired.
    pub(crate) async fn use_key(&self, secret: &str) -> Result<Option<Key>> {
        let now = unix_now();
        let query = sqlx::query(
            "SELECT id, company, name, scopes, begins, created_at, last_used, expires_at FROM api_keys \
             WHERE secret = $1 AND (expires_at IS NULL OR expires_at > $2)",
        );
        let Some(row) = query.bind(secret).bind(now).fetch_optional(&self.pool).await? else { return Ok(None) };
        let key = key(&row)?;
        if key.about.last_used.is_none_or(|used| used + USED <= now) {
            let query = sqlx::query("UPDATE api_keys SET last_used = $1 WHERE id = $2");
            query.bind(now).bind(key.about.id.as_str()).execute(&self.pool).await?;
        }
        Ok(Some(key))
    }

    pub(crate) async fn add_key(&self, key: &Key, secret: &str, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO api_keys (id, company, secret, name, scopes, begins, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(key.about.id.as_str())
        .bind(key.company.as_str())
        .bind(secret)
        .bind(&key.about.name)
        .bind(serde_json::to_string(&key.about.scopes)?)
        .bind(&key.about.begins)
        .bind(key.about.created_at)
        .bind(key.about.expires_at)
        .execute(&mut *change)
        .await?;
        append(&mut change, &key.company, entry).await?;
        Ok(change.commit().await?)
    }

    /// `false` when the company has no such key.
    pub(crate) async fn revoke_key(&self, company: &CompanyId, id: &KeyId, entry: &Entry) -> Result<bool> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("DELETE FROM api_keys WHERE company = $1 AND id = $2");
        let gone = query.bind(company.as_str()).bind(id.as_str()).execute(&mut *change).await?.rows_affected();
        if gone == 0 {
            return Ok(false);
        }
        append(&mut change, company, entry).await?;
        change.commit().await?;
        Ok(true)
    }
}

fn key(row: &AnyRow) -> Result<Key> {
    let (id, company): (String, String) = (row.try_get("id")?, row.try_get("company")?);
    let about = ApiKeyView {
        id: id.try_into()?,
        name: row.try_get("name")?,
        scopes: json(row, "scopes")?,
        begins: row.try_get("begins")?,
        created_at: row.try_get("created_at")?,
        last_used: row.try_get("last_used")?,
        expires_at: row.try_get("expires_at")?,
    };
    Ok(Key { company: company.try_into()?, about })
}
