//! Why each cookie of a jar is or is not sent: the same decisions as for a request, written down.

use core::fmt;
use core::time::Duration;

use url::Url;

use super::CookieJar;
use super::matching::{Site, Withheld, judge};
use super::stored::{CookieRef, Moment};

/// What becomes of one cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieVerdict {
    /// It is sent, in this place of the line; the first is 1.
    Sent(usize),
    /// It is not sent.
    Withheld(Withheld),
}

impl fmt::Display for CookieVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(_) => f.write_str("sent"),
            Self::Withheld(reason) => write!(f, "not sent: {reason}"),
        }
    }
}

/// What a request to one URL would carry, and what it would not. Values are not shown.
///
/// ```
/// # use core::time::Duration;
/// # use sessile_core::{CookieJar, Url};
/// # let mut jar = CookieJar::new();
/// # let now = Duration::from_secs(1_800_000_000);
/// # let shop = Url::parse("https://shop.example/")?;
/// # let lines: [&[u8]; 3] = [b"cart=7; Path=/cart", b"sid=31d4; Secure; HttpOnly", b"old=1; Path=/archive"];
/// # jar.receive(&shop, lines.into_iter(), now);
/// # jar.set(&Url::parse("https://other.example/")?, b"a=b", now)?;
/// let explanation = jar.explain(&Url::parse("http://shop.example/cart/2")?, now);
/// assert_eq!(
///     explanation.to_string(),
///     "shop.example/cart/2: 1 of 4 cookies is sent\n\
///      1. `cart` of shop.example/cart: sent\n\
///      -  `sid` of shop.example/, Secure, HttpOnly: not sent: Secure, and the URL is not (RFC 6265bis section 5.8.3)\n\
///      -  `old` of shop.example/archive: not sent: another path (RFC 6265bis section 5.1.4)\n\
///      -  1 of other hosts"
/// );
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CookieExplanation<'a> {
    host: String,
    path: String,
    verdicts: Vec<(CookieRef<'a>, CookieVerdict)>,
}

impl<'a> CookieExplanation<'a> {
    /// Every cookie of the jar with its verdict: those that are sent, in their order, then what the limits cut off, then
    /// the rest in the jar's order.
    pub fn verdicts(&self) -> &[(CookieRef<'a>, CookieVerdict)] {
        &self.verdicts
    }

    /// The cookies that are sent, in their order.
    pub fn sent(&self) -> impl Iterator<Item = CookieRef<'a>> {
        let sent = self
            .verdicts
            .iter()
            .take_while(|(_, verdict)| matches!(verdict, CookieVerdict::Sent(_)));
        sent.map(|(cookie, _)| *cookie)
    }
}

impl CookieJar {
    /// What a request to this URL would carry now, and why not the others. It changes nothing.
    ///
    /// It judges the jar alone. Nothing of the jar goes out in a session that keeps no cookies
    /// ([`Config::cookies`](crate::Config::cookies) is `None`), nor in a request that removes Cookie or has a line of it set
    /// by hand, which displaces the jar's: [`Engine::prepare`](crate::Engine::prepare) shows what a request would really carry.
    pub fn explain(&self, url: &Url, wall: Duration) -> CookieExplanation<'_> {
        let verdicts = match Site::of(url) {
            Some(site) => self.verdicts(&site, Moment::of(wall)),
            None => self
                .iter()
                .map(|cookie| (cookie, CookieVerdict::Withheld(Withheld::OtherHost)))
                .collect(),
        };
        CookieExplanation {
            host: url.host_str().unwrap_or_default().to_owned(),
            path: url.path().to_owned(),
            verdicts,
        }
    }

    fn verdicts(&self, site: &Site<'_>, now: Moment) -> Vec<(CookieRef<'_>, CookieVerdict)> {
        let mut order = Vec::new();
        self.sendable(site, now, &mut order);
        let (fitting, limit) = self.fitting(&order);
        let belonging = (1..).zip(&order).map(|(number, sendable)| {
            let verdict = match limit {
                Some(limit) if number > fitting => CookieVerdict::Withheld(limit),
                _ => CookieVerdict::Sent(number),
            };
            (self.domains.get(sendable.place), verdict)
        });
        let others = self.iter().filter_map(|cookie| {
            let reason = judge(cookie.domain, cookie.cookie, site, now).err()?;
            Some((cookie, CookieVerdict::Withheld(reason)))
        });
        belonging.chain(others).collect()
    }
}

