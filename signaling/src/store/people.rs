//! People, and what opens their accounts.

use super::audit::append;
use super::roles::{Standing as RoleStanding, standing};
use super::{Changed, Entry, Store, from_word, is_taken, unix_now, word};
use crate::totp::TOLERANCE;
use anyhow::{Context, Result};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use std::collections::BTreeSet;
use tandem_protocol::api::{Actor, Language, Permission, PersonView, Standing};
use tandem_protocol::{CompanyId, PersonId, Private, Role, RoleId};

/// How long a one-time link lets somebody set their password (seconds).
pub(crate) const LINK_LIFE: i64 = 72 * 3600;

/// Somebody who can sign in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: PersonId,
    pub(crate) company: CompanyId,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: RoleId,
    pub(crate) role_name: String,
    pub(crate) joins_as: Role,
    pub(crate) permissions: BTreeSet<Permission>,
    pub(crate) active: bool,
    pub(crate) language: Option<Language>,
    pub(crate) last_seen: Option<i64>,
}

impl Person {
    pub(crate) fn actor(&self) -> Actor {
        Actor::Person { id: self.id.clone(), name: self.name.as_str().into() }
    }
}

/// A person with what opens their account.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) person: Person,
    pub(crate) password: Option<Private<String>>,
    pub(crate) totp: Option<Private<String>>,
    pub(crate) totp_next: Option<Private<String>>,
}

impl Account {
    pub(crate) fn view(&self) -> PersonView {
        let person = &self.person;
        PersonView {
            id: person.id.clone(),
            name: person.name.as_str().into(),
            email: person.email.as_str().into(),
            role: person.role.clone(),
            standing: match (person.active, person.last_seen) {
                (false, _) => Standing::Deactivated,
                (true, None) => Standing::Invited,
                (true, Some(_)) => Standing::Active,
            },
            totp: self.totp.is_some(),
            last_seen: person.last_seen,
        }
    }
}

/// What somebody new is.
pub(crate) struct Newcomer<'a> {
    pub(crate) id: &'a PersonId,
    pub(crate) company: &'a CompanyId,
    pub(crate) name: &'a str,
    pub(crate) email: &'a str,
    pub(crate) role: &'a RoleId,
}

macro_rules! select_people {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.company, p.name, p.email, p.role, p.active, p.language, p.last_seen, p.password, p.totp, \
             p.totp_next, r.name AS role_name, r.joins_as, r.permissions \
             FROM people p LEFT JOIN roles r ON r.company = p.company AND r.id = p.role ",
            $rest
        )
    };
}
pub(super) use select_people;

impl Store {
    pub(crate) async fn people(&self, company: &CompanyId) -> Result<Vec<Account>> {
        let query = sqlx::query(select_people!("WHERE p.company = $1 ORDER BY p.name, p.id")).bind(company.as_str());
        query.fetch_all(&self.pool).await?.iter().map(account).collect()
    }

    /// One of this company.
    pub(crate) async fn account(&self, company: &CompanyId, id: &PersonId) -> Result<Option<Account>> {
        let query = sqlx::query(select_people!("WHERE p.company = $1 AND p.id = $2"));
        let row = query.bind(company.as_str()).bind(id.as_str()).fetch_optional(&self.pool).await?;
        row.map(|row| account(&row)).transpose()
    }

    pub(crate) async fn account_of_email(&self, email: &str) -> Result<Option<Account>> {
        let query = sqlx::query(select_people!("WHERE p.email = $1")).bind(email.trim().to_lowercase());
        query.fetch_optional(&self.pool).await?.map(|row| account(&row)).transpose()
    }

    /// Whose one-time link it is. One that ends later than any can has been made by a clock that was wrong.
    pub(crate) async fn account_of_link(&self, secret: &str) -> Result<Option<Account>> {
        let query = sqlx::query(select_people!(
            "WHERE p.link = $1 AND p.link_expires > $2 AND p.link_expires <= $3 AND p.active = 1"
        ));
        let now = unix_now();
        let row = query.bind(secret).bind(now).bind(now + LINK_LIFE).fetch_optional(&self.pool).await?;
        row.map(|row| account(&row)).transpose()
    }

