//! Trust anchors and the crypto provider.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::error::{NetError, TlsProblem};

/// A configuration that trusts the certificates in `cert_file`, or else what the platform trusts.
pub(super) fn trusting(cert_file: Option<&Path>) -> Result<ClientConfig, NetError> {
    let no_authorities = NetError::Tls(TlsProblem::NoAuthorities);
    let builder = builder()?;
    let builder = match cert_file {
        None => builder.with_platform_verifier().map_err(|_| no_authorities)?,
        Some(file) => {
            let mut roots = RootCertStore::empty();
            let found = CertificateDer::pem_file_iter(file).map_err(|_| no_authorities.clone())?;
            roots.add_parsable_certificates(found.filter_map(Result::ok));
            if roots.is_empty() {
                return Err(no_authorities);
            }
            builder.with_root_certificates(roots)
        }
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// A configuration that trusts nobody: costs nothing to build, for the client that speaks only plain HTTP.
pub(super) fn trusting_nobody() -> Result<ClientConfig, NetError> {
    Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, NetError> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| NetError::Setup)
}
