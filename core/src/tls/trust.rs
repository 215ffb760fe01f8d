//! Whom to trust: which verifier judges the peer's certificates (RFC 5280 section 6, RFC 9525), and by which cryptography.

use core::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use super::settings::{Cryptography, Settings, Trust, Verification};
use super::settings_error::TlsSettingsError;

type Verifier = Arc<dyn ServerCertVerifier>;
type Make = dyn Fn(&[Vec<u8>], &Arc<CryptoProvider>) -> Result<Verifier, String> + Send + Sync;

/// How a runtime hands in what the platform trusts. The core reads no file and asks no system.
///
/// The function gets the roots that the application adds (DER) and the cryptography that the connection will use, and gives
/// a verifier, or says in words why there is none. Of rustls' types none but these and that of
/// [`Tls::from_client_config`](crate::Tls::from_client_config) stand in our interface.
///
/// ```
/// use sessile_core::PlatformTrust;
/// let nobody = PlatformTrust::new(|_own_roots, _cryptography| Err("there is no platform".to_owned()));
/// # let _ = nobody;
/// ```
#[derive(Clone)]
pub struct PlatformTrust(Arc<Make>);

impl PlatformTrust {
    /// The platform's trust, by this function. It is called once for each pool key.
    pub fn new(
        make: impl Fn(&[Vec<u8>], &Arc<CryptoProvider>) -> Result<Verifier, String>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self(Arc::new(make))
    }

    fn verifier(
        &self,
        own: &[CertificateDer<'static>],
        provider: &Arc<CryptoProvider>,
    ) -> Result<Verifier, TlsSettingsError> {
        let own = Vec::from_iter(own.iter().map(|root| root.to_vec()));
        (self.0)(&own, provider).map_err(TlsSettingsError::Platform)
    }
}

impl fmt::Debug for PlatformTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlatformTrust")
    }
}

/// The cryptography that was chosen, or that is there.
pub(super) fn provider(choice: Cryptography) -> Result<Arc<CryptoProvider>, TlsSettingsError> {
    match choice {
        Cryptography::Default => default_provider()
            .map(Arc::new)
            .ok_or(TlsSettingsError::NoCryptography),
        #[cfg(feature = "aws-lc-rs")]
        Cryptography::AwsLc => Ok(Arc::new(rustls::crypto::aws_lc_rs::default_provider())),
    }
}

fn default_provider() -> Option<CryptoProvider> {
    #[cfg(feature = "rustls")]
    return Some(rustls::crypto::ring::default_provider());
    #[cfg(all(feature = "aws-lc-rs", not(feature = "rustls")))]
    return Some(rustls::crypto::aws_lc_rs::default_provider());
    #[cfg(not(any(feature = "rustls", feature = "aws-lc-rs")))]
    None
}

/// Who judges the peer's certificates under these settings.
pub(super) fn verifier(
    settings: &Settings,
    platform: Option<&PlatformTrust>,
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, TlsSettingsError> {
    if settings.choices.verification == Verification::Off {
        return Ok(Arc::new(Anybody(
            provider.signature_verification_algorithms,
        )));
    }
    let roots = match (settings.choices.trust, platform) {
        (Trust::Platform, Some(platform)) => {
            return platform.verifier(&settings.roots, provider);
        }
        // Own roots alone trust fewer than were asked for, never more.
        (Trust::Platform, None) => builtin_roots(),
        #[cfg(feature = "webpki-roots")]
        (Trust::Mozilla, _) => builtin_roots(),
        (Trust::Nobody, _) => RootCertStore::empty(),
    };
    by_roots(roots, &settings.roots, provider)
}

fn by_roots(
    mut roots: RootCertStore,
    own: &[CertificateDer<'static>],
    provider: &Arc<CryptoProvider>,
) -> Result<Verifier, TlsSettingsError> {
    let refused = |words: String| TlsSettingsError::Refused(words);
    for root in own {
        roots
            .add(root.clone())
            .map_err(|error| refused(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(TlsSettingsError::NoRoots);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(|verifier| verifier as Verifier)
        .map_err(|error| refused(error.to_string()))
}

fn builtin_roots() -> RootCertStore {
    #[cfg(feature = "webpki-roots")]
    return RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    #[cfg(not(feature = "webpki-roots"))]
    RootCertStore::empty()
}

/// Trusts whoever answers. That the peer holds the key of the certificate that it shows is still verified: a handshake
/// has no other meaning.
#[derive(Debug)]
struct Anybody(WebPkiSupportedAlgorithms);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    #[cfg(not(any(feature = "rustls", feature = "aws-lc-rs")))]
    #[test]
    fn without_cryptography_there_is_no_client() {
        let told = crate::Tls::default().client(None).expect_err("nothing");
        assert_eq!(told.code(), "tls-no-cryptography");
    }
}
