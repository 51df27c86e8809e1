//! People, roles and keys, for whoever manages them.

use super::caller::{By, Caller, Keys, People};
use super::{Answer, Body, error, internal, invalid};
use crate::hub::Hub;
use crate::store::roles::{MOST_ROLES, is_built_in, is_fixed};
use crate::store::{Account, Changed, Entry, Key, LINK_LIFE, MOST_KEYS, Newcomer, Person, unix_now};
use crate::tokens::{hashed, new_secret};
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use std::collections::BTreeSet;
use std::sync::Arc;
use tandem_protocol::api::{
    Action, AddPerson, AddedPerson, ApiKeyList, ApiKeyView, ChangePerson, MadeApiKey, MakeApiKey, OneTimeLink,
    Permission, PersonList, PersonView, RoleList, RoleView, Scope, SetRole,
};
use tandem_protocol::{KeyId, PersonId, Role, RoleId, limits};

/// RFC 5321 §4.5.3.1.3
const LONGEST_EMAIL: usize = 254;

/// A name as people write one: one line, not empty.
pub(super) fn name(text: &str) -> Answer<String> {
    let name = text.trim();
    if name.is_empty() || name.chars().count() > limits::NAME || name.chars().any(char::is_control) {
        return Err(invalid(format!("a name has 1 to {} characters, in one line", limits::NAME)));
    }
    Ok(name.to_owned())
}

