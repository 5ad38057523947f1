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
