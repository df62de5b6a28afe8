//! Metrics: what is reported beside the loss.
