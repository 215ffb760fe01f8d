//! Certificates and keys as the application hands them in: PEM (RFC 7468) or DER, until `build` reads them.

use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::settings_error::{TlsInput, TlsSettingsError};

/// Octets that have not been read yet.
#[derive(Clone)]
pub(super) enum Input {
    /// Any number of PEM sections.
    Pem(Vec<u8>),
    /// One after the other.
    Der(Vec<Vec<u8>>),
}

impl Input {
    /// The certificates, at least one. Sections of another kind are passed over, as everybody's bundles have them.
    pub(super) fn certificates(
        &self,
        place: TlsInput,
    ) -> Result<Vec<CertificateDer<'static>>, TlsSettingsError> {
        let certificates = match self {
            Self::Der(all) => all.iter().cloned().map(CertificateDer::from).collect(),
            Self::Pem(text) => pem_certificates(text, place)?,
        };
        match certificates.is_empty() {
            true => Err(TlsSettingsError::NoCertificate(place)),
            false => Ok(certificates),
        }
    }

    /// The private key: PKCS #8, PKCS #1 or SEC 1, and not encrypted.
    pub(super) fn key(&self) -> Result<PrivateKeyDer<'static>, TlsSettingsError> {
        match self {
            Self::Pem(text) => PrivateKeyDer::from_pem_slice(text).map_err(|error| match error {
                PemError::NoItemsFound => TlsSettingsError::NoKey,
                _ => TlsSettingsError::Key,
            }),
            Self::Der(all) => {
                let der = all.first().cloned().unwrap_or_default();
                PrivateKeyDer::try_from(der).map_err(|_| TlsSettingsError::Key)
            }
        }
    }
}

fn pem_certificates(
    text: &[u8],
    input: TlsInput,
) -> Result<Vec<CertificateDer<'static>>, TlsSettingsError> {
    let mut certificates = Vec::new();
    for section in CertificateDer::pem_slice_iter(text) {
        let certificate = certificates.len() + 1;
        certificates.push(section.map_err(|_| TlsSettingsError::Pem { input, certificate })?);
    }
    Ok(certificates)
}