    pub(crate) async fn add_person(&self, new: &Newcomer<'_>, entry: &Entry) -> Result<Changed<()>> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query(
            "INSERT INTO people (id, company, email, name, role, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
        );
        let query = query.bind(new.id.as_str()).bind(new.company.as_str()).bind(new.email.to_lowercase());
        match query.bind(new.name).bind(new.role.as_str()).bind(unix_now()).execute(&mut *change).await {
            Err(error) if is_taken(&error) => return Ok(Changed::Meanwhile),
            added => {
                added?;
            }
        }
        append(&mut change, new.company, entry).await?;
        change.commit().await?;
        Ok(Changed::Done(()))
    }

    /// Writes what of a person may be changed. Who is deactivated is signed out.
    pub(crate) async fn change_person(
        &self,
        after: &Person,
        keep_totp: bool,
        entries: &[Entry],
    ) -> Result<Changed<()>> {
        let mut change = self.pool.begin().await?;
        let query =
            sqlx::query("UPDATE people SET name = $1, email = $2, role = $3, active = $4, language = $5 WHERE id = $6");
        let query = query.bind(&after.name).bind(after.email.to_lowercase()).bind(after.role.as_str());
        let language = after.language.as_ref().map(word).transpose()?;
        match query.bind(i64::from(after.active)).bind(language).bind(after.id.as_str()).execute(&mut *change).await {
            Err(error) if is_taken(&error) => return Ok(Changed::Meanwhile),
            changed => {
                changed?;
            }
        }
        if !keep_totp {
            let query = sqlx::query("UPDATE people SET totp = NULL, totp_next = NULL WHERE id = $1");
            query.bind(after.id.as_str()).execute(&mut *change).await?;
        }
        if !after.active {
            sign_out(&mut change, &after.id).await?;
            let query = sqlx::query("UPDATE people SET link = NULL WHERE id = $1");
            query.bind(after.id.as_str()).execute(&mut *change).await?;
        }
        for entry in entries {
            append(&mut change, &after.company, entry).await?;
        }
        change.commit().await?;
        Ok(Changed::Done(()))
    }

    /// Gives somebody a one-time link in place of any earlier one.
    pub(crate) async fn set_link(&self, of: &Person, secret: &str, expires: i64, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("UPDATE people SET link = $1, link_expires = $2 WHERE id = $3");
        query.bind(secret).bind(expires).bind(of.id.as_str()).execute(&mut *change).await?;
        append(&mut change, &of.company, entry).await?;
        Ok(change.commit().await?)
    }

    /// Sets a password by a one-time link, which is used up, and signs out everywhere. `false` when somebody used it before.
    pub(crate) async fn use_link(&self, of: &Person, secret: &str, hash: &str, entry: &Entry) -> Result<bool> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("UPDATE people SET password = $1, link = NULL WHERE id = $2 AND link = $3");
        let query = query.bind(hash).bind(of.id.as_str()).bind(secret);
        if query.execute(&mut *change).await?.rows_affected() == 0 {
            return Ok(false);
        }
        sign_out(&mut change, &of.id).await?;
        append(&mut change, &of.company, entry).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Sets a password and signs out everywhere.
    pub(crate) async fn set_password(&self, of: &Person, hash: &str, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("UPDATE people SET password = $1, link = NULL WHERE id = $2");
        query.bind(hash).bind(of.id.as_str()).execute(&mut *change).await?;
        sign_out(&mut change, &of.id).await?;
        append(&mut change, &of.company, entry).await?;
        Ok(change.commit().await?)
    }

    /// A secret that counts once a code of it was shown.
    pub(crate) async fn propose_totp(&self, of: &Person, secret: &str) -> Result<()> {
        let query = sqlx::query("UPDATE people SET totp_next = $1 WHERE id = $2");
        query.bind(secret).bind(of.id.as_str()).execute(&self.pool).await?;
        Ok(())
    }

    pub(crate) async fn set_totp(&self, of: &Person, secret: Option<&str>, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("UPDATE people SET totp = $1, totp_next = NULL WHERE id = $2");
        query.bind(secret).bind(of.id.as_str()).execute(&mut *change).await?;
        append(&mut change, &of.company, entry).await?;
        Ok(change.commit().await?)
    }

    /// Uses a code's step up; `false` when it or a later one was used before. A step so far ahead that no code is taken for it now
    /// was used while the clock was wrong, and must not lock anybody out.
    pub(crate) async fn use_totp_step(&self, of: &Person, step: i64) -> Result<bool> {
        let query =
            sqlx::query("UPDATE people SET totp_step = $1 WHERE id = $2 AND (totp_step < $1 OR totp_step > $1 + $3)");
        Ok(query.bind(step).bind(of.id.as_str()).bind(2 * TOLERANCE).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Whether anybody can sign in at all.
    pub(crate) async fn is_empty(&self) -> Result<bool> {
        let row = sqlx::query("SELECT COUNT(*) AS n FROM people WHERE last_seen IS NOT NULL OR password IS NOT NULL");
        Ok(row.fetch_one(&self.pool).await?.try_get::<i64, _>("n")? == 0)
    }
}

pub(super) async fn sign_out(change: &mut Transaction<'_, Any>, id: &PersonId) -> Result<()> {
    sqlx::query("DELETE FROM sign_ins WHERE person = $1").bind(id.as_str()).execute(&mut **change).await?;
    Ok(())
}

pub(super) fn account(row: &AnyRow) -> Result<Account> {
    let text = |column: &str| row.try_get::<String, _>(column);
    let private = |column: &str| row.try_get::<Option<String>, _>(column).map(|text| text.map(Private::new));
    let RoleStanding { name: role_name, joins_as, permissions } = standing(row)?;
    let language: Option<String> = row.try_get("language")?;
    let person = Person {
        id: text("id")?.try_into()?,
        company: text("company")?.try_into()?,
        name: text("name")?,
        email: text("email")?,
        role: text("role")?.try_into()?,
        role_name,
        joins_as,
        permissions,
        active: row.try_get::<i64, _>("active")? != 0,
        language: language.map(from_word).transpose().context("language")?,
        last_seen: row.try_get("last_seen")?,
    };
    let (password, totp, totp_next) = (private("password")?, private("totp")?, private("totp_next")?);
    Ok(Account { person, password, totp, totp_next })
}
