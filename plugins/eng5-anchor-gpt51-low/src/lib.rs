//! docket-plugin-eng5-anchor-gpt51-low
