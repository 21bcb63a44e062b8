"""The second-generation identity card reader: serial protocol of its security module, SAM_V."""
