//! Who is signed in: hashes of cookies, each with its end.

use super::audit::append;
use super::people::{account, select_people, sign_out};
use super::{Account, Entry, Person, Store, unix_now};
use anyhow::Result;
use sqlx::Row;

/// How long somebody stays signed in (seconds).
pub(crate) const SIGN_IN_LIFE: i64 = 12 * 3600;

/// Somebody signed in.
pub(crate) struct SignedIn {
    pub(crate) account: Account,
    /// By the company's own provider rather than by password.
    pub(crate) by_provider: bool,
}

impl Store {
    pub(crate) async fn sign_in(&self, person: &Person, secret: &str, by_provider: bool, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        let query =
            sqlx::query("INSERT INTO sign_ins (secret, person, by_provider, expires_at) VALUES ($1, $2, $3, $4)");
        let query = query.bind(secret).bind(person.id.as_str()).bind(i64::from(by_provider));
        let query = query.bind(unix_now() + SIGN_IN_LIFE);
        query.execute(&mut *change).await?;
        let seen = sqlx::query("UPDATE people SET last_seen = $1 WHERE id = $2");
        seen.bind(unix_now()).bind(person.id.as_str()).execute(&mut *change).await?;
        append(&mut change, &person.company, entry).await?;
        Ok(change.commit().await?)
    }

    /// As they are now: a change of their role or their standing counts at once. One that ends later than any can has been made
    /// by a clock that was wrong.
    pub(crate) async fn signed_in(&self, secret: &str) -> Result<Option<SignedIn>> {
        let query = sqlx::query(concat!(
            "SELECT s.by_provider, found.* FROM sign_ins s JOIN (",
            select_people!(""),
            ") found ON found.id = s.person WHERE s.secret = $1 AND s.expires_at > $2 AND s.expires_at <= $3 AND found.active = 1"
        ));
        let now = unix_now();
        let row = query.bind(secret).bind(now).bind(now + SIGN_IN_LIFE).fetch_optional(&self.pool).await?;
        row.map(|row| Ok(SignedIn { account: account(&row)?, by_provider: row.try_get::<i64, _>("by_provider")? != 0 }))
            .transpose()
    }

    pub(crate) async fn sign_out(&self, person: &Person, secret: &str, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        sqlx::query("DELETE FROM sign_ins WHERE secret = $1").bind(secret).execute(&mut *change).await?;
        append(&mut change, &person.company, entry).await?;
        Ok(change.commit().await?)
    }

    pub(crate) async fn sign_out_everywhere(&self, person: &Person, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        sign_out(&mut change, &person.id).await?;
        append(&mut change, &person.company, entry).await?;
        Ok(change.commit().await?)
    }

    pub(crate) async fn forget_old_sign_ins(&self) -> Result<()> {
        let query = sqlx::query("DELETE FROM sign_ins WHERE expires_at <= $1").bind(unix_now());
        query.execute(&self.pool).await?;
        Ok(())
    }
}
