//! Layers and how a user's own struct becomes a module.
