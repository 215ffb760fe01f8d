//! TLS settings: a value that is checked when it is built, cheap to clone, and equal to another only if nothing differs.

use core::fmt;
use core::hash::{Hash, Hasher};
use std::sync::Arc;

use rustls::client::ClientConfig;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{Error, RootCertStore};

use super::identity::{self, Identity};
use super::input::Input;
use super::settings_error::{TlsInput, TlsSettingsError};
use super::trust;

/// How connections to `https` origins are secured: whom we trust, and what we show.
///
/// By default the platform's roots are trusted, names are verified and sent (SNI), and sessions are resumed. Two values are
/// equal if they were built of the same, and connections are shared only among equal ones: whoever switches verification
/// off for one request never lends its connections, or their resumption, to another.
///
/// ```
/// use sessile_core::Tls;
/// let strict = Tls::builder().only_tls13().build()?;
/// assert_eq!(strict, Tls::builder().only_tls13().build()?);
/// assert_ne!(strict, Tls::default());
/// # Ok::<(), sessile_core::TlsSettingsError>(())
/// ```
#[derive(Clone)]
pub struct Tls(Arc<Inner>);

struct Inner {
    identity: Identity,
    source: Source,
}

pub(super) enum Source {
    Built(Settings),
    Given(Arc<ClientConfig>),
}

/// What was built, and read already.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) choices: Choices,
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) client: Option<ClientCertificate>,
}

pub(super) struct ClientCertificate {
    pub(super) certified: Arc<CertifiedKey>,
    /// By which the key is known: rustls does not give it back.
    pub(super) key: [u8; 32],
}

#[derive(Clone, Copy)]
pub(super) struct Choices {
    pub(super) trust: Trust,
    pub(super) verification: Verification,
    pub(super) versions: Versions,
    pub(super) cryptography: Cryptography,
    pub(super) server_name: bool,
    pub(super) resumption: bool,
}

/// Whose roots are trusted besides those that the application adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trust {
    Platform,
    #[cfg(feature = "webpki-roots")]
    Mozilla,
    Nobody,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verification {
    On,
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Versions {
    Tls12AndTls13,
    Tls13,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cryptography {
    /// ring if it is built in, or else AWS-LC.
    Default,
    #[cfg(feature = "aws-lc-rs")]
    AwsLc,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            trust: Trust::Platform,
            verification: Verification::On,
            versions: Versions::Tls12AndTls13,
            cryptography: Cryptography::Default,
            server_name: true,
            resumption: true,
        }
    }
}

impl Tls {
    /// Settings to be changed before they are built.
    pub fn builder() -> TlsBuilder {
        TlsBuilder {
            choices: Choices::default(),
            roots: Vec::new(),
            client: None,
        }
    }

    /// A configuration of rustls' own: for a verifier, a client key or a cryptography that we know nothing of. This and
    /// [`PlatformTrust`](crate::PlatformTrust) are the only places where rustls' types show.
    ///
    /// What we still set, on a copy of it: ALPN says `http/1.1`; sessions are resumed by a store of each pool key's own,
    /// whatever stood there; the time comes from the driver's [`Now`](crate::Now). Everything else stays as it is, its
    /// server name indication too. Two are equal if they are of the same `Arc`: its content cannot be compared.
    ///
    /// ```
    /// # #[cfg(feature = "rustls")] {
    /// use std::sync::Arc;
    /// use sessile_core::{Tls, rustls};
    /// let provider = Arc::new(rustls::crypto::ring::default_provider());
    /// let config = rustls::ClientConfig::builder_with_provider(provider)
    ///     .with_safe_default_protocol_versions()?
    ///     .with_root_certificates(rustls::RootCertStore::empty())
    ///     .with_no_client_auth();
    /// let config = Arc::new(config);
    /// assert_eq!(Tls::from_client_config(config.clone()), Tls::from_client_config(config));
    /// # }
    /// # Ok::<(), sessile_core::rustls::Error>(())
    /// ```
    pub fn from_client_config(config: Arc<ClientConfig>) -> Self {
        Self(Arc::new(Inner {
            identity: Identity::Address(Arc::as_ptr(&config).addr()),
            source: Source::Given(config),
        }))
    }

