//! What every store promises, one test per promise. A store joins by naming its factory: see [`contract`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test says what went wrong by panicking, and its name is what it promises"
)]

pub mod assessments;
pub mod batches;
pub mod crash;
pub mod crash_assessments;
pub mod deliveries;
pub mod intake;
pub mod leases;
pub mod model;
pub mod model_assessments;
pub mod outcomes;
pub mod records;
pub mod support;

pub use support::Place;

/// Makes a `#[tokio::test]` of every promise for the places that `$place` makes, each fresh and empty.
#[macro_export]
macro_rules! contract {
    ($place:expr) => {
        $crate::contract!(@all $place;
            intake: accepted_is_there_after_reopening,
            intake: empty_and_large_payloads_come_back_as_they_were,
            intake: one_id_is_accepted_once,
            intake: one_key_is_one_request,
            intake: one_key_at_the_same_time_is_one_request,
            intake: a_key_replays_after_the_end,
            intake: keys_of_tenants_are_apart,
            leases: eight_claimers_get_each_request_once,
            leases: priority_comes_first_and_then_age,
            leases: a_claim_stays_with_its_provider,
            leases: compatible_requests_are_claimed_up_to_64,
            leases: retries_wait_for_their_time,
            leases: a_release_gives_the_attempt_back,
            leases: renewed_leases_hold_and_lost_ones_are_named,
            leases: a_lost_lease_is_counted_and_its_holder_is_late,
            leases: expired_requests_are_leased_for_expiring,
            leases: taking_wins_from_every_open_state,
            leases: a_cancel_and_a_result_race_for_one_outcome,
            outcomes: an_outcome_is_whole_and_final,
            outcomes: a_late_worker_changes_nothing,
            outcomes: a_stale_member_does_not_harm_its_group,
            outcomes: settling_twice_in_one_call_counts_once,
            outcomes: a_state_that_is_no_end_is_refused,
            outcomes: costs_of_all_attempts_add_up,
            outcomes: pruning_deletes_what_is_over_and_delivered,
            deliveries: topics_keep_their_order_and_are_read_in_pages,
            deliveries: a_cursor_is_never_given_out_again,
            deliveries: one_delivery_id_is_delivered_once,
            deliveries: a_delivery_is_leased_and_comes_back,
            deliveries: a_delivery_that_was_not_tried_is_given_back,
            deliveries: a_dead_delivery_can_be_asked_for_again,
            deliveries: a_late_report_does_not_undo_a_delivery,
            deliveries: changes_are_hinted_at,
            batches: a_plan_takes_its_members_along,
            batches: a_plan_without_members_is_no_job,
            batches: a_step_in_doubt_is_there_after_reopening,
            batches: a_job_is_in_one_hand,
            batches: members_are_settled_and_paged,
            batches: a_job_with_open_members_does_not_end,
            batches: a_member_that_a_canceller_lost_goes_back_to_its_job,
            batches: jobs_are_listed_newest_first,
            assessments: a_created_assessment_is_there_after_reopening,
            assessments: one_name_is_one_assessment,
            assessments: one_name_at_the_same_time_is_one_assessment,
            assessments: one_assessment_id_is_created_once,
            assessments: the_longest_due_assessment_is_claimed_first,
            assessments: eight_claimers_get_each_assessment_once,
            assessments: a_renewed_assessment_stays_in_its_hands,
            assessments: a_lost_assessment_is_fenced,
            assessments: a_step_is_stored_whole,
            assessments: an_ended_assessment_never_runs_again,
            assessments: who_is_told_is_due,
            assessments: who_is_told_while_held_is_due_when_let_go,
            assessments: one_event_id_is_published_once,
            assessments: assessments_are_hinted_at,
            assessments: a_step_takes_200_comparisons,
            records: comparisons_are_written_over_and_paged,
            records: decisions_are_added_and_never_changed,
            records: assessments_are_listed_newest_first,
            records: an_assessment_is_found_by_its_name,
            records: empty_and_large_assessments_come_back_as_they_were,
            records: pruning_deletes_assessments_that_are_over,
            records: a_resource_is_put_read_and_deleted,
            records: resources_are_listed_by_name_and_paged,
            model: random_operations_agree_with_a_model,
            model: counters_agree_after_reopening,
            model_assessments: random_steps_agree_with_a_model,
        );
    };
    (@all $place:expr; $($module:ident: $name:ident,)+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            $crate::$module::$name(&$place).await;
        })+
    };
}
