//! `docket.chat/1` as an adapter reads it. Unknown members are ignored: the schema grows by JSON's rules.

use crate::Text;
use crate::text::join;
use serde::Deserialize;
use serde_json::value::RawValue;

/// One chat request. Absent options mean the provider's default.
#[derive(Debug, Clone, Deserialize)]
pub struct ChatRequest {
    /// The conversation.
    pub messages: Vec<Message>,
    /// 0 to 2.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// The most tokens that the answer may have.
    #[serde(default)]
    pub max_tokens: Option<u32>,
    /// `none`, `low`, `medium` or `high`.
    #[serde(default)]
    pub reasoning_effort: Option<String>,
    /// `low`, `medium` or `high`.
    #[serde(default)]
    pub verbosity: Option<String>,
    /// The shape that the answer must have.
    #[serde(default)]
    pub response_format: Option<ResponseFormat>,
}

/// One message.
#[derive(Debug, Clone, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub content: Vec<Part>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions.
    System,
    /// The caller.
    User,
    /// The model.
    Assistant,
    /// A role that this SDK does not know yet.
    #[serde(other)]
    Other,
}

/// One part of a message.
#[derive(Debug, Clone, Deserialize)]
pub struct Part {
    /// `text`, or a kind that this SDK does not know yet.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a `text` part.
    #[serde(default)]
    pub text: Option<Text>,
    /// Set when the provider may cache everything up to and including this part.
    #[serde(default)]
    pub cache: Option<CacheTtl>,
}

/// How long a cacheable part may stay in the provider's cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum CacheTtl {
    /// Five minutes.
    #[serde(rename = "5m")]
    FiveMinutes,
    /// One hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// The shape that an answer must have.
#[derive(Debug, Clone, Deserialize)]
pub struct ResponseFormat {
    /// `text`, `json_object` or `json_schema`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a `json_schema`: its name, `[a-z0-9_]+`.
    #[serde(default)]
    pub name: Option<String>,
    /// Of a `json_schema`: the schema, unread. It serialises as it came.
    #[serde(default)]
    pub schema: Option<Box<RawValue>>,
}

impl Message {
    /// Its texts, in order.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        self.content.iter().filter_map(|part| part.text.as_ref())
    }

    /// Its texts as one, with a blank line between two.
    pub fn text(&self) -> String {
        join(self.texts(), "\n\n")
    }
}

impl ChatRequest {
    /// The texts of every message with this role, in order.
    pub fn texts_of(&self, role: Role) -> impl Iterator<Item = &Text> {
        self.messages.iter().filter(move |message| message.role == role).flat_map(Message::texts)
    }

    /// The system prompt as one text, if there is one.
    pub fn system_text(&self) -> Option<String> {
        Some(join(self.texts_of(Role::System), "\n\n")).filter(|text| !text.is_empty())
    }

    /// The user's texts as one, with a blank line between two.
    pub fn user_text(&self) -> String {
        join(self.texts_of(Role::User), "\n\n")
    }

    /// Words of the user's texts.
    pub fn user_words(&self) -> u64 {
        self.texts_of(Role::User).map(|text| text.words).sum()
    }

    /// The first kind of part that is not text, for adapters that can do nothing else.
    pub fn unknown_part(&self) -> Option<&str> {
        let mut parts = self.messages.iter().flat_map(|message| &message.content);
        parts.find(|part| part.text.is_none()).map(|part| part.kind.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_host_writes_and_ignores_what_is_new() {
        let request: ChatRequest = serde_json::from_str(
            r#"{"schema":"docket.chat/1","model":"m","max_tokens":9,"later":{"x":1},"messages":[
                {"role":"system","content":[{"type":"text","text":{"$text":0,"bytes":1,"words":1}}]},
                {"role":"tool","content":[{"type":"image","url":"u"}]},
                {"role":"user","content":[{"type":"text","text":{"$text":1,"bytes":9,"words":2},"cache":"1h"},
                                          {"type":"text","text":{"$text":2,"bytes":9,"words":3}}]}],
               "response_format":{"type":"json_schema","name":"n","schema":{"b": 1,  "a":2}}}"#,
        )
        .unwrap();
        assert_eq!(request.user_words(), 5);
        assert_eq!(request.messages[1].role, Role::Other);
        assert_eq!(request.unknown_part(), Some("image"));
        assert_eq!(request.messages[2].content[0].cache, Some(CacheTtl::OneHour));
        assert_eq!(request.user_text(), "\u{E0D1}docket:1\u{E0D2}\n\n\u{E0D1}docket:2\u{E0D2}");
        assert_eq!(request.system_text().as_deref(), Some("\u{E0D1}docket:0\u{E0D2}"));
        let schema = request.response_format.unwrap().schema.unwrap();
        assert_eq!(schema.get(), r#"{"b": 1,  "a":2}"#);
        assert_eq!(request.max_tokens, Some(9));
    }
}
