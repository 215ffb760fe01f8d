//! A budget for retries, so that an origin in trouble is not buried under them (a token bucket, as gRPC and finagle have).

/// How many retries a session may send beside its requests.
///
/// ```
/// use sessile_core::{Config, RetryBudget};
/// // One retry for five requests, and ten at once.
/// let budget = RetryBudget { percent: 20, reserve: 10 };
/// let config = Config { retry_budget: Some(budget), ..Config::default() };
/// # let _ = config;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryBudget {
    /// Each request that is submitted earns so many hundredths of a retry: 10.
    pub percent: u32,
    /// So many retries are there from the beginning, and no more are ever saved: 10.
    pub reserve: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            percent: 10,
            reserve: 10,
        }
    }
}

/// What is left of a budget, in hundredths of a retry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokens {
    budget: RetryBudget,
    left: u64,
}

impl Tokens {
    pub(crate) fn new(budget: RetryBudget) -> Self {
        let left = u64::from(budget.reserve) * 100;
        Self { budget, left }
    }

    /// A request was submitted.
    pub(crate) fn earn(&mut self) {
        let most = u64::from(self.budget.reserve) * 100;
        self.left = (self.left + u64::from(self.budget.percent)).min(most);
    }

    /// A retry is about to be made; `false` if there is no token for it.
    pub(crate) fn spend(&mut self) -> bool {
        let left = self.left.checked_sub(100);
        self.left = left.unwrap_or(self.left);
        left.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retry_costs_what_ten_requests_earn() {
        let mut tokens = Tokens::new(RetryBudget {
            percent: 10,
            reserve: 2,
        });
        assert!(tokens.spend() && tokens.spend() && !tokens.spend());
        (0..9).for_each(|_| tokens.earn());
        assert!(!tokens.spend());
        tokens.earn();
        assert!(tokens.spend() && !tokens.spend());
        (0..1_000).for_each(|_| tokens.earn());
        assert!(tokens.spend() && tokens.spend() && !tokens.spend());
    }
}
