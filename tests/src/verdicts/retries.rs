//! Kind `retries`: what becomes of a request after each of its attempts, through the retry policy on virtual time.

use std::time::Duration;

use sessile_core::{
    Cause, Facts, Method, Now, OnExhausted, Progress, Redirected, Retries, Retry, StatusCode, Stop,
    Tick,
};

use super::case::Case;
use super::{Damaged, Judged, Mismatch};

/// How much two durations may differ, in seconds.
const CLOSE: f64 = 1e-6;

pub(super) fn judge(case: &Case) -> Result<Judged, Damaged> {
    let policy = policy(&case.object("policy")?)?;
    let mut request = Request::read(case, &policy)?;
    let wanted = case.objects("expect")?;
    let mut came = Vec::new();
    for outcome in case.objects("outcomes")? {
        came.push(request.meet(&policy, &outcome)?);
        if matches!(came.last(), Some(Came::Stopped(_))) {
            break;
        }
    }
    let mut agrees = wanted.len() == came.len();
    for (wanted, came) in wanted.iter().zip(&came) {
        agrees &= came.is_meant_by(wanted)?;
    }
    let wanted = case.value("expect");
    Ok((!agrees).then(|| Mismatch::new(wanted, format_args!("{came:?}"))))
}

/// What the policy says.
#[derive(Debug)]
enum Came {
    Retried(Duration),
    Followed(Duration),
    Stopped(Stop),
}

impl Came {
    fn is_meant_by(&self, wanted: &Case) -> Result<bool, Damaged> {
        Ok(match self {
            Self::Retried(wait) => wanted.flag("retry")? && is_meant(*wait, wanted)?,
            Self::Followed(wait) => wanted.flag("follow")? && is_meant(*wait, wanted)?,
            Self::Stopped(stop) => {
                let result = match stop.delivers {
                    true => "response",
                    false => "error",
                };
                wanted.has("stop")
                    && wanted.text("stop")? == stop.reason.as_str()
                    && wanted.text("result")? == result
            }
        })
    }
}

fn is_meant(came: Duration, wanted: &Case) -> Result<bool, Damaged> {
    let came = came.as_secs_f64();
    if let Some(wait) = wanted.value("wait").as_f64() {
        return Ok((came - wait).abs() <= CLOSE);
    }
    let range = wanted.object("wait")?;
    let (least, most) = (range.value("min").as_f64(), range.value("max").as_f64());
    let (Some(least), Some(most)) = (least, most) else {
        return Err(Damaged::new("`wait` is neither a number nor a range"));
    };
    Ok(came >= least - CLOSE && came <= most + CLOSE)
}

/// A request from one attempt to the next.
struct Request {
    method: Method,
    safe: bool,
    rewindable: bool,
    now: Now,
    deadline: Option<Tick>,
    retries: Retries,
}

impl Request {
    fn read(case: &Case, policy: &Retry) -> Result<Self, Damaged> {
        let start = Now::new(
            Tick::default(),
            Duration::from_secs(case.number("now_wall")?),
        );
        let deadline = case
            .has("deadline")
            .then(|| seconds(case, "deadline"))
            .transpose()?;
        Ok(Self {
            method: method(case.text("method")?)?,
            safe: case.flag("safe")?,
            rewindable: case.text("content")? != "once",
            now: start,
            deadline: deadline.map(|limit| start.tick.after(limit)),
            retries: Retries::of(policy, [0; 32]),
        })
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            method: &self.method,
            safe: self.safe,
            rewindable: self.rewindable,
            now: self.now,
            deadline: self.deadline,
        }
    }

    fn meet(&mut self, policy: &Retry, outcome: &Case) -> Result<Came, Damaged> {
        if outcome.has("took") {
            self.now = self.now.after(seconds(outcome, "took")?);
        }
        let hint = outcome
            .has("retry_after")
            .then(|| outcome.octets("retry_after"));
        let hint = hint.transpose()?;
        let mut retries = self.retries.clone();
        let came = if outcome.has("redirect") {
            let redirected = Redirected::by(status(outcome, "redirect")?, &self.method);
            self.method = redirected.method;
            self.rewindable |= !redirected.keeps_content;
            retries
                .after_redirect(policy, &self.facts(), hint.as_deref())
                .map(Came::Followed)
        } else if outcome.has("status") {
            let status = status(outcome, "status")?;
            retries
                .after_status(policy, &self.facts(), status, hint.as_deref())
                .map(Came::Retried)
        } else {
            let (cause, progress) = (cause(outcome)?, progress(outcome)?);
            retries
                .after_error(policy, &self.facts(), cause, progress)
                .map(Came::Retried)
        };
        self.retries = retries;
        let came = came.unwrap_or_else(Came::Stopped);
        if let Came::Retried(wait) | Came::Followed(wait) = &came {
            self.now = self.now.after(*wait);
        }
        Ok(came)
    }
}