pub(crate) fn is_email(text: &str) -> bool {
    let parts =
        text.split_once('@').filter(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    parts.is_some() && text.len() <= LONGEST_EMAIL && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn email(text: &str) -> Answer<String> {
    let email = text.trim().to_lowercase();
    if is_email(&email) { Ok(email) } else { Err(invalid("that is no e-mail address")) }
}

fn no_person() -> Response {
    error(StatusCode::NOT_FOUND, "not_found", "there is no such person")
}

fn email_taken() -> Response {
    error(StatusCode::CONFLICT, "email_taken", "somebody has this e-mail address already")
}

async fn person_of(hub: &Hub, caller: &Caller, id: &str) -> Answer<Account> {
    let id: PersonId = id.parse().map_err(|_| no_person())?;
    hub.store.account(&caller.company.id, &id).await.map_err(internal)?.ok_or_else(no_person)
}

/// A role of this company that a person can have, and that holds nothing the caller lacks.
async fn role_for(hub: &Hub, caller: &Caller, id: &RoleId) -> Answer<RoleView> {
    let roles = hub.store.roles(&caller.company.id).await.map_err(internal)?;
    let role = roles.into_iter().find(|role| role.id == *id && role.joins_as != Role::Customer);
    let role = role.ok_or_else(|| invalid("there is no such role"))?;
    may_grant(caller, &role.permissions)?;
    Ok(role)
}

pub(super) fn may_grant(caller: &Caller, permissions: &BTreeSet<Permission>) -> Answer<()> {
    if permissions.iter().all(|permission| caller.holds(*permission)) {
        return Ok(());
    }
    Err(error(StatusCode::FORBIDDEN, "beyond", "nobody gives permissions that they do not have"))
}

pub(super) async fn list(State(hub): State<Arc<Hub>>, caller: By<People>) -> Answer<Json<PersonList>> {
    let people = hub.store.people(&caller.company.id).await.map_err(internal)?;
    Ok(Json(PersonList { people: people.iter().map(Account::view).collect() }))
}

pub(super) async fn add(
    State(hub): State<Arc<Hub>>,
    caller: By<People>,
    Body(body): Body<AddPerson>,
) -> Answer<(StatusCode, Json<AddedPerson>)> {
    let (name, email) = (name(body.name.reveal())?, email(body.email.reveal())?);
    let role = role_for(&hub, &caller, &body.role).await?;
    let id = PersonId::from_random(rand::random());
    let new = Newcomer { id: &id, company: &caller.company.id, name: &name, email: &email, role: &role.id };
    let entry = Entry::new(&caller.actor(), Action::PersonAdded, format!("{name} as {}", role.id));
    match hub.store.add_person(&new, &entry).await.map_err(internal)? {
        Changed::Done(()) => {}
        Changed::Meanwhile => return Err(email_taken()),
    }
    let account = person_of(&hub, &caller, id.as_str()).await?;
    let link = new_link(&hub, &caller, &account.person).await?;
    Ok((StatusCode::CREATED, Json(AddedPerson { person: account.view(), link })))
}

pub(super) async fn link(
    State(hub): State<Arc<Hub>>,
    caller: By<People>,
    Path((_, id)): Path<(String, String)>,
) -> Answer<Json<OneTimeLink>> {
    let account = person_of(&hub, &caller, &id).await?;
    // Who sets somebody's password can act as them.
    may_grant(&caller, &account.person.permissions)?;
    if !account.person.active {
        return Err(error(StatusCode::CONFLICT, "deactivated", "the person is deactivated"));
    }
    Ok(Json(new_link(&hub, &caller, &account.person).await?))
}

async fn new_link(hub: &Hub, caller: &Caller, person: &Person) -> Answer<OneTimeLink> {
    let entry = Entry::new(&caller.actor(), Action::PasswordLinkMade, format!("for {}", person.name));
    hub.new_password_link(person, &entry).await.map_err(internal)
}

impl Hub {
    /// The token stands in the fragment: it reaches no server and no log.
    pub(crate) async fn new_password_link(&self, person: &Person, entry: &Entry) -> anyhow::Result<OneTimeLink> {
        let (token, expires_at) = (new_secret(), unix_now() + LINK_LIFE);
        self.store.set_link(person, &hashed(&token).to_hex(), expires_at, entry).await?;
        Ok(OneTimeLink { url: format!("{}/agent#set={token}", self.public_url).into(), expires_at })
    }
}

pub(super) async fn change(
    State(hub): State<Arc<Hub>>,
    caller: By<People>,
    Path((_, id)): Path<(String, String)>,
    Body(body): Body<ChangePerson>,
) -> Answer<Json<PersonView>> {
    let before = person_of(&hub, &caller, &id).await?;
    may_grant(&caller, &before.person.permissions)?;
    let (mut after, actor) = (before.person.clone(), caller.actor());
    let mut entries = Vec::new();
    let mut note = |action, detail: String| entries.push(Entry::new(&actor, action, detail));
    if let Some(text) = &body.name {
        after.name = name(text.reveal())?;
        note(Action::PersonChanged, format!("{} is now {}", before.person.name, after.name));
    }
    if let Some(text) = &body.email {
        after.email = email(text.reveal())?;
        note(Action::PersonChanged, format!("{}: e-mail address", after.name));
    }
    if let Some(id) = &body.role {
        let role = role_for(&hub, &caller, id).await?;
        (after.role, after.permissions) = (role.id, role.permissions);
        note(Action::PersonChanged, format!("{}: {} becomes {}", after.name, before.person.role, after.role));
    }
    match body.active {
        Some(true) if !before.person.active => note(Action::PersonReactivated, after.name.clone()),
        Some(false) if before.person.active => note(Action::PersonDeactivated, after.name.clone()),
        Some(_) | None => {}
    }
    after.active = body.active.unwrap_or(before.person.active);
    let keep_totp = match body.totp {
        Some(false) => false,
        None => true,
        Some(true) => return Err(invalid("only the person can set up their second factor")),
    };
    if !keep_totp && before.totp.is_some() {
        note(Action::TotpOff, format!("of {}", after.name));
    }
    keep_a_manager(&hub, &caller, &after).await?;
    match hub.store.change_person(&after, keep_totp, &entries).await.map_err(internal)? {
        Changed::Done(()) => {}
        Changed::Meanwhile => return Err(email_taken()),
    }
    hub.renew_rights(&caller.company.id).await.map_err(internal)?;
    Ok(Json(person_of(&hub, &caller, &id).await?.view()))
}

fn last_admin() -> Response {
    error(StatusCode::CONFLICT, "last_admin", "then nobody could manage people any more")
}

/// Refuses what would leave the company without anybody who manages people.
async fn keep_a_manager(hub: &Hub, caller: &Caller, after: &Person) -> Answer<()> {
    let manages = |person: &Person| person.active && person.permissions.contains(&Permission::ManagePeople);
    if manages(after) {
        return Ok(());
    }
    let people = hub.store.people(&caller.company.id).await.map_err(internal)?;
    let others = people.iter().any(|account| account.person.id != after.id && manages(&account.person));
    let was = people.iter().any(|account| account.person.id == after.id && manages(&account.person));
    if others || !was { Ok(()) } else { Err(last_admin()) }
}

pub(super) async fn sign_out(
    State(hub): State<Arc<Hub>>,
    caller: By<People>,
    Path((_, id)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let account = person_of(&hub, &caller, &id).await?;
    let detail = format!("{}, by somebody else", account.person.name);
    let entry = Entry::new(&caller.actor(), Action::SignedOutEverywhere, detail);
    hub.store.sign_out_everywhere(&account.person, &entry).await.map_err(internal)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn roles(State(hub): State<Arc<Hub>>, caller: By<People>) -> Answer<Json<RoleList>> {
    Ok(Json(RoleList { roles: hub.store.roles(&caller.company.id).await.map_err(internal)? }))
}

pub(super) async fn set_role(
    State(hub): State<Arc<Hub>>,
    caller: By<People>,
    Path((_, id)): Path<(String, String)>,
    Body(mut body): Body<SetRole>,
) -> Answer<Json<RoleView>> {
    let id = changeable(&id)?;
    body.name = name(&body.name)?;
    if body.joins_as == Role::Customer {
        return Err(invalid("people of the company join as agent or supervisor"));
    }
    may_grant(&caller, &body.permissions)?;
    let roles = hub.store.roles(&caller.company.id).await.map_err(internal)?;
    let before = roles.iter().find(|role| role.id == id);
    if let Some(before) = before {
        may_grant(&caller, &before.permissions)?;
    } else if roles.len() >= MOST_ROLES {
        return Err(invalid(format!("a company has {MOST_ROLES} roles at the most")));
    }
    if !body.permissions.contains(&Permission::ManagePeople) {
        let people = hub.store.people(&caller.company.id).await.map_err(internal)?;
        let manages = |person: &Person| person.active && person.permissions.contains(&Permission::ManagePeople);
        if !people.iter().any(|account| account.person.role != id && manages(&account.person)) {
            return Err(last_admin());
        }
    }
    let permissions = serde_json::to_string(&body.permissions).map_err(|cause| internal(cause.into()))?;
    let entry = Entry::new(&caller.actor(), Action::RoleSet, format!("{id}: {permissions}"));
    hub.store.set_role(&caller.company.id, &id, &body, &entry).await.map_err(internal)?;
    hub.renew_rights(&caller.company.id).await.map_err(internal)?;
    let roles = hub.store.roles(&caller.company.id).await.map_err(internal)?;
    roles.into_iter().find(|role| role.id == id).map(Json).ok_or_else(|| invalid("there is no such role"))
}

fn changeable(id: &str) -> Answer<RoleId> {
    let id: RoleId = id.parse().map_err(|_| invalid("a role's id has 2 to 40 of a-z, 0-9 and '-'"))?;
    if is_fixed(&id) { Err(error(StatusCode::CONFLICT, "fixed", "this role is as it is")) } else { Ok(id) }
}

pub(super) async fn remove_role(
    State(hub): State<Arc<Hub>>,
    caller: By<People>,
    Path((_, id)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let id = changeable(&id)?;
    if is_built_in(&id) {
        return Err(error(StatusCode::CONFLICT, "fixed", "this role cannot be removed"));
    }
    let entry = Entry::new(&caller.actor(), Action::RoleRemoved, id.as_str());
    if hub.store.remove_role(&caller.company.id, &id, &entry).await.map_err(internal)? {
        return Ok(StatusCode::NO_CONTENT);
    }
    let roles = hub.store.roles(&caller.company.id).await.map_err(internal)?;
    Err(match roles.iter().any(|role| role.id == id) {
        true => error(StatusCode::CONFLICT, "in_use", "somebody has this role"),
        false => error(StatusCode::NOT_FOUND, "not_found", "there is no such role"),
    })
}

pub(super) async fn keys(State(hub): State<Arc<Hub>>, caller: By<Keys>) -> Answer<Json<ApiKeyList>> {
    Ok(Json(ApiKeyList { keys: hub.store.keys(&caller.company.id).await.map_err(internal)? }))
}

pub(super) async fn make_key(
    State(hub): State<Arc<Hub>>,
    caller: By<Keys>,
    Body(body): Body<MakeApiKey>,
) -> Answer<(StatusCode, Json<MadeApiKey>)> {
    let now = unix_now();
    if body.scopes.is_empty() {
        return Err(invalid("a key needs a scope"));
    }
    if body.expires_at.is_some_and(|at| at <= now) {
        return Err(invalid("the key would have expired already"));
    }
    if hub.store.keys(&caller.company.id).await.map_err(internal)?.len() >= MOST_KEYS {
        return Err(invalid(format!("a company has {MOST_KEYS} keys at the most")));
    }
    may_make(&caller, &body.scopes)?;
    let key = format!("tandem_{}", new_secret());
    let about = ApiKeyView {
        id: KeyId::from_random(rand::random()),
        name: name(&body.name)?,
        scopes: body.scopes,
        begins: key.chars().take(12).collect(),
        created_at: now,
        last_used: None,
        expires_at: body.expires_at,
    };
    let scopes = serde_json::to_string(&about.scopes).map_err(|cause| internal(cause.into()))?;
    let entry = Entry::new(&caller.actor(), Action::KeyMade, format!("{}: {scopes}", about.name));
    let company = caller.company.id.clone();
    let made = Key { company, about: about.clone() };
    hub.store.add_key(&made, &hashed(&key).to_hex(), &entry).await.map_err(internal)?;
    Ok((StatusCode::CREATED, Json(MadeApiKey { key: key.into(), about })))
}

/// A key may do what whoever makes it may do.
fn may_make(caller: &Caller, scopes: &BTreeSet<Scope>) -> Answer<()> {
    use super::caller::Who;
    let permission = |scope: &Scope| match scope {
        Scope::Sessions => Permission::View,
        Scope::Policy | Scope::Settings => Permission::EditPolicy,
        Scope::People | Scope::Audit => Permission::ManagePeople,
        Scope::Keys => Permission::Api,
    };
    let may = match &caller.who {
        Who::Person(person) => scopes.iter().all(|scope| person.permissions.contains(&permission(scope))),
        Who::Key(key) => scopes.is_subset(&key.about.scopes),
    };
    if may {
        Ok(())
    } else {
        Err(error(StatusCode::FORBIDDEN, "beyond", "a key may not do more than whoever makes it"))
    }
}

pub(super) async fn revoke_key(
    State(hub): State<Arc<Hub>>,
    caller: By<Keys>,
    Path((_, id)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let none = || error(StatusCode::NOT_FOUND, "not_found", "there is no such key");
    let id: KeyId = id.parse().map_err(|_| none())?;
    let keys = hub.store.keys(&caller.company.id).await.map_err(internal)?;
    let key = keys.into_iter().find(|key| key.id == id).ok_or_else(none)?;
    let entry = Entry::new(&caller.actor(), Action::KeyRevoked, key.name);
    match hub.store.revoke_key(&caller.company.id, &id, &entry).await.map_err(internal)? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(none()),
    }
}
