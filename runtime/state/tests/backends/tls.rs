//! `rediss://`: over TLS, to a server whose certificate is trusted, and to no other.

use std::fs;
use std::path::Path;

use edge_state::{Clock, Failure, Store, open};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::runtime::Runtime;

use crate::server::{self, Server, free_port};

const STORE: Store<'static> = Store {
    name: "s",
    ttl: None,
    max_value: 100,
};

/// Writes `ca.pem`, and `cert.pem` and `key.pem` for `localhost`.
fn certificates(folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let names = CertificateParams::new(vec!["localhost".into()]).unwrap();
    let certificate = names.signed_by(&key, &authority).unwrap();
    fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}

#[test]
fn trusted_and_not() {
    if !server::is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (port, ca, cert, key) = (
        free_port().to_string(),
        file("ca.pem"),
        file("cert.pem"),
        file("key.pem"),
    );
    let tls = [
        "--tls-port",
        &port,
        "--tls-cert-file",
        &cert,
        "--tls-key-file",
        &key,
        "--tls-auth-clients",
        "no",
    ];
    let _server = Server::start(&tls);
    let url = format!("rediss://localhost:{port}?timeout=5s");
    for (trusted, expected) in [(&ca, "told"), (&cert, "refused")] {
        let mut client = crate::child("tls::client", "EDGE_STATE_TLS", &url);
        let out = client
            .env("SSL_CERT_FILE", trusted)
            .env_remove("SSL_CERT_DIR")
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&out.stdout);
        assert!(text.lines().any(|line| line == expected), "{text}");
    }
}

#[test]
fn client() {
    let Ok(url) = std::env::var("EDGE_STATE_TLS") else {
        return;
    };
    let backend = open(&url, Clock::System).unwrap();
    let told = Runtime::new().unwrap().block_on(async {
        backend.put(&STORE, b"key", b"value", None).await?;
        backend.get(&STORE, b"key").await
    });
    match told {
        Ok(value) => println!("\n{}", if value.is_some() { "told" } else { "lost" }),
        Err(Failure::Unavailable(reason)) => println!("\nrefused\n{reason}"),
        Err(failure) => println!("\n{failure}"),
    }
}
