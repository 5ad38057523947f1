//! The prompt of a comparison: what repeats comes first and may be cached, and the judge sees neutral labels only.

use super::spec::Spec;
use docket_judgement::design::Pair;
use docket_types::chat::CacheTtl;
use docket_types::submission::{BlockTarget, Prompt, PromptBlock};

/// What the judge is asked to answer with. One range of confidence, the one that events carry.
const ANSWER: &str = "Decide which of the two essays above is the better one by the assignment, the criteria and the \
judge's instructions, as far as they are given. Answer with one JSON object and nothing else:\n\
{\"winner\": \"Essay A\" or \"Essay B\", \"justification\": what decided it, in at most 50 words, \
\"confidence\": a number from 1 (a guess) to 5 (certain)}\n\
Be decisive: there is no tie.";

/// Who the judge is, unless the operator or the caller says otherwise.
pub(super) const SYSTEM: &str = "You compare essays as an impartial judge. You have no preference for either essay's \
position in the text, its stance, its length or its style beyond what the assignment and the criteria ask for. \
You judge only what is written. You name the deciding factor briefly, and state how certain you are from 1 (a guess) \
to 5 (certain).";

/// The prompt that compares this pair.
pub(super) fn prompt(spec: &Spec, pair: Pair) -> Prompt {
    let ttl = if spec.long_cache { CacheTtl::OneHour } else { CacheTtl::FiveMinutes };
    let block = |content: String, cacheable: bool| PromptBlock {
        target: BlockTarget::UserContent,
        content,
        cacheable,
        ttl: if cacheable { ttl } else { CacheTtl::default() },
    };
    let mut blocks = Vec::with_capacity(4);
    if let Some(context) = context(spec) {
        blocks.push(block(context, true));
    }
    let text = |item: u32| spec.essay(item).map(|essay| essay.text.as_str()).unwrap_or_default();
    blocks.push(block(format!("**Essay A:**\n{}", text(pair.first)), false));
    blocks.push(block(format!("**Essay B:**\n{}", text(pair.second)), false));
    blocks.push(block(ANSWER.to_owned(), true));
    let texts: Vec<&str> = blocks.iter().map(|block| block.content.as_str()).collect();
    Prompt { user_prompt: texts.join("\n\n"), blocks }
}

/// What is the same in every comparison; none if the judge is told nothing.
fn context(spec: &Spec) -> Option<String> {
    let materials = &spec.request.materials;
    let sections: Vec<String> = [
        ("Student Assignment", &materials.student_prompt),
        ("Assessment Criteria", &materials.instructions),
        ("Judge Instructions", &materials.rubric),
    ]
    .into_iter()
    .filter_map(|(title, text)| {
        let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty())?;
        Some(format!("**{title}:**\n{text}"))
    })
    .collect();
    (!sections.is_empty()).then(|| sections.join("\n\n"))
}
