//! What becomes of method and content when a redirect is followed (RFC 9110 §15.4).

use http::{Method, StatusCode};

/// The request that follows a redirect, as far as its method and content go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirected {
    /// Its method.
    pub method: Method,
    /// It has the content of the request before it; otherwise it has none.
    pub keeps_content: bool,
}

impl Redirected {
    /// 303 asks for the answer elsewhere, with GET; 301 and 302 do so after a POST, because everybody has always read them
    /// so. All others repeat the request as it was.
    pub fn by(status: StatusCode, method: &Method) -> Self {
        let becomes_get = match status.as_u16() {
            303 => method != Method::HEAD,
            301 | 302 => method == Method::POST,
            _ => false,
        };
        Self {
            method: match becomes_get {
                true => Method::GET,
                false => method.clone(),
            },
            keeps_content: !becomes_get && status != StatusCode::SEE_OTHER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_post_and_a_303_change_the_method() {
        let head = Method::HEAD;
        for (status, method, became, keeps) in [
            (301, Method::POST, Method::GET, false),
            (302, Method::POST, Method::GET, false),
            (302, Method::PUT, Method::PUT, true),
            (303, Method::PUT, Method::GET, false),
            (303, Method::GET, Method::GET, false),
            (303, head.clone(), head, false),
            (307, Method::POST, Method::POST, true),
            (308, Method::POST, Method::POST, true),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let redirected = Redirected::by(status, &method);
            assert_eq!(
                (redirected.method, redirected.keeps_content),
                (became, keeps)
            );
        }
    }
}
