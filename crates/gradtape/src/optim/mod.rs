//! Optimisers: updates recorded on the tape and fused with the backward pass.
