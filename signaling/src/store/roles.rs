//! Roles: four that are built in, two of which a company may change, and its own.

use super::audit::append;
use super::{Entry, Store, from_word, json, word};
use anyhow::Result;
use sqlx::Row;
use sqlx::any::AnyRow;
use std::collections::BTreeSet;
use tandem_protocol::api::{Permission, RoleView, SetRole};
use tandem_protocol::{CompanyId, Role, RoleId};

/// Roles of one company, at the most.
pub(crate) const MOST_ROLES: usize = 50;

struct BuiltIn {
    id: &'static str,
    name: &'static str,
    joins_as: Role,
    permissions: &'static [Permission],
    fixed: bool,
}

/// What a customer may. Nobody sends files to customers before the company says who may.
const IN_SESSION: [Permission; 7] = [
    Permission::View,
    Permission::Point,
    Permission::Annotate,
    Permission::Click,
    Permission::Type,
    Permission::Navigate,
    Permission::OpenTabs,
];

const BUILT_IN: [BuiltIn; 4] = [
    // Nobody signs in as one; it stands here to be shown beside the others.
    BuiltIn { id: "customer", name: "Customer", joins_as: Role::Customer, permissions: &IN_SESSION, fixed: true },
    BuiltIn { id: "agent", name: "Agent", joins_as: Role::Agent, permissions: &IN_SESSION, fixed: false },
    BuiltIn {
        id: "supervisor",
        name: "Supervisor",
        joins_as: Role::Supervisor,
        permissions: &[
            Permission::View,
            Permission::Point,
            Permission::Annotate,
            Permission::Click,
            Permission::Type,
            Permission::Navigate,
            Permission::OpenTabs,
            Permission::SeeRecordings,
        ],
        fixed: false,
    },
    BuiltIn { id: "admin", name: "Admin", joins_as: Role::Agent, permissions: &Permission::ALL, fixed: true },
];

/// What a role is at a company.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    pub(crate) name: String,
    pub(crate) joins_as: Role,
    pub(crate) permissions: BTreeSet<Permission>,
}

/// The role that a row holds in `role`, `role_name`, `joins_as` and `permissions`, of which the last three are the company's own or
/// empty. A role that is gone lets nobody do anything.
pub(super) fn standing(row: &AnyRow) -> Result<Standing> {
    let (id, own): (String, Option<String>) = (row.try_get("role")?, row.try_get("role_name")?);
    match (own, BUILT_IN.iter().find(|role| role.id == id)) {
        (Some(name), _) => Ok(Standing {
            name,
            joins_as: from_word(row.try_get("joins_as")?)?,
            permissions: json(row, "permissions")?,
        }),
        (None, Some(role)) => Ok(Standing {
            name: role.name.into(),
            joins_as: role.joins_as,
            permissions: role.permissions.iter().copied().collect(),
        }),
        (None, None) => Ok(Standing { name: id, joins_as: Role::Agent, permissions: BTreeSet::new() }),
    }
}

pub(crate) fn is_built_in(id: &RoleId) -> bool {
    BUILT_IN.iter().any(|role| role.id == id.as_str())
}

pub(crate) fn is_fixed(id: &RoleId) -> bool {
    BUILT_IN.iter().any(|role| role.id == id.as_str() && role.fixed)
}

impl Store {
    pub(crate) async fn roles(&self, company: &CompanyId) -> Result<Vec<RoleView>> {
        let rows = sqlx::query("SELECT role, COUNT(*) AS people FROM people WHERE company = $1 GROUP BY role")
            .bind(company.as_str())
            .fetch_all(&self.pool)
            .await?;
        let counts: Vec<(String, i64)> =
            rows.iter().map(|row| Ok((row.try_get("role")?, row.try_get("people")?))).collect::<Result<_>>()?;
        let people =
            |id: &str| counts.iter().find(|(role, _)| role == id).map_or(0, |(_, n)| u32::try_from(*n).unwrap_or(0));
        let mut roles = Vec::new();
        for role in &BUILT_IN {
            roles.push(RoleView {
                id: role.id.parse()?,
                name: role.name.into(),
                built_in: true,
                fixed: role.fixed,
                joins_as: role.joins_as,
                permissions: role.permissions.iter().copied().collect(),
                people: people(role.id),
            });
        }
        let query = sqlx::query("SELECT id, name, joins_as, permissions FROM roles WHERE company = $1 ORDER BY name");
        for row in query.bind(company.as_str()).fetch_all(&self.pool).await? {
            let id: String = row.try_get("id")?;
            let view = RoleView {
                people: people(&id),
                id: id.try_into()?,
                name: row.try_get("name")?,
                built_in: false,
                fixed: false,
                joins_as: from_word(row.try_get("joins_as")?)?,
                permissions: json(&row, "permissions")?,
            };
            match roles.iter_mut().find(|role| role.id == view.id) {
                Some(built_in) => *built_in = RoleView { built_in: true, ..view },
                None => roles.push(view),
            }
        }
        Ok(roles)
    }

    pub(crate) async fn set_role(&self, company: &CompanyId, id: &RoleId, role: &SetRole, entry: &Entry) -> Result<()> {
        let mut change = self.pool.begin().await?;
        sqlx::query(
            "INSERT INTO roles (company, id, name, joins_as, permissions) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (company, id) DO UPDATE SET name = excluded.name, joins_as = excluded.joins_as, \
             permissions = excluded.permissions",
        )
        .bind(company.as_str())
        .bind(id.as_str())
        .bind(&role.name)
        .bind(word(&role.joins_as)?)
        .bind(serde_json::to_string(&role.permissions)?)
        .execute(&mut *change)
        .await?;
        append(&mut change, company, entry).await?;
        Ok(change.commit().await?)
    }

    /// `false` while somebody has it, or when there is none.
    pub(crate) async fn remove_role(&self, company: &CompanyId, id: &RoleId, entry: &Entry) -> Result<bool> {
        let mut change = self.pool.begin().await?;
        let query = sqlx::query(
            "DELETE FROM roles WHERE company = $1 AND id = $2 \
             AND NOT EXISTS (SELECT 1 FROM people WHERE company = $1 AND role = $2)",
        );
        let gone = query.bind(company.as_str()).bind(id.as_str()).execute(&mut *change).await?.rows_affected();
        if gone == 0 {
            return Ok(false);
        }
        append(&mut change, company, entry).await?;
        change.commit().await?;
        Ok(true)
    }
}