    fn of(settings: Settings) -> Self {
        Self(Arc::new(Inner {
            identity: Identity::of(&settings),
            source: Source::Built(settings),
        }))
    }

    /// Whether whoever answers is trusted. (Of a configuration of rustls' own nobody knows.)
    pub(crate) fn is_unverified(&self) -> bool {
        match &self.0.source {
            Source::Built(settings) => settings.choices.verification == Verification::Off,
            Source::Given(_) => false,
        }
    }

    pub(super) fn source(&self) -> &Source {
        &self.0.source
    }
}

impl Default for Tls {
    fn default() -> Self {
        Self::of(Settings::default())
    }
}

impl PartialEq for Tls {
    fn eq(&self, other: &Self) -> bool {
        self.0.identity == other.0.identity
    }
}

impl Eq for Tls {}

impl Hash for Tls {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.identity.hash(state);
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.source {
            Source::Given(_) => f.write_str("Tls { a configuration of rustls' own }"),
            Source::Built(settings) => settings.fmt(f),
        }
    }
}

/// No certificate, no key, and nothing from which one could be told.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Tls");
        if self.choices.verification == Verification::Off {
            all.field("VERIFICATION", &format_args!("OFF, ANYBODY IS TRUSTED"));
        }
        all.field("trust", &self.choices.trust)
            .field("own_roots", &self.roots.len())
            .field("client_certificate", &self.client.is_some())
            .field("versions", &self.choices.versions)
            .field("server_name", &self.choices.server_name)
            .field("resumption", &self.choices.resumption)
            .finish()
    }
}

/// Builds [`Tls`] settings. Nothing is read before [`build`](TlsBuilder::build), which names the first mistake.
///
/// ```
/// use sessile_core::{Tls, TlsInput, TlsSettingsError};
/// let mistake = Tls::builder().add_root_pem(b"no certificate").build();
/// assert_eq!(mistake, Err(TlsSettingsError::NoCertificate(TlsInput::Roots(1))));
/// ```
#[must_use = "a builder does nothing until it is built"]
#[derive(Clone)]
pub struct TlsBuilder {
    choices: Choices,
    roots: Vec<Input>,
    client: Option<(Input, Input)>,
}

impl TlsBuilder {
    /// Trusts the certificates in this PEM, besides the others.
    pub fn add_root_pem(mut self, pem: &[u8]) -> Self {
        self.roots.push(Input::Pem(pem.to_vec()));
        self
    }

    /// Trusts this certificate, besides the others.
    pub fn add_root_der(mut self, der: &[u8]) -> Self {
        self.roots.push(Input::Der(vec![der.to_vec()]));
        self
    }

    /// Trusts the roots that were added, and no others: neither the platform's nor Mozilla's. The last call of this and
    /// `webpki_roots` counts.
    pub fn only_own_roots(mut self) -> Self {
        self.choices.trust = Trust::Nobody;
        self
    }

    /// Trusts Mozilla's roots as they were when this was compiled, in place of the platform's, and those that were added.
    #[cfg(feature = "webpki-roots")]
    pub fn webpki_roots(mut self) -> Self {
        self.choices.trust = Trust::Mozilla;
        self
    }

    /// Shows these certificates to a peer that asks, the client's own first, and signs with this key: PKCS #8, PKCS #1 or
    /// SEC 1, not encrypted. The same file may hold both.
    pub fn client_certificate_pem(mut self, chain: &[u8], key: &[u8]) -> Self {
        self.client = Some((Input::Pem(chain.to_vec()), Input::Pem(key.to_vec())));
        self
    }

