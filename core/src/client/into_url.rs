//! What the application may name a URL by.

use url::Url;

use crate::base::Stage;
use crate::session::{Error, ErrorKind};

/// Anything that names a URL. Hand in a [`Url`], or a reference to one, where the same is asked often: parsing costs
/// more than a whole exchange does in here.
pub trait IntoUrl {
    /// The URL. A text that is none by itself is resolved against the base, if there is one (RFC 3986 §5).
    ///
    /// # Errors
    /// If there is none.
    fn into_url(self, base: Option<&Url>) -> Result<Url, Error>;
}

impl IntoUrl for Url {
    fn into_url(self, _base: Option<&Url>) -> Result<Url, Error> {
        Ok(self)
    }
}

impl IntoUrl for &Url {
    fn into_url(self, _base: Option<&Url>) -> Result<Url, Error> {
        Ok(self.clone())
    }
}

impl IntoUrl for &str {
    fn into_url(self, base: Option<&Url>) -> Result<Url, Error> {
        let parsed = Url::options().base_url(base).parse(self);
        parsed.map_err(|error| Error::new(ErrorKind::Url(error), Stage::Prepare).at_text(self))
    }
}

impl IntoUrl for &String {
    fn into_url(self, base: Option<&Url>) -> Result<Url, Error> {
        self.as_str().into_url(base)
    }
}

impl IntoUrl for String {
    fn into_url(self, base: Option<&Url>) -> Result<Url, Error> {
        self.as_str().into_url(base)
    }
}
