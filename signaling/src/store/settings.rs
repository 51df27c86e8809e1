//! What a company sets: documents, each of one kind.

use super::audit::append;
use super::{Entry, Store, json};
use anyhow::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use sqlx::Row;
use tandem_protocol::CompanyId;
use tandem_protocol::api::{
    Approvals, CompanySites, CompanyTexts, Embedding, Languages, Look, QuickReplies, Retention, SignInSettings,
};

/// A kind of document. What nobody has set yet is its default.
pub(crate) trait Document: Serialize + DeserializeOwned + Default + Send + Sync + 'static {
    const KIND: &'static str;
}

macro_rules! documents {
    ($($document:ty = $kind:literal),* $(,)?) => { $(
        impl Document for $document {
            const KIND: &'static str = $kind;
        }
    )* };
}

documents!(
    CompanySites = "sites",
    Look = "look",
    CompanyTexts = "texts",
    Languages = "languages",
    Approvals = "approvals",
    Retention = "retention",
    Embedding = "embedding",
    QuickReplies = "quick-replies",
    SignInSettings = "sign-in",
);

/// What became of a change that was made to something as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Changed<T> {
    Done(T),
    /// Somebody else was faster.
    Meanwhile,
}

/// Names a content, as an `ETag` does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag(pub(crate) String);

impl Tag {
    pub(crate) fn of(content: &impl Serialize) -> Result<Tag> {
        let hash = Sha256::digest(serde_json::to_vec(content)?);
        Ok(Tag(format!("\"{}\"", hash[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>())))
    }
}

/// A document as it was read.
pub(crate) struct Kept<D> {
    pub(crate) value: D,
    /// As it stands in the database, whatever version wrote it.
    body: String,
}

impl Store {
    pub(crate) async fn document<D: Document>(&self, company: &CompanyId) -> Result<D> {
        Ok(self.kept_document(company).await?.value)
    }

    pub(crate) async fn kept_document<D: Document>(&self, company: &CompanyId) -> Result<Kept<D>> {
        let query = sqlx::query("SELECT body FROM documents WHERE company = $1 AND kind = $2");
        let row = query.bind(company.as_str()).bind(D::KIND).fetch_optional(&self.pool).await?;
        match row {
            Some(row) => Ok(Kept { value: json(&row, "body")?, body: row.try_get("body")? }),
            None => Ok(Kept { value: D::default(), body: serde_json::to_string(&D::default())? }),
        }
    }

    /// Sets a document that was read as `before`.
    pub(crate) async fn set_document<D: Document>(
        &self,
        company: &CompanyId,
        before: &Kept<D>,
        after: &D,
        entry: &Entry,
    ) -> Result<Changed<()>> {
        let mut change = self.pool.begin().await?;
        // What nobody has set yet has its default, so that there is a row to compare with.
        let first = sqlx::query(
            "INSERT INTO documents (company, kind, body) VALUES ($1, $2, $3) ON CONFLICT (company, kind) DO NOTHING",
        );
        first.bind(company.as_str()).bind(D::KIND).bind(&before.body).execute(&mut *change).await?;
        let query = sqlx::query("UPDATE documents SET body = $1 WHERE company = $2 AND kind = $3 AND body = $4");
        let query = query.bind(serde_json::to_string(after)?).bind(company.as_str()).bind(D::KIND).bind(&before.body);
        if query.execute(&mut *change).await?.rows_affected() == 0 {
            return Ok(Changed::Meanwhile);
        }
        append(&mut change, company, entry).await?;
        change.commit().await?;
        Ok(Changed::Done(()))
    }

    /// Every company's way of signing in, but those who have no provider.
    pub(crate) async fn providers(&self) -> Result<Vec<(CompanyId, SignInSettings)>> {
        let query = sqlx::query("SELECT company, body FROM documents WHERE kind = $1 ORDER BY company");
        let rows = query.bind(SignInSettings::KIND).fetch_all(&self.pool).await?;
        let all = rows.iter().map(|row| {
            let company: String = row.try_get("company")?;
            Ok((company.try_into()?, json::<SignInSettings>(row, "body")?))
        });
        all.filter(|found| found.as_ref().is_ok_and(|(_, settings)| settings.provider.is_some()) || found.is_err())
            .collect()
    }
}
