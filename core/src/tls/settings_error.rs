//! What is wrong with TLS settings, and where. No octet of a key is ever repeated.

use core::fmt;

/// Which of the inputs it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsInput {
    /// That of a call that adds roots; the calls are counted from 1.
    Roots(usize),
    /// The client's certificates.
    ClientCertificate,
}

/// Why settings cannot be used. It is the application's to mend; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TlsSettingsError {
    /// PEM that is cut or garbled (RFC 7468).
    Pem {
        /// Where.
        input: TlsInput,
        /// Which certificate of it, counted from 1.
        certificate: usize,
    },
    /// PEM without a certificate.
    NoCertificate(TlsInput),
    /// What should be a certificate cannot be read as one (RFC 5280 section 4).
    Certificate {
        /// Where.
        input: TlsInput,
        /// Which certificate of it, counted from 1.
        certificate: usize,
    },
    /// PEM without a private key; an encrypted one is not read.
    NoKey,
    /// What should be a private key cannot be read, or is of a kind that cannot sign here.
    Key,
    /// The private key is not that of the client's first certificate.
    KeyMismatch,
    /// Only roots of one's own were to be trusted, and there are none: nobody would be.
    NoOwnRoots,
    /// The platform's roots were to be trusted, but no runtime has handed them in and none are compiled in.
    NoRoots,
    /// The platform's roots cannot be had; the runtime's words.
    Platform(String),
    /// No cryptography was compiled in.
    NoCryptography,
    /// rustls refuses the settings; its words.
    Refused(String),
}

impl TlsSettingsError {
    /// A stable word for logs and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Pem { .. } => "tls-bad-pem",
            Self::NoCertificate(_) => "tls-no-certificate",
            Self::Certificate { .. } => "tls-bad-certificate",
            Self::NoKey => "tls-no-key",
            Self::Key => "tls-bad-key",
            Self::KeyMismatch => "tls-key-mismatch",
            Self::NoOwnRoots => "tls-no-own-roots",
            Self::NoRoots => "tls-no-roots",
            Self::Platform(_) => "tls-no-platform-roots",
            Self::NoCryptography => "tls-no-cryptography",
            Self::Refused(_) => "tls-refused-settings",
        }
    }
}

impl fmt::Display for TlsInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Roots(call) => write!(f, "roots, input {call}"),
            Self::ClientCertificate => f.write_str("client certificate"),
        }
    }
}

impl fmt::Display for TlsSettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem { input, certificate } => write!(
                f,
                "TLS settings: {input}: the PEM is cut or garbled at certificate {certificate}"
            ),
            Self::NoCertificate(input) => {
                write!(f, "TLS settings: {input}: there is no certificate in it")
            }
            Self::Certificate { input, certificate } => write!(
                f,
                "TLS settings: {input}: certificate {certificate} cannot be read"
            ),
            Self::NoKey => f.write_str(
                "TLS settings: there is no private key in the PEM (an encrypted one is not read)",
            ),
            Self::Key => f.write_str(
                "TLS settings: the private key cannot be read, or is of a kind that cannot be used",
            ),
            Self::KeyMismatch => f.write_str(
                "TLS settings: the private key is not that of the client's first certificate",
            ),
            Self::NoOwnRoots => f.write_str(
                "TLS settings: only own roots are to be trusted, and there are none: add some",
            ),
            Self::NoRoots => f.write_str(
                "TLS settings: no roots: give own roots, enable webpki-roots, or use a runtime that hands in the platform's",
            ),
            Self::Platform(words) => {
                write!(f, "TLS settings: the platform's roots cannot be had: {words}")
            }
            Self::NoCryptography => f.write_str(
                "TLS settings: no cryptography: enable the feature rustls or aws-lc-rs, or give a configuration of rustls' own",
            ),
            Self::Refused(words) => write!(f, "TLS settings: rustls refuses them: {words}"),
        }
    }
}

impl core::error::Error for TlsSettingsError {}
