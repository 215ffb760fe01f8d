//! What the client does, told as the protocol: given a peer, when a request is sent, then this comes of it.
//!
//! A scenario knows no driver: it runs against a [`World`], and the suites run [`SCENARIOS`] over every driver there is.
//! Times are short, because some worlds really wait: pauses of up to 100 ms, limits of 50 to 300 ms. No scenario
//! depends on how fast anything is, only on what comes before what.
//!
//! The boundary: what octets mean in every split is for the core's own tests, and nothing here looks inside a driver.

mod answers;
mod attempts;
mod cancellation;
mod carried;
mod chains;
mod challenges;
mod cookie_jars;
mod cookie_storms;
mod cookies;
mod cookies_said;
mod cookies_taken;
mod credentials;
mod doors;
mod estranged;
mod expect;
mod failures;
mod hops;
mod messages;
mod mounted;
mod mounts;
mod patience;
mod peers;
mod pool;
mod questions;
mod redirects;
mod retries;
mod retry_after;
mod reuse;
mod room;
mod rounds;
mod stranded;
mod time;
mod upgrades;
mod uploads;

use std::time::Duration;

use sessile_core::{Config, Error, Request, RequestBuilder};

pub use self::answers::*;
pub use self::attempts::*;
pub use self::cancellation::*;
pub use self::carried::*;
pub use self::chains::*;
pub use self::challenges::*;
pub use self::cookie_jars::*;
pub use self::cookie_storms::*;
pub use self::cookies::*;
pub use self::cookies_said::*;
pub use self::cookies_taken::*;
pub use self::credentials::*;
pub use self::estranged::*;
pub use self::expect::*;
pub use self::failures::*;
pub use self::hops::*;
pub use self::messages::*;
pub use self::mounted::*;
pub use self::mounts::*;
pub use self::patience::*;
pub use self::pool::*;
pub use self::questions::*;
pub use self::redirects::*;
pub use self::retries::*;
pub use self::retry_after::*;
pub use self::reuse::*;
pub use self::room::*;
pub use self::rounds::*;
pub use self::stranded::*;
pub use self::time::*;
pub use self::upgrades::*;
pub use self::uploads::*;
use crate::world::{Reply, World};

/// A scenario; it panics where the client does not do what it should.
pub type Scenario = fn(&mut dyn World);

macro_rules! named {
    ($($name:ident),* $(,)?) => {
        &[$((stringify!($name), $name)),*]
    };
}

