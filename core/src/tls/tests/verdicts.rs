//! What a verifier, a configuration or a cryptography of another's may say, and how it is told.

use core::time::Duration;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, GetRandomFailed, SecureRandom};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertRevocationListError, CertificateError, ClientConfig, DigitallySignedStruct, Error,
    OtherError, RootCertStore, SignatureScheme,
};

use super::authority::{Authority, Certified};
use super::now;
use super::peer::{cryptography, handshake, server, server_of_another};
use crate::tls::{CertificateFault, Tls, TlsError, TlsLayer, TlsSettingsError};

const HOST: &str = "example.org";

/// A verifier that says this, whatever it sees.
#[derive(Debug)]
struct Says(Error);

impl ServerCertVerifier for Says {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Err(self.0.clone())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.0.clone())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(self.0.clone())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        cryptography()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

fn saying(error: Error) -> Tls {
    let builder = ClientConfig::builder_with_provider(cryptography())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Says(error)));
    Tls::from_client_config(Arc::new(builder.with_no_client_auth()))
}

#[test]
fn every_word_of_a_verifier_is_a_verdict_on_the_certificate() {
    use CertificateError as Bad;
    let other = || OtherError(Arc::new(std::fmt::Error));
    let name = || CertificateFault::Name {
        wanted: String::new(),
        presented: Vec::new(),
    };
    let config = || server(&Certified::by_itself(&[HOST]));
    for (error, wanted) in [
        (Bad::Expired, CertificateFault::Expired { since: None }),
        (
            Bad::NotValidYet,
            CertificateFault::NotValidYet { wait: None },
        ),
        (Bad::NotValidForName, name()),
        (Bad::UnknownIssuer, CertificateFault::UnknownIssuer),
        (Bad::Revoked, CertificateFault::Revoked),
        (Bad::BadEncoding, CertificateFault::Encoding),
        (Bad::BadSignature, CertificateFault::Signature),
        (Bad::InvalidPurpose, CertificateFault::Purpose),
        (
            Bad::UnknownRevocationStatus,
            CertificateFault::Other("UnknownRevocationStatus".to_owned()),
        ),
        (
            Bad::Other(other()),
            CertificateFault::Other(other().to_string()),
        ),
    ] {
        let (_, outcome) = handshake(&saying(error.into()), HOST, config());
        let told = outcome.expect_err("it was refused");
        assert!(told.is_certificate(), "{told:?}");
        assert!(
            told.to_string().starts_with("the peer's certificate "),
            "{told}"
        );
        assert!(told.to_string().contains(told.code()), "{told}");
        assert_eq!(told, TlsError::Certificate(wanted));
    }
    let list = Error::InvalidCertRevocationList(CertRevocationListError::BadSignature);
    let (_, outcome) = handshake(&saying(list), HOST, config());
    assert_eq!(
        outcome.expect_err("it was refused").code(),
        "tls-certificate"
    );
}

#[test]
fn times_are_told_as_a_person_would() {
    for (seconds, words) in [
        (0, "0 seconds"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7_199, "119 minutes"),
        (7_200, "2 hours"),
        (172_799, "47 hours"),
        (172_800, "2 days"),
        (u64::MAX, "213503982334601 days"),
    ] {
        let since = Some(Duration::from_secs(seconds));
        let told = CertificateFault::Expired { since }.to_string();
        assert!(
            told.contains(&format!("expired, {words} ago by our clock")),
            "{told}"
        );
    }
}

#[test]
fn a_peer_without_a_certificate_or_with_garbage_for_one_is_not_accepted() {
    let authority = Authority::new("root");
    let tls = authority.trusted().build().expect("settings");
    let own = Certified::by_itself(&[HOST]);
    let showing = |chain: Vec<CertificateDer<'static>>| {
        let mut shown = Certified::by_itself(&[HOST]);
        shown.chain = chain;
        let versions = [&rustls::version::TLS13];
        let (_, outcome) = handshake(&tls, HOST, server_of_another(&shown, &own, &versions));
        outcome.expect_err("it should not be accepted")
    };
    let garbage = CertificateDer::from(b"garbage".to_vec());
    let told = TlsError::Certificate(CertificateFault::Encoding);
    assert_eq!(showing(vec![garbage]), told);
    let told = TlsError::Certificate(CertificateFault::Missing);
    assert_eq!(showing(Vec::new()), told);
}

fn begin(config: ClientConfig) -> TlsError {
    let client = Tls::from_client_config(Arc::new(config)).client(None);
    let layer = TlsLayer::new(&client.expect("a client"), HOST, now());
    layer.err().expect("it cannot begin")
}

fn config(provider: Arc<CryptoProvider>) -> ClientConfig {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth()
}

#[test]
fn a_configuration_that_cannot_work_is_a_matter_of_settings() {
    let mut config = config(cryptography());
    config.max_fragment_size = Some(1);
    let told = begin(config);
    assert!(
        matches!(&told, TlsError::Settings(TlsSettingsError::Refused(_))),
        "{told:?}"
    );
    assert_eq!(told.code(), "tls-refused-settings");
}

/// A system that has no chance left.
#[derive(Debug)]
struct Dry;

impl SecureRandom for Dry {
    fn fill(&self, _octets: &mut [u8]) -> Result<(), GetRandomFailed> {
        Err(GetRandomFailed)
    }
}

#[test]
fn cryptography_that_fails_is_our_own_fault() {
    let provider = CryptoProvider {
        secure_random: &Dry,
        ..CryptoProvider::clone(&cryptography())
    };
    let told = begin(config(Arc::new(provider)));
    assert_eq!(told.code(), "tls-internal");
    assert!(
        told.to_string()
            .starts_with("cryptography failed on our side: "),
        "{told}"
    );
}
