//! The one list of metrics. To add one, add one entry.
//!
//! `kind name(labels) [buckets] "help";` makes a row of [`CATALOGUE`] and the function `module::name`.

use crate::metric::{Kind, Metric, buckets, catalogue, kind};

catalogue! {

/// Names, labels and buckets of the seed's service: its dashboards, rules and tests read them.
llm "llm_provider_" {
    counter http_requests_total(method, endpoint, status_code)
        "HTTP requests, by route template and status.";
    histogram http_request_duration_seconds(method, endpoint) [default]
        "Time to answer an HTTP request.";
    counter requests_total(provider, model, request_type, status)
        "Submissions: queued when accepted, failed when refused.";
    counter api_errors_total(provider, error_type, http_status_code)
        "Failed provider calls by class; status 0 when there was no HTTP answer.";
    counter errors_total(provider, model, error_type)
        "Errors by class or error code, of providers and of submissions.";
    histogram response_duration_seconds(provider, model) [0.1 0.5 1 2.5 5 10 30 60 120 300]
        "Time that a provider took to answer one request.";
    counter tokens_used_total(provider, model, token_type)
        "Tokens reported by providers.";
    sum cost_dollars_total(provider, model)
        "Cost in US dollars, once for each attempt.";
    gauge circuit_breaker_state(service, circuit_name)
        "0 closed, 1 open, 2 half open.";
    counter circuit_breaker_state_changes_total(service, circuit_name, from_state, to_state)
        "Transitions of circuit breakers.";
    counter circuit_breaker_calls_total(service, circuit_name, result)
        "Calls through circuit breakers: success, failure or blocked.";
    gauge concurrent_requests(provider)
        "Provider calls in flight.";
    histogram response_time_percentiles(provider, model, request_type) [0.05 0.1 0.2 0.5 1 2 5 10 30]
        "Time that a provider took to answer, by kind of request.";
    histogram validation_duration_seconds(provider, validation_type)
        [0.001 0.005 0.01 0.025 0.05 0.1 0.25 0.5]
        "Time to validate an answer.";
    gauge queue_depth(queue_type)
        "Requests in the queue: total is all that are not finished, queued those not in anybody's hands.";
    histogram queue_processing_time_seconds(provider, status) [0.1 0.5 1 2 5 10 30 60]
        "Time from claim to outcome of one request.";
    histogram queue_wait_time_seconds(queue_processing_mode, result) [0.5 1 2.5 5 10 30 60 120 300 600]
        "Time that a request waited, ready, for its claim; processing is not in it.";
    counter comparison_callbacks_total(queue_processing_mode, result)
        "Final outcomes of comparisons; a retry is not one.";
    counter queue_expiry_total(provider, queue_processing_mode, expiry_reason)
        "Requests whose time ran out.";
    histogram queue_expiry_age_seconds(provider, queue_processing_mode)
        [1 5 10 30 60 120 300 600 1800 3600]
        "Age of requests whose time ran out.";
    counter serial_bundle_calls_total(provider, model)
        "Bundles processed.";
    histogram serial_bundle_items_per_call(provider, model) [1 2 4 8 16 32 64]
        "Requests in a bundle.";
    counter batch_api_jobs_total(provider, model, status)
        "Jobs at batch APIs: scheduled, completed, failed.";
    histogram batch_api_items_per_job(provider, model) [1 2 4 8 16 32 64 128]
        "Requests in a job.";
    histogram batch_api_job_duration_seconds(provider, model) [0.1 0.5 1 2 5 10 30 60 120 300]
        "Time from a job's plan to its end.";
    gauge connection_pool_size(provider)
        "Most connections that the pool keeps to a provider.";
    gauge connection_pool_active(provider)
        "Connections to a provider in use.";
    counter queue_overflow_total(queue_type)
        "Submissions refused because the queue was full.";
    histogram request_lifecycle_duration_seconds(provider, lifecycle_stage)
        [0.1 0.5 1 2 5 10 30 60 120]
        "Time that a request spent in a stage of its life.";
    gauge availability_percentage(provider)
        "Share of a provider's recent calls that did not fail on its side, 0 to 100.";
    counter prompt_cache_events_total(provider, model, result)
        "Answers by use of the provider's prompt cache: hit, miss, bypass.";
    counter prompt_cache_tokens_total(provider, model, direction)
        "Prompt tokens read from and written to the provider's cache.";
    counter prompt_blocks_total(provider, model, target, cacheable, ttl)
        "Prompt blocks sent, by target and cacheability.";
    histogram prompt_tokens_histogram(provider, model, section)
        [16 32 64 128 256 512 1024 2048 4096 8192]
        "Words of the parts of a prompt.";
    counter cache_scope_total(provider, model, scope, result)
        "Answers by scope of the request and use of the prompt cache.";
    counter prompt_ttl_violations_total(provider, model, stage)
        "Prompt blocks whose cache lifetimes are out of order.";
}

/// Names, labels and buckets of the seed's CJ assessment service. What that service declared and never counted is counted here.
cj "cj_" {
    counter assessment_http_requests_total(method, endpoint, status_code)
        "HTTP requests about assessments, by route template and status.";
    histogram assessment_http_request_duration_seconds(method, endpoint) [default]
        "Time to answer an HTTP request about assessments.";
    counter assessment_operations_total(operation, status)
        "Assessments: created, completed, failed, cancelled; success or error.";
    counter assessment_llm_api_calls_total(provider, model, status)
        "Comparisons submitted to the queue: queued or error.";
    counter callbacks_processed_total(status)
        "Outcomes of comparisons that assessments read: success, error, ignored (duplicate, late or foreign).";
    counter admin_instruction_operations_total(operation, status)
        "Changes and reads of instructions, prompts, rubrics and anchors.";
    histogram callback_latency_seconds() [0.1 0.5 1 2 5 10 30 60 120]
        "Time from an outcome to the assessment's reading of it.";
    histogram callback_processing_duration_seconds() [0.01 0.05 0.1 0.5 1 2 5]
        "Time to apply a batch of outcomes and to decide.";
    gauge batch_state(state)
        "Assessments in hand by what they do: waiting_callbacks, scoring.";
    histogram batch_progress_percentage() [0 10 20 30 40 50 60 70 80 90 95 99 100]
        "Share of the budget that was used at the end of each wave, in percent.";
    histogram batch_processing_duration_seconds() [60 120 300 600 1200 1800 3600 7200]
        "Time from an assessment's acceptance to its end.";
    gauge stuck_batches_detected()
        "Assessments that this process took over after their holder was lost.";
    counter stuck_batches_recovered_total()
        "Assessments that went on after their holder was lost.";
    counter stuck_batches_failed_total()
        "Assessments that could not go on and were ended.";
    counter comparisons_total(status)
        "Comparisons by how they ended: completed or failed.";
    histogram iterations_per_batch() [1 2 3 5 10 15 20 30 50]
        "Waves of an assessment at its end.";
    histogram score_stability_changes() [0 0.01 0.05 0.1 0.2 0.3 0.5 1.0]
        "The largest change of a score from wave to wave, in logits.";
    counter failed_comparisons_total(failure_reason)
        "Failed attempts by error code.";
    counter retry_batches_submitted_total()
        "Times that an assessment asked again for what had failed.";
    counter successful_retries_total()
        "Comparisons that were answered after a failed attempt.";
    counter permanently_failed_comparisons_total()
        "Comparisons whose last attempt failed.";
    gauge failed_pool_size(batch_id)
        "Failed comparisons that will be tried again; batch_id is always all, so that labels stay few.";
    counter llm_requests_total(batching_mode)
        "Comparisons asked for by waves.";
    counter llm_batches_started_total(batching_mode)
        "Assessments that asked for their first wave.";
    counter workflow_decisions_total(decision)
        "Decisions: FINALIZE_SCORING, FINALIZE_FAILURE, REQUEST_MORE_COMPARISONS, WAIT_FOR_CALLBACKS, NO_OP.";
    counter bt_se_inflated_batches_total()
        "Assessments that ended with large standard errors.";
    counter bt_sparse_coverage_batches_total()
        "Assessments that ended with less than one comparison an essay.";
}

/// Names of the seed's CJ assessment service that carry the platform's prefix.
huleedu_cj "huleedu_cj_" {
    histogram comparisons_made() [0 10 25 50 100 200 500 1000]
        "Answered comparisons of an assessment at its end.";
    histogram assessment_duration_seconds() [10 30 60 120 300 600 1200]
        "Time from an assessment's acceptance to its end.";
    counter prompt_fetch_failures_total(reason)
        "Texts that an assessment names and that are not stored.";
    counter prompt_fetch_success_total()
        "Texts that were read for an assessment.";
}

/// The seed's name for how long messages waited.
kafka "kafka_" {
    histogram message_queue_latency_seconds() [default]
        "Age of an incoming event when it was read.";
}

/// Docket's own.
host "docket_" {
    gauge build_info(version, rustc)
        "1; the labels say what runs.";
    gauge config_loaded_timestamp_seconds()
        "When the configuration was last loaded, in Unix time.";
    counter config_reloads_total(result)
        "Reloads of configuration or plugins: success or failure.";
    gauge process_resident_memory_bytes()
        "Resident memory of this process.";

    gauge http_in_flight()
        "HTTP requests being answered, streams included.";
    counter capacity_refusals_total(reason)
        "Submissions answered 503: count, bytes, disk, draining.";
    counter idempotent_replays_total()
        "Submissions that replayed an earlier receipt.";

    gauge requests(state)
        "Requests that are not finished: queued (ready or waiting for a retry), or in_hand (leased, or part of a job).";
    gauge queue_bytes()
        "Payload bytes of the requests that are not finished.";
    counter outcomes_total(provider, state)
        "Requests that became terminal, by state.";
    counter attempts_total(provider, mode, result)
        "Attempts by how they travelled and how they ended.";
    counter retries_total(provider, reason)
        "Attempts that led to another one, by class of failure.";
    counter lease_losses_total(kind)
        "Leases found lost by the worker that held them: request, job.";
    counter lease_reclaims_total(kind)
        "Leases that ran out and were taken back.";

    histogram store_group_size() [1 2 4 8 16 32 64 128 256 512]
        "Writes that shared one commit.";
    histogram store_commit_seconds() [0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5]
        "Time of one commit, sync included.";
    counter store_errors_total(operation, kind)
        "Failed store calls.";

    counter adapter_steps_total(adapter, call, result)
        "Calls into plugins: ok, or the kind of error.";
    histogram adapter_step_seconds(adapter, call)
        [0.00001 0.000025 0.00005 0.0001 0.00025 0.0005 0.001 0.0025 0.005 0.01 0.05 0.1 0.5 1 5]
        "Time of one call into a plugin, instance included.";
    counter adapter_traps_total(adapter, kind)
        "Calls into plugins that the host had to end: trap, timeout, memory, limit, contract, busy.";
    counter adapter_loads_total(result)
        "Plugin files looked at: loaded, refused.";
    histogram adapter_compile_seconds() [0.005 0.01 0.05 0.1 0.25 0.5 1 2.5 5 10 30]
        "Time to compile a plugin that was not in the cache.";
    gauge adapters_loaded()
        "Plugins that can be used.";

    counter provider_calls_total(provider, result)
        "Outbound calls: status class, or the kind of transport failure.";
    histogram provider_call_seconds(provider) [0.01 0.05 0.1 0.25 0.5 1 2.5 5 10 30 60 120 300]
        "Time of one outbound call.";
    counter batch_items_total(provider, result)
        "Items of finished jobs by outcome.";
    counter batch_in_doubt_total(provider, result)
        "Job effects whose outcome was unknown after a restart: adopted, repeated, quarantined.";

    counter deliveries_total(sink, result)
        "Deliveries of outcomes: delivered, dead.";
    histogram delivery_lag_seconds(sink) [0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 60 600 3600]
        "Time from an outcome to its delivery.";
    counter webhook_tries_total(result)
        "Webhook posts: success, refused, status class, or the kind of transport failure.";
    counter dead_letters_total()
        "Webhooks given up after the last try.";
    counter redeliveries_total()
        "Webhooks that an operator asked for again.";
    gauge outbox_pending()
        "Webhooks that are to be delivered.";
}
}
