//! TLS as a client sees it.

use super::{Answer, World};
use std::path::Path;
use std::sync::Arc;
use tandem_signaling::Tls;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, crypto, version};

type Stream = tokio_rustls::client::TlsStream<TcpStream>;

/// A connection by somebody who trusts this certificate alone.
async fn connect(
    world: &World,
    trusted: &Path,
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<Stream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(trusted).unwrap()).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let tcp = TcpStream::connect(world.signaling.address).await.unwrap();
    connector.connect("localhost".try_into().unwrap(), tcp).await
}

async fn get(mut stream: Stream, path: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    Answer::read(stream).await
}

#[tokio::test]
async fn a_certificate_is_made_once_and_everything_goes_by_it() {
    let world = World::with(|config| config.tls = Some(Tls::SelfSigned)).await;
    assert!(world.signaling.public_url.starts_with("https://127.0.0.1:"));
    let file = |world: &World| world.data.as_ref().unwrap().path().join("data/certificate.pem");
    for (version, is) in [(&version::TLS12, ProtocolVersion::TLSv1_2), (&version::TLS13, ProtocolVersion::TLSv1_3)] {
        let stream = connect(&world, &file(&world), &[version]).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(is));
        let answer = get(stream, "/healthz").await;
        assert_eq!(answer.status, 200);
        let strict = answer.headers("strict-transport-security").next();
        assert_eq!(
            (strict, answer.headers("x-content-type-options").next()),
            (Some("max-age=31536000"), Some("nosniff"))
        );
    }
    // Nothing of ours is served without, and who does not even shake hands holds up nobody.
    let _silent = TcpStream::connect(world.signaling.address).await.unwrap();
    let plain = TcpStream::connect(world.signaling.address).await.unwrap();
    let mut plain = plain;
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    drop(tokio::io::AsyncReadExt::read_to_end(&mut plain, &mut answer).await);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    // Nodes and SFUs register inside, and find nothing else there.
    let inside =
        world.signaling.control_url.strip_prefix("ws://").unwrap().strip_suffix("/control").unwrap().to_owned();
    let request = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {inside}\r\nConnection: close\r\n\r\n");
    for (path, status) in [("/api/v1/openapi.json", 404), ("/control", 400)] {
        let mut stream = TcpStream::connect(&inside).await.unwrap();
        stream.write_all(request(path).as_bytes()).await.unwrap();
        assert_eq!(Answer::read(stream).await.status, status, "{path}");
    }
    let made = std::fs::read(file(&world)).unwrap();
    let data = world.end().await;
    let world = World::again(data, |config| config.tls = Some(Tls::SelfSigned)).await;
    assert_eq!(std::fs::read(file(&world)).unwrap(), made, "it is kept");
}

#[tokio::test]
async fn files_are_read_again_when_they_change() {
    let files = tempfile::tempdir().unwrap();
    let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    let write = || {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        std::fs::write(&certificate, made.cert.pem()).unwrap();
    };
    write();
    let tls = Tls::Files { certificate: certificate.clone(), key: key.clone() };
    let world = World::with(|config| config.tls = Some(tls)).await;
    let both = &[&version::TLS12, &version::TLS13];
    connect(&world, &certificate, both).await.unwrap();
    // Rubbish changes nothing.
    let before = files.path().join("before.pem");
    std::fs::copy(&certificate, &before).unwrap();
    std::fs::write(&certificate, "no certificate").unwrap();
    connect(&world, &before, both).await.unwrap();
    write();
    let mut every = tokio::time::interval(std::time::Duration::from_millis(200));
    while connect(&world, &certificate, both).await.is_err() {
        every.tick().await;
    }
}