    /// As [`client_certificate_pem`](Self::client_certificate_pem), of DER.
    pub fn client_certificate_der(mut self, chain: &[&[u8]], key: &[u8]) -> Self {
        let chain = chain.iter().map(|der| der.to_vec()).collect();
        self.client = Some((Input::Der(chain), Input::Der(vec![key.to_vec()])));
        self
    }

    /// Trusts whoever answers. Certificates are not verified: not their issuer, not their name, not their time. Anybody on
    /// the way can read and change everything that is said, passwords and cookies included. Only for peers of one's own,
    /// in tests; [`add_root_pem`](Self::add_root_pem) and [`only_own_roots`](Self::only_own_roots) do the same safely.
    pub fn danger_accept_invalid_certs(mut self) -> Self {
        self.choices.verification = Verification::Off;
        self
    }

    /// Whether the peer is told by which name it is called (RFC 6066 section 3); it is by default. Addresses never are.
    /// The name is verified in any case.
    pub fn server_name(mut self, sent: bool) -> Self {
        self.choices.server_name = sent;
        self
    }

    /// Whether a later connection may go on with an earlier one's session (RFC 8446 section 2.2); it may by default.
    pub fn resumption(mut self, allowed: bool) -> Self {
        self.choices.resumption = allowed;
        self
    }

    /// Speaks TLS 1.3 and nothing older; by default TLS 1.2 will do.
    pub fn only_tls13(mut self) -> Self {
        self.choices.versions = Versions::Tls13;
        self
    }

    /// Uses AWS-LC where ring is built in, too; ring goes first by default.
    #[cfg(feature = "aws-lc-rs")]
    pub fn aws_lc_rs(mut self) -> Self {
        self.choices.cryptography = Cryptography::AwsLc;
        self
    }

    /// Reads what was handed in.
    ///
    /// # Errors
    /// If a certificate or the key cannot be read, they do not fit together, or nobody at all would be trusted.
    pub fn build(self) -> Result<Tls, TlsSettingsError> {
        let roots = read_roots(&self.roots)?;
        let trusted = roots.is_empty() && self.choices.trust == Trust::Nobody;
        if trusted && self.choices.verification == Verification::On {
            return Err(TlsSettingsError::NoOwnRoots);
        }
        let client = match &self.client {
            Some((chain, key)) => Some(read_client(chain, key, self.choices.cryptography)?),
            None => None,
        };
        Ok(Tls::of(Settings {
            choices: self.choices,
            roots,
            client,
        }))
    }
}

impl fmt::Debug for TlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsBuilder")
            .field("verification", &self.choices.verification)
            .field("trust", &self.choices.trust)
            .finish_non_exhaustive()
    }
}

fn read_roots(inputs: &[Input]) -> Result<Vec<CertificateDer<'static>>, TlsSettingsError> {
    let mut roots = Vec::new();
    for (at, input) in inputs.iter().enumerate() {
        let place = TlsInput::Roots(at + 1);
        let certificates = input.certificates(place)?;
        for (at, certificate) in certificates.iter().enumerate() {
            let mut store = RootCertStore::empty();
            store
                .add(certificate.clone())
                .map_err(|_| TlsSettingsError::Certificate {
                    input: place,
                    certificate: at + 1,
                })?;
        }
        roots.extend(certificates);
    }
    Ok(roots)
}

fn read_client(
    chain: &Input,
    key: &Input,
    cryptography: Cryptography,
) -> Result<ClientCertificate, TlsSettingsError> {
    let chain = chain.certificates(TlsInput::ClientCertificate)?;
    let key = key.key()?;
    let digest = identity::of_key(&key);
    let provider = trust::provider(cryptography)?;
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        Error::InconsistentKeys(_) => TlsSettingsError::KeyMismatch,
        Error::InvalidCertificate(_) => TlsSettingsError::Certificate {
            input: TlsInput::ClientCertificate,
            certificate: 1,
        },
        _ => TlsSettingsError::Key,
    })?;
    Ok(ClientCertificate {
        certified: Arc::new(certified),
        key: digest,
    })
}