impl fmt::Display for CookieExplanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sent, all) = (self.sent().count(), self.verdicts.len());
        let verb = if sent == 1 { "is" } else { "are" };
        write!(
            f,
            "{}{}: {sent} of {all} cookies {verb} sent",
            self.host, self.path
        )?;
        let mut others = 0;
        for (cookie, verdict) in &self.verdicts {
            match verdict {
                CookieVerdict::Sent(place) => write!(f, "\n{place}. {cookie}: {verdict}")?,
                CookieVerdict::Withheld(Withheld::OtherHost) => others += 1,
                CookieVerdict::Withheld(_) => write!(f, "\n-  {cookie}: {verdict}")?,
            }
        }
        match others {
            0 => Ok(()),
            others => write!(f, "\n-  {others} of other hosts"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookie::CookieLimits;

    const NOW: Duration = Duration::from_secs(1_800_000_000);

    fn url(text: &str) -> Url {
        Url::parse(text).expect("a URL")
    }

    fn jar(lines: &[&str]) -> CookieJar {
        #[derive(Debug)]
        struct Top;
        impl crate::cookie::PublicSuffixes for Top {
            fn is_public_suffix(&self, domain: &str) -> bool {
                !domain.contains('.')
            }
        }
        let mut jar = CookieJar::with_public_suffixes(std::sync::Arc::new(Top));
        for line in lines {
            let set = jar.set(&url("https://www.shop.example/"), line.as_bytes(), NOW);
            assert_eq!(set, Ok(()), "{line}");
        }
        jar
    }

    #[test]
    fn each_reason_has_its_cookie() {
        let jar = jar(&["a=1", "b=2; Domain=shop.example"]);
        let reason = |url: &Url, wall| {
            let explanation = jar.explain(url, wall);
            let verdicts = explanation.verdicts().iter();
            let mut words: Vec<_> = verdicts
                .map(|(cookie, verdict)| format!("{}: {verdict:?}", cookie.name().escape_ascii()))
                .collect();
            words.sort();
            words.join(", ")
        };
        assert_eq!(
            reason(&url("http://www.shop.example/x"), NOW),
            "a: Sent(1), b: Sent(2)"
        );
        assert_eq!(
            reason(&url("http://w.www.shop.example/"), NOW),
            "a: Withheld(HostOnly), b: Sent(1)"
        );
        assert_eq!(
            reason(&url("http://shop.example/"), NOW),
            "a: Withheld(OtherHost), b: Sent(1)"
        );
        assert_eq!(
            reason(&url("ftp://shop.example/"), NOW),
            "a: Withheld(OtherHost), b: Withheld(OtherHost)"
        );
    }

    #[test]
    fn path_secure_time_and_limits_withhold() {
        let page = url("http://www.shop.example/");
        let jar = jar(&["p=1; Path=/x", "s=1; Secure", "t=1; Max-Age=1"]);
        let later = NOW + Duration::from_millis(1_001);
        let explanation = jar.explain(&page, later);
        let reasons: Vec<_> = explanation
            .verdicts()
            .iter()
            .map(|(_, verdict)| *verdict)
            .collect();
        assert_eq!(
            reasons,
            [Withheld::OtherPath, Withheld::NotSecure, Withheld::Expired]
                .map(CookieVerdict::Withheld)
        );
        let withheld = |limits, limit| {
            let jar = jar.clone().with_limits(limits);
            let explanation = jar.explain(&url("https://www.shop.example/x"), NOW);
            assert_eq!(explanation.sent().count(), 2);
            assert_eq!(explanation.verdicts()[2].1, CookieVerdict::Withheld(limit));
        };
        let pairs = CookieLimits {
            max_sent_pairs: 2,
            ..CookieLimits::default()
        };
        withheld(pairs, Withheld::PairLimit(2));
        let bytes = CookieLimits {
            max_sent_bytes: "p=1; s=1; t=".len(),
            ..CookieLimits::default()
        };
        withheld(bytes, Withheld::ByteLimit(12));
    }

    #[test]
    fn no_value_is_shown() {
        let mut jar = jar(&["name=SECRET; HttpOnly", "SECRET", "=SECRET; Path=/a"]);
        jar.record_rejections(9);
        let page = url("https://www.shop.example/a");
        for line in [
            "n=SECRET\x01",
            "__Host-SECRET; Domain=x",
            "SECRET; Domain=org",
            "x=SECRET; Domain=org",
        ] {
            assert!(jar.set(&page, line.as_bytes(), NOW).is_err(), "{line}");
        }
        let explanation = jar.explain(&page, NOW);
        let cookies: Vec<_> = jar.iter().collect();
        let shown = format!("{explanation} {explanation:?} {cookies:?} {jar:?}");
        assert!(
            shown.contains("name") && !shown.contains("SECRET"),
            "{shown}"
        );
        let rejections = jar.take_rejections();
        assert_eq!(rejections.len(), 4);
        let shown = format!("{rejections:?} {}", rejections[3]);
        assert!(
            shown.contains("`x`") && !shown.contains("SECRET"),
            "{shown}"
        );
        assert!(jar.take_rejections().is_empty());
    }
}