/// All scenarios, by name.
pub const SCENARIOS: &[(&str, Scenario)] = named![
    // messages
    a_response_is_shown_as_it_was_sent,
    a_request_goes_out_as_it_was_built,
    head_has_no_content,
    posted_content_arrives,
    an_empty_post_says_so,
    large_content_goes_both_ways,
    chunked_content_ends_with_trailers,
    content_ends_with_the_stream,
    no_content_and_not_modified_have_none,
    interim_responses_come_first,
    an_early_answer_stops_the_upload,
    // uploads
    content_of_known_length_comes_from_a_source,
    content_of_unknown_length_is_chunked,
    content_in_memory_may_be_chunked,
    trailers_follow_content_from_a_source,
    more_than_announced_is_never_sent,
    less_than_announced_is_no_content,
    a_failing_source_fails_its_request,
    a_final_response_stops_the_source,
    a_refusal_beside_a_broken_pipe_is_heard,
    a_peer_that_goes_amid_the_content_is_told_at_sending,
    a_source_is_not_read_without_a_connection,
    an_unsent_request_keeps_its_source,
    // expectations
    a_100_lets_the_content_go,
    silence_lets_the_content_go_in_time,
    a_417_is_answered_without_the_expectation,
    a_417_unasked_is_an_ordinary_response,
    a_final_answer_keeps_the_content_back,
    a_late_100_changes_nothing,
    early_hints_let_nothing_go,
    the_policy_asks_for_large_content_only,
    // upgrades
    a_switch_hands_the_stream_over,
    a_switch_may_follow_early_hints,
    a_switched_connection_makes_room,
    a_switch_that_was_not_offered_is_an_error,
    a_declined_switch_is_an_ordinary_response,
    a_dropped_switch_closes_its_connection,
    // reuse
    requests_in_turn_share_a_connection,
    the_peer_closes_by_its_word,
    we_close_by_our_word,
    an_old_peer_is_not_asked_again,
    the_peer_closes_without_a_word,
    a_connection_that_died_idle_is_replaced,
    a_dead_connection_costs_no_second_post,
    surplus_octets_answer_nothing,
    surplus_behind_a_full_buffer_answers_nothing,
    octets_while_idle_answer_nothing,
    an_unread_response_costs_its_connection,
    a_dropped_response_that_was_complete_costs_nothing,
    a_dropped_response_whose_rest_comes_soon_costs_nothing,
    a_dropped_response_whose_rest_comes_late_is_closed,
    a_dropped_response_whose_rest_is_long_is_closed,
    a_hint_of_the_most_requests_is_obeyed,
    a_hint_of_the_idle_time_is_obeyed,
    // retries
    the_waits_double,
    exhausted_retries_are_an_error_or_the_last_response,
    a_post_is_retried_only_by_leave,
    a_retry_after_in_seconds_is_obeyed,
    a_retry_after_is_obeyed_each_time,
    a_retry_after_may_be_a_date,
    a_retry_after_without_sense_is_ignored,
    too_long_a_retry_after_is_handed_over,
    a_wait_beyond_the_deadline_is_not_begun,
    a_refused_dial_is_retried,
    an_end_without_an_answer_is_retried,
    silence_before_the_head_is_retried,
    nothing_is_retried_behind_a_head,
    a_request_has_a_policy_of_its_own,
    each_kind_of_failure_has_its_counter,
    an_exchange_that_lasts_too_long_is_retried,
    // attempts
    a_hook_may_veto,
    a_hook_may_change_the_wait,
    a_budget_bounds_all_retries_together,
    a_replay_is_not_charged,
    the_attempts_tell_the_story,
    the_rest_of_a_retried_response_is_thrown_away,
    content_in_memory_is_sent_again_whole,
    touched_content_of_a_source_is_not_sent_again,
    untouched_content_of_a_source_goes_along,
    interim_responses_are_those_of_the_last_attempt,
    a_request_that_rests_holds_no_connection,
    // redirects
    each_redirect_makes_its_own_next_request,
    a_head_stays_a_head,
    the_whole_way_is_told,
    a_location_is_read_where_it_stands,
    without_a_place_to_go_it_is_the_answer,
    redirects_may_be_handed_over,
    endless_redirects_end,
    a_place_that_cannot_be_is_an_error,
    https_is_never_asked_in_the_open,
    // what a redirect carries along
    what_describes_the_content_goes_with_it,
    what_was_removed_stays_away,
    content_in_memory_is_carried_whole,
    touched_content_of_a_source_is_not_carried,
    untouched_content_of_a_source_is_carried,
    an_expectation_is_asked_anew_at_the_next_place,
    an_early_redirect_stops_the_upload,
    interim_responses_are_those_of_the_last_hop,
    an_offer_to_switch_is_carried,
    // what a redirect leaves behind
    secrets_of_a_request_stay_behind_for_good,
    secrets_of_a_session_stay_behind_for_good,
    what_a_session_calls_a_secret_is_one_in_a_request,
    secrets_behind_the_content_stay_behind,
    userinfo_is_for_the_first_origin_alone,
    no_retry_brings_a_secret_along,
    // from hop to hop
    the_next_hop_has_the_connection_of_the_last,
    another_origin_is_asked_at_once,
    one_connection_is_enough_for_a_chain,
    many_chains_share_one_connection,
    each_hop_may_be_replayed,
    closing_the_idle_spares_a_chain,
    a_hop_stays_in_its_partition,
    // chains that end on the way
    a_refused_hop_is_told,
    giving_up_a_chain_leaves_nothing,
    a_closed_session_begins_no_hop,
    a_closed_session_follows_nothing,
    // redirects among retries and limits of time
    a_redirect_is_followed_at_once,
    trouble_on_the_way_is_retried_there,
    a_redirect_begins_the_waits_anew,
    a_policy_bounds_redirects,
    redirects_are_no_retries,
    a_retry_after_on_a_redirect_is_obeyed,
    too_long_a_wait_for_a_hop_is_not_begun,
    the_deadline_covers_the_chain,
    a_deadline_passes_behind_a_redirect,
    // cookies come back
    cookies_are_sent_back,
    each_line_sets_one_cookie,
    a_cookie_has_its_path,
    a_cookie_lasts_as_long_as_it_says,
    a_cookie_of_the_past_deletes,
    a_secure_cookie_needs_a_secure_way,
    who_waits_has_the_latest_cookies,
    cookies_know_hosts_and_no_ports,
    a_replay_has_its_cookies,
    interim_responses_and_trailers_set_nothing,
    // whose cookies are taken
    every_final_response_sets_cookies,
    a_redirect_sets_cookies_for_its_own_url,
    a_redirect_that_leads_nowhere_sets_cookies,
    a_challenge_sets_cookies_for_its_answer,
    a_retried_response_sets_cookies_for_the_retry,
    a_refused_expectation_sets_cookies,
    a_response_that_nobody_reads_sets_cookies,
    what_is_no_response_sets_nothing,
    a_switch_sets_nothing,
    a_request_that_was_given_up_sets_nothing,
    // what is said besides the jar
    a_line_by_hand_displaces_the_jar,
    a_request_has_cookies_of_its_own,
    a_cookie_that_cannot_be_said_is_refused,
    a_request_may_do_without_cookies,
    a_session_may_say_the_line,
    there_is_one_line_whoever_says_it,
    own_cookies_are_for_the_first_origin,
    a_session_may_keep_no_cookies,
    // a jar between names
    who_answers_without_a_connection_has_cookies,
    a_cookie_is_for_its_host_or_its_domain,
    a_secure_cookie_stays_on_secure_ways,
    ports_of_a_host_share_its_cookies,
    each_hop_has_the_cookies_of_its_host,
    a_session_begins_with_the_jar_that_it_is_given,
    // cookies without measure
    a_head_of_ten_thousand_cookies_is_too_much,
    ever_new_cookies_stay_within_bounds,
    // failures
    malformed_responses_are_named,
    limits_hold_at_their_edge,
    truncated_content_is_no_content,
    a_hangup_is_no_answer,
    a_hangup_on_an_old_connection_is_not_asked_again,
    a_hangup_on_an_old_connection_is_replayed_where_that_is_safe,
    a_reset_is_a_transport_failure,
    a_refused_dial_sends_nothing,
    a_name_without_address_is_told,
    every_cut_is_an_error_or_complete,
    bad_requests_are_refused_when_built,
    // time
    silence_before_the_head_is_told,
    silence_inside_the_content_is_told,
    a_lively_peer_without_a_head_is_not_waited_for,
    the_deadline_ends_a_lively_response,
    the_session_has_a_deadline_for_all,
    a_dial_that_hears_nothing_ends,
    waiting_for_the_pool_ends,
    a_dial_is_no_wait_for_the_pool,
    idle_connections_are_closed_in_time,
    an_exchange_has_a_limit,
    waiting_for_a_connection_is_no_exchange,
    a_drip_is_too_slow,
    a_slow_flow_is_fast_enough,
    a_slow_reader_is_not_the_peers_fault,
    a_slow_source_is_not_the_peers_fault,
    the_limit_that_passes_first_is_named,
    // the pool
    requests_at_once_have_connections_of_their_own,
    a_freed_connection_goes_to_who_waits,
    a_failed_connection_makes_room_for_who_waits,
    origins_share_nothing,
    the_total_makes_room_at_the_cost_of_the_idle,
    a_closed_session_refuses,
    a_full_pool_may_refuse,
    a_wait_for_the_pool_names_its_limits,
    a_dead_connection_takes_no_place,
    a_connection_that_died_idle_takes_no_place,
    an_origin_too_many_loses_its_idle_connections,
    a_pool_may_keep_nothing,
    a_worn_connection_is_replaced,
    closing_the_idle_spares_who_is_busy,
    the_pool_counts_what_it_does,
    the_pool_tells_what_it_does,
    a_peer_that_always_leaves_wears_nobody_out,
    // cancellation
    giving_up_in_the_queue_leaves_nothing,
    giving_up_a_dial_leaves_nothing,
    giving_up_before_the_head_leaves_nothing,
    giving_up_a_request_that_rests_leaves_nothing,
    closing_fails_a_request_that_rests,
    a_closed_session_retries_nothing,
    half_of_the_queue_may_go,
    // credentials
    credentials_go_out_in_advance,
    the_nearest_credentials_win,
    removed_credentials_are_not_sent,
    refused_credentials_are_not_repeated,
    a_store_has_credentials_by_path,
    a_netrc_names_its_hosts,
    an_authenticator_that_panics_says_nothing,
    credentials_stay_with_their_origin,
    each_hop_asks_for_its_own_credentials,
    userinfo_in_a_location_is_nobodys,
    credentials_that_cannot_be_sent_are_refused,
    // challenges
    a_challenge_is_answered_and_then_in_advance,
    the_strongest_hash_is_taken,
    a_stale_nonce_costs_one_more_round,
    a_wrong_password_is_said_once,
    content_is_sent_again_with_the_answer,
    content_that_was_read_is_not_sent_with_an_answer,
    content_that_can_be_read_once_has_no_hash,
    digest_is_preferred_to_basic,
    an_answer_by_basic_lasts_for_the_request,
    // challenges among other things
    a_challenge_is_its_origins_own,
    a_policy_may_retry_what_was_refused,
    giving_up_between_challenge_and_answer_leaves_nothing,
    the_deadline_covers_both_rounds,
    a_long_challenge_costs_its_connection,
    no_answer_goes_out_twice,
    // mounts
    a_mount_has_lines_of_its_own,
    the_longest_prefix_holds,
    what_looks_like_a_prefix_is_none,
    pairs_are_added_to_the_query,
    a_mount_has_credentials_of_its_own,
    what_a_mount_says_stays_in_it,
    a_scheme_has_no_secrets_for_strangers,
    // mounts and all else
    a_mount_has_a_policy_of_its_own,
    the_policy_of_a_mount_stays_in_it,
    each_place_counts_its_own_retries,
    a_mount_has_limits_of_its_own,
    a_mount_limits_its_dials,
    a_mount_follows_as_it_says,
    a_mount_has_connections_of_its_own,
    a_full_mount_may_refuse,
    a_redirect_changes_the_connections,
    a_mount_asks_before_it_sends,
    // answers
    a_function_answers,
    a_function_needs_no_tls,
    an_answer_may_redirect,
    answers_are_retried,
    a_function_that_fails_fails_its_request,
    an_answer_may_ask_for_credentials,
    // questions
    a_question_shows_the_request,
    a_source_waits_for_a_connection,
    many_answers_at_once_are_each_its_own,
    who_rests_between_answers_may_go,
    an_answer_may_be_dropped,
];

