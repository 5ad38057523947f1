//! docket-plugin-eng5-lower5-gpt51-low
