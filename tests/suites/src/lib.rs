//! The scenarios that every host has to pass (`scenarios/`), and tests that play them through the real program.
