//! From the SDK's traits to the component's exports.

use crate::bindings::exports::docket::provider::{batch, manifest, realtime, streaming};
use crate::{
    Adapter, BatchAdapter, Completion, Context, Event, Failure, FailureClass, Header, Segment, Step,
    StreamDecoder, StreamingAdapter,
};
use std::cell::RefCell;
use std::marker::PhantomData;

/// Carries the generated traits for an adapter, so that an adapter may be of any type.
#[derive(Debug)]
pub struct Exported<A>(PhantomData<A>);

fn request<T>(text: &str, go: impl FnOnce(crate::ChatRequest) -> Result<T, Failure>) -> Result<T, Failure> {
    match serde_json::from_str(text) {
        Ok(request) => go(request),
        Err(error) => Err(Failure::new(
            FailureClass::InvalidRequest,
            format!("the request is not `docket.chat/1`, at line {} column {}", error.line(), error.column()),
        )),
    }
}

impl<A: Adapter> manifest::Guest for Exported<A> {
    fn describe() -> String {
        A::manifest().to_json()
    }
}

impl<A: Adapter> realtime::Guest for Exported<A> {
    fn step(context: Context, state: Vec<u8>, event: Event) -> Step {
        match event {
            Event::Start(text) => {
                request(&text, |request| Ok(A::start(&context, request))).unwrap_or_else(Step::fail)
            }
            event => A::resume(&context, &state, event),
        }
    }
}

impl<A: BatchAdapter> batch::Guest for Exported<A> {
    fn limits(context: Context) -> batch::BatchLimits {
        A::limits(&context)
    }

    fn encode_item(context: Context, custom_id: String, text: String) -> Result<Vec<Segment>, Failure> {
        request(&text, |request| A::encode_item(&context, &custom_id, request)).map(|body| body.0)
    }

    fn decode_line(context: Context, line: String) -> Result<Option<batch::ItemResult>, Failure> {
        A::decode_line(&context, &line)
    }

    fn step(context: Context, state: Vec<u8>, event: batch::Event) -> batch::Next {
        A::step(&context, &state, event)
    }

    fn parse_webhook(
        context: Context,
        headers: Vec<Header>,
        body: String,
    ) -> Result<Option<String>, Failure> {
        A::parse_webhook(&context, &headers, &body)
    }
}

impl<A: StreamingAdapter + 'static> streaming::Guest for Exported<A> {
    type Decoder = Decoder<A>;

    fn open(context: Context, text: String) -> Result<streaming::Opening, Failure> {
        request(&text, |request| A::open(&context, request))
    }
}

/// A stream's decoder; a constructor cannot fail, so the first push tells what it would have said.
#[derive(Debug)]
pub struct Decoder<A: StreamingAdapter>(RefCell<Result<A::Decoder, Failure>>);

impl<A: StreamingAdapter + 'static> streaming::GuestDecoder for Decoder<A> {
    fn new(context: Context, text: String, headers: Vec<Header>) -> Self {
        Self(RefCell::new(request(&text, |request| A::decoder(context, request, headers))))
    }

    fn push(&self, frames: Vec<streaming::Frame>) -> Result<Vec<streaming::Delta>, Failure> {
        self.0.borrow_mut().as_mut().map_err(|failure| failure.clone())?.push(frames)
    }

    fn finish(&self, clean: bool) -> Result<Completion, Failure> {
        self.0.borrow_mut().as_mut().map_err(|failure| failure.clone())?.finish(clean)
    }
}

/// Tells natively too when a type is no adapter.
pub const fn is_adapter<A: Adapter>() {}

/// Makes a type that implements [`Adapter`](crate::Adapter) the component's export.
///
/// `export_adapter!(MyAdapter)`, `export_adapter!(MyAdapter, batch)`, `export_adapter!(MyAdapter, streaming)` or both.
/// What is exported is what the adapter can do; the host asks nothing else. Once in a crate, at its root.
#[macro_export]
macro_rules! export_adapter {
    ($adapter:ty $(, $extra:ident)* $(,)?) => {
        const _: () = $crate::export::is_adapter::<$adapter>();
        // The exports' names are none that a native linker takes; natively the crate is a library for its tests.
        #[cfg(target_family = "wasm")]
        const _: () = {
            type Exported = $crate::export::Exported<$adapter>;
            $crate::__export_interface!(manifest Exported);
            $crate::__export_interface!(realtime Exported);
            $crate::__export_section!(adapter ADAPTER);
            $($crate::__export_extra!($extra Exported);)*
        };
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_extra {
    (batch $exported:ident) => {
        $crate::__export_interface!(batch $exported);
        $crate::__export_section!(batch BATCH);
    };
    (streaming $exported:ident) => {
        $crate::__export_interface!(streaming $exported);
        $crate::__export_section!(streaming STREAMING);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_interface {
    (manifest $exported:ident) => {
        $crate::__export_docket_provider_manifest_0_1_0_cabi!(
            $exported with_types_in $crate::bindings::exports::docket::provider::manifest);
    };
    (realtime $exported:ident) => {
        $crate::__export_docket_provider_realtime_0_1_0_cabi!(
            $exported with_types_in $crate::bindings::exports::docket::provider::realtime);
    };
    (batch $exported:ident) => {
        $crate::__export_docket_provider_batch_0_1_0_cabi!(
            $exported with_types_in $crate::bindings::exports::docket::provider::batch);
    };
    (streaming $exported:ident) => {
        $crate::__export_docket_provider_streaming_0_1_0_cabi!(
            $exported with_types_in $crate::bindings::exports::docket::provider::streaming);
    };
}

/// Places an encoded world where `wit-component` looks for it. Each section needs a name of its own, because the
/// linker joins sections of one name.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_section {
    ($name:ident $bytes:ident) => {
        const _: () = {
            #[unsafe(link_section = concat!("component-type:docket:", stringify!($name)))]
            #[used]
            static SECTION: [u8; $crate::sections::$bytes.len()] =
                $crate::sections::array($crate::sections::$bytes);
        };
    };
}
