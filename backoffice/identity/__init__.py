"""Who somebody is: signing in by SMS code, proofs by card and face, consents."""
