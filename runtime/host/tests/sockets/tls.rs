//! Encrypted connections to origins: the right certificate, and wrong ones.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use edge_host::config::Config;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::support::{Edge, Guest};

/// An authority, whose certificate lies in a file.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, folder }
    }

    /// Trusts it.
    fn trust(&self, config: &mut Config) {
        config.folder = self.folder.path().to_owned();
        config.tls.ca = Some("ca.pem".into());
    }

    /// An origin with a certificate for `name`: its URL has the name `localhost`.
    fn origin(&self, name: &str) -> String {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        serve(Arc::new(config))
    }
}

/// Answers each request with the name that the client asked for in its handshake.
fn serve(config: Arc<ServerConfig>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = ServerConnection::new(config.clone()).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(connection, stream.unwrap()));
            thread::spawn(move || {
                let mut line = String::new();
                while stream.read_line(&mut line).is_ok_and(|length| length > 0) {
                    if line.ends_with("\r\n\r\n") {
                        let name = stream
                            .get_ref()
                            .conn
                            .server_name()
                            .unwrap_or("none")
                            .to_owned();
                        let answer = format!(
                            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{name}",
                            name.len()
                        );
                        stream.get_mut().write_all(answer.as_bytes()).unwrap();
                        line.clear();
                    }
                }
            });
        }
    });
    format!("https://localhost:{port}")
}

#[test]
fn a_certificate_of_a_trusted_authority_is_good() {
    let authority = Authority::new();
    let url = authority.origin("localhost");
    let edge = Edge::with(&Guest::shop(&url), |config| authority.trust(config));
    let mut client = edge.connect();
    for _ in 0..3 {
        assert_eq!(
            client.get("/0").text(),
            "localhost",
            "the name is asked for in the handshake"
        );
    }
}

#[test]
fn a_certificate_for_another_name_is_502() {
    let authority = Authority::new();
    let url = authority.origin("elsewhere.test");
    let edge = Edge::with(&Guest::shop(&url), |config| authority.trust(config));
    assert_eq!(edge.connect().get("/0").status, 502);
    let line = edge.only_line();
    let failure = line["failure"].as_str().unwrap();
    assert!(
        failure.contains("cannot connect") && failure.contains("certificate"),
        "{line}"
    );
}

#[test]
fn a_certificate_of_a_stranger_is_502() {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let url = stranger.origin("localhost");
    let edge = Edge::with(&Guest::shop(&url), |config| trusted.trust(config));
    assert_eq!(edge.connect().get("/0").status, 502);
}

#[test]
fn an_origin_that_does_not_encrypt_is_502() {
    let authority = Authority::new();
    let plain = crate::support::Origin::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let url = format!("https://localhost:{}", plain.address.port());
    let edge = Edge::with(&Guest::shop(&url), |config| authority.trust(config));
    assert_eq!(edge.connect().get("/0").status, 502);
}

#[test]
fn a_file_without_certificates_is_an_error_before_anything_runs() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Edge::config(folder.path().join("log"));
    let empty = folder.path().join("ca.pem");
    std::fs::write(&empty, "not a certificate").unwrap();
    for ca in [empty.as_path(), Path::new("/nonexistent/ca.pem")] {
        config.tls.ca = Some(ca.to_owned());
        // Also where nothing is encrypted yet.
        for url in ["https://localhost:1", "http://localhost:1"] {
            let error = Edge::bind(&Guest::shop(url), config.clone()).err().unwrap();
            assert!(error.to_string().contains(ca.to_str().unwrap()), "{error}");
        }
    }
}
