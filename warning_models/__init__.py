"""The claims: one folder per warning model, its loader, and the rules every model keeps."""
