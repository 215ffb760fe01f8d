//! What is wrong with a peer's certificate (RFC 5280 section 6; RFC 9525 for its names).

use core::fmt;
use core::time::Duration;

/// Why a peer's certificate is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateFault {
    /// Its time is over.
    Expired {
        /// For how long, by the driver's wall clock, if the verifier says.
        since: Option<Duration>,
    },
    /// Its time has not come.
    NotValidYet {
        /// For how long not, by the driver's wall clock, if the verifier says.
        wait: Option<Duration>,
    },
    /// It is for others.
    Name {
        /// Who was asked for, if the verifier says.
        wanted: String,
        /// For whom it is, as far as the verifier says: the first few names and addresses.
        presented: Vec<String>,
    },
    /// No root that we trust has issued it, by any chain that the peer showed.
    UnknownIssuer,
    /// Its issuer has taken it back.
    Revoked,
    /// It cannot be read.
    Encoding,
    /// A signature on it, or made with it, is wrong or of a kind that is not accepted.
    Signature,
    /// It is not for servers.
    Purpose,
    /// The peer showed none.
    Missing,
    /// Something else; in the verifier's words.
    Other(String),
}

impl CertificateFault {
    /// A stable word for logs and tests.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "tls-certificate-expired",
            Self::NotValidYet { .. } => "tls-certificate-not-valid-yet",
            Self::Name { .. } => "tls-certificate-name",
            Self::UnknownIssuer => "tls-certificate-issuer",
            Self::Revoked => "tls-certificate-revoked",
            Self::Encoding => "tls-certificate-encoding",
            Self::Signature => "tls-certificate-signature",
            Self::Purpose => "tls-certificate-purpose",
            Self::Missing => "tls-certificate-missing",
            Self::Other(_) => "tls-certificate",
        }
    }

    fn rule(&self) -> &'static str {
        match self {
            Self::Name { .. } => "RFC 9525 section 6",
            Self::Encoding => "RFC 5280 section 4",
            Self::Missing => "RFC 8446 section 4.4.2",
            _ => "RFC 5280 section 6",
        }
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the peer's certificate ")?;
        match self {
            Self::Expired { since: None } => f.write_str("has expired"),
            Self::Expired { since: Some(time) } => {
                write!(f, "has expired, {} ago by our clock", Rough(*time))
            }
            Self::NotValidYet { wait: None } => f.write_str("is not valid yet"),
            Self::NotValidYet { wait: Some(time) } => {
                write!(f, "is not valid yet, for another {} by our clock", Rough(*time))
            }
            Self::Name { wanted, presented } => for_others(f, wanted, presented),
            Self::UnknownIssuer => f.write_str(
                "is not issued by a root that we trust, or the chain that it sent has a gap: add its root, or have the peer mend its chain",
            ),
            Self::Revoked => f.write_str("was revoked by its issuer"),
            Self::Encoding => f.write_str("cannot be read"),
            Self::Signature => f.write_str("has a signature that is wrong, or of a kind that we do not accept"),
            Self::Purpose => f.write_str("is not for servers"),
            Self::Missing => f.write_str("is missing: it showed none"),
            Self::Other(words) => write!(f, "is not accepted: {words}"),
        }?;
        write!(f, " ({}; {})", self.code(), self.rule())
    }
}

fn for_others(f: &mut fmt::Formatter<'_>, wanted: &str, presented: &[String]) -> fmt::Result {
    if wanted.is_empty() {
        return f.write_str("is not for the host that was asked for");
    }
    write!(f, "is not for {wanted}, but for ")?;
    match presented {
        [] => f.write_str("no name at all"),
        names => f.write_str(&names.join(", ")),
    }
}

impl core::error::Error for CertificateFault {}

/// A time as a person would say it.
struct Rough(Duration);

impl fmt::Display for Rough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0..120 => write!(f, "{seconds} seconds"),
            120..7_200 => write!(f, "{} minutes", seconds / 60),
            7_200..172_800 => write!(f, "{} hours", seconds / 3_600),
            _ => write!(f, "{} days", seconds / 86_400),
        }
    }
}