/// Longer than any limit in here; a peer that says so says nothing more, and a client that waits for it is wrong.
const TOO_LONG: Duration = Duration::from_secs(5);

const fn milliseconds(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn get(url: &str) -> Request {
    let request = RequestBuilder::new("GET", url).build();
    request.expect("a request")
}

fn post(url: &str, content: impl Into<sessile_core::bytes::Bytes>) -> Request {
    let request = RequestBuilder::new("POST", url).body(content).build();
    request.expect("a request")
}

/// A configuration with one connection per origin.
fn one_connection() -> Config {
    let mut config = Config::default();
    config.pool.live_per_origin = Some(1);
    config
}

/// Sends a request that must be answered.
fn answered(world: &mut dyn World, request: Request) -> Reply {
    let reply = world.send(request);
    reply.expect("an answer")
}

/// Sends a request that must fail.
fn failed(world: &mut dyn World, request: Request) -> Error {
    match world.send(request) {
        Ok(reply) => panic!("an error, not {reply:?}"),
        Err(error) => error,
    }
}

/// Waits until something is so; the waiting is for worlds where a close takes its time.
fn eventually(world: &mut dyn World, what: &str, mut is_so: impl FnMut(&mut dyn World) -> bool) {
    for _ in 0..200 {
        if is_so(world) {
            return;
        }
        world.pass(milliseconds(10));
    }
    panic!("{what}; the pool: {:?}", world.pool());
}

/// No request is under way, and none waits; no connection is in use.
fn nothing_left(world: &mut dyn World) {
    eventually(world, "no request is left", |world| {
        let pool = world.pool();
        let quiet = |origin: &sessile_core::OriginSnapshot| origin.busy == 0 && origin.waiting == 0;
        pool.requests == 0 && pool.origins.iter().all(quiet)
    });
}
