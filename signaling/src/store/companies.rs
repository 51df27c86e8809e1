//! Companies and their policies, of which every version is kept.

use super::audit::append;
use super::settings::Changed;
use super::{Entry, Store, is_taken, json, unix_now};
use anyhow::Result;
use sqlx::Row;
use sqlx::any::AnyRow;
use tandem_protocol::CompanyId;
use tandem_protocol::api::{Actor, PolicyVersion};
use tandem_protocol::policy::Policy;

/// Versions told at once.
const VERSIONS: i64 = 200;

#[derive(Debug, Clone)]
pub(crate) struct Company {
    pub(crate) id: CompanyId,
    pub(crate) name: String,
    pub(crate) policy: Policy,
    /// Which version of the policy it is.
    pub(crate) number: i64,
}

const SELECT: &str = "SELECT c.id, c.name, p.policy, p.number FROM companies c JOIN policies p ON p.company = c.id \
     WHERE c.id = $1 ORDER BY p.number DESC LIMIT 1";

impl Store {
    pub(crate) async fn company(&self, id: &CompanyId) -> Result<Option<Company>> {
        let row = sqlx::query(SELECT).bind(id.as_str()).fetch_optional(&self.pool).await?;
        row.map(|row| company(&row)).transpose()
    }

    pub(crate) async fn companies(&self) -> Result<Vec<CompanyId>> {
        let rows = sqlx::query("SELECT id FROM companies ORDER BY id").fetch_all(&self.pool).await?;
        rows.iter().map(|row| Ok(row.try_get::<String, _>("id")?.try_into()?)).collect()
    }

    /// When what is too old was last deleted (seconds since 1970).
    pub(crate) async fn swept_at(&self) -> Result<Option<i64>> {
        let row = sqlx::query("SELECT MAX(swept_at) AS at FROM companies").fetch_one(&self.pool).await?;
        Ok(row.try_get("at")?)
    }

    pub(crate) async fn swept(&self, at: i64) -> Result<()> {
        sqlx::query("UPDATE companies SET swept_at = $1").bind(at).execute(&self.pool).await?;
        Ok(())
    }

    /// Makes sure that there is one, with the safest policy.
    pub(crate) async fn add_company(&self, id: &CompanyId, name: &str) -> Result<()> {
        let mut change = self.pool.begin().await?;
        let company = sqlx::query("INSERT INTO companies (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");
        company.bind(id.as_str()).bind(name).execute(&mut *change).await?;
        let policy = sqlx::query(
            "INSERT INTO policies (company, number, at, actor, changed, policy) VALUES ($1, 1, $2, $3, '[]', $4) \
             ON CONFLICT (company, number) DO NOTHING",
        );
        let (actor, first) = (serde_json::to_string(&Actor::Tandem)?, serde_json::to_string(&Policy::default())?);
        policy.bind(id.as_str()).bind(unix_now()).bind(actor).bind(first).execute(&mut *change).await?;
        Ok(change.commit().await?)
    }

    pub(crate) async fn rename_company(&self, was: &Company, name: &str, entry: &Entry) -> Result<Changed<()>> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query("UPDATE companies SET name = $1 WHERE id = $2 AND name = $3");
        let changed = query.bind(name).bind(was.id.as_str()).bind(&was.name).execute(&mut *change).await?;
        if changed.rows_affected() == 0 {
            return Ok(Changed::Meanwhile);
        }
        append(&mut change, &was.id, entry).await?;
        change.commit().await?;
        Ok(Changed::Done(()))
    }

    /// Makes `policy` the next version after the one that `company` was read with.
    pub(crate) async fn set_policy(&self, company: &Company, policy: &Policy, entry: &Entry) -> Result<Changed<()>> {
        let changed = differences(&company.policy, policy)?;
        let mut change = self.pool.begin().await?;
        let added = sqlx::query(
            "INSERT INTO policies (company, number, at, actor, changed, policy) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(company.id.as_str())
        .bind(company.number + 1)
        .bind(unix_now())
        .bind(serde_json::to_string(&entry.actor)?)
        .bind(serde_json::to_string(&changed)?)
        .bind(serde_json::to_string(policy)?)
        .execute(&mut *change)
        .await;
        match added {
            Err(error) if is_taken(&error) => return Ok(Changed::Meanwhile),
            added => {
                added?;
            }
        }
        let detail = format!("version {}{}{}", company.number + 1, entry.detail, changed_words(&changed));
        append(&mut change, &company.id, &Entry { detail, ..entry.clone() }).await?;
        change.commit().await?;
        Ok(Changed::Done(()))
    }

    /// Newest first.
    pub(crate) async fn policy_versions(&self, company: &CompanyId) -> Result<Vec<PolicyVersion>> {
        let query = sqlx::query(
            "SELECT number, at, actor, changed FROM policies WHERE company = $1 ORDER BY number DESC LIMIT $2",
        );
        let rows = query.bind(company.as_str()).bind(VERSIONS).fetch_all(&self.pool).await?;
        let version = |row: &AnyRow| {
            Ok(PolicyVersion {
                number: row.try_get("number")?,
                at: row.try_get("at")?,
                by: json(row, "actor")?,
                changed: json(row, "changed")?,
            })
        };
        rows.iter().map(version).collect()
    }

    pub(crate) async fn policy_version(&self, company: &CompanyId, number: i64) -> Result<Option<Policy>> {
        let query = sqlx::query("SELECT policy FROM policies WHERE company = $1 AND number = $2");
        let row = query.bind(company.as_str()).bind(number).fetch_optional(&self.pool).await?;
        row.map(|row| json(&row, "policy")).transpose()
    }
}

fn changed_words(changed: &[String]) -> String {
    if changed.is_empty() { String::new() } else { format!(": {}", changed.join(", ")) }
}

/// The parts of a policy that differ, two levels deep.
fn differences(before: &Policy, after: &Policy) -> Result<Vec<String>> {
    let (before, after) = (serde_json::to_value(before)?, serde_json::to_value(after)?);
    let parts = after.as_object().into_iter().flatten().filter(|(part, value)| before[*part] != **value);
    let names = parts.flat_map(|(part, value)| match value.as_object() {
        None => vec![part.clone()],
        Some(of) => of
            .iter()
            .filter(|(name, value)| before[part][name.as_str()] != **value)
            .map(|(name, _)| format!("{part}.{name}"))
            .collect(),
    });
    Ok(names.collect())
}

fn company(row: &AnyRow) -> Result<Company> {
    let id: String = row.try_get("id")?;
    Ok(Company {
        id: id.try_into()?,
        name: row.try_get("name")?,
        policy: json(row, "policy")?,
        number: row.try_get("number")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_named_by_its_place() {
        let (before, mut after) = (Policy::default(), Policy::default());
        assert!(differences(&before, &after).unwrap().is_empty());
        after.masking.presets.clear();
        after.agent.typing = false;
        assert_eq!(differences(&before, &after).unwrap(), ["agent.typing", "masking.presets"]);
    }
}
