//! The demo company and its people, and the first administrator of a company that has none.

use super::people::Newcomer;
use super::{Changed, Entry, Key, Store, unix_now};
use crate::passwords::Passwords;
use crate::tokens::hashed;
use anyhow::{Context, Result};
use std::os::unix::fs::OpenOptionsExt;
use tandem_component::Secret;
use tandem_protocol::api::{Action, Actor, ApiKeyView, CompanySite, CompanySites, Scope};
use tandem_protocol::{CompanyId, KeyId, PersonId, RoleId};
use url::Url;

const DEMO: &str = "demo";
const DEMO_NAME: &str = "Demo shop";
const DEMO_KEY: &str = "Demo";
/// One who may do everything, and one of each role to help and to be helped by.
const DEMO_PEOPLE: [(&str, &str, &str); 3] = [
    ("ana@demo.example", "Ana", "admin"),
    ("ben@demo.example", "Ben", "agent"),
    ("sara@demo.example", "Sara", "supervisor"),
];

impl Store {
    /// Makes sure of the demo company with this key. Gives its people's e-mail addresses and their password, which stays the same.
    pub(crate) async fn open_demo(&self, key: &Secret, passwords: &Passwords) -> Result<(Vec<String>, String)> {
        let company: CompanyId = DEMO.parse()?;
        self.add_company(&company, DEMO_NAME).await?;
        let query = sqlx::query("DELETE FROM api_keys WHERE company = $1 AND name = $2");
        query.bind(DEMO).bind(DEMO_KEY).execute(&self.pool).await?;
        let about = ApiKeyView {
            id: KeyId::from_random(rand::random()),
            name: DEMO_KEY.into(),
            scopes: Scope::ALL.into(),
            begins: String::new(),
            created_at: unix_now(),
            last_used: None,
            expires_at: None,
        };
        let entry = Entry::new(&Actor::Tandem, Action::KeyMade, DEMO_KEY);
        self.add_key(&Key { company: company.clone(), about }, &hashed(key.reveal()).to_hex(), &entry).await?;
        let password = self.demo_password()?;
        let hash = passwords.hash(password.clone()).await?;
        for (email, name, role) in DEMO_PEOPLE {
            self.make_sure_of(&company, email, name, &role.parse()?).await?;
            let query =
                sqlx::query("UPDATE people SET password = $1, active = 1, totp = NULL, role = $2 WHERE email = $3");
            query.bind(&hash).bind(role).bind(email).execute(&self.pool).await?;
        }
        Ok((DEMO_PEOPLE.map(|(email, ..)| email.to_owned()).into(), password))
    }

    /// The demo shop is the demo company's first site; its address is another when its port is.
    pub(crate) async fn set_demo_site(&self, start_url: &str) -> Result<()> {
        let company: CompanyId = DEMO.parse()?;
        let kept = self.kept_document::<CompanySites>(&company).await?;
        let host = Url::parse(start_url)?.host_str().unwrap_or_default().to_owned();
        let site = CompanySite { name: DEMO_NAME.into(), host, start_url: start_url.into() };
        let mut sites = kept.value.clone();
        sites.sites.retain(|site| site.name != DEMO_NAME);
        sites.sites.insert(0, site);
        if sites != kept.value {
            let entry = Entry::new(&Actor::Tandem, Action::SettingsChanged, "sites");
            self.set_document(&company, &kept, &sites, &entry).await?;
        }
        Ok(())
    }

    async fn make_sure_of(&self, company: &CompanyId, email: &str, name: &str, role: &RoleId) -> Result<PersonId> {
        if let Some(account) = self.account_of_email(email).await? {
            return Ok(account.person.id);
        }
        let id = PersonId::from_random(rand::random());
        let entry = Entry::new(&Actor::Tandem, Action::PersonAdded, format!("{name} as {role}"));
        let added = self.add_person(&Newcomer { id: &id, company, name, email, role }, &entry).await?;
        anyhow::ensure!(added == Changed::Done(()), "the e-mail address {email} is taken");
        Ok(id)
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
        sqlx::query("DELETE FROM api_keys WHERE company = $1").bind(DEMO).execute(&self.pool).await?;
        sqlx::query("DELETE FROM people WHERE company = $1").bind(DEMO).execute(&self.pool).await?;
        Ok(())
    }

    /// Makes sure of a company's first administrator; gives them as long as nobody can sign in yet.
    pub(crate) async fn first_admin(&self, company: &CompanyId, email: &str) -> Result<Option<super::Person>> {
        if !self.is_empty().await? {
            return Ok(None);
        }
        self.add_company(company, "My company").await?;
        let id = self.make_sure_of(company, email, "Admin", &"admin".parse()?).await?;
        Ok(self.account(company, &id).await?.map(|account| account.person))
    }
}
