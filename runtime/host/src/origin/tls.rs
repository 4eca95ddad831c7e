//! Whom to trust when a connection to an origin is encrypted.

use crate::file;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// Why trusted certificates can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file of certificates can't be used.
    #[error("`{}` holds no certificates that can be used: {reason}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Nothing is trusted.
    #[error("the system has no trusted certificates, and `[tls] ca` names none")]
    NoRoots,
    /// The TLS library refuses its own defaults.
    #[error("TLS can't be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// TLS 1.2 and 1.3 with the system's roots and, if given, those of a PEM file. The name
/// in the certificate is checked against the one that is connected to.
///
/// # Errors
/// When the file can't be used or there are no roots at all.
pub fn connector(ca: Option<&Path>) -> Result<TlsConnector, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca {
        add(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Err(TlsError::NoRoots);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let unusable = |reason: String| TlsError::Certificates {
        path: path.to_owned(),
        reason,
    };
    let mut count = 0;
    let bytes =
        file::read(path, file::CERTIFICATES).map_err(|error| unusable(error.to_string()))?;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
        count += 1;
    }
    if count == 0 {
        return Err(unusable("no certificate in it".to_owned()));
    }
    Ok(())
}
