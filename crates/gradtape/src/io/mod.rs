//! Files: models in safetensors, written whole or not at all.
