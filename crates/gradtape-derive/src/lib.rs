//! The derive macro of gradtape.
