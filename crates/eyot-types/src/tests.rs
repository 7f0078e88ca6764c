//! The typed messages against the official examples of all five revisions.

mod examples;
