//! What both binaries that hold signalling are told of it: where it keeps things, TLS, the first administrator.

use crate::{FirstAdmin, Network, Tls};
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use tandem_component::Secret;
use tandem_protocol::CompanyId;

#[derive(Debug, Clone, Args)]
pub struct AccountArguments {
    /// A PostgreSQL database, such as postgres://tandem:password@host/tandem, by environment only [default: a file in the data directory]
    #[arg(env = "TANDEM_DATABASE_URL", value_name = "TANDEM_DATABASE_URL", hide_env_values = true)]
    database_url: Option<Secret>,

    /// "self-signed" makes a certificate at the first start, for development
    #[arg(long, env = "TANDEM_TLS", value_parser = ["self-signed"], conflicts_with = "tls_cert")]
    tls: Option<String>,

    /// The certificate with its chain (PEM); it is read again when it changes
    #[arg(long, env = "TANDEM_TLS_CERT", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The certificate's key (PEM)
    #[arg(long, env = "TANDEM_TLS_KEY", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// With TLS: where nodes and SFUs register, without it
    #[arg(long, env = "TANDEM_CONTROL_LISTEN", default_value = "127.0.0.1:0")]
    control_listen: SocketAddr,

    /// Proxies in front, such as 10.0.0.7,fd00::/8: only their X-Forwarded-For is believed
    #[arg(long, env = "TANDEM_TRUSTED_PROXIES", value_delimiter = ',')]
    trusted_proxies: Vec<Network>,

    /// The company of the first administrator
    #[arg(long, env = "TANDEM_COMPANY", default_value = "main")]
    company: CompanyId,

    /// The first administrator's e-mail address
    #[arg(long, env = "TANDEM_ADMIN_EMAIL", default_value = "admin@localhost")]
    admin_email: String,

    /// The first administrator's password, by environment only [default: a link that sets one is printed]
    #[arg(env = "TANDEM_ADMIN_PASSWORD", value_name = "TANDEM_ADMIN_PASSWORD", hide_env_values = true)]
    admin_password: Option<Secret>,
}

impl AccountArguments {
    pub fn database(&self) -> Option<Secret> {
        self.database_url.clone()
    }

    pub fn trusted_proxies(&self) -> Vec<Network> {
        self.trusted_proxies.clone()
    }

    pub fn control_listen(&self) -> SocketAddr {
        self.control_listen
    }

    pub fn tls(&self) -> Option<Tls> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(Tls::Files { certificate: certificate.clone(), key: key.clone() }),
            _ => self.tls.as_ref().map(|_| Tls::SelfSigned),
        }
    }

    pub fn first_admin(&self) -> FirstAdmin {
        let (company, email) = (self.company.clone(), self.admin_email.trim().to_lowercase());
        FirstAdmin { company, email, password: self.admin_password.clone() }
    }
}