fn policy(case: &Case) -> Result<Retry, Damaged> {
    let counter = |key| {
        let number = case.number_or_none(key)?;
        number.map(u32::try_from).transpose().map_err(Damaged::new)
    };
    let methods = case.has("methods").then(|| case.texts("methods"));
    let methods = methods.transpose()?.map(|names| {
        let names = names.iter();
        names.map(|name| method(name)).collect::<Result<_, _>>()
    });
    let statuses = case.list("statuses")?.iter().map(|value| {
        let status = value.as_u64().and_then(|status| status.try_into().ok());
        status.ok_or_else(|| Damaged::new("`statuses` holds something that is no status"))
    });
    Ok(Retry {
        total: counter("total")?,
        connect: counter("connect")?,
        read: counter("read")?,
        redirect: counter("redirect")?,
        status: counter("status")?,
        other: counter("other")?,
        methods: methods.transpose()?,
        statuses: statuses.collect::<Result<_, _>>()?,
        backoff_factor: seconds(case, "backoff_factor")?,
        backoff_max: seconds(case, "backoff_max")?,
        backoff_jitter: seconds(case, "jitter")?,
        respect_retry_after: case.flag("respect_retry_after")?,
        retry_after_max: seconds(case, "retry_after_max")?,
        on_exhausted: match case.text("on_exhausted")? {
            "error" => OnExhausted::Error,
            "response" => OnExhausted::Response,
            other => return Err(Damaged::new(format_args!("`on_exhausted` is {other}"))),
        },
    })
}

fn seconds(case: &Case, key: &str) -> Result<Duration, Damaged> {
    let seconds = case.value(key).as_f64();
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| Damaged::new(format_args!("`{key}` is no number of seconds")))
}

fn method(name: &str) -> Result<Method, Damaged> {
    Method::from_bytes(name.as_bytes()).map_err(Damaged::new)
}

fn status(case: &Case, key: &str) -> Result<StatusCode, Damaged> {
    let number = u16::try_from(case.number(key)?).map_err(Damaged::new)?;
    StatusCode::from_u16(number).map_err(Damaged::new)
}

fn cause(outcome: &Case) -> Result<Cause, Damaged> {
    Ok(match outcome.text("error")? {
        "resolve" | "timeout-resolve" => Cause::Resolve,
        "connect" | "timeout-connect" => Cause::Connect,
        "tls" | "timeout-tls" => Cause::Tls,
        "certificate" => Cause::Certificate,
        "write" => Cause::Write,
        "read" => Cause::Read,
        "protocol" => Cause::Protocol,
        "timeout-send" | "timeout-head" | "timeout-read" => Cause::Silence,
        "timeout-exchange" => Cause::Exchange,
        "deadline" => Cause::Deadline,
        "pool-wait" => Cause::PoolWait,
        "canceled" => Cause::Canceled,
        "policy" => Cause::Policy,
        "content" => Cause::Content,
        other => return Err(Damaged::new(format_args!("`error` is {other}"))),
    })
}

fn progress(outcome: &Case) -> Result<Progress, Damaged> {
    Ok(match outcome.text("progress")? {
        "not-sent" => Progress::NotSent,
        "partly-sent" => Progress::PartlySent,
        "sent" => Progress::Sent,
        "head-seen" => Progress::HeadSeen,
        other => return Err(Damaged::new(format_args!("`progress` is {other}"))),
    })
}
