//! Layers: values as PyTorch or plain loops have them, gradients against differences, errors that say what to do.

mod activations;
mod attention;
mod convolutions;
mod embeddings;
mod every;
mod generation;
mod modules;
mod norms;
mod pools;
mod recurrent;
mod refusals;
mod shared;
